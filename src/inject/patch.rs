//! Strict unified diffs.
//!
//! The form is read here, so that findings have lines; applying is left to git.

use std::fmt::Write as _;
use std::sync::Arc;

use super::parsed::ParsedTree;
use crate::curriculum::id::FilePath;
use crate::diagnostic::{Diagnostic, Location, RuleName};
use crate::git::{self, ApplyError};
use crate::source::SourceFile;
use crate::source::tree::{Entry, Tree};

/// A patch that can't be read.
pub const PATCH_SYNTAX: RuleName = "patch-syntax";

/// A patch that does not fit the solved state.
pub const PATCH_DOES_NOT_APPLY: RuleName = "patch-does-not-apply";

/// A patch that leaves the tree as it is.
pub const PATCH_WITHOUT_EFFECT: RuleName = "patch-without-effect";

/// A patch after which a file is no longer Python.
pub const PATCH_BREAKS_SYNTAX: RuleName = "patch-breaks-syntax";

/// A unified diff whose form is right.
#[derive(Debug)]
pub struct Patch {
    source: Arc<SourceFile>,
    files: Vec<FilePatch>,
}

/// The part of a patch that is about one file.
#[derive(Debug)]
struct FilePatch {
    path: FilePath,
    /// Line of the `---` header, from 1.
    line: usize,
    /// Lines of the `@@` headers, from 1.
    hunks: Vec<usize>,
    /// Lines that are taken out or put in, from 1.
    changes: Vec<usize>,
    /// Whether the file is new or goes away; git says so in words of its own.
    is_plain_change: bool,
    /// Whether a `diff --git` line leads it in.
    has_git_header: bool,
}

/// A line that a patch takes out or puts in.
#[derive(Clone, Copy, Debug)]
pub struct ChangedLine<'a> {
    /// The file that it is in.
    pub path: &'a FilePath,
    /// Whether it is put in.
    pub is_added: bool,
    /// The line without its sign.
    pub text: &'a str,
    /// Where the text begins in the patch.
    pub start: usize,
}

impl Patch {
    /// Reads the form of a patch.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong with it, as a finding.
    pub fn parse(source: &Arc<SourceFile>) -> Result<Self, Box<Diagnostic>> {
        Parser {
            source,
            lines: source.text().lines().collect(),
            at: 0,
        }
        .patch()
    }

    /// The files that it touches, each with the place of its header.
    pub fn paths(&self) -> impl Iterator<Item = (&FilePath, Location)> {
        self.files
            .iter()
            .map(|file| (&file.path, line_location(&self.source, file.line)))
    }

