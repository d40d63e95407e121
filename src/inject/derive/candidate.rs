//! Rules that may say what a change does, from a few words of context to whole statements.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::difference::Hunk;
use super::generalise::{Change, Opened};
use super::level::{Level, is_atom, is_expression, levels};
use super::names;
use super::spelling;
use super::surroundings::{object, side_by_side, statement};
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
struct Anchor<'t> {
    hunk: Hunk<'t>,
    /// How many statements it is above the smallest one.
    outer: usize,
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

struct Candidates<'a> {
    change: &'a Change<'a>,
    list: Vec<Candidate>,
    seen: BTreeSet<String>,
}

impl Candidates<'_> {
    fn push(&mut self, rule: Map<String, Value>, fix: Value, opened: &Opened, extra: usize) {
        self.push_constrained(rule, fix, Map::new(), opened, extra);
    }

    fn push_constrained(
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
        if !self.seen.insert(format!("{:?} {:?}", step.rule, step.fix)) {
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

    /// A rule for several ways to write the same expression.
    fn add_spelled(&mut self, anchor: &Anchor<'_>, opened: &Opened) {
        let [pattern] = &opened.old[..] else {
            return;
        };
        let is_expression = !matches!(&*anchor.hunk.parent().0.kind, "block" | "module");
        if opened.weight == 0 || !is_expression || is_atom(&anchor.hunk.taken_out()[0]) {
            return;
        }
        let others = spelling::others(pattern, self.change.library);
        if others.is_empty() {
            return;
        }
        let mut constraints = Map::new();
        let mut any = vec![json!({"pattern": pattern})];
        for other in others {
            if let Some(receiver) = other.receiver {
                let library = self.change.library.unwrap_or_default();
                constraints.insert(receiver, json!({"not": {"regex": format!("^{library}$")}}));
            }
            any.push(json!({"pattern": other.pattern}));
        }
        let extra = 30 + 15 * any.len();
        let rule = object(json!({"any": any}));
        let mut fixes = vec![(opened.new.clone(), extra)];
        if is_looser(&anchor.hunk) {
            fixes.push((format!("({})", opened.new), extra + 6));
        }
        for (fix, extra) in fixes {
            self.push_constrained(rule.clone(), json!(fix), constraints.clone(), opened, extra);
        }
    }

    /// As [`Candidates::add_plain`], only where something else stands around or beside it.
    fn add_in_context(&mut self, anchor: &Anchor<'_>, opened: &Opened, level: Level) {
        let old = anchor.hunk.taken_out();
        let is_list = matches!(&*anchor.hunk.parent().0.kind, "block" | "module");
        let mut around = Vec::new();
        for (node, _) in anchor.hunk.above.iter().rev() {
            match &*node.kind {
                "function_definition" | "class_definition" | "module" => break,
                "block" => {}
                kind if kind.ends_with("_statement") || kind.ends_with("_clause") => {
                    around.push(kind);
                }
                _ => {}
            }
        }
        around.dedup();
        around.retain(|kind| !matches!(*kind, "expression_statement" | "return_statement"));
        let ([pattern], [node]) = (&opened.old[..], old) else {
            return;
        };
        if opened.weight > 0 {
            for kind in around {
                let rule = json!({"pattern": pattern, "inside": {"kind": kind, "stopBy": "end"}});
                self.push(
                    object(rule),
                    json!(opened.new),
                    opened,
                    90 + 30 * anchor.outer,
                );
            }
        }
        // Beside what: only for rules that name what they are about.
        if !is_list || level.is_compound_open {
            return;
        }
        let (parent, place) = (anchor.hunk.parent().0, &anchor.hunk.before);
        let mut beside = Vec::new();
        if let Some(previous) = place
            .start
            .checked_sub(1)
            .and_then(|at| parent.children.get(at))
        {
            beside.push(("follows", previous));
        }
        if let Some(next) = parent.children.get(place.end) {
            beside.push(("precedes", next));
        }
        for (relation, neighbour) in beside {
            let text = self.change.neighbour(neighbour, opened);
            if text.lines().count() > 1 {
                continue;
            }
            let mut rule = statement(node, pattern);
            rule.insert(
                relation.to_owned(),
                Value::Object(statement(neighbour, &text)),
            );
            self.push(
                rule,
                json!(opened.new),
                opened,
                60 + text.len() + 30 * anchor.outer,
            );
        }
    }

    /// A rule for the value of a keyword argument or the default of a parameter, wherever it stands.
    fn add_named_value(&mut self, hunk: &Hunk<'_>) {
        let (holder, _) = hunk.parent();
        let ([old], Some(name)) = (hunk.taken_out(), holder.field("name")) else {
            return;
        };
        let is_named = matches!(
            &*holder.kind,
            "keyword_argument" | "default_parameter" | "typed_default_parameter"
        );
        if !is_named || old.field != Some("value") {
            return;
        }
        let file = self.change.before.1;
        let name = name.text(file);
        let mut inside = json!({"kind": &*holder.kind, "field": "value", "has": {"field": "name", "regex": format!("^{name}$")}});
        let mut variants = vec![inside.clone()];
        let call = hunk.above.iter().rev().nth(2).map(|(call, _)| call);
        if let Some(function) = call.and_then(|call| call.field("function")) {
            let callee = function.text(file).rsplit('.').next().unwrap_or_default();
            if callee
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '_')
            {
                let regex = format!("(^|\\.){callee}$");
                inside["inside"] = json!({"kind": "argument_list", "inside": {"kind": "call", "has": {"field": "function", "regex": regex}}});
                variants.push(inside);
            }
        }
        for level in levels() {
            let mut opened = self.change.open(hunk.taken_out(), hunk.put_in(), level);
            // Its name tells the place as well.
            opened.weight += 2;
            for (at, inside) in variants.iter().enumerate() {
                let rule = json!({"pattern": opened.old[0], "inside": inside});
                self.push(object(rule), json!(opened.new), &opened, 50 + 15 * at);
            }
        }
    }
}

/// Whether what comes after needs brackets where what was before did not.
fn is_looser(hunk: &Hunk<'_>) -> bool {
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
