//! Reads YAML into values whose places in the file are known.
//!
//! The only file that names the YAML crate. Input is untrusted: its size, nesting and aliases are
//! bounded before anything is built. What the values mean is left to `curriculum::schema`.

use std::fmt;
use std::sync::{Arc, OnceLock};

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use serde_yaml::options::{DuplicateKeyPolicy, MergeKeyPolicy};
use serde_yaml::{Location as YamlLocation, Options, Spanned};

use super::{SourceFile, Span};

/// Levels of nesting that a file may have; the formats need about ten.
const MAX_DEPTH: usize = 32;

/// Values that a file may have, expanded aliases included.
const MAX_NODES: usize = 100_000;

/// A YAML file as JSON values, with the place of each.
#[derive(Debug)]
pub struct Document {
    /// The file that was read.
    pub file: Arc<SourceFile>,
    /// Its content.
    pub value: Value,
    duplicate_keys: DuplicateKeyPolicy,
    /// The places, once one was asked for: most files are right, and reading the places of everything takes
    /// as long again as reading the values.
    place: OnceLock<Place>,
}

/// The place of a value, and the places of what is in it.
#[derive(Debug)]
struct Place {
    /// The key that leads to the value; `None` for the root and for items of a list.
    key: Option<Span>,
    value: Span,
    /// The items of a list in their order, the values of a mapping in the order of their keys as texts.
    inner: Box<[Place]>,
}

impl Place {
    /// The place of a file's content where nothing is known of it.
    fn nowhere() -> Self {
        Self {
            key: None,
            value: Span::new(0, 0),
            inner: Box::default(),
        }
    }

    /// The place of what a token of a JSON pointer leads to from here, with its value.
    fn step<'a>(&'a self, value: &'a Value, token: &str) -> Option<(&'a Self, &'a Value)> {
        let (index, value) = match value {
            Value::Array(items) => {
                let index = token.parse().ok()?;
                (index, items.get(index)?)
            }
            Value::Object(map) => {
                let key = token.replace("~1", "/").replace("~0", "~");
                let value = map.get(&key)?;
                (map.keys().filter(|other| **other < key).count(), value)
            }
            _ => return None,
        };
        Some((self.inner.get(index)?, value))
    }

    /// Whether an offset is in a text that is here or inside.
    fn is_in_text(&self, value: &Value, offset: usize) -> bool {
        let mut inner = self.inner.iter();
        match value {
            Value::String(_) => self.value.start <= offset && offset < self.value.end,
            Value::Array(items) => items
                .iter()
                .any(|item| inner.next().is_some_and(|it| it.is_in_text(item, offset))),
            // The places are in the order of the keys as texts.
            Value::Object(map) => {
                let mut entries: Vec<_> = map.iter().collect();
                entries.sort_by(|a, b| a.0.cmp(b.0));
                entries
                    .into_iter()
                    .any(|(_, item)| inner.next().is_some_and(|it| it.is_in_text(item, offset)))
            }
            _ => false,
        }
    }
}

impl Document {
    /// Returns the place of the value under a JSON pointer, or of the nearest one above it.
    pub fn span(&self, pointer: &str) -> Span {
        self.nearest(pointer).value
    }

    /// Returns the place of the key that leads to a value, or of the value where it has no key.
    pub fn key_span(&self, pointer: &str) -> Span {
        let place = self.nearest(pointer);
        place.key.unwrap_or(place.value)
    }

    /// Whether a place is in a text, where every character counts.
    pub fn is_in_text(&self, offset: usize) -> bool {
        self.root().is_in_text(&self.value, offset)
    }

    /// Whether a place was asked for.
    #[cfg(test)]
    pub(crate) fn is_placed(&self) -> bool {
        self.place.get().is_some()
    }

    /// The place of the whole.
    fn root(&self) -> &Place {
        self.place.get_or_init(|| {
            let read = read_with_places(&self.file, self.duplicate_keys);
            debug_assert!(read.as_ref().is_ok_and(|(value, _)| *value == self.value));
            read.map_or_else(|_| Place::nowhere(), |(_, place)| place)
        })
    }

