//! The Harden stage: a bug in the learner's own code, and whether it was found.
//!
//! A bug counts only when it was seen to fail as its author says: in code that nobody has seen before, a rewrite
//! may match and change nothing, or break everything.

use crate::bundle::sealed::{SealedBug, SealedModule};
use crate::curriculum::document::Rewrite;
use crate::inject::rewrite::CompiledRewrite;
use crate::project::language::Language;
use crate::run::outcome::{Outcome, RunResult};
use crate::source::tree::{Entry, Tree};
use crate::verify::case::{BugExpectation, CaseKind, Expectation, Injection};
use crate::verify::judge::{Baseline, judge};
use crate::verify::verdict::Verdict;

/// The last line of files in which there may be a bug.
const MARK: &str = "This is the copy with the bug.";

/// Code with a bug in it that was seen to fail for the right reason.
#[derive(Debug)]
pub struct Injected<'s> {
    /// The bug.
    pub bug: &'s SealedBug,
    /// The project with the bug.
    pub tree: Tree,
    /// Whose code it is in.
    pub how: How,
    /// How its validator ended.
    pub result: RunResult,
}

/// Whose code a bug was put into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// The learner's own.
    Rewrite,
    /// The course's: its solution of the module took the place of the learner's.
    Reference,
}

/// Why no bug could be put in place.
#[derive(Clone, Debug, PartialEq)]
pub enum NoBug {
    /// All of the module's are beaten.
    AllBeaten,
    /// None of those that are left fails as it should in this code.
    NoneFits,
    /// A run was stopped, or could not be made.
    Stopped(Box<RunResult>),
}

/// Puts the first bug that is not beaten yet into the learner's code, and shows by `run` that it fails as it should.
/// `clean` is the run of the code without the bug.
///
/// # Errors
///
/// See [`NoBug`].
pub fn inject<'s>(
    sealed: &'s SealedModule,
    own: &Tree,
    clean: &RunResult,
    is_beaten: impl Fn(&str) -> bool,
    run: &mut dyn FnMut(&Tree) -> RunResult,
) -> Result<Injected<'s>, NoBug> {
    let mut bugs = sealed.bugs.iter().filter(|bug| !is_beaten(&bug.incident));
    let Some(first) = bugs.next() else {
        return Err(NoBug::AllBeaten);
    };
    for bug in std::iter::once(first).chain(bugs) {
        let rewritten = bug.manifest.inject.rewrite.as_ref();
        let rewritten = rewritten.and_then(|rewrite| rewritten_by(rewrite, own));
        let replaced = || bug.patched.as_ref().map(|patched| over(own, patched));
        // The second is made only when the first has not worked.
        let attempts: [(How, &dyn Fn() -> Option<Tree>); 2] = [
            (How::Rewrite, &|| rewritten.clone()),
            (How::Reference, &replaced),
        ];
        for (how, tree) in attempts {
            let Some(tree) = tree() else { continue };
            let result = run(&tree);
            if matches!(
                result.outcome,
                Outcome::Interrupted | Outcome::InfrastructureError
            ) {
                return Err(NoBug::Stopped(Box::new(result)));
            }
            if fails_as_said(bug, &result, clean) {
                return Ok(Injected {
                    bug,
                    tree,
                    how,
                    result,
                });
            }
        }
    }
    Err(NoBug::NoneFits)
}

fn rewritten_by(rewrite: &Rewrite, own: &Tree) -> Option<Tree> {
    CompiledRewrite::compile(rewrite).ok()?.apply(own).ok()
}

/// The learner's project with the course's files in place of theirs.
fn over(own: &Tree, files: &Tree) -> Tree {
    let mut tree = own.clone();
    for (path, entry) in files.iter() {
        tree.insert(path, entry.clone());
    }
    tree
}

