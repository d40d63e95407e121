//! What the tool needs to know of Python syntax: symbols, errors, matches of ast-grep rules.
//!
//! The only file that names ast-grep and its grammars; `syntax` has nodes without them. What a rewrite means is left to `inject`.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::ops::Range;

use ast_grep_config::{DeserializeEnv, Fixer, RuleCore, SerializableRuleConfig};
use ast_grep_core::tree_sitter::{LanguageExt, StrDoc};
use ast_grep_core::{AstGrep, Node};
use ast_grep_language::SupportLang;
use serde_json::{Map, Value, json};

use super::changed::changed_lines;

mod syntax;

pub use syntax::{Syntax, SyntaxTree};

type PythonDoc = StrDoc<SupportLang>;

/// A parsed Python file.
#[derive(Clone)]
pub struct Module {
    ast: AstGrep<PythonDoc>,
    /// Where it is no Python, once that was asked for.
    error: OnceCell<Option<Range<usize>>>,
}

/// What a part of a program is, for colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    /// A comment.
    Comment,
    /// A string, with its quotes; docstrings too.
    String,
    /// A number.
    Number,
    /// A keyword, `None`, `True` or `False`.
    Keyword,
    /// The name of a function or class where it is defined.
    Definition,
}

impl Token {
    fn of(node: &Node<'_, PythonDoc>) -> Option<Self> {
        match &*node.kind() {
            "comment" => Some(Self::Comment),
            "string" => Some(Self::String),
            "integer" | "float" => Some(Self::Number),
            "none" | "true" | "false" => Some(Self::Keyword),
            "identifier" => {
                let parent = node.parent()?;
                let is_definition =
                    matches!(&*parent.kind(), "function_definition" | "class_definition");
                let name = parent.field("name").filter(|_| is_definition)?;
                (name.range() == node.range()).then_some(Self::Definition)
            }
            word if !node.is_named() => word
                .starts_with(|char: char| char.is_ascii_alphabetic())
                .then_some(Self::Keyword),
            _ => None,
        }
    }
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
    #[must_use]
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
        Self::parse(&edit.apply(self.text()))
    }

    /// Returns the file with another text, of which only what is different is parsed.
    #[must_use]
    pub fn with_text(&self, text: &str) -> Self {
        let (before, after) = changed_lines(self.text(), text);
        self.edited(&Edit {
            found: before.clone(),
            replaced: before,
            text: text[after].to_owned(),
        })
    }

    /// The first place that is not Python; `None` when all of it is.
    ///
    /// The grammar forgives what Python does not: blocks without a statement, and statements of one
    /// block that are indented differently.
    pub fn error(&self) -> Option<Range<usize>> {
        self.error.get_or_init(|| self.find_error()).clone()
    }

    fn find_error(&self) -> Option<Range<usize>> {
        let root = self.ast.root();
        // The root's own text would begin with the first statement.
        let text = self.text();
        if !root.get_inner_node().has_error() {
            return wrong_block(&root, text);
        }
        root.dfs().find_map(|node| {
            if node.is_error() || node.is_missing() {
                return Some(node.range());
            }
            wrong_indentation(&node, text)
        })
    }

    /// Whether a part of a file, from its first line to its last, is made of whole statements and of no
    /// parts of others: what stands there may be replaced by another statement.
    ///
    /// Where comments begin or end the part, this says no.
    pub fn is_whole_statements(&self, part: &Range<usize>) -> bool {
        self.statements_in(part).is_some()
    }

    /// As [`Module::is_whole_statements`], of statements that stand in no other: they may go.
    pub fn is_top_level(&self, part: &Range<usize>) -> bool {
        let block = self.statements_in(part);
        block.is_some_and(|block| block.kind() == "module")
    }

    /// The block whose statements, and nothing else, are in a part of the file.
    fn statements_in(&self, part: &Range<usize>) -> Option<Node<'_, PythonDoc>> {
        let text = &self.text()[part.clone()];
        let start = part.start + (text.len() - text.trim_start().len());
        let end = part.start + text.trim_end().len();
        let mut node = self.ast.root();
        while !has_whole_statements(&node, start, end) {
            let mut children = node.children();
            let inner =
                children.find(|child| child.range().start <= start && end <= child.range().end);
            drop(children);
            node = inner?;
        }
        Some(node)
    }

    /// Where statements begin that do something when they are run, each on a line of its own: no definitions, imports
    /// and docstrings, which are run without being looked at.
    pub fn statement_starts(&self) -> Vec<usize> {
        let text = self.text();
        let begins_line = |start: usize| {
            let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
            text[line..start].trim().is_empty()
        };
        let mut starts: Vec<_> = self
            .ast
            .root()
            .dfs()
            .filter(|node| matches!(&*node.kind(), "block" | "module"))
            .flat_map(|block| {
                let statements = block.children().filter(is_statement);
                let working = statements.filter(|node| does_something(node));
                working.map(|node| node.range().start).collect::<Vec<_>>()
            })
            .filter(|start| begins_line(*start))
            .collect();
        starts.sort_unstable();
        starts
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

    /// The parts of the text that are shown in colours, in order and without overlaps.
    pub fn tokens(&self) -> Vec<(Range<usize>, Token)> {
        let mut tokens = Vec::new();
        let mut pending = vec![self.ast.root()];
        while let Some(node) = pending.pop() {
            match Token::of(&node) {
                Some(token) => tokens.push((node.range(), token)),
                None => {
                    let first = pending.len();
                    pending.extend(node.children());
                    pending[first..].reverse();
                }
            }
        }
        tokens
    }

    /// The names of all functions, classes and parameters.
    pub fn defined_names(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for node in self.ast.root().dfs() {
            match &*node.kind() {
                "function_definition" | "class_definition" => {
                    names.extend(node.field("name").map(|name| name.text().into_owned()));
                }
                "parameters" | "lambda_parameters" => {
                    // The name comes before the annotation and the default.
                    names.extend(node.children().filter_map(|parameter| {
                        let mut inner = parameter.dfs();
                        let name = inner.find(|node| node.kind() == "identifier")?;
                        Some(name.text().into_owned())
                    }));
                }
                _ => {}
            }
        }
        names
    }

    /// Returns the edits that `change` makes to what it matches within `within`.
    pub fn edits(&self, change: &Change, within: Option<&Range<usize>>) -> Vec<Edit> {
        let is_within = |node: &Node<'_, PythonDoc>| {
            within.is_none_or(|within| {
                within.start <= node.range().start && node.range().end <= within.end
            })
        };
        let mut searched = self.ast.root();
        while !is_within(&searched)
            && let Some(inner) = only_child_around(&searched, within)
        {
            searched = inner;
        }
        searched
            .find_all(&change.matcher)
            .filter(|found| is_within(found))
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

/// Whether a node is a block, and some of its statements begin and end with a part of the file.
fn has_whole_statements(node: &Node<'_, PythonDoc>, start: usize, end: usize) -> bool {
    // What is in the block of a `match` are cases.
    let is_part =
        |child: &Node<'_, PythonDoc>| is_statement(child) && child.kind() != "case_clause";
    if !matches!(&*node.kind(), "module" | "block") {
        return false;
    }
    let mut statements = node.children().filter(is_part);
    let first = statements.find(|child| child.range().end > start);
    first
        .filter(|first| first.range().start == start)
        .is_some_and(|first| {
            first.range().end == end || statements.any(|child| child.range().end == end)
        })
}

/// The first block below a node of a file without errors that is no Python all the same.
fn wrong_block(node: &Node<'_, PythonDoc>, text: &str) -> Option<Range<usize>> {
    if let Some(wrong) = wrong_indentation(node, text) {
        return Some(wrong);
    }
    let mut children = node.children().filter(may_hold_blocks);
    children.find_map(|child| wrong_block(&child, text))
}

/// Whether a node may have statements below it: it is a statement with a body, or a part of one.
fn may_hold_blocks(node: &Node<'_, PythonDoc>) -> bool {
    match &*node.kind() {
        "module"
        | "block"
        | "function_definition"
        | "class_definition"
        | "decorated_definition" => true,
        "expression_statement" | "return_statement" => false,
        kind => kind.ends_with("_statement") || kind.ends_with("_clause"),
    }
}

/// What is wrong with the statements right below a node, if it is one of those that have some.
fn wrong_indentation(node: &Node<'_, PythonDoc>, text: &str) -> Option<Range<usize>> {
    match &*node.kind() {
        "block" => empty_block(node).or_else(|| odd_indentation(node, text, None)),
        "module" => odd_indentation(node, text, Some("")),
        _ => None,
    }
}

/// The child of a node in which a part of the file is, and in no other.
fn only_child_around<'a>(
    node: &Node<'a, PythonDoc>,
    part: Option<&Range<usize>>,
) -> Option<Node<'a, PythonDoc>> {
    let part = part?;
    let is_around = |child: &Node<'_, PythonDoc>| {
        child.range().start <= part.start && part.end <= child.range().end
    };
    node.children().find(is_around)
}

