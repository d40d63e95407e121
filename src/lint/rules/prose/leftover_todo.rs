//! `leftover-todo`.

use std::ops::Range;

use crate::curriculum::document::{BugManifest, Manifest, ModuleManifest, Question};
use crate::curriculum::{Loaded, Module};
use crate::diagnostic::{Location, Sink};
use crate::lint::rule::{AskedQuestion, Context, Rule, RuleMeta, declare_rule};
use crate::lint::words::words;
use crate::source::Span;

declare_rule! {
    /// A note of the author's is left in what learners read.
    ///
    /// ## What it does
    /// Looks for `TODO`, `FIXME`, `TBD` and `XXX` in prompts, titles, summaries, authors, sources, objectives, hints,
    /// symptoms, lessons, and questions with all that belongs to them. What stands in backticks or in a block of
    /// code is meant for learners.
    ///
    /// ## Why it matters
    /// Learners can't tell whether something is missing or theirs to do.
    ///
    /// ## Example
    /// ```markdown
    /// Write `softmax(x, dim)`. TODO: say what it does for empty input.
    /// ```
    ///
    /// ## Use instead
    /// Do it. A word that is meant stands in backticks: the line with `TODO`.
    pub(crate) struct LeftoverTodo {
        name: "leftover-todo",
        group: Prose,
        severity: Warning,
        blocks_running: false,
    }
}

/// What authors leave themselves; in any other case they may be words.
const NOTES: &[&str] = &["FIXME", "TBD", "TODO", "XXX"];

impl Rule for LeftoverTodo {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        if let Some(manifest) = &context.curriculum.manifest {
            self.check_texts(manifest, texts_of_curriculum(&manifest.value), sink);
        }
        for module in &context.curriculum.modules {
            self.check_module(module, sink);
        }
    }

    fn check_question(&self, asked: &AskedQuestion<'_>, sink: &Sink) {
        let texts = texts_of_question(asked.question);
        let texts = texts.map(|(at, text)| (format!("{}{at}", asked.pointer), text));
        self.check_texts(asked.file, texts, sink);
    }
}

impl LeftoverTodo {
    fn check_module(&self, module: &Module, sink: &Sink) {
        if let Some(prompt) = &module.prompt {
            for range in notes(prompt.text()) {
                let message = format!("`{}` is left in the text", &prompt.text()[range.clone()]);
                let place = Location::span(prompt, Span::new(range.start, range.end));
                sink.push(self.finding(place, message));
            }
        }
        if let Some(manifest) = &module.manifest {
            self.check_texts(manifest, texts_of_module(&manifest.value), sink);
        }
        for document in module.bugs.iter().filter_map(|bug| bug.document.as_ref()) {
            self.check_texts(document, texts_of_bug(&document.value), sink);
        }
    }

    fn check_texts<'a, T>(
        &self,
        file: &Loaded<T>,
        texts: impl Iterator<Item = (String, &'a str)>,
        sink: &Sink,
    ) {
        for (pointer, text) in texts {
            if let Some(range) = notes(text).into_iter().next() {
                let message = format!("`{}` is left in the text", &text[range]);
                sink.push(self.finding(file.at(&pointer), message));
            }
        }
    }
}

fn texts_of_curriculum(manifest: &Manifest) -> impl Iterator<Item = (String, &str)> {
    let summary = manifest.summary.iter();
    let source = manifest.source.iter();
    let texts = summary
        .map(|it| ("/summary".to_owned(), it.as_str()))
        .chain(source.map(|it| ("/source".to_owned(), it.as_str())))
        .chain(items("/authors", &manifest.authors));
    let groups = manifest.groups();
    std::iter::once(("/title".to_owned(), manifest.title.as_str()))
        .chain(texts)
        .chain(groups.map(|(group, at)| (format!("{at}/title"), group.title.as_str())))
}

fn texts_of_module(manifest: &ModuleManifest) -> impl Iterator<Item = (String, &str)> {
    let summary = manifest.summary.iter();
    std::iter::once(("/title".to_owned(), manifest.title.as_str()))
        .chain(summary.map(|it| ("/summary".to_owned(), it.as_str())))
        .chain(items("/objectives", &manifest.objectives))
        .chain(items("/hints", &manifest.hints))
}

fn texts_of_bug(bug: &BugManifest) -> impl Iterator<Item = (String, &str)> {
    let lesson = bug.lesson.iter();
    let rewrite = bug.inject.rewrite.iter();
    let reasons = rewrite
        .flat_map(|it| &it.not_applicable)
        .map(|(name, reason)| {
            let pointer = format!("/inject/rewrite/not_applicable/{name}");
            (pointer, reason.as_str())
        });
    let always = [
        ("/title", bug.title.as_str()),
        ("/symptom", bug.symptom.as_str()),
    ];
    always
        .into_iter()
        .map(|(at, text)| (at.to_owned(), text))
        .chain(items("/hints", &bug.hints))
        .chain(lesson.map(|it| ("/lesson".to_owned(), it.as_str())))
        .chain(reasons)
}

