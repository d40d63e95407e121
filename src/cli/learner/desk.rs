//! What a command works on: the course, the learner's folder, and what they have done.

use std::path::Path;

use super::LearnerArgs;
use super::course::Loaded;
use super::program;
use crate::bundle::course::CourseModule;
use crate::cli::error::Error;
use crate::curriculum::id::ModuleId;
use crate::diagnostic::escape;
use crate::learn::place::Place;
use crate::learn::progress::{self, Standing};
use crate::learn::state::{CourseUse, Record, StateError, Store, WorkLock};
use crate::run::interrupt::Interrupt;
use crate::suggest;

/// A learner's project that is open, with its course.
pub(crate) struct Desk {
    /// The course.
    pub(crate) loaded: Loaded,
    /// Where everything is.
    pub(crate) place: Place,
    /// What the learner has done.
    pub(crate) store: Store,
    /// What has to be told beside everything else.
    pub(crate) notices: Vec<String>,
}

impl From<StateError> for Error {
    fn from(error: StateError) -> Self {
        let refused = match error {
            StateError::Interrupted => Self::interrupted(error.to_string()),
            _ => Self::user(error.to_string()),
        };
        error.hints().into_iter().fold(refused, Self::hinted)
    }
}

impl Desk {
    /// Opens the project that the learner is in.
    pub(crate) fn open(args: &LearnerArgs) -> Result<Self, Error> {
        let loaded = Loaded::find(args)?;
        let folder = folder(args)?;
        let Some(place) = Place::around(&folder) else {
            let message = format!(
                "there is no project of the course in `{}`",
                folder.display()
            );
            let begin = program::command("init");
            return Err(Error::nothing_selected(message).hinted(format!(
                "begin with `{begin}`, or go to the folder that you began in"
            )));
        };
        let mut desk = Self::at(loaded, place)?;
        let record = desk.store.progress()?;
        match &record.course {
            None => Err(
                Error::nothing_selected("the project was not begun to its end")
                    .hinted(format!("run `{}` in it", program::command("init ."))),
            ),
            Some(course) => {
                desk.fits(course)?;
                desk.notices.extend(desk.advice(course));
                Ok(desk)
            }
        }
    }

    /// Opens what is kept of a project, whatever course it is of.
    pub(crate) fn at(loaded: Loaded, place: Place) -> Result<Self, Error> {
        let (store, notices) = Store::open(&place.own())?;
        let notices = notices.iter().map(ToString::to_string).collect();
        Ok(Self {
            loaded,
            place,
            store,
            notices,
        })
    }

    /// Whether the project is of this course, and not of a newer one.
    pub(crate) fn fits(&self, known: &CourseUse) -> Result<(), Error> {
        let ours = self.loaded.as_use();
        if known.curriculum != ours.curriculum {
            let message = format!(
                "the project is of the course `{}`, and this file holds `{}`",
                known.curriculum, ours.curriculum
            );
            return Err(Error::user(message).hinted("use the file that belongs to the project"));
        }
        if known.version > ours.version {
            let message = format!(
                "the project was last used with version {} of the course, and this file holds {}",
                known.version, ours.version
            );
            return Err(Error::user(message).hinted("use the newer file"));
        }
        Ok(())
    }

    /// That the files of the project are those of an older version.
    fn advice(&self, known: &CourseUse) -> Option<String> {
        let ours = &self.loaded.course.manifest.version;
        (known.version < *ours).then(|| {
            format!(
                "the files of your project are those of version {} of the course, and this is version {ours}; `{}` \
                 brings them up to date and leaves yours alone",
                known.version,
                program::command("init")
            )
        })
    }

    /// Tells on standard error what has to be told beside a document.
    pub(crate) fn tell_aside(&self) {
        for notice in &self.notices {
            anstream::eprintln!("note: {}", escape::text(notice));
        }
    }

    /// What the learner has done, and where that brings them.
    pub(crate) fn standing(&self) -> Result<(Record, Standing), Error> {
        let record = self.store.progress()?;
        let standing = progress::standing(&self.loaded.course, &record);
        Ok((record, standing))
    }

    /// The module that was named, else the current one.
    pub(crate) fn module<'d>(
        &'d self,
        named: Option<&str>,
        standing: &Standing,
    ) -> Result<&'d CourseModule, Error> {
        let course = &self.loaded.course;
        match named {
            Some(name) => course.module(name).ok_or_else(|| {
                let unknown = Error::user(format!("the course has no module `{name}`"));
                let known = course.modules.iter().map(|module| module.id().as_str());
                match suggest::did_you_mean(name, known) {
                    Some(help) => unknown.hinted(help),
                    None => unknown.hinted(format!("`{}` lists them", program::command("list"))),
                }
            }),
            None => {
                let current = standing.current.as_ref();
                let current = current.and_then(|id| course.module(id.as_str()));
                current.ok_or_else(|| Error::nothing_selected("the course has no modules"))
            }
        }
    }

    /// That there is no backup of what was kept last.
    pub(crate) fn backup_problem(&self) -> Option<String> {
        let problem = self.store.backup_problem()?;
        Some(format!(
            "your progress is kept, and has no backup: {problem}"
        ))
    }

    /// Waits until no other terminal works on the same project.
    pub(crate) fn lock(&self, interrupt: &Interrupt) -> Result<WorkLock, Error> {
        let mut on_wait = |holder: Option<u32>| {
            let whose = holder.map_or_else(String::new, |id| format!(" (process {id})"));
            anstream::eprintln!("another run is at work here{whose}; waiting for it");
        };
        Ok(self.store.lock_work(interrupt, &mut on_wait)?)
    }

    /// A module that is known to be in the course.
    pub(crate) fn module_of(&self, id: &ModuleId) -> &CourseModule {
        let module = self.loaded.course.module(id.as_str());
        module.expect("the standing names modules of the course")
    }
}

/// The folder that the learner is in.
pub(crate) fn folder(args: &LearnerArgs) -> Result<std::path::PathBuf, Error> {
    let here = std::env::current_dir().map_err(|error| {
        let gone = Error::user("the folder that you are in is gone").caused_by(error);
        gone.hinted("go to your project")
    })?;
    Ok(match &args.project {
        Some(folder) => {
            let folder = here.join(folder);
            if !folder.is_dir() {
                let shown = shown(&folder);
                return Err(Error::user(format!("there is no folder `{shown}`")));
            }
            // `..` in a path is of the folder that it leads to, and not of its name.
            folder.canonicalize()?
        }
        None => here,
    })
}

/// A folder as the learner would write it.
pub(crate) fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    match crate::source::path::shown(path, &here) {
        shown if shown.is_empty() => ".".to_owned(),
        shown => shown,
    }
}
