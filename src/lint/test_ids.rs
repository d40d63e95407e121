//! What can be told of tests by reading their files: whether they exist, and whether a validator
//! runs them.
//!
//! Reading is by lines, not by syntax: it may take a line in a string for a definition, and then
//! says nothing. What it reports as missing is missing.

use crate::curriculum::Curriculum;
use crate::curriculum::document::Validator;
use crate::curriculum::id::NodeId;
use crate::suggest;

/// The one test id of a command without a report.
const COMMAND: &str = "command";

/// Why a test can't be run.
#[derive(Debug)]
pub(crate) struct Problem {
    /// What is wrong.
    pub(crate) message: String,
    /// What may be meant.
    pub(crate) help: Option<String>,
}

/// Tells that a pytest node id names something that its file does not define. A file that is not
/// there is told elsewhere.
pub(crate) fn undefined(curriculum: &Curriculum, id: &str) -> Option<Problem> {
    let (file, names) = id.split_once("::")?;
    let text = curriculum.project.get(file)?.text()?;
    let names: Vec<_> = without_parameters(names).split("::").collect();
    let missing = first_undefined(text, &names)?;
    Some(Problem {
        message: format!("`{file}` defines no `{missing}`"),
        help: suggest::did_you_mean(missing, text.lines().filter_map(defined_name)),
    })
}

/// Tells that a test is none that the validator runs.
pub(crate) fn not_run(curriculum: &Curriculum, validator: &Validator, id: &str) -> Option<Problem> {
    match validator {
        Validator::Pytest(validator) => {
            let ids = || validator.node_ids.iter().map(NodeId::as_str);
            if ids().any(|run| covers(run, id)) {
                return undefined(curriculum, id);
            }
            let file = id.split_once("::").map_or(id, |(file, _)| file);
            Some(Problem {
                message: format!("the validator does not run `{id}`"),
                help: suggest::did_you_mean(file, ids()),
            })
        }
        // What is in a report is known once the command has run.
        Validator::Command(command) if command.junit.is_some() => None,
        Validator::Command(_) => (id != COMMAND).then(|| Problem {
            message: format!("the validator has one test, `{COMMAND}`"),
            help: None,
        }),
    }
}

/// Whether a run of `run` holds the test `id`, or a parameter set of it.
fn covers(run: &str, id: &str) -> bool {
    let is_part = |whole: &str, part: &str| {
        let rest = part.strip_prefix(whole);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::") || rest.starts_with('['))
    };
    is_part(run, id) || (run.contains('[') && is_part(id, run))
}

fn without_parameters(names: &str) -> &str {
    names.split('[').next().unwrap_or(names)
}

/// The first of nested names that a Python file does not define.
fn first_undefined<'n>(text: &str, names: &[&'n str]) -> Option<&'n str> {
    let mut lines: Vec<&str> = text.lines().collect();
    for name in names {
        let definition = lines
            .iter()
            .position(|line| defined_name(line) == Some(name));
        let Some(at) = definition else {
            let is_brought_in = lines.iter().any(|line| may_bring_in(line, name));
            return (!is_brought_in).then_some(name);
        };
        let header = lines[at].trim();
        if header.starts_with("class ") && header.contains('(') && !header.contains("()") {
            // It may inherit the rest.
            return None;
        }
        let indent = indent_of(lines[at]);
        lines = lines[at + 1..]
            .iter()
            .copied()
            .take_while(|line| line.trim().is_empty() || indent_of(line) > indent)
            .collect();
    }
    None
}

/// The name of the function or class that a line begins to define.
fn defined_name(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let line = line.strip_prefix("async ").map_or(line, str::trim_start);
    let rest = ["def ", "class "]
        .iter()
        .find_map(|word| line.strip_prefix(word))?;
    let rest = rest.trim_start();
    let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_'))?;
    Some(&rest[..end])
}

/// Whether a line imports or assigns a name, or imports everything.
fn may_bring_in(line: &str, name: &str) -> bool {
    let line = line.trim();
    let is_named = || {
        line.split(|c: char| !(c.is_alphanumeric() || c == '_'))
            .any(|it| it == name)
    };
    line.ends_with("import *") || (!line.starts_with('#') && is_named())
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
import pytest
from shared import test_imported

class TestOne:
    @pytest.mark.parametrize('x', [1])
    def test_inner(self, x):
        assert x

    async def test_later(self): pass

class TestTwo(Base):
    pass

if True:
    def test_outer():
        pass
";

    #[test]
    fn definitions_are_found_where_they_are() {
        fn missing(id: &str) -> Option<&str> {
            first_undefined(TEXT, &id.split("::").collect::<Vec<_>>())
        }
        for id in [
            "TestOne",
            "TestOne::test_inner",
            "TestOne::test_later",
            "TestTwo::test_inherited",
            "test_outer",
            "test_imported",
        ] {
            assert_eq!(missing(id), None, "{id}");
        }
        assert_eq!(missing("test_none"), Some("test_none"));
        assert_eq!(missing("TestOne::test_outer"), Some("test_outer"));
        assert_eq!(missing("TestThree::test_inner"), Some("TestThree"));
    }

    #[test]
    fn validators_cover_what_is_in_what_they_name() {
        assert!(covers("t.py", "t.py::test_a[1]"));
        assert!(covers("t.py::test_a", "t.py::test_a[1]"));
        assert!(covers("t.py::test_a[1]", "t.py::test_a"));
        assert!(covers("t.py::T", "t.py::T::test_a"));
        assert!(!covers("t.py::test_a", "t.py::test_ab"));
        assert!(!covers("t.py::test_a", "t.py::test_b"));
        assert!(!covers("t.py::test_a", "t.py"));
        assert!(!covers("t.py", "u.py::test_a"));
    }
}
