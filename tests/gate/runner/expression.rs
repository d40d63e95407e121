//! Expressions of workflows: what stands in `${{ }}` and behind `if:`, as far as the project's own files need it.
//! What is not known fails the test, and so does a name that is not there: on GitHub both are quietly nothing.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::files::{digest, matching};

/// How it stands with a job, for `success()` and its kind.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Status {
    pub(super) has_failed: bool,
    pub(super) is_cancelled: bool,
}

/// What an expression can see.
pub(super) struct Scope<'a> {
    /// `github`, `inputs`, `steps` and so on.
    pub(super) contexts: &'a Map<String, Value>,
    pub(super) status: Status,
    /// Where `hashFiles` looks.
    pub(super) workspace: &'a Path,
}

impl Scope<'_> {
    /// A text with each `${{ }}` replaced.
    pub(super) fn text(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${{") {
            let (expression, after) = after.split_once("}}").expect("`${{` is closed");
            out.push_str(before);
            out.push_str(&shown(&self.value(expression)));
            rest = after;
        }
        out + rest
    }

    /// A scalar of a file: a text with each `${{ }}` replaced, or the value itself where it is one expression.
    pub(super) fn scalar(&self, value: &Value) -> Value {
        let Value::String(text) = value else {
            return value.clone();
        };
        match whole_expression(text) {
            Some(expression) => self.value(expression),
            None => Value::String(self.text(text)),
        }
    }

    /// Whether a condition holds. Without a word about the status it asks for `success()`, too.
    pub(super) fn condition(&self, condition: &Value) -> bool {
        let text = match condition {
            Value::Null => return self.is_successful(),
            Value::Bool(is_true) => return *is_true && self.is_successful(),
            Value::String(text) => text.as_str(),
            other => panic!("{other} is no condition"),
        };
        let expression = whole_expression(text).unwrap_or(text);
        assert!(!expression.contains("${{"), "`{text}` is always true");
        let says_status = ["always()", "success()", "failure()", "cancelled()"]
            .iter()
            .any(|function| expression.contains(function));
        (says_status || self.is_successful()) && is_truthy(&self.value(expression))
    }

    fn is_successful(&self) -> bool {
        !self.status.has_failed && !self.status.is_cancelled
    }

    /// The value of an expression.
    pub(super) fn value(&self, expression: &str) -> Value {
        let tokens = tokens(expression);
        let mut parser = Parser {
            scope: self,
            tokens: &tokens,
            at: 0,
            expression,
        };
        let value = parser.or();
        assert!(
            parser.at == tokens.len(),
            "`{expression}` goes on after its end"
        );
        value
    }

    fn call(&self, name: &str, arguments: &[Value]) -> Value {
        let text = |index: usize| shown(arguments.get(index).unwrap_or(&Value::Null));
        match name {
            "always" => true.into(),
            "success" => self.is_successful().into(),
            "failure" => self.status.has_failed.into(),
            "cancelled" => self.status.is_cancelled.into(),
            "fromJSON" => serde_json::from_str(&text(0))
                .unwrap_or_else(|error| panic!("fromJSON of `{}`: {error}", text(0))),
            "toJSON" => serde_json::to_string_pretty(&arguments[0]).unwrap().into(),
            "format" => {
                let places = 1..arguments.len();
                places
                    .fold(text(0), |format, place| {
                        format.replace(&format!("{{{}}}", place - 1), &text(place))
                    })
                    .into()
            }
            "contains" => match &arguments[0] {
                Value::Array(items) => items.contains(&arguments[1]).into(),
                _ => folded(&text(0)).contains(&folded(&text(1))).into(),
            },
            "startsWith" => folded(&text(0)).starts_with(&folded(&text(1))).into(),
            "endsWith" => folded(&text(0)).ends_with(&folded(&text(1))).into(),
            "hashFiles" => {
                let patterns: Vec<_> = (0..arguments.len()).map(text).collect();
                let files: Vec<PathBuf> = matching(self.workspace, &patterns);
                if files.is_empty() {
                    String::new().into()
                } else {
                    digest(&files).into()
                }
            }
            _ => panic!("the runner of the tests does not know the function `{name}`"),
        }
    }
}

