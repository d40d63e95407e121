//! `mastery bug record`: from an edit of the reference to the files of a bug.
//!
//! The edit stays where it is until the bug's files are written; they hold all of it. What is found on the way
//! is found in a copy of the curriculum.

use std::io::Write as _;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::restore;
use super::silent;
use crate::cli::error::Error;
use crate::cli::global::GlobalArgs;
use crate::cli::runner::{RunSettings, Runner, RunnerArgs};
use crate::cli::select::{self, Checked, Selection};
use crate::cli::verify;
use crate::curriculum::Module;
use crate::curriculum::document::ExpectedOutcome;
use crate::curriculum::id::{BugId, ModuleId};
use crate::diagnostic::Severity;
use crate::exit_code::ExitCode;
use crate::git;
use crate::plural::count;
use crate::project::state::State;
use crate::record::change::{ChangedFile, Unrecordable, changed_solution};
use crate::record::draft::Draft;
use crate::record::expectation::{Expectation, Seen, Uncaught, bare, expectation};
use crate::record::good;
use crate::record::staging::Staging;
use crate::report::Report;
use crate::report::progress::{Progress, Silent};
use crate::run::interrupt::Interrupt;
use crate::run::outcome::{Outcome, RunResult, TestOutcome};
use crate::source::tree::{Entry, Tree};
use crate::verify::event::CaseReport;
use crate::verify::plan::Plan;
use crate::verify::verdict::Verdict;

/// Seeds that a bug is tried with: a test that catches it only now and then is no test that catches it. Each has workers
/// of its own, which import everything anew.
const TRIALS: Range<u32> = 0..2;

/// Make a bug from an edit of the reference
///
/// Edit the solution of a module in `project/` as the bug would look, then run this. It finds what was changed
/// since the last commit or the last time the references passed, runs the validator, writes the patch, a
/// rewrite and the bug's file with the tests that failed and their message, and puts the reference back.
#[derive(Args, Debug)]
pub(crate) struct RecordArgs {
    /// The module: its id, or the path of its folder
    #[arg(value_name = "MODULE")]
    module: String,

    /// What the bug is called: lower-case words with `_` between them
    #[arg(value_name = "NAME")]
    name: String,

    /// Look for the module in this curriculum
    #[arg(long = "in", value_name = "CURRICULUM")]
    curriculum: Option<PathBuf>,

    /// The bug's title [default: from its name]
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,

    /// What learners are told [default: a note to write it]
    #[arg(long, value_name = "TEXT")]
    symptom: Option<String>,

    /// Compare with the project as it was at this commit
    #[arg(long, value_name = "REV")]
    since: Option<String>,

    /// Show the files that would be written, and change nothing
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    runner: RunnerArgs,
}

/// What a recording goes by.
pub(super) struct Recording<'a> {
    pub(super) args: &'a RecordArgs,
    pub(super) global: &'a GlobalArgs,
    pub(super) interrupt: &'a Interrupt,
    /// The curriculum as its author has it, edit and all.
    pub(super) edited: &'a Checked,
    pub(super) module: &'a Module,
    pub(super) name: BugId,
    pub(super) changed: Vec<ChangedFile>,
    staging: Staging,
    runner: Runner,
}

/// The files of a bug.
struct Files {
    yaml: String,
    patch: String,
}

