//! Other ways to write the same expression, for solutions that are spelled otherwise.

use crate::source::python::{Module, Syntax};

/// Stands for the sign of metavariables, which is no letter in Python.
const SIGN: &str = "µ";

/// Another way to write a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spelling {
    /// The pattern.
    pub pattern: String,
    /// A metavariable that now may stand for a library, which would be another expression.
    pub receiver: Option<String>,
}

/// Returns other patterns with the same metavariables for the same value: a comparison the other way round, a
/// function as a method and the reverse, a root as a power. `library` is what the file calls its library
/// of arrays; `None` where it has none.
pub(super) fn others(pattern: &str, library: Option<&str>) -> Vec<Spelling> {
    let text = pattern.replace('$', SIGN);
    let module = Module::parse(&text);
    let (None, Some(syntax)) = (module.error(), module.syntax()) else {
        return Vec::new();
    };
    let [statement] = &syntax.root.children[..] else {
        return Vec::new();
    };
    let [expression] = &statement.children[..] else {
        return Vec::new();
    };
    let found = match &*expression.kind {
        "comparison_operator" => mirrored(expression, &text),
        "call" => calls(expression, &text, library),
        _ => Vec::new(),
    };
    let shown = |text: String| text.replace(SIGN, "$");
    found
        .into_iter()
        .map(|spelling| Spelling {
            pattern: shown(spelling.pattern),
            receiver: spelling.receiver,
        })
        .collect()
}

/// The names that libraries of arrays are called by.
const LIBRARIES: &[&str] = &["torch", "np", "numpy", "jnp"];

/// What a file calls the library of arrays that it imports; `None` where it imports none.
pub(super) fn library(file: &Syntax, text: &str) -> Option<&'static str> {
    let mut found = None;
    for statement in file
        .children
        .iter()
        .filter(|node| &*node.kind == "import_statement")
    {
        statement.walk(&mut |node| {
            let name = LIBRARIES.iter().find(|name| **name == node.text(text));
            found = found.or(name.copied());
            found.is_none()
        });
    }
    found
}

fn plain(pattern: String) -> Spelling {
    Spelling {
        pattern,
        receiver: None,
    }
}

/// A comparison with its sides exchanged.
fn mirrored(comparison: &Syntax, text: &str) -> Vec<Spelling> {
    let [left, operator, right] = &comparison.children[..] else {
        return Vec::new();
    };
    let mirror = match &*operator.kind {
        "<" => ">",
        "<=" => ">=",
        ">" => "<",
        ">=" => "<=",
        "==" => "==",
        "!=" => "!=",
        _ => return Vec::new(),
    };
    let (left, right) = (left.text(text), right.text(text));
    vec![plain(format!("{right} {mirror} {left}"))]
}

/// A call of a library's function as one of a method, or the reverse; a root as a power.
fn calls(call: &Syntax, text: &str, library: Option<&str>) -> Vec<Spelling> {
    let (Some(function), Some(arguments)) = (call.field("function"), call.field("arguments"))
    else {
        return Vec::new();
    };
    let (Some(object), Some(name)) = (function.field("object"), function.field("attribute")) else {
        return Vec::new();
    };
    let name = name.text(text);
    let owner = object.text(text);
    let arguments: Vec<_> = arguments.children.iter().collect();
    let listed = |nodes: &[&Syntax]| {
        nodes
            .iter()
            .map(|node| node.text(text))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let is_library = LIBRARIES.contains(&owner);
    let mut found = Vec::new();
    let operand = if is_library || owner == "math" {
        let Some((first, others)) = arguments.split_first() else {
            return found;
        };
        let is_list = first.text(text).starts_with(&SIGN.repeat(3));
        if is_list
            || matches!(
                &*first.kind,
                "keyword_argument" | "list_splat" | "dictionary_splat"
            )
        {
            return found;
        }
        if is_library {
            found.push(plain(format!(
                "{}.{name}({})",
                operand_text(first, text),
                listed(others)
            )));
        }
        if !others.is_empty() {
            return found;
        }
        operand_text(first, text)
    } else {
        let Some(library) = library else {
            return found;
        };
        let all = std::iter::once(bare(owner)).chain(arguments.iter().map(|node| node.text(text)));
        found.push(Spelling {
            pattern: format!("{library}.{name}({})", all.collect::<Vec<_>>().join(", ")),
            receiver: owner.strip_prefix(SIGN).map(str::to_owned),
        });
        if !arguments.is_empty() {
            return found;
        }
        operand_text(object, text)
    };
    if name == "sqrt" {
        found.push(plain(format!("{operand} ** 0.5")));
    }
    found
}

/// An expression with brackets where it needs some before a dot or an operator.
fn operand_text(node: &Syntax, text: &str) -> String {
    let written = node.text(text);
    let is_tight = matches!(
        &*node.kind,
        "identifier" | "attribute" | "call" | "subscript"
    );
    if is_tight || written.starts_with('(') {
        written.to_owned()
    } else {
        format!("({written})")
    }
}

/// An expression without the brackets around all of it.
fn bare(text: &str) -> &str {
    let inner = text
        .strip_prefix('(')
        .and_then(|text| text.strip_suffix(')'));
    inner
        .filter(|inner| !inner.contains(['(', ')', ',']))
        .unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(pattern: &str) -> Vec<String> {
        let found = others(pattern, Some("torch"));
        found.into_iter().map(|spelling| spelling.pattern).collect()
    }

    #[test]
    fn the_same_value_is_written_in_other_ways() {
        assert_eq!(spelled("$A < target"), ["target > $A"]);
        assert_eq!(spelled("$A < $B < $C"), [""; 0]);
        assert_eq!(
            spelled("torch.sqrt($MEAN + $EPS)"),
            ["($MEAN + $EPS).sqrt()", "($MEAN + $EPS) ** 0.5"]
        );
        assert_eq!(
            spelled("$X.mean($$$ARGUMENTS)"),
            ["torch.mean($X, $$$ARGUMENTS)"]
        );
        assert_eq!(spelled("($A + $B).sum()"), ["torch.sum($A + $B)"]);
        assert_eq!(spelled("math.sqrt($VALUE)"), ["$VALUE ** 0.5"]);
        assert_eq!(spelled("torch.zeros($$$ARGUMENTS)"), [""; 0]);
        assert_eq!(spelled("torch.full(size=$A)"), [""; 0]);
        assert_eq!(spelled("f($A)"), [""; 0]);
        assert_eq!(spelled("if $A:\n    $B"), [""; 0]);
        assert_eq!(spelled("$A ("), [""; 0]);
    }

    #[test]
    fn without_a_library_methods_stay_methods() {
        assert_eq!(others("$X.mean()", None), []);
    }
}
