//! A file before or after a change.

use std::rc::Rc;

use super::underivable::Underivable;
use crate::source::python::{Module, SyntaxTree};

/// Longer files are not looked at: no solution of a module is.
const MAX_FILE_BYTES: usize = 512 * 1024;

/// A file with its syntax.
pub(super) struct State {
    /// The file.
    pub module: Rc<Module>,
    /// Its syntax.
    pub syntax: SyntaxTree,
}

impl State {
    /// Reads the file before or after the change.
    pub(super) fn parse(path: &str, text: &str, state: &'static str) -> Result<Self, Underivable> {
        if text.len() > MAX_FILE_BYTES {
            return Err(Underivable::TooLarge(path.to_owned()));
        }
        let module = Module::parse(text);
        if let Some(place) = module.error() {
            let line = text[..place.start].matches('\n').count() + 1;
            return Err(Underivable::Broken {
                path: path.to_owned(),
                state,
                line,
            });
        }
        Self::of(Rc::new(module)).ok_or_else(|| Underivable::TooLarge(path.to_owned()))
    }

    /// Reads the syntax of a file; `None` where it is nested too deeply.
    pub(super) fn of(module: Rc<Module>) -> Option<Self> {
        let syntax = module.syntax()?;
        Some(Self { module, syntax })
    }

    /// As [`part`], of this file.
    pub(super) fn part(&self, symbol: &str) -> Option<Self> {
        Self::of(part(&self.module, &self.syntax, symbol)?)
    }
}

/// The statement of a file that a symbol of its top level is in, as a file of its own; `None` where there is not
/// exactly one such symbol.
pub(super) fn part(module: &Module, syntax: &SyntaxTree, symbol: &str) -> Option<Rc<Module>> {
    let symbols = module.symbols(symbol);
    let [symbol] = &symbols[..] else {
        return None;
    };
    let mut statements = syntax.root.children.iter();
    let statement =
        statements.find(|it| it.range.start <= symbol.start && symbol.end <= it.range.end)?;
    Some(Rc::new(Module::parse(statement.text(module.text()))))
}
