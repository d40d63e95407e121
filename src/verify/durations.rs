//! How long cases have taken, kept from run to run.
//!
//! A hint and nothing more: what can't be read counts as nothing, what can't be written is let go, and
//! of runs side by side the last one wins.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::event::CaseReport;
use crate::run::outcome::Outcome;

/// The most cases that a file holds.
const MOST_CASES: usize = 20_000;

/// The longest that a case can have taken; what is above is a mistake.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// The largest file that is read: a report of a large run holds tests and output.
const LARGEST_FILE: u64 = 512 * 1024 * 1024;

/// How long cases took, by their ids.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Durations(BTreeMap<String, Duration>);

#[derive(Serialize, Deserialize)]
struct File {
    schema: u32,
    /// In seconds.
    cases: BTreeMap<String, f64>,
}

const FORMAT_VERSION: u32 = 1;

impl Durations {
    /// How long a case took.
    pub fn of(&self, id: &str) -> Option<Duration> {
        self.0.get(id).copied()
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds what others say of cases of which nothing is known.
    pub fn fill_from(&mut self, others: Self) {
        for (id, duration) in others.0 {
            self.0.entry(id).or_insert(duration);
        }
    }

    /// Reads a file of durations, or a report of `--format json`, whose durations are those of the cases
    /// that were run. The error is a lower-case fragment.
    ///
    /// # Errors
    ///
    /// When it can't be read, or is neither.
    pub fn read(path: &Path) -> Result<Self, String> {
        let metadata = std::fs::metadata(path).map_err(|error| error.to_string())?;
        if metadata.len() > LARGEST_FILE {
            return Err("it is larger than any report".to_owned());
        }
        let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
        Self::parse(&text)
            .ok_or_else(|| "it is neither a report nor a file of durations".to_owned())
    }

    fn parse(text: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(text).ok()?;
        if value.get("schema")?.as_u64()? != u64::from(FORMAT_VERSION) {
            return None;
        }
        match value.get("cases")? {
            Value::Object(cases) => Some(
                cases
                    .iter()
                    .filter_map(|(id, seconds)| Some((id.clone(), duration(seconds.as_f64()?)?)))
                    .collect(),
            ),
            Value::Array(cases) => Some(cases.iter().filter_map(reported).collect()),
            _ => None,
        }
    }

    /// What was recorded of a curriculum; nothing where that can't be read.
    pub fn recorded(cache_dir: &Path, curriculum: &str) -> Self {
        file(cache_dir, curriculum)
            .and_then(|path| Self::read(&path).ok())
            .unwrap_or_default()
    }

    /// Records what cases of a curriculum took, beside what is recorded of others.
    ///
    /// # Errors
    ///
    /// When it can't be written.
    pub fn record<'a>(
        cache_dir: &Path,
        curriculum: &str,
        reports: impl Iterator<Item = &'a CaseReport>,
    ) -> io::Result<()> {
        let mut durations: Self = reports
            .filter(|report| report.curriculum == curriculum)
            .filter_map(measured)
            .collect();
        let Some(path) = file(cache_dir, curriculum).filter(|_| !durations.is_empty()) else {
            return Ok(());
        };
        // Read again: another run may have added something meanwhile.
        let before = Self::recorded(cache_dir, curriculum);
        let room = MOST_CASES.saturating_sub(durations.0.len());
        let others = before
            .0
            .into_iter()
            .filter(|(id, _)| !durations.0.contains_key(id))
            .take(room);
        let others: Vec<_> = others.collect();
        durations.0.extend(others);
        durations.write(&path)
    }

    /// Writes a file, whole or not at all.
    fn write(&self, path: &Path) -> io::Result<()> {
        let dir = path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(dir)?;
        let milliseconds = |duration: &Duration| (duration.as_secs_f64() * 1e3).round() / 1e3;
        let file = File {
            schema: FORMAT_VERSION,
            cases: self
                .0
                .iter()
                .map(|(id, duration)| (id.clone(), milliseconds(duration)))
                .collect(),
        };
        let mut temporary = tempfile::NamedTempFile::new_in(dir)?;
        serde_json::to_writer_pretty(&mut temporary, &file)?;
        writeln!(temporary)?;
        temporary.persist(path)?;
        Ok(())
    }
}

impl FromIterator<(String, Duration)> for Durations {
    fn from_iter<T: IntoIterator<Item = (String, Duration)>>(durations: T) -> Self {
        Self(durations.into_iter().collect())
    }
}

/// Where the durations of a curriculum are kept; `None` for a name that is no name of a file.
fn file(cache_dir: &Path, curriculum: &str) -> Option<PathBuf> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let is_name = !curriculum.is_empty() && curriculum.bytes().all(is_plain);
    is_name.then(|| {
        cache_dir
            .join("durations")
            .join(format!("{curriculum}.json"))
    })
}

fn duration(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|duration| *duration <= LONGEST)
}

/// What a case took, if it was run to an end that says how long it takes.
fn measured(report: &CaseReport) -> Option<(String, Duration)> {
    let result = report.result.as_ref().filter(|_| report.was_run())?;
    match result.outcome {
        Outcome::Interrupted | Outcome::InfrastructureError => None,
        _ => Some((report.id.clone(), result.wall)),
    }
}

