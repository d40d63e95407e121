//! Which names of a function are its own, and what metavariables are called.

use std::collections::BTreeSet;

use crate::source::python::Syntax;

/// The names of a function that another solution may choose differently.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    /// Its parameters in their order, `self` and `cls` included.
    pub parameters: Vec<String>,
    /// Names that get a value in it, and parameters of functions in it.
    pub locals: BTreeSet<String>,
}

impl Scope {
    /// Reads the names of a function's definition; a file or class has none of its own.
    pub(super) fn of(function: &Syntax, file: &str) -> Self {
        let mut scope = Self::default();
        if let Some(parameters) = function.field("parameters") {
            scope.parameters = parameter_names(parameters, file);
        }
        let mut foreign = BTreeSet::new();
        let own_parameters = function.field("parameters").map(|node| node.range.clone());
        function.walk(&mut |node| {
            match &*node.kind {
                "parameters" | "lambda_parameters"
                    if Some(&node.range) != own_parameters.as_ref() =>
                {
                    scope.locals.extend(parameter_names(node, file));
                }
                "assignment" | "augmented_assignment" | "for_statement" | "for_in_clause" => {
                    if let Some(left) = node.field("left") {
                        targets(left, file, &mut scope.locals);
                    }
                }
                "named_expression" => {
                    if let Some(name) = node.field("name") {
                        targets(name, file, &mut scope.locals);
                    }
                }
                "as_pattern_target" => {
                    for child in &node.children {
                        targets(child, file, &mut scope.locals);
                    }
                }
                "global_statement" | "nonlocal_statement" => {
                    let names = node.children.iter().filter(|child| child.is_named);
                    foreign.extend(names.map(|name| name.text(file).to_owned()));
                }
                _ => {}
            }
            true
        });
        let is_own = |name: &String| !foreign.contains(name) && !scope.parameters.contains(name);
        scope.locals.retain(is_own);
        scope
    }

    /// Whether a name is a variable of the function, and not how it is called from outside.
    pub(super) fn is_local(&self, name: &str) -> bool {
        self.locals.contains(name)
    }

    /// Whether a name is a parameter that a caller gives a value to.
    pub(super) fn is_parameter(&self, name: &str) -> bool {
        !is_receiver(name) && self.parameters.iter().any(|parameter| parameter == name)
    }
}

/// Whether a name stands for the object that a method is called on.
pub(super) fn is_receiver(name: &str) -> bool {
    matches!(name, "self" | "cls")
}

fn parameter_names(parameters: &Syntax, file: &str) -> Vec<String> {
    let name_of = |parameter: &Syntax| {
        let mut name = None;
        // The name comes before annotation and default.
        parameter.walk(&mut |node| {
            if name.is_none() && &*node.kind == "identifier" {
                name = Some(node.text(file).to_owned());
            }
            name.is_none()
        });
        name
    };
    parameters.children.iter().filter_map(name_of).collect()
}

fn targets(node: &Syntax, file: &str, found: &mut BTreeSet<String>) {
    match &*node.kind {
        "identifier" => {
            found.insert(node.text(file).to_owned());
        }
        "pattern_list" | "tuple_pattern" | "list_pattern" | "list_splat_pattern" | "tuple"
        | "list" => {
            for child in &node.children {
                targets(child, file, found);
            }
        }
        _ => {}
    }
}

/// Whether a name that stands below `parent` is a value, and not what an attribute, an argument or a function is called.
pub(super) fn is_value(node: &Syntax, parent: &Syntax) -> bool {
    match &*parent.kind {
        "attribute" => node.field != Some("attribute"),
        "keyword_argument"
        | "function_definition"
        | "class_definition"
        | "default_parameter"
        | "typed_default_parameter" => node.field != Some("name"),
        "call" => node.field != Some("function"),
        "parameters" | "lambda_parameters" | "typed_parameter" | "dotted_name"
        | "aliased_import" | "type" | "global_statement" | "nonlocal_statement"
        | "case_pattern" | "type_parameter" | "argument_list_name" => false,
        _ => true,
    }
}

/// Returns what a metavariable for a node is called: after what it is the value of.
pub(super) fn stem(node: &Syntax, parent: Option<&Syntax>, file: &str) -> String {
    let keyword = parent
        .filter(|parent| &*parent.kind == "keyword_argument")
        .and_then(|parent| parent.field("name"));
    let name = last_name(node).or(keyword).map(|name| name.text(file));
    let named = name.map(upper).filter(|name| !name.is_empty());
    named.unwrap_or_else(|| {
        let general = match &*node.kind {
            "comparison_operator" | "boolean_operator" | "not_operator" => "CONDITION",
            "string" | "concatenated_string" => "TEXT",
            "list" | "tuple" | "list_comprehension" | "generator_expression" => "ITEMS",
            _ => "VALUE",
        };
        general.to_owned()
    })
}

/// The name that says most of what a node is; `None` for operators and the like.
pub(super) fn last_name(node: &Syntax) -> Option<&Syntax> {
    match &*node.kind {
        "identifier" => Some(node),
        "attribute" => node.field("attribute"),
        "call" => last_name(node.field("function")?),
        "subscript" => last_name(node.field("value")?),
        _ => None,
    }
}

/// A name in the letters of metavariables; empty where it has none of them.
fn upper(name: &str) -> String {
    let name = name.trim_matches('_');
    let is_usable = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if is_usable {
        name.to_ascii_uppercase()
    } else {
        String::new()
    }
}
