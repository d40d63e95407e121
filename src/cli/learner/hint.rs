//! `hint`: one more hint for what the learner is at.

use clap::Args;

use super::LearnerArgs;
use super::desk::Desk;
use super::next::print_next;
use super::page::Page;
use crate::cli::error::Error;
use crate::curriculum::id::Text;
use crate::exit_code::ExitCode;
use crate::learn::asked;
use crate::learn::progress::{Next, Standing};
use crate::learn::state::{HintSubject, Record, Time};

/// Show one more hint for the task, the question or the bug that you are at
#[derive(Args, Debug)]
pub(crate) struct HintArgs {
    /// Show those again that you have had, and no new one
    #[arg(long)]
    pub again: bool,
}

/// Runs the command.
pub(super) fn run_hint(args: &HintArgs, global: &LearnerArgs) -> Result<ExitCode, Error> {
    let mut desk = Desk::open(global)?;
    let mut page = Page::new(global);
    for notice in std::mem::take(&mut desk.notices) {
        page.notice(&notice)?;
    }
    let (record, standing) = desk.standing()?;
    let Some((subject, hints)) = subject(&desk, &record, &standing)? else {
        page.text("There is nothing at the moment that a hint could be for.")?;
        page.blank()?;
        print_next(&mut page, &desk, &standing)?;
        return Ok(ExitCode::NothingSelected);
    };
    let of = u32::try_from(hints.len()).unwrap_or(u32::MAX);
    if of == 0 {
        page.text("There are no hints for this.")?;
        return Ok(ExitCode::NothingSelected);
    }
    let had = record.hints_shown(&subject);
    if !args.again && had < of {
        desk.store.show_hint(&subject, of, Time::now())?;
    }
    if args.again && had == 0 {
        page.text("You have had no hint for this yet.")?;
        return Ok(ExitCode::NothingSelected);
    }
    let shown = if args.again { had } else { (had + 1).min(of) };
    for (index, hint) in hints.iter().enumerate().take(shown as usize) {
        page.title(&format!("Hint {} of {of}", index + 1))?;
        page.markdown(hint.as_str())?;
        page.blank()?;
    }
    if had >= of {
        page.text("These are all the hints.")?;
    }
    Ok(ExitCode::Success)
}

/// What the next hint is for, with all that there are.
fn subject(
    desk: &Desk,
    record: &Record,
    standing: &Standing,
) -> Result<Option<(HintSubject, Vec<Text>)>, Error> {
    let sealed = || desk.loaded.sealed();
    Ok(match &standing.next {
        Next::Build { module } => {
            let hints = desk.module_of(module).manifest.hints.clone();
            Some((HintSubject::Build(module.clone()), hints))
        }
        Next::Answer { question, .. } => {
            let hints = asked::sealed(sealed()?, question).map(|it| it.hints.clone());
            Some((
                HintSubject::Question(question.clone()),
                hints.unwrap_or_default(),
            ))
        }
        Next::Fix { module, .. } => {
            let open = record.open_challenge(module);
            let incident = open.map_or_else(String::new, |it| it.content.incident.clone());
            let bug = sealed()?.bug(module, &incident);
            let hints = bug.map(|bug| bug.manifest.hints.clone());
            Some((
                HintSubject::Incident(module.clone(), incident),
                hints.unwrap_or_default(),
            ))
        }
        Next::StartChallenge { .. } | Next::SelectModule { .. } | Next::Done => None,
    })
}
