//! `status`: how far the learner is.

use clap::Args;
use serde_json::json;

use super::LearnerArgs;
use super::desk::Desk;
use super::next::print_next;
use super::page::{Cell, Page, Tone};
use crate::cli::error::Error;
use crate::curriculum::id::ModuleId;
use crate::exit_code::ExitCode;
use crate::learn::progress::{ModuleStanding, Next, StageState, Standing};
use crate::learn::state::PassKind;

/// Show how far you are
#[derive(Args, Debug)]
pub(crate) struct StatusArgs {
    /// Print a JSON document
    #[arg(long)]
    pub json: bool,
}

/// Runs the command.
pub(super) fn run_status(args: &StatusArgs, global: &LearnerArgs) -> Result<ExitCode, Error> {
    let desk = Desk::open(global)?;
    let (_, standing) = desk.standing()?;
    let mut page = Page::new(global);
    if args.json {
        desk.tell_aside();
        let document = as_json(&desk, &standing);
        let text = serde_json::to_string_pretty(&document).expect("it holds text and numbers");
        writeln!(page.out(), "{text}")?;
        return Ok(ExitCode::Success);
    }
    for notice in &desk.notices {
        page.notice(notice)?;
    }
    let manifest = &desk.loaded.course.manifest;
    page.title(&format!("{} {}", manifest.title, manifest.version))?;
    let counts = standing.counts;
    page.text(&format!(
        "{} of {} modules, {} of {} stages",
        counts.modules_done, counts.modules, counts.stages_done, counts.stages
    ))?;
    page.blank()?;
    let marker = if page.is_plain() { "here" } else { ">" };
    let rows: Vec<_> = standing
        .modules
        .iter()
        .map(|module| {
            // What is only suggested is not where the learner is.
            let is_chosen = !matches!(standing.next, Next::SelectModule { .. });
            let is_current = is_chosen && standing.current.as_ref() == Some(&module.id);
            row(module, if is_current { marker } else { "" })
        })
        .collect();
    page.table(&["", "module", "Build", "Justify", "Harden"], &rows)?;
    page.blank()?;
    print_next(&mut page, &desk, &standing)?;
    Ok(ExitCode::Success)
}

fn row(module: &ModuleStanding, marker: &str) -> Vec<Cell> {
    let build = match (&module.build, module.is_broken) {
        (StageState::Done(_), true) => Cell::new(Tone::Bad, "broken since"),
        (state, _) => stage(state, || "open".to_owned()),
    };
    vec![
        Cell::plain(marker),
        Cell::plain(module.id.as_str()),
        build,
        stage(&module.justify, || {
            format!("{} of {}", module.settled, module.questions)
        }),
        stage(&module.harden, || "open".to_owned()),
    ]
}

fn stage(state: &StageState, open: impl Fn() -> String) -> Cell {
    match state {
        StageState::Absent => Cell::plain("none"),
        StageState::Waiting => Cell::plain("later"),
        StageState::Open => Cell::new(Tone::Notice, open()),
        StageState::Done(pass) => match pass.kind {
            PassKind::Passed => Cell::new(Tone::Good, "passed"),
            PassKind::SelfAssessed => Cell::plain("self-assessed"),
            PassKind::Restored => Cell::plain("restored"),
            PassKind::Waived => Cell::plain("waived"),
        },
    }
}

fn as_json(desk: &Desk, standing: &Standing) -> serde_json::Value {
    let manifest = &desk.loaded.course.manifest;
    let stage = |state: &StageState| match state {
        StageState::Absent => json!({"state": "absent"}),
        StageState::Waiting => json!({"state": "waiting"}),
        StageState::Open => json!({"state": "open"}),
        StageState::Done(pass) => json!({
            "state": "done",
            "how": pass.kind.word(),
            "at": pass.at.to_string(),
            "course_version": pass.course_version.to_string(),
        }),
    };
    let modules: Vec<_> = standing
        .modules
        .iter()
        .map(|module| {
            json!({
                "id": module.id.as_str(),
                "is_reached": module.is_reached,
                "is_broken": module.is_broken,
                "build": stage(&module.build),
                "justify": stage(&module.justify),
                "harden": stage(&module.harden),
                "questions": module.questions,
                "settled": module.settled,
                "incidents": module.incidents,
                "beaten": module.beaten,
            })
        })
        .collect();
    json!({
        "course": {"id": manifest.id.as_str(), "version": manifest.version.to_string()},
        "project": desk.place.project().display().to_string(),
        "current": standing.current.as_ref().map(ModuleId::as_str),
        "modules_done": standing.counts.modules_done,
        "modules": modules,
    })
}