/// Runs the command.
pub(super) fn run_record(args: &RecordArgs, global: &GlobalArgs) -> Result<ExitCode, Error> {
    let base = std::env::current_dir()?;
    let interrupt = Interrupt::on_signals()?;
    let name = BugId::try_from(args.name.as_str()).map_err(|error| {
        Error::user(format!("`{}` can't be the name of a bug", args.name)).caused_by(error)
    })?;
    let (selection, id) = select::select_module(&args.module, args.curriculum.as_deref(), &base)?;
    let rules = crate::lint::rules_about_running();
    let edited = select::check_rules(&[selection], &base, &rules).remove(0);
    if let Some(broken) = what_blocks(&edited) {
        global.print(&broken)?;
        return Ok(broken.exit_code());
    }
    let module = edited.curriculum.module(id.as_str());
    let module = module.ok_or_else(|| Error::user(format!("the module `{id}` can't be read")))?;
    let changed = find_change(args, global, &edited, &id)?;
    if module.bugs.iter().any(|bug| bug.id == name) {
        return restore::finish(&edited, module, &name, &changed, global);
    }
    let recording = Recording {
        args,
        global,
        interrupt: &interrupt,
        edited: &edited,
        module,
        name,
        staging: Staging::new(&edited.curriculum, module, &changed)?,
        changed,
        runner: Runner::new(&args.runner, global, &interrupt)?,
    };
    recording.record()
}

/// Errors that keep anything of the module from being run.
fn what_blocks(checked: &Checked) -> Option<Report> {
    let broken: Vec<_> = checked
        .findings
        .iter()
        .filter(|it| it.severity == Severity::Error)
        .filter(|it| {
            let path = it.location.shown_path();
            let inner = checked.curriculum.inner_path(path).unwrap_or(path);
            inner.starts_with("project/") || !inner.contains('/') || inner.ends_with("module.yaml")
        })
        .cloned()
        .collect();
    (!broken.is_empty()).then(|| Report {
        diagnostics: broken,
        ..Report::default()
    })
}

/// What the author has changed since a good state of the project.
fn find_change(
    args: &RecordArgs,
    global: &GlobalArgs,
    edited: &Checked,
    module: &ModuleId,
) -> Result<Vec<ChangedFile>, Error> {
    let dir = &edited.curriculum.dir;
    let mut states = Vec::new();
    if args.since.is_none() {
        states = good::recall(&global.cache_dir(), dir);
    }
    match (
        state_at(dir, args.since.as_deref().unwrap_or("HEAD")),
        &args.since,
    ) {
        (Ok(Some(state)), _) => states.push(state),
        (Ok(None), Some(revision)) => {
            return Err(Error::user(format!(
                "the curriculum was not there at `{revision}`"
            )));
        }
        (Err(error), Some(_)) => return Err(error),
        (Ok(None) | Err(_), None) => {}
    }
    if states.is_empty() {
        return Err(
            Error::user("it is not known what the solution was before the edit").hinted(
                "commit it, or let `mastery verify` see it pass; then edit it, and run this again",
            ),
        );
    }
    let mut more = None;
    for state in states {
        match changed_solution(&state, &edited.project, module) {
            Ok(changed) => return Ok(changed),
            Err(Unrecordable::Unchanged) => {}
            Err(Unrecordable::More(places)) => more = more.or(Some(places)),
        }
    }
    let Some(places) = more else {
        return Err(
            Error::user(format!("the solution of `{module}` is as it was"))
                .hinted("edit it in `project/` as the bug would look, then run this again"),
        );
    };
    let mut error = Error::user(format!("more than the solution of `{module}` was changed"));
    for (location, what) in places {
        let line = location
            .position()
            .map_or(String::new(), |at| format!(":{}", at.line));
        error = error.caused_by(format!("{}{line}: {what}", location.shown_path()));
    }
    Err(error
        .hinted("commit what is no part of the bug, or let `mastery verify` see it pass first"))
}

fn state_at(dir: &Path, revision: &str) -> Result<Option<good::MarkedTexts>, Error> {
    let temporary = tempfile::tempdir()?;
    let found = git::write_folder_at(dir, revision, temporary.path())
        .map_err(|error| Error::user(error.to_string()))?;
    Ok(found.then(|| good::marked_texts_of(&Tree::read(&temporary.path().join("project")).0)))
}

