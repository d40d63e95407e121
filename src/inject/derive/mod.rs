//! Derives a rewrite rule from the difference of two files: what an author would write by hand.
//!
//! Rules are made from general to specific and tried: one is taken only where it matches a single place
//! and its result is the changed file. Whether the fault is the same in other solutions is for a run
//! to tell; what can be said here is in which it finds its place.

mod candidate;
mod context;
mod difference;
mod generalise;
mod known;
mod level;
mod names;
mod otherwise;
mod replacement;
mod spelling;
mod state;
mod surroundings;
mod text;
mod trial;
mod underivable;
pub mod yaml;

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::rc::Rc;

use crate::curriculum::document::{Rewrite, RewriteStep};
use crate::curriculum::id::{DottedName, FilePath, VariantName};
use crate::inject::rewrite::{CompiledRewrite, RewriteError};
use crate::source::python::Module;
use crate::source::tree::Tree;

use difference::{Grain, Hunk};
use generalise::Change;
use known::Imports;
use names::Scope;
use state::State;
use trial::{Best, Other, Score, Trial};
pub use underivable::Underivable;

/// Differences in more places are for an author to put into words.
const MAX_STEPS: usize = 8;

/// A rule that makes a change, and where it does.
#[derive(Debug)]
pub struct Derived {
    /// The rule, without excuses.
    pub rewrite: Rewrite,
    /// The variants that it works on, in the order given.
    pub matches: Vec<VariantName>,
    /// The others, each with the reason.
    pub misses: Vec<(VariantName, RewriteError)>,
}

/// Returns a rule that makes `after` from `before`, the solved states of a module, and finds its place in as many
/// variants as possible, and in none of those `excluded`.
///
/// # Errors
///
/// Why an author has to write the rule by hand, or do without one.
pub fn derive(
    before: &Tree,
    after: &Tree,
    variants: &[(&VariantName, &Tree)],
    excluded: &BTreeSet<VariantName>,
) -> Result<Derived, Underivable> {
    let path = changed_file(before, after)?;
    let text = |tree: &Tree| {
        tree.get(&path)
            .and_then(|entry| entry.text().map(str::to_owned))
    };
    let (Some(old), Some(new)) = (text(before), text(after)) else {
        return Err(Underivable::NotInBoth(path));
    };
    if !path.ends_with(".py") {
        return Err(Underivable::OtherLanguage(path));
    }
    let file_path =
        FilePath::try_from(path.as_str()).map_err(|_| Underivable::NotInBoth(path.clone()))?;
    let states = (
        State::parse(&path, &old, "before")?,
        State::parse(&path, &new, "after")?,
    );
    let others: Vec<_> = variants
        .iter()
        .map(|(name, tree)| Other {
            module: tree
                .get(&path)
                .and_then(|entry| Some(Rc::new(Module::parse(entry.text()?)))),
            is_excluded: excluded.contains(*name),
        })
        .collect();
    let deriver = Deriver {
        path: &path,
        imports: Imports::of(&states.0.syntax.root, &old),
        before: states.0,
        after: states.1,
        others,
    };
    let (within, steps) = deriver.derive()?;
    let rewrite = Rewrite {
        path: file_path,
        within,
        steps,
        not_applicable: std::collections::BTreeMap::new(),
    };
    let mut derived = Derived {
        rewrite,
        matches: Vec::new(),
        misses: Vec::new(),
    };
    let no_rule = || Underivable::NoRule {
        path: path.clone(),
        line: 1,
    };
    let compiled = CompiledRewrite::compile(&derived.rewrite).map_err(|_| no_rule())?;
    let result = compiled.apply(before).map_err(|_| no_rule())?;
    let is_made = text(&result).is_some_and(|text| deriver.is_after(&text));
    if !is_made {
        return Err(no_rule());
    }
    for (name, tree) in variants {
        match compiled.apply(tree) {
            Ok(_) if excluded.contains(*name) => {
                return Err(Underivable::NotApart((*name).clone()));
            }
            Ok(_) => derived.matches.push((*name).clone()),
            Err(error) => derived.misses.push(((*name).clone(), error)),
        }
    }
    Ok(derived)
}

