//! What the tool needs to know of Python syntax: symbols, errors, matches of ast-grep rules.
//!
//! The only file that names ast-grep and its grammars. What a rewrite means is left to `inject`.

use std::cell::OnceCell;
use std::ops::Range;

use ast_grep_config::{DeserializeEnv, Fixer, RuleCore, SerializableRuleConfig};
use ast_grep_core::tree_sitter::{LanguageExt, StrDoc};
use ast_grep_core::{AstGrep, Node};
use ast_grep_language::SupportLang;
use serde_json::{Map, Value, json};

type PythonDoc = StrDoc<SupportLang>;

/// A parsed Python file.
#[derive(Clone)]
pub struct Module {
    ast: AstGrep<PythonDoc>,
    /// Where it is no Python, once that was asked for.
    error: OnceCell<Option<Range<usize>>>,
}

impl Module {
    /// Parses `text`; text with errors parses too, see [`Module::error`].
    pub fn parse(text: &str) -> Self {
        Self::new(SupportLang::Python.ast_grep(text))
    }

    fn new(ast: AstGrep<PythonDoc>) -> Self {
        let error = OnceCell::new();
        Self { ast, error }
    }

    /// The text that was parsed.
    pub fn text(&self) -> &str {
        self.ast.source()
    }

    /// Returns the file with an edit made. Only what the edit touches is parsed again, which takes a
    /// fraction of the time; what looks like an error then is looked at afresh.
    pub fn edited(&self, edit: &Edit) -> Self {
        let mut ast = self.ast.clone();
        let made = ast.edit(ast_grep_core::source::Edit {
            position: edit.replaced.start,
            deleted_length: edit.replaced.len(),
            inserted_text: edit.text.clone().into_bytes(),
        });
        let is_made = made.is_ok();
        let edited = Self::new(ast);
        if is_made && edited.error().is_none() {
            return edited;
        }
        let mut text = self.text().to_owned();
        text.replace_range(edit.replaced.clone(), &edit.text);
        Self::parse(&text)
    }

    /// The first place that is not Python; `None` when all of it is.
    pub fn error(&self) -> Option<Range<usize>> {
        self.error.get_or_init(|| self.find_error()).clone()
    }

    fn find_error(&self) -> Option<Range<usize>> {
        let root = self.ast.root();
        let first = root.dfs().find(|node| node.is_error() || node.is_missing());
        first.map(|node| node.range())
    }

    /// Whether the code at a byte offset is in the body of a function.
    pub fn is_in_function(&self, offset: usize) -> bool {
        let mut node = self.ast.root();
        loop {
            if node.kind() == "function_definition"
                && node
                    .field("body")
                    .is_some_and(|body| body.range().contains(&offset))
            {
                return true;
            }
            let inner = node
                .children()
                .find(|child| child.range().contains(&offset));
            match inner {
                Some(inner) => node = inner,
                None => return false,
            }
        }
    }

    /// The ranges of all functions and classes with the qualified name `symbol`.
    pub fn symbols(&self, symbol: &str) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        let names: Vec<_> = symbol.split('.').collect();
        collect_symbols(&self.ast.root(), &names, &mut found);
        found
    }

    /// Returns the edits that `change` makes to what it matches within `within`.
    pub fn edits(&self, change: &Change, within: Option<&Range<usize>>) -> Vec<Edit> {
        let root = self.ast.root();
        root.find_all(&change.matcher)
            .filter(|found| {
                within.is_none_or(|within| {
                    within.start <= found.range().start && found.range().end <= within.end
                })
            })
            .map(|found| {
                let edit = found.make_edit(&change.matcher, &change.fixer);
                Edit {
                    found: found.range(),
                    replaced: edit.position..edit.position + edit.deleted_length,
                    text: String::from_utf8_lossy(&edit.inserted_text).into_owned(),
                }
            })
            .collect()
    }
}

fn collect_symbols(node: &Node<'_, PythonDoc>, names: &[&str], found: &mut Vec<Range<usize>>) {
    for child in node.children() {
        let kind = child.kind();
        if kind == "function_definition" || kind == "class_definition" {
            let is_named = child
                .field("name")
                .is_some_and(|name| name.text() == names[0]);
            match (is_named, names.len()) {
                (true, 1) => found.push(child.range()),
                (true, _) => {
                    if let Some(body) = child.field("body") {
                        collect_symbols(&body, &names[1..], found);
                    }
                }
                (false, _) => {}
            }
        } else {
            // Definitions behind a decorator or under an `if`.
            collect_symbols(&child, names, found);
        }
    }
}

/// A replacement of one match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// Bytes that the rule matched.
    pub found: Range<usize>,
    /// Bytes that are replaced: the match, widened where the fix says so.
    pub replaced: Range<usize>,
    /// What takes their place.
    pub text: String,
}

/// An ast-grep rule with its fix.
pub struct Change {
    matcher: RuleCore,
    fixer: Fixer,
}