/// The statement that a block belongs to, when there is no statement in the block.
fn empty_block(block: &Node<'_, PythonDoc>) -> Option<Range<usize>> {
    if block.children().any(|child| is_statement(&child)) {
        return None;
    }
    Some(
        block
            .parent()
            .map_or(block.range(), |parent| parent.range()),
    )
}

/// The first statement of a block that is indented otherwise than the ones before it. Only what
/// begins a line is indented at all.
fn odd_indentation(
    block: &Node<'_, PythonDoc>,
    text: &str,
    expected: Option<&str>,
) -> Option<Range<usize>> {
    let mut expected = expected;
    for statement in block.children().filter(is_statement) {
        let range = statement.range();
        let before = &text[..range.start];
        let line = &before[before.rfind('\n').map_or(0, |at| at + 1)..];
        let lines_before = &before[..before.len() - line.len()];
        let indent = line.trim_start_matches('\u{feff}');
        let is_continued = lines_before.trim_end_matches(['\r', '\n']).ends_with('\\');
        if !indent.trim().is_empty() || is_continued {
            continue;
        }
        if *expected.get_or_insert(indent) != indent {
            return Some(range);
        }
    }
    None
}

fn is_statement(node: &Node<'_, PythonDoc>) -> bool {
    node.is_named() && node.kind() != "comment"
}