/// What a case of a report took, likewise.
fn reported(case: &Value) -> Option<(String, Duration)> {
    let is_run = match case.get("outcome")?.as_str()? {
        "not_run" | "interrupted" | "infrastructure_error" => false,
        _ => {
            !case.get("cached")?.as_bool()?
                && case.get("shared").and_then(Value::as_bool) != Some(true)
        }
    };
    let milliseconds = case.get("duration_ms")?.as_f64().filter(|_| is_run)?;
    let id = case.get("id")?.as_str()?.to_owned();
    Some((id, duration(milliseconds / 1e3)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::outcome::RunResult;
    use crate::verify::case::CaseKind;
    use crate::verify::fixtures::case;
    use crate::verify::verdict::{Judgement, Verdict};

    fn report(module: &str, outcome: Outcome, seconds: u64) -> CaseReport {
        let mut result = RunResult::ended(outcome, None);
        result.wall = Duration::from_secs(seconds);
        let judgement = Judgement::new(Verdict::ReferenceFails, "");
        CaseReport::new(
            &case(module, CaseKind::Reference, "x"),
            "c",
            judgement,
            Some(result),
        )
    }

    fn seconds(durations: &Durations) -> Vec<(&str, u64)> {
        durations
            .0
            .iter()
            .map(|(id, it)| (id.as_str(), it.as_secs()))
            .collect()
    }

    #[test]
    fn later_runs_add_to_and_replace_earlier_ones() {
        let dir = tempfile::tempdir().unwrap();
        let record = |reports: &[CaseReport]| {
            Durations::record(dir.path(), "c", reports.iter()).unwrap();
            Durations::recorded(dir.path(), "c")
        };
        record(&[
            report("m", Outcome::Passed, 1),
            report("n", Outcome::Failed, 2),
        ]);
        let both = record(&[report("n", Outcome::TimedOut, 3)]);
        assert_eq!(seconds(&both), [("c/m/reference", 1), ("c/n/reference", 3)]);
        let left: Vec<_> = std::fs::read_dir(dir.path().join("durations"))
            .unwrap()
            .collect();
        assert_eq!(left.len(), 1, "no temporary file is left");
    }

    #[test]
    fn only_what_was_run_to_its_end_is_recorded() {
        let dir = tempfile::tempdir().unwrap();
        let mut shared = report("s", Outcome::Passed, 5);
        shared.is_shared = true;
        let reports = [
            shared,
            report("i", Outcome::Interrupted, 5),
            report("f", Outcome::InfrastructureError, 5),
        ];
        Durations::record(dir.path(), "c", reports.iter()).unwrap();
        assert!(Durations::recorded(dir.path(), "c").is_empty());
        assert!(!dir.path().join("durations").exists());
    }

    #[test]
    fn file_stays_bounded_and_keeps_what_is_new() {
        let dir = tempfile::tempdir().unwrap();
        let many: Durations = (0..MOST_CASES + 5)
            .map(|number| (format!("c/{number:06}/reference"), Duration::ZERO))
            .collect();
        many.write(&file(dir.path(), "c").unwrap()).unwrap();
        Durations::record(dir.path(), "c", [report("zz", Outcome::Passed, 7)].iter()).unwrap();
        let recorded = Durations::recorded(dir.path(), "c");
        assert_eq!(recorded.0.len(), MOST_CASES);
        assert_eq!(recorded.of("c/zz/reference"), Some(Duration::from_secs(7)));
    }

    #[test]
    fn corrupt_files_are_replaced_and_absurd_values_left_out() {
        let dir = tempfile::tempdir().unwrap();
        let path = file(dir.path(), "c").unwrap();
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        for text in ["", "{", "[]", "{\"schema\": 2, \"cases\": {}}", "null"] {
            std::fs::write(&path, text).unwrap();
            assert!(Durations::read(&path).is_err(), "{text}");
            assert!(Durations::recorded(dir.path(), "c").is_empty(), "{text}");
        }
        let absurd =
            "{\"schema\": 1, \"cases\": {\"a\": -1, \"b\": 1e300, \"c\": \"x\", \"d\": 2}}";
        let durations = Durations::parse(absurd).unwrap();
        assert_eq!(seconds(&durations), [("d", 2)]);
        std::fs::write(&path, "{").unwrap();
        Durations::record(dir.path(), "c", [report("m", Outcome::Passed, 1)].iter()).unwrap();
        assert!(!Durations::recorded(dir.path(), "c").is_empty());
    }

    #[test]
    fn names_that_lead_elsewhere_are_no_files() {
        for name in ["..", "a/b", "", "a.b"] {
            assert_eq!(file(Path::new("/cache"), name), None, "{name}");
        }
    }

    #[test]
    fn reports_hold_durations_of_what_was_run() {
        let text = r#"{"schema": 1, "cases": [
            {"id": "a", "outcome": "passed", "cached": false, "duration_ms": 1500.0},
            {"id": "b", "outcome": "passed", "cached": true, "duration_ms": 2000.0},
            {"id": "c", "outcome": "not_run", "cached": false, "duration_ms": 0.0}
        ]}"#;
        let durations = Durations::parse(text).unwrap();
        assert_eq!(durations.of("a"), Some(Duration::from_millis(1500)));
        assert_eq!(durations.0.len(), 1);
    }
}