/// Whether a run is what a bug's file says of code that it was not written for: one of its tests fails, with the
/// message.
fn fails_as_said(bug: &SealedBug, result: &RunResult, clean: &RunResult) -> bool {
    let Ok(expected) = BugExpectation::new(&bug.manifest.expect) else {
        return false;
    };
    let expectation = Expectation::Bug(BugExpectation {
        is_lenient: true,
        ..expected
    });
    let kind = CaseKind::Bug {
        bug: bug.manifest.id.clone(),
        injection: Injection::Rewrite,
    };
    let baseline = Baseline {
        reference: Some(clean),
        starter: None,
    };
    let verdict = judge(&kind, &expectation, result, baseline).verdict;
    matches!(verdict, Verdict::AsExpected | Verdict::ExtraFailures)
}

/// Returns a tree with a last line in each of the files that tells the tree of a challenge from what it was made from:
/// a fix keeps the line, and a file that is put back whole does not have it.
pub fn marked<'p>(tree: &Tree, paths: impl IntoIterator<Item = &'p str>) -> Tree {
    let mut marked = tree.clone();
    for path in paths {
        let Some((entry, text)) = tree.get(path).and_then(|it| Some((it, it.text()?))) else {
            continue;
        };
        if let Some(language) = Language::of(path, text) {
            let newline = if text.ends_with('\n') { "" } else { "\n" };
            let sign = language.comment_sign();
            let text = format!("{text}{newline}{sign} {MARK}\n");
            marked.insert(path, entry.with_content(text.into_bytes()));
        }
    }
    marked
}

/// Whether all that was done to a bug was to put files from before it back whole.
pub fn is_restored<'p>(
    before: &Tree,
    now: &Tree,
    paths: impl IntoIterator<Item = &'p str>,
) -> bool {
    let content = |tree: &Tree, path: &str| match tree.get(path) {
        Some(Entry::File { content, .. }) => without_ends(content),
        _ => Vec::new(),
    };
    // A file that gets no mark can't tell.
    let is_markable = |path: &str| {
        let text = before.get(path).and_then(Entry::text);
        text.is_some_and(|text| Language::of(path, text).is_some())
    };
    let mut is_any_whole = false;
    for path in paths {
        let can_tell = is_markable(path);
        let (before, now) = (content(before, path), content(now, path));
        let is_mark = |line: &[u8]| line.ends_with(MARK.as_bytes());
        let unmarked = match now.rsplitn(2, |byte| *byte == b'\n').collect::<Vec<_>>()[..] {
            [last, rest] if is_mark(last) => without_ends(rest),
            [last] if is_mark(last) => Vec::new(),
            _ => {
                is_any_whole |= can_tell && before == now;
                now
            }
        };
        if unmarked != before {
            return false;
        }
    }
    is_any_whole
}

