//! Names and small values that are checked when they are made.
//!
//! Each mirrors a constraint of the schemas; a property test holds the two together.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::source::path::is_plain_relative;

/// Why a text is not a value of the wanted type.
#[derive(Debug, thiserror::Error)]
#[error("`{text}` is not {wanted}")]
pub struct InvalidValue {
    text: String,
    wanted: &'static str,
}

macro_rules! checked_string {
    ($(#[$doc:meta])* $name:ident, $wanted:literal, $is_valid:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(String);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidValue;

            fn try_from(text: String) -> Result<Self, InvalidValue> {
                let is_valid: fn(&str) -> bool = $is_valid;
                if is_valid(&text) {
                    Ok(Self(text))
                } else {
                    Err(InvalidValue { text, wanted: $wanted })
                }
            }
        }

        impl TryFrom<&str> for $name {
            type Error = InvalidValue;

            fn try_from(text: &str) -> Result<Self, InvalidValue> {
                Self::try_from(text.to_owned())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.0 == other
            }
        }
    };
}

checked_string!(
    /// Id of a curriculum; the name of its folder.
    CurriculumId, "an id: lower-case words joined by `_` or `-`, 64 characters at most", is_slug
);
checked_string!(
    /// Id of a module; the name of its folder.
    ModuleId, "an id: lower-case words joined by `_` or `-`, 64 characters at most", is_slug
);
checked_string!(
    /// Id of a bug; the name of its file.
    BugId, "an id: lower-case words joined by `_` or `-`, 64 characters at most", is_slug
);
checked_string!(
    /// Name of a variant; the name of its folder.
    VariantName, "an id: lower-case words joined by `_` or `-`, 64 characters at most", is_slug
);
checked_string!(
    /// Id of a group, question, concept or failure mode: unique where it stands.
    Slug, "an id: lower-case words joined by `_` or `-`, 64 characters at most", is_slug
);
checked_string!(
    /// A file of the project or curriculum: relative, forward slashes, no `.` or `..`.
    FilePath, "a relative path without `.` and `..`",
    |text| is_plain_relative(text) && !has_control(text) && text.chars().count() <= 255
);
checked_string!(
    /// Text with something in it.
    Text, "a text that is not blank", is_text
);
checked_string!(
    /// A heading: text of 120 characters at most.
    Title, "a text of 1 to 120 characters", |text| is_text(text) && text.chars().count() <= 120
);
checked_string!(
    /// Id of a test, as its framework names it.
    TestId, "the id of a test", |text| is_text(text) && text.chars().count() <= 1000
);
checked_string!(
    /// What pytest is asked for: a file, or a class or function in it.
    NodeId, "a pytest node id such as `tests/test_a.py::test_b`", is_node_id
);
checked_string!(
    /// The name of a Python module or symbol, with dots.
    DottedName, "a dotted name", is_dotted_name
);
checked_string!(
    /// The name of a program that is looked up on the PATH.
    ProgramName, "the name of a program", is_program_name
);
checked_string!(
    /// Name of a patch file beside its bug.
    PatchName, "the name of a `.patch` file", is_patch_name
);
checked_string!(
    /// Address of a package index.
    IndexUrl, "an http or https address",
    |text| ["http://", "https://"].iter().any(|scheme| {
        text.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty() && !rest.contains(char::is_whitespace))
    })
);
checked_string!(
    /// Address of a repository on GitHub.
    RepositoryUrl, "the address of a GitHub repository such as `https://github.com/owner/name`", is_repository
);
checked_string!(
    /// Name of a lint rule.
    RuleId, "the name of a rule", |text| {
        text.split('-').all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase()))
    }
);
checked_string!(
    /// A day, as `YYYY-MM-DD`; compares by time.
    Date, "a date as YYYY-MM-DD", is_date
);
checked_string!(
    /// A regular expression as it stands in a rubric. That it compiles is for lint to check.
    PatternText, "a pattern of 1 to 500 characters", |text| is_text(text) && text.chars().count() <= 500
);

impl RepositoryUrl {
    /// The owner and the name, joined by a slash.
    pub fn slug(&self) -> &str {
        self.0.strip_prefix(GITHUB).unwrap_or_default()
    }
}

/// What the address of a repository begins with.
const GITHUB: &str = "https://github.com/";

impl NodeId {
    /// The file that the node is in.
    pub fn file(&self) -> &str {
        self.0
            .split_once("::")
            .map_or(self.0.as_str(), |(file, _)| file)
    }
}

/// Returns an id as a title: `rms_norm` is `Rms norm`.
pub fn title_of(id: &str) -> String {
    capitalised(&id.replace(['_', '-'], " "))
}

/// Returns a word with a capital at its head.
pub fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}

fn is_slug(text: &str) -> bool {
    text.len() <= 64
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.split(['_', '-']).all(|word| {
            !word.is_empty()
                && word
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        })
}

