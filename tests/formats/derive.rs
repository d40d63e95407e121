//! Rules that are derived from the patches of all curricula, held against the patches and the rules that were
//! written by hand.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use mastery::curriculum::document::Rewrite;
use mastery::curriculum::id::VariantName;
use mastery::curriculum::{self, Bug, Curriculum, Module};
use mastery::diagnostic::Sink;
use mastery::inject::derive::{Derived, Underivable, derive, yaml};
use mastery::inject::patch::Patch;
use mastery::inject::rewrite::CompiledRewrite;
use mastery::project::Project;
use mastery::project::state::State;
use mastery::source::python;
use mastery::source::tree::Tree;

/// A bug that has both a patch and a rewrite.
struct Both<'a> {
    module: &'a Module,
    bug: &'a Bug,
    by_hand: &'a Rewrite,
    before: Tree,
    after: Tree,
    variants: Vec<(&'a VariantName, Tree)>,
}

impl<'a> Both<'a> {
    fn all_of(curriculum: &'a Curriculum, project: &Project) -> Vec<Self> {
        let modules = curriculum.modules.iter();
        let bugs = modules.flat_map(|module| module.bugs.iter().map(move |bug| (module, bug)));
        bugs.filter_map(|(module, bug)| {
            let by_hand = bug.document.as_ref()?.value.inject.rewrite.as_ref()?;
            let patch = Patch::parse(bug.patch.as_ref()?).unwrap();
            let solved = State::Solved(&module.id).solved_modules(curriculum);
            let before = project.build(&solved);
            let variants = module.variants.iter();
            Some(Self {
                module,
                bug,
                by_hand,
                after: patch.apply(&before).unwrap(),
                before,
                variants: variants
                    .map(|variant| {
                        (
                            &variant.name,
                            project.with_variant(variant).unwrap().build(&solved),
                        )
                    })
                    .collect(),
            })
        })
        .collect()
    }

    fn derive(&self) -> Result<Derived, Underivable> {
        self.derive_but(&BTreeSet::new())
    }

    fn derive_but(&self, excluded: &BTreeSet<VariantName>) -> Result<Derived, Underivable> {
        let variants: Vec<_> = self
            .variants
            .iter()
            .map(|(name, tree)| (*name, tree))
            .collect();
        derive(&self.before, &self.after, &variants, excluded)
    }
}

fn load(dir: &str) -> (Curriculum, Project) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join(dir);
    let curriculum = curriculum::load(&dir, &dir, &Sink::new());
    let project = Project::parse(&curriculum).0;
    (curriculum, project)
}

fn syntax(tree: &Tree, path: &str) -> python::Syntax {
    let text = tree.get(path).unwrap().text().unwrap();
    python::Module::parse(text).syntax().unwrap().root
}

/// Every bug that has a rule by hand has a derived one that does what the patch does. The snapshots show
/// the rules, and in which variants they find a place.
#[test]
fn rules_are_derived_from_the_patches_of_all_curricula() {
    for name in ["cs336_a1", "foundations"] {
        let (curriculum, project) = load(&format!("curricula/{name}"));
        let mut told = String::new();
        for both in Both::all_of(&curriculum, &project) {
            writeln!(told, "{}/{}:", both.module.id, both.bug.id).unwrap();
            let derived = match both.derive() {
                Ok(derived) => derived,
                Err(reason) => {
                    writeln!(told, "  # {reason}").unwrap();
                    continue;
                }
            };
            let compiled = CompiledRewrite::compile(&derived.rewrite).unwrap();
            let result = compiled.apply(&both.before).unwrap();
            let path = derived.rewrite.path.as_str();
            assert_eq!(
                syntax(&result, path),
                syntax(&both.after, path),
                "{}",
                both.bug.id
            );
            told.push_str(&yaml::lines(&derived.rewrite, 2));
            for (variant, _) in &both.variants {
                let is_match = derived.matches.contains(variant);
                let found = if is_match { "found" } else { "not found" };
                let is_excused = both.by_hand.not_applicable.contains_key(*variant);
                let by_hand = if is_excused { " nor by hand" } else { "" };
                let by_hand = if is_match && is_excused {
                    ", by hand not"
                } else {
                    by_hand
                };
                writeln!(told, "  # {variant}: {found}{by_hand}").unwrap();
            }
        }
        insta::assert_snapshot!(format!("derived_from_{name}"), told);
    }
}

/// A variant in which a rule makes another fault does not keep it from the others.
#[test]
fn a_rule_leaves_alone_what_it_is_told_to() {
    let (curriculum, project) = load("curricula/foundations");
    let all = Both::all_of(&curriculum, &project);
    let both = all.iter().find(|it| it.bug.id.as_str() == "never_returns");
    let variant = |name: &str| VariantName::try_from(name).unwrap();
    let excluded = [variant("first_and_count")].into();
    let derived = both.unwrap().derive_but(&excluded).unwrap();
    assert_eq!(derived.matches, [variant("recursive")]);
    insta::assert_snapshot!(yaml::lines(&derived.rewrite, 2));
}

/// Writes a copy of each curriculum with derived rules in place of those by hand, for `mastery verify COPY --case
/// '*/bug/*'`: whether the faults are the same is for runs to tell.
#[test]
#[ignore = "writes the copies to the folder that DERIVED_COPIES names"]
fn copies_with_derived_rules_are_written() {
    let copies = std::env::var("DERIVED_COPIES").unwrap();
    for name in ["cs336_a1", "foundations"] {
        let (curriculum, project) = load(&format!("curricula/{name}"));
        for both in Both::all_of(&curriculum, &project) {
            let file = Path::new(&copies).join(name).join(format!(
                "modules/{}/bugs/{}.yaml",
                both.module.id, both.bug.id
            ));
            let text = fs::read_to_string(&file).unwrap();
            let begin = text.find("  rewrite:\n").unwrap() + "  rewrite:\n".len();
            let end = begin + text[begin..].find("\nsymptom:").unwrap() + 1;
            let mut derived = both.derive().unwrap();
            for (variant, error) in &derived.misses {
                let reason = serde_json::from_value(serde_json::json!(error.message)).unwrap();
                derived
                    .rewrite
                    .not_applicable
                    .insert(variant.clone(), reason);
            }
            let lines = yaml::lines(&derived.rewrite, 4);
            fs::write(&file, format!("{}{lines}{}", &text[..begin], &text[end..])).unwrap();
        }
    }
}
