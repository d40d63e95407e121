//! From two states of a file to one with solution regions, proven to give both states back.

use std::ops::Range;
use std::sync::Arc;

use crate::git;
use crate::project::language::Language;
use crate::project::region;
use crate::source::SourceFile;

/// Lines that take the place of others once they are solved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    /// Lines of the starter, from 0.
    pub(super) at: Range<usize>,
    /// Lines of the solution, with their breaks.
    pub(super) lines: Vec<String>,
    /// Where they stand in the solution, from 0.
    pub(super) solved_at: Range<usize>,
    /// Ids of the modules that own them.
    pub(super) owners: Vec<String>,
}

/// Lines between two changes that do not keep them apart.
const NEAR: usize = 2;

/// Returns what differs between two states of a file, in parts that can have owners of their own.
pub(super) fn changes(path: &str, starter: &str, solved: &str) -> Vec<Change> {
    let (old, new) = (lines(starter), lines(solved));
    let mut merged: Vec<(Range<usize>, Range<usize>)> = Vec::new();
    for (old_range, new_range) in git::changed_lines(starter, solved) {
        match merged.last_mut() {
            Some((last_old, last_new)) if is_near(&old[last_old.end..old_range.start]) => {
                last_old.end = old_range.end;
                last_new.end = new_range.end;
            }
            _ => merged.push((old_range, new_range)),
        }
    }
    let is_python = Language::of(path, solved) == Some(Language::Python);
    let mut changes = Vec::new();
    for (at, solved_at) in merged {
        // What takes the place of nothing can be cut between functions.
        let cuts = if at.is_empty() && is_python {
            heads(&new, &solved_at)
        } else {
            Vec::new()
        };
        let mut start = solved_at.start;
        for end in cuts.into_iter().chain([solved_at.end]) {
            if start < end || solved_at.is_empty() {
                changes.push(Change {
                    at: at.clone(),
                    lines: new[start..end]
                        .iter()
                        .map(|line| (*line).to_owned())
                        .collect(),
                    solved_at: start..end,
                    owners: Vec::new(),
                });
            }
            start = end;
        }
    }
    changes
}

/// Joins neighbours of the same owners.
pub(super) fn join(changes: Vec<Change>) -> Vec<Change> {
    let mut joined: Vec<Change> = Vec::new();
    for change in changes {
        match joined.last_mut() {
            Some(last)
                if last.owners == change.owners && last.at == change.at && change.at.is_empty() =>
            {
                last.lines.extend(change.lines);
                last.solved_at.end = change.solved_at.end;
            }
            _ => joined.push(change),
        }
    }
    joined
}

/// Whether lines between two changes belong to both: few, and none that begins something new.
fn is_near(between: &[&str]) -> bool {
    let is_blank = |line: &&str| line.trim().is_empty();
    let is_inner = |line: &&str| line.starts_with([' ', '\t']) || is_blank(line);
    (between.len() <= NEAR && between.iter().all(is_inner)) && !between.iter().all(is_blank)
        || between.len() == 1 && between.iter().all(is_blank)
}

/// Where in a range of lines functions and classes begin, with the decorators, comments and blank
/// lines before them; from the second line on.
fn heads(lines: &[&str], range: &Range<usize>) -> Vec<usize> {
    let mut heads: Vec<usize> = Vec::new();
    for at in range.clone() {
        if top_level_name(lines[at]).is_none() {
            continue;
        }
        let is_lead = |line: &str| line.starts_with(['@', '#']);
        let mut lead = at;
        while lead > range.start && is_lead(lines[lead - 1]) {
            lead -= 1;
        }
        while lead > range.start && lines[lead - 1].trim().is_empty() {
            lead -= 1;
        }
        heads.push(lead);
    }
    heads.retain(|at| *at > range.start);
    heads
}

/// The function or class that a line begins, if it stands at the outermost level.
fn top_level_name(line: &str) -> Option<&str> {
    let rest = ["def ", "async def ", "class "]
        .iter()
        .find_map(|word| line.strip_prefix(word))?;
    rest.split(|char: char| !char.is_alphanumeric() && char != '_')
        .next()
}