/// What is in `${{ }}` where that is all of a text.
fn whole_expression(text: &str) -> Option<&str> {
    let inner = text.trim().strip_prefix("${{")?.strip_suffix("}}")?;
    (!inner.contains("${{")).then_some(inner)
}

/// A value as text.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) => value.to_string(),
        Value::Number(number) => number.as_f64().unwrap().to_string(),
        Value::Array(_) => "Array".to_owned(),
        Value::Object(_) => "Object".to_owned(),
    }
}

fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(is_true) => *is_true,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}

/// Equality in which texts are alike whatever their case, and different types are compared as numbers.
fn is_equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::String(left), Value::String(right)) => folded(left) == folded(right),
        (Value::Null, Value::Null) => true,
        _ => match (number(left), number(right)) {
            (Some(left), Some(right)) => (left - right).abs() < f64::EPSILON,
            _ => false,
        },
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Null => Some(0.0),
        Value::Bool(is_true) => Some(f64::from(u8::from(*is_true))),
        Value::Number(number) => number.as_f64(),
        Value::String(text) if text.is_empty() => Some(0.0),
        Value::String(text) => text.trim().parse().ok(),
        Value::Array(_) | Value::Object(_) => None,
    }
}

fn folded(text: &str) -> String {
    text.to_lowercase()
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Name(String),
    Text(String),
    Number(f64),
    Sign(&'static str),
}

const SIGNS: &[&str] = &[
    "==", "!=", "&&", "||", "<=", ">=", "<", ">", "!", "(", ")", "[", "]", ",", ".",
];

fn tokens(expression: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = expression.trim_start();
    while let Some(first) = rest.chars().next() {
        if first == '\'' {
            let mut text = String::new();
            rest = &rest[1..];
            loop {
                let (part, after) = rest.split_once('\'').expect("a text is closed");
                text.push_str(part);
                rest = after;
                match rest.strip_prefix('\'') {
                    Some(after) => {
                        text.push('\'');
                        rest = after;
                    }
                    None => break,
                }
            }
            tokens.push(Token::Text(text));
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            tokens.push(Token::Sign(sign));
            rest = &rest[sign.len()..];
        } else {
            let is_part = |it: char| it.is_ascii_alphanumeric() || it == '_' || it == '-';
            let end = rest.find(|it| !is_part(it)).unwrap_or(rest.len());
            assert!(end > 0, "`{expression}`: what is `{first}`?");
            let word = &rest[..end];
            tokens.push(match word.parse() {
                Ok(number) => Token::Number(number),
                Err(_) => Token::Name(word.to_owned()),
            });
            rest = &rest[end..];
        }
        rest = rest.trim_start();
    }
    tokens
}

struct Parser<'a> {
    scope: &'a Scope<'a>,
    tokens: &'a [Token],
    at: usize,
    expression: &'a str,
}

