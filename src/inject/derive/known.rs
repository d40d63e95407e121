//! What is known of libraries of arrays: how they are imported, the order of arguments, and which functions do
//! the work of others.

use std::collections::BTreeSet;

use crate::source::python::Syntax;

/// The names that libraries of arrays are called by.
const LIBRARIES: &[&str] = &["torch", "np", "numpy", "jnp"];

/// Functions that reduce along a dimension.
const REDUCTIONS: &[&str] = &[
    "all",
    "amax",
    "amin",
    "any",
    "argmax",
    "argmin",
    "logsumexp",
    "max",
    "mean",
    "min",
    "prod",
    "sum",
];

/// The arguments of other functions in their order, without the value that they work on.
const SIGNATURES: &[(&str, &[&str])] = &[
    ("clamp", &["min", "max"]),
    ("cumsum", &["dim"]),
    ("gather", &["dim", "index"]),
    ("log_softmax", &["dim"]),
    ("normal_", &["mean", "std"]),
    ("softmax", &["dim"]),
    ("squeeze", &["dim"]),
    ("trunc_normal_", &["mean", "std", "a", "b"]),
    ("unsqueeze", &["dim"]),
];

/// Functions with those that do the same as a part of their work, or on other terms.
const ALIKE: &[(&str, &[&str])] = &[
    ("amax", &["max"]),
    ("amin", &["min"]),
    ("log", &["logsumexp"]),
    ("max", &["amax"]),
    ("min", &["amin"]),
    ("sum", &["logsumexp", "nansum"]),
];

/// What a file imports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Imports {
    /// What it calls its library of arrays; `None` where it has none.
    pub library: Option<&'static str>,
    /// All names in its imports.
    names: BTreeSet<String>,
}

impl Imports {
    /// Reads the imports at the top of a file.
    pub(super) fn of(file: &Syntax, text: &str) -> Self {
        let mut imports = Self::default();
        for statement in &file.children {
            let is_module = &*statement.kind == "import_statement";
            if !is_module && &*statement.kind != "import_from_statement" {
                continue;
            }
            statement.walk(&mut |node| {
                let name = node.text(text);
                if is_module {
                    let library = LIBRARIES.iter().find(|library| **library == name);
                    imports.library = imports.library.or(library.copied());
                }
                if &*node.kind == "identifier" {
                    imports.names.insert(name.to_owned());
                }
                true
            });
        }
        imports
    }

    /// Whether an expression names a module, or something in one.
    pub(super) fn is_module(&self, expression: &str) -> bool {
        let root = expression.split('.').next().unwrap_or_default();
        self.names.contains(root) || is_library(expression)
    }
}

/// Whether a name is that of a library of arrays.
pub(super) fn is_library(name: &str) -> bool {
    LIBRARIES.contains(&name)
}

/// The names of a function's arguments in their order, without the value that it works on; empty where it is not
/// known. `library` tells what dimensions are called.
pub(super) fn signature(function: &str, library: &str) -> &'static [&'static str] {
    if REDUCTIONS.contains(&function) {
        return if library == "torch" {
            &["dim", "keepdim"]
        } else {
            &["axis"]
        };
    }
    let known = SIGNATURES.iter().find(|(name, _)| *name == function);
    known.map_or(&[], |(_, names)| names)
}

/// A regex for what is called, as a method or from a library.
pub(super) fn callee(function: &str) -> String {
    format!("(^|\\.){function}$")
}

/// As [`callee`], for a function and those that do its work; `None` where there are no others.
pub(super) fn callee_or_alike(function: &str) -> Option<String> {
    let (name, others) = ALIKE.iter().find(|(name, _)| *name == function)?;
    Some(format!("(^|\\.)({name}|{})$", others.join("|")))
}

/// For a function whose result is a part of another's: the other, and how the part is written behind it.
pub(super) fn as_part(function: &str) -> Option<(&'static str, [&'static str; 2])> {
    let parts = [".values", "[0]"];
    match function {
        "amax" => Some(("max", parts)),
        "amin" => Some(("min", parts)),
        _ => None,
    }
}
