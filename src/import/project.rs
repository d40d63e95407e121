//! The learner's project: reference, starter, solutions and tests become one tree with solution regions.

use std::collections::{BTreeMap, BTreeSet};

use super::ledger::{Ledger, Place};
use super::modules::{Module, SOLUTION};
use super::owners::{self, Owners, Witness};
use super::regions::{self, Change};
use super::sources::Source;
use super::witnesses;
use crate::project::language::Language;
use crate::source::tree::{Entry, Tree};

/// The project, and what of it is whose.
#[derive(Debug, Default)]
pub(super) struct Project {
    pub(super) files: Tree,
    /// The files that each module owns a part of.
    pub(super) edits: BTreeMap<String, BTreeSet<String>>,
    /// The file that `solution.py` of a module stands for.
    pub(super) targets: BTreeMap<String, String>,
    /// The folder of the project that a module's validator works in; the whole project for others.
    pub(super) folders: BTreeMap<String, String>,
}

/// Builds the project.
pub(super) fn build(modules: &[Module], ledger: &mut Ledger<'_>) -> Project {
    let (witnesses, folders) = witnesses::collect(modules, ledger);
    let mut builder = Builder {
        project: Project {
            folders,
            ..Project::default()
        },
        witnesses,
        ledger,
    };
    builder.trees();
    builder.solutions(modules);
    builder.tests();
    let Builder {
        mut project,
        witnesses,
        ..
    } = builder;
    for witness in witnesses {
        let is_known = project.edits.contains_key(witness.id);
        // A file that all its texts name is the module's even where nothing of it could be marked.
        if let Some(target) = witness
            .target
            .or_else(|| witness.mentions.target().ok())
            .filter(|_| !is_known)
        {
            project.edits.insert(witness.id.to_owned(), [target].into());
        }
    }
    project
}

struct Builder<'b, 'a> {
    project: Project,
    witnesses: Vec<Witness<'b>>,
    ledger: &'b mut Ledger<'a>,
}

impl Builder<'_, '_> {
    /// Takes over reference and starter.
    fn trees(&mut self) {
        let sources = self.ledger.sources;
        let empty = Tree::new();
        let files = |source| {
            sources
                .folder(source)
                .map_or(&empty, |folder| &folder.files)
        };
        let (reference, starter) = (files(Source::Reference), files(Source::Starter));
        let paths: BTreeSet<_> = reference
            .iter()
            .chain(starter.iter())
            .map(|(path, _)| path)
            .collect();
        for path in paths {
            let (solved, begun) = (
                Place::of(Source::Reference, path),
                Place::of(Source::Starter, path),
            );
            let dest = format!("project/{path}");
            match (reference.get(path), starter.get(path)) {
                (Some(entry), other) if other == Some(entry) || sources.starter.is_none() => {
                    self.project.files.insert(path, entry.clone());
                    self.ledger.used(&solved, &dest);
                    if other.is_some() {
                        self.ledger.used(&begun, &dest);
                    }
                }
                (Some(entry), other) => self.differing(path, entry, other),
                (None, Some(entry)) => {
                    self.project.files.insert(path, entry.clone());
                    self.ledger.used(&begun, &dest);
                    if sources.reference.is_some() {
                        self.ledger.changed(
                            &begun,
                            "only the starter has it; the solved project has it now, too",
                        );
                    }
                }
                (None, None) => {}
            }
        }
        if sources.reference.is_some() && sources.starter.is_none() {
            let place = Place::of(Source::Reference, "");
            self.ledger.decide(
                &place,
                "without a starter nothing tells what learners write: there are no regions in it",
            );
        }
    }

    /// A file that the starter has otherwise, or not at all.
    fn differing(&mut self, path: &str, solved: &Entry, starter: Option<&Entry>) {
        let place = Place::of(Source::Reference, path);
        let whole = |builder: &mut Self, why: &str| {
            builder.project.files.insert(path, solved.clone());
            builder.ledger.used(&place, format!("project/{path}"));
            builder
                .ledger
                .decide(&place, format!("learners get the file solved: {why}"));
            if starter.is_some() {
                builder.ledger.aside(
                    &Place::of(Source::Starter, path),
                    "the project has the solved file in its place",
                );
            }
        };
        let old = starter.map_or(Some(""), Entry::text);
        let (Some(new), Some(old)) = (solved.text(), old) else {
            return whole(self, "it is no text");
        };
        if new.trim().is_empty() && starter.is_none() {
            self.project.files.insert(path, solved.clone());
            return self.ledger.used(&place, format!("project/{path}"));
        }
        let candidates = owners::of_file(&self.witnesses, path);
        if candidates.is_empty() {
            return whole(self, "it differs from the starter and no module names it");
        }
        let mut changes = regions::changes(path, old, new);
        let mut guesses = Vec::new();
        for change in &mut changes {
            change.owners = match owners::of_lines(&candidates, path, new, &change.solved_at) {
                Owners::Known(ids) => ids,
                Owners::Guessed(ids) => {
                    guesses.push((change.solved_at.start + 1, ids.clone()));
                    ids
                }
            };
        }
        match regions::mark(path, old, &regions::join(changes.clone())) {
            Ok(text) => {
                for (line, ids) in guesses {
                    let what = format!(
                        "nothing tells which module writes this; it is the part of `{}` now",
                        ids.join("` and `")
                    );
                    self.ledger.decide(&place.at(line), what);
                }
                self.marked(path, solved.with_content(text.into_bytes()), &changes);
                self.ledger.used(&place, format!("project/{path}"));
                if starter.is_some() {
                    let begun = Place::of(Source::Starter, path);
                    self.ledger.used(&begun, format!("project/{path}"));
                    self.tell_of_comments(&begun, path, old);
                }
            }
            Err(why) => whole(self, &why),
        }
    }

