//! Puts unified diffs right whose lines say what is meant and whose numbers do not.
//!
//! Counts are counted again, and a hunk is moved to the one place where it fits. A patch that applies as it is
//! stays as it is.

use std::fmt::Write as _;
use std::sync::Arc;

use crate::inject::patch::Patch;
use crate::source::SourceFile;
use crate::source::tree::{Entry, Tree};

/// Hunks of a patch that are looked at: each is held against all lines of its file.
const MAX_HUNKS: usize = 200;

/// A patch that applies, and what was done to it.
#[derive(Debug)]
pub(super) struct Fitted {
    pub(super) text: String,
    /// Lines of the old text, with what was changed there.
    pub(super) notes: Vec<(usize, String)>,
    /// The project with the bug in it.
    pub(super) buggy: Tree,
}

/// Why a patch can't be used, with the line.
pub(super) type Refused = (Option<usize>, String);

/// Returns the patch in a form that applies exactly to `solved`. `rename` gives another path for a file that
/// the project does not have.
///
/// # Errors
///
/// Why there is none.
pub(super) fn fit(
    text: &str,
    solved: &Tree,
    rename: impl Fn(&str) -> Option<String>,
) -> Result<Fitted, Refused> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let as_it_is = apply(text, solved);
    if let Ok(buggy) = as_it_is {
        return Ok(Fitted {
            text: text.to_owned(),
            notes: Vec::new(),
            buggy,
        });
    }
    if text.lines().filter(|line| line.starts_with("@@")).count() > MAX_HUNKS {
        return Err((None, format!("more than {MAX_HUNKS} hunks")));
    }
    let mut fitter = Fitter {
        lines: text.lines().collect(),
        at: 0,
        solved,
        rename: &rename,
        result: String::new(),
        notes: Vec::new(),
    };
    fitter.all()?;
    let Fitter { result, notes, .. } = fitter;
    match apply(&result, solved) {
        Ok(buggy) => Ok(Fitted {
            text: result,
            notes,
            buggy,
        }),
        // Its line would be one of the new text.
        Err((_, why)) => Err((None, why)),
    }
}

fn apply(text: &str, solved: &Tree) -> Result<Tree, Refused> {
    let source = Arc::new(SourceFile::new("patch", text));
    let refused = |finding: Box<crate::diagnostic::Diagnostic>| {
        (
            finding.location.position().map(|it| it.line),
            finding.message.clone(),
        )
    };
    let patch = Patch::parse(&source).map_err(refused)?;
    patch.apply(solved).map_err(refused)
}

/// The files that a patch is about, as they stand behind its `---` and `+++`.
pub(super) fn paths(text: &str) -> Vec<String> {
    let headers = text
        .lines()
        .filter_map(|line| header(line, "--- ").or_else(|| header(line, "+++ ")));
    let mut paths: Vec<_> = headers
        .filter(|path| *path != "/dev/null")
        .map(str::to_owned)
        .collect();
    paths.dedup();
    paths
}

/// The lines that each hunk is about, as they were before it, with the file.
pub(super) fn old_blocks(text: &str) -> Vec<(String, Vec<String>)> {
    let mut blocks: Vec<(String, Vec<String>)> = Vec::new();
    let mut path = None;
    for line in text.lines() {
        if let Some(old) = header(line, "--- ") {
            path = Some(old.to_owned());
        } else if line.starts_with("@@") {
            if blocks.len() == MAX_HUNKS {
                return blocks;
            }
            blocks.extend(path.clone().map(|path| (path, Vec::new())));
        } else if let (Some(old), Some((_, block))) =
            (line.strip_prefix([' ', '-']), blocks.last_mut())
        {
            block.push(old.to_owned());
        }
    }
    blocks
}

/// The places of a block of lines in others, from 0.
pub(super) fn places_of(block: &[&str], lines: &[&str]) -> Vec<usize> {
    if block.is_empty() {
        return Vec::new();
    }
    let windows = lines.windows(block.len()).enumerate();
    windows
        .filter(|(_, window)| *window == block)
        .map(|(at, _)| at)
        .collect()
}

