//! The syntax of a file as plain nodes, of which two can be told to mean the same.
//!
//! Only what Python's own parser would keep: no comments, no commas, no brackets that only group.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::ops::Range;
use std::rc::Rc;

use super::Module;

/// Code that is nested deeper is not looked at: nobody writes it, and every walk is recursive.
const MAX_DEPTH: usize = 200;

/// Unnamed nodes that say nothing which the nodes around them do not say as well.
const PUNCTUATION: &[&str] = &["(", ")", "[", "]", "{", "}", ",", ";", ":"];

/// The fields that anybody asks for.
const FIELDS: &[&str] = &[
    "alternative",
    "arguments",
    "attribute",
    "body",
    "function",
    "left",
    "name",
    "object",
    "parameters",
    "right",
    "value",
];

/// A part of a file's syntax. Equal ones differ in nothing but comments and formatting.
#[derive(Clone, Debug)]
pub struct Syntax {
    /// What it is, as the grammar calls it; the text itself for keywords and operators.
    pub kind: Rc<str>,
    /// What it is to the node above; `None` for what nobody asks for.
    pub field: Option<&'static str>,
    /// Whether it is more than a keyword or operator.
    pub is_named: bool,
    /// Its bytes in the file, with the brackets that group it.
    pub range: Range<usize>,
    /// The nodes below.
    pub children: Vec<Syntax>,
    /// Text of its own that is in none of them; empty for most.
    own_text: Rc<str>,
    /// Stands for kinds and texts of it and all nodes below.
    digest: u64,
}

impl PartialEq for Syntax {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest
    }
}

impl Eq for Syntax {}

impl Syntax {
    /// A number that equal nodes, and no others, have in common.
    pub fn digest(&self) -> u64 {
        self.digest
    }

    /// Its text, in the file that it was made from.
    pub fn text<'t>(&self, file: &'t str) -> &'t str {
        &file[self.range.clone()]
    }

    /// The node below that has a field.
    pub fn field(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.field == Some(name))
    }

    /// Whether it is a name, an operator, a number or the like.
    pub fn is_leaf(&self) -> bool {
        self.children.is_empty()
    }

    /// Calls `visit` with the node and all nodes below, in the order of the file, as long as it returns
    /// `true` for what is above them.
    pub fn walk<'s>(&'s self, visit: &mut impl FnMut(&'s Self) -> bool) {
        if visit(self) {
            for child in &self.children {
                child.walk(visit);
            }
        }
    }

    /// As if some of the nodes right below were others.
    #[must_use]
    pub fn with_children(&self, replaced: Range<usize>, others: &[Self]) -> Self {
        let mut children = self.children.clone();
        children.splice(replaced, others.iter().cloned());
        self.of(children)
    }

    fn of(&self, children: Vec<Self>) -> Self {
        let mut hasher = DefaultHasher::new();
        self.kind.hash(&mut hasher);
        self.own_text.hash(&mut hasher);
        children.len().hash(&mut hasher);
        for child in &children {
            child.digest.hash(&mut hasher);
        }
        Self {
            kind: Rc::clone(&self.kind),
            field: self.field,
            is_named: self.is_named,
            range: self.range.clone(),
            own_text: Rc::clone(&self.own_text),
            digest: hasher.finish(),
            children,
        }
    }
}

/// A file's syntax, with the comments that are not part of it.
#[derive(Clone, Debug)]
pub struct SyntaxTree {
    /// The whole file.
    pub root: Syntax,
    /// The bytes of all comments, in order.
    pub comments: Vec<Range<usize>>,
}

impl Module {
    /// The file's syntax; `None` when it is nested too deeply.
    pub fn syntax(&self) -> Option<SyntaxTree> {
        let root = self.ast.root();
        let mut comments = Vec::new();
        let mut kinds: HashMap<u16, Rc<str>> = HashMap::new();
        let mut cursor = root.get_inner_node().walk();
        let mut builder = Builder {
            text: self.text(),
            comments: &mut comments,
        };
        // The cursor of the grammar is the one thing that knows fields; it is used in place.
        macro_rules! read {
            ($cursor:expr) => {{
                let node = $cursor.node();
                Raw {
                    kind: Rc::clone(
                        kinds
                            .entry(node.kind_id())
                            .or_insert_with(|| node.kind().into()),
                    ),
                    field: field_called($cursor.field_name()),
                    is_named: node.is_named(),
                    range: node.byte_range(),
                }
            }};
        }
        let mut open: Vec<(Raw, Vec<Syntax>)> = vec![(read!(cursor), Vec::new())];
        loop {
            let is_text = open
                .last()
                .is_some_and(|(raw, _)| &*raw.kind == "string_content");
            if !is_text && cursor.goto_first_child() {
                if open.len() >= MAX_DEPTH {
                    return None;
                }
                open.push((read!(cursor), Vec::new()));
                continue;
            }
            loop {
                let (raw, children) = open.pop().expect("the root is closed last");
                let node = builder.close(raw, children);
                let Some((_, siblings)) = open.last_mut() else {
                    let root = node.expect("the root is no punctuation");
                    return Some(SyntaxTree { root, comments });
                };
                siblings.extend(node);
                if cursor.goto_next_sibling() {
                    open.push((read!(cursor), Vec::new()));
                    break;
                }
                cursor.goto_parent();
            }
        }
    }
}

