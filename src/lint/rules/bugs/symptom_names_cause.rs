//! `symptom-names-cause`.

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::curriculum::document::Validator;
use crate::curriculum::id::NodeId;
use crate::diagnostic::Sink;
use crate::lint::injections::{TriedBug, TriedModule};
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};
use crate::lint::words::words;
use crate::project::language::{Language, Part};
use crate::source::python;
use crate::source::tree::Tree;

declare_rule! {
    /// A symptom tells where the bug is.
    ///
    /// ## What it does
    /// Injects the bug, and looks in its `symptom` for the lines that differ afterwards and for
    /// identifiers in them. What the prompt, the tests or the given code mention, and names of functions,
    /// classes and parameters, may be named. So may plain words: only names such as `keep_dim`, `log1p` and
    /// `LayerNorm` are looked for.
    ///
    /// ## Why it matters
    /// A symptom is what a user of the code sees from the outside. Once it names the place, there is
    /// nothing left to debug.
    ///
    /// ## Example
    /// ```yaml
    /// symptom: Since we dropped promote_types, probabilities in half precision are zero.
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// symptom: In float16 a model with a large vocabulary gives every token the probability 0.0.
    /// ```
    /// Hints may be as precise as you like, the last ones above all.
    pub(crate) struct SymptomNamesCause {
        name: "symptom-names-cause",
        group: Bugs,
        severity: Warning,
        blocks_running: false,
    }
}

impl Rule for SymptomNamesCause {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        for module in context.injections() {
            // Few symptoms have anything of a changed line, and only then it matters what else has it.
            let public = LazyCell::new(|| public_text(context, module));
            for tried in &module.bugs {
                if let Some(leak) = leak(module, tried, &public) {
                    let message = format!("the symptom names the cause: {leak}");
                    let finding = self.finding(tried.document.at("/symptom"), message);
                    sink.push(finding.with_help("tell what is seen without reading the code"));
                }
            }
        }
    }
}

/// What the symptom of a bug has from its changed lines, in words.
fn leak(
    module: &TriedModule<'_>,
    tried: &TriedBug<'_>,
    public: &LazyCell<Public, impl FnOnce() -> Public>,
) -> Option<String> {
    let symptom = folded(tried.document.value.symptom.as_str());
    let changed: BTreeSet<_> = tried
        .trees()
        .flat_map(|tree| changed_lines(&module.solved, tree))
        .collect();
    let lines = changed.iter().map(|(_, line)| folded(line));
    let shown = lines.filter(|line| {
        is_telling_line(line) && stands_in(line, &symptom) && !stands_in(line, &public.text)
    });
    if let Some(line) = shown.max_by_key(String::len) {
        return Some(format!("`{line}` is a line that the bug changes"));
    }
    let mentioned: BTreeSet<_> = words(&symptom).map(|(_, word)| word).collect();
    let names: BTreeSet<_> = changed
        .iter()
        .flat_map(|(path, line)| names_in(path, line))
        .filter(|name| {
            is_telling_name(name) && mentioned.contains(name) && !public.names.contains(*name)
        })
        .map(|name| format!("`{name}`"))
        .collect();
    let (stands, those) = match names.len() {
        0 => return None,
        1 => ("stands", "a line"),
        _ => ("stand", "lines"),
    };
    let names = names.into_iter().collect::<Vec<_>>().join(", ");
    Some(format!("{names} {stands} in {those} that the bug changes"))
}

/// What a learner may read of besides their own solution.
struct Public {
    /// All of it, its white space folded.
    text: String,
    /// Its words, and the names that the solution defines.
    names: BTreeSet<String>,
}

fn public_text(context: &Context<'_>, module: &TriedModule<'_>) -> Public {
    let mut text = String::new();
    let mut names = BTreeSet::new();
    let mut add = |part: &str| {
        text.push_str(part);
        text.push('\n');
    };
    if let Some(prompt) = &module.module.prompt {
        add(prompt.text());
    }
    if let Some(manifest) = &module.module.manifest {
        let manifest = &manifest.value;
        add(manifest.title.as_str());
        let texts = manifest.summary.iter().chain(&manifest.objectives);
        texts.for_each(|text| add(text.as_str()));
        for path in manifest.build.iter().flat_map(|build| &build.edit) {
            if let Some(marked) = context.project.marked_file(path.as_str()) {
                add(&marked.outside());
            }
            let solved = module.solved.get(path.as_str()).and_then(|it| it.text());
            if let Some(solved) = solved.filter(|_| path.as_str().ends_with(".py")) {
                names.extend(python::Module::parse(solved).defined_names());
            }
        }
        let validator = manifest.build.as_ref().map(|build| &build.validator);
        if let Some(Validator::Pytest(validator)) = validator {
            let files: BTreeSet<_> = validator.node_ids.iter().map(NodeId::file).collect();
            let tests = files
                .into_iter()
                .filter_map(|file| module.solved.get(file)?.text());
            tests.for_each(add);
        }
    }
    names.extend(words(&text).map(|(_, word)| word.to_owned()));
    Public {
        text: folded(&text),
        names,
    }
}

