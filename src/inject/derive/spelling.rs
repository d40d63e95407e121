//! Other ways to write the same expression, for solutions that are spelled otherwise.

use super::known::{self, Imports};
use crate::source::python::{Module, Syntax};

/// Stands for the sign of metavariables, which is no letter in Python.
const SIGN: &str = "µ";

/// Other ways to write a pattern.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Spellings {
    /// The patterns, with the same metavariables for the same values.
    pub patterns: Vec<String>,
    /// A metavariable that now may stand for a library, which would be another expression.
    pub receiver: Option<String>,
}

/// Returns other patterns for what a pattern says: a comparison the other way round, a function as a method and
/// the reverse, arguments with and without their names, a root as a power.
pub(super) fn others(pattern: &str, imports: &Imports) -> Spellings {
    let found = with_expression(pattern, |expression, text| match &*expression.kind {
        "comparison_operator" => Spellings {
            patterns: Vec::from_iter(compared(expression, text, mirror, true)),
            receiver: None,
        },
        "call" => Call::read(expression, text, imports)
            .map_or_else(Spellings::default, |call| call.spelled(imports)),
        _ => Spellings::default(),
    });
    let mut found = found.unwrap_or_default();
    found.patterns = found.patterns.iter().map(|it| shown(it)).collect();
    found.patterns.retain(|other| other != pattern);
    found
}

/// Returns the patterns of all comparisons that are true where one is, then those that are true where it is not.
pub(super) fn conditions(pattern: &str) -> (Vec<String>, Vec<String>) {
    let read = with_expression(pattern, |expression, text| {
        let is_comparison = &*expression.kind == "comparison_operator";
        let told = |operator: fn(&str) -> Option<&'static str>, is_mirrored| {
            compared(expression, text, operator, is_mirrored)
                .filter(|_| is_comparison)
                .map(|it| shown(&it))
        };
        let same = told(mirror, true);
        let opposite = told(negation, false).into_iter();
        let mirrored = told(|sign| mirror(negation(sign)?), true);
        (same, opposite.chain(mirrored).collect::<Vec<_>>())
    });
    let (same, mut opposite) = read.unwrap_or_default();
    if opposite.is_empty() {
        opposite.push(format!("not {pattern}"));
    }
    (
        std::iter::once(pattern.to_owned()).chain(same).collect(),
        opposite,
    )
}

/// Reads a pattern that is an expression; `None` where it is none.
fn with_expression<T>(pattern: &str, read: impl FnOnce(&Syntax, &str) -> T) -> Option<T> {
    let text = pattern.replace('$', SIGN);
    let module = Module::parse(&text);
    let syntax = module.syntax().filter(|_| module.error().is_none())?;
    let [statement] = &syntax.root.children[..] else {
        return None;
    };
    let [expression] = &statement.children[..] else {
        return None;
    };
    Some(read(expression, &text))
}

fn shown(text: &str) -> String {
    text.replace(SIGN, "$")
}

/// A comparison of two values with another operator, and with its sides exchanged.
fn compared(
    comparison: &Syntax,
    text: &str,
    operator: impl Fn(&str) -> Option<&'static str>,
    is_mirrored: bool,
) -> Option<String> {
    let [left, sign, right] = &comparison.children[..] else {
        return None;
    };
    let sign = operator(&sign.kind)?;
    let (left, right) = (left.text(text), right.text(text));
    Some(if is_mirrored {
        format!("{right} {sign} {left}")
    } else {
        format!("{left} {sign} {right}")
    })
}

fn mirror(operator: &str) -> Option<&'static str> {
    Some(match operator {
        "<" => ">",
        "<=" => ">=",
        ">" => "<",
        ">=" => "<=",
        "==" => "==",
        "!=" => "!=",
        _ => return None,
    })
}

fn negation(operator: &str) -> Option<&'static str> {
    Some(match operator {
        "<" => ">=",
        "<=" => ">",
        ">" => "<=",
        ">=" => "<",
        "==" => "!=",
        "!=" => "==",
        _ => return None,
    })
}

