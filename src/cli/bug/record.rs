//! `mastery bug record`: from an edit of the reference to the files of a bug.
//!
//! The edit stays where it is until the bug's files are written; they hold all of it. What is found on the way
//! is found in a copy of the curriculum.

use std::io::Write as _;

use clap::Args;

use super::change::{find_change, what_blocks};
use super::draft::Words;
use super::restore::{self, UNTOUCHED};
use super::rewrite::{self, NoRule};
use super::silent;
use super::trial::{Files, Trial, result_of};
use crate::cli::error::Error;
use crate::cli::global::GlobalArgs;
use crate::cli::module;
use crate::cli::output;
use crate::cli::runner::{Runner, RunnerArgs};
use crate::cli::select::{self, Checked};
use crate::curriculum::document::ExpectedOutcome;
use crate::curriculum::id::{BugId, Text, Title};
use crate::diagnostic::escape;
use crate::exit_code::ExitCode;
use crate::inject::derive::Derived;
use crate::plural::count;
use crate::record::expectation::{Expectation, Seen, Uncaught, expectation};
use crate::record::good;
use crate::report::Report;
use crate::run::interrupt::Interrupt;
use crate::run::outcome::{Outcome, RunResult};
use crate::verify::event::CaseReport;
use crate::verify::verdict::Verdict;

/// Make a bug from an edit of the reference
///
/// Edit the solution of a module in `project/` as the bug would look, then run this. It finds what was changed
/// since the last commit or the last time the references passed, runs the validator, writes the patch, a
/// rewrite and the bug's file with the tests that failed and their message, and puts the reference back.
#[derive(Args, Debug)]
pub(crate) struct RecordArgs {
    /// The module: its id, `CURRICULUM/MODULE`, or its folder
    #[arg(value_name = "MODULE")]
    module: String,

    /// What the bug is called: lower-case words with `_` between them
    #[arg(value_name = "NAME")]
    name: String,

    /// The bug's title [default: from its name]
    #[arg(long, value_name = "TEXT", value_parser = |text: &str| Title::try_from(text))]
    title: Option<Title>,

    /// What learners are told [default: a note to write it]
    #[arg(long, value_name = "TEXT", value_parser = |text: &str| Text::try_from(text))]
    symptom: Option<Text>,

    /// Compare with the project as it was at this commit; `verified` stands for when its references last passed
    #[arg(long, value_name = "REV")]
    since: Option<String>,

    /// Show the files that would be written, and change nothing
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    runner: RunnerArgs,
}

/// Runs the command.
pub(super) fn run_record(args: &RecordArgs, global: &GlobalArgs) -> Result<ExitCode, Error> {
    let base = std::env::current_dir()?;
    let interrupt = Interrupt::on_signals()?;
    let name = BugId::try_from(args.name.as_str()).map_err(|error| {
        Error::user(format!("`{}` can't be the name of a bug", args.name)).caused_by(error)
    })?;
    let (selection, id) = module::select(&args.module, &base)?;
    let rules = crate::lint::rules_about_running();
    let edited = select::check_rules(&[selection], &base, &rules).remove(0);
    if let Some(broken) = what_blocks(&edited) {
        output::print(global, &broken)?;
        return Ok(broken.exit_code());
    }
    let module = edited.curriculum.module(id.as_str());
    let module = module.ok_or_else(|| Error::user(format!("the module `{id}` can't be read")))?;
    restore::check_place(module)?;
    let change = find_change(args.since.as_deref(), &global.cache_dir(), &edited, &id)?;
    if module.bugs.iter().any(|bug| bug.id == name) {
        return restore::finish(&edited, module, &name, &change.files, args.dry_run, global);
    }
    let trial = Trial {
        global,
        interrupt: &interrupt,
        runner: Runner::new(&args.runner, global, &interrupt)?,
        edited: &edited,
        module,
        name: &name,
        changed: &change.files,
        since: &change.since,
        staging: restore::staging_of(&edited, module, &change.files)?,
    };
    record(args, &trial)
}

fn record(args: &RecordArgs, trial: &Trial<'_>) -> Result<ExitCode, Error> {
    let good = trial.check();
    let mut progress = trial.global.progress();
    let baseline = trial.run(&good, &["reference", "starter"], 0..1, progress.as_mut())?;
    drop(progress);
    refuse_without_baseline(trial, &baseline)?;
    let reference = result_of(&baseline, "reference")?;
    let words = Words {
        name: trial.name.as_str(),
        title: args.title.as_ref().map(Title::as_str),
        symptom: args.symptom.as_ref().map(Text::as_str),
    };
    let draft = |expect: &Expectation, runs: &[&RunResult], rule: Option<&str>| {
        words.draft(&trial.edited.curriculum, trial.module, expect, runs, rule)
    };
    let patch = trial.patch(&good);
    let runs = trial.runs_with(reference, |expect| draft(expect, &[], None), &patch)?;
    let runs: Vec<&RunResult> = runs.iter().collect();
    let seen = Seen {
        reference,
        starter: result_of(&baseline, "starter")?,
        bug: &runs,
        variants: &[],
    };
    let mut expect = match expectation(seen) {
        Ok(expect) => expect,
        Err(Uncaught::Silent) => return silent::tell(trial),
        Err(uncaught) => return Err(refused(&uncaught)),
    };
    let mut files = Files {
        yaml: draft(&expect, &runs, None),
        patch,
    };
    let with_rule = |expect: &Expectation, rule: &str| Files {
        yaml: draft(expect, &runs, Some(rule)),
        patch: files.patch.clone(),
    };
    let rule = match rewrite::prove(trial, &good, seen, &expect, with_rule)? {
        Ok(proven) => {
            (expect, files) = (proven.expect, proven.files);
            Ok(proven.derived)
        }
        Err(no_rule) => {
            files.yaml = draft(&expect, &runs, no_rule.note().as_deref());
            if let Some(wrong) = trial.what_differs(&expect, &files)? {
                return Err(Error::findings("the bug does not end the same each time")
                    .caused_by(wrong.why)
                    .hinted("a learner may meet any of its ends; make the tests steadier")
                    .hinted(UNTOUCHED));
            }
            Err(no_rule)
        }
    };
    finish(
        args,
        trial,
        &good,
        &Recorded {
            expect,
            files,
            rule,
        },
    )
}