    /// The lines that it takes out and puts in, in its order.
    pub fn changed_lines(&self) -> impl Iterator<Item = ChangedLine<'_>> {
        self.files.iter().flat_map(|file| {
            file.changes.iter().map(|&line| {
                let span = self.source.line_span(line);
                let line = &self.source.text()[span.start..span.end];
                ChangedLine {
                    path: &file.path,
                    is_added: line.starts_with('+'),
                    // The sign is one byte.
                    text: line.get(1..).unwrap_or_default(),
                    start: span.start + 1,
                }
            })
        })
    }

    /// Returns `tree` with the patch applied.
    ///
    /// # Errors
    ///
    /// Why it does not apply or has no effect, as a finding on the hunk.
    pub fn apply(&self, tree: &Tree) -> Result<Tree, Box<Diagnostic>> {
        self.apply_to(&ParsedTree::new(tree))
    }

    /// As [`Patch::apply`], for one of several injections into the same tree.
    ///
    /// # Errors
    ///
    /// The same.
    pub fn apply_to(&self, parsed: &ParsedTree<'_>) -> Result<Tree, Box<Diagnostic>> {
        let tree = parsed.tree();
        let text = self.with_git_headers();
        let (rule, line, message) = match git::apply_patch(tree, text.as_bytes()) {
            Ok(applied) if !self.has_effect(tree, &applied) => (
                PATCH_WITHOUT_EFFECT,
                1,
                "the patch changes nothing that runs".to_owned(),
            ),
            Ok(applied) => match self.broken_file(parsed, &applied) {
                Some(file) => (
                    PATCH_BREAKS_SYNTAX,
                    file.line,
                    format!("with the patch `{}` is not Python", file.path),
                ),
                None => return Ok(applied),
            },
            Err(ApplyError::Unreadable(message)) => (
                PATCH_SYNTAX,
                1,
                format!("git can't read the patch: {message}"),
            ),
            Err(ApplyError::DoesNotApply { hunk, message }) => {
                let missing = self
                    .files
                    .iter()
                    .find(|f| f.is_plain_change && tree.get(f.path.as_str()).is_none());
                if let Some(file) = missing {
                    let message = format!("the solved project has no file `{}`", file.path);
                    (PATCH_DOES_NOT_APPLY, file.line, message)
                } else {
                    let hunks: Vec<_> = self.files.iter().flat_map(|file| &file.hunks).collect();
                    match hunk.and_then(|hunk| hunks.get(hunk)) {
                        Some(line) => {
                            let message = "the hunk does not fit the solved project".to_owned();
                            (PATCH_DOES_NOT_APPLY, **line, message)
                        }
                        None => (
                            PATCH_DOES_NOT_APPLY,
                            1,
                            format!("git refuses the patch: {message}"),
                        ),
                    }
                }
            }
            Err(ApplyError::Git(error)) => (
                PATCH_DOES_NOT_APPLY,
                1,
                format!("the patch does not apply: {error}"),
            ),
        };
        let mut diagnostic = Diagnostic::error(rule, line_location(&self.source, line), message);
        if rule == PATCH_DOES_NOT_APPLY {
            diagnostic = diagnostic.with_help(
                "patches are made against the module's solved state and applied without fuzz or \
                 offset; make it again with `mastery build --at MODULE --solved` and `git diff`",
            );
        }
        Err(Box::new(diagnostic))
    }

    /// Whether more than comments and blanks is changed.
    fn has_effect(&self, before: &Tree, after: &Tree) -> bool {
        self.files.iter().any(|file| {
            let path = file.path.as_str();
            let (old, new) = (before.get(path), after.get(path));
            match (old.and_then(Entry::text), new.and_then(Entry::text)) {
                (Some(old), Some(new)) => super::has_effect(path, old, new),
                _ => old != new,
            }
        })
    }

    /// The first file that was Python before and is not any more.
    fn broken_file(&self, before: &ParsedTree<'_>, after: &Tree) -> Option<&FilePatch> {
        self.files.iter().find(|file| {
            let path = file.path.as_str();
            let text = after.get(path).and_then(Entry::text);
            let was_python = || {
                let module = before.module(path);
                module.is_none_or(|module| module.error().is_none())
            };
            path.ends_with(".py")
                && text.is_some_and(|text| !before.is_python_with(path, text))
                && was_python()
        })
    }

    /// The patch with the `diff --git` lines that git wants and other tools leave out.
    fn with_git_headers(&self) -> String {
        let mut result = String::new();
        for (index, line) in self.source.text().split_inclusive('\n').enumerate() {
            let bare = self
                .files
                .iter()
                .find(|file| file.line == index + 1 && !file.has_git_header);
            if let Some(file) = bare {
                writeln!(result, "diff --git a/{0} b/{0}", file.path)
                    .expect("writing to a string can't fail");
            }
            result.push_str(line);
        }
        if !result.ends_with('\n') {
            result.push('\n');
        }
        result
    }
}

fn line_location(source: &Arc<SourceFile>, line: usize) -> Location {
    Location::span(source, source.line_span(line))
}

struct Parser<'a> {
    source: &'a Arc<SourceFile>,
    lines: Vec<&'a str>,
    at: usize,
}

