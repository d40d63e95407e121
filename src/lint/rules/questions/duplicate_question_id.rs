//! `duplicate-question-id`.

use std::collections::HashMap;

use crate::diagnostic::Sink;
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};

declare_rule! {
    /// An id stands twice in a questions file.
    ///
    /// ## What it does
    /// Reports question ids that are not unique in their file, and concepts and failure modes that
    /// are not unique in their question.
    ///
    /// ## Why it matters
    /// Recorded answers name questions by id, and `unless` names concepts by id.
    ///
    /// ## Example
    /// ```yaml
    /// questions:
    ///   - id: why_shift
    ///   - id: why_shift
    /// ```
    ///
    /// ## Use instead
    /// Give each its own id.
    pub(crate) struct DuplicateQuestionId {
        name: "duplicate-question-id",
        group: Questions,
        severity: Error,
        blocks_running: false,
    }
}

impl Rule for DuplicateQuestionId {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        for file in context.questions_files() {
            let mut seen = HashMap::new();
            let mut check = |kind: &'static str, scope: usize, id: &str, pointer: String| {
                if let Some(first) = seen.insert((kind, scope, id.to_owned()), pointer.clone()) {
                    let message = format!("the {kind} `{id}` is there twice");
                    let finding = self.finding(file.at(&pointer), message);
                    sink.push(finding.with_related(file.at(&first), "first"));
                }
            };
            for (index, question) in file.value.questions.iter().enumerate() {
                let pointer = format!("/questions/{index}");
                check("question", 0, question.id.as_str(), format!("{pointer}/id"));
                for (inner, concept) in question.required_concepts.iter().enumerate() {
                    let at = format!("{pointer}/required_concepts/{inner}/id");
                    check("concept", index, concept.id.as_str(), at);
                }
                for (inner, mode) in question.failure_modes.iter().enumerate() {
                    let at = format!("{pointer}/failure_modes/{inner}/category");
                    check("failure mode", index, mode.category.as_str(), at);
                }
            }
        }
    }
}
