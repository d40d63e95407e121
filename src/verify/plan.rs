//! Which cases there are, and what each runs. Pure: nothing is run here and nothing is written.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, LazyLock};

use rayon::prelude::*;

use crate::curriculum::document::{BugManifest, Build};
use crate::curriculum::id::{ModuleId, Seconds};
use crate::curriculum::rules::{MISSING_FILE, MODULE_WITHOUT_FOLDER, SCHEMA_VIOLATION};
use crate::curriculum::{Bug, Curriculum, Loaded, MANIFEST, Module, Variant};
use crate::diagnostic::{Diagnostic, Location, Severity};
use crate::inject::parsed::ParsedTree;
use crate::inject::patch::Patch;
use crate::inject::rewrite::{CompiledRewrite, RewriteError};
use crate::pattern::INVALID_MESSAGE_PATTERN;
use crate::project::Project;
use crate::project::state::{Solved, State};
use crate::source::tree::Tree;

use super::case::{BugExpectation, Case, CaseInput, CaseKind, Expectation, Injection, NotRun};

/// The cases of a run, in order: curriculum by curriculum, module by module.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Names of the curricula; cases refer to them by their place.
    pub curricula: Vec<String>,
    /// The cases.
    pub cases: Vec<Case>,
}

/// A curriculum with what is known of it before anything is run.
#[derive(Debug)]
pub struct Planned<'a> {
    /// The curriculum.
    pub curriculum: &'a Curriculum,
    /// Its project.
    pub project: &'a Project,
    /// What lint found.
    pub findings: &'a [Diagnostic],
    /// Whether an error of a rule makes running pointless.
    pub blocks_running: fn(&str) -> bool,
    /// The modules that were asked for; `None` for all.
    pub only: Option<&'a BTreeSet<ModuleId>>,
}

impl Plan {
    /// Adds the cases of a curriculum.
    pub fn add(&mut self, planned: &Planned<'_>) {
        let index = self.curricula.len();
        self.curricula.push(planned.curriculum.name());
        let Some(manifest) = &planned.curriculum.manifest else {
            return;
        };
        let planner = Planner {
            planned,
            index,
            name: planned.curriculum.name(),
        };
        let complete = LazyLock::new(|| {
            let solved = State::Complete.solved_modules(planned.curriculum);
            Arc::new(planned.project.build(&solved))
        });
        let mut seen = BTreeSet::new();
        let wanted: Vec<_> = manifest
            .value
            .module_ids()
            .filter(|(id, _)| planned.only.is_none_or(|only| only.contains(*id)))
            .filter(|(id, _)| seen.insert((*id).clone()))
            .collect();
        let cases: Vec<_> = wanted
            .into_par_iter()
            .map(
                |(id, pointer)| match planned.curriculum.module(id.as_str()) {
                    Some(module) => {
                        let mut cases = Vec::new();
                        planner.module(module, &complete, &mut cases);
                        cases
                    }
                    None => vec![planner.missing_module(id, manifest.at(&pointer))],
                },
            )
            .collect();
        self.cases.extend(cases.into_iter().flatten());
    }

    /// Keeps the cases that `is_wanted` says, and those without which they can't be judged.
    pub fn retain(&mut self, is_wanted: impl Fn(&str) -> bool) {
        let needed: Vec<_> = self
            .cases
            .iter()
            .filter(|case| is_wanted(&case.id))
            .flat_map(|case| {
                let kinds = case.kind.needs().into_iter();
                kinds.map(|kind| (case.curriculum, case.module.clone(), kind))
            })
            .collect();
        self.cases.retain(|case| {
            let key = (case.curriculum, case.module.clone(), case.kind.clone());
            is_wanted(&case.id) || needed.contains(&key)
        });
    }

    /// How many cases each module has, in order; named as `curriculum/module`.
    pub fn modules(&self) -> Vec<(String, usize)> {
        let mut modules: Vec<(String, usize)> = Vec::new();
        for case in &self.cases {
            let name = format!("{}/{}", self.curricula[case.curriculum], case.module);
            match modules.last_mut() {
                Some((last, cases)) if *last == name => *cases += 1,
                _ => modules.push((name, 1)),
            }
        }
        modules
    }

    /// For each case the earlier one that runs the same, if there is one.
    pub fn twins(&self) -> Vec<Option<usize>> {
        let mut first = HashMap::new();
        self.cases
            .iter()
            .enumerate()
            .map(|(index, case)| {
                let key = (case.curriculum, case.input.as_ref().ok()?.key());
                let earlier = *first.entry(key).or_insert(index);
                (earlier != index).then_some(earlier)
            })
            .collect()
    }
}

struct Planner<'a> {
    planned: &'a Planned<'a>,
    index: usize,
    name: String,
}

