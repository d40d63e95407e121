//! Tries every injection once, for all rules that ask what comes of it.

use std::collections::BTreeSet;

use rayon::prelude::*;

use crate::curriculum::document::BugManifest;
use crate::curriculum::id::{FilePath, VariantName};
use crate::curriculum::{Bug, Curriculum, Loaded, Module};
use crate::diagnostic::{Diagnostic, Location};
use crate::inject::parsed::ParsedTree;
use crate::inject::patch::Patch;
use crate::inject::rewrite::{CompiledRewrite, RewriteError};
use crate::project::Project;
use crate::project::state::State;
use crate::source::tree::Tree;

/// A module's bugs, each tried on its solutions.
#[derive(Debug)]
pub struct TriedModule<'a> {
    /// The module.
    pub module: &'a Module,
    /// Its solved state, with the reference: the files that it edits or that a bug changes, and no others,
    /// for all files of all solved states would be too many.
    pub solved: Tree,
    /// Its bugs that could be read, sorted by id.
    pub bugs: Vec<TriedBug<'a>>,
}

/// A bug, and what comes of it.
#[derive(Debug)]
pub struct TriedBug<'a> {
    /// The bug.
    pub bug: &'a Bug,
    /// Its file.
    pub document: &'a Loaded<BugManifest>,
    /// The solved state with the patch, or why there is none; `None` for a bug without a patch.
    pub patched: Option<Result<Tree, Box<Diagnostic>>>,
    /// The solved state with the rewrite, or why there is none; `None` for a bug without a rewrite.
    pub rewritten: Option<Result<Tree, Box<Diagnostic>>>,
    /// The rewrite on each variant; empty where it does not even work on the reference: the variants
    /// would say the same again.
    pub variants: Vec<TriedVariant<'a>>,
}

impl TriedBug<'_> {
    /// The trees that a learner may be given.
    pub fn trees(&self) -> impl Iterator<Item = &Tree> {
        let results = [&self.patched, &self.rewritten];
        results
            .into_iter()
            .flatten()
            .filter_map(|result| result.as_ref().ok())
    }
}

/// A variant, and what comes of a rewrite on it.
#[derive(Debug)]
pub struct TriedVariant<'a> {
    /// Its name.
    pub name: &'a VariantName,
    /// Whether it stands under `not_applicable`.
    pub is_excused: bool,
    /// Whether the rewrite works, or why not.
    pub result: Result<(), Box<Diagnostic>>,
}

/// Tries all injections of a curriculum. None where the marks of its project are wrong: what the solved
/// states are can't be told from them.
pub fn try_all<'a>(curriculum: &'a Curriculum, project: &Project) -> Vec<TriedModule<'a>> {
    if !project.is_sound() {
        return Vec::new();
    }
    let modules = curriculum.modules.par_iter();
    modules
        .filter(|module| !module.bugs.is_empty())
        .map(|module| try_module(curriculum, project, module))
        .collect()
}

fn try_module<'a>(
    curriculum: &Curriculum,
    project: &Project,
    module: &'a Module,
) -> TriedModule<'a> {
    let patches: Vec<_> = module
        .bugs
        .iter()
        .map(|bug| bug.patch.as_ref().map(Patch::parse))
        .collect();
    let paths = changed_files(module, &patches);
    let modules = State::Solved(&module.id).solved_modules(curriculum);
    let solved = project.build_files(paths.iter().copied(), &modules);
    let variants: Vec<_> = module
        .variants
        .iter()
        .filter_map(|variant| {
            // What does not fit is reported by `variant-mismatch`.
            let project = project.with_variant(variant).ok()?;
            Some((
                &variant.name,
                project.build_files(paths.iter().copied(), &modules),
            ))
        })
        .collect();
    let parsed = ParsedTree::new(&solved);
    let parsed_variants: Vec<_> = variants
        .iter()
        .map(|(name, tree)| (*name, ParsedTree::similar_to(tree, &parsed)))
        .collect();
    let bugs = module.bugs.iter().zip(patches).filter_map(|(bug, patch)| {
        let document = bug.document.as_ref()?;
        let mut tried = TriedBug {
            bug,
            document,
            patched: patch.map(|patch| patch?.apply_to(&parsed)),
            rewritten: None,
            variants: Vec::new(),
        };
        try_rewrite(&mut tried, &parsed, &parsed_variants);
        Some(tried)
    });
    let bugs = bugs.collect();
    for (path, parsed) in parsed.parsed() {
        if let Some(file) = project.marked_file(&path) {
            file.look_at(&parsed);
        }
    }
    TriedModule {
        module,
        solved,
        bugs,
    }
}

/// The files that a module edits, and those that its bugs change or mean to.
fn changed_files<'a>(
    module: &'a Module,
    patches: &'a [Option<Result<Patch, Box<Diagnostic>>>],
) -> BTreeSet<&'a str> {
    let manifest = module.manifest.as_ref();
    let build = manifest.and_then(|manifest| manifest.value.build.as_ref());
    let edited = build.into_iter().flat_map(|build| &build.edit);
    let patches = patches.iter().flatten().flatten();
    let patched = patches.flat_map(|patch| patch.paths().map(|(path, _)| path));
    let documents = module.bugs.iter().filter_map(|bug| bug.document.as_ref());
    let rewritten = documents.filter_map(|it| Some(&it.value.inject.rewrite.as_ref()?.path));
    edited
        .chain(patched)
        .chain(rewritten)
        .map(FilePath::as_str)
        .collect()
}

fn try_rewrite<'a>(
    tried: &mut TriedBug<'a>,
    solved: &ParsedTree<'_>,
    variants: &[(&'a VariantName, ParsedTree<'_>)],
) {
    let bug = tried.bug;
    let Some(rewrite) = &tried.document.value.inject.rewrite else {
        return;
    };
    let at = |error: &RewriteError| bug.at(&format!("/inject/rewrite{}", error.pointer));
    let finding = |location: Location, error: &RewriteError, on: &str| {
        let message = format!("{on}{}", error.message);
        Box::new(Diagnostic::error(error.rule, location, message))
    };
    let compiled = match CompiledRewrite::compile(rewrite) {
        Ok(compiled) => compiled,
        Err(error) => {
            tried.rewritten = Some(Err(finding(at(&error), &error, "")));
            return;
        }
    };
    let rewritten = compiled
        .apply_to(solved)
        .map_err(|error| finding(at(&error), &error, ""));
    if rewritten.is_ok() {
        let on_variants = variants.iter().map(|(name, tree)| TriedVariant {
            name,
            is_excused: rewrite.not_applicable.contains_key(*name),
            result: compiled.apply_to(tree).map(drop).map_err(|error| {
                let on = format!("on the variant `{name}`: ");
                finding(at(&error), &error, &on)
            }),
        });
        tried.variants = on_variants.collect();
    }
    tried.rewritten = Some(rewritten);
}