    fn nearest(&self, pointer: &str) -> &Place {
        let mut at = (self.root(), &self.value);
        for token in pointer.split('/').skip(1) {
            match at.0.step(at.1, token) {
                Some(inner) => at = inner,
                None => break,
            }
        }
        at.0
    }
}

/// What makes a file unreadable as YAML, or doubtful.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What kind of problem it is.
    pub kind: ProblemKind,
    /// What is wrong: a lower-case fragment.
    pub message: String,
    /// Where it is.
    pub span: Span,
}

/// The kinds of [`Problem`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// The file is not YAML, or uses what the formats exclude (merge keys, tags, several documents).
    Syntax,
    /// The file is larger, deeper or more entangled than any real one.
    Limit,
    /// A key stands twice in one mapping.
    DuplicateKey,
}

/// Reads a file, and returns its content where there is one and all problems that were met.
///
/// A duplicate key is a problem and the content is there all the same, with the first value of the
/// key, so that the rest of the file can be checked.
pub fn parse(file: &Arc<SourceFile>) -> (Option<Document>, Vec<Problem>) {
    if file.text().trim().is_empty() {
        let message = "the file is empty".to_owned();
        return (
            None,
            vec![Problem {
                kind: ProblemKind::Syntax,
                message,
                span: Span::new(0, 0),
            }],
        );
    }
    match parse_with(file, DuplicateKeyPolicy::Error) {
        Ok(document) => (Some(document), Vec::new()),
        Err(problem) if problem.kind == ProblemKind::DuplicateKey => {
            match parse_with(file, DuplicateKeyPolicy::FirstWins) {
                Ok(document) => (Some(document), vec![problem]),
                Err(other) => (None, vec![problem, other]),
            }
        }
        Err(problem) => (None, vec![problem]),
    }
}

fn parse_with(
    file: &Arc<SourceFile>,
    duplicate_keys: DuplicateKeyPolicy,
) -> Result<Document, Problem> {
    let plain = serde_yaml::from_str_with_options(file.text(), options(duplicate_keys));
    let (value, place) = match plain {
        Ok(Plain(value)) => (value, OnceLock::new()),
        // What is wrong is told where it is.
        Err(_) => {
            let (value, place) = read_with_places(file, duplicate_keys)?;
            (value, OnceLock::from(place))
        }
    };
    if value.is_null() {
        let message = "the file holds no value".to_owned();
        return Err(Problem {
            kind: ProblemKind::Syntax,
            message,
            span: Span::new(0, 0),
        });
    }
    Ok(Document {
        file: Arc::clone(file),
        value,
        duplicate_keys,
        place,
    })
}

fn read_with_places(
    file: &SourceFile,
    duplicate_keys: DuplicateKeyPolicy,
) -> Result<(Value, Place), Problem> {
    let root: Spanned<Node> =
        serde_yaml::from_str_with_options(file.text(), options(duplicate_keys))
            .map_err(|error| problem(file, &error))?;
    Ok(split(file, root, None))
}

fn options(duplicate_keys: DuplicateKeyPolicy) -> Options {
    serde_yaml::options! {
        budget: serde_yaml::budget! {
            max_depth: MAX_DEPTH,
            max_nodes: MAX_NODES,
            max_events: 4 * MAX_NODES,
            // One more than allowed: a second document then has an error of its own.
            max_documents: 2,
            max_aliases: 100,
            max_anchors: 100,
        },
        alias_limits: serde_yaml::alias_limits! {
            max_total_replayed_events: 10_000,
            max_replay_stack_depth: 8,
        },
        duplicate_keys: duplicate_keys,
        merge_keys: MergeKeyPolicy::Error,
        strict_booleans: true,
        reject_unsupported_tags: true,
        with_snippet: false,
    }
}

