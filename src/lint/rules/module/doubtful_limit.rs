//! `doubtful-limit`.

use crate::curriculum::document::Build;
use crate::diagnostic::Sink;
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};

declare_rule! {
    /// A limit is larger or smaller than any that helps.
    ///
    /// ## What it does
    /// Reports a `timeout_seconds` above half an hour, a `test_timeout_seconds` above that of the whole
    /// run, and a `memory_mib` above 64 GiB. Limits that are left out have defaults: 60 seconds, half of
    /// that for one test, 2048 MiB.
    ///
    /// ## Why it matters
    /// A learner whose code loops forever waits as long as the limit says; a limit that can't be reached
    /// is none.
    ///
    /// ## Example
    /// ```yaml
    /// timeout_seconds: 36000
    /// ```
    ///
    /// ## Use instead
    /// A few times what the reference needs on a slow machine.
    pub(crate) struct DoubtfulLimit {
        name: "doubtful-limit",
        group: Module,
        severity: Warning,
        blocks_running: false,
    }
}

impl Rule for DoubtfulLimit {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        for (_, manifest, build) in context.builds() {
            for (key, message) in doubts(build) {
                let at = manifest.at(&format!("/build/{key}"));
                sink.push(self.finding(at, message));
            }
        }
    }
}

/// Half an hour, in seconds.
const LONGEST: u64 = 30 * 60;

/// 64 GiB.
const MOST_MEMORY: u64 = 64 << 30;

fn doubts(build: &Build) -> Vec<(&'static str, String)> {
    let mut doubts = Vec::new();
    if build.timeout().as_secs() > LONGEST {
        let minutes = build.timeout().as_secs() / 60;
        let message = format!("a learner whose code hangs waits {minutes} minutes");
        doubts.push(("timeout_seconds", message));
    }
    if build.test_timeout() > build.timeout() {
        let message = "one test may take longer than all tests together".to_owned();
        doubts.push(("test_timeout_seconds", message));
    }
    if build.memory_bytes() > MOST_MEMORY {
        let gibibytes = build.memory_bytes() >> 30;
        let message = format!("few machines have {gibibytes} GiB of memory for one run");
        doubts.push(("memory_mib", message));
    }
    doubts
}