/// Whether a statement is more than a definition, an import or a docstring.
fn does_something(statement: &Node<'_, PythonDoc>) -> bool {
    match &*statement.kind() {
        "function_definition"
        | "class_definition"
        | "decorated_definition"
        | "import_statement"
        | "import_from_statement"
        | "future_import_statement"
        | "case_clause" => false,
        "expression_statement" => statement.children().any(|child| child.kind() != "string"),
        _ => true,
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

impl Edit {
    /// Returns `text` with the edit made.
    pub fn apply(&self, text: &str) -> String {
        let mut text = text.to_owned();
        text.replace_range(self.replaced.clone(), &self.text);
        text
    }
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
    fn parts_of_a_program_are_told_apart() {
        let text = "@wrap\ndef f(x):\n    \"\"\"Doc.\"\"\"\n    return x is not None + 1  # why\n";
        let module = Module::parse(text);
        let tokens = module.tokens();
        let shown: Vec<_> = tokens
            .iter()
            .map(|(range, token)| (&text[range.clone()], *token))
            .collect();
        assert_eq!(
            shown,
            [
                ("def", Token::Keyword),
                ("f", Token::Definition),
                ("\"\"\"Doc.\"\"\"", Token::String),
                ("return", Token::Keyword),
                ("is not", Token::Keyword),
                ("None", Token::Keyword),
                ("1", Token::Number),
                ("# why", Token::Comment),
            ]
        );
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
    fn whole_statements_are_told_from_parts_of_them() {
        let module = Module::parse(TEXT);
        let part = |from: &str, to: &str| offset(from)..offset(to);
        assert!(module.is_whole_statements(&part("    def inner", "    return inner")));
        assert!(module.is_whole_statements(&part("@decorated", "def forward(x)")));
        assert!(module.is_top_level(&part("@decorated", "def forward(x)")));
        assert!(!module.is_top_level(&part("    scale", "\n    def forward")));
        // A comment first, a definition without its decorator, a part of a block, the head of a function.
        assert!(!module.is_whole_statements(&part("        # comment", "\ndef forward(x)")));
        assert!(!module.is_whole_statements(&part("class Layer", "def forward(x)")));
        assert!(!module.is_whole_statements(&part("        return x\n", "inner()\n")));
        assert!(!module.is_whole_statements(&part("def forward(x)", "        return x\n")));
        let cases = "match a:\n    case 1:\n        pass\n    case 2:\n        pass\n";
        let first_case = cases.find("    case 1").unwrap()..cases.find("    case 2").unwrap();
        assert!(!Module::parse(cases).is_whole_statements(&first_case));
    }

    #[test]
    fn defined_names_are_of_functions_classes_and_parameters() {
        let names = |text| {
            Module::parse(text)
                .defined_names()
                .into_iter()
                .collect::<Vec<_>>()
        };
        assert_eq!(names(TEXT), ["Layer", "forward", "inner", "self", "x"]);
        assert_eq!(
            names("def f(a, b: T = d, *c: U, e=g, **h): i = lambda j, k=l: m\n"),
            ["a", "b", "c", "e", "f", "h", "j", "k"]
        );
        assert!(names("def (").is_empty());
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
    fn files_may_begin_with_blank_lines() {
        let error = |text: &str| Module::parse(text).error().map(|at| text[at].to_owned());
        assert_eq!(error("\n\n\n\n\n\nx\n"), None);
        assert_eq!(error("\n\n\n\nif x:\n    a = 1\n\n    b = 2\n"), None);
        let odd = "\n\n\n\n\nif x:\n    a = 1\n  b = 2\n";
        assert_eq!(error(odd).as_deref(), Some("b = 2"));
    }

    #[test]
    fn what_the_grammar_forgives_is_an_error() {
        let error = |text: &str| Module::parse(text).error().map(|at| text[at].to_owned());
        for (text, place) in [
            ("x = 1\ndef f():\n\ny = 2\n", "def f():"),
            ("class A:\n    # only a comment\n", "class A:"),
            ("def f():\nraise E\n", "def f():"),
            ("if x:\nelse:\n    y = 1\n", "if x:"),
            ("try:\n    x\nexcept E:\n", "except E:"),
            ("x = 1\n    y = 2\n", "y = 2"),
            ("def f():\n    \"\"\"d\"\"\"\n      raise E\n", "raise E"),
            ("def f():\n    return 1\n  x = 2\n", "x = 2"),
            ("if x:\n    a\n\tb\n", "b"),
        ] {
            let found = error(text).unwrap_or_else(|| panic!("{text}"));
            assert!(found.starts_with(place), "{text}: {found}");
        }
        for text in [
            "",
            "# only a comment\n",
            "\u{feff}x = 1\r\nif x:\r\n\ty = 2\r\n",
            "class A: pass; x = 1\n",
            "if a:\n    x = 1\n\n  # odd comment\n    y = [\n  1\n]\n    z = \"\"\"\n  a\n\"\"\"\n",
            "x = 1; \\\n    y = 2\n",
            "match x:\n    case 1:\n        pass\n    case _: ...\n",
            "@a\n@b\ndef f[T](x: T, /) -> T: return x\ntype X = int\n",
            "try:\n    x\nexcept* E:\n    y\nelse:\n    z\nfinally:\n    w\n",
            "async def f():\n    async with a as b, c:\n        return [i async for i in b]\n",
        ] {
            assert_eq!(error(text), None, "{text}");
        }
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
