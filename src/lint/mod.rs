//! Lint: checks a curriculum without running anything.

pub mod baseline;
pub mod injections;
pub mod policy;
pub mod reference;
pub mod rule;
pub mod rules;
mod suppression;
pub(crate) mod test_ids;
pub mod text;
pub(crate) mod words;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use rayon::prelude::*;

use crate::curriculum::Curriculum;
use crate::diagnostic::{Diagnostic, Location, RuleName, Sink};
use crate::project::Project;

use rule::{AskedQuestion, Context, Depth, Group, Rule, RuleMeta};

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
    let depth = if rules.iter().all(|rule| is_about_running(*rule)) {
        Depth::Running
    } else {
        Depth::All
    };
    let prepared = catch_unwind(AssertUnwindSafe(|| {
        Context::new(curriculum, project, depth)
    }));
    let Ok(context) = prepared else {
        return report("what all rules share");
    };
    let failed = Mutex::new(BTreeSet::new());
    let guarded = |rule: &dyn Rule, check: &dyn Fn()| {
        if catch_unwind(AssertUnwindSafe(check)).is_err()
            && let Ok(mut failed) = failed.lock()
        {
            failed.insert(rule.meta().name);
        }
    };
    rayon::join(
        || {
            // No question keeps a case from running.
            if depth == Depth::All {
                check_questions(&context, rules, &guarded, sink);
            }
        },
        || {
            rules
                .par_iter()
                .for_each(|rule| guarded(*rule, &|| rule.check(&context, sink)));
        },
    );
    for name in failed.into_inner().unwrap_or_default() {
        report(&format!("the rule `{name}`"));
    }
}

/// Runs a check of a rule, and notes it where the check panics.
type Guarded<'a> = dyn Fn(&dyn Rule, &dyn Fn()) + Sync + 'a;

/// Compiles the questions one by one and shows each to all rules.
fn check_questions(context: &Context<'_>, rules: &[&dyn Rule], guarded: &Guarded<'_>, sink: &Sink) {
    let files: Vec<_> = context.questions_files().collect();
    files.par_iter().for_each(|file| {
        for index in 0..file.value.questions.len() {
            let asked = AskedQuestion::new(file, index);
            for rule in rules {
                guarded(*rule, &|| rule.check_question(&asked, sink));
            }
        }
    });
}

/// The rules that decide which cases can be run.
pub fn rules_about_running() -> Vec<&'static dyn Rule> {
    let rules = rules::ALL.iter().copied();
    rules.filter(|rule| is_about_running(*rule)).collect()
}

fn is_about_running(rule: &dyn Rule) -> bool {
    rule.meta().blocks_running || rule.meta().group == Group::Loading
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
