//! `few-failure-modes`.

use crate::diagnostic::Sink;
use crate::lint::rule::{AskedQuestion, Rule, RuleMeta, declare_rule};

declare_rule! {
    /// A question catches fewer than two kinds of shallow answers.
    ///
    /// ## What it does
    /// Counts the failure modes of each question.
    ///
    /// ## Why it matters
    /// Failure modes carry the feedback. Where there is one or none, nearly every answer that does not
    /// pass is *unclear*, and the learner is told what is missing but not what is wrong.
    ///
    /// ## Example
    /// ```yaml
    /// failure_modes: []
    /// ```
    ///
    /// ## Use instead
    /// Write down the two answers that you expect most from someone who has not understood it, as the
    /// `example` of a mode each.
    pub(crate) struct FewFailureModes {
        name: "few-failure-modes",
        group: Questions,
        severity: Warning,
        blocks_running: false,
    }
}

/// Failure modes that a question has at least.
const ENOUGH: usize = 2;

impl Rule for FewFailureModes {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check_question(&self, asked: &AskedQuestion<'_>, sink: &Sink) {
        let question = asked.question;
        let count = question.failure_modes.len();
        if count < ENOUGH {
            let pointer = format!("{}/failure_modes", asked.pointer);
            let modes = crate::plural::count(count as u64, "failure mode");
            let message = format!("`{}` has {modes}", question.id);
            let help = "add the shallow answers that you expect most";
            let finding = self.finding(asked.file.at_key(&pointer), message);
            sink.push(finding.with_help(help));
        }
    }
}