impl Parser<'_> {
    fn patch(mut self) -> Result<Patch, Box<Diagnostic>> {
        let mut files: Vec<FilePatch> = Vec::new();
        let mut has_git_header = false;
        while let Some(line) = self.lines.get(self.at).copied() {
            if line.starts_with("diff --git ") {
                has_git_header = true;
                self.at += 1;
            } else if line.starts_with("--- ") {
                files.push(self.file(has_git_header)?);
                has_git_header = false;
            } else if line.starts_with("@@") {
                return self.error("a hunk without `---` and `+++` lines before it");
            } else if line.starts_with("GIT binary patch") || line.starts_with("Binary files") {
                return self.error("a patch of a binary file");
            } else if line.starts_with("rename ") || line.starts_with("copy ") {
                return self.error("a patch that renames or copies a file");
            } else {
                // Mode and index lines, and prose around the diff.
                self.at += 1;
            }
        }
        if files.is_empty() {
            self.at = 0;
            return self.error("the file holds no unified diff");
        }
        Ok(Patch {
            source: Arc::clone(self.source),
            files,
        })
    }

    fn file(&mut self, has_git_header: bool) -> Result<FilePatch, Box<Diagnostic>> {
        let line = self.at + 1;
        let old = self.header_path("--- ", "a/")?;
        let new = self.header_path("+++ ", "b/")?;
        let is_plain_change = old.is_some() && new.is_some();
        let path = match (old, new) {
            (Some(old), Some(new)) if old != new => {
                return self.error("a patch that renames a file");
            }
            (_, Some(path)) | (Some(path), None) => path,
            (None, None) => return self.error("neither side of the diff names a file"),
        };
        let (mut hunks, mut changes) = (Vec::new(), Vec::new());
        while self
            .lines
            .get(self.at)
            .is_some_and(|line| line.starts_with("@@"))
        {
            hunks.push(self.at + 1);
            self.hunk(&mut changes)?;
        }
        if hunks.is_empty() {
            return self.error("a file without a hunk");
        }
        Ok(FilePatch {
            path,
            line,
            hunks,
            changes,
            is_plain_change,
            has_git_header,
        })
    }

    /// Reads a `---` or `+++` line; `None` for `/dev/null`.
    fn header_path(
        &mut self,
        sign: &str,
        prefix: &str,
    ) -> Result<Option<FilePath>, Box<Diagnostic>> {
        let line = self.lines.get(self.at).copied().unwrap_or_default();
        let Some(path) = line.strip_prefix(sign) else {
            return self.error(format!("expected a `{}` line", sign.trim()));
        };
        // Some tools put a tab and a time behind the path.
        let path = path.split('\t').next().unwrap_or(path).trim_end();
        if path == "/dev/null" {
            self.at += 1;
            return Ok(None);
        }
        match FilePath::try_from(path.strip_prefix(prefix).unwrap_or(path)) {
            Ok(path) => {
                self.at += 1;
                Ok(Some(path))
            }
            Err(error) => self.error(error.to_string()),
        }
    }

    fn hunk(&mut self, changes: &mut Vec<usize>) -> Result<(), Box<Diagnostic>> {
        let header = self.lines[self.at];
        let Some((mut old, mut new)) = hunk_counts(header) else {
            return self.error("a hunk header that is not `@@ -line,count +line,count @@`");
        };
        let header_at = self.at;
        let (old_wanted, new_wanted) = (old, new);
        self.at += 1;
        while old > 0 || new > 0 {
            let line = self.lines.get(self.at).copied();
            let (takes_old, takes_new) = match line.and_then(|line| line.chars().next()) {
                // Editors strip the space of an empty context line.
                Some(' ') => (1, 1),
                None if line.is_some() => (1, 1),
                Some('-') => (1, 0),
                Some('+') => (0, 1),
                Some('\\') => (0, 0),
                _ => (usize::MAX, 0),
            };
            if takes_old > old || takes_new > new {
                self.at = header_at;
                return self.error(format!(
                    "the hunk's header counts {old_wanted} old and {new_wanted} new lines, and its lines are others"
                ));
            }
            if takes_old != takes_new {
                changes.push(self.at + 1);
            }
            old -= takes_old;
            new -= takes_new;
            self.at += 1;
        }
        if self
            .lines
            .get(self.at)
            .is_some_and(|line| line.starts_with('\\'))
        {
            self.at += 1;
        }
        let next = self.lines.get(self.at).copied().unwrap_or_default();
        let is_more = next.starts_with([' ', '+'])
            || (next.starts_with('-') && !next.starts_with("--- ") && next != "-- ");
        if is_more {
            self.at = header_at;
            return self.error(format!(
                "the hunk's header counts {old_wanted} old and {new_wanted} new lines, and there are more"
            ));
        }
        Ok(())
    }

    fn error<T>(&self, message: impl Into<String>) -> Result<T, Box<Diagnostic>> {
        let line = (self.at + 1).min(self.lines.len().max(1));
        let location = line_location(self.source, line);
        Err(Box::new(Diagnostic::error(PATCH_SYNTAX, location, message)))
    }
}

