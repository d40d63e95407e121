//! `unknown-reference`.

use crate::diagnostic::Sink;
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};
use crate::source::path::is_plain_relative;
use crate::source::tree::Tree;

declare_rule! {
    /// A prompt names a file or a symbol that the project does not have.
    ///
    /// ## What it does
    /// Looks at inline code that is clearly meant to be of the project: paths below one of its folders
    /// or `tests`, and dotted names that begin with one of its packages. Each has to be there when
    /// everything is solved, or to be listed under a module's `build.edit`. Names are looked for as words in
    /// the module's text; attributes of classes are not checked.
    ///
    /// ## Why it matters
    /// Learners look for what the prompt names, and the tests for what the author meant.
    ///
    /// ## Example
    /// ```markdown
    /// Write `softmax` in `basics/nn_util.py`.     <!-- renamed to nn_utils.py since -->
    /// ```
    ///
    /// ## Use instead
    /// ```markdown
    /// Write `softmax` in `basics/nn_utils.py`.
    /// ```
    pub(crate) struct UnknownReference {
        name: "unknown-reference",
        group: Prose,
        severity: Warning,
        blocks_running: false,
    }
}

impl Rule for UnknownReference {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        for prompt in context.prompts() {
            for code in &prompt.markdown.inline_code {
                let is_there = |path: &str| {
                    super::is_in_project(context, path)
                        || prompt
                            .module
                            .is_some_and(|module| super::is_beside_prompt(module, path))
                };
                let paths = code.text.split_whitespace().filter_map(path_of);
                for path in paths.filter(|it| is_meant(context.complete(), it) && !is_there(it)) {
                    let message = format!("the project has no `{path}`");
                    let mut finding = self.finding(prompt.at(code.span), message);
                    let files = context.complete().iter().map(|(file, _)| file);
                    finding.help = crate::suggest::did_you_mean(path, files);
                    sink.push(finding);
                }
                let symbol = symbol_of(&code.text);
                if let Some((owner, name)) = symbol.and_then(|it| missing_part(context, it)) {
                    let message = format!("`{owner}` has no `{name}`");
                    sink.push(self.finding(prompt.at(code.span), message));
                }
            }
        }
    }
}

/// The path that a word is, without the number of a line or the name of a test behind it.
fn path_of(word: &str) -> Option<&str> {
    let word = word.split("::").next().unwrap_or_default();
    let word = match word.rsplit_once(':') {
        Some((path, line)) if line.bytes().all(|byte| byte.is_ascii_digit()) => path,
        _ => word,
    };
    let word = word.strip_prefix("./").unwrap_or(word);
    let word = word.strip_suffix('/').unwrap_or(word);
    let is_path_char =
        |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-' | '.' | '/');
    let is_path = word.contains('/')
        && is_plain_relative(word)
        && word.chars().all(is_path_char)
        && !word
            .split('/')
            .any(|part| part.bytes().all(|it| it == b'.'));
    is_path.then_some(word)
}

/// Whether a path is meant to be one of the project: below `tests`, a file below another of its
/// folders, or like one of its files but for one part.
fn is_meant(complete: &Tree, path: &str) -> bool {
    let (top, _) = path.split_once('/').unwrap_or((path, ""));
    let name = path.rsplit('/').next().unwrap_or(path);
    if top == "tests" {
        return true;
    }
    if !name.contains('.') || name == "__init__.py" {
        return false;
    }
    let mut files = complete.iter().map(|(file, _)| file);
    files.any(|file| {
        file.split_once('/')
            .is_some_and(|(folder, _)| folder == top)
            || (file.ends_with(name) && differs_in_one_part(file, path))
    })
}

fn differs_in_one_part(a: &str, b: &str) -> bool {
    let (a, b): (Vec<_>, Vec<_>) = (a.split('/').collect(), b.split('/').collect());
    a.len() == b.len() && a.iter().zip(&b).filter(|(a, b)| a != b).count() == 1
}

/// The dotted name that a piece of code is, a call's arguments taken off.
fn symbol_of(code: &str) -> Option<&str> {
    let code = code.trim();
    let symbol = match code.split_once('(') {
        Some((symbol, rest)) if rest.ends_with(')') => symbol,
        Some(_) => return None,
        None => code,
    };
    let is_name = |part: &str| {
        let is_word = |char: char| char.is_ascii_alphanumeric() || char == '_';
        part.starts_with(|char: char| char.is_ascii_alphabetic() || char == '_')
            && part.chars().all(is_word)
    };
    (symbol.contains('.') && symbol.split('.').all(is_name)).then_some(symbol)
}

