//! Puts metavariables into a change: into what was before, and into what takes its place.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Range;

use super::known::Imports;
use super::level::{Level, Replaced, is_atom, is_expression};
use super::names::{self, Scope};
use super::text::{Mask, written};
use crate::source::python::{Syntax, SyntaxTree};

/// The files of a change, and the names of the function that it is in.
pub(super) struct Change<'a> {
    /// The file before, and its text.
    pub before: (&'a SyntaxTree, &'a str),
    /// The file after, and its text.
    pub after: (&'a SyntaxTree, &'a str),
    /// The outermost function around the change, before; `None` where there is none.
    pub function: Option<&'a Syntax>,
    /// Its names.
    pub scope: &'a Scope,
    /// What the file imports.
    pub imports: &'a Imports,
    /// The bytes before that differ, where nothing but one part of an expression does.
    pub core: Option<Range<usize>>,
}

/// A change with parts of it left open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Opened {
    /// The nodes before, as patterns.
    pub old: Vec<String>,
    /// What takes their place.
    pub new: String,
    /// How many names, constants and operators the patterns name.
    pub weight: usize,
    /// Names of the function that the new text has and the patterns do not find: parameters, and variables with
    /// the metavariables that the new text has in their place.
    pub free: BTreeMap<String, Option<String>>,
    /// Attributes of the object itself that the new text names.
    pub attributes: BTreeSet<String>,
    /// The metavariable of each variable.
    pub variables: BTreeMap<String, String>,
    /// Metavariables of calls that stay, with the function that is called.
    pub calls: BTreeMap<String, String>,
}

impl Change<'_> {
    /// Returns the change of nodes side by side into others, at a level.
    pub(super) fn open(&self, old: &[Syntax], new: &[Syntax], level: Level) -> Opened {
        let (mut kept, mut tails, mut blocks) = (HashSet::new(), Vec::new(), Vec::new());
        for node in new {
            kept.insert(node.digest());
            node.walk(&mut |node| {
                let values = node
                    .children
                    .iter()
                    .filter(|child| names::is_value(child, node));
                kept.extend(values.map(Syntax::digest));
                match &*node.kind {
                    "argument_list" => tails.push(digests(&node.children)),
                    "block" => blocks.push(&node.children[..]),
                    _ => {}
                }
                true
            });
        }
        blocks.push(new);
        let mut opener = Opener {
            change: self,
            level,
            kept,
            tails,
            blocks,
            masks: Vec::new(),
            new_masks: Vec::new(),
            by_digest: HashMap::new(),
            lists: HashMap::new(),
            used: BTreeSet::new(),
            variables: BTreeMap::new(),
            calls: BTreeMap::new(),
            attributes: BTreeSet::new(),
            weight: 0,
        };
        for node in old {
            opener.open_old(node, None, true);
        }
        let free = opener.open_new(new);
        let (tree, file) = self.before;
        opener.masks.sort_by_key(|mask| mask.range.start);
        let old = old
            .iter()
            .map(|node| {
                written(
                    std::slice::from_ref(node),
                    file,
                    &tree.comments,
                    &opener.masks,
                )
            })
            .collect();
        opener
            .new_masks
            .sort_by_key(|mask| (mask.range.start, std::cmp::Reverse(mask.range.end)));
        let new = written(new, self.after.1, &self.after.0.comments, &opener.new_masks);
        Opened {
            old,
            new,
            weight: opener.weight,
            free,
            attributes: opener.attributes,
            variables: opener.variables,
            calls: opener.calls,
        }
    }
}

/// The digests of nodes side by side.
pub(super) fn digests(nodes: &[Syntax]) -> Vec<u64> {
    nodes.iter().map(Syntax::digest).collect()
}

/// A change while its parts are opened.
pub(super) struct Opener<'a> {
    pub change: &'a Change<'a>,
    pub level: Level,
    /// What is after the change, too.
    pub kept: HashSet<u64>,
    /// The arguments of all calls after the change.
    pub tails: Vec<Vec<u64>>,
    /// The statements after the change, block by block.
    pub blocks: Vec<&'a [Syntax]>,
    pub masks: Vec<Mask>,
    pub new_masks: Vec<Mask>,
    /// Metavariables of single nodes.
    pub by_digest: HashMap<u64, String>,
    /// Metavariables of arguments side by side.
    pub lists: HashMap<Vec<u64>, String>,
    /// All metavariables.
    pub used: BTreeSet<String>,
    /// Those of variables, calls and attributes, as in [`Opened`].
    pub variables: BTreeMap<String, String>,
    pub calls: BTreeMap<String, String>,
    pub attributes: BTreeSet<String>,
    /// As in [`Opened`].
    pub weight: usize,
}