    /// A file of nothing but comments is one that learners begin without.
    fn tell_of_comments(&mut self, place: &Place, path: &str, starter: &str) {
        let has_code =
            Language::of(path, starter).is_none_or(|language| regions::has_code(starter, language));
        if !has_code && !starter.trim().is_empty() {
            self.ledger.aside(
                place,
                "it holds nothing but comments; learners begin without the file",
            );
        }
    }

    fn marked(&mut self, path: &str, entry: Entry, changes: &[Change]) {
        self.project.files.insert(path, entry);
        for owner in changes.iter().flat_map(|change| &change.owners) {
            self.project
                .edits
                .entry(owner.clone())
                .or_default()
                .insert(path.to_owned());
        }
    }

    /// Takes over the solutions that lie beside their modules.
    fn solutions(&mut self, modules: &[Module]) {
        let mut by_target: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (index, witness) in self.witnesses.iter().enumerate() {
            if let Some(target) = &witness.target {
                by_target.entry(target.clone()).or_default().push(index);
                self.project
                    .targets
                    .insert(witness.id.to_owned(), target.clone());
            }
        }
        for (target, indices) in by_target {
            let reference = Place::of(Source::Reference, &target);
            if self.ledger.has(&reference) {
                self.beside_reference(&target, &indices, modules);
            } else {
                self.target(&target, &indices, modules);
            }
        }
    }

    /// Where there is a reference, it is what counts.
    fn beside_reference(&mut self, target: &str, indices: &[usize], modules: &[Module]) {
        let sources = self.ledger.sources;
        for index in indices {
            let place = modules[*index].file(SOLUTION);
            if sources.text(Source::Curriculum, &place.path)
                == sources.text(Source::Reference, target)
            {
                self.ledger.used(&place, format!("project/{target}"));
            } else {
                self.ledger.aside(
                    &place,
                    format!("the reference has another `{target}`, and that one counts"),
                );
            }
        }
    }

    /// One file from the solutions of some modules.
    fn target(&mut self, target: &str, indices: &[usize], modules: &[Module]) {
        let sources = self.ledger.sources;
        let begun = Place::of(Source::Starter, target);
        let starter = sources.text(Source::Starter, target).unwrap_or_default();
        let mut changes: Vec<Change> = Vec::new();
        let mut used = Vec::new();
        for index in indices {
            let module = &modules[*index];
            let place = module.file(SOLUTION);
            let solution = sources
                .text(Source::Curriculum, &place.path)
                .unwrap_or_default();
            let mut own = regions::join(regions::changes(target, starter, solution));
            for change in &mut own {
                change.owners = vec![module.id.clone()];
            }
            // What an earlier module has written already stays that module's.
            own.retain(|change| {
                !changes
                    .iter()
                    .any(|it| it.at == change.at && it.lines == change.lines)
            });
            match own
                .iter()
                .find_map(|change| changes.iter().find(|it| collide(it, change)))
            {
                Some(other) => {
                    let what = format!(
                        "it has other lines of `{target}` than the solution of `{}`",
                        other.owners.join("`, `")
                    );
                    self.ledger.aside(&place, what);
                }
                None => {
                    changes.extend(own);
                    used.push(place);
                }
            }
        }
        changes.sort_by_key(|change| (change.at.start, change.at.end));
        match regions::mark(target, starter, &changes) {
            Ok(text) => {
                let entry = sources
                    .starter
                    .as_ref()
                    .and_then(|folder| folder.files.get(target));
                let entry = entry.cloned().unwrap_or_else(|| Entry::file([]));
                self.marked(target, entry.with_content(text.into_bytes()), &changes);
                for place in used {
                    self.ledger.used(&place, format!("project/{target}"));
                }
                if self.ledger.has(&begun) {
                    self.tell_of_comments(&begun, target, starter);
                }
            }
            Err(why) => {
                for place in used {
                    self.ledger
                        .aside(&place, format!("`{target}` can't be marked: {why}"));
                }
            }
        }
    }

    /// Takes over the tests that all modules share.
    fn tests(&mut self) {
        let sources = self.ledger.sources;
        for (inner, entry) in sources.tests.iter().flat_map(|folder| folder.files.iter()) {
            let path = format!("tests/{inner}");
            if self
                .project
                .files
                .get(&path)
                .is_some_and(|other| other != entry)
            {
                for source in [Source::Reference, Source::Starter] {
                    let place = Place::of(source, &path);
                    if self.ledger.has(&place) {
                        self.ledger.aside(
                            &place,
                            "the shared tests have another one, and that one counts",
                        );
                    }
                }
            }
            self.ledger
                .used(&Place::of(Source::Tests, inner), format!("project/{path}"));
            self.project.files.insert(path, entry.clone());
        }
    }
}

/// Whether two changes are about the same lines, or put different ones in at the same place.
fn collide(one: &Change, other: &Change) -> bool {
    let overlap = one.at.start < other.at.end && other.at.start < one.at.end;
    overlap || one.at.start == other.at.start && (one.at.is_empty() || other.at.is_empty())
}