/// A file without what editors change by themselves at the ends of lines.
fn without_ends(content: &[u8]) -> Vec<u8> {
    let mut lines: Vec<_> = content
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii_end)
        .collect();
    while lines.last().is_some_and(|line| line.is_empty()) {
        lines.pop();
    }
    lines.join(&b'\n')
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::run::outcome::{TestOutcome, TestResult};

    fn tree(text: &str) -> Tree {
        [("a.py".to_owned(), Entry::file(text.as_bytes()))]
            .into_iter()
            .collect()
    }

    fn text_of(tree: &Tree) -> &str {
        tree.get("a.py").unwrap().text().unwrap()
    }

    fn bug(incident: &str, pattern: &str, patched: Option<&str>) -> SealedBug {
        SealedBug {
            incident: incident.to_owned(),
            manifest: serde_json::from_value(json!({
                "id": "b", "title": "A bug", "symptom": "It is wrong.",
                "inject": {"rewrite": {"path": "a.py", "steps": [
                    {"rule": {"pattern": pattern}, "fix": "$A - $B"}]}},
                "expect": {"fail": ["t.py::f"], "message": "wrong sum"},
            }))
            .unwrap(),
            patched: patched.map(|text| Arc::new(tree(text))),
        }
    }

    fn run(outcome: TestOutcome, message: &str) -> RunResult {
        let end = if outcome == TestOutcome::Passed {
            Outcome::Passed
        } else {
            Outcome::Failed
        };
        let mut result = RunResult::ended(end, None);
        result.tests = vec![TestResult {
            id: "t.py::f".to_owned(),
            outcome,
            message: Some(message.to_owned()),
            traceback: None,
            duration: Duration::ZERO,
        }];
        result
    }

    /// What a test would say that wants a sum.
    fn judged(tree: &Tree) -> RunResult {
        match text_of(tree) {
            text if text.contains(" - ") => run(TestOutcome::Failed, "wrong sum"),
            text if text.contains(" * ") => run(TestOutcome::Failed, "something else"),
            _ => run(TestOutcome::Passed, ""),
        }
    }

    const OWN: &str = "def f(a, b):\n    return a + b\n";

    fn injected(bugs: Vec<SealedBug>, beaten: &str) -> Result<(String, How), NoBug> {
        let sealed = SealedModule {
            questions: Vec::new(),
            bugs,
        };
        let clean = run(TestOutcome::Passed, "");
        inject(&sealed, &tree(OWN), &clean, |it| it == beaten, &mut judged).map(|it| {
            let text = text_of(&it.tree).to_owned();
            (format!("{} {text}", it.bug.incident), it.how)
        })
    }

    #[test]
    fn bug_goes_into_the_learners_own_code_where_its_rewrite_matches() {
        let (text, how) = injected(vec![bug("1", "$A + $B", None)], "").unwrap();
        assert_eq!(text, "1 def f(a, b):\n    return a - b\n");
        assert_eq!(how, How::Rewrite);
    }

    #[test]
    fn where_it_does_not_match_the_reference_is_taken_and_where_that_fails_otherwise_the_next_bug()
    {
        let no_match = "$A @ $B";
        let patched = Some("x = 1 - 2\n");
        let (text, how) = injected(vec![bug("1", no_match, patched)], "").unwrap();
        assert_eq!((text.as_str(), how), ("1 x = 1 - 2\n", How::Reference));
        let other_reason = bug("1", no_match, Some("x = 1 * 2\n"));
        let (text, _) = injected(vec![other_reason, bug("2", "$A + $B", None)], "").unwrap();
        assert!(text.starts_with('2'));
        let silent = bug("1", no_match, Some("x = 3\n"));
        assert_eq!(injected(vec![silent], "").unwrap_err(), NoBug::NoneFits);
    }

    #[test]
    fn beaten_bugs_do_not_come_again() {
        let bugs = || vec![bug("1", "$A + $B", None), bug("2", "$A + $B", None)];
        assert!(injected(bugs(), "1").unwrap().0.starts_with('2'));
        assert_eq!(
            injected(vec![bug("1", "$A + $B", None)], "1").unwrap_err(),
            NoBug::AllBeaten
        );
    }

    #[test]
    fn putting_the_old_file_back_is_told_from_a_fix() {
        let before = tree(OWN);
        let broken = marked(&tree("def f(a, b):\n    return a - b\n"), ["a.py"]);
        let is_restored = |now: &str| is_restored(&before, &tree(now), ["a.py"]);
        assert!(is_restored("def f(a, b):  \r\n    return a + b\n\n"));
        // The same code, and the last line is still there.
        let fixed = text_of(&broken).replace(" - ", " + ");
        assert!(fixed.contains("a + b\n# This is"), "{fixed}");
        assert!(!is_restored(&fixed));
        assert!(!is_restored("def f(a, b):\n    return b + a\n"));
    }

    #[test]
    fn files_without_a_mark_do_not_make_a_fix_into_something_else() {
        let with_text = |code: &str| {
            let mut tree = tree(code);
            tree.insert("notes.txt", Entry::file(*b"plain\n"));
            tree.insert("empty.py", Entry::file(*b""));
            tree
        };
        let paths = ["a.py", "empty.py", "notes.txt", "never_written.py"];
        let fixed = marked(&with_text(OWN), paths);
        assert!(!is_restored(&with_text(OWN), &fixed, paths));
        let mut restored = fixed.clone();
        restored.insert("a.py", Entry::file(OWN.as_bytes()));
        assert!(is_restored(&with_text(OWN), &restored, paths));
    }
}