fn texts_of_question(question: &Question) -> impl Iterator<Item = (String, &str)> {
    let concepts = question.required_concepts.iter().enumerate();
    let modes = question.failure_modes.iter().enumerate();
    let always = [
        ("/question", question.question.as_str()),
        ("/model_answer", question.model_answer.as_str()),
    ];
    always
        .into_iter()
        .map(|(at, text)| (at.to_owned(), text))
        .chain(items("/accept", &question.accept))
        .chain(items("/hints", &question.hints))
        .chain(concepts.map(|(at, it)| (format!("/required_concepts/{at}/ask"), it.ask.as_str())))
        .chain(modes.flat_map(|(at, it)| {
            let at = format!("/failure_modes/{at}");
            [
                (format!("{at}/feedback"), it.feedback.as_str()),
                (format!("{at}/example"), it.example.as_str()),
            ]
        }))
}

fn items<'a>(
    pointer: &'static str,
    texts: &'a [impl AsRef<str>],
) -> impl Iterator<Item = (String, &'a str)> {
    let texts = texts.iter().enumerate();
    texts.map(move |(index, text)| (format!("{pointer}/{index}"), text.as_ref()))
}

/// Where notes stand in a Markdown text, code left out.
fn notes(text: &str) -> Vec<Range<usize>> {
    // Nearly all texts have none, and are not looked at any closer.
    if !NOTES.iter().any(|note| text.contains(note)) {
        return Vec::new();
    }
    let found: Vec<_> = words(text)
        .filter(|(_, word)| NOTES.contains(word))
        .map(|(range, _)| range)
        .collect();
    if found.is_empty() {
        return found;
    }
    let code = code(text);
    let is_meant = |at: usize| code.iter().any(|range| range.contains(&at));
    found
        .into_iter()
        .filter(|range| !is_meant(range.start))
        .collect()
}

/// The code in a Markdown text: fenced and indented blocks, and what stands between backticks.
fn code(text: &str) -> Vec<Range<usize>> {
    let mut code = Vec::new();
    let mut fence: Option<&str> = None;
    // Where the paragraph that the line continues begins.
    let mut paragraph: Option<usize> = None;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let range = start..start + line.len();
        start = range.end;
        let bare = line.trim();
        let sign = fence_sign(bare);
        let is_indented = line.starts_with("    ") || line.starts_with('\t');
        let is_code = if let Some(open) = fence {
            // A fence is closed by a line of the same signs, as many at least, and nothing else.
            if sign == Some(bare) && bare.starts_with(open) {
                fence = None;
            }
            true
        } else if sign.is_some() {
            fence = sign;
            true
        } else {
            is_indented && paragraph.is_none() && !bare.is_empty()
        };
        if is_code || bare.is_empty() {
            if let Some(from) = paragraph.take() {
                spans(text, from..range.start, &mut code);
            }
        } else {
            paragraph.get_or_insert(range.start);
        }
        if is_code {
            code.push(range);
        }
    }
    if let Some(from) = paragraph {
        spans(text, from..text.len(), &mut code);
    }
    code
}

/// The backticks or tildes that begin a block of code.
fn fence_sign(line: &str) -> Option<&str> {
    ['`', '~'].into_iter().find_map(|sign| {
        let length = line.len() - line.trim_start_matches(sign).len();
        // Backticks behind backticks are a span.
        let is_fence = length >= 3 && (sign == '~' || !line[length..].contains('`'));
        is_fence.then(|| &line[..length])
    })
}

/// Adds the code spans of a paragraph: each ends with as many backticks as it begins with.
fn spans(text: &str, paragraph: Range<usize>, code: &mut Vec<Range<usize>>) {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for (at, _) in text[paragraph.clone()].match_indices('`') {
        let at = paragraph.start + at;
        match runs.last_mut() {
            Some(run) if run.end == at => run.end += 1,
            _ => runs.push(at..at + 1),
        }
    }
    let mut rest = runs.as_slice();
    while let [open, others @ ..] = rest {
        let close = others.iter().position(|run| run.len() == open.len());
        rest = match close {
            Some(index) => {
                code.push(open.start..others[index].end);
                &others[index + 1..]
            }
            None => others,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(text: &str) -> Vec<usize> {
        notes(text).into_iter().map(|range| range.start).collect()
    }

    #[test]
    fn notes_are_found_as_words_in_capitals() {
        assert_eq!(
            found("TODO: x. TBD\n\n- FIXME\n<!-- XXX -->"),
            [0, 9, 16, 27]
        );
        assert!(found("a todo list, TODO_LIST, XXXL, Fixme").is_empty());
    }

    #[test]
    fn code_is_meant_for_learners() {
        for text in [
            "Fill `x = TODO` in.",
            "Fill ``a ` TODO`` in.",
            "Over two `lines\nTODO`.",
            "```python\n# TODO\n```\n",
            "   ~~~~\n```\nTODO\n~~~\nTODO\n~~~~\n",
            "```\nnever closed\n\nTODO",
            "Text:\n\n    # TODO\n    # TODO\n",
        ] {
            assert!(found(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn text_around_code_is_read() {
        assert_eq!(found("`a` TODO `b`"), [4]);
        assert_eq!(found("a ` TODO\n\n`"), [4]);
        assert_eq!(found("```\na\n```\nTODO"), [10]);
        assert_eq!(found("- a\n    TODO"), [8]);
        assert_eq!(found("```a``` TODO"), [8]);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "[`~ \nä\tTODO]{0,40}") {
            let _ = found(&text);
            let _ = code(&text);
        }
    }
}
