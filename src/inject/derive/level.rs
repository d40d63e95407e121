//! How much of a change is left open, and which kinds of nodes that is about.

use crate::source::python::Syntax;

/// How much of a change is left open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Level {
    /// Whether calls, attributes and operations that stay become metavariables.
    pub is_compound_open: bool,
    /// Whether numbers, texts and names from outside that stay do.
    pub is_constant_open: bool,
    /// Which parts of what is replaced do.
    pub replaced: Replaced,
    /// Whether the last arguments of a call, and its only ones, may be others.
    pub is_tail_open: bool,
    /// Whether parameters may be called otherwise.
    pub is_parameter_open: bool,
}

/// Which parts of what is replaced become metavariables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Replaced {
    /// Only the names of variables.
    Names,
    /// What has no call or operation in it.
    Atoms,
    /// All operands and arguments.
    Operands,
}

/// All levels, the most general first.
pub(super) fn levels() -> impl Iterator<Item = Level> {
    let kept = [(true, true), (true, false), (false, false)];
    let replaced = [Replaced::Operands, Replaced::Atoms, Replaced::Names];
    kept.into_iter()
        .flat_map(move |(is_compound_open, is_constant_open)| {
            replaced.into_iter().flat_map(move |replaced| {
                [(true, false), (false, false), (true, true), (false, true)].map(
                    move |(is_tail_open, is_parameter_open)| Level {
                        is_compound_open,
                        is_constant_open,
                        replaced,
                        is_tail_open,
                        is_parameter_open,
                    },
                )
            })
        })
}

/// Whether a node has a value.
pub(super) fn is_expression(node: &Syntax) -> bool {
    matches!(
        &*node.kind,
        "identifier"
            | "attribute"
            | "call"
            | "subscript"
            | "binary_operator"
            | "unary_operator"
            | "not_operator"
            | "boolean_operator"
            | "comparison_operator"
            | "conditional_expression"
            | "lambda"
            | "list"
            | "tuple"
            | "dictionary"
            | "set"
            | "list_comprehension"
            | "set_comprehension"
            | "dictionary_comprehension"
            | "generator_expression"
            | "string"
            | "concatenated_string"
            | "integer"
            | "float"
            | "true"
            | "false"
            | "none"
            | "await"
            | "named_expression"
    )
}

/// Whether a node is a name, a number, a text, or an attribute of a name.
pub(super) fn is_atom(node: &Syntax) -> bool {
    match &*node.kind {
        "attribute" => node.field("object").is_some_and(is_atom),
        "identifier" | "string" | "integer" | "float" | "true" | "false" | "none" => true,
        _ => false,
    }
}