fn header<'l>(line: &'l str, sign: &str) -> Option<&'l str> {
    let path = line.strip_prefix(sign)?.split('\t').next()?.trim_end();
    Some(
        path.strip_prefix("a/")
            .or_else(|| path.strip_prefix("b/"))
            .unwrap_or(path),
    )
}

struct Fitter<'a> {
    lines: Vec<&'a str>,
    /// The next line, from 0.
    at: usize,
    solved: &'a Tree,
    rename: &'a dyn Fn(&str) -> Option<String>,
    result: String,
    notes: Vec<(usize, String)>,
}

impl<'a> Fitter<'a> {
    fn all(&mut self) -> Result<(), Refused> {
        while let Some(line) = self.lines.get(self.at).copied() {
            if line.starts_with("--- ") {
                self.file()?;
            } else if line.starts_with("@@") {
                return self.refuse("a hunk without `---` and `+++` lines before it");
            } else {
                // `diff --git` lines name files, which may be called otherwise from now on.
                self.at += 1;
            }
        }
        Ok(())
    }

    fn file(&mut self) -> Result<(), Refused> {
        let line = self.at + 1;
        let old = self.path("--- ")?;
        let new = self.path("+++ ")?;
        let Some(path) = old.clone().or_else(|| new.clone()) else {
            return self.refuse("neither side of the diff names a file");
        };
        let known = self.solved.get(&path).is_some();
        let renamed = (self.rename)(&path).filter(|_| !known);
        if let Some(renamed) = &renamed {
            self.notes
                .push((line, format!("`{path}` is `{renamed}` in the project")));
        }
        let path = renamed.unwrap_or(path);
        let name = |side: &Option<String>, prefix: &str| match side {
            Some(_) => format!("{prefix}/{path}"),
            None => "/dev/null".to_owned(),
        };
        let (old_name, new_name) = (name(&old, "a"), name(&new, "b"));
        self.push(&format!("--- {old_name}"));
        self.push(&format!("+++ {new_name}"));
        let text = self
            .solved
            .get(&path)
            .and_then(Entry::text)
            .unwrap_or_default();
        let lines: Vec<_> = text.lines().collect();
        // How many lines the hunks before have put in, and taken out.
        let (mut added, mut taken) = (0, 0);
        let mut from = 0;
        while self
            .lines
            .get(self.at)
            .is_some_and(|line| line.starts_with("@@"))
        {
            self.hunk(&lines, &mut from, &mut added, &mut taken)?;
        }
        Ok(())
    }

    fn path(&mut self, sign: &str) -> Result<Option<String>, Refused> {
        let Some(path) = self.lines.get(self.at).and_then(|line| header(line, sign)) else {
            return self.refuse(format!("expected a `{}` line", sign.trim()));
        };
        self.at += 1;
        Ok((path != "/dev/null").then(|| path.to_owned()))
    }

    fn hunk(
        &mut self,
        lines: &[&str],
        from: &mut usize,
        added: &mut usize,
        taken: &mut usize,
    ) -> Result<(), Refused> {
        let header_at = self.at;
        let header = self.lines[header_at];
        self.at += 1;
        let body = self.body();
        let bad = body
            .iter()
            .position(|line| !line.is_empty() && !line.starts_with([' ', '+', '-', '\\']));
        if let Some(bad) = bad {
            self.at = header_at + 1 + bad;
            return self.refuse("the line is neither context nor change");
        }
        let old: Vec<_> = body
            .iter()
            .filter(|line| !line.starts_with(['+', '\\']))
            .map(|line| line.get(1..).unwrap_or_default())
            .collect();
        let new = body
            .iter()
            .filter(|line| !line.starts_with(['-', '\\']))
            .count();
        let stated = numbers(header);
        let start = place(
            header_at,
            &old,
            lines,
            *from,
            stated.map(|numbers| numbers[0]),
        )?;
        if stated
            .is_none_or(|[_, old_count, _, new_count]| old_count != old.len() || new_count != new)
        {
            let what = format!("the hunk counts {} old and {new} new lines", old.len());
            self.notes.push((header_at + 1, what));
        }
        if stated.is_some_and(|numbers| numbers[0] != start + usize::from(!old.is_empty())) {
            self.notes.push((
                header_at + 1,
                format!("the hunk begins in line {}", start + 1),
            ));
        }
        // An empty side is told by the line before it.
        let new_start = start + *added - *taken + usize::from(new > 0);
        let old_start = start + usize::from(!old.is_empty());
        let section = header.splitn(3, "@@").nth(2).unwrap_or_default();
        self.push(&format!(
            "@@ -{old_start},{} +{new_start},{new} @@{section}",
            old.len()
        ));
        for line in body {
            self.push(if line.is_empty() { " " } else { line });
        }
        *from = start + old.len();
        *added += new;
        *taken += old.len();
        Ok(())
    }

