//! `solution-leak`.

use std::sync::Arc;

use rayon::prelude::*;

use crate::diagnostic::{Location, Sink};
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};
use crate::plural::count;
use crate::project::leak::{Leak, LeakIndex};
use crate::source::SourceFile;
use crate::source::tree::Entry;

declare_rule! {
    /// Learners can read a part of a solution.
    ///
    /// ## What it does
    /// Looks for three or more consecutive lines of a solution region, a variant's included, in prompts,
    /// hints, symptoms, questions, and in everything of the project that stands outside of regions or in
    /// a stub. Blanks, comments and signs of quotation make no difference. Trivial lines do not count:
    /// blank ones, single words and brackets, imports, and the interface (heads of functions and classes,
    /// decorators, docstrings).
    ///
    /// ## Why it matters
    /// The exercise is to find the solution. Who stumbles upon it has lost the exercise.
    ///
    /// ## Example
    /// ```python
    /// def test_softmax(x):
    ///     shifted = x - x.amax(dim=-1, keepdim=True)      # the solution,
    ///     exp = shifted.exp()                             # word for word
    ///     assert allclose(softmax(x, -1), exp / exp.sum(dim=-1, keepdim=True))
    /// ```
    ///
    /// ## Use instead
    /// ```python
    /// def test_softmax(x):
    ///     assert allclose(softmax(x, -1), torch.softmax(x, -1))
    /// ```
    pub(crate) struct SolutionLeak {
        name: "solution-leak",
        group: Project,
        severity: Error,
        blocks_running: false,
    }
}

impl Rule for SolutionLeak {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        // What is a solution can't be told from wrong marks.
        if !context.project.is_sound() {
            return;
        }
        let index = LeakIndex::of(context.curriculum, context.project);
        let finding = |leak: &Leak, location: Location, what: &str| {
            let solution = index.solution(leak);
            let lines = count(leak.lines as u64, "line");
            let message = format!(
                "{what} repeats {lines} of the solution of `{}`",
                solution.owners
            );
            self.finding(location, message)
                .with_related(solution.location.clone(), "the solution")
        };
        context.texts().par_iter().for_each(|text| {
            for leak in index.find(text.text) {
                let finding = finding(&leak, text.at(leak.span), text.what);
                sink.push(if text.is_prompt() {
                    finding
                } else {
                    finding.with_help(first_of(&leak, text.text))
                });
            }
        });
        let files: Vec<(&str, &Entry)> = context.curriculum.project.iter().collect();
        files.par_iter().for_each(|(path, entry)| {
            if let Some(marked) = context.project.marked_file(path) {
                let starter = marked.trace(|_| false);
                for leak in index.find(&starter.text) {
                    let location = starter.location(leak.span);
                    sink.push(if starter.stub_at(leak.span.start).is_some() {
                        finding(&leak, location, "the stub")
                            .with_help(first_of(&leak, &starter.text))
                    } else {
                        finding(&leak, location, "the starter")
                    });
                }
            } else if let Some(text) = entry.text()
                && !index.find(text).is_empty()
            {
                let shown = context.curriculum.shown_path(&format!("project/{path}"));
                let file = Arc::new(SourceFile::new(shown, text));
                for leak in index.find(file.text()) {
                    sink.push(finding(&leak, Location::span(&file, leak.span), "the file"));
                }
            }
        });
    }
}

/// Tells the first line of a leak, where its place can't be shown.
fn first_of(leak: &Leak, text: &str) -> String {
    let lines = &text[leak.span.start..leak.span.end];
    let first = lines.lines().next().unwrap_or_default().trim();
    format!("the first of them is `{first}`")
}
