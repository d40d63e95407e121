//! Which lines of a solution no test runs: found by making each of them raise.
//!
//! It needs nothing of pytest, and tells about what is in the way of `try` as well: what is raised is no `Exception`.

use crate::curriculum::id::ModuleId;
use crate::diagnostic::Location;
use crate::project::Project;
use crate::project::region::{MarkedFile, Region};
use crate::project::state::Solved;
use crate::source::Span;
use crate::source::python::Module as PythonModule;
use crate::source::tree::Tree;

/// What is raised in place of a statement.
const RAISE: &str = "raise BaseException('this line was run')";

/// Statements that are tried at most.
const MOST_PROBES: usize = 60;

/// A statement, and the project in which it raises.
#[derive(Clone, Debug)]
pub struct Probe {
    /// Where the statement is in the author's file.
    pub location: Location,
    /// The project.
    pub tree: Tree,
}

/// Returns a probe for each statement of a module's solution in Python files, up to a bound. `tree` is the
/// project with `solved` modules solved.
pub fn probes(
    project: &Project,
    module: &ModuleId,
    solved: &Solved<'_>,
    tree: &Tree,
) -> Vec<Probe> {
    let files = project.marked_files();
    let python = files.filter(|(path, _)| path.ends_with(".py"));
    python
        .flat_map(|(path, file)| probes_of_file(path, file, module, solved, tree))
        .take(MOST_PROBES)
        .collect()
}

fn probes_of_file(
    path: &str,
    file: &MarkedFile,
    module: &ModuleId,
    solved: &Solved<'_>,
    tree: &Tree,
) -> Vec<Probe> {
    let is_solved = |region: &Region| region.owners.iter().any(|id| solved.contains(id));
    let traced = file.trace(is_solved);
    let Some(entry) = tree.get(path) else {
        return Vec::new();
    };
    let text = traced.text.as_str();
    let starts = PythonModule::parse(text).statement_starts();
    let of_module = starts.into_iter().filter_map(|start| {
        let end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let location = traced.location(Span::new(start, end));
        let (_, span) = location.place()?;
        let region = file.region_at(span.start)?;
        region.owners.contains(module).then_some((start, location))
    });
    of_module
        .map(|(start, location)| {
            let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
            let indent = &text[line..start];
            let probed = format!("{}{RAISE}\n{indent}{}", &text[..start], &text[start..]);
            let mut tree = tree.clone();
            tree.insert(path, entry.with_content(probed.into_bytes()));
            Probe { location, tree }
        })
        .collect()
}