/// What the cases of a module have in common.
struct ModuleCases<'a> {
    planner: &'a Planner<'a>,
    module: &'a Module,
    build: &'a Build,
    /// Why none of them can be run.
    blocked: Option<NotRun>,
    solved: Solved<'a>,
}

impl Planner<'_> {
    fn module(&self, module: &Module, complete: &Arc<Tree>, cases: &mut Vec<Case>) {
        let Some(manifest) = &module.manifest else {
            // What the module would run can't be told, but that it runs nothing must be.
            let not_run = self.finding_in(&module.shown, "module.yaml");
            cases.push(self.case(
                module,
                CaseKind::Reference,
                Location::path(&module.shown),
                Err(not_run),
                Expectation::Passes,
            ));
            return;
        };
        let Some(build) = &manifest.value.build else {
            return;
        };
        let solved = State::Solved(&module.id).solved_modules(self.planned.curriculum);
        let own = ModuleCases {
            planner: self,
            module,
            build,
            blocked: self.blocked(&format!("{}/module.yaml", module.shown)),
            solved,
        };
        let reference = Arc::new(self.planned.project.build(&own.solved));
        let starter = State::Starter(&module.id).solved_modules(self.planned.curriculum);
        let starter = Arc::new(self.planned.project.build(&starter));
        let starter_fails = Expectation::Fails {
            initially_passing: build
                .initially_passing
                .iter()
                .map(ToString::to_string)
                .collect(),
            edit: build.edit.iter().map(ToString::to_string).collect(),
        };
        let validator = module.at("/build/validator");
        cases.push(own.case(
            CaseKind::Reference,
            &validator,
            Ok(&reference),
            Expectation::Passes,
        ));
        cases.push(own.case(
            CaseKind::Complete,
            &validator,
            Ok(complete),
            Expectation::Passes,
        ));
        cases.push(own.case(
            CaseKind::Starter,
            &module.at("/build"),
            Ok(&starter),
            starter_fails,
        ));
        let variants: Vec<_> = module
            .variants
            .iter()
            .map(|variant| (variant, own.variant_tree(variant)))
            .collect();
        for (variant, tree) in &variants {
            let kind = CaseKind::Variant(variant.name.clone());
            let location = Location::path(&variant.shown);
            let tree = tree.as_ref().map_err(Clone::clone);
            cases.push(own.case(kind, &location, tree, Expectation::Passes));
        }
        // All rewrites of a tree share what was parsed of it.
        let parsed = ParsedTree::new(&reference);
        let parsed_variants: Vec<_> = variants
            .iter()
            .map(|(variant, tree)| {
                let tree = tree.as_ref().map_err(Clone::clone);
                (
                    *variant,
                    tree.map(|tree| ParsedTree::similar_to(tree, &parsed)),
                )
            })
            .collect();
        for bug in &module.bugs {
            own.bug(bug, &parsed, &parsed_variants, cases);
        }
    }

    /// What stands for the cases of a module that is listed and not there.
    fn missing_module(&self, id: &ModuleId, location: Location) -> Case {
        let kind = CaseKind::Reference;
        Case {
            id: format!("{}/{id}/{kind}", self.name),
            curriculum: self.index,
            module: id.clone(),
            kind,
            is_draft: false,
            is_pulled_in: false,
            baseline: None,
            location,
            input: Err(NotRun {
                rule: MODULE_WITHOUT_FOLDER,
                message: format!("there is no folder `modules/{id}`"),
            }),
            expectation: Expectation::Passes,
        }
    }

    fn case(
        &self,
        module: &Module,
        kind: CaseKind,
        location: Location,
        input: Result<CaseInput, NotRun>,
        expectation: Expectation,
    ) -> Case {
        Case {
            id: format!("{}/{}/{kind}", self.name, module.id),
            curriculum: self.index,
            module: module.id.clone(),
            kind,
            is_draft: module.is_draft(),
            is_pulled_in: false,
            baseline: build_of(module)
                .and_then(|build| build.baseline_seconds)
                .map(Seconds::duration),
            location,
            input,
            expectation,
        }
    }

    /// Why nothing that `file` decides can be run: an error in it, in the manifest or in the
    /// project, of a rule that makes running pointless.
    fn blocked(&self, file: &str) -> Option<NotRun> {
        let curriculum = self.planned.curriculum;
        let decides = |finding: &&Diagnostic| {
            let path = finding.location.shown_path();
            let inner = curriculum.inner_path(path).unwrap_or(path);
            path == file || inner == MANIFEST || inner.starts_with("project/")
        };
        self.planned
            .findings
            .iter()
            .filter(|finding| finding.severity == Severity::Error)
            .filter(|finding| (self.planned.blocks_running)(finding.rule))
            .find(decides)
            .map(not_run)
    }

    /// The finding because of which a file of a module could not be loaded.
    fn finding_in(&self, dir: &str, file: &str) -> NotRun {
        let path = format!("{dir}/{file}");
        let found = self
            .planned
            .findings
            .iter()
            .find(|it| it.location.shown_path() == path);
        found.map_or_else(
            || NotRun {
                rule: SCHEMA_VIOLATION,
                message: format!("`{file}` can't be read"),
            },
            not_run,
        )
    }
}

