//! Rules that may say what a change does, from a few words of context to whole statements.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::difference::Hunk;
use super::generalise::{Change, Opened};
use super::level::{is_atom, is_expression, levels};
use super::names;
use super::surroundings::{object, side_by_side};
use crate::curriculum::document::RewriteStep;
use crate::source::python::Syntax;

/// Statements further out are not tried: their rules would be long and fit nothing else.
const MAX_OUTER: usize = 2;

/// More than this is not tried.
const MAX_CANDIDATES: usize = 240;

/// A rule, and how it compares with others.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    /// The rule with its fix.
    pub step: RewriteStep,
    /// How long and how odd it is: the less the better.
    pub cost: usize,
    /// Whether it names enough of what it is about to be more than a coincidence elsewhere.
    pub is_specific: bool,
    /// Parameters that the fix takes for granted.
    pub assumed: BTreeSet<String>,
    /// Attributes of the object itself that the fix takes for granted.
    pub attributes: BTreeSet<String>,
}

/// Part of a file that a rule is about.
pub(super) struct Anchor<'t> {
    /// What changes in it.
    pub hunk: Hunk<'t>,
    /// How many statements it is above the smallest one.
    pub outer: usize,
}

impl Anchor<'_> {
    /// Whether it is about statements.
    pub(super) fn is_list(&self) -> bool {
        matches!(&*self.hunk.parent().0.kind, "block" | "module")
    }
}

/// Returns rules for a hunk, each once, the most promising first.
pub(super) fn candidates(hunk: &Hunk<'_>, change: &Change<'_>) -> Vec<Candidate> {
    let mut found = Candidates {
        change,
        list: Vec::new(),
        seen: BTreeSet::new(),
    };
    let anchors = anchors(hunk);
    for anchor in &anchors {
        for level in levels() {
            let opened = change.open(anchor.hunk.taken_out(), anchor.hunk.put_in(), level);
            found.add_plain(anchor, &opened);
            found.add_spelled(anchor, &opened);
            found.add_guard(anchor, &opened);
            found.add_called(&opened);
            found.add_of_variables(anchor, &opened);
            found.add_in_context(anchor, &opened, level);
        }
    }
    found.add_named_value(hunk);
    let mut list = found.list;
    list.sort_by_key(|candidate| candidate.cost);
    list.truncate(MAX_CANDIDATES);
    list
}

/// The parts around a hunk that a rule can be about, the smallest first.
fn anchors<'t>(hunk: &Hunk<'t>) -> Vec<Anchor<'t>> {
    let mut found = Vec::new();
    let mut outer = 0;
    let mut at = Some(hunk.clone());
    while let Some(hunk) = at {
        let is_list = matches!(&*hunk.parent().0.kind, "block" | "module");
        if hunk.taken_out().is_empty() || (is_list && hunk.put_in().is_empty()) {
            let wider = [true, false]
                .into_iter()
                .filter_map(|is_forward| hunk.widened(is_forward));
            found.extend(wider.map(|hunk| Anchor { hunk, outer }));
        } else if is_list || is_whole(&hunk) {
            found.push(Anchor {
                hunk: hunk.clone(),
                outer,
            });
        }
        let is_outermost = hunk.taken_out().iter().any(|node| {
            matches!(
                &*node.kind,
                "function_definition" | "class_definition" | "decorated_definition"
            )
        });
        outer += usize::from(is_list);
        if is_outermost || outer > MAX_OUTER {
            break;
        }
        at = hunk.climbed();
    }
    found
}

/// Whether what changes, before and after, can be written on its own.
fn is_whole(hunk: &Hunk<'_>) -> bool {
    let is_free = |nodes: &[Syntax], parent: &Syntax| {
        nodes.iter().all(|node| {
            let is_part = matches!(
                &*node.kind,
                "assignment" | "augmented_assignment" | "yield" | "ellipsis"
            );
            (is_expression(node) || is_part)
                && (names::is_value(node, parent) || &*parent.kind == "call")
        })
    };
    let (before, after) = hunk.parent();
    is_free(hunk.taken_out(), before) && is_free(hunk.put_in(), after)
}

/// Rules while they are made.
pub(super) struct Candidates<'a> {
    /// What they are about.
    pub change: &'a Change<'a>,
    list: Vec<Candidate>,
    seen: BTreeSet<String>,
}

impl Candidates<'_> {
    /// Adds a rule, unless it is known. `extra` is what its form costs.
    pub(super) fn push(
        &mut self,
        rule: Map<String, Value>,
        fix: Value,
        opened: &Opened,
        extra: usize,
    ) {
        self.push_constrained(rule, fix, Map::new(), opened, extra);
    }

    /// As [`Candidates::push`], with constraints of its metavariables.
    pub(super) fn push_constrained(
        &mut self,
        rule: Map<String, Value>,
        fix: Value,
        constraints: Map<String, Value>,
        opened: &Opened,
        extra: usize,
    ) {
        let Some(rule) = self.change.with_captures(rule, opened) else {
            return;
        };
        let step = RewriteStep {
            rule,
            fix,
            constraints,
        };
        if !self.seen.insert(format!(
            "{:?} {:?} {:?}",
            step.rule, step.fix, step.constraints
        )) {
            return;
        }
        let length: usize = opened.old.iter().map(String::len).sum();
        let lines = opened
            .old
            .iter()
            .map(|old| old.lines().count())
            .sum::<usize>();
        let assumed: BTreeSet<_> = opened
            .free
            .iter()
            .filter(|(_, captured)| captured.is_none())
            .map(|(name, _)| name.clone())
            .collect();
        let captures = opened.free.len() - assumed.len();
        let cost = length
            + opened.new.len() / 2
            + 20 * 3_usize.saturating_sub(opened.weight)
            + 8 * (lines - 1)
            + 40 * captures
            + extra;
        self.list.push(Candidate {
            step,
            cost,
            is_specific: opened.weight >= 2,
            assumed,
            attributes: opened.attributes.clone(),
        });
    }

    /// A rule that is a pattern, or several for statements side by side.
    fn add_plain(&mut self, anchor: &Anchor<'_>, opened: &Opened) {
        if opened.weight == 0 {
            return;
        }
        let old = anchor.hunk.taken_out();
        let extra = 30 * anchor.outer + if is_atom(&old[0]) { 60 } else { 0 };
        if let [pattern] = &opened.old[..] {
            self.push(
                object(json!({"pattern": pattern})),
                json!(opened.new),
                opened,
                extra,
            );
            if is_looser(&anchor.hunk) {
                let bracketed = json!(format!("({})", opened.new));
                self.push(
                    object(json!({"pattern": pattern})),
                    bracketed,
                    opened,
                    extra + 6,
                );
            }
            return;
        }
        let (rule, fix) = side_by_side(old, opened);
        self.push(rule, fix, opened, extra);
    }
}

/// Whether what comes after needs brackets where what was before did not.
pub(super) fn is_looser(hunk: &Hunk<'_>) -> bool {
    let is_operation = |node: &Syntax| {
        matches!(
            &*node.kind,
            "binary_operator"
                | "unary_operator"
                | "not_operator"
                | "boolean_operator"
                | "comparison_operator"
                | "conditional_expression"
                | "lambda"
                | "await"
        )
    };
    match (hunk.taken_out(), hunk.put_in()) {
        ([old], [new]) => {
            is_expression(old) && is_operation(new) && (!is_operation(old) || old.kind != new.kind)
        }
        _ => false,
    }
}
