//! `unknown-concept`.

use crate::diagnostic::Sink;
use crate::lint::rule::{AskedQuestion, Rule, RuleMeta, declare_rule};

declare_rule! {
    /// A failure mode is excused by a concept that does not exist.
    ///
    /// ## What it does
    /// Compares the ids under `unless` with the required concepts of the question.
    ///
    /// ## Why it matters
    /// A concept that does not exist is never missing, so that the mode fires on fewer answers than
    /// its author thinks.
    ///
    /// ## Example
    /// ```yaml
    /// required_concepts:
    ///   - {id: cancels, any_of: [cancel], ask: What becomes of the factor?}
    /// failure_modes:
    ///   - {category: vague, any_of: [stable], unless: [cancel], feedback: Where?, example: It is stable.}
    /// ```
    ///
    /// ## Use instead
    /// Name a required concept of the same question.
    pub(crate) struct UnknownConcept {
        name: "unknown-concept",
        group: Questions,
        severity: Error,
        blocks_running: false,
    }
}

impl Rule for UnknownConcept {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check_question(&self, asked: &AskedQuestion<'_>, sink: &Sink) {
        let question = asked.question;
        let known = || {
            question
                .required_concepts
                .iter()
                .map(|concept| concept.id.as_str())
        };
        for (index, mode) in question.failure_modes.iter().enumerate() {
            for (inner, id) in mode.unless.iter().flatten().enumerate() {
                if !known().any(|known| known == id.as_str()) {
                    let at = asked.at(&format!("/failure_modes/{index}/unless/{inner}"));
                    let message = format!("`{}` has no concept `{id}`", question.id);
                    let mut finding = self.finding(at, message);
                    finding.help = crate::suggest::did_you_mean(id.as_str(), known());
                    sink.push(finding);
                }
            }
        }
    }
}