fn build_of(module: &Module) -> Option<&Build> {
    module.manifest.as_ref()?.value.build.as_ref()
}

fn not_run(finding: &Diagnostic) -> NotRun {
    NotRun {
        rule: finding.rule,
        message: finding.message.clone(),
    }
}

type ParsedVariant<'a> = (&'a Variant, Result<ParsedTree<'a>, NotRun>);

impl ModuleCases<'_> {
    fn case(
        &self,
        kind: CaseKind,
        location: &Location,
        tree: Result<&Arc<Tree>, NotRun>,
        expectation: Expectation,
    ) -> Case {
        let input = match (&self.blocked, tree) {
            (Some(not_run), _) => Err(not_run.clone()),
            (None, Err(not_run)) => Err(not_run),
            (None, Ok(tree)) => Ok(CaseInput::new(self.build, tree)),
        };
        self.planner
            .case(self.module, kind, location.clone(), input, expectation)
    }

    fn variant_tree(&self, variant: &Variant) -> Result<Arc<Tree>, NotRun> {
        match self.planner.planned.project.with_variant(variant) {
            Ok(project) => Ok(Arc::new(project.build(&self.solved))),
            Err(findings) => Err(findings.first().map_or_else(
                || NotRun {
                    rule: MISSING_FILE,
                    message: "the variant can't be read".to_owned(),
                },
                not_run,
            )),
        }
    }

    fn bug(
        &self,
        bug: &Bug,
        reference: &ParsedTree<'_>,
        variants: &[ParsedVariant<'_>],
        cases: &mut Vec<Case>,
    ) {
        let kind = |injection| CaseKind::Bug {
            bug: bug.id.clone(),
            injection,
        };
        let Some(document) = &bug.document else {
            let (dir, file) = bug.shown.rsplit_once('/').unwrap_or(("", &bug.shown));
            let not_run = self.planner.finding_in(dir, file);
            let location = Location::path(&bug.shown);
            let expectation = Expectation::Passes;
            cases.push(self.case(kind(Injection::Patch), &location, Err(not_run), expectation));
            return;
        };
        let location = document.at("/expect");
        let expected = bug_expectation(&document.value);
        let blocked = self.planner.blocked(&bug.shown);
        let mut push = |injection, is_lenient, tree: Result<Tree, NotRun>| {
            let (expectation, tree) = match (&expected, &blocked) {
                (_, Some(not_run)) | (Err(not_run), None) => {
                    (Expectation::Passes, Err(not_run.clone()))
                }
                (Ok(expected), None) => {
                    let expected = BugExpectation {
                        is_lenient,
                        ..expected.clone()
                    };
                    (Expectation::Bug(expected), tree.map(Arc::new))
                }
            };
            let tree = tree.as_ref().map_err(Clone::clone);
            cases.push(self.case(kind(injection), &location, tree, expectation));
        };
        if document.value.inject.patch.is_some() {
            push(Injection::Patch, false, patched(bug, document, reference));
        }
        let Some(rewrite) = &document.value.inject.rewrite else {
            return;
        };
        let compiled = CompiledRewrite::compile(rewrite);
        let rewritten = |tree: &ParsedTree<'_>| {
            let compiled = compiled.as_ref().map_err(refused)?;
            compiled.apply_to(tree).map_err(|error| refused(&error))
        };
        push(Injection::Rewrite, false, rewritten(reference));
        for (variant, tree) in variants {
            if rewrite.not_applicable.contains_key(&variant.name) {
                continue;
            }
            let tree = tree.as_ref().map_err(Clone::clone).and_then(rewritten);
            push(Injection::RewriteOn(variant.name.clone()), true, tree);
        }
    }
}

fn patched(
    bug: &Bug,
    document: &Loaded<BugManifest>,
    reference: &ParsedTree<'_>,
) -> Result<Tree, NotRun> {
    let Some(source) = &bug.patch else {
        let name = document
            .value
            .inject
            .patch
            .as_ref()
            .map_or("patch", |name| name.as_str());
        return Err(NotRun {
            rule: MISSING_FILE,
            message: format!("`{name}` can't be read"),
        });
    };
    Patch::parse(source)
        .and_then(|patch| patch.apply_to(reference))
        .map_err(|finding| not_run(&finding))
}

fn refused(error: &RewriteError) -> NotRun {
    NotRun {
        rule: error.rule,
        message: error.message.clone(),
    }
}

fn bug_expectation(bug: &BugManifest) -> Result<BugExpectation, NotRun> {
    BugExpectation::new(&bug.expect).map_err(|message| NotRun {
        rule: INVALID_MESSAGE_PATTERN,
        message,
    })
}