impl Parser<'_> {
    fn takes(&mut self, sign: &str) -> bool {
        let is_there = matches!(self.tokens.get(self.at), Some(Token::Sign(it)) if *it == sign);
        self.at += usize::from(is_there);
        is_there
    }

    fn expect(&mut self, sign: &str) {
        assert!(
            self.takes(sign),
            "`{sign}` is missing in `{}`",
            self.expression
        );
    }

    fn or(&mut self) -> Value {
        let mut left = self.and();
        while self.takes("||") {
            let right = self.and();
            if !is_truthy(&left) {
                left = right;
            }
        }
        left
    }

    fn and(&mut self) -> Value {
        let mut left = self.comparison();
        while self.takes("&&") {
            let right = self.comparison();
            if is_truthy(&left) {
                left = right;
            }
        }
        left
    }

    fn comparison(&mut self) -> Value {
        let left = self.not();
        if self.takes("==") {
            let right = self.not();
            is_equal(&left, &right).into()
        } else if self.takes("!=") {
            let right = self.not();
            (!is_equal(&left, &right)).into()
        } else {
            left
        }
    }

    fn not(&mut self) -> Value {
        if self.takes("!") {
            (!is_truthy(&self.not())).into()
        } else {
            self.access()
        }
    }

    fn access(&mut self) -> Value {
        let (mut value, mut path) = self.primary();
        loop {
            let key = if self.takes(".") {
                let Some(Token::Name(name)) = self.tokens.get(self.at) else {
                    panic!("a name is missing in `{}`", self.expression)
                };
                self.at += 1;
                name.clone()
            } else if self.takes("[") {
                let key = self.or();
                self.expect("]");
                shown(&key)
            } else {
                return value;
            };
            path.push(key.clone());
            let next = match &value {
                Value::Object(map) => map.get(&key).cloned(),
                Value::Array(items) => key
                    .parse()
                    .ok()
                    .and_then(|at: usize| items.get(at).cloned()),
                _ => None,
            };
            value = next.unwrap_or_else(|| {
                let is_declared_elsewhere = path[0] == "needs" && path.len() <= 4;
                assert!(
                    path.len() > 2 && !is_declared_elsewhere
                        || path[0] == "env"
                        || path[0] == "vars",
                    "there is no `{}`, which `{}` asks for",
                    path.join("."),
                    self.expression
                );
                Value::Null
            });
        }
    }

    /// A value, and the name of the context if it is one.
    fn primary(&mut self) -> (Value, Vec<String>) {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        match token {
            Some(Token::Text(text)) => (text.into(), vec![String::new()]),
            Some(Token::Number(number)) => (number.into(), vec![String::new()]),
            Some(Token::Sign("(")) => {
                let value = self.or();
                self.expect(")");
                (value, vec![String::new()])
            }
            Some(Token::Name(name)) => match &*name {
                "true" => (true.into(), Vec::new()),
                "false" => (false.into(), Vec::new()),
                "null" => (Value::Null, Vec::new()),
                _ if self.takes("(") => {
                    let mut arguments = Vec::new();
                    if !self.takes(")") {
                        loop {
                            arguments.push(self.or());
                            if !self.takes(",") {
                                break;
                            }
                        }
                        self.expect(")");
                    }
                    (self.scope.call(&name, &arguments), vec![String::new()])
                }
                _ => {
                    let context = self.scope.contexts.get(&name);
                    let context = context
                        .unwrap_or_else(|| panic!("`{}`: no context `{name}`", self.expression));
                    (context.clone(), vec![name])
                }
            },
            other => panic!("`{}`: {other:?}", self.expression),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn value(expression: &str) -> Value {
        let contexts = json!({
            "github": {"event_name": "push", "event": {"number": 3}},
            "inputs": {"flag": "true", "empty": ""},
            "needs": {"plan": {"result": "success", "outputs": {"matrix": "{\"include\":[1,2]}"}}},
        });
        Scope {
            contexts: contexts.as_object().unwrap(),
            status: Status::default(),
            workspace: Path::new("."),
        }
        .value(expression)
    }

    #[test]
    fn expressions_mean_what_they_mean_on_github() {
        for (expression, expected) in [
            ("github.event_name == 'PUSH'", json!(true)),
            ("github.event.pull_request.head.sha", json!(null)),
            (
                "github.event.pull_request.number || github.event.number",
                json!(3),
            ),
            ("inputs.flag == 'true' && !cancelled()", json!(true)),
            ("inputs.flag && 'yes' || 'no'", json!("yes")),
            ("inputs.empty && 'yes' || 'no'", json!("no")),
            ("fromJSON(needs.plan.outputs.matrix).include[1]", json!(2)),
            ("format('{0}-{1}', 'it''s', 7)", json!("it's-7")),
            ("needs.plan.result != 'success' || failure()", json!(false)),
            ("'' == 0", json!(true)),
            ("contains('Hello', 'hell')", json!(true)),
        ] {
            assert_eq!(value(expression), expected, "{expression}");
        }
    }

    #[test]
    #[should_panic(expected = "there is no `needs.plan.outputs.matrx`")]
    fn a_name_that_is_not_there_fails_the_test() {
        value("needs.plan.outputs.matrx");
    }

    #[test]
    #[should_panic(expected = "no context `step`")]
    fn a_context_that_is_not_there_fails_the_test() {
        value("step.x.outputs.y");
    }
}