/// What a dotted name has that the project has not: the module or package that does exist, and the
/// first name that is missing in it. `None` for what is there, and for names of other packages.
fn missing_part<'s>(context: &Context<'_>, symbol: &'s str) -> Option<(String, &'s str)> {
    let complete = context.complete();
    let parts: Vec<_> = symbol.split('.').collect();
    let is_folder = |path: &str| {
        let mut files = complete.iter().map(|(file, _)| file);
        files.any(|file| {
            file.ends_with(".py")
                && file
                    .strip_prefix(path)
                    .is_some_and(|it| it.starts_with('/'))
        })
    };
    let is_file_name = |ending: &str| {
        let ending = format!(".{ending}");
        complete.iter().any(|(file, _)| file.ends_with(&ending))
    };
    if parts[0] == "tests" || is_file_name(parts[parts.len() - 1]) {
        return None;
    }
    let mut path = String::new();
    let mut text = None;
    let mut depth = 0;
    for part in &parts {
        let inner = crate::source::path::join(if depth == 0 { "." } else { &path }, part);
        let file = format!("{inner}.py");
        if is_folder(&inner) {
            path = inner;
            depth += 1;
        } else if complete.get(&file).is_some() || super::is_in_project(context, &file) {
            depth += 1;
            // A file that is only listed says nothing about what will be in it.
            text = Some(complete.get(&file)?.text()?);
            break;
        } else {
            break;
        }
    }
    let name = parts.get(depth).filter(|_| depth > 0)?;
    let text = match text {
        Some(text) => text,
        None => complete
            .get(&format!("{path}/__init__.py"))
            .and_then(|entry| entry.text())
            .unwrap_or_default(),
    };
    let is_open = text.contains("import *") || text.contains("def __getattr__");
    let is_there = is_open || name.starts_with("__") || has_word(text, name);
    (!is_there).then(|| (parts[..depth].join("."), *name))
}

/// Whether a text has a name as a whole word.
fn has_word(text: &str, name: &str) -> bool {
    let is_word = |char: char| char.is_alphanumeric() || char == '_';
    text.match_indices(name).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + name.len()..].chars().next();
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::tree::Entry;

    fn project() -> Tree {
        ["basics/nn/utils.py", "basics/__init__.py", "setup.py"]
            .into_iter()
            .map(|path| (path.to_owned(), Entry::file([])))
            .collect()
    }

    #[test]
    fn paths_are_told_from_other_code() {
        assert_eq!(
            path_of("tests/test_a.py::test_b[1]"),
            Some("tests/test_a.py")
        );
        assert_eq!(path_of("./basics/nn.py:12"), Some("basics/nn.py"));
        assert_eq!(path_of("tests/data/"), Some("tests/data"));
        for other in [
            "nn.py",
            "/etc/passwd",
            "../a/b",
            "a//b",
            "tests/...",
            "tests/*.py",
            "tests/<name>.py",
            "https://a/b",
            "1/n",
            "(a)/b",
            "",
        ] {
            assert!(path_of(other).is_none_or(|it| it == "1/n"), "{other}");
        }
    }

    #[test]
    fn only_paths_of_the_project_are_meant() {
        let project = project();
        for meant in [
            "tests/x",
            "basics/x.py",
            "basics/nn/x.py",
            "basic/nn/utils.py",
        ] {
            assert!(is_meant(&project, meant), "{meant}");
        }
        for other in [
            "basics/nn",
            "torch/nn.py",
            "torch/utils.py",
            "1/n",
            "a/b/c/utils.py",
        ] {
            assert!(!is_meant(&project, other), "{other}");
        }
    }

    #[test]
    fn symbols_are_told_from_other_code() {
        assert_eq!(symbol_of("basics.nn.f"), Some("basics.nn.f"));
        assert_eq!(symbol_of("basics.nn.f(x, y)"), Some("basics.nn.f"));
        for other in [
            "f", "f(x)", "a.b + c", "1.5", "a..b", "a.b(x).c", "a.b[0]", ".a",
        ] {
            assert_eq!(symbol_of(other), None, "{other}");
        }
    }

    #[test]
    fn words_are_whole() {
        assert!(has_word("def mean(x):", "mean"));
        assert!(!has_word("def means(x): a_mean", "mean"));
    }
}
