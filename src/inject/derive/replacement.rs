//! Puts the metavariables of what was before a change into what takes its place.

use std::collections::BTreeMap;
use std::ops::Range;

use super::generalise::{Opener, digests};
use super::names;
use super::text::Mask;
use crate::source::python::Syntax;

impl Opener<'_> {
    /// Puts the metavariables into what comes after; returns the names of the function that have none.
    pub(super) fn open_new(&mut self, new: &[Syntax]) -> BTreeMap<String, Option<String>> {
        let mut free = BTreeMap::new();
        let blocks: Vec<_> = self
            .new_masks
            .iter()
            .map(|mask| mask.range.clone())
            .collect();
        for node in new {
            self.open_new_node(node, None, &blocks, &mut free);
        }
        free
    }

    fn open_new_node(
        &mut self,
        node: &Syntax,
        parent: Option<&Syntax>,
        blocks: &[Range<usize>],
        free: &mut BTreeMap<String, Option<String>>,
    ) {
        if blocks
            .iter()
            .any(|block| block.start <= node.range.start && node.range.end <= block.end)
        {
            return;
        }
        let is_value = node.is_named && parent.is_none_or(|parent| names::is_value(node, parent));
        if is_value && let Some(name) = self.by_digest.get(&node.digest()) {
            self.new_masks.push(Mask {
                range: node.range.clone(),
                text: format!("${name}"),
            });
            return;
        }
        if is_value && &*node.kind == "identifier" {
            let text = node.text(self.change.after.1);
            if self.change.scope.is_local(text) {
                let stem = names::stem(node, None, self.change.after.1);
                let name = self.fresh(&stem);
                self.by_digest.insert(node.digest(), name.clone());
                self.new_masks.push(Mask {
                    range: node.range.clone(),
                    text: format!("${name}"),
                });
                free.insert(text.to_owned(), Some(name));
                return;
            }
            if self.change.scope.is_parameter(text) && !self.level.is_parameter_open {
                free.insert(text.to_owned(), None);
            } else if self.change.scope.is_parameter(text) {
                let name = self.fresh(&names::stem(node, None, self.change.after.1));
                self.by_digest.insert(node.digest(), name.clone());
                self.new_masks.push(Mask {
                    range: node.range.clone(),
                    text: format!("${name}"),
                });
                free.insert(text.to_owned(), Some(name));
                return;
            }
        }
        if &*node.kind == "attribute"
            && let (Some(object), Some(name)) = (node.field("object"), node.field("attribute"))
            && names::is_receiver(object.text(self.change.after.1))
        {
            let name = name.text(self.change.after.1);
            self.attributes.insert(name.to_owned());
        }
        let mut until = node.children.len();
        if &*node.kind == "argument_list" {
            let own = digests(&node.children);
            let tail =
                (0..own.len()).find_map(|from| Some((from, self.lists.get(&own[from..])?.clone())));
            if let Some((from, name)) = tail {
                let range = node.children[from].range.start..node.children[own.len() - 1].range.end;
                self.new_masks.push(Mask {
                    range,
                    text: format!("$$${name}"),
                });
                until = from;
            }
        }
        for child in &node.children[..until] {
            self.open_new_node(child, Some(node), blocks, free);
        }
    }
}
