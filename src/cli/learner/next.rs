//! No command at all: what to do next, in two lines.

use super::LearnerArgs;
use super::course::Loaded;
use super::desk::{self, Desk, shown};
use super::page::{Page, Tone};
use crate::bundle::course::Course;
use crate::cli::error::Error;
use crate::curriculum::id::ModuleId;
use crate::exit_code::ExitCode;
use crate::learn::place::Place;
use crate::learn::progress::{ModuleStanding, Next, Standing};

/// Says what to do next.
pub(super) fn run_next(args: &LearnerArgs) -> Result<ExitCode, Error> {
    let mut page = Page::new(args);
    if Place::around(&desk::folder(args)?).is_none() {
        let loaded = Loaded::find(args)?;
        let manifest = &loaded.course.manifest;
        let what = format!("Begin {} {}:", manifest.title, manifest.version);
        page.next(&what, "init")?;
        return Ok(ExitCode::Success);
    }
    let desk = Desk::open(args)?;
    let (_, standing) = desk.standing()?;
    for notice in &desk.notices {
        page.notice(notice)?;
    }
    print_next(&mut page, &desk, &standing)?;
    Ok(ExitCode::Success)
}

/// Two lines: what to do, and the command for it.
pub(super) fn print_next(page: &mut Page, desk: &Desk, standing: &Standing) -> Result<(), Error> {
    let course = &desk.loaded.course;
    let (what, arguments) = words(course, standing, |folder| {
        shown(&desk.place.project().join(folder))
    });
    page.next(&what, &arguments)
}

/// Says that a module is done, where it is, and what to do next.
pub(super) fn print_after(
    page: &mut Page,
    desk: &Desk,
    standing: &Standing,
    module: &ModuleId,
) -> Result<(), Error> {
    let known = standing.modules.iter().find(|it| it.id == *module);
    if known.is_some_and(ModuleStanding::is_done) {
        let counts = standing.counts;
        let done = format!(
            "{module}; that makes {} of {} modules",
            counts.modules_done, counts.modules
        );
        page.verdict(Tone::Good, "done:", &done)?;
        page.blank()?;
    }
    print_next(page, desk, standing)
}

/// What to do, and the arguments that do it.
fn words(course: &Course, standing: &Standing, place: impl Fn(&str) -> String) -> (String, String) {
    match &standing.next {
        Next::Build { module } => {
            let edit = course.module(module.as_str());
            let edit = edit.and_then(|module| module.manifest.build.as_ref());
            let files = edit.map(|build| {
                let files: Vec<_> = build.edit.iter().map(|path| format!("`{path}`")).collect();
                files.join(", ")
            });
            let files = files.unwrap_or_default();
            (
                format!("Build {module}: read the task (`show`), write {files}, and submit it:"),
                "submit".to_owned(),
            )
        }
        Next::Answer { module, .. } => {
            let at = standing.modules.iter().find(|it| it.id == *module);
            let (settled, of) = at.map_or((0, 0), |it| (it.settled, it.questions));
            (
                format!("Justify {module}: answer question {} of {of}:", settled + 1),
                "submit".to_owned(),
            )
        }
        Next::StartChallenge { module } => (
            format!("Harden {module}: something is reported to be broken. See what:"),
            "start-challenge".to_owned(),
        ),
        Next::Fix { module, folder, .. } => (
            format!(
                "Harden {module}: find the bug in `{}`, fix it there, and submit:",
                place(folder)
            ),
            "submit".to_owned(),
        ),
        Next::SelectModule { suggested } => (
            if standing.counts.modules_done == 0 {
                "Choose a module to begin with (`list` shows them all):".to_owned()
            } else {
                "Choose the next module (`list` shows them all):".to_owned()
            },
            format!("select {suggested}"),
        ),
        Next::Done => (
            format!(
                "You have done all of {}. What there was:",
                course.manifest.title
            ),
            "status".to_owned(),
        ),
    }
}
