//! `give-away-word`.

use serde_json::Value;

use crate::curriculum::Bug;
use crate::diagnostic::{Location, Sink};
use crate::inject::patch::Patch;
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};
use crate::lint::words::{find_phrase, words};
use crate::project::language::{Language, Part};
use crate::source::Span;

declare_rule! {
    /// The code of a bug says that it is one.
    ///
    /// ## What it does
    /// Looks for words such as `BUG` and `FIXME` in the lines that a patch adds and in the `fix` of a
    /// rewrite, and in their comments for words such as "wrong", "removed" and "should be". Words that the
    /// solution has in the same place are its own.
    ///
    /// ## Why it matters
    /// The learner finds the bug by reading comments, and has learned nothing.
    ///
    /// ## Example
    /// ```diff
    /// -    shifted = x - x.amax(dim=dim, keepdim=True)
    /// +    shifted = x  # BUG: should be shifted
    /// ```
    ///
    /// ## Use instead
    /// ```diff
    /// -    shifted = x - x.amax(dim=dim, keepdim=True)
    /// +    shifted = x
    /// ```
    /// What the author has to know stands in the bug's `title` and `lesson`.
    pub(crate) struct GiveAwayWord {
        name: "give-away-word",
        group: Bugs,
        severity: Error,
        blocks_running: false,
    }
}

/// Words that mean a fault wherever they stand.
const ANYWHERE: &[&str] = &["bug", "bugs", "buggy", "bugged", "fixme"];

/// Words that mean a fault in a comment; in code they may be names, and in messages what is said to users.
const IN_COMMENTS: &[&str] = &[
    "broken",
    "deliberately",
    "faulty",
    "hack",
    "incorrect",
    "incorrectly",
    "intentionally",
    "mistake",
    "on purpose",
    "removed",
    "should be",
    "should have been",
    "todo",
    "wrong",
    "wrongly",
    "xxx",
];

impl Rule for GiveAwayWord {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        for bug in context
            .curriculum
            .modules
            .iter()
            .flat_map(|module| &module.bugs)
        {
            self.check_patch(bug, sink);
            self.check_rewrite(bug, sink);
        }
    }
}

impl GiveAwayWord {
    fn check_patch(&self, bug: &Bug, sink: &Sink) {
        let Some(source) = &bug.patch else { return };
        let Ok(patch) = Patch::parse(source) else {
            return;
        };
        let removed: Vec<_> = patch
            .changed_lines()
            .filter(|line| !line.is_added)
            .map(|line| line.text)
            .collect();
        for line in patch.changed_lines().filter(|line| line.is_added) {
            let language = Language::of(line.path.as_str(), line.text);
            if let Some((at, word)) = give_away(line.text, language, &removed) {
                let start = line.start + at;
                let place = Location::span(source, Span::new(start, start + word.len()));
                let message = format!("`{word}` in an added line gives the bug away");
                sink.push(self.finding(place, message));
            }
        }
    }

    fn check_rewrite(&self, bug: &Bug, sink: &Sink) {
        let Some(document) = &bug.document else {
            return;
        };
        let Some(rewrite) = &document.value.inject.rewrite else {
            return;
        };
        let language = Language::of(rewrite.path.as_str(), "");
        for (index, step) in rewrite.steps.iter().enumerate() {
            let pointer = format!("/inject/rewrite/steps/{index}/fix");
            let (pointer, fix) = match &step.fix {
                Value::Object(fix) => (format!("{pointer}/template"), fix.get("template")),
                fix => (pointer, Some(fix)),
            };
            // What the rule looks for is in the learner's code already.
            let wanted =
                [&step.rule, &step.constraints].map(|rule| Value::Object(rule.clone()).to_string());
            let wanted = wanted.each_ref().map(String::as_str);
            let mut lines = fix.and_then(Value::as_str).unwrap_or_default().lines();
            if let Some((_, word)) = lines.find_map(|line| give_away(line, language, &wanted)) {
                let message = format!("`{word}` in the fix gives the bug away");
                sink.push(self.finding(document.at(&pointer), message));
            }
        }
    }
}

/// The first word of a line that says that it is a bug, with its offset.
fn give_away<'a>(
    line: &'a str,
    language: Option<Language>,
    own: &[&str],
) -> Option<(usize, &'a str)> {
    let is_new = |found: &str| {
        let folded: Vec<_> = words(found).map(|(_, word)| word.to_lowercase()).collect();
        let phrase = folded.join(" ");
        !own.iter()
            .any(|text| find_phrase(text, &[phrase.as_str()]).is_some())
    };
    let parts = language.map(|language| language.parts(line));
    let comments = parts
        .into_iter()
        .flatten()
        .filter(|(part, _)| *part == Part::Comment);
    let in_comments = comments.filter_map(|(_, range)| {
        let found = find_phrase(&line[range.clone()], IN_COMMENTS)?;
        Some(range.start + found.start..range.start + found.end)
    });
    find_phrase(line, ANYWHERE)
        .into_iter()
        .chain(in_comments)
        .map(|range| (range.start, &line[range]))
        .find(|(_, word)| is_new(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word<'a>(line: &'a str, own: &[&str]) -> Option<&'a str> {
        give_away(line, Some(Language::Python), own).map(|(_, word)| word)
    }

    #[test]
    fn words_that_mean_a_fault_are_found() {
        assert_eq!(word("x = y  # Bug", &[]), Some("Bug"));
        assert_eq!(word("x = y  # This SHOULD be z", &[]), Some("SHOULD be"));
        assert_eq!(word("print('FIXME')", &[]), Some("FIXME"));
        assert_eq!(give_away("a; bug", None, &[]), Some((3, "bug")));
    }

    #[test]
    fn names_and_messages_are_left_alone() {
        for line in [
            "debug(wrong_ids)",
            "wrong = ids != wanted",
            "removed.append(todo.pop())",
            "raise ValueError('incorrect shape')",
            "x = '#wrong'",
            "x = y  # debugging",
        ] {
            assert_eq!(word(line, &[]), None, "{line}");
        }
        assert_eq!(give_away("-- wrong", None, &[]), None);
    }

    #[test]
    fn words_of_the_solution_are_its_own() {
        let own = ["x = y  # the mean is removed"];
        assert_eq!(word("x = z  # the mean is removed", &own), None);
        assert_eq!(word("x = z  # wrong", &["wrong_ids(x)"]), Some("wrong"));
    }
}