    /// The lines of a hunk: up to the next hunk or file, without blank lines at the end, which editors add.
    fn body(&mut self) -> Vec<&'a str> {
        let start = self.at;
        while let Some(line) = self.lines.get(self.at) {
            let next = self.lines.get(self.at + 1).copied().unwrap_or_default();
            let is_file = line.starts_with("--- ") && next.starts_with("+++ ");
            // The signature of a mail ends its patch.
            let is_end = is_file
                || line.starts_with("@@")
                || line.starts_with("diff --git ")
                || *line == "-- ";
            if is_end {
                break;
            }
            self.at += 1;
        }
        let body = &self.lines[start..self.at];
        let blank = body.iter().rev().take_while(|line| line.is_empty()).count();
        body[..body.len() - blank].to_vec()
    }

    fn push(&mut self, line: &str) {
        writeln!(self.result, "{line}").expect("writing to a string can't fail");
    }

    fn refuse<T>(&self, why: impl Into<String>) -> Result<T, Refused> {
        Err((Some((self.at + 1).min(self.lines.len().max(1))), why.into()))
    }
}

/// Where a hunk begins, from 0: where it says if it fits there, else at the only place where it does.
fn place(
    header_at: usize,
    old: &[&str],
    lines: &[&str],
    from: usize,
    stated: Option<usize>,
) -> Result<usize, Refused> {
    if old.is_empty() {
        return match stated {
            Some(line) if line <= lines.len() && line >= from => Ok(line),
            _ => refuse_at(header_at, "nothing says where the lines go"),
        };
    }
    let places: Vec<_> = places_of(old, lines)
        .into_iter()
        .filter(|at| *at >= from)
        .collect();
    let stated = stated.and_then(|line| line.checked_sub(1));
    match (places.as_slice(), stated) {
        ([], _) => refuse_at(header_at, "the hunk fits nowhere in the solved project"),
        (places, Some(stated)) if places.contains(&stated) => Ok(stated),
        ([place], _) => Ok(*place),
        (places, _) => {
            let why = format!(
                "the hunk fits in {} places of the solved project",
                places.len()
            );
            refuse_at(header_at, &why)
        }
    }
}

/// Why a patch can't be used, with a line counted from 0.
fn refuse_at<T>(line: usize, why: &str) -> Result<T, Refused> {
    Err((Some(line + 1), why.to_owned()))
}

