//! `mastery new`: makes curricula, modules and questions from templates.

mod tell;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::error::Error;
use super::global::GlobalArgs;
use super::module;
use super::prompt;
use super::select::{self, Selection};
use crate::curriculum::id::{CurriculumId, ModuleId, Slug};
use crate::curriculum::listing::Place;
use crate::curriculum::{self, Curriculum, MANIFEST};
use crate::diagnostic::Sink;
use crate::exit_code::ExitCode;
use crate::project::export::{Existing, export};
use crate::run::interrupt::Interrupt;
use crate::scaffold::draft::Draft;
use crate::scaffold::template::{Catalogue, TemplateError};
use crate::scaffold::values::{Ask, Question};
use crate::scaffold::{DEFAULT_MODULE, DEFAULT_QUESTION, Maker, ScaffoldError};
use crate::source::path;
use crate::suggest;

/// The folder that holds curricula.
const CURRICULA: &str = "curricula";

/// Make a curriculum, module or question that is already green
///
/// What comes out passes `mastery check` as it is: a small task with reference, tests, another solution, a bug
/// and a question, to be replaced bit by bit. What is left to do is marked with TODO, and `mastery lint`
/// reports it. On a terminal values that are not given are asked for.
#[derive(Args, Debug)]
#[command(arg_required_else_help = true, args_conflicts_with_subcommands = false)]
pub(crate) struct NewArgs {
    /// Show all templates
    #[arg(long)]
    pub list: bool,

    /// Take templates from this folder, too; they come before those that are shipped
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "MASTERY_TEMPLATES",
        hide_env = true
    )]
    pub templates: Option<PathBuf>,

    /// What to make
    #[command(subcommand)]
    pub what: Option<What>,
}

/// What can be made.
#[derive(Debug, Subcommand)]
pub(crate) enum What {
    Curriculum(NewCurriculumArgs),
    Module(NewModuleArgs),
    Question(NewQuestionArgs),
}

/// Make a curriculum with one module
///
/// Without `--out` it is written to `curricula/ID`.
#[derive(Args, Debug)]
pub(crate) struct NewCurriculumArgs {
    /// Its id: lower-case words joined by `_` or `-`
    #[arg(value_name = "ID")]
    pub id: Option<String>,

    /// The template of the first module; the curriculum's environment goes with it
    #[arg(long, value_name = "NAME", default_value = DEFAULT_MODULE)]
    pub template: String,

    /// The id of the first module
    #[arg(long, value_name = "ID", default_value = "first_task")]
    pub module: String,

    /// Its folder, which is called like it
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    #[command(flatten)]
    pub common: CommonArgs,
}

/// Make a module, and list it in the manifest
#[derive(Args, Debug)]
pub(crate) struct NewModuleArgs {
    /// Its id: lower-case words joined by `_` or `-`
    #[arg(value_name = "ID")]
    pub id: Option<String>,

    /// The curriculum: a path, or the name of one here [default: the only one]
    #[arg(long = "in", value_name = "CURRICULUM")]
    pub curriculum: Option<PathBuf>,

    /// The template
    #[arg(long, value_name = "NAME", default_value = DEFAULT_MODULE)]
    pub template: String,

    /// List it behind this module [default: at the end]
    #[arg(long, value_name = "MODULE")]
    pub after: Option<String>,

    /// List it in this group of a library
    #[arg(long, value_name = "GROUP")]
    pub group: Option<String>,

    #[command(flatten)]
    pub common: CommonArgs,
}

/// Add a question to a module
#[derive(Args, Debug)]
pub(crate) struct NewQuestionArgs {
    /// The module: its id, `CURRICULUM/MODULE`, or its folder
    #[arg(value_name = "MODULE")]
    pub module: String,

    /// The id of the question [default: `question_1` and so on]
    #[arg(value_name = "ID")]
    pub id: Option<String>,

    /// The template
    #[arg(long, value_name = "NAME", default_value = DEFAULT_QUESTION)]
    pub template: String,

    #[command(flatten)]
    pub common: CommonArgs,
}

/// What all of them share.
#[derive(Args, Debug)]
pub(crate) struct CommonArgs {
    /// The title that learners see [default: made from the id]
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,

    /// Set a variable of the template; `--list` shows them
    #[arg(long = "var", value_name = "NAME=VALUE", value_parser = parse_variable)]
    pub variables: Vec<(String, String)>,

    /// Take defaults instead of asking
    #[arg(long)]
    pub defaults: bool,

    /// Show what would be written, and write nothing
    #[arg(long)]
    pub dry_run: bool,
}

fn parse_variable(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or_else(|| "write it as NAME=VALUE".to_owned())?;
    Ok((name.to_owned(), value.to_owned()))
}

impl CommonArgs {
    /// The values that were given, by name.
    fn given(&self) -> Result<BTreeMap<String, String>, Error> {
        let mut given = BTreeMap::new();
        let title = self.title.iter().map(|it| ("title".to_owned(), it.clone()));
        for (name, value) in title.chain(self.variables.iter().cloned()) {
            if given.insert(name.clone(), value).is_some() {
                return Err(Error::user(format!("`{name}` is given twice")));
            }
        }
        Ok(given)
    }
}