fn problem(file: &SourceFile, error: &serde_yaml::Error) -> Problem {
    let error = innermost(error);
    let start = error
        .location()
        .map_or(Span::new(0, 0), |location| span_of(file, &location));
    let (kind, message) = match error {
        serde_yaml::Error::DuplicateMappingKey { key, .. } => (
            ProblemKind::DuplicateKey,
            key.as_ref().map_or_else(
                || "a key stands twice in one mapping".to_owned(),
                |key| format!("the key `{key}` stands twice in one mapping"),
            ),
        ),
        serde_yaml::Error::MergeKeyNotAllowed { .. } => (
            ProblemKind::Syntax,
            "merge keys (`<<`) are not supported".to_owned(),
        ),
        serde_yaml::Error::MultipleDocuments { .. } => (
            ProblemKind::Syntax,
            "the file holds more than one document".to_owned(),
        ),
        serde_yaml::Error::Budget { .. }
        | serde_yaml::Error::AliasReplayLimitExceeded { .. }
        | serde_yaml::Error::AliasReplayStackDepthExceeded { .. }
        | serde_yaml::Error::AliasReplayCounterOverflow { .. }
        | serde_yaml::Error::AliasExpansionLimitExceeded { .. } => (
            ProblemKind::Limit,
            format!(
                "the file is larger or more entangled than allowed: {}",
                first_line(error)
            ),
        ),
        other => match first_line(other) {
            // The parser's own bound, which strikes before ours.
            line if line.contains("recursion limit") => (
                ProblemKind::Limit,
                "the file is nested more deeply than allowed".to_owned(),
            ),
            line => (ProblemKind::Syntax, format!("not valid YAML: {line}")),
        },
    };
    Problem {
        kind,
        message,
        span: start,
    }
}

/// The error itself, without what wraps it when it comes up behind an alias.
fn innermost(error: &serde_yaml::Error) -> &serde_yaml::Error {
    match error.without_snippet() {
        serde_yaml::Error::AliasError { error, .. } => innermost(error),
        other => other,
    }
}

/// The crate's own words, without the position that it puts at the end and we show elsewhere.
fn first_line(error: &serde_yaml::Error) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    let line = line.split(" at line ").next().unwrap_or(line);
    let mut chars = line.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(chars).collect()
    })
}

/// A location's span in bytes. The crate knows the byte offset wherever it parses from a string;
/// where it does not tell, the line and column do.
fn span_of(file: &SourceFile, location: &YamlLocation) -> Span {
    let length = file.text().len();
    let span = location.span();
    if let (Some(start), Some(len)) = (span.byte_offset(), span.byte_len()) {
        let start = usize::try_from(start).unwrap_or(length).min(length);
        let len = usize::try_from(len).unwrap_or(0);
        return Span::new(start, (start + len).min(length));
    }
    let line = file.line_span(usize::try_from(location.line()).unwrap_or(1));
    let column = usize::try_from(location.column().saturating_sub(1)).unwrap_or(0);
    let start = file.text()[line.start..line.end]
        .char_indices()
        .nth(column)
        .map_or(line.end, |(at, _)| line.start + at);
    Span::new(start, start)
}

/// A value without places.
struct Plain(Value);

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PlainVisitor).map(Self)
    }
}

struct PlainVisitor;

impl<'de> Visitor<'de> for PlainVisitor {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a YAML value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("a number that is not finite"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Plain::deserialize(deserializer).map(|plain| plain.0)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Plain(item)) = access.next_element()? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some((key, Plain(value))) = access.next_entry::<String, Plain>()? {
            entries.push((key, value));
        }
        entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        // `1` and `"1"` are different keys to YAML and the same to JSON.
        if let Some(pair) = entries.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(A::Error::custom(format!(
                "the key `{}` stands twice",
                pair[0].0
            )));
        }
        Ok(Value::Object(entries.into_iter().collect()))
    }
}

