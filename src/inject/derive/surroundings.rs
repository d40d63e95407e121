//! What a rule says of the code around a change: where names come from, and which statements stand beside it.

use serde_json::{Map, Value, json};

use super::generalise::{Change, Opened};
use super::names;
use super::text::{Mask, written};
use crate::source::python::Syntax;

impl Change<'_> {
    /// A statement beside the change: names of variables are those of the change or any.
    pub(super) fn neighbour(&self, node: &Syntax, opened: &Opened) -> String {
        let (tree, file) = self.before;
        let mut masks = Vec::new();
        self.mask_names(node, None, &mut masks, &|name| {
            let known = opened.variables.get(name);
            known.map_or_else(|| "$_".to_owned(), |name| format!("${name}"))
        });
        written(std::slice::from_ref(node), file, &tree.comments, &masks)
    }

    fn mask_names(
        &self,
        node: &Syntax,
        parent: Option<&Syntax>,
        masks: &mut Vec<Mask>,
        called: &dyn Fn(&str) -> String,
    ) {
        let text = node.text(self.before.1);
        let is_variable = &*node.kind == "identifier"
            && self.scope.is_local(text)
            && parent.is_none_or(|parent| names::is_value(node, parent));
        if is_variable {
            masks.push(Mask {
                range: node.range.clone(),
                text: called(text),
            });
        }
        for child in &node.children {
            self.mask_names(child, Some(node), masks, called);
        }
    }

    /// Returns a rule that finds the names that the fix needs as well; `None` where that can't be said.
    pub(super) fn with_captures(
        &self,
        rule: Map<String, Value>,
        opened: &Opened,
    ) -> Option<Map<String, Value>> {
        let mut captures = Vec::new();
        for (name, metavariable) in &opened.free {
            if let Some(metavariable) = metavariable {
                captures.push(self.capture(name, metavariable, opened)?);
            }
        }
        if captures.is_empty() {
            return Some(rule);
        }
        let mut rule = rule;
        if captures.len() == 1 && !rule.contains_key("inside") {
            rule.insert("inside".to_owned(), captures.remove(0));
            return Some(rule);
        }
        let mut all = vec![Value::Object(rule)];
        all.extend(captures.into_iter().map(|inside| json!({"inside": inside})));
        Some(object(json!({"all": all})))
    }

    /// What a change is inside of when a name of its function is bound to a metavariable.
    fn capture(&self, name: &str, metavariable: &str, opened: &Opened) -> Option<Value> {
        let pattern = format!("${metavariable}");
        if let Some(at) = self
            .scope
            .parameters
            .iter()
            .position(|parameter| parameter == name)
        {
            let any = json!([
                {"kind": "identifier", "pattern": pattern},
                {"kind": "typed_parameter", "has": {"kind": "identifier", "pattern": pattern}},
                {"has": {"field": "name", "pattern": pattern}},
            ]);
            let has = json!({"field": "parameters", "has": {"nthChild": at + 1, "any": any}});
            return Some(json!({"kind": "function_definition", "stopBy": "end", "has": has}));
        }
        let (tree, file) = self.before;
        let mut found = None;
        self.function?.walk(&mut |node| {
            let is_bound = found.is_none()
                && node.field("left").is_some_and(|left| &*left.kind == "identifier" && left.text(file) == name);
            match &*node.kind {
                "assignment" if is_bound => {
                    let mut masks = Vec::new();
                    self.mask_names(node, None, &mut masks, &|other| match opened.variables.get(other) {
                        _ if other == name => pattern.clone(),
                        Some(known) => format!("${known}"),
                        None => "$_".to_owned(),
                    });
                    let text = written(std::slice::from_ref(node), file, &tree.comments, &masks);
                    found = Some(json!({"stopBy": "end", "pattern": text}));
                }
                "for_statement" if is_bound => {
                    found = Some(json!({"stopBy": "end", "kind": "for_statement", "has": {"field": "left", "pattern": pattern}}));
                }
                _ => {}
            }
            found.is_none()
        });
        Some(json!({"kind": "function_definition", "stopBy": "end", "has": found?}))
    }
}

/// A rule for statements side by side: it finds the last and replaces all of them.
pub(super) fn side_by_side(old: &[Syntax], opened: &Opened) -> (Map<String, Value>, Value) {
    let mut rules = old
        .iter()
        .zip(&opened.old)
        .map(|(node, pattern)| statement(node, pattern));
    let first = rules.next().expect("something changes");
    let mut rule = first.clone();
    for mut next in rules {
        next.insert("follows".to_owned(), Value::Object(rule));
        rule = next;
    }
    let start = if old.len() == 2 {
        json!({"kind": &*old[0].kind})
    } else {
        let mut start = first;
        start.insert("stopBy".to_owned(), json!("end"));
        Value::Object(start)
    };
    (rule, json!({"template": opened.new, "expandStart": start}))
}

/// A rule for a statement as a whole, so that what stands beside it can be named.
pub(super) fn statement(node: &Syntax, pattern: &str) -> Map<String, Value> {
    if &*node.kind == "expression_statement" {
        object(json!({"kind": "expression_statement", "has": {"pattern": pattern}}))
    } else {
        object(json!({"pattern": pattern}))
    }
}

/// The entries of an object that was just written.
pub(super) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}