impl Change {
    /// Compiles a rule object, a fix and constraints on metavariables.
    ///
    /// # Errors
    ///
    /// What ast-grep says is wrong with them.
    pub fn compile(
        rule: &Map<String, Value>,
        fix: &Value,
        constraints: &Map<String, Value>,
    ) -> Result<Self, String> {
        let config = json!({
            "id": "step",
            "language": "Python",
            "rule": rule,
            "constraints": constraints,
            "fix": fix,
        });
        let config: SerializableRuleConfig<SupportLang> =
            serde_json::from_value(config).map_err(|error| error.to_string())?;
        let env = DeserializeEnv::new(SupportLang::Python);
        let matcher = config
            .core
            .get_matcher(env)
            .map_err(|error| chain(&error))?;
        let env = matcher.get_env(SupportLang::Python);
        let fix = config.fix.as_ref().expect("the fix was just put in");
        let mut fixers =
            Fixer::parse(fix, &env, &config.core.transform).map_err(|error| chain(&error))?;
        match (fixers.pop(), fixers.is_empty()) {
            (Some(fixer), true) => Ok(Self { matcher, fixer }),
            _ => Err("a step needs exactly one fix".to_owned()),
        }
    }
}

/// An error with all its causes on one line: ast-grep puts what is wrong into the innermost.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
import math

@decorated
class Layer:
    scale = 1

    def forward(self, x):
        # comment first
        return x * self.scale

def forward(x):
    def inner():
        return x
    return inner()
";

    fn offset(needle: &str) -> usize {
        TEXT.find(needle).unwrap()
    }

    #[test]
    fn place_in_a_function_body_is_told_from_one_outside() {
        let module = Module::parse(TEXT);
        assert!(module.is_in_function(offset("return x * ")));
        assert!(module.is_in_function(offset("def inner")));
        assert!(!module.is_in_function(offset("scale = 1")));
        assert!(!module.is_in_function(offset("def forward(self")));
        assert!(!module.is_in_function(offset("import math")));
    }

    #[test]
    fn symbols_are_found_by_qualified_name() {
        let module = Module::parse(TEXT);
        let starts = |symbol| -> Vec<usize> {
            module
                .symbols(symbol)
                .into_iter()
                .map(|range| range.start)
                .collect()
        };
        assert_eq!(starts("Layer"), [offset("class Layer")]);
        assert_eq!(starts("Layer.forward"), [offset("def forward(self")]);
        assert_eq!(starts("forward"), [offset("def forward(x)")]);
        assert_eq!(starts("forward.inner"), [offset("def inner")]);
        assert_eq!(starts("inner"), Vec::<usize>::new());
    }

    #[test]
    fn errors_are_found_where_they_are() {
        assert_eq!(Module::parse(TEXT).error(), None);
        let broken = "x = 1\ny = (2\nz = 3\n";
        assert!(Module::parse(broken).error().is_some());
    }

    #[test]
    fn an_edited_file_is_as_if_parsed_afresh() {
        let module = Module::parse(TEXT);
        let edit = |found: &str, text: &str| {
            let at = offset(found);
            let replaced = at..at + found.len();
            Edit {
                found: replaced.clone(),
                replaced,
                text: text.to_owned(),
            }
        };
        for edit in [
            edit("x * self.scale", "ä + b"),
            edit("return x * self.scale", "if x:\n            return 1"),
            edit("class Layer", "class Other"),
            edit("x * self.scale", "(x"),
            edit("        return x", "  return x"),
            edit("def forward(self", "x = 1\ndef forward(self"),
            edit("import math", ""),
        ] {
            let edited = module.edited(&edit);
            let fresh = Module::parse(edited.text());
            assert_eq!(edited.error(), fresh.error(), "{edit:?}");
            let sexp = |module: &Module| {
                let root = module.ast.root();
                root.dfs()
                    .map(|node| (node.kind().into_owned(), node.range()))
                    .collect::<Vec<_>>()
            };
            assert_eq!(sexp(&edited), sexp(&fresh), "{edit:?}");
        }
    }

    fn change(rule: &Value, fix: &Value) -> Result<Change, String> {
        Change::compile(rule.as_object().unwrap(), fix, &Map::new())
    }

    #[test]
    fn a_change_edits_what_it_matches() {
        let module = Module::parse(TEXT);
        let change = change(&json!({"pattern": "$X * $Y"}), &json!("$X + $Y")).unwrap();
        let edits = module.edits(&change, None);
        assert_eq!(edits.len(), 1);
        assert_eq!(edits[0].text, "x + self.scale");
        let elsewhere = module.symbols("forward").remove(0);
        assert_eq!(module.edits(&change, Some(&elsewhere)), []);
    }

    #[test]
    fn a_wrong_rule_says_what_is_wrong() {
        for (rule, fix) in [
            (json!({"patern": "$X"}), json!("$X")),
            (json!({"kind": "no_such_kind"}), json!("x")),
            (
                json!({"pattern": "$X + 1"}),
                json!({"expandEnd": {"regex": ","}}),
            ),
        ] {
            let error = change(&rule, &fix).err();
            assert!(error.is_some_and(|error| !error.is_empty()), "{rule} {fix}");
        }
    }
}
