//! Rules that find a change by what stands around it.

use serde_json::{Value, json};

use super::candidate::{Anchor, Candidates};
use super::difference::Hunk;
use super::generalise::Opened;
use super::known;
use super::level::{Level, levels};
use super::surroundings::{object, statement};

impl Candidates<'_> {
    /// As [`Candidates::add_plain`], only where something else stands around or beside it.
    pub(super) fn add_in_context(&mut self, anchor: &Anchor<'_>, opened: &Opened, level: Level) {
        let old = anchor.hunk.taken_out();
        let is_list = anchor.is_list();
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
    pub(super) fn add_named_value(&mut self, hunk: &Hunk<'_>) {
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
                let regexes = std::iter::once(known::callee(callee));
                for regex in regexes.chain(known::callee_or_alike(callee)) {
                    inside["inside"] = json!({"kind": "argument_list", "inside": {"kind": "call", "has": {"field": "function", "regex": regex}}});
                    variants.push(inside.clone());
                }
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