impl Recording<'_> {
    fn record(&self) -> Result<ExitCode, Error> {
        let good = self.check();
        let mut progress = self.global.progress();
        let baseline = self.run(&good, &["reference", "starter"], 0..1, progress.as_mut())?;
        drop(progress);
        let wrong: Vec<_> = baseline
            .iter()
            .filter(|it| it.verdict != Verdict::AsExpected)
            .cloned()
            .collect();
        if !wrong.is_empty() {
            let report = Report {
                cases: wrong,
                ..Report::default()
            };
            self.global.print(&report)?;
            let message = format!(
                "`{}` is not as expected without the edit, so that nothing can be told of the bug",
                self.module.id
            );
            return Err(Error::user(message).hinted("put that right first; the edit is as it was"));
        }
        let (reference, starter) = (
            result_of(&baseline, "reference")?,
            result_of(&baseline, "starter")?,
        );
        let patch = self.patch(&good);
        let trial = self.trial(reference, &patch)?;
        let runs: Vec<&RunResult> = trial.iter().collect();
        let seen = Seen {
            reference,
            starter,
            bug: &runs,
            variants: &[],
        };
        let expect = match expectation(seen) {
            Ok(expect) => expect,
            Err(Uncaught::Silent) => return silent::tell(self),
            Err(uncaught) => return Err(refused(&uncaught)),
        };
        let files = Files {
            yaml: self.draft(&expect, &runs, None),
            patch,
        };
        self.prove(&expect, &files)?;
        self.finish(&good, &expect, &files)
    }

    /// Loads the copy as it is now.
    fn check(&self) -> Checked {
        let selection = Selection {
            dir: self.staging.dir.clone(),
            inside: [format!("modules/{}", self.module.id)].into(),
        };
        let rules = crate::lint::rules_about_running();
        let mut checked = select::check_rules(&[selection], &self.staging.base, &rules);
        checked.remove(0)
    }

    /// The plan of some cases of the module, and of those that they are judged with.
    fn plan(&self, checked: &Checked, cases: &[&str]) -> Result<Plan, Error> {
        let name = checked.curriculum.name();
        let globs = cases
            .iter()
            .map(|case| format!("{name}/{}/{case}", self.module.id));
        verify::plan(std::slice::from_ref(checked), &globs.collect::<Vec<_>>())
    }

    fn run(
        &self,
        checked: &Checked,
        cases: &[&str],
        seeds: Range<u32>,
        progress: &mut dyn Progress,
    ) -> Result<Vec<CaseReport>, Error> {
        let plan = self.plan(checked, cases)?;
        self.run_plan(&plan, checked, seeds, progress)
    }

    /// Runs a plan to its end.
    pub(super) fn run_plan(
        &self,
        plan: &Plan,
        checked: &Checked,
        seeds: Range<u32>,
        progress: &mut dyn Progress,
    ) -> Result<Vec<CaseReport>, Error> {
        let settings = RunSettings {
            seeds,
            ..RunSettings::once(self.interrupt)
        };
        let checked = std::slice::from_ref(checked);
        let reports = self
            .runner
            .run(plan, checked, settings, self.global, progress)?;
        if self.interrupt.is_set() {
            return Err(Error::interrupted(
                "stopped; nothing was written, and the edit is as it was",
            ));
        }
        Ok(reports)
    }

    /// The case of the reference, with the edit in it.
    pub(super) fn edited_plan(&self) -> Result<Plan, Error> {
        let mut plan = self.plan(self.edited, &["reference"])?;
        plan.retain(|id| id.ends_with("/reference"));
        Ok(plan)
    }

    /// The change as a patch against the solved state.
    fn patch(&self, good: &Checked) -> String {
        let solved = State::Solved(&self.module.id).solved_modules(&good.curriculum);
        let before = good.project.build(&solved);
        let solved = State::Solved(&self.module.id).solved_modules(&self.edited.curriculum);
        let after = self.edited.project.build(&solved);
        let text = |tree: &Tree, path: &str| {
            tree.get(path)
                .and_then(Entry::text)
                .unwrap_or_default()
                .to_owned()
        };
        let diffs = self.changed.iter().map(|file| {
            let diff = git::diff(
                &file.path,
                &text(&before, &file.path),
                &text(&after, &file.path),
            );
            // What git itself writes before says nothing here.
            diff.find("--- ")
                .map_or(String::new(), |at| diff[at..].to_owned())
        });
        diffs.collect()
    }

    /// How the reference with the bug ends, with each seed.
    fn trial(&self, reference: &RunResult, patch: &str) -> Result<Vec<RunResult>, Error> {
        let mut tests: Vec<String> = Vec::new();
        for id in reference.ids_with(TestOutcome::Passed).map(bare) {
            if !tests.iter().any(|test| test == id) {
                tests.push(id.to_owned());
            }
        }
        // Whatever fails is as good as anything else, as long as the case is run.
        let any = Expectation {
            outcome: ExpectedOutcome::Failed,
            fail: tests,
            may_fail: Vec::new(),
            message: None,
        };
        let files = Files {
            yaml: self.draft(&any, &[], None),
            patch: patch.to_owned(),
        };
        let case = format!("bug/{}/patch", self.name);
        let mut reports = self.try_files(&files, 0..1)?;
        let outcome = report_of(&reports, &case)?
            .result
            .as_ref()
            .map(|it| it.outcome);
        // What hangs hangs for long.
        if outcome == Some(Outcome::Failed) {
            reports = self.try_files(&files, TRIALS)?;
        }
        let report = report_of(&reports, &case)?;
        if let Some(rule) = report.rule {
            let seen = report.seen.clone().unwrap_or_default();
            return Err(Error::user("the edit makes no bug that could be run")
                .caused_by(seen)
                .hinted(format!(
                    "`mastery explain {rule}` says more; the edit is as it was"
                )));
        }
        let runs = report.endings.iter().map(|ending| ending.result.clone());
        let mut runs: Vec<_> = runs.collect();
        if runs.is_empty() {
            runs.extend(report.result.clone());
        }
        Ok(runs)
    }

    /// Writes the bug's files into the copy, and runs its cases.
    fn try_files(&self, files: &Files, seeds: Range<u32>) -> Result<Vec<CaseReport>, Error> {
        let name = &self.name;
        self.staging
            .write(self.module, &format!("bugs/{name}.yaml"), &files.yaml)?;
        self.staging
            .write(self.module, &format!("bugs/{name}.patch"), &files.patch)?;
        let checked = self.check();
        self.run(&checked, &[&format!("bug/{name}/*")], seeds, &mut Silent)
    }

    /// Runs the bug as it will be checked from now on.
    fn prove(&self, expect: &Expectation, files: &Files) -> Result<(), Error> {
        let seeds = match expect.outcome {
            ExpectedOutcome::Failed => TRIALS,
            ExpectedOutcome::TimedOut => 0..1,
        };
        let reports = self.try_files(files, seeds)?;
        let wrong = reports
            .iter()
            .find(|it| it.verdict != Verdict::AsExpected && it.case.starts_with("bug/"));
        match wrong {
            None => Ok(()),
            Some(report) => {
                let seen = report.seen.clone().unwrap_or_default();
                Err(Error::user(format!("`{}` does not end the same each time", report.case))
                    .caused_by(seen)
                    .hinted("a learner may meet any of its ends; make the tests steadier. The edit is as it was"))
            }
        }
    }

    fn draft(&self, expect: &Expectation, runs: &[&RunResult], rewrite: Option<String>) -> String {
        let title = self.args.title.clone();
        let title = title.unwrap_or_else(|| title_of(self.name.as_str()));
        let seen: Vec<_> = runs
            .iter()
            .take(1)
            .flat_map(|run| failures_of(run, expect))
            .collect();
        Draft {
            schema_line: schema_line(self.module),
            id: self.name.as_str(),
            title: &title,
            rewrite,
            symptom: self.args.symptom.as_deref(),
            expect,
            seen: &seen,
        }
        .text()
    }

    /// Writes the bug, puts the reference back, and says what there is now.
    fn finish(
        &self,
        good: &Checked,
        expect: &Expectation,
        files: &Files,
    ) -> Result<ExitCode, Error> {
        let mut out = anstream::stdout().lock();
        if self.args.dry_run {
            write!(out, "{}\n{}", files.yaml, files.patch)?;
            return Ok(ExitCode::Success);
        }
        restore::write_bug(self.module, &self.name, &files.patch, &files.yaml)?;
        restore::put_back(&self.edited.curriculum, &self.changed)?;
        // The next edit is compared with this.
        let state = good::marked_texts(&good.project);
        let _ = good::remember(
            &self.global.cache_dir(),
            &self.edited.curriculum.dir,
            &state,
        );
        let shown = &self.module.shown;
        writeln!(out, "{}: {} with it", self.name, caught_by(expect))?;
        for test in &expect.fail {
            writeln!(out, "  {test}")?;
        }
        if let Some(message) = &expect.message {
            writeln!(out, "  with a message that matches `{message}`")?;
        }
        writeln!(
            out,
            "wrote {shown}/bugs/{0}.yaml and {0}.patch; the reference is back",
            self.name
        )?;
        writeln!(
            out,
            "still to write: symptom, hints and lesson; `mastery lint {shown}` tells where"
        )?;
        Ok(ExitCode::Success)
    }
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
    match uncaught {
        Uncaught::Silent => Error::user("no test fails with the edit"),
        Uncaught::Unsteady => Error::user("no test fails each time with the edit").hinted(
            "tests run twice in different orders; make them steadier. The edit is as it was",
        ),
        Uncaught::Bad { outcome, detail } => {
            let detail = detail
                .as_ref()
                .map_or(String::new(), |it| format!(": {it}"));
            let error = Error::user(format!(
                "with the edit the run is {}{detail}",
                outcome.words()
            ));
            error.hinted(match outcome {
                Outcome::Broken => "a bug has to let the code be imported, and tests fail; the edit is as it was",
                _ => "a bug has to make tests fail, or run into their time limit; the edit is as it was",
            })
        }
    }
}

