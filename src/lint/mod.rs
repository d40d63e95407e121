//! Lint: checks a curriculum without running anything.

pub mod injections;
pub mod rule;
pub mod rules;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use globset::Glob;
use rayon::prelude::*;

use crate::curriculum::Curriculum;
use crate::curriculum::document::SeverityOverride;
use crate::diagnostic::{Diagnostic, Location, RuleName, Severity, Sink};
use crate::project::Project;
use crate::source::path;

use rule::{AskedQuestion, Context, Group, Rule, RuleMeta};

/// A rule that panicked: a fault of the tool, reported so that the other rules still run.
pub const INTERNAL_ERROR: RuleName = "internal-error";

/// Runs rules in parallel. What loading found is in the sink already.
pub fn check(curriculum: &Curriculum, project: &Project, rules: &[&dyn Rule], sink: &Sink) {
    // There is nothing left to do then, and what the other rules share is most of the work.
    if rules.iter().all(|rule| rule.meta().group == Group::Loading) {
        return;
    }
    let report = |what: &str| {
        sink.push(Diagnostic::error(
            INTERNAL_ERROR,
            Location::path(&curriculum.shown),
            format!("{what} failed; this is a bug in mastery"),
        ));
    };
    let prepared = catch_unwind(AssertUnwindSafe(|| Context::new(curriculum, project)));
    let Ok(context) = prepared else {
        return report("what all rules share");
    };
    let failed = Mutex::new(BTreeSet::new());
    let guarded = |rule: &&dyn Rule, check: &dyn Fn()| {
        if catch_unwind(AssertUnwindSafe(check)).is_err()
            && let Ok(mut failed) = failed.lock()
        {
            failed.insert(rule.meta().name);
        }
    };
    rayon::join(
        || check_questions(&context, rules, &guarded, sink),
        || {
            rules
                .par_iter()
                .for_each(|rule| guarded(rule, &|| rule.check(&context, sink)));
        },
    );
    for name in failed.into_inner().unwrap_or_default() {
        report(&format!("the rule `{name}`"));
    }
}

/// Compiles the questions one by one and shows each to all rules.
fn check_questions(
    context: &Context<'_>,
    rules: &[&dyn Rule],
    guarded: &(dyn Fn(&&dyn Rule, &dyn Fn()) + Sync),
    sink: &Sink,
) {
    let files: Vec<_> = context.questions_files().collect();
    files.par_iter().for_each(|file| {
        for index in 0..file.value.questions.len() {
            let asked = AskedQuestion::new(file, index);
            for rule in rules {
                guarded(rule, &|| rule.check_question(&asked, sink));
            }
        }
    });
}

/// Returns the rule called `name`.
pub fn rule(name: &str) -> Option<&'static dyn Rule> {
    let mut rules = rules::ALL.iter().copied();
    rules.find(|rule| rule.meta().name == name)
}

/// Whether an error of the rule called `name` makes running pointless.
pub fn blocks_running(name: &str) -> bool {
    meta_of(name).is_some_and(|meta| meta.blocks_running)
}

/// Returns what is known of a rule by its name.
pub fn meta_of(name: &str) -> Option<&'static RuleMeta> {
    rules::ALL
        .iter()
        .map(|rule: &&dyn Rule| rule.meta())
        .find(|meta| meta.name == name)
}

/// Applies what a curriculum says about its findings: severities, accepted findings, drafts.
///
/// `today` is a day as `YYYY-MM-DD`; accepted findings count up to and with their last day.
pub fn apply_policy(
    curriculum: &Curriculum,
    today: &str,
    diagnostics: Vec<Diagnostic>,
) -> Vec<Diagnostic> {
    let Some(manifest) = &curriculum.manifest else {
        return diagnostics;
    };
    let manifest = &manifest.value;
    let allowed: Vec<_> = manifest
        .allow
        .iter()
        .filter(|allow| {
            allow
                .until
                .as_ref()
                .is_none_or(|until| today <= until.as_str())
        })
        .filter_map(|allow| {
            Some((
                &allow.rule,
                Glob::new(allow.path.as_str()).ok()?.compile_matcher(),
            ))
        })
        .collect();
    let drafts: Vec<_> = curriculum
        .modules
        .iter()
        .filter(|module| module.is_draft())
        .collect();
    let keep = |mut diagnostic: Diagnostic| {
        let path = diagnostic.location.shown_path();
        let inner = curriculum.inner_path(path).unwrap_or(path);
        let is_allowed = allowed
            .iter()
            .any(|(rule, glob)| rule.as_str() == diagnostic.rule && glob.is_match(inner));
        match manifest.severity.get(diagnostic.rule) {
            _ if is_allowed => return None,
            Some(SeverityOverride::Off) => return None,
            Some(SeverityOverride::Error) => diagnostic.severity = Severity::Error,
            Some(SeverityOverride::Warning) => diagnostic.severity = Severity::Warning,
            None => {}
        }
        if drafts
            .iter()
            .any(|module| path::inside(path, &module.shown).is_some())
        {
            diagnostic.severity = Severity::Warning;
        }
        Some(diagnostic)
    };
    diagnostics.into_iter().filter_map(keep).collect()
}