/// Where the command works, and what it was told.
struct Session<'a> {
    base: PathBuf,
    catalogue: Catalogue,
    global: &'a GlobalArgs,
}

/// Runs the command.
pub(super) fn run_new(args: &NewArgs, global: &GlobalArgs) -> Result<ExitCode, Error> {
    let base = std::env::current_dir()?;
    let folder = args.templates.as_ref().map(|it| path::absolute(it, &base));
    let catalogue = Catalogue::new(folder.as_deref(), &base).map_err(|error| {
        Error::user(error.to_string()).hinted("`--templates` names a folder of folders")
    })?;
    let session = Session {
        base,
        catalogue,
        global,
    };
    let made = match (&args.what, args.list) {
        (None, _) => return tell::list(&session.catalogue, global),
        (Some(_), true) => {
            return Err(Error::user("`--list` shows templates, and makes nothing"));
        }
        (Some(What::Curriculum(args)), _) => session.curriculum(args),
        (Some(What::Module(args)), _) => session.module(args),
        (Some(What::Question(args)), _) => session.question(args),
    };
    match made {
        Ok(()) => Ok(ExitCode::Success),
        Err(Failure::Error(error)) => Err(error),
        Err(Failure::Scaffold(ScaffoldError::Template(TemplateError::Broken {
            findings, ..
        }))) => tell::findings(findings, global),
        Err(Failure::Scaffold(error)) => Err(tell::explain(&error, &session.catalogue)),
    }
}

/// Why nothing was made.
enum Failure {
    Error(Error),
    Scaffold(ScaffoldError),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<ScaffoldError> for Failure {
    fn from(error: ScaffoldError) -> Self {
        Self::Scaffold(error)
    }
}

impl Session<'_> {
    fn curriculum(&self, args: &NewCurriculumArgs) -> Result<(), Failure> {
        let given = args.common.given()?;
        let mut ask = prompt::asker(args.common.defaults);
        let id: CurriculumId = id_of(args.id.as_deref(), "curriculum", &mut *ask)?;
        let module: ModuleId = checked_id(&args.module)?;
        let dir = self.folder_for(&id, args.out.as_deref())?;
        let mut maker = Maker {
            catalogue: &self.catalogue,
            given: &given,
            ask: &mut *ask,
        };
        let draft = maker.curriculum(&id, &module, &args.template, &dir)?;
        if !args.common.dry_run {
            let _signals = Interrupt::on_signals().map_err(Error::from)?;
            export(&draft.files, &dir, Existing::Keep).map_err(ScaffoldError::from)?;
        }
        self.tell(&draft, &dir, &args.common)?;
        Ok(())
    }

    fn module(&self, args: &NewModuleArgs) -> Result<(), Failure> {
        let given = args.common.given()?;
        let curriculum = self.load(&self.find_curriculum(args.curriculum.as_deref())?)?;
        let mut ask = prompt::asker(args.common.defaults);
        let id: ModuleId = id_of(args.id.as_deref(), "module", &mut *ask)?;
        let place = Place {
            after: args.after.as_deref(),
            group: args.group.as_deref(),
        };
        let mut maker = Maker {
            catalogue: &self.catalogue,
            given: &given,
            ask: &mut *ask,
        };
        let draft = maker
            .module(&curriculum, &id, &args.template, place)
            .map_err(|error| match error {
                ScaffoldError::Place(error) => tell::no_place(&error, &curriculum).into(),
                other => Failure::from(other),
            })?;
        self.add(&draft, &curriculum, &args.common)
    }

    fn question(&self, args: &NewQuestionArgs) -> Result<(), Failure> {
        let given = args.common.given()?;
        let picked = module::pick(&args.module, &self.base)?;
        let id: Option<Slug> = args.id.as_deref().map(checked_id).transpose()?;
        let mut ask = prompt::asker(args.common.defaults);
        let mut maker = Maker {
            catalogue: &self.catalogue,
            given: &given,
            ask: &mut *ask,
        };
        let curriculum = &picked.curriculum;
        let draft = maker.question(curriculum, picked.module(), id.as_ref(), &args.template)?;
        self.add(&draft, curriculum, &args.common)
    }

    /// Writes a draft into a curriculum that is there.
    fn add(
        &self,
        draft: &Draft,
        curriculum: &Curriculum,
        common: &CommonArgs,
    ) -> Result<(), Failure> {
        if !common.dry_run {
            // Held back while files are put in place: all of them, or none.
            let _signals = Interrupt::on_signals().map_err(Error::from)?;
            draft.add_to(&curriculum.dir).map_err(ScaffoldError::from)?;
        }
        self.tell(draft, &curriculum.dir, common)?;
        Ok(())
    }