fn field_called(name: Option<&str>) -> Option<&'static str> {
    FIELDS.iter().copied().find(|field| name == Some(field))
}

/// A node as the grammar has it.
struct Raw {
    kind: Rc<str>,
    field: Option<&'static str>,
    is_named: bool,
    range: Range<usize>,
}

struct Builder<'a> {
    text: &'a str,
    comments: &'a mut Vec<Range<usize>>,
}

impl Builder<'_> {
    /// Returns the node that a raw one with these children is; `None` for what says nothing.
    fn close(&mut self, raw: Raw, mut children: Vec<Syntax>) -> Option<Syntax> {
        if matches!(&*raw.kind, "comment" | "line_continuation") {
            self.comments.push(raw.range);
            return None;
        }
        if !raw.is_named && PUNCTUATION.contains(&&*raw.kind) {
            return None;
        }
        if &*raw.kind == "parenthesized_expression" && children.len() == 1 {
            let mut inner = children.remove(0);
            inner.field = raw.field;
            inner.range = raw.range;
            return Some(inner);
        }
        let own_text = self.own_text(&raw, &children);
        let childless = Syntax {
            kind: raw.kind,
            field: raw.field,
            is_named: raw.is_named,
            range: raw.range,
            children: Vec::new(),
            own_text: own_text.into(),
            digest: 0,
        };
        Some(childless.of(children))
    }

    /// The text of a node that is in none of its children and means something.
    fn own_text(&self, raw: &Raw, children: &[Syntax]) -> String {
        let text = &self.text[raw.range.clone()];
        if children.is_empty() && matches!(&*raw.kind, "string_content" | "identifier") {
            return text.to_owned();
        }
        // A comma behind the only element is what makes a tuple of an index.
        let is_ignored = |c: char| match c {
            ',' => &*raw.kind != "subscript",
            ':' => &*raw.kind != "slice",
            _ => c.is_whitespace() || "()[]{};\u{feff}".contains(c),
        };
        let mut own = String::new();
        let mut at = raw.range.start;
        let inner = children.iter().map(|child| &child.range);
        let end = raw.range.end..raw.range.end;
        for range in inner.chain([&end]) {
            own.extend(
                self.without_comments(at..range.start)
                    .chars()
                    .filter(|c| !is_ignored(*c)),
            );
            // Where it stands between the children matters, too.
            own.push('\0');
            at = range.end;
        }
        if own.chars().all(|c| c == '\0') {
            String::new()
        } else {
            own
        }
    }

    fn without_comments(&self, range: Range<usize>) -> String {
        let mut kept = String::new();
        let mut at = range.start;
        let from = self
            .comments
            .partition_point(|comment| comment.start < range.start);
        for comment in &self.comments[from..] {
            if comment.end > range.end {
                break;
            }
            kept.push_str(&self.text[at..comment.start]);
            at = comment.end;
        }
        kept.push_str(self.text.get(at..range.end).unwrap_or_default());
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(text: &str) -> Syntax {
        Module::parse(text).syntax().unwrap().root
    }

    #[test]
    fn formatting_is_no_difference() {
        for (one, other) in [
            ("x = f(a, b)\n", "x = f(\n    a,  # first\n    b,\n)\n"),
            ("return_ = (a + b)\n", "return_ = a + b # sum\n"),
            ("if x:\n    y = 1\n", "# why\nif (x): y = 1\n"),
            ("x = [1, 2]\ny\n", "x = [1, 2,]; y\n"),
            ("x = a + b\n", "x = a \\\n    + b\n"),
            ("", "# nothing\n\n"),
        ] {
            assert_eq!(root(one), root(other), "{one}");
        }
    }

    #[test]
    fn meaning_is_a_difference() {
        for (one, other) in [
            ("x = 'a b'\n", "x = 'ab'\n"),
            ("x = f'{a:.2f}'\n", "x = f'{a:.3f}'\n"),
            ("x = f'{a!r}'\n", "x = f'{a}'\n"),
            ("x = '\\n'\n", "x = '\\t'\n"),
            ("x[a,]\n", "x[a]\n"),
            ("x = (a,)\n", "x = (a)\n"),
            ("a < b < c\n", "(a < b) < c\n"),
            ("x = a - (b - c)\n", "x = a - b - c\n"),
            ("x = [a]\n", "x = {a}\n"),
            ("x[1:]\n", "x[:1]\n"),
            ("f(*a)\n", "f(**a)\n"),
            ("from . import a\n", "from .. import a\n"),
            ("x = 1\n", "x += 1\n"),
            ("x: int = 1\n", "x = 1\n"),
            ("if a:\n    b\n    c\n", "if a:\n    b\nc\n"),
            ("lambda: (yield)\n", "lambda: 1\n"),
        ] {
            assert_ne!(root(one), root(other), "{one}");
        }
    }

    #[test]
    fn deep_code_is_refused_and_wide_code_is_not() {
        let deep = format!("x = {}1{}\n", "[".repeat(5000), "]".repeat(5000));
        assert!(Module::parse(&deep).syntax().is_none());
        let wide = format!("x = [{}]\n", "1, ".repeat(5000));
        assert!(Module::parse(&wide).syntax().is_some());
    }
}
