//! Rules that find the same change where other solutions say it in another way.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::candidate::{Anchor, Candidates, is_looser};
use super::generalise::Opened;
use super::known;
use super::level::is_atom;
use super::spelling;
use super::surroundings::object;
use crate::source::python::Syntax;

impl Candidates<'_> {
    /// A rule for several ways to write the same expression.
    pub(super) fn add_spelled(&mut self, anchor: &Anchor<'_>, opened: &Opened) {
        let [pattern] = &opened.old[..] else {
            return;
        };
        if opened.weight == 0 || anchor.is_list() || is_atom(&anchor.hunk.taken_out()[0]) {
            return;
        }
        let others = spelling::others(pattern, self.change.imports);
        if others.patterns.is_empty() {
            return;
        }
        let mut constraints = Map::new();
        if let Some(receiver) = others.receiver {
            let library = self.change.imports.library.unwrap_or_default();
            constraints.insert(receiver, json!({"not": {"regex": format!("^{library}$")}}));
        }
        let all = std::iter::once(pattern.clone()).chain(others.patterns);
        let any: Vec<_> = all.map(|pattern| json!({"pattern": pattern})).collect();
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

    /// A rule for a condition that is taken from around some statements: where others leave the function, or go
    /// on with a loop, unless it holds, there is nothing else to take out.
    pub(super) fn add_guard(&mut self, anchor: &Anchor<'_>, opened: &Opened) {
        let [pattern] = &opened.old[..] else {
            return;
        };
        let Some(condition) = pattern
            .strip_prefix("if ")
            .and_then(|rest| rest.strip_suffix(&format!(":\n    {}", opened.new)))
            .filter(|_| opened.new.starts_with("$$$"))
        else {
            return;
        };
        let (same, opposite) = spelling::conditions(condition);
        let mut any: Vec<Value> = Vec::new();
        for condition in same {
            any.push(json!({"pattern": format!("if {condition}:\n    {}", opened.new)}));
        }
        let is_loop = |node: &Syntax| matches!(&*node.kind, "for_statement" | "while_statement");
        let is_in_loop = anchor.hunk.above.iter().any(|(node, _)| is_loop(node));
        let leave = if is_in_loop { "continue" } else { "return $_" };
        for condition in opposite {
            any.push(json!({"pattern": format!("if {condition}:\n    {leave}")}));
        }
        let extra = 30 + 15 * any.len();
        let rule = object(json!({"any": any}));
        self.push(rule, json!(opened.new), opened, extra);
    }

    /// Rules for a change around values that stay, where only what they are made by is told.
    pub(super) fn add_called(&mut self, opened: &Opened) {
        let [pattern] = &opened.old[..] else {
            return;
        };
        for (name, function) in &opened.calls {
            let regexes = std::iter::once(known::callee(function));
            for (at, regex) in regexes.chain(known::callee_or_alike(function)).enumerate() {
                let call = json!({"kind": "call", "has": {"field": "function", "regex": regex}});
                let constraints = object(json!({name.clone(): call}));
                let mut opened = opened.clone();
                // The call and its function tell the place as well.
                opened.weight += 2;
                self.push_constrained(
                    object(json!({"pattern": pattern})),
                    json!(opened.new),
                    constraints,
                    &opened,
                    50 + 15 * at,
                );
            }
        }
    }

    /// A rule for variables only, where an expression in their place is something else.
    pub(super) fn add_of_variables(&mut self, anchor: &Anchor<'_>, opened: &Opened) {
        let [pattern] = &opened.old[..] else {
            return;
        };
        if opened.weight == 0 || opened.variables.is_empty() {
            return;
        }
        let is_variable: BTreeMap<_, _> = opened
            .variables
            .values()
            .map(|name| (name, json!({"kind": "identifier"})))
            .collect();
        self.push_constrained(
            object(json!({"pattern": pattern})),
            json!(opened.new),
            object(json!(is_variable)),
            opened,
            30 + 20 * is_variable.len() + 30 * anchor.outer,
        );
    }
}
