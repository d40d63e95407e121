//! Whose a changed part of the project is, as the texts of the modules tell.

use std::ops::Range;

use super::patch;
use super::regions;
use super::target::Mentions;

/// What a module has to say.
#[derive(Debug)]
pub(super) struct Witness<'m> {
    pub(super) id: &'m str,
    pub(super) mentions: Mentions,
    /// The file that its own solution stands for.
    pub(super) target: Option<String>,
    pub(super) prompt: &'m str,
    /// The validator, with the tests that it names.
    pub(super) validator: String,
    /// The lines that its patches change, with the file.
    pub(super) blocks: Vec<(String, Vec<String>)>,
}

/// Who owns a part of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Owners {
    /// Something tells it.
    Known(Vec<String>),
    /// Nothing tells it; these are the likeliest.
    Guessed(Vec<String>),
}

/// The modules that have to do with a file, in their order: those that change it, else those that name it.
pub(super) fn of_file<'w, 'm>(witnesses: &'w [Witness<'m>], path: &str) -> Vec<&'w Witness<'m>> {
    let dotted = path.strip_suffix(".py").unwrap_or(path).replace('/', ".");
    let dotted = dotted.strip_prefix("src.").unwrap_or(&dotted).to_owned();
    let changes =
        |it: &Witness<'_>| it.mentions.patched.contains(path) || it.target.as_deref() == Some(path);
    let names = |it: &Witness<'_>| {
        let texts = [it.validator.as_str(), it.prompt];
        it.mentions.prompted.contains(path)
            || it.mentions.validated.contains(path)
            || texts
                .iter()
                .any(|text| has_word(text, path) || has_word(text, &dotted))
    };
    witnesses
        .iter()
        .filter(|it| changes(it) || names(it))
        .collect()
}

/// Whose some lines of a solved file are, of the modules that have to do with it.
pub(super) fn of_lines(
    candidates: &[&Witness<'_>],
    path: &str,
    solved: &str,
    range: &Range<usize>,
) -> Owners {
    let ids = |found: &[&&Witness<'_>]| found.iter().map(|it| it.id.to_owned()).collect::<Vec<_>>();
    if let [only] = candidates {
        return Owners::Known(vec![only.id.to_owned()]);
    }
    let lines: Vec<_> = solved.lines().collect();
    let symbols = regions::symbols(&regions::lines(solved), range);
    let touches = |it: &Witness<'_>| {
        it.blocks
            .iter()
            .filter(|(file, _)| file == path)
            .any(|(_, block)| {
                let block: Vec<_> = block.iter().map(String::as_str).collect();
                match patch::places_of(&block, &lines).as_slice() {
                    [at] => *at < range.end && range.start < at + block.len(),
                    _ => false,
                }
            })
    };
    let is_named = |it: &Witness<'_>| {
        symbols
            .iter()
            .any(|symbol| symbol.eq_ignore_ascii_case(&it.id.replace('-', "_")))
    };
    let validates = |it: &Witness<'_>| symbols.iter().any(|symbol| has_word(&it.validator, symbol));
    let prompts = |it: &Witness<'_>| symbols.iter().any(|symbol| has_word(it.prompt, symbol));
    let voices: [&dyn Fn(&Witness<'_>) -> bool; 4] = [&is_named, &touches, &validates, &prompts];
    for speaks in voices {
        let found: Vec<_> = candidates.iter().filter(|it| speaks(it)).collect();
        if found.len() == 1 {
            return Owners::Known(ids(&found));
        }
    }
    let all: Vec<_> = candidates.iter().collect();
    // What belongs to no function, such as an import, may be needed by each of them.
    let likely = if symbols.is_empty() {
        &all[..]
    } else {
        &all[..1]
    };
    Owners::Guessed(ids(likely))
}

/// Whether a word stands in a text with nothing that could be part of it on either side.
fn has_word(text: &str, word: &str) -> bool {
    let is_part = |char: char| char.is_alphanumeric() || char == '_';
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOLVED: &str = "import math\n\n\ndef f():\n    return 1\n\n\ndef g():\n    return 2\n";

    fn witness<'m>(id: &'m str, prompt: &'m str, validator: &str) -> Witness<'m> {
        Witness {
            id,
            mentions: Mentions::default(),
            target: None,
            prompt,
            validator: validator.to_owned(),
            blocks: Vec::new(),
        }
    }

    fn owners(witnesses: &[Witness<'_>], range: Range<usize>) -> Owners {
        of_lines(&of_file(witnesses, "pkg/a.py"), "pkg/a.py", SOLVED, &range)
    }

    fn known(id: &str) -> Owners {
        Owners::Known(vec![id.to_owned()])
    }

    #[test]
    fn only_module_that_names_the_file_owns_all_of_it() {
        let witnesses = [
            witness("one", "Write pkg/a.py", ""),
            witness("two", "", "import other"),
        ];
        assert_eq!(owners(&witnesses, 0..1), known("one"));
    }

    #[test]
    fn function_is_of_the_module_that_is_called_so_or_names_it() {
        let witnesses = [
            witness("g", "pkg/a.py", ""),
            witness("two", "", "from pkg.a import f"),
        ];
        assert_eq!(owners(&witnesses, 8..9), known("g"));
        assert_eq!(owners(&witnesses, 4..5), known("two"));
    }

    #[test]
    fn lines_that_a_patch_changes_are_of_its_module() {
        let mut witnesses = [
            witness("one", "pkg/a.py f g", ""),
            witness("two", "pkg/a.py f g", ""),
        ];
        let block = vec!["def f():".to_owned(), "    return 1".to_owned()];
        witnesses[1].blocks.push(("pkg/a.py".to_owned(), block));
        assert_eq!(owners(&witnesses, 4..5), known("two"));
    }

    #[test]
    fn what_nothing_tells_is_a_guess() {
        let witnesses = [
            witness("one", "pkg/a.py", ""),
            witness("two", "pkg/a.py", ""),
        ];
        assert_eq!(
            owners(&witnesses, 0..1),
            Owners::Guessed(vec!["one".to_owned(), "two".to_owned()])
        );
        assert_eq!(
            owners(&witnesses, 4..5),
            Owners::Guessed(vec!["one".to_owned()])
        );
        assert!(of_file(&witnesses, "pkg/b.py").is_empty());
    }
}