/// The lines, each with its file, that only one of two trees has.
fn changed_lines<'a>(before: &'a Tree, after: &'a Tree) -> BTreeSet<(&'a str, &'a str)> {
    let mut counts: BTreeMap<(&str, &str), i32> = BTreeMap::new();
    for (tree, other, step) in [(before, after, 1), (after, before, -1)] {
        for (path, entry) in tree.iter().filter(|(path, it)| other.get(path) != Some(it)) {
            for line in entry.text().unwrap_or_default().lines() {
                *counts.entry((path, line.trim())).or_default() += step;
            }
        }
    }
    counts.retain(|_, count| *count != 0);
    counts.into_keys().collect()
}

/// The identifiers in a line's code.
fn names_in<'a>(path: &str, line: &'a str) -> Vec<&'a str> {
    let Some(language) = Language::of(path, "") else {
        return Vec::new();
    };
    let parts = language.parts(line).into_iter();
    let code = parts.filter(|(part, _)| *part == Part::Code);
    code.flat_map(|(_, range)| words(&line[range]).map(|(_, word)| word))
        .collect()
}

/// Whether a line is long enough and enough of a statement to be in a symptom only because the code
/// has it.
fn is_telling_line(line: &str) -> bool {
    const SHORTEST: usize = 10;
    line.chars().count() >= SHORTEST
        && line.contains(char::is_alphabetic)
        && line.contains(|char: char| "=+-*/%<>()[]{}@&|^~".contains(char))
}

/// Whether a line stands in a text, and not only as a part of other words.
fn stands_in(line: &str, text: &str) -> bool {
    let is_word = |char: char| char.is_alphanumeric() || char == '_';
    let goes_on =
        |a: Option<char>, b: Option<char>| a.is_some_and(is_word) && b.is_some_and(is_word);
    text.match_indices(line).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + line.len()..]);
        !goes_on(before.chars().next_back(), line.chars().next())
            && !goes_on(line.chars().next_back(), after.chars().next())
    })
}

/// Whether a name can only come from code: several words in one, and none that people say.
fn is_telling_name(name: &str) -> bool {
    const SHORTEST: usize = 4;
    const SAID: &[&str] = &[
        "Error",
        "Exception",
        "Warning",
        "Exit",
        "Iteration",
        "Interrupt",
    ];
    let bare = name.trim_matches('_');
    let is_dunder = name.starts_with("__") && name.ends_with("__");
    let inner = bare.trim_end_matches(|char: char| char.is_ascii_digit());
    let is_compound = inner.contains('_')
        || inner.contains(|char: char| char.is_ascii_digit())
        || (inner.contains(char::is_lowercase) && inner.chars().skip(1).any(char::is_uppercase));
    bare.chars().count() >= SHORTEST
        && bare.starts_with(char::is_alphabetic)
        && is_compound
        && !is_dunder
        && !SAID.iter().any(|ending| name.ends_with(ending))
}

/// White space folded to single spaces.
fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::tree::Entry;

    #[test]
    fn changed_lines_are_those_of_one_side() {
        let tree = |text: &str| -> Tree {
            let files = [("a.py", text), ("b.py", "same\n")];
            files
                .into_iter()
                .map(|(path, text)| (path.to_owned(), Entry::file(text.as_bytes())))
                .collect()
        };
        let before = tree("a\n  b\nc\nd\nd\n");
        let after = tree("a\nb\n    C\nd\n");
        let lines: Vec<_> = changed_lines(&before, &after)
            .into_iter()
            .map(|(_, line)| line)
            .collect();
        assert_eq!(lines, ["C", "c", "d"]);
        assert_eq!(changed_lines(&before, &Tree::new()).len(), 5);
    }

    #[test]
    fn names_are_those_of_the_code() {
        let names = names_in("a.py", "x.keep_dim(y1, 'in_text')  # in_comment");
        assert_eq!(names, ["x", "keep_dim", "y1"]);
        assert!(names_in("a.txt", "keep_dim").is_empty());
    }

    #[test]
    fn lines_stand_in_a_text_as_whole_words() {
        assert!(stands_in("low = mid + 1", "it says `low = mid + 1`"));
        assert!(stands_in("x = f(y)", "x = f(y)z"));
        assert!(!stands_in(
            "low = mid + 1",
            "slow = mid + 1, low = mid + 10"
        ));
    }

    #[test]
    fn only_names_that_come_from_code_tell() {
        for name in ["keep_dim", "log1p", "LayerNorm", "_ROW_COUNT", "mul_to_"] {
            assert!(is_telling_name(name), "{name}");
        }
        for name in [
            "shift",
            "Adam",
            "float32",
            "sha256",
            "JSON",
            "NaN",
            "a_b",
            "_cache",
            "__init__",
            "ValueError",
            "StopIteration",
            "4xx_count",
        ] {
            assert!(!is_telling_name(name), "{name}");
        }
    }

    #[test]
    fn only_lines_that_are_statements_tell() {
        assert!(is_telling_line("return x * 2"));
        for line in ["x = y", "return nothing", "else:", "))))))))))))"] {
            assert!(!is_telling_line(line), "{line}");
        }
    }
}