fn report_of<'a>(reports: &'a [CaseReport], case: &str) -> Result<&'a CaseReport, Error> {
    let report = reports.iter().find(|report| report.case == case);
    report.ok_or_else(|| {
        Error::user(format!("there is no case `{case}`")).hinted("`mastery lint` may say why")
    })
}

fn result_of<'a>(reports: &'a [CaseReport], case: &str) -> Result<&'a RunResult, Error> {
    let result = report_of(reports, case)?.result.as_ref();
    result.ok_or_else(|| Error::user(format!("`{case}` was not run")))
}

/// What the failed tests that have to fail said, one for each.
fn failures_of(run: &RunResult, expect: &Expectation) -> Vec<(String, String)> {
    let first = |name: &String| {
        let failed = run.tests.iter().filter(|test| test.outcome.is_failure());
        let mut failed = failed.filter(|test| bare(&test.id) == name);
        let message = failed.next()?.message.as_deref()?.lines().next()?;
        let short = name.rsplit("::").next().unwrap_or(name);
        Some((short.to_owned(), message.to_owned()))
    };
    expect.fail.iter().filter_map(first).collect()
}

fn title_of(name: &str) -> String {
    let words = name.replace(['_', '-'], " ");
    let mut chars = words.chars();
    let first = chars.next().map(|char| char.to_uppercase().to_string());
    format!("{}{}", first.unwrap_or_default(), chars.as_str())
}

/// The line that says the schema, after that of the module's own file.
fn schema_line(module: &Module) -> Option<String> {
    let file = Arc::clone(&module.manifest.as_ref()?.document.file);
    let head = file.text().lines().take_while(|line| line.starts_with('#'));
    let line = head.into_iter().find(|line| line.contains("$schema="))?;
    let (before, path) = line.split_once("$schema=")?;
    let folder = path.trim().strip_suffix("module.schema.json")?;
    let up = if folder.contains("://") || folder.starts_with('/') {
        ""
    } else {
        "../"
    };
    Some(format!("{before}$schema={up}{folder}bug.schema.json"))
}