    fn tell(&self, draft: &Draft, dir: &Path, common: &CommonArgs) -> Result<(), Error> {
        let shown = path::shown(dir, &self.base);
        if common.dry_run {
            tell::preview(draft, &shown)
        } else {
            if !self.global.quiet {
                tell::done(draft, &shown);
            }
            Ok(())
        }
    }

    /// The folder of a curriculum that is to be made.
    fn folder_for(&self, id: &CurriculumId, out: Option<&Path>) -> Result<PathBuf, Error> {
        let dir = match out {
            Some(out) => path::absolute(out, &self.base),
            None if self.base.ends_with(CURRICULA) => self.base.join(id.as_str()),
            None => self.base.join(CURRICULA).join(id.as_str()),
        };
        let shown = path::shown(&dir, &self.base);
        if !dir.ends_with(id.as_str()) {
            let inner = path::shown(&dir.join(id.as_str()), &self.base);
            return Err(
                Error::user(format!("`{shown}` is not called like the curriculum"))
                    .hinted(format!("name the folder itself: `--out {inner}`")),
            );
        }
        if let Some(outer) = dir.ancestors().find(|it| it.join(MANIFEST).exists()) {
            let outer_shown = path::shown(outer, &self.base);
            return Err(if outer == dir {
                Error::user(format!("there is a curriculum in `{shown}` already"))
                    .hinted("choose another id, or name another place with `--out`")
            } else {
                Error::user(format!("`{shown}` is in the curriculum `{outer_shown}`"))
                    .hinted("name another place with `--out`")
            });
        }
        let is_taken = match dir.read_dir() {
            Ok(mut entries) => entries.next().is_some(),
            Err(error) => error.kind() != std::io::ErrorKind::NotFound || dir.is_symlink(),
        };
        if is_taken {
            return Err(
                Error::user(format!("there is something at `{shown}` already"))
                    .hinted("name another place with `--out`"),
            );
        }
        Ok(dir)
    }

    /// The one curriculum that `named` means: a path, or the name of one here.
    fn find_curriculum(&self, named: Option<&Path>) -> Result<PathBuf, Error> {
        let mut found = self.find_curricula(named)?;
        match (found.pop(), found.is_empty()) {
            (Some(only), true) => Ok(only.dir),
            (last, _) => {
                let names: Vec<_> = found
                    .iter()
                    .chain(&last)
                    .map(|it| format!("`{}`", path::shown(&it.dir, &self.base)))
                    .collect();
                Err(Error::user("there is more than one curriculum here")
                    .hinted(format!("name one with `--in`: {}", names.join(", "))))
            }
        }
    }

    fn find_curricula(&self, named: Option<&Path>) -> Result<Vec<Selection>, Error> {
        let Some(named) = named else {
            return select::select(&[], &self.base);
        };
        if self.base.join(named).exists() {
            return select::select(&[named.to_owned()], &self.base);
        }
        let name = named.to_string_lossy();
        let here = select::select(&[], &self.base)?;
        let (found, others): (Vec<_>, Vec<_>) =
            here.into_iter().partition(|it| it.dir.ends_with(named));
        if !found.is_empty() {
            return Ok(found);
        }
        let names = others.iter().filter_map(|it| it.dir.file_name()?.to_str());
        let names: Vec<_> = names.collect();
        let near = suggest::did_you_mean(&name, names.iter().copied());
        let help = near.unwrap_or_else(|| format!("there is `{}`", names.join("`, `")));
        Err(Error::user(format!("there is no curriculum `{name}`")).hinted(help))
    }

    fn load(&self, dir: &Path) -> Result<Curriculum, Error> {
        let curriculum = curriculum::load(dir, &self.base, &Sink::new());
        if curriculum.manifest.is_none() {
            let shown = curriculum.shown_path(MANIFEST);
            return Err(Error::user(format!("`{shown}` can't be read"))
                .hinted(format!("`mastery lint {}` says why", curriculum.shown)));
        }
        Ok(curriculum)
    }
}

/// The id of what is to be made: as given, else as answered.
fn id_of<T>(given: Option<&str>, what: &str, ask: &mut dyn Ask) -> Result<T, Error>
where
    T: for<'a> TryFrom<&'a str, Error: std::fmt::Display>,
{
    if let Some(id) = given {
        return checked_id(id);
    }
    let description = format!("Id of the {what}");
    let mut complaint = None;
    loop {
        let answer = ask.ask(&Question {
            description: &description,
            default: None,
            complaint: complaint.as_deref(),
        });
        match answer.map_err(|error| Error::user(error.to_string()))? {
            None => {
                return Err(Error::user(format!("the {what} has no id"))
                    .hinted(format!("name it: `mastery new {what} ID`")));
            }
            Some(answer) => match T::try_from(answer.trim()) {
                Ok(id) => return Ok(id),
                Err(error) => complaint = Some(error.to_string()),
            },
        }
    }
}

fn checked_id<T>(id: &str) -> Result<T, Error>
where
    T: for<'a> TryFrom<&'a str, Error: std::fmt::Display>,
{
    T::try_from(id).map_err(|error| Error::user(error.to_string()))
}
