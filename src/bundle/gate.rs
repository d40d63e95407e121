//! The leak gate: proves that nothing that learners can read repeats a solution, before anything is written.
//!
//! What a solution is, and what repeats one, is decided where lint decides it; there are no exceptions here.

use std::collections::HashSet;
use std::sync::Arc;

use rayon::prelude::*;
use serde_json::Value;

use super::course::Course;
use super::index::Index;
use super::sealed::Sealed;
use super::wire;
use crate::diagnostic::{Diagnostic, Location, RuleName};
use crate::plural::count;
use crate::project::leak::LeakIndex;
use crate::source::SourceFile;
use crate::source::tree::{Entry, Tree};

/// The rule that lint finds most of it by.
pub const SOLUTION_LEAK: RuleName = "solution-leak";

/// What is looked at, as it is called in findings.
const SHOWN: &str = "bundle";

/// Bytes of the sealed part that must not be found in a bundle. Shorter runs may be the same by chance.
const WINDOW: usize = 32;

/// What a learner will have of a course besides the files of the bundle.
#[derive(Clone, Copy, Debug)]
pub struct FirstCommit<'a> {
    /// The files.
    pub tree: &'a Tree,
    /// The message.
    pub message: &'a str,
}

/// Returns what learners could read of solutions: in each file, each string, the index, names, and in the first
/// commit of their repository.
pub fn leaks(
    solutions: &LeakIndex,
    course: &Course,
    index: &Index,
    first_commit: FirstCommit<'_>,
) -> Vec<Diagnostic> {
    let files = wire::course_files(course);
    let mut texts: Vec<(String, String)> = Vec::new();
    let mut names = String::new();
    let mut add = |place: String, entry: &Entry| {
        let content = match entry {
            Entry::File { content, .. } => String::from_utf8_lossy(content).into_owned(),
            Entry::Link { target } => target.clone(),
        };
        texts.push((place, content));
    };
    for (path, entry) in files.iter() {
        add(path.to_owned(), entry);
        names.push_str(&format!("{path}\n"));
    }
    for (path, entry) in first_commit.tree.iter() {
        names.push_str(&format!("{path}\n"));
        if course.starter.get(path) != Some(entry) {
            add(format!("first commit/{path}"), entry);
        }
    }
    texts.push(("first commit".to_owned(), first_commit.message.to_owned()));
    texts.push(("names of files".to_owned(), names));
    let course_json = files.get(wire::COURSE_FILE).and_then(Entry::text);
    let course_json = course_json.and_then(|text| serde_json::from_str(text).ok());
    strings(
        &course_json.unwrap_or_default(),
        wire::COURSE_FILE,
        &mut texts,
    );
    let index = serde_json::to_value(index).unwrap_or_default();
    strings(&index, "index", &mut texts);
    let mut found: Vec<_> = texts
        .par_iter()
        .map(|(place, text)| leaks_in(solutions, place, text))
        .flatten()
        .collect();
    found.sort_by_key(|it| {
        let line = it.location.position().map(|it| it.line);
        (it.location.shown_path().to_owned(), line)
    });
    found
}

fn leaks_in(solutions: &LeakIndex, place: &str, text: &str) -> Vec<Diagnostic> {
    let leaks = solutions.find(text);
    if leaks.is_empty() {
        return Vec::new();
    }
    let file = Arc::new(SourceFile::new(format!("{SHOWN}/{place}"), text));
    let finding = |leak| {
        let solution = solutions.solution(leak);
        let message = format!(
            "learners could read {} of the solution of `{}` here",
            count(leak.lines as u64, "line"),
            solution.owners,
        );
        Diagnostic::error(SOLUTION_LEAK, Location::span(&file, leak.span), message)
            .with_related(solution.location.clone(), "the solution")
    };
    leaks.iter().map(finding).collect()
}