/// Start and count of both sides, where a hunk header has them.
fn numbers(header: &str) -> Option<[usize; 4]> {
    let ranges = header.strip_prefix("@@ -")?.split(" @@").next()?;
    let (old, new) = ranges.split_once(" +")?;
    let side = |range: &str| match range.split_once(',') {
        Some((start, count)) => Some((start.parse().ok()?, count.parse().ok()?)),
        None => Some((range.parse().ok()?, 1)),
    };
    let ((old_start, old_count), (new_start, new_count)) = (side(old)?, side(new)?);
    Some([old_start, old_count, new_start, new_count])
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "one\ntwo\nthree\nfour\none\ntwo\n";

    fn tree() -> Tree {
        [("pkg/a.txt".to_owned(), Entry::file(FILE.as_bytes()))]
            .into_iter()
            .collect()
    }

    fn fitted(hunks: &str) -> Result<(String, Vec<String>), String> {
        let text = format!("--- a/pkg/a.txt\n+++ b/pkg/a.txt\n{hunks}");
        match fit(&text, &tree(), |_| None) {
            Ok(fitted) => {
                let notes = fitted
                    .notes
                    .iter()
                    .map(|(line, what)| format!("{line}: {what}"))
                    .collect();
                Ok((
                    fitted
                        .buggy
                        .get("pkg/a.txt")
                        .unwrap()
                        .text()
                        .unwrap()
                        .to_owned(),
                    notes,
                ))
            }
            Err((Some(line), why)) => Err(format!("{line}: {why}")),
            Err((None, why)) => Err(why),
        }
    }

    #[test]
    fn patch_that_applies_stays_as_it_is() {
        let text = "Some prose.\n--- a/pkg/a.txt\n+++ b/pkg/a.txt\n@@ -3 +3 @@\n-three\n+3\n";
        let fitted = fit(text, &tree(), |_| None).unwrap();
        assert_eq!((fitted.text.as_str(), fitted.notes.len()), (text, 0));
    }

    #[test]
    fn counts_and_places_are_worked_out_again() {
        let changed = "one\ntwo\n3\nfour\none\ntwo\n".to_owned();
        for (hunk, notes) in [
            (
                "@@ -2,9 +2,1 @@\n two\n-three\n+3\n four\n",
                vec!["3: the hunk counts 3 old and 3 new lines"],
            ),
            (
                "@@ -9,3 +9,3 @@\n two\n-three\n+3\n four\n",
                vec!["3: the hunk begins in line 2"],
            ),
            (
                "@@\n two\n-three\n+3\n four\n\n\n",
                vec!["3: the hunk counts 3 old and 3 new lines"],
            ),
        ] {
            let notes = notes.into_iter().map(str::to_owned).collect();
            assert_eq!(fitted(hunk), Ok((changed.clone(), notes)), "{hunk}");
        }
        let (text, _) =
            fitted("@@ -3,9 +3,9 @@\n-three\n+3\n+3b\n@@ -5,9 +5,9 @@\n one\n-two\n").unwrap();
        assert_eq!(text, "one\ntwo\n3\n3b\nfour\none\n");
    }

    #[test]
    fn what_could_mean_several_things_is_refused() {
        for (hunk, why) in [
            (
                "@@ -9,9 +9,9 @@\n one\n-two\n",
                "3: the hunk fits in 2 places of the solved project",
            ),
            (
                "@@ -1,9 +1,9 @@\n-five\n",
                "3: the hunk fits nowhere in the solved project",
            ),
            (
                "@@ -1,9 +1,9 @@\n-one\nfoo\n",
                "5: the line is neither context nor change",
            ),
            ("@@ @@\n+five\n", "3: nothing says where the lines go"),
            ("", "a file without a hunk"),
        ] {
            assert_eq!(fitted(hunk).err().as_deref(), Some(why), "{hunk}");
        }
    }

    #[test]
    fn file_of_another_name_is_renamed() {
        let text = "diff --git a/solution.txt b/solution.txt\n--- a/solution.txt\n+++ b/solution.txt\n@@ -3 +3 @@\n-three\n+3\n";
        let fitted = fit(text, &tree(), |_| Some("pkg/a.txt".to_owned())).unwrap();
        assert_eq!(
            fitted.notes,
            [(2, "`solution.txt` is `pkg/a.txt` in the project".to_owned())]
        );
        assert_eq!(
            fitted.text,
            "--- a/pkg/a.txt\n+++ b/pkg/a.txt\n@@ -3,1 +3,1 @@\n-three\n+3\n"
        );
    }

    #[test]
    fn path_that_leads_out_is_refused() {
        let text = "--- a/../x\n+++ b/../x\n@@ -3,9 +3 @@\n-three\n+3\n";
        assert!(fit(text, &tree(), |_| None).is_err());
    }
}
