//! Reads JSON as people have written it: what can be understood is, and every damage is told with its line.
//!
//! Raw control characters in texts, unknown escapes, lone surrogates, trailing commas and repeated keys are
//! damages. Anything else that is no JSON ends the reading: what stands there could only be guessed.

use std::collections::HashMap;
use std::iter::Peekable;
use std::str::CharIndices;

/// Levels that objects and lists may be nested.
const MAX_DEPTH: usize = 64;

/// A value with the line that it begins in.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    /// Line, from 1.
    pub(super) line: usize,
    /// The value.
    pub(super) value: Value,
}

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Node>),
    /// Each key once, in the order of the file.
    Object(Vec<(String, Node)>),
}

impl Value {
    /// The kind of value in words.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a truth value",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}

/// Something that is not as JSON wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Damage {
    /// Line, from 1.
    pub(super) line: usize,
    /// What is wrong, as a lower-case fragment.
    pub(super) what: String,
}

/// Reads a text, and tells the damages that could be passed over.
///
/// # Errors
///
/// The first that could not.
pub(super) fn parse(text: &str) -> Result<(Node, Vec<Damage>), Damage> {
    let mut parser = Parser {
        text,
        chars: text.char_indices().peekable(),
        line: 1,
        damages: Vec::new(),
    };
    let node = parser.value(0)?;
    parser.blanks();
    match parser.peek() {
        None => Ok((node, parser.damages)),
        Some(_) => Err(parser.damage("there is more behind the end")),
    }
}

struct Parser<'a> {
    text: &'a str,
    chars: Peekable<CharIndices<'a>>,
    line: usize,
    damages: Vec<Damage>,
}