fn is_text(text: &str) -> bool {
    text.contains(|char: char| !char.is_whitespace())
}

/// ASCII control characters; in a path they can only be there to deceive.
fn has_control(text: &str) -> bool {
    text.bytes().any(|b| b < 0x20)
}

fn is_node_id(text: &str) -> bool {
    let (file, rest) = text
        .split_once("::")
        .map_or((text, None), |(file, rest)| (file, Some(rest)));
    is_plain_relative(file)
        && !file.contains(':')
        && !has_control(text)
        && file
            .strip_suffix(".py")
            .is_some_and(|stem| !stem.is_empty())
        && rest.is_none_or(|rest| rest.starts_with(|first: char| !first.is_whitespace()))
}

fn is_repository(text: &str) -> bool {
    let is_word = |text: &str, more: &[u8]| {
        let mut bytes = text.bytes();
        bytes.all(|b| b.is_ascii_alphanumeric() || b == b'-' || more.contains(&b))
    };
    let slug = text.strip_prefix(GITHUB).unwrap_or_default();
    text.len() <= 200
        && slug.split_once('/').is_some_and(|(owner, name)| {
            !owner.is_empty()
                && !owner.starts_with('-')
                && is_word(owner, b"")
                && !name.is_empty()
                && !name.ends_with('.')
                && is_word(name, b"._")
        })
}

fn is_dotted_name(text: &str) -> bool {
    text.split('.').all(|name| {
        name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    })
}

fn is_program_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._+-".contains(&b))
}

fn is_patch_name(text: &str) -> bool {
    text.len() <= 100
        && text.strip_suffix(".patch").is_some_and(|stem| {
            stem.starts_with(|first: char| first.is_ascii_lowercase())
                && stem
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-".contains(&b))
        })
}

fn is_date(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').collect();
    let in_range = |part: &str, length, range: std::ops::RangeInclusive<u32>| {
        part.len() == length
            && part.bytes().all(|b| b.is_ascii_digit())
            && part.parse().is_ok_and(|number| range.contains(&number))
    };
    matches!(parts.as_slice(), [year, month, day]
        if in_range(year, 4, 0..=9999) && in_range(month, 2, 1..=12) && in_range(day, 2, 1..=31))
}

/// A number of seconds, more than 0 and at most an hour.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64")]
pub struct Seconds(f64);

impl Seconds {
    /// The time as a duration.
    pub fn duration(self) -> std::time::Duration {
        std::time::Duration::from_secs_f64(self.0)
    }
}

impl TryFrom<f64> for Seconds {
    type Error = InvalidValue;

    fn try_from(seconds: f64) -> Result<Self, InvalidValue> {
        if seconds > 0.0 && seconds <= 3600.0 {
            Ok(Self(seconds))
        } else {
            let wanted = "a time of more than 0 and at most 3600 seconds";
            Err(InvalidValue {
                text: seconds.to_string(),
                wanted,
            })
        }
    }
}

/// A whole number from `MIN` to `MAX`. As in JSON Schema, `60.0` is a whole number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "f64")]
pub struct Whole<const MIN: u32, const MAX: u32>(u32);

impl<const MIN: u32, const MAX: u32> Whole<MIN, MAX> {
    /// The number.
    pub fn get(self) -> u32 {
        self.0
    }
}

impl<const MIN: u32, const MAX: u32> TryFrom<f64> for Whole<MIN, MAX> {
    type Error = InvalidValue;

