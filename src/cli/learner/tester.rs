//! Runs the validators of a course, in its environment, which is made when it is not there.

use std::io::{self, IsTerminal as _};
use std::path::Path;
use std::sync::Arc;

use super::LearnerArgs;
use super::course::Loaded;
use super::desk::shown;
use crate::bundle::course::{Course, CourseModule};
use crate::cli::error::Error;
use crate::cli::machinery::{ExecutorArg, Machinery, MachineryArgs};
use crate::curriculum::document::Validator;
use crate::learn::place::Place;
use crate::project::export::replace_file;
use crate::report::progress::{Bar, Lines, Progress};
use crate::run::environment::{Environment, Wanted, cache_dir};
use crate::run::interrupt::Interrupt;
use crate::run::outcome::RunResult;
use crate::source::tree::Tree;
use crate::verify::case::CaseInput;
use crate::verify::event::Event;

/// Runs the validators of a course.
pub(crate) struct Tester {
    machinery: Machinery,
    environment: Arc<Environment>,
}

impl Tester {
    /// Gets ready to run; makes the environment where it is not there.
    pub(crate) fn new(
        machinery: &MachineryArgs,
        executor: ExecutorArg,
        args: &LearnerArgs,
        loaded: &Loaded,
        place: &Place,
        interrupt: &Interrupt,
    ) -> Result<Self, Error> {
        let cache_dir = cache_dir::chosen(args.cache_dir.as_deref());
        let machinery = Machinery::new(machinery, executor, cache_dir, interrupt)?;
        let wanted = wanted(&loaded.course, place)?;
        let mut progress = progress();
        let mut on_step = |step| {
            progress.event(&Event::Environment {
                curriculum: wanted.name.clone(),
                step,
            });
        };
        let environment =
            Environment::resolve(&wanted, &machinery.options, interrupt, &mut on_step)?;
        Ok(Self {
            machinery,
            environment: Arc::new(environment),
        })
    }

    /// Runs a module's validator on a tree. A module without a Build stage has none.
    pub(crate) fn run(&self, module: &CourseModule, tree: &Arc<Tree>) -> Option<RunResult> {
        let build = module.manifest.build.as_ref()?;
        let request = CaseInput::new(build, tree).request(&self.environment, 0);
        Some(self.machinery.executor.run(&request))
    }

    /// The version of the environment's Python, if it has one.
    pub(crate) fn python(&self) -> Option<String> {
        let python = self.environment.python.as_ref()?;
        Some(python.version.to_string())
    }

    /// What the learner should know of how it was run.
    pub(crate) fn notes(&self) -> Vec<String> {
        self.machinery.executor.notes()
    }
}

/// What the course asks of its environment. Its lock file is written beside the learner's work.
fn wanted(course: &Course, place: &Place) -> Result<Wanted, Error> {
    let path = place.lock_file();
    let lock = match &course.lock {
        Some(lock) => {
            if std::fs::read(&path).ok().as_ref() != Some(lock) {
                keep_file(&path, lock)?;
            }
            Some(path)
        }
        None => None,
    };
    let builds = course.modules.iter();
    let mut builds = builds.filter_map(|module| module.manifest.build.as_ref());
    Ok(Wanted {
        name: course.manifest.id.to_string(),
        settings: course.manifest.environment.clone().unwrap_or_default(),
        lock,
        uses_pytest: builds.any(|build| matches!(build.validator, Validator::Pytest(_))),
    })
}

/// Writes a file of the tool's own that can be made again.
pub(super) fn keep_file(path: &Path, content: &[u8]) -> Result<(), Error> {
    replace_file(path, content).map_err(|error| {
        let refused = Error::user(format!("`{}` can't be written", shown(path)));
        refused.caused_by(error)
    })
}

fn progress() -> Box<dyn Progress> {
    if io::stderr().is_terminal() {
        Box::new(Bar::new())
    } else {
        Box::new(Lines::new(io::stderr()))
    }
}
