//! A tree whose Python files are parsed once for all that is injected into it.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use crate::source::python::Module;
use crate::source::tree::Tree;

/// A tree whose Python files are parsed once for all injections.
pub struct ParsedTree<'a> {
    tree: &'a Tree,
    /// A tree with nearly the same files.
    similar: Option<&'a ParsedTree<'a>>,
    modules: RefCell<HashMap<String, Rc<Module>>>,
    /// Texts that injections made and that are Python.
    sound: RefCell<HashSet<String>>,
}

impl<'a> ParsedTree<'a> {
    /// Returns the tree, nothing parsed yet.
    pub fn new(tree: &'a Tree) -> Self {
        Self {
            tree,
            similar: None,
            modules: RefCell::default(),
            sound: RefCell::default(),
        }
    }

    /// As [`ParsedTree::new`], of a tree that is like another: what its files have in common is not parsed
    /// again.
    pub fn similar_to(tree: &'a Tree, other: &'a ParsedTree<'a>) -> Self {
        Self {
            similar: Some(other),
            ..Self::new(tree)
        }
    }

    /// The tree itself.
    pub fn tree(&self) -> &'a Tree {
        self.tree
    }

    /// The file at `path`; `None` when it is not there or no text.
    pub(super) fn module(&self, path: &str) -> Option<Rc<Module>> {
        let known = self.modules.borrow().get(path).cloned();
        known.or_else(|| {
            let text = self.tree.get(path)?.text()?;
            let similar = self.similar.and_then(|similar| similar.module(path));
            let module = Rc::new(match similar {
                Some(similar) => similar.with_text(text),
                None => Module::parse(text),
            });
            let mut modules = self.modules.borrow_mut();
            modules.insert(path.to_owned(), Rc::clone(&module));
            Some(module)
        })
    }

    /// The files that were parsed so far, each with its path.
    pub fn parsed(&self) -> Vec<(String, Rc<Module>)> {
        let modules = self.modules.borrow();
        modules
            .iter()
            .map(|(path, module)| (path.clone(), Rc::clone(module)))
            .collect()
    }

    /// Whether the file at `path` is Python once it has another text.
    pub(super) fn is_python_with(&self, path: &str, text: &str) -> bool {
        if self.is_known_python(text) {
            return true;
        }
        let changed = match self.module(path) {
            Some(module) => module.with_text(text),
            None => Module::parse(text),
        };
        let is_python = changed.error().is_none();
        if is_python {
            self.sound.borrow_mut().insert(text.to_owned());
        }
        is_python
    }

    /// Whether a text was found to be Python before.
    pub(super) fn is_known_python(&self, text: &str) -> bool {
        self.sound.borrow().contains(text)
    }
}