/// A value as the crate hands it to us, with the places of everything inside.
enum Node {
    Scalar(Value),
    List(Vec<Spanned<Node>>),
    Map(Vec<(Spanned<String>, Spanned<Node>)>),
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

/// As [`PlainVisitor`], with places.
struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        PlainVisitor.expecting(formatter)
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Node, E> {
        PlainVisitor.visit_bool(value).map(Node::Scalar)
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Node, E> {
        PlainVisitor.visit_i64(value).map(Node::Scalar)
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Node, E> {
        PlainVisitor.visit_u64(value).map(Node::Scalar)
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Node, E> {
        PlainVisitor.visit_f64(value).map(Node::Scalar)
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Node, E> {
        PlainVisitor.visit_str(value).map(Node::Scalar)
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Node, E> {
        PlainVisitor.visit_unit().map(Node::Scalar)
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<Node, E> {
        PlainVisitor.visit_none().map(Node::Scalar)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        Node::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut entries: Vec<(Spanned<String>, Spanned<Node>)> = Vec::new();
        while let Some((key, value)) = access.next_entry::<Spanned<String>, _>()? {
            if entries.iter().any(|(other, _)| other.value == key.value) {
                return Err(A::Error::custom(format!(
                    "the key `{}` stands twice",
                    key.value
                )));
            }
            entries.push((key, value));
        }
        Ok(Node::Map(entries))
    }
}

/// Splits a node into its JSON value and the places of everything in it.
fn split(file: &SourceFile, node: Spanned<Node>, key: Option<Span>) -> (Value, Place) {
    let span = span_of(file, &node.referenced);
    let (value, inner) = match node.value {
        Node::Scalar(value) => (value, Vec::new()),
        Node::List(items) => {
            let items = items.into_iter().map(|item| split(file, item, None));
            let (values, inner): (Vec<_>, Vec<_>) = items.unzip();
            (Value::Array(values), inner)
        }
        Node::Map(mut entries) => {
            entries.sort_by(|(a, _), (b, _)| a.value.cmp(&b.value));
            let mut map = Map::new();
            let mut inner = Vec::with_capacity(entries.len());
            for (key, value) in entries {
                let key_span = span_of(file, &key.referenced);
                let (value, place) = split(file, value, Some(key_span));
                map.insert(key.value, value);
                inner.push(place);
            }
            (Value::Object(map), inner)
        }
    };
    let place = Place {
        key,
        value: span,
        inner: inner.into_boxed_slice(),
    };
    (value, place)
}

/// A key as it stands in a JSON pointer (RFC 6901).
pub fn escape_token(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn parsed(text: &str) -> (Option<Document>, Vec<Problem>) {
        parse(&Arc::new(SourceFile::new("a.yaml", text)))
    }

    fn only_problem(text: &str) -> (ProblemKind, String, (usize, usize)) {
        let file = Arc::new(SourceFile::new("a.yaml", text));
        let (_, problems) = parse(&file);
        assert_eq!(problems.len(), 1, "{problems:?}");
        let position = file.position(problems[0].span.start);
        (
            problems[0].kind,
            problems[0].message.clone(),
            (position.line, position.column),
        )
    }

    #[test]
    fn every_node_knows_its_place() {
        let text = "# comment\nid: ab\nlist:\n  - one\n  - {k: 2.5, b: true}\ntext: |\n  hello\n";
        let (document, problems) = parsed(text);
        let document = document.unwrap();
        assert_eq!(problems, []);
        assert_eq!(
            document.value,
            json!({"id": "ab", "list": ["one", {"k": 2.5, "b": true}], "text": "hello\n"})
        );
        let at = |pointer: &str| {
            let span = document.span(pointer);
            &text[span.start..span.end]
        };
        assert_eq!(at("/id"), "ab");
        assert_eq!(at("/list/0"), "one");
        assert_eq!(at("/list/1/k"), "2.5");
        let key = document.key_span("/list/1/k");
        assert_eq!(&text[key.start..key.end], "k");
        assert_eq!(document.span("/list/7/none"), document.span("/list"));
        let block = document.file.position(document.span("/text").start);
        assert_eq!(
            (block.line, block.column),
            (7, 3),
            "a block starts where its text does"
        );
    }

    #[test]
    fn positions_after_wide_characters_and_crlf_are_right() {
        let (document, _) = parsed("\u{feff}a: \"ö\u{1f511}\"\r\nb: [x]\r\n");
        let document = document.unwrap();
        let position = document.file.position(document.span("/b/0").start);
        assert_eq!((position.line, position.column), (2, 5));
    }

    #[test]
    fn duplicate_key_is_a_problem_and_the_rest_is_read() {
        let (document, problems) = parsed("a: 1\nb:\n  c: 1\n  c: 2\nd: 4\n");
        assert_eq!(
            document.unwrap().value,
            json!({"a": 1, "b": {"c": 1}, "d": 4})
        );
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].kind, ProblemKind::DuplicateKey);
        assert_eq!(
            problems[0].message,
            "the key `c` stands twice in one mapping"
        );
        assert_eq!(
            only_problem("a: 1\na: 2\n"),
            (
                ProblemKind::DuplicateKey,
                "the key `a` stands twice in one mapping".to_owned(),
                (2, 1)
            )
        );
    }

    #[test]
    fn empty_files_are_a_problem() {
        for text in [
            "",
            "\n\r\n",
            "\u{feff}",
            "# only a comment\n",
            "---\n",
            "null\n",
            "~",
        ] {
            let (kind, message, _) = only_problem(text);
            assert_eq!(kind, ProblemKind::Syntax, "{text:?}");
            assert!(message.starts_with("the file "), "{text:?}: {message}");
        }
    }

    #[test]
    fn broken_yaml_is_a_problem_at_its_place() {
        let (kind, message, position) = only_problem("a: [1, 2\nb: 3\n");
        assert_eq!(kind, ProblemKind::Syntax);
        assert!(message.starts_with("not valid YAML: "), "{message}");
        assert_eq!(position.0, 2);
    }

    #[test]
    fn what_the_formats_exclude_is_a_problem() {
        for text in [
            "a: 1\n---\nb: 2\n",
            "x: &x {a: 1}\ny:\n  <<: *x\n",
            "a: !thing 1\n",
            "a: .nan\n",
        ] {
            assert_eq!(only_problem(text).0, ProblemKind::Syntax, "{text}");
        }
    }

    #[test]
    fn words_that_other_parsers_take_for_booleans_stay_words() {
        let (document, _) = parsed("a: yes\nb: off\nc: true\n");
        assert_eq!(
            document.unwrap().value,
            json!({"a": "yes", "b": "off", "c": true})
        );
    }

    #[test]
    fn billion_laughs_is_refused_without_being_expanded() {
        let mut text = "a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha]\n".to_owned();
        for level in 1..10 {
            let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
            text.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
        }
        assert_eq!(only_problem(&text).0, ProblemKind::Limit);
    }

    #[test]
    fn deep_nesting_is_refused() {
        let deep = format!("a: {}{}\n", "[".repeat(10_000), "]".repeat(10_000));
        assert_eq!(only_problem(&deep).0, ProblemKind::Limit);
        let block: String = (0..200)
            .map(|level| format!("{}a:\n", " ".repeat(level)))
            .collect();
        assert_eq!(only_problem(&block).0, ProblemKind::Limit);
    }

    #[test]
    fn a_key_is_the_same_quoted_and_bare() {
        assert_eq!(only_problem("1: a\n\"1\": b\n").0, ProblemKind::Syntax);
    }

    proptest! {
        /// The places are of what was read: both ways of reading take the same files for YAML, and have the
        /// same values.
        #[test]
        fn values_are_the_same_with_places_and_without(
            parts in prop::collection::vec(
                prop::sample::select(vec![
                    "a", "b", "1", "\"1\"", "'x'", "true", "~", "null", "1.5", ".nan", "0x1f", "1_0", "+1", "yes",
                    ": ", ":\n  ", ": \n", "\n", "\n  ", "- ", "? ", ", ", "[", "]", "{", "}", "&x ", "*x", "<<: ",
                    "!t ", "!!str ", "|\n  t\n", ">-\n  t\n   u\n", "# c\n", "---\n", "...\n", "\t", "é", "a: b\n",
                    "c: [1, 2]\n", "d: {e: f}\n", "- g\n", "99999999999999999999", "-0", "1e3", "2024-01-01",
                ]),
                1..14,
            )
        ) {
            let file = SourceFile::new("a.yaml", parts.concat());
            for policy in [DuplicateKeyPolicy::Error, DuplicateKeyPolicy::FirstWins] {
                let plain = serde_yaml::from_str_with_options::<Plain>(file.text(), options(policy));
                let placed = read_with_places(&file, policy);
                // An error is told by the second, so that only what the first takes must be the same.
                if let Ok(Plain(value)) = plain {
                    prop_assert_eq!(placed.map(|(value, _)| value), Ok(value), "{}", file.text());
                }
            }
        }
    }
}