    fn try_from(number: f64) -> Result<Self, InvalidValue> {
        if number.fract() == 0.0 && (f64::from(MIN)..=f64::from(MAX)).contains(&number) {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "in range"
            )]
            Ok(Self(number as u32))
        } else {
            let wanted = "a whole number in the allowed range";
            Err(InvalidValue {
                text: number.to_string(),
                wanted,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn agrees<T: TryFrom<String>>(constraint: &Value, text: &str) -> bool {
        let validator = jsonschema::validator_for(constraint).unwrap();
        validator.is_valid(&json!(text)) == T::try_from(text.to_owned()).is_ok()
    }

    /// Every text constraint of the schemas, found by its JSON pointer, against its type.
    fn disagreements(text: &str) -> Vec<&'static str> {
        let schemas = ["curriculum", "module", "bug", "questions"].map(|name| {
            crate::curriculum::schema::Schema::by_name(name)
                .unwrap()
                .json()
        });
        let [curriculum, module, bug, questions] = &schemas;
        let at = |schema: &Value, pointer: &str| {
            schema
                .pointer(pointer)
                .unwrap_or_else(|| panic!("no {pointer}"))
                .clone()
        };
        let environment = "/properties/environment/properties";
        let question = "/properties/questions/items/properties";
        let checks: [(&'static str, bool); 15] = [
            (
                "slug",
                agrees::<ModuleId>(&at(module, "/properties/id"), text),
            ),
            (
                "title",
                agrees::<Title>(&at(module, "/properties/title"), text),
            ),
            (
                "text",
                agrees::<Text>(&at(bug, "/properties/symptom"), text),
            ),
            (
                "path",
                agrees::<FilePath>(&at(module, "/properties/build/properties/edit/items"), text),
            ),
            (
                "test",
                agrees::<TestId>(&at(bug, "/properties/expect/properties/fail/items"), text),
            ),
            (
                "node",
                agrees::<NodeId>(
                    &at(
                        module,
                        "/properties/build/properties/validator/oneOf/0/properties/pytest/items",
                    ),
                    text,
                ),
            ),
            (
                "dotted",
                agrees::<DottedName>(
                    &at(curriculum, &format!("{environment}/preload/items")),
                    text,
                ),
            ),
            (
                "program",
                agrees::<ProgramName>(&at(curriculum, &format!("{environment}/tools/items")), text),
            ),
            (
                "index",
                agrees::<IndexUrl>(
                    &at(curriculum, &format!("{environment}/indexes/items")),
                    text,
                ),
            ),
            (
                "repository",
                agrees::<RepositoryUrl>(&at(curriculum, "/properties/issues"), text),
            ),
            (
                "patch",
                agrees::<PatchName>(&at(bug, "/properties/inject/properties/patch"), text),
            ),
            (
                "rule",
                agrees::<RuleId>(
                    &at(curriculum, "/properties/allow/items/properties/rule"),
                    text,
                ),
            ),
            (
                "date",
                agrees::<Date>(
                    &at(curriculum, "/properties/allow/items/properties/until"),
                    text,
                ),
            ),
            (
                "pattern",
                agrees::<PatternText>(
                    &at(
                        questions,
                        &format!("{question}/failure_modes/items/properties/any_of/items"),
                    ),
                    text,
                ),
            ),
            (
                "symbol",
                agrees::<DottedName>(
                    &at(
                        bug,
                        "/properties/inject/properties/rewrite/properties/within",
                    ),
                    text,
                ),
            ),
        ];
        checks
            .into_iter()
            .filter(|(_, agrees)| !agrees)
            .map(|(name, _)| name)
            .collect()
    }

    #[test]
    fn ids_become_titles() {
        assert_eq!(title_of("no_shift-twice"), "No shift twice");
    }

    #[test]
    fn types_and_schemas_agree_on_examples() {
        let long = "a".repeat(65);
        let very_long = "a".repeat(1001);
        for text in [
            "",
            " ",
            "a",
            "softmax",
            "rms_norm",
            "https://github.com/a-b/c.d_e",
            "https://github.com/-a/b",
            "https://github.com/a/",
            "https://github.com/a/..",
            "https://github.com/a/.github",
            "https://github.com/a/b/c",
            "https://github.com/a_b/c",
            "https://github.com.example/a/b",
            "a-b",
            "a--b",
            "-a",
            "a_",
            "1a",
            "A",
            "é",
            "a b",
            "a/b.py",
            "/a",
            "a/../b",
            "./a",
            "..",
            "a//b",
            "a\\b",
            "a/",
            "..a/b",
            ".a",
            "a\nb",
            "t.py",
            ".py",
            "t.py::",
            "t.py::test",
            "t.py:: test",
            "a/t.py::C::t[1 2]",
            "a:b.py",
            "t.py::a\nb",
            "a.b",
            "a..b",
            "_a1.b",
            "node",
            "g++",
            "-x",
            "a.patch",
            ".patch",
            "A.patch",
            "no-1.patch",
            "http://",
            "http://a",
            "https://a b",
            "ftp://a",
            "2026-11-21",
            "2026-13-01",
            "2026-00-01",
            "2026-1-1",
            "26-01-01",
            "2026-01-32",
            "２026-01-01",
            &long,
            &very_long,
        ] {
            assert_eq!(disagreements(text), Vec::<&str>::new(), "{text:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn types_and_schemas_agree(text in "[a-zA1_./: \\\\-]{0,12}") {
            prop_assert_eq!(disagreements(&text), Vec::<&str>::new());
        }
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        assert!(Seconds::try_from(0.0).is_err());
        assert!(Seconds::try_from(3600.0).is_ok());
        assert!(Seconds::try_from(f64::NAN).is_err());
        assert_eq!(Whole::<1, 10>::try_from(10.0).unwrap().get(), 10);
        assert!(Whole::<1, 10>::try_from(10.5).is_err());
        assert!(Whole::<1, 10>::try_from(0.0).is_err());
    }

    #[test]
    fn node_id_knows_its_file() {
        assert_eq!(
            NodeId::try_from("tests/t.py::C::f").unwrap().file(),
            "tests/t.py"
        );
        assert_eq!(NodeId::try_from("tests/t.py").unwrap().file(), "tests/t.py");
    }
}
