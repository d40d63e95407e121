//! Known findings: what an existing curriculum brings along, so that only new ones count.
//!
//! A known finding is recognised by its rule, file and message, not by its line: text above it may
//! change. Of several alike as many are known as were recorded.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::diagnostic::Diagnostic;

/// Version of the file's format.
const FORMAT: u32 = 1;

/// Findings that were there when the baseline was made.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    format: u32,
    findings: Vec<Known>,
}

/// Findings that are alike.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    path: String,
    rule: String,
    message: String,
    count: usize,
}

/// Findings held against a baseline.
#[derive(Debug)]
pub struct Compared {
    /// Findings that the baseline does not know.
    pub new: Vec<Diagnostic>,
    /// How many it knows.
    pub known: usize,
    /// How many of it are no longer there.
    pub gone: usize,
}

impl Baseline {
    /// Returns the baseline that knows exactly these findings. `path_of` tells the path by which a
    /// file is called in it, from the path that is shown.
    pub fn of(findings: &[Diagnostic], path_of: impl Fn(&str) -> String) -> Self {
        let mut counts: BTreeMap<(String, &str, &str), usize> = BTreeMap::new();
        for finding in findings {
            let path = path_of(finding.location.shown_path());
            *counts
                .entry((path, finding.rule, &finding.message))
                .or_default() += 1;
        }
        let known = counts
            .into_iter()
            .map(|((path, rule, message), count)| Known {
                path,
                rule: rule.to_owned(),
                message: message.to_owned(),
                count,
            });
        Self {
            format: FORMAT,
            findings: known.collect(),
        }
    }

    /// Reads a baseline.
    ///
    /// # Errors
    ///
    /// What is wrong with the text.
    pub fn read(text: &str) -> Result<Self, String> {
        let baseline: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if baseline.format == FORMAT {
            Ok(baseline)
        } else {
            let format = baseline.format;
            Err(format!(
                "its format is {format}, and this version knows {FORMAT}"
            ))
        }
    }

    /// The text of the file.
    pub fn to_text(&self) -> String {
        let text = serde_json::to_string_pretty(self).expect("a baseline is plain data");
        text + "\n"
    }

    /// Holds findings against the baseline.
    pub fn compare(&self, findings: Vec<Diagnostic>, path_of: impl Fn(&str) -> String) -> Compared {
        let mut left: BTreeMap<[String; 3], usize> = BTreeMap::new();
        for known in &self.findings {
            *left
                .entry([&known.path, &known.rule, &known.message].map(String::clone))
                .or_default() += known.count;
        }
        let mut known = 0;
        let is_new = |finding: &Diagnostic| {
            let path = path_of(finding.location.shown_path());
            match left.get_mut(&[path, finding.rule.to_owned(), finding.message.clone()]) {
                Some(count) if *count > 0 => {
                    *count -= 1;
                    known += 1;
                    false
                }
                _ => true,
            }
        };
        let new = findings.into_iter().filter(is_new).collect();
        Compared {
            new,
            known,
            gone: left.values().sum(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Location;

    fn findings(list: &[(&str, &str)]) -> Vec<Diagnostic> {
        list.iter()
            .map(|(path, message)| Diagnostic::error("a-rule", Location::path(*path), *message))
            .collect()
    }

    fn path(shown: &str) -> String {
        shown.to_owned()
    }

    #[test]
    fn known_findings_are_counted_and_new_ones_are_left() {
        let baseline = Baseline::of(&findings(&[("a", "x"), ("a", "x"), ("b", "y")]), path);
        let now = findings(&[("a", "x"), ("a", "x"), ("a", "x"), ("a", "y")]);
        let compared = baseline.compare(now, path);
        let new: Vec<_> = compared.new.iter().map(|it| it.message.as_str()).collect();
        assert_eq!((new, compared.known, compared.gone), (vec!["x", "y"], 2, 1));
    }

    #[test]
    fn what_is_written_is_read_again() {
        let baseline = Baseline::of(&findings(&[("b", "y"), ("a", "\"x\"\n")]), path);
        assert_eq!(Baseline::read(&baseline.to_text()).unwrap(), baseline);
        assert!(Baseline::read("{}").is_err());
        let newer = baseline.to_text().replace("\"format\": 1", "\"format\": 2");
        assert_eq!(
            Baseline::read(&newer).unwrap_err(),
            "its format is 2, and this version knows 1"
        );
    }
}