/// A call of a function that works on a value.
struct Call<'t> {
    /// What the function is part of where it is no method: a library or a module.
    module: Option<&'t str>,
    name: &'t str,
    /// The value, with brackets where it is no method's.
    operand: Operand<'t>,
    /// The other arguments.
    arguments: Vec<Argument<'t>>,
}

struct Operand<'t> {
    /// With brackets where it needs some before a dot or an operator.
    tight: String,
    /// Without brackets around all of it.
    bare: &'t str,
}

#[derive(Clone, Copy)]
struct Argument<'t> {
    /// What it is called; `None` where it is known by its place.
    name: Option<&'t str>,
    value: &'t str,
    /// Whether it stands for exactly one argument.
    is_single: bool,
}

impl<'t> Call<'t> {
    fn read(call: &Syntax, text: &'t str, imports: &Imports) -> Option<Self> {
        let (function, arguments) = (call.field("function")?, call.field("arguments")?);
        let (owner, name) = (function.field("object")?, function.field("attribute")?);
        let mut arguments = arguments.children.iter();
        let is_module = imports.is_module(owner.text(text)) || owner.text(text) == "math";
        let operand = if is_module { arguments.next()? } else { owner };
        Argument::read(operand, text)
            .filter(|operand| operand.is_single && operand.name.is_none())?;
        let written = operand.text(text);
        let is_tight = matches!(
            &*operand.kind,
            "identifier" | "attribute" | "call" | "subscript"
        );
        Some(Self {
            module: is_module.then(|| owner.text(text)),
            name: name.text(text),
            operand: Operand {
                tight: if is_tight || written.starts_with('(') {
                    written.to_owned()
                } else {
                    format!("({written})")
                },
                bare: bare(written),
            },
            arguments: arguments
                .map(|node| Argument::read(node, text))
                .collect::<Option<_>>()?,
        })
    }

    fn spelled(&self, imports: &Imports) -> Spellings {
        let library = match self.module {
            Some(module) if known::is_library(module) => Some(module),
            Some(_) => None,
            None => imports.library,
        };
        let mut lists = vec![self.arguments.clone()];
        lists.extend(self.placed(library.unwrap_or("torch")));
        let mut patterns = Vec::new();
        let mut add = |name: &str, suffix: &str| {
            for arguments in &lists {
                let arguments: Vec<_> = arguments.iter().map(Argument::text).collect();
                let with_operand = std::iter::once(self.operand.bare.to_owned())
                    .chain(arguments.iter().cloned())
                    .collect::<Vec<_>>()
                    .join(", ");
                match (self.module, library) {
                    (Some(module), None) => {
                        patterns.push(format!("{module}.{name}({with_operand}){suffix}"));
                        continue;
                    }
                    (_, Some(library)) => {
                        patterns.push(format!("{library}.{name}({with_operand}){suffix}"));
                    }
                    (None, None) => {}
                }
                let operand = &self.operand.tight;
                let arguments = arguments.join(", ");
                patterns.push(format!("{operand}.{name}({arguments}){suffix}"));
            }
        };
        add(self.name, "");
        if let Some((name, parts)) = known::as_part(self.name)
            && library == Some("torch")
        {
            for part in parts {
                add(name, part);
            }
        }
        if self.name == "sqrt" && self.arguments.is_empty() {
            patterns.push(format!("{} ** 0.5", self.operand.tight));
        }
        // Without arguments a library's function has nothing to work on.
        let receiver = self.operand.bare.strip_prefix(SIGN);
        let is_ambiguous = library.is_some() && !self.arguments.is_empty();
        Spellings {
            patterns,
            receiver: receiver.filter(|_| is_ambiguous).map(str::to_owned),
        }
    }