/// The functions and classes of the outermost level that a range of lines is in or holds.
pub(super) fn symbols<'l>(lines: &[&'l str], range: &Range<usize>) -> Vec<&'l str> {
    let changed = &lines[range.clone()];
    let first = changed.iter().find(|line| !line.trim().is_empty());
    let around = match first {
        Some(line) if line.starts_with([' ', '\t']) => {
            let before = lines[..range.start].iter().rev();
            before
                .filter(|line| !line.starts_with([' ', '\t', '\n', '\r', '#', ')']))
                .map(|line| top_level_name(line))
                .next()
                .flatten()
        }
        _ => None,
    };
    around
        .into_iter()
        .chain(changed.iter().filter_map(|line| top_level_name(line)))
        .collect()
}

/// Returns the file with marks.
///
/// # Errors
///
/// Why it can't have them: nothing is marked unless both states come out of it again.
pub(super) fn mark(path: &str, starter: &str, changes: &[Change]) -> Result<String, String> {
    let solved = weave(starter, changes, |change, _| change.lines.concat());
    let Some(language) = Language::of(path, &solved) else {
        return Err("files of this kind can't have marks".to_owned());
    };
    if region::may_have_marks(starter) || region::may_have_marks(&solved) {
        return Err("the file has marks already".to_owned());
    }
    // The default stub is left out where it is what the starter has.
    let attempts = [true, false].map(|leaves_out| {
        weave(starter, changes, |change, old| {
            marked(change, old, language, leaves_out)
        })
    });
    let gives_back = |text: &String| {
        let source = Arc::new(SourceFile::new(path, text.as_str()));
        let (file, _) = region::parse(&source, Some(language));
        file.is_some_and(|file| {
            let begin = file.build(|_| false);
            let is_starter = begin.map_or(!has_code(starter, language), |begin| {
                without_ends(&begin) == without_ends(starter)
            });
            is_starter && file.build(|_| true).as_deref() == Some(solved.as_str())
        })
    };
    let found = attempts.into_iter().find(gives_back);
    found.ok_or_else(|| "no marks give both of its states".to_owned())
}

/// Whether a text has more than blank lines and comments. A file that has not is one that learners begin without.
pub(super) fn has_code(text: &str, language: Language) -> bool {
    !text
        .lines()
        .all(|line| line.trim().is_empty() || language.comment(line).is_some())
}

fn weave(starter: &str, changes: &[Change], put: impl Fn(&Change, &[&str]) -> String) -> String {
    let old = lines(starter);
    let mut result = String::new();
    let mut at = 0;
    for change in changes {
        result.push_str(&old[at..change.at.start].concat());
        result.push_str(&put(change, &old[change.at.clone()]));
        at = change.at.end;
    }
    result.push_str(&old[at..].concat());
    result
}

fn marked(change: &Change, old: &[&str], language: Language, leaves_out: bool) -> String {
    let sign = language.comment_sign();
    let all = change
        .lines
        .iter()
        .map(String::as_str)
        .chain(old.iter().copied());
    let indent = |line: &str| line.len() - line.trim_start().len();
    let filled = all.filter(|line| !line.trim().is_empty());
    let indent = filled
        .min_by_key(|line| indent(line))
        .map_or("", |line| &line[..indent(line)]);
    let line_break = if change.lines.iter().any(|line| line.ends_with("\r\n")) {
        "\r\n"
    } else {
        "\n"
    };
    let mark = |word: &str| {
        format!(
            "{indent}{sign} mastery:{word} {}{line_break}",
            change.owners.join(" ")
        )
    };
    let is_default = matches!(old, [line] if line.trim() == language.default_stub());
    let is_nothing = old.is_empty() && indent.is_empty();
    let mut text = mark("begin");
    text.push_str(&change.lines.concat());
    if !(leaves_out && (is_default || is_nothing)) {
        text.push_str(&mark("stub"));
        for line in old {
            let content = line.trim();
            if content.is_empty() {
                text.push_str(line);
            } else {
                let own = &line[..line.len() - line.trim_start().len()];
                text.push_str(&format!("{own}{sign} {content}{line_break}"));
            }
        }
    }
    text.push_str(&mark("end"));
    text
}

