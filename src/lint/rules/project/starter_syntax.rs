//! `starter-syntax`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;

use crate::curriculum::id::ModuleId;
use crate::diagnostic::{Diagnostic, Location, Sink};
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};
use crate::project::language::Language;
use crate::project::region::MarkedFile;
use crate::project::state::{Solved, State};
use crate::source::python::Module;
use crate::source::{SourceFile, Span};

declare_rule! {
    /// A Python file of the project does not parse in one of its states.
    ///
    /// ## What it does
    /// Builds what the learner has at the beginning and at the end of each module, and parses every
    /// Python file of it. Each text is parsed once, however many states share it.
    ///
    /// ## Why it matters
    /// The learner's first run ends in a syntax error in code that they have not touched.
    ///
    /// ## Example
    /// ```python
    /// class Stack:
    ///     # mastery:begin stack
    ///     def push(self, item):
    ///         self.items.append(item)
    ///     # mastery:end stack
    ///
    /// # without the region nothing is left of the class but its first line
    /// ```
    ///
    /// ## Use instead
    /// ```python
    /// class Stack:
    ///     # mastery:begin stack
    ///     def push(self, item):
    ///         self.items.append(item)
    ///     # mastery:stub stack
    ///     # pass
    ///     # mastery:end stack
    /// ```
    pub(crate) struct StarterSyntax {
        name: "starter-syntax",
        group: Project,
        severity: Error,
        blocks_running: false,
    }
}

impl Rule for StarterSyntax {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        // What the states are can't be told from wrong marks.
        if !context.project.is_sound() {
            return;
        }
        let solved_with = solved_with(context);
        let files: Vec<_> = context.curriculum.project.iter().collect();
        files.par_iter().for_each(|(path, entry)| {
            let Some(text) = entry.text() else { return };
            if Language::of(path, text) != Some(Language::Python) {
                return;
            }
            if let Some(file) = context.project.marked_file(path) {
                if file.is_always_python() {
                    return;
                }
                let states = states_of_file(file, context, &solved_with);
                self.check_marked(file, states, sink);
            } else if let Some(error) = Module::parse(text).error() {
                let shown = context.curriculum.shown_path(&format!("project/{path}"));
                let file = Arc::new(SourceFile::new(shown, text));
                // Places are told without the byte order mark.
                let error = Module::parse(file.text()).error().unwrap_or(error);
                let location = Location::span(&file, first_line(file.text(), error));
                sink.push(self.finding(location, "this is not Python"));
            }
        });
    }
}

/// For each module the modules in whose states it is solved, itself among them.
fn solved_with<'a>(context: &Context<'a>) -> HashMap<ModuleId, BTreeSet<&'a ModuleId>> {
    let mut solved_with: HashMap<ModuleId, BTreeSet<&ModuleId>> = HashMap::new();
    for module in &context.curriculum.modules {
        match State::Solved(&module.id).solved_modules(context.curriculum) {
            Solved::These(modules) => {
                for id in modules {
                    solved_with.entry(id).or_default().insert(&module.id);
                }
            }
            // In an order of modules nothing of a file changes but at the modules that own its regions.
            Solved::First(..) | Solved::All(_) => {
                let own = solved_with.entry(module.id.clone()).or_default();
                own.insert(&module.id);
            }
        }
    }
    solved_with
}

/// The states of a file, as which of its regions are solved, each with a name. Most modules have regions
/// elsewhere, and change nothing of it.
fn states_of_file(
    file: &MarkedFile,
    context: &Context<'_>,
    solved_with: &HashMap<ModuleId, BTreeSet<&ModuleId>>,
) -> BTreeMap<Vec<bool>, String> {
    let curriculum = context.curriculum;
    let owners = file.regions().iter().flat_map(|region| &region.owners);
    let modules: BTreeSet<_> = owners
        .filter_map(|owner| solved_with.get(owner))
        .flatten()
        .copied()
        .chain(curriculum.modules.first().map(|module| &module.id))
        .collect();
    let starters = modules
        .iter()
        .map(|id| (State::Starter(id), format!("the starter of `{id}`")));
    let solved = modules
        .iter()
        .map(|id| (State::Solved(id), format!("the solved state of `{id}`")));
    let complete = (State::Complete, "the complete project".to_owned());
    let mut states = BTreeMap::new();
    for (state, name) in starters.chain(solved).chain([complete]) {
        let solved = state.solved_modules(curriculum);
        let is_solved = |owners: &[_]| owners.iter().any(|owner| solved.contains(owner));
        let choice = file.regions().iter().map(|it| is_solved(&it.owners));
        states.entry(choice.collect()).or_insert(name);
    }
    states
}