/// What is written of a bug.
struct Recorded {
    expect: Expectation,
    files: Files,
    rule: Result<Derived, NoRule>,
}

/// Refuses to go on where the module is not as expected without the edit.
fn refuse_without_baseline(trial: &Trial<'_>, baseline: &[CaseReport]) -> Result<(), Error> {
    let wrong = baseline
        .iter()
        .filter(|it| it.verdict != Verdict::AsExpected);
    let wrong: Vec<_> = wrong.cloned().collect();
    if wrong.is_empty() {
        return Ok(());
    }
    let report = Report {
        cases: wrong,
        ..Report::default()
    };
    output::print(trial.global, &report)?;
    let module = &trial.module.id;
    Err(
        Error::findings(format!("`{module}` is not as expected without the edit"))
            .hinted("nothing can be told of a bug before that is put right")
            .hinted(UNTOUCHED),
    )
}

/// Writes the bug, puts the reference back, and says what there is now.
fn finish(
    args: &RecordArgs,
    trial: &Trial<'_>,
    good: &Checked,
    recorded: &Recorded,
) -> Result<ExitCode, Error> {
    let Recorded {
        expect,
        files,
        rule,
    } = recorded;
    let Trial {
        module,
        name,
        edited,
        ..
    } = trial;
    let mut out = anstream::stdout().lock();
    if args.dry_run {
        let shown = format!("{}\n{}", files.yaml, files.patch);
        out.write_all(escape::text(&shown).as_bytes())?;
        return Ok(ExitCode::Success);
    }
    restore::write_bug(module, name, &files.patch, &files.yaml)?;
    restore::put_back(&edited.curriculum, trial.changed)?;
    // The next edit is compared with this.
    let state = good::marked_texts(&good.project);
    let _ = good::remember(&trial.global.cache_dir(), &edited.curriculum.dir, &state);
    if trial.global.quiet {
        return Ok(ExitCode::Success);
    }
    let shown = &module.shown;
    writeln!(out, "{name}: {} with it", caught_by(expect))?;
    for line in changed_lines(&files.patch) {
        writeln!(out, "  {}", escape::text(line))?;
    }
    for test in &expect.fail {
        writeln!(out, "  {}", escape::text(test))?;
    }
    if let Some(message) = &expect.message {
        let message = escape::text(message);
        writeln!(out, "  with a message that matches `{message}`")?;
    }
    writeln!(out, "{}", escape::text(&rewrite::told(rule)))?;
    writeln!(
        out,
        "wrote {shown}/bugs/{name}.yaml and {name}.patch; the reference is as {}",
        trial.since
    )?;
    writeln!(
        out,
        "still to write: symptom, hints and lesson; `mastery lint {shown}` tells where"
    )?;
    Ok(ExitCode::Success)
}

/// The lines of a patch that change something, so that its author sees what was taken for the bug.
fn changed_lines(patch: &str) -> impl Iterator<Item = &str> {
    let lines = patch.lines().filter(|line| line.starts_with(['+', '-']));
    lines.filter(|line| !line.starts_with("+++ ") && !line.starts_with("--- "))
}

fn caught_by(expect: &Expectation) -> String {
    let verb = match (expect.outcome, expect.fail.len()) {
        (ExpectedOutcome::Failed, 1) => "fails",
        (ExpectedOutcome::Failed, _) => "fail",
        (ExpectedOutcome::TimedOut, 1) => "times out",
        (ExpectedOutcome::TimedOut, _) => "time out",
    };
    format!("{} {verb}", count(expect.fail.len() as u64, "test"))
}

fn refused(uncaught: &Uncaught) -> Error {
    let error = match uncaught {
        Uncaught::Silent => Error::findings("no test fails with the edit"),
        Uncaught::Unsteady => Error::findings("no test fails each time with the edit")
            .hinted("tests run twice in different orders; make them steadier"),
        Uncaught::Bad { outcome, detail } => {
            let detail = detail
                .as_ref()
                .map_or(String::new(), |it| format!(": {it}"));
            let message = format!("with the edit the run is {}{detail}", outcome.words());
            Error::findings(message).hinted(match outcome {
                Outcome::Broken => "a bug has to let the code be imported, and tests fail",
                _ => "a bug has to make tests fail, or run into their time limit",
            })
        }
    };
    error.hinted(UNTOUCHED)
}
