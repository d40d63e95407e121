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

use std::panic::{AssertUnwindSafe, catch_unwind};

use rayon::prelude::*;

use crate::curriculum::Curriculum;
use crate::diagnostic::{Diagnostic, Location, RuleName, Sink};
use crate::project::Project;

use rule::{Context, Rule, RuleMeta};

/// A rule that panicked: a fault of the tool, reported so that the other rules still run.
pub const INTERNAL_ERROR: RuleName = "internal-error";

/// Runs all rules in parallel. What loading found is in the sink already.
pub fn check(curriculum: &Curriculum, project: &Project, sink: &Sink) {
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
    rules::ALL.par_iter().for_each(|rule| {
        if catch_unwind(AssertUnwindSafe(|| rule.check(&context, sink))).is_err() {
            report(&format!("the rule `{}`", rule.meta().name));
        }
    });
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