    /// The arguments with fewer and with more of them named, as far as their order is known.
    fn placed(&self, library: &str) -> Vec<Vec<Argument<'t>>> {
        let order = known::signature(self.name, library);
        let is_placed = |argument: &&Argument<'_>| argument.name.is_none() && argument.is_single;
        let first_named = self.arguments.iter().take_while(is_placed).count();
        if first_named > order.len() {
            return Vec::new();
        }
        let in_order = self.arguments[first_named..]
            .iter()
            .zip(&order[first_named..])
            .take_while(|(argument, name)| argument.name == Some(**name))
            .count();
        (0..=first_named + in_order)
            .filter(|named_from| *named_from != first_named)
            .map(|named_from| {
                let mut list = self.arguments.clone();
                for (at, argument) in list[..first_named + in_order].iter_mut().enumerate() {
                    argument.name = (at >= named_from).then(|| order[at]);
                }
                list
            })
            .collect()
    }
}

impl<'t> Argument<'t> {
    fn read(node: &Syntax, text: &'t str) -> Option<Self> {
        let written = node.text(text);
        Some(match &*node.kind {
            "list_splat" | "dictionary_splat" | "generator_expression" => return None,
            "keyword_argument" => Self {
                name: Some(node.field("name")?.text(text)),
                value: node.field("value")?.text(text),
                is_single: true,
            },
            _ => Self {
                name: None,
                value: written,
                is_single: !written.starts_with(&SIGN.repeat(3)),
            },
        })
    }

    fn text(&self) -> String {
        match self.name {
            Some(name) => format!("{name}={}", self.value),
            None => self.value.to_owned(),
        }
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

    fn imports(text: &str) -> Imports {
        Imports::of(&Module::parse(text).syntax().unwrap().root, text)
    }

    fn spelled(pattern: &str) -> Vec<String> {
        others(pattern, &imports("import torch\nfrom torch import nn\n")).patterns
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
        for alone in [
            "torch.zeros($$$ARGUMENTS)",
            "torch.full(size=$A)",
            "f($A)",
            "if $A:\n    $B",
            "$A (",
        ] {
            assert_eq!(spelled(alone), [""; 0]);
        }
    }

    #[test]
    fn arguments_are_known_by_their_names_or_places() {
        assert_eq!(
            spelled("$X.sum(dim=$A, keepdim=True)"),
            [
                "torch.sum($X, dim=$A, keepdim=True)",
                "torch.sum($X, $A, keepdim=True)",
                "$X.sum($A, keepdim=True)",
                "torch.sum($X, $A, True)",
                "$X.sum($A, True)",
            ]
        );
        assert_eq!(
            spelled("nn.init.normal_($X, $MEAN, std=$STD)"),
            [
                "nn.init.normal_($X, mean=$MEAN, std=$STD)",
                "nn.init.normal_($X, $MEAN, $STD)",
            ]
        );
        assert_eq!(spelled("nn.init.zeros_($X)"), [""; 0]);
    }

    #[test]
    fn a_maximum_is_a_part_of_what_max_gives() {
        assert_eq!(
            spelled("$X.amax($$$ARGUMENTS)"),
            [
                "torch.amax($X, $$$ARGUMENTS)",
                "torch.max($X, $$$ARGUMENTS).values",
                "$X.max($$$ARGUMENTS).values",
                "torch.max($X, $$$ARGUMENTS)[0]",
                "$X.max($$$ARGUMENTS)[0]",
            ]
        );
    }

    #[test]
    fn without_a_library_methods_stay_methods() {
        assert_eq!(others("$X.mean()", &Imports::default()).patterns, [""; 0]);
    }

    #[test]
    fn conditions_are_the_same_or_the_opposite() {
        let (same, opposite) = conditions("$NORM > limit");
        assert_eq!(same, ["$NORM > limit", "limit < $NORM"]);
        assert_eq!(opposite, ["$NORM <= limit", "limit >= $NORM"]);
        let (same, opposite) = conditions("$A");
        assert_eq!(
            (same, opposite),
            (vec!["$A".to_owned()], vec!["not $A".to_owned()])
        );
    }
}