/// A text without blanks at the ends of its lines: a stub does not keep them.
fn without_ends(text: &str) -> String {
    text.lines()
        .map(str::trim_end)
        .collect::<Vec<_>>()
        .join("\n")
}

/// The lines of a text with their breaks.
pub(super) fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn marked_file(path: &str, starter: &str, solved: &str) -> Result<String, String> {
        let mut changes = changes(path, starter, solved);
        for change in &mut changes {
            change.owners = vec!["m".to_owned()];
        }
        mark(path, starter, &join(changes))
    }

    #[test]
    fn body_of_a_function_becomes_a_region() {
        let starter = "def f(x):\n    raise NotImplementedError\n\n\ndef g():\n    return 1\n";
        let solved = "def f(x):\n    y = x + 1\n    return y\n\n\ndef g():\n    return 1\n";
        assert_eq!(
            marked_file("a.py", starter, solved).unwrap(),
            "def f(x):\n    # mastery:begin m\n    y = x + 1\n    return y\n    # mastery:end m\n\n\ndef g():\n    return 1\n"
        );
    }

    #[test]
    fn other_stub_is_kept_as_a_comment() {
        let starter = "def f(x):\n    # Write me.\n    return None\n";
        let solved = "def f(x):\n    return x\n";
        assert_eq!(
            marked_file("a.py", starter, solved).unwrap(),
            "def f(x):\n    # mastery:begin m\n    return x\n    # mastery:stub m\n    # # Write me.\n    # return None\n    # mastery:end m\n"
        );
    }

    #[test]
    fn new_file_is_cut_between_functions() {
        let solved =
            "import math\n\n\ndef f():\n    return 1\n\n\n@cache\ndef g():\n    return 2\n";
        let parts = changes("a.py", "", solved);
        let lines = lines(solved);
        let names: Vec<_> = parts
            .iter()
            .map(|change| symbols(&lines, &change.solved_at))
            .collect();
        assert_eq!(names, [vec![], vec!["f"], vec!["g"]]);
        assert_eq!(
            marked_file("a.py", "", "x = 1\n").unwrap(),
            "# mastery:begin m\nx = 1\n# mastery:end m\n"
        );
    }

    #[test]
    fn line_in_a_function_is_of_that_function() {
        let lines = lines("def f(\n    x,\n):\n    return 1\n\nX = 1\n");
        assert_eq!(symbols(&lines, &(3..4)), ["f"]);
        assert_eq!(symbols(&lines, &(5..6)), Vec::<&str>::new());
    }

    #[test]
    fn files_without_comments_or_with_marks_are_refused() {
        assert!(marked_file("a.json", "{}\n", "[]\n").is_err());
        assert!(marked_file("a.py", "", "# mastery:begin x\n1\n# mastery:end x\n").is_err());
    }

    proptest! {
        #[test]
        fn what_is_marked_gives_both_states_back(
            starter in proptest::collection::vec("(    )?[abc]|def [ab]\\(\\):|@d|#|", 0..9),
            solved in proptest::collection::vec("(    )?[abc]|def [ab]\\(\\):|@d|#|", 0..9),
        ) {
            let text = |lines: Vec<String>| lines.iter().map(|line| format!("{line}\n")).collect::<String>();
            let (starter, solved) = (text(starter), text(solved));
            // `mark` proves it, so that all that is left to ask is how often it gives up.
            let result = marked_file("a.py", &starter, &solved);
            if starter != solved {
                prop_assert!(result.is_ok(), "{result:?}\n{starter}---\n{solved}");
            }
        }
    }
}