/// The one file that two trees have differently.
fn changed_file(before: &Tree, after: &Tree) -> Result<String, Underivable> {
    let paths: BTreeSet<_> = before
        .iter()
        .chain(after.iter())
        .map(|(path, _)| path)
        .collect();
    let mut changed = paths
        .into_iter()
        .filter(|path| before.get(path) != after.get(path));
    let Some(first) = changed.next() else {
        return Err(Underivable::NoDifference);
    };
    match changed.count() {
        0 => Ok(first.to_owned()),
        others => Err(Underivable::SeveralFiles(others + 1)),
    }
}

/// What is known while a rule is looked for.
struct Deriver<'a> {
    path: &'a str,
    /// What the file imports.
    imports: Imports,
    before: State,
    after: State,
    /// The file in each variant.
    others: Vec<Other>,
}

/// A way to make the change, and how well it does.
struct Found {
    steps: Vec<RewriteStep>,
    score: Score,
}

impl Deriver<'_> {
    fn derive(&self) -> Result<(Option<DottedName>, Vec<RewriteStep>), Underivable> {
        let (before, after) = (&self.before.syntax.root, &self.after.syntax.root);
        let hunks = difference::hunks(before, after, Grain::Expressions);
        if hunks.is_empty() {
            return Err(Underivable::NoEffect(self.path.to_owned()));
        }
        if hunks.len() > MAX_STEPS {
            return Err(Underivable::TooManyPlaces {
                path: self.path.to_owned(),
                count: hunks.len(),
            });
        }
        let within = self.symbol_around(&hunks);
        let part = within.as_ref().and_then(|within| self.part_with(within));
        let found = part.as_ref().unwrap_or(self).steps(within.as_ref());
        let steps = found.ok_or_else(|| {
            let first = hunks[0].taken_out().first();
            let start = first.unwrap_or(hunks[0].parent().0).range.start;
            Underivable::NoRule {
                path: self.path.to_owned(),
                line: self.before.module.text()[..start].matches('\n').count() + 1,
            }
        })?;
        Ok((within, steps))
    }

    /// Whether a text is the file after the change.
    fn is_after(&self, text: &str) -> bool {
        let result = Module::parse(text).syntax();
        result.is_some_and(|result| result.root == self.after.syntax.root)
    }

    /// The same for the statement of each file that a symbol is in: nothing else is looked at, and long files take
    /// no longer than short ones. `None` where a file has not exactly one.
    fn part_with(&self, within: &DottedName) -> Option<Self> {
        let symbol = within.as_str().split('.').next()?;
        let others = self.others.iter().map(|other| Other {
            module: other.module.as_ref().map(|module| {
                let syntax = module.syntax();
                let part = syntax.and_then(|syntax| state::part(module, &syntax, symbol));
                part.unwrap_or_else(|| Rc::clone(module))
            }),
            is_excluded: other.is_excluded,
        });
        Some(Self {
            path: self.path,
            imports: self.imports.clone(),
            before: self.before.part(symbol)?,
            after: self.after.part(symbol)?,
            others: others.collect(),
        })
    }

    /// The steps that make the change best; `None` where no rules do.
    fn steps(&self, within: Option<&DottedName>) -> Option<Vec<RewriteStep>> {
        let (before, after) = (&self.before.syntax.root, &self.after.syntax.root);
        let hunks = difference::hunks(before, after, Grain::Expressions);
        let apart = self.step_by_step(within, Grain::Expressions);
        let finer = difference::hunks(before, after, Grain::Arguments);
        let is_finer = finer.len() > hunks.len() && finer.len() <= MAX_STEPS;
        let in_parts = is_finer.then(|| self.step_by_step(within, Grain::Arguments));
        let at_once = (hunks.len() > 1)
            .then(|| difference::merged(&hunks))
            .flatten()
            .and_then(|hunk| {
                let best = self.best(&self.before, &hunk, within, &self.others)?;
                Some(Found {
                    steps: vec![best.candidate.step],
                    score: best.score,
                })
            });
        let best = apart
            .into_iter()
            .chain(in_parts.flatten())
            .chain(at_once)
            .max_by_key(|found| found.score);
        best.map(|found| found.steps)
    }

    /// The smallest function or class that all changes are in, if it is the only one of its name.
    fn symbol_around(&self, hunks: &[Hunk<'_>]) -> Option<DottedName> {
        let file = self.before.module.text();
        let symbols = |hunk: &Hunk<'_>| -> Vec<String> {
            let definitions = hunk.above.iter().filter_map(|(before, after)| {
                let is_definition =
                    matches!(&*before.kind, "function_definition" | "class_definition");
                let name = before.field("name").filter(|_| is_definition)?;
                (Some(name) == after.field("name")).then(|| name.text(file).to_owned())
            });
            definitions.collect()
        };
        let mut shared = symbols(&hunks[0]);
        for hunk in &hunks[1..] {
            let other = symbols(hunk);
            let same = shared
                .iter()
                .zip(&other)
                .take_while(|(one, other)| one == other)
                .count();
            shared.truncate(same);
        }
        while !shared.is_empty() {
            let name = shared.join(".");
            if self.before.module.symbols(&name).len() == 1
                && let Ok(name) = DottedName::try_from(name.as_str())
            {
                return Some(name);
            }
            shared.pop();
        }
        None
    }

    /// Makes the change place by place, each on the file as it is after those before it.
    fn step_by_step(&self, within: Option<&DottedName>, grain: Grain) -> Option<Found> {
        let mut steps = Vec::new();
        let mut cost = 0;
        let (mut is_clear, mut is_specific, mut points) = (true, true, 0);
        let mut current: Option<State> = None;
        let mut others = self.others.clone();
        for _ in 0..=MAX_STEPS {
            let state = current.as_ref().unwrap_or(&self.before);
            let hunks = difference::hunks(&state.syntax.root, &self.after.syntax.root, grain);
            let Some(hunk) = hunks.first() else {
                return Some(Found {
                    steps,
                    score: Score {
                        is_clear,
                        is_specific,
                        points,
                        cost: Reverse(cost),
                    },
                });
            };
            let best = self.best(state, hunk, within, &others)?;
            steps.push(best.candidate.step);
            cost += best.candidate.cost;
            is_specific &= best.score.is_specific;
            is_clear = best.score.is_clear;
            points = best.score.points;
            others = best.others;
            let next = State::of(best.result)?;
            current = Some(next);
        }
        None
    }

    /// The best rule for one hunk of a file.
    fn best(
        &self,
        state: &State,
        hunk: &Hunk<'_>,
        within: Option<&DottedName>,
        others: &[Other],
    ) -> Option<Best> {
        let file = state.module.text();
        let mut definitions = hunk.above.iter().map(|(before, _)| *before);
        let function = definitions.find(|node| &*node.kind == "function_definition");
        let scope = function.map_or_else(Scope::default, |function| Scope::of(function, file));
        let is_listed = matches!(&*hunk.parent().0.kind, "block" | "module");
        let core = match hunk.taken_out() {
            [only] if !is_listed => Some(only.range.clone()),
            _ => None,
        };
        let change = Change {
            before: (&state.syntax, file),
            after: (&self.after.syntax, self.after.module.text()),
            function,
            scope: &scope,
            imports: &self.imports,
            core,
        };
        let expected = hunk.made();
        let within = within.map(DottedName::as_str);
        let trial = Trial::new(&state.module, &expected, within, others)?;
        let mut best: Option<Best> = None;
        for candidate in candidate::candidates(hunk, &change) {
            let Some(tried) = trial.run(candidate) else {
                continue;
            };
            if best.as_ref().is_none_or(|best| tried.score > best.score) {
                // Sorted by cost: nothing that comes later is better than one that works everywhere.
                let Score {
                    is_clear,
                    is_specific,
                    points,
                    ..
                } = tried.score;
                let is_done = is_clear && is_specific && points == trial.most_points();
                best = Some(tried);
                if is_done {
                    break;
                }
            }
        }
        best
    }
}

#[cfg(test)]
mod tests;