impl Parser<'_> {
    fn value(&mut self, depth: usize) -> Result<Node, Damage> {
        self.blanks();
        let line = self.line;
        if depth > MAX_DEPTH {
            return Err(self.damage(format!("more than {MAX_DEPTH} levels")));
        }
        let value = match self.peek() {
            Some('{') => self.object(depth)?,
            Some('[') => self.list(depth)?,
            Some('"') => Value::Text(self.string()?),
            Some(_) => self.word()?,
            None => return Err(self.damage("the file ends where a value is expected")),
        };
        Ok(Node { line, value })
    }

    fn object(&mut self, depth: usize) -> Result<Value, Damage> {
        let mut entries: Vec<(String, Node)> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        self.items('}', |parser| {
            let line = parser.line;
            if parser.peek() != Some('"') {
                return Err(parser.unexpected("a key in quotes"));
            }
            let key = parser.string()?;
            parser.blanks();
            if !parser.take(':') {
                return Err(parser.unexpected("`:`"));
            }
            let node = parser.value(depth + 1)?;
            if let Some(at) = places.get(&key) {
                let what = format!("`{key}` stands there again, and the last one counts");
                parser.damages.push(Damage { line, what });
                entries[*at].1 = node;
            } else {
                places.insert(key.clone(), entries.len());
                entries.push((key, node));
            }
            Ok(())
        })?;
        Ok(Value::Object(entries))
    }

    fn list(&mut self, depth: usize) -> Result<Value, Damage> {
        let mut items = Vec::new();
        self.items(']', |parser| {
            items.push(parser.value(depth + 1)?);
            Ok(())
        })?;
        Ok(Value::List(items))
    }

    /// Reads what stands between an opening sign and `close`, with commas between.
    fn items(
        &mut self,
        close: char,
        mut item: impl FnMut(&mut Self) -> Result<(), Damage>,
    ) -> Result<(), Damage> {
        self.chars.next();
        self.blanks();
        if self.take(close) {
            return Ok(());
        }
        loop {
            item(self)?;
            self.blanks();
            let line = self.line;
            if self.take(close) {
                return Ok(());
            }
            if !self.take(',') {
                return Err(self.unexpected(&format!("`,` or `{close}`")));
            }
            self.blanks();
            if self.take(close) {
                let what = format!("a comma before `{close}`");
                self.damages.push(Damage { line, what });
                return Ok(());
            }
        }
    }

    fn string(&mut self) -> Result<String, Damage> {
        let start = self.line;
        let mut told = None;
        let mut result = String::new();
        self.chars.next();
        while let Some((_, char)) = self.chars.next() {
            match char {
                '"' => return Ok(result),
                '\\' => self.escape(&mut result),
                _ => {
                    if char < ' ' && told != Some(self.line) {
                        told = Some(self.line);
                        let what = format!(
                            "a raw control character (U+{:04X}) in a text",
                            u32::from(char)
                        );
                        self.damages.push(Damage {
                            line: self.line,
                            what,
                        });
                    }
                    self.count(char);
                    result.push(char);
                }
            }
        }
        let what = "a text that is never closed".to_owned();
        Err(Damage { line: start, what })
    }

    /// Reads what follows a backslash.
    fn escape(&mut self, result: &mut String) {
        let Some((_, char)) = self.chars.next() else {
            return;
        };
        let plain = match char {
            '"' | '\\' | '/' => char,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => return self.unicode_escape(result),
            _ => {
                let what = format!("`\\{char}` is no escape and stands for itself");
                self.damages.push(Damage {
                    line: self.line,
                    what,
                });
                self.count(char);
                result.push('\\');
                char
            }
        };
        result.push(plain);
    }

    /// Reads the digits behind `\u`; two such make one character beyond the first 65,536.
    fn unicode_escape(&mut self, result: &mut String) {
        let mut unit = || {
            let at = self.chars.peek().map_or(self.text.len(), |(at, _)| *at);
            let digits = self.text.get(at..at + 4)?;
            let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            let unit = u32::from_str_radix(digits, 16).ok().filter(|_| is_hex)?;
            self.chars.nth(3);
            Some(unit)
        };
        let Some(first) = unit() else {
            let what = "`\\u` without four digits stands for itself".to_owned();
            self.damages.push(Damage {
                line: self.line,
                what,
            });
            return result.push_str("\\u");
        };
        if let Some(char) = char::from_u32(first) {
            return result.push(char);
        }
        let rest = self.chars.peek().map_or("", |(at, _)| &self.text[*at..]);
        let second = rest
            .strip_prefix("\\u")
            .and_then(|rest| rest.get(..4))
            .and_then(|digits| u32::from_str_radix(digits, 16).ok())
            .filter(|second| (0xDC00..0xE000).contains(second) && first < 0xDC00);
        if let Some(second) = second {
            self.chars.nth(5);
            let code = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
            result.extend(char::from_u32(code));
        } else {
            let what = format!("`\\u{first:04x}` is half a character");
            self.damages.push(Damage {
                line: self.line,
                what,
            });
            result.push(char::REPLACEMENT_CHARACTER);
        }
    }

    /// Reads a number, `true`, `false` or `null`.
    fn word(&mut self) -> Result<Value, Damage> {
        let start = self.chars.peek().map_or(self.text.len(), |(at, _)| *at);
        let is_part = |char: char| char.is_ascii_alphanumeric() || "+-.".contains(char);
        let rest = &self.text[start..];
        let word = &rest[..rest.find(|char| !is_part(char)).unwrap_or(rest.len())];
        let number = || {
            let is_number = word.starts_with(|char: char| char == '-' || char.is_ascii_digit());
            word.parse()
                .ok()
                .filter(|it: &f64| is_number && it.is_finite())
        };
        let value = match word {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "null" => Value::Null,
            _ => match number() {
                Some(number) => Value::Number(number),
                None => return Err(self.unexpected("a value")),
            },
        };
        // All characters of a word are one byte.
        self.chars.nth(word.len() - 1);
        Ok(value)
    }

    fn blanks(&mut self) {
        while let Some(char) = self.peek().filter(|char| " \t\r\n".contains(*char)) {
            self.chars.next();
            self.count(char);
        }
    }

    fn count(&mut self, char: char) {
        self.line += usize::from(char == '\n');
    }

    fn peek(&mut self) -> Option<char> {
        self.chars.peek().map(|(_, char)| *char)
    }

    fn take(&mut self, wanted: char) -> bool {
        self.chars.next_if(|(_, char)| *char == wanted).is_some()
    }

    fn unexpected(&mut self, wanted: &str) -> Damage {
        match self.peek() {
            Some(char) => self.damage(format!("{wanted} is expected, and there is `{char}`")),
            None => self.damage(format!("{wanted} is expected, and the file ends")),
        }
    }

    fn damage(&self, what: impl Into<String>) -> Damage {
        Damage {
            line: self.line,
            what: what.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plain(node: &Node) -> serde_json::Value {
        match &node.value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(value) => (*value).into(),
            Value::Number(value) => (*value).into(),
            Value::Text(value) => value.clone().into(),
            Value::List(items) => items.iter().map(plain).collect(),
            Value::Object(entries) => entries
                .iter()
                .map(|(key, node)| (key.clone(), plain(node)))
                .collect(),
        }
    }

    fn read(text: &str) -> (String, Vec<String>) {
        let shown = |damage: &Damage| format!("{}: {}", damage.line, damage.what);
        match parse(text) {
            Ok((node, damages)) => (
                plain(&node).to_string(),
                damages.iter().map(shown).collect(),
            ),
            Err(damage) => (String::new(), vec![shown(&damage)]),
        }
    }

    #[test]
    fn sound_json_has_no_damage() {
        let text = "{\"a\": [1.5, -2e3, true, null], \"b\": {\"c\": \"\\u00e4\\ud83d\\ude00\\n\\/\"}, \"d\": []}";
        let expected: serde_json::Value = serde_json::from_str(text).unwrap();
        let (node, damages) = parse(text).unwrap();
        assert_eq!(plain(&node), expected);
        assert_eq!(damages, []);
    }

    #[test]
    fn damage_that_leaves_one_meaning_is_told_and_passed_over() {
        for (text, value, damage) in [
            (
                "{\"a\": \"x\ny\"}",
                r#"{"a":"x\ny"}"#,
                "1: a raw control character (U+000A) in a text",
            ),
            (
                "\n[\"\t\u{1}\"]",
                r#"["\t\u0001"]"#,
                "2: a raw control character (U+0009) in a text",
            ),
            ("[1,\n2,\n]", "[1.0,2.0]", "2: a comma before `]`"),
            ("{\"a\": 1,}", r#"{"a":1.0}"#, "1: a comma before `}`"),
            (
                "[\"\\sum\"]",
                r#"["\\sum"]"#,
                "1: `\\s` is no escape and stands for itself",
            ),
            (
                "[\"\\u12\"]",
                r#"["\\u12"]"#,
                "1: `\\u` without four digits stands for itself",
            ),
            (
                "[\"\\ud800\"]",
                "[\"\u{fffd}\"]",
                "1: `\\ud800` is half a character",
            ),
            (
                "{\"a\": 1,\n\"a\": 2}",
                r#"{"a":2.0}"#,
                "2: `a` stands there again, and the last one counts",
            ),
        ] {
            assert_eq!(
                read(text),
                (value.to_owned(), vec![damage.to_owned()]),
                "{text:?}"
            );
        }
    }

    #[test]
    fn other_damage_ends_the_reading_with_its_line() {
        let deep = "[".repeat(100_000);
        for (text, damage) in [
            ("", "1: the file ends where a value is expected"),
            (
                "{\"a\": 1\n\"b\": 2}",
                "2: `,` or `}` is expected, and there is `\"`",
            ),
            ("{a: 1}", "1: a key in quotes is expected, and there is `a`"),
            ("{\"a\" 1}", "1: `:` is expected, and there is `1`"),
            ("[1] x", "1: there is more behind the end"),
            ("[NaN]", "1: a value is expected, and there is `N`"),
            ("[\n\"a", "2: a text that is never closed"),
            ("[1", "1: `,` or `]` is expected, and the file ends"),
            (&deep, "1: more than 64 levels"),
        ] {
            assert_eq!(
                read(text),
                (String::new(), vec![damage.to_owned()]),
                "{text:.20}"
            );
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(text in "[\\[\\]{}:,\"\\\\u0-9a\u{e4}\n -]{0,40}") {
            let _ = parse(&text);
        }

        #[test]
        fn what_serde_json_reads_is_read_alike(text in "[\\[\\]{}:,\"\\\\u0-9a\u{e4} ]{0,16}") {
            if let Ok(value) = serde_json::from_str::<serde_json::Value>(&text) {
                let (node, _) = parse(&text).unwrap();
                // Numbers are all of one kind here.
                let floats = serde_json::to_string(&plain(&node)).unwrap().replace(".0", "");
                prop_assert_eq!(floats, serde_json::to_string(&value).unwrap().replace(".0", ""));
            }
        }
    }
}