/// The numbers of old and new lines in a hunk header.
fn hunk_counts(header: &str) -> Option<(usize, usize)> {
    let ranges = header.strip_prefix("@@ -")?.split(" @@").next()?;
    let (old, new) = ranges.split_once(" +")?;
    let count = |range: &str| match range.split_once(',') {
        Some((line, count)) => line.parse::<usize>().ok().and(count.parse().ok()),
        None => range.parse::<usize>().ok().map(|_| 1),
    };
    // More lines than a file can have would only make the countdown long.
    let in_bounds = |count: usize| count < 1_000_000;
    Some((count(old)?, count(new)?)).filter(|&(old, new)| in_bounds(old) && in_bounds(new))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::tree::Entry;
    use proptest::prelude::*;

    const PATCH: &str = "\
--- a/pkg/a.py
+++ b/pkg/a.py
@@ -1,3 +1,3 @@
 one
-two
+2
 three
";

    fn tree(text: &str) -> Tree {
        [("pkg/a.py".to_owned(), Entry::file(text.as_bytes()))]
            .into_iter()
            .collect()
    }

    fn applied(patch: &str, text: &str) -> Result<Tree, String> {
        let source = Arc::new(SourceFile::new("a.patch", patch));
        let told = |finding: Box<Diagnostic>| {
            let line = finding.location.position().unwrap().line;
            format!("{line} {} {}", finding.rule, finding.message)
        };
        Patch::parse(&source)
            .map_err(told)?
            .apply(&tree(text))
            .map_err(told)
    }

    #[test]
    fn patch_without_git_header_applies() {
        assert_eq!(
            applied(PATCH, "one\ntwo\nthree\n").unwrap(),
            tree("one\n2\nthree\n")
        );
        let with_header = format!(
            "prose\ndiff --git a/pkg/a.py b/pkg/a.py\nindex 0123456..89abcde 100644\n{PATCH}"
        );
        assert_eq!(
            applied(&with_header, "one\ntwo\nthree\n").unwrap(),
            tree("one\n2\nthree\n")
        );
    }

    #[test]
    fn line_that_looks_like_a_header_inside_a_hunk_is_a_line() {
        let patch = "--- a/pkg/a.py\n+++ b/pkg/a.py\n@@ -1,2 +1,1 @@\n x\n--- y\n";
        assert_eq!(applied(patch, "x\n-- y\n").unwrap(), tree("x\n"));
    }

    #[test]
    fn changed_lines_are_told_with_their_place() {
        let source = Arc::new(SourceFile::new("a.patch", PATCH));
        let patch = Patch::parse(&source).unwrap();
        let lines: Vec<_> = patch
            .changed_lines()
            .map(|line| {
                let at = source.position(line.start);
                (line.is_added, line.text, at.line, at.column)
            })
            .collect();
        assert_eq!(lines, [(false, "two", 5, 2), (true, "2", 6, 2)]);
    }

    #[test]
    fn patch_that_does_not_apply_is_told_on_its_hunk() {
        let error = applied(PATCH, "one\nTWO\nthree\n").unwrap_err();
        assert_eq!(
            error,
            "3 patch-does-not-apply the hunk does not fit the solved project"
        );
        let elsewhere = PATCH.replace("pkg/a.py", "pkg/b.py");
        assert_eq!(
            applied(&elsewhere, "one\ntwo\nthree\n").unwrap_err(),
            "1 patch-does-not-apply the solved project has no file `pkg/b.py`"
        );
    }

    #[test]
    fn patch_without_effect_is_told() {
        let patch = "--- a/pkg/a.py\n+++ b/pkg/a.py\n@@ -1,1 +1,1 @@\n-one\n+one\n";
        let error = applied(patch, "one\n").unwrap_err();
        assert_eq!(
            error,
            "1 patch-without-effect the patch changes nothing that runs"
        );
    }

    #[test]
    fn wrong_forms_are_told_on_their_line() {
        let error = |patch: &str| {
            let error = applied(patch, "one\ntwo\nthree\n").unwrap_err();
            assert!(error.contains(PATCH_SYNTAX), "{error}");
            error.replace(" patch-syntax ", " ")
        };
        assert_eq!(error(""), "1 the file holds no unified diff");
        assert_eq!(error("hello\n"), "1 the file holds no unified diff");
        assert_eq!(
            error("@@ -1 +1 @@\n-a\n+b\n"),
            "1 a hunk without `---` and `+++` lines before it"
        );
        assert_eq!(error("--- a/x\n@@ -1 +1 @@\n"), "2 expected a `+++` line");
        assert_eq!(
            error("--- a/x\n+++ b/x\nprose\n"),
            "3 a file without a hunk"
        );
        assert_eq!(
            error("--- a/x\n+++ b/y\n@@ -1 +1 @@\n-a\n+b\n"),
            "3 a patch that renames a file"
        );
        assert_eq!(
            error(&PATCH.replace("-1,3", "-1,4")),
            "3 the hunk's header counts 4 old and 3 new lines, and its lines are others"
        );
        assert_eq!(
            error(&PATCH.replace("-1,3 +1,3", "-1,2 +1,2")),
            "3 the hunk's header counts 2 old and 2 new lines, and there are more"
        );
        assert!(
            error("--- a/../x\n+++ b/../x\n@@ -1 +1 @@\n-a\n+b\n")
                .starts_with("1 `../x` is not a relative path")
        );
        assert!(
            error("--- a/x\n+++ /etc/x\n@@ -1 +1 @@\n-a\n+b\n")
                .starts_with("2 `/etc/x` is not a relative path")
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(
            lines in prop::collection::vec(
                prop::sample::select(vec![
                    "--- a/x", "+++ b/x", "@@ -1,2 +1,2 @@", "@@ -0,0 +1 @@", "@@", " a", "-a", "+a", "",
                    "\\ No newline at end of file", "diff --git a/x b/x", "--- /dev/null", "@@ -9999999999 +1 @@",
                ]),
                0..12,
            )
        ) {
            let _ = applied(&lines.join("\n"), "a\n");
        }
    }
}
