//! Runs a bug before it is one: in a copy of the curriculum, with the files that its author would get.

use std::collections::BTreeSet;
use std::io::{self, IsTerminal as _};
use std::ops::Range;

use super::restore::UNTOUCHED;
use super::rewrite::NoRule;
use crate::cli::error::Error;
use crate::cli::global::GlobalArgs;
use crate::cli::runner::{RunSettings, Runner};
use crate::cli::select::{self, Checked, Selection};
use crate::cli::verify;
use crate::curriculum::Module;
use crate::curriculum::document::ExpectedOutcome;
use crate::curriculum::id::{BugId, VariantName};
use crate::git;
use crate::inject::derive::{Derived, derive};
use crate::project::state::State;
use crate::record::change::ChangedFile;
use crate::record::expectation::{Expectation, bare};
use crate::record::staging::Staging;
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

/// The files of a bug.
pub(super) struct Files {
    pub(super) yaml: String,
    pub(super) patch: String,
}

/// What a bug is tried with.
pub(super) struct Trial<'a> {
    pub(super) global: &'a GlobalArgs,
    pub(super) interrupt: &'a Interrupt,
    pub(super) runner: Runner,
    /// The curriculum as its author has it, edit and all.
    pub(super) edited: &'a Checked,
    pub(super) module: &'a Module,
    pub(super) name: &'a BugId,
    pub(super) changed: &'a [ChangedFile],
    /// What the edit is compared with, as the end of a sentence that begins with "as".
    pub(super) since: &'a str,
    /// The curriculum without the edit.
    pub(super) staging: Staging,
}

impl Trial<'_> {
    /// Loads the copy as it is now.
    pub(super) fn check(&self) -> Checked {
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

    pub(super) fn run(
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
            return Err(Error::interrupted(format!("stopped; {UNTOUCHED}")));
        }
        Ok(reports)
    }

    /// The case of the reference, with the edit in it.
    pub(super) fn edited_plan(&self) -> Result<Plan, Error> {
        let mut plan = self.plan(self.edited, &["reference"])?;
        plan.retain(|id| id.ends_with("/reference"));
        Ok(plan)
    }

    /// The solved state with the edit in it.
    pub(super) fn edited_tree(&self) -> Tree {
        let solved = State::Solved(&self.module.id).solved_modules(&self.edited.curriculum);
        self.edited.project.build(&solved)
    }

    /// The change as a patch against the solved state.
    pub(super) fn patch(&self, good: &Checked) -> String {
        let solved = State::Solved(&self.module.id).solved_modules(&good.curriculum);
        let before = good.project.build(&solved);
        let after = self.edited_tree();
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
    pub(super) fn runs_with(
        &self,
        reference: &RunResult,
        draft: impl Fn(&Expectation) -> String,
        patch: &str,
    ) -> Result<Vec<RunResult>, Error> {
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
            yaml: draft(&any),
            patch: patch.to_owned(),
        };
        let case = format!("bug/{}/patch", self.name);
        self.tell("running the tests with the edit, twice");
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

    /// Tells somebody who waits at a terminal what takes so long.
    fn tell(&self, what: &str) {
        if !self.global.quiet && io::stderr().is_terminal() {
            anstream::eprintln!("{what}");
        }
    }

    /// Writes the bug's files into the copy, and runs its cases.
    fn try_files(&self, files: &Files, seeds: Range<u32>) -> Result<Vec<CaseReport>, Error> {
        let name = &self.name;
        for (ending, text) in [("yaml", &files.yaml), ("patch", &files.patch)] {
            let inner = format!("bugs/{name}.{ending}");
            self.staging
                .write(self.module, &inner, text)
                .map_err(|error| {
                    let message = format!("`{inner}` can't be written in a copy of the module");
                    Error::user(message).caused_by(error).hinted(UNTOUCHED)
                })?;
        }
        let checked = self.check();
        self.run(&checked, &[&format!("bug/{name}/*")], seeds, &mut Silent)
    }

    /// A rule that makes the same change in other solutions, but those `excluded`, or why there is none.
    pub(super) fn derive(
        &self,
        good: &Checked,
        excluded: &BTreeSet<VariantName>,
    ) -> Result<Derived, NoRule> {
        let solved = State::Solved(&self.module.id).solved_modules(&good.curriculum);
        let before = good.project.build(&solved);
        let after = self.edited_tree();
        let variants = self.module.variants.iter();
        let variants: Vec<_> = variants
            .filter_map(|variant| {
                let project = good.project.with_variant(variant).ok()?;
                Some((&variant.name, project.build(&solved)))
            })
            .collect();
        let variants: Vec<_> = variants.iter().map(|(name, tree)| (*name, tree)).collect();
        self.tell("looking for a rule that makes the same change, and trying it on variants");
        let derived = derive(&before, &after, &variants, excluded);
        let derived = derived.map_err(|why| NoRule::underivable(why.to_string()))?;
        if derived.matches.is_empty() && !variants.is_empty() {
            let why = "the rule that makes this change finds its place in no variant";
            return Err(NoRule::unproven(why, &derived));
        }
        Ok(derived)
    }

    /// How variants end with the rewrite.
    pub(super) fn runs_on_variants(&self, files: &Files) -> Result<Vec<RunResult>, Error> {
        let reports = self.try_files(files, 0..1)?;
        let on_variants = reports
            .into_iter()
            .filter(|it| it.case.contains("/rewrite@"));
        Ok(on_variants.filter_map(|it| it.result).collect())
    }

    /// Runs the bug as it will be checked from now on; returns what is not as expected, if anything.
    pub(super) fn what_differs(
        &self,
        expect: &Expectation,
        files: &Files,
    ) -> Result<Option<Wrong>, Error> {
        let seeds = match expect.outcome {
            ExpectedOutcome::Failed => TRIALS,
            ExpectedOutcome::TimedOut => 0..1,
        };
        let reports = self.try_files(files, seeds)?;
        let is_wrong =
            |it: &&CaseReport| it.verdict != Verdict::AsExpected && it.case.starts_with("bug/");
        let wrong: Vec<_> = reports.iter().filter(is_wrong).collect();
        Ok(wrong.first().map(|first| {
            let seen = first.seen.clone().unwrap_or_default();
            let variants = wrong.iter().filter_map(|report| {
                let (_, variant) = report.case.split_once("/rewrite@")?;
                VariantName::try_from(variant).ok()
            });
            Wrong {
                why: format!("`{}`: {seen}", first.case),
                variants: variants.collect(),
            }
        }))
    }
}

/// What is not as expected of a bug.
pub(super) struct Wrong {
    /// The first case, and what was seen.
    pub(super) why: String,
    /// The variants that end otherwise.
    pub(super) variants: BTreeSet<VariantName>,
}

pub(super) fn report_of<'a>(
    reports: &'a [CaseReport],
    case: &str,
) -> Result<&'a CaseReport, Error> {
    let report = reports.iter().find(|report| report.case == case);
    report.ok_or_else(|| {
        Error::user(format!("there is no case `{case}`")).hinted("`mastery lint` may say why")
    })
}

pub(super) fn result_of<'a>(reports: &'a [CaseReport], case: &str) -> Result<&'a RunResult, Error> {
    let result = report_of(reports, case)?.result.as_ref();
    result.ok_or_else(|| Error::user(format!("`{case}` was not run")))
}
