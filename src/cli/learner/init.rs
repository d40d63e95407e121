//! `init`: a project to work in, or a newer version of the course over one.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use super::course::Loaded;
use super::desk::{self, Desk, shown};
use super::next::print_next;
use super::page::{Page, Tone};
use super::tester::{Tester, keep_file};
use super::{LearnerArgs, program, work};
use crate::cli::error::Error;
use crate::cli::machinery::{ExecutorArg, MachineryArgs};
use crate::exit_code::ExitCode;
use crate::learn::challenge_tree::ChallengeTree;
use crate::learn::first_commit::{self, BeginError, Existing, History, first_commit};
use crate::learn::notice;
use crate::learn::place::Place;
use crate::learn::progress::{Next, orphaned_challenges};
use crate::learn::replacement::{Replacement, ReplacementError};
use crate::learn::snapshot::Line;
use crate::learn::state::{ChallengeEnd, CourseUse, Time};
use crate::learn::update::Update;
use crate::plural::count;
use crate::run::interrupt::Interrupt;
use crate::source::tree::Tree;

/// What learners are told of a course that nobody answers for.
const UNCHECKED: &str =
    "this course was not checked when it was bundled: its tests and bugs may be wrong";

/// Begin the course in a new folder, or bring a project up to date with a newer file
///
/// Nothing of yours is ever replaced. What was cut off can be run again.
#[derive(Args, Debug)]
pub(crate) struct InitArgs {
    /// The folder [default: the project that you are in, else a new folder named after the course]
    #[arg(value_name = "DIR")]
    pub dir: Option<PathBuf>,

    /// Put the project into the git repository that the folder is in, and commit nothing
    #[arg(long)]
    pub in_repository: bool,

    /// Leave the Python environment for later
    #[arg(long)]
    pub no_environment: bool,

    #[command(flatten)]
    pub machinery: MachineryArgs,
}

impl From<ReplacementError> for Error {
    fn from(error: ReplacementError) -> Self {
        let refused = Self::user(error.to_string());
        match error {
            ReplacementError::InTheWay { .. } => {
                refused.hinted("move it away, and run this again; nothing was changed")
            }
            ReplacementError::Io { .. } => refused,
        }
    }
}

/// Runs the command.
pub(super) fn run_init(args: &InitArgs, global: &LearnerArgs) -> Result<ExitCode, Error> {
    let interrupt = Interrupt::on_signals()?;
    let loaded = Loaded::find(global)?;
    let folder = desk::folder(global)?;
    let place = match (&args.dir, Place::around(&folder)) {
        (Some(dir), _) => Place::at(&folder.join(dir)),
        (None, Some(place)) => place,
        (None, None) => Place::at(&fresh_folder(&folder, loaded.course.manifest.id.as_str())),
    };
    let mut page = Page::new(global);
    let project = place.project().to_owned();
    let is_begun = place.own().is_dir();
    let made = fs::create_dir_all(place.own());
    made.map_err(|error| {
        Error::user(format!("`{}` can't be made", shown(&place.own()))).caused_by(error)
    })?;
    let mut desk = Desk::at(loaded, Place::at(&project.canonicalize()?))?;
    for notice in &desk.notices {
        page.notice(notice)?;
    }
    if !desk.loaded.course.made.is_checked {
        page.notice(UNCHECKED)?;
    }
    let lock = desk.lock(&interrupt)?;
    // Where the project is in a repository of the learner's, that ignores other things.
    keep_file(&desk.place.own().join(".gitignore"), b"*\n")?;
    let known = desk.store.progress()?.course;
    let course = desk.loaded.as_use();
    match &known {
        Some(known) => {
            desk.fits(known)?;
            update(&mut page, &desk, known)?;
        }
        None => {
            let begun = begin(&mut page, &desk, args.in_repository);
            if begun.is_err() && !is_begun {
                // Nothing of the learner's is in it yet.
                drop((desk, lock));
                let _ = fs::remove_dir_all(place.own());
                let _ = fs::remove_dir(&project);
                return begun.map(|()| ExitCode::Success);
            }
            begun?;
        }
    }
    keep_starter(&desk)?;
    desk.store.use_course(&course)?;
    give_up_lost_challenges(&mut page, &mut desk)?;
    // Others can work while packages are fetched.
    drop(lock);
    if !args.no_environment {
        environment(&mut page, &desk, args, global, &interrupt)?;
    }
    page.blank()?;
    let (_, standing) = desk.standing()?;
    let here = std::env::current_dir()?.canonicalize()?;
    if here.starts_with(desk.place.project()) {
        print_next(&mut page, &desk, &standing)?;
    } else {
        let name = program::name_from(desk.place.project());
        let (what, arguments) = match &standing.next {
            Next::SelectModule { suggested } => (
                "Choose a module to begin with:",
                format!("select {suggested}"),
            ),
            _ => ("Read the task:", "show".to_owned()),
        };
        let folder = program::quoted(shown(&project).as_ref());
        page.command(what, &format!("cd {folder} && {name} {arguments}"))?;
    }
    Ok(ExitCode::Success)
}

/// The folder of a course where none is named. The downloaded file often has the name of the course, too.
fn fresh_folder(folder: &Path, course: &str) -> PathBuf {
    let named = folder.join(course);
    if named.is_file() {
        folder.join(format!("{course}-work"))
    } else {
        named
    }
}

