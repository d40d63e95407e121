//! `flag-issue`: tells the authors of a course that something is wrong with it.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write as _};

use clap::Args;

use super::LearnerArgs;
use super::desk::{Desk, shown};
use super::page::{Page, Tone};
use crate::cli::error::Error;
use crate::diagnostic::escape;
use crate::exit_code::ExitCode;
use crate::http::Secret;
use crate::learn::progress::{Next, Standing};
use crate::learn::report::post::Poster;
use crate::learn::report::scrub::Scrubber;
use crate::learn::report::{Facts, Report};
use crate::learn::state::{NewReport, Record, Stage, Time};
use crate::run::interrupt::Interrupt;

/// Bytes of words that are read.
const MAX_WORDS: u64 = 64 * 1024;

/// Tell the authors of the course that something is wrong with it
///
/// What would be sent is shown first. With `GITHUB_TOKEN` set it is posted as an issue, otherwise the address of a
/// prefilled one is shown; in any case it is kept under `.mastery/reports`.
#[derive(Args, Debug)]
pub(crate) struct FlagIssueArgs {
    /// What is wrong, in your words [default: asked for]
    #[arg(short, long, value_name = "TEXT")]
    pub message: Option<String>,

    /// Post it without asking, where that is possible
    #[arg(short, long)]
    pub yes: bool,
}

/// Runs the command.
pub(super) fn run_flag_issue(
    args: &FlagIssueArgs,
    global: &LearnerArgs,
) -> Result<ExitCode, Error> {
    let interrupt = Interrupt::on_signals()?;
    let mut desk = Desk::open(global)?;
    let mut page = Page::new(global);
    for notice in &desk.notices {
        page.notice(notice)?;
    }
    let (record, standing) = desk.standing()?;
    let words = match &args.message {
        Some(words) => words.clone(),
        None => asked_for()?,
    };
    let stage = stage(&standing);
    let output = last_output(&record, &standing);
    let manifest = desk.loaded.course.manifest.clone();
    let facts = Facts {
        course: (manifest.id.as_str(), &manifest.version),
        tool: env!("CARGO_PKG_VERSION"),
        platform: &format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        module: standing.current.as_ref(),
        stage,
        output: output.as_deref(),
        words: &words,
    };
    let report = Report::new(&facts, &Scrubber::of_process())
        .ok_or_else(|| Error::user("there is nothing to report: say what is wrong"))?;
    page.title(&report.title)?;
    page.blank()?;
    page.verbatim(&report.body)?;
    page.blank()?;
    let at = Time::now();
    let file = report.keep(&desk.place.reports(), at)?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let kept = desk.store.record_report(&NewReport {
        module: standing.current.clone(),
        stage,
        written: at,
        file: format!("reports/{name}"),
        url: None,
    })?;
    page.verdict(Tone::Good, "kept:", &format!("`{}`", shown(&file)))?;
    let Some(repository) = &manifest.issues else {
        page.text("The course does not say where issues go; send the file to those that you have it from.")?;
        return Ok(ExitCode::Success);
    };
    let token = std::env::var("GITHUB_TOKEN").ok();
    if let Some(token) = token.as_deref().and_then(Secret::new) {
        let question = format!("Post it to {}?", repository.as_str());
        if args.yes || confirmed(&question)? {
            let mut on_wait = |wait: &crate::http::Wait| {
                anstream::eprintln!("{}; trying again", escape::text(&wait.why));
            };
            match Poster::new(token).post(&report, repository, &interrupt, &mut on_wait) {
                Ok(url) => {
                    desk.store.report_posted(kept, &url)?;
                    page.verdict(Tone::Good, "posted:", &url)?;
                    return Ok(ExitCode::Success);
                }
                Err(error) => {
                    let hint = error
                        .hint()
                        .map(|it| format!(" ({it})"))
                        .unwrap_or_default();
                    page.notice(&format!("it was not posted: {error}{hint}"))?;
                }
            }
        }
    }
    page.text("To send it, open this page and press the button:")?;
    // On a line of its own and never wrapped, so that it can be followed.
    writeln!(page.out(), "{}", report.address(repository))?;
    Ok(ExitCode::Success)
}

fn stage(standing: &Standing) -> Option<Stage> {
    match &standing.next {
        Next::Build { .. } => Some(Stage::Build),
        Next::Answer { .. } => Some(Stage::Justify),
        Next::StartChallenge { .. } | Next::Fix { .. } => Some(Stage::Harden),
        Next::SelectModule { .. } | Next::Done => None,
    }
}

/// What became of the last attempt at the current stage.
fn last_output(record: &Record, standing: &Standing) -> Option<String> {
    let key = (standing.current.clone()?, stage(standing)?);
    Some(record.attempts.get(&key)?.latest.content.summary.clone())
}

/// Asks for the words; where there is no terminal they are read to the end.
fn asked_for() -> Result<String, Error> {
    let mut words = String::new();
    let stdin = io::stdin();
    if stdin.is_terminal() {
        let mut err = anstream::stderr();
        write!(err, "What is wrong? ")?;
        err.flush()?;
        stdin.lock().read_line(&mut words)?;
    } else {
        stdin.lock().take(MAX_WORDS).read_to_string(&mut words)?;
    }
    Ok(words)
}

fn confirmed(question: &str) -> Result<bool, Error> {
    if !io::stdin().is_terminal() {
        return Ok(false);
    }
    super::ask::yes_or_no(question)
}