/// The strings of a document, those of a list together, with their places.
fn strings(value: &Value, place: &str, texts: &mut Vec<(String, String)>) {
    match value {
        Value::String(text) => texts.push((place.to_owned(), text.clone())),
        Value::Array(items) => {
            let together: Vec<_> = items.iter().filter_map(Value::as_str).collect();
            if together.len() > 1 {
                texts.push((place.to_owned(), together.join("\n")));
            }
            for (index, item) in items.iter().enumerate() {
                strings(item, &format!("{place}/{index}"), texts);
            }
        }
        Value::Object(map) => {
            for (key, item) in map {
                strings(item, &format!("{place}/{key}"), texts);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Returns a file of the sealed part of which something stands in the clear in `written`; `None` when all is sealed.
///
/// What can be read anyway, as given code around a solution, does not count.
pub fn in_the_clear(course: &Course, sealed: &Sealed, written: &[u8]) -> Option<String> {
    let sealed = wire::sealed_files(sealed);
    let readable = wire::course_files(course);
    let mut windows: HashSet<&[u8]> = HashSet::new();
    for (_, content) in contents(&sealed) {
        // A run of twice the length has a whole one of these in it, wherever it begins.
        windows.extend(content.chunks_exact(WINDOW));
    }
    for (_, content) in contents(&readable) {
        for window in content.windows(WINDOW) {
            windows.remove(window);
        }
    }
    let found = written
        .windows(WINDOW)
        .find(|window| windows.contains(window))?;
    let holds = |content: &[u8]| content.windows(WINDOW).any(|window| window == found);
    contents(&sealed)
        .find(|(_, content)| holds(content))
        .map(|(path, _)| path.to_owned())
}

fn contents(tree: &Tree) -> impl Iterator<Item = (&str, &[u8])> {
    tree.iter().filter_map(|(path, entry)| match entry {
        Entry::File { content, .. } => Some((path, &**content)),
        Entry::Link { .. } => None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::edition::Edition;
    use super::super::fixtures::{library, made};
    use super::super::payload::Payload;
    use super::*;
    use crate::curriculum;
    use crate::diagnostic::Sink;
    use crate::project::Project;

    const SOLUTION: &str = "first = x + 1\nsecond = first * 2\nreturn first - second\n";

    /// Where leaks are found in a library with some files replaced.
    fn found(files: &[(&str, &str)], message: &str) -> Vec<String> {
        let dir = library(files);
        let curriculum = curriculum::load(dir.path(), dir.path(), &Sink::new());
        let (project, _) = Project::parse(&curriculum);
        let Edition { course, sealed } = Edition::of(&curriculum, &project, made()).unwrap();
        let payload = Payload::of(&Edition {
            course: course.clone(),
            sealed,
        });
        let first_commit = FirstCommit {
            tree: &course.starter,
            message,
        };
        let index = payload.unwrap().index().clone();
        let solutions = LeakIndex::of(&curriculum, &project);
        leaks(&solutions, &course, &index, first_commit)
            .into_iter()
            .map(|it| {
                let line = it.location.position().unwrap().line;
                format!("{}:{line} {}", it.location.shown_path(), it.message)
            })
            .collect()
    }

    fn told(place: &str) -> String {
        format!("bundle/{place} learners could read 3 lines of the solution of `a` here")
    }

    #[test]
    fn nothing_is_found_where_nothing_leaks() {
        assert_eq!(found(&[], "Start"), Vec::<String>::new());
    }

    #[test]
    fn leaks_are_found_wherever_learners_can_read() {
        let prompt = format!("# A\n\n```python\n{SOLUTION}```\n");
        let module = |field: &str| {
            format!(
                "id: a\ntitle: A\nobjectives: [Know a]\n{field}\n\
                 build: {{edit: [a.py], validator: {{pytest: [tests/test_a.py]}}}}\n"
            )
        };
        let hint =
            module("hints: [\"first = x + 1\\nsecond = first * 2\\nreturn first - second\"]");
        let hints = module("hints: [first = x + 1, second = first * 2, return first - second]");
        assert_eq!(
            found(&[("modules/a/prompt.md", &prompt)], ""),
            [told("prompts/a.md:4")]
        );
        assert_eq!(
            found(
                &[("project/data.bin", &format!("\u{fffd}\n{SOLUTION}"))],
                ""
            ),
            [told("project/data.bin:2")]
        );
        assert_eq!(
            found(&[("modules/a/module.yaml", &hint)], ""),
            [told("course.json/modules/0/module/hints/0:1")]
        );
        let listed = found(&[("modules/a/module.yaml", &hints)], "");
        assert!(
            listed.contains(&told("course.json/modules/0/module/hints:1")),
            "{listed:?}"
        );
        assert_eq!(found(&[], SOLUTION), [told("first commit:1")]);
    }

    #[test]
    fn sealed_bytes_in_the_clear_are_found() {
        let dir = library(&[]);
        let edition = super::super::fixtures::edition_of(dir.path()).unwrap();
        let (course, sealed) = (&edition.course, &edition.sealed);
        let payload = Payload::of(&edition).unwrap();
        let written = payload.bare();
        assert_eq!(in_the_clear(course, sealed, &written), None);
        let files = wire::sealed_files(sealed);
        for (path, entry) in files.iter() {
            let text = entry.text().unwrap().as_bytes();
            let leaky = [written.as_slice(), text].concat();
            let found = in_the_clear(course, sealed, &leaky);
            // Other states of given code are short here.
            assert!(found.is_some() || text.len() < 100, "{path}");
        }
    }
}