/// Ends the challenges whose bugs the course does not have any more: nothing could judge them.
fn give_up_lost_challenges(page: &mut Page, desk: &mut Desk) -> Result<(), Error> {
    let record = desk.store.progress()?;
    for challenge in orphaned_challenges(&desk.loaded.course, &record) {
        let module = &challenge.content.module;
        page.notice(&format!(
            "the course does not have the bug of your challenge of {module} any more; it counts as given up"
        ))?;
        desk.store
            .end_challenge(challenge.id, ChallengeEnd::Abandoned, Time::now())?;
        ChallengeTree::at(&desk.place.own(), module).remove()?;
    }
    Ok(())
}

/// Writes the files of the course where there are none yet.
fn begin(page: &mut Page, desk: &Desk, in_repository: bool) -> Result<(), Error> {
    let course = &desk.loaded.course;
    let existing = if in_repository {
        Existing::Use
    } else {
        Existing::Refuse
    };
    let project = desk.place.project();
    let tree = first_commit(course);
    let begun = first_commit::begin(project, &desk.place.own(), &tree, existing);
    let begun = begun.map_err(|error| {
        let refused = Error::user(error.to_string());
        match error {
            BeginError::InsideRepository { .. } => refused.hinted(
                "name a folder outside of it, or put the project into it with `--in-repository`",
            ),
            BeginError::InTheWay { .. } => {
                refused.hinted("name another folder, or move these files away")
            }
            BeginError::Io { .. } | BeginError::Git { .. } => refused,
        }
    })?;
    let files = count(begun.written.len() as u64, "file");
    let history = match begun.history {
        History::NewRepository => "a git repository with one commit".to_owned(),
        History::Before => "in the repository that is there".to_owned(),
        History::Inside { root } => {
            format!("in the repository `{}`, nothing committed", shown(&root))
        }
    };
    let place = shown(project);
    page.verdict(
        Tone::Good,
        "begun:",
        &format!("`{place}`, {files}, {history}"),
    )?;
    left(page, &begun.kept)
}

/// Names the files of the learner's that stay.
fn left(page: &mut Page, paths: &[String]) -> Result<(), Error> {
    if paths.is_empty() {
        return Ok(());
    }
    page.text("Left as you have them:")?;
    page.items(paths.iter().map(String::as_str))
}

/// Brings the files of the course up to date. What the learner has written stays.
fn update(page: &mut Page, desk: &Desk, known: &CourseUse) -> Result<(), Error> {
    let course = &desk.loaded.course;
    let project = desk.place.project();
    let snapshots = work::snapshots(desk);
    let snapshot = snapshots.take(project, Line::Project, "before an update of the course")?;
    let (before, _) = Tree::read(&desk.place.starter());
    for notice in notice::lines(&snapshot.notices) {
        page.notice(&notice)?;
    }
    let update = Update::plan(course, &before, &snapshot.tree);
    Replacement::plan(&desk.place, &snapshot.tree, update.changes())?.run()?;
    let version = &course.manifest.version;
    if known.version == *version {
        page.verdict(
            Tone::Good,
            "up to date:",
            &format!("version {version} of the course"),
        )?;
    } else {
        let what = format!("version {} to {version} of the course", known.version);
        page.verdict(Tone::Good, "updated:", &what)?;
    }
    let told = [
        (
            "Written anew:",
            update
                .write
                .iter()
                .map(|(path, _)| path.as_str())
                .collect::<Vec<_>>(),
        ),
        (
            "Removed:",
            update.remove.iter().map(String::as_str).collect(),
        ),
        (
            "Changed in the course, and left as you have them (see `.mastery/starter` for the course's):",
            update.kept.iter().map(String::as_str).collect(),
        ),
    ];
    for (what, paths) in told.into_iter().filter(|(_, paths)| !paths.is_empty()) {
        page.text(what)?;
        page.items(paths)?;
    }
    Ok(())
}

/// Keeps the course's own files beside the learner's, to compare with.
fn keep_starter(desk: &Desk) -> Result<(), Error> {
    let folder = desk.place.starter();
    if Tree::read(&folder).0 == *desk.loaded.course.starter {
        return Ok(());
    }
    let own = desk.place.own();
    let staging = tempfile::Builder::new()
        .prefix("starter-")
        .tempdir_in(&own)?;
    let fresh = staging.path().join("new");
    fs::create_dir(&fresh)?;
    desk.loaded.course.starter.write(&fresh)?;
    if folder.symlink_metadata().is_ok() {
        fs::rename(&folder, staging.path().join("old"))?;
    }
    Ok(fs::rename(&fresh, &folder)?)
}

fn environment(
    page: &mut Page,
    desk: &Desk,
    args: &InitArgs,
    global: &LearnerArgs,
    interrupt: &Interrupt,
) -> Result<(), Error> {
    let ready = Tester::new(
        &args.machinery,
        ExecutorArg::Fresh,
        global,
        &desk.loaded,
        &desk.place,
        interrupt,
    );
    let again = program::command("init");
    let doctor = program::command("doctor");
    let tester = ready.map_err(|error| {
        error.hinted(format!(
            "the project is there; `{doctor}` tells what this machine lacks, and `{again}` in the project goes on"
        ))
    })?;
    match tester.python() {
        Some(python) => page.verdict(Tone::Good, "ready:", &format!("Python {python}")),
        None => Ok(()),
    }
}