/// What keeps a text from being Python.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Culprit {
    /// The stub of the region with this index.
    Stub(usize),
    /// The solution of the region with this index.
    Body(usize),
    /// Something else at this place of the state.
    Elsewhere(usize),
}

impl StarterSyntax {
    fn check_marked(&self, file: &MarkedFile, states: BTreeMap<Vec<bool>, String>, sink: &Sink) {
        let mut told = BTreeSet::new();
        for (choice, name) in states {
            let Some(text) = build(file, &choice) else {
                continue;
            };
            if let Some(error) = Module::parse(&text).error() {
                let culprit = culprit(file, &choice, &error);
                // A wrong part is wrong in every state that has it.
                if told.insert(culprit) {
                    sink.push(self.describe(file, &choice, &name, culprit, error));
                }
            }
        }
    }

    fn describe(
        &self,
        file: &MarkedFile,
        choice: &[bool],
        state: &str,
        culprit: Culprit,
        error: Range<usize>,
    ) -> Diagnostic {
        let traced = trace(file, choice);
        let span = first_line(&traced.text, error);
        let line = traced.text[span.start..span.end].trim();
        match culprit {
            Culprit::Stub(index) => {
                let region = &file.regions()[index];
                let message = format!(
                    "with the stub of `{}` the file is not Python in {state}",
                    region.owners_text()
                );
                let finding = self.finding(file.begin_of(region), message);
                if line.is_empty() {
                    finding.with_help("write a stub that leaves a complete statement")
                } else {
                    finding.with_help(format!("it goes wrong at `{line}`"))
                }
            }
            Culprit::Body(index) => {
                let region = &file.regions()[index];
                let message = format!(
                    "with the solution of `{}` the file is not Python in {state}",
                    region.owners_text()
                );
                self.finding(traced.location(span), message)
                    .with_related(file.begin_of(region), "the solution")
            }
            Culprit::Elsewhere(_) => {
                let message = format!("the file is not Python in {state}");
                self.finding(traced.location(span), message)
            }
        }
    }
}

fn build(file: &MarkedFile, choice: &[bool]) -> Option<String> {
    let regions = file.regions();
    file.build(|region| is_chosen(regions, choice, region))
}

fn trace<'a>(file: &'a MarkedFile, choice: &[bool]) -> crate::project::region::TracedText<'a> {
    let regions = file.regions();
    file.trace(|region| is_chosen(regions, choice, region))
}

/// Whether a region is solved in a state of its file.
fn is_chosen(
    regions: &[crate::project::region::Region],
    choice: &[bool],
    region: &crate::project::region::Region,
) -> bool {
    let index = regions.iter().position(|it| std::ptr::eq(it, region));
    index.is_some_and(|index| choice[index])
}

/// Finds the region that makes a state wrong: the one that, being the other way, leaves Python.
fn culprit(file: &MarkedFile, choice: &[bool], error: &Range<usize>) -> Culprit {
    for index in 0..choice.len() {
        let mut other = choice.to_owned();
        other[index] = !other[index];
        let is_right = Module::parse(&trace(file, &other).text).error().is_none();
        if is_right {
            return if choice[index] {
                Culprit::Body(index)
            } else {
                Culprit::Stub(index)
            };
        }
    }
    Culprit::Elsewhere(error.start)
}

/// What a place has on its first line.
fn first_line(text: &str, place: Range<usize>) -> Span {
    let rest = &text[place.start..place.end];
    let line = rest.lines().next().unwrap_or_default().trim_end();
    Span::new(place.start, place.start + line.len())
}