impl<'a> Opener<'a> {
    fn file(&self) -> &'a str {
        self.change.before.1
    }

    /// Returns a metavariable that is not used yet.
    pub(super) fn fresh(&mut self, stem: &str) -> String {
        let numbered = (2..).map(|number| format!("{stem}_{number}"));
        let name = std::iter::once(stem.to_owned())
            .chain(numbered)
            .find(|name| !self.used.contains(name))
            .expect("there are always more numbers");
        self.used.insert(name.clone());
        name
    }

    fn open_old(&mut self, node: &Syntax, parent: Option<&Syntax>, is_root: bool) {
        if !is_root && let Some(name) = self.metavariable(node, parent) {
            self.masks.push(Mask {
                range: node.range.clone(),
                text: format!("${name}"),
            });
            return;
        }
        match &*node.kind {
            "argument_list" if !node.is_leaf() => return self.open_arguments(node),
            "block" if self.open_block(node) => return,
            _ => {}
        }
        if node.is_leaf() {
            self.weight += match node.text(self.file()) {
                "self" | "cls" | "=" => 0,
                // Most functions have one.
                "return" => 2,
                _ => 1,
            };
        }
        for child in &node.children {
            self.open_old(child, Some(node), false);
        }
    }

    /// The metavariable that stands for a node; `None` where it is written out.
    fn metavariable(&mut self, node: &Syntax, parent: Option<&Syntax>) -> Option<String> {
        if !node.is_named || parent.is_some_and(|parent| !names::is_value(node, parent)) {
            return None;
        }
        let text = node.text(self.file());
        let scope = self.change.scope;
        let is_name = &*node.kind == "identifier";
        let is_local = is_name && scope.is_local(text);
        let is_parameter = is_name && scope.is_parameter(text);
        let is_kept = self.kept.contains(&node.digest());
        let is_open = if is_local {
            true
        } else if is_parameter {
            // Which one is replaced is what the change is about.
            self.level.is_parameter_open && is_kept
        } else if !is_expression(node) || (is_name && names::is_receiver(text)) {
            false
        } else if is_kept {
            if self.is_constant(node) {
                self.level.is_constant_open
            } else {
                self.level.is_compound_open
            }
        } else {
            self.is_replaced_part(node, parent)
        };
        if !is_open {
            return None;
        }
        if let Some(known) = self.by_digest.get(&node.digest()) {
            return Some(known.clone());
        }
        let stem = names::stem(node, parent, self.file());
        let name = self.fresh(&stem);
        if is_local {
            self.variables.insert(text.to_owned(), name.clone());
        }
        if is_kept
            && &*node.kind == "call"
            && let Some(function) = names::last_name(node)
        {
            let function = function.text(self.file()).to_owned();
            self.calls.insert(name.clone(), function);
        }
        self.by_digest.insert(node.digest(), name.clone());
        Some(name)
    }

    /// Whether a node that is not there any more is left open.
    fn is_replaced_part(&self, node: &Syntax, parent: Option<&Syntax>) -> bool {
        let Some(core) = &self.change.core else {
            return false;
        };
        let is_core = *core == node.range;
        let is_below = core.start <= node.range.start && node.range.end <= core.end && !is_core;
        // What is called is what tells the place.
        let is_argument = parent
            .is_some_and(|parent| matches!(&*parent.kind, "argument_list" | "keyword_argument"));
        match self.level.replaced {
            Replaced::Names => false,
            Replaced::Atoms => is_below && is_atom(node),
            Replaced::Operands => is_below || (is_core && is_argument && is_atom(node)),
        }
    }

    /// Whether a node is the same wherever it stands: a number, a text, a name from outside.
    fn is_constant(&self, node: &Syntax) -> bool {
        let mut root = node;
        while &*root.kind == "attribute"
            && let Some(object) = root.field("object")
        {
            root = object;
        }
        if &*root.kind != "identifier" {
            return root.is_leaf() || &*root.kind == "string";
        }
        let name = root.text(self.file());
        let scope = self.change.scope;
        !(names::is_receiver(name) || scope.is_local(name) || scope.is_parameter(name))
    }

    /// Opens the arguments of a call.
    fn open_arguments(&mut self, list: &Syntax) {
        let own = digests(&list.children);
        let mut open_from = own.len();
        if self.level.is_tail_open {
            let shared = |tail: &Vec<u64>| {
                own.iter()
                    .rev()
                    .zip(tail.iter().rev())
                    .take_while(|(a, b)| a == b)
                    .count()
            };
            let kept = self.tails.iter().map(shared).max().unwrap_or(0);
            let is_below_core =
                self.change.core.as_ref().is_some_and(|core| {
                    core.start <= list.range.start && list.range.end <= core.end
                });
            let is_gone = list
                .children
                .iter()
                .all(|child| !self.kept.contains(&child.digest()));
            if kept > 0 {
                open_from = own.len() - kept;
            } else if is_gone && is_below_core && self.level.replaced == Replaced::Operands {
                open_from = 0;
            }
            // One value alone is clearer as what it is.
            let is_single =
                own.len() - open_from == 1 && &*list.children[open_from].kind != "keyword_argument";
            if is_single {
                open_from = own.len();
            }
        }
        for child in &list.children[..open_from] {
            self.open_old(child, Some(list), false);
        }
        let open = own[open_from..].to_vec();
        if let (Some(first), Some(last)) =
            (list.children[open_from..].first(), list.children.last())
        {
            let name = match self.lists.get(&open) {
                Some(name) => name.clone(),
                None => {
                    let name = self.fresh(if open_from == 0 {
                        "ARGUMENTS"
                    } else {
                        "OTHERS"
                    });
                    self.lists.insert(open, name.clone());
                    name
                }
            };
            let range = first.range.start..last.range.end;
            self.masks.push(Mask {
                range,
                text: format!("$$${name}"),
            });
        }
    }

    /// Opens a block whose statements all stay; whether it is one.
    fn open_block(&mut self, block: &Syntax) -> bool {
        if !self.level.is_compound_open || block.is_leaf() {
            return false;
        }
        let own = digests(&block.children);
        let mut places = Vec::new();
        for statements in &self.blocks {
            for (at, window) in statements.windows(own.len()).enumerate() {
                if digests(window) == own {
                    places.push(&statements[at..at + own.len()]);
                }
            }
        }
        if places.is_empty() {
            return false;
        }
        let name = self.fresh("BODY");
        let whole = |statements: &[Syntax]| -> Range<usize> {
            statements[0].range.start..statements[statements.len() - 1].range.end
        };
        self.masks.push(Mask {
            range: whole(&block.children),
            text: format!("$$${name}"),
        });
        for statements in places {
            self.new_masks.push(Mask {
                range: whole(statements),
                text: format!("$$${name}"),
            });
        }
        true
    }
}
