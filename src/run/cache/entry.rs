//! A kept result as bytes, and back.
//!
//! An entry may come from anywhere, such as the cache of a build service: it is data of a stranger.
//! Whatever is not exactly what `encode` writes is no entry.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::key::Key;
use crate::diagnostic::escape;
use crate::run::outcome::{CollectionError, Outcome, RunResult, TestOutcome, TestResult};

/// What every entry begins with.
const MAGIC: &[u8] = b"mastery result 1\n";

/// Bytes of the digest that follows.
const DIGEST: usize = 32;

/// The most bytes of an entry. A result that takes more is not kept.
pub const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// The longest time that a run can have taken, in nanoseconds: a year.
const MAX_NANOS: u64 = 366 * 24 * 3600 * 1_000_000_000;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    outcome: Outcome,
    detail: Option<String>,
    tests: Vec<StoredTest>,
    missing_tests: Vec<String>,
    collection_errors: Vec<StoredError>,
    output: String,
    wall: u64,
    process_wall: u64,
    peak_memory_bytes: Option<u64>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredTest {
    id: String,
    outcome: TestOutcome,
    message: Option<String>,
    traceback: Option<String>,
    nanos: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredError {
    id: String,
    message: String,
    is_syntax: bool,
    missing_in: Vec<String>,
}

/// Whether a result is one that the same run would have again, as far as can be told.
pub fn is_kept(result: &RunResult) -> bool {
    let is_an_end_of_its_own = match result.outcome {
        Outcome::Passed | Outcome::Failed | Outcome::NoTestsRan | Outcome::Broken => true,
        Outcome::TimedOut
        | Outcome::OutOfMemory
        | Outcome::Killed
        | Outcome::Interrupted
        | Outcome::InfrastructureError => false,
    };
    let has_timed_out = |test: &TestResult| test.outcome == TestOutcome::TimedOut;
    is_an_end_of_its_own && result.ended_by_itself && !result.tests.iter().any(has_timed_out)
}

/// Returns the entry of a result under a key; `None` when it would be too large.
pub(super) fn encode(key: Key, result: &RunResult) -> Option<Vec<u8>> {
    let text = serde_json::to_vec(&Stored::of(result)).expect("strings and numbers become JSON");
    let mut bytes = Vec::with_capacity(MAGIC.len() + DIGEST + text.len());
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&digest(key, &text));
    bytes.extend_from_slice(&text);
    (bytes.len() as u64 <= MAX_BYTES).then_some(bytes)
}

/// Returns the result that an entry under a key holds; `None` for everything that is none.
pub(super) fn decode(key: Key, bytes: &[u8]) -> Option<RunResult> {
    let rest = bytes.strip_prefix(MAGIC)?;
    let (found, text) = rest.split_at_checked(DIGEST)?;
    if bytes.len() as u64 > MAX_BYTES || found != digest(key, text) {
        return None;
    }
    let stored: Stored = serde_json::from_slice(text).ok()?;
    let result = stored.into_result()?;
    is_kept(&result).then_some(result)
}

/// The digest covers the key, so that an entry is of no use under another.
fn digest(key: Key, text: &[u8]) -> [u8; DIGEST] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(key.as_bytes());
    hasher.update(text);
    *hasher.finalize().as_bytes()
}

impl Stored {
    fn of(result: &RunResult) -> Self {
        let RunResult {
            outcome,
            detail,
            tests,
            missing_tests,
            collection_errors,
            output,
            wall,
            process_wall,
            peak_memory_bytes,
            ended_by_itself: _,
            is_cached: _,
        } = result;
        let tests = tests.iter().map(|test| StoredTest {
            id: test.id.clone(),
            outcome: test.outcome,
            message: test.message.clone(),
            traceback: test.traceback.clone(),
            nanos: nanos(test.duration),
        });
        let errors = collection_errors.iter().map(|error| StoredError {
            id: error.id.clone(),
            message: error.message.clone(),
            is_syntax: error.is_syntax,
            missing_in: error.missing_in.clone(),
        });
        Self {
            outcome: *outcome,
            detail: detail.clone(),
            tests: tests.collect(),
            missing_tests: missing_tests.clone(),
            collection_errors: errors.collect(),
            output: output.clone(),
            wall: nanos(*wall),
            process_wall: nanos(*process_wall),
            peak_memory_bytes: *peak_memory_bytes,
        }
    }

    /// The result, with texts that are as harmless to print as they were when they were first read.
    fn into_result(self) -> Option<RunResult> {
        let clean = |text: String| escape::text(&text);
        let tests = self.tests.into_iter().map(|test| {
            Some(TestResult {
                id: clean(test.id),
                outcome: test.outcome,
                message: test.message.map(clean),
                traceback: test.traceback.map(clean),
                duration: duration(test.nanos)?,
            })
        });
        let errors = self
            .collection_errors
            .into_iter()
            .map(|error| CollectionError {
                id: clean(error.id),
                message: clean(error.message),
                is_syntax: error.is_syntax,
                missing_in: error.missing_in.into_iter().map(clean).collect(),
            });
        Some(RunResult {
            outcome: self.outcome,
            detail: self.detail.map(clean),
            tests: tests.collect::<Option<_>>()?,
            missing_tests: self.missing_tests.into_iter().map(clean).collect(),
            collection_errors: errors.collect(),
            output: clean(self.output),
            wall: duration(self.wall)?,
            process_wall: duration(self.process_wall)?,
            peak_memory_bytes: self.peak_memory_bytes,
            ended_by_itself: true,
            is_cached: true,
        })
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).map_or(MAX_NANOS, |nanos| nanos.min(MAX_NANOS))
}

fn duration(nanos: u64) -> Option<Duration> {
    (nanos <= MAX_NANOS).then(|| Duration::from_nanos(nanos))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: Key = Key::from_bytes([7; 32]);

    fn result() -> RunResult {
        let mut result = RunResult::ended(Outcome::Failed, "why \\x1b".to_owned());
        result.tests.push(TestResult {
            id: "t.py::f[ä]".to_owned(),
            outcome: TestOutcome::Failed,
            message: Some("not close".to_owned()),
            traceback: Some("line\nline\n".to_owned()),
            duration: Duration::from_micros(1234),
        });
        result.collection_errors.push(CollectionError {
            id: "t.py".to_owned(),
            message: "no".to_owned(),
            is_syntax: true,
            missing_in: vec!["a.py".to_owned()],
        });
        result.missing_tests.push("t.py::g".to_owned());
        result.output = "printed\n".to_owned();
        result.wall = Duration::from_millis(300);
        result.process_wall = Duration::from_millis(200);
        result.peak_memory_bytes = Some(1 << 30);
        result.ended_by_itself = true;
        result
    }

    #[test]
    fn entry_holds_all_of_a_result() {
        let bytes = encode(KEY, &result()).unwrap();
        let expected = RunResult {
            is_cached: true,
            ..result()
        };
        assert_eq!(decode(KEY, &bytes), Some(expected));
    }

    #[test]
    fn entry_of_another_key_is_none() {
        let bytes = encode(KEY, &result()).unwrap();
        assert_eq!(decode(Key::from_bytes([8; 32]), &bytes), None);
    }

    #[test]
    fn only_ends_that_come_again_are_kept() {
        for (outcome, is_to_be_kept) in [
            (Outcome::Passed, true),
            (Outcome::Failed, true),
            (Outcome::NoTestsRan, true),
            (Outcome::Broken, true),
            (Outcome::TimedOut, false),
            (Outcome::OutOfMemory, false),
            (Outcome::Killed, false),
            (Outcome::Interrupted, false),
            (Outcome::InfrastructureError, false),
        ] {
            let ended = RunResult {
                outcome,
                ..result()
            };
            assert_eq!(is_kept(&ended), is_to_be_kept, "{outcome:?}");
            let bytes = encode(KEY, &ended).unwrap();
            assert_eq!(decode(KEY, &bytes).is_some(), is_to_be_kept, "{outcome:?}");
            let stopped = RunResult {
                ended_by_itself: false,
                ..ended
            };
            assert!(!is_kept(&stopped), "{outcome:?}");
        }
        let mut timed_out = result();
        timed_out.tests[0].outcome = TestOutcome::TimedOut;
        assert!(!is_kept(&timed_out));
    }

    #[test]
    fn texts_that_act_on_a_terminal_are_made_harmless() {
        let text = serde_json::to_string(&Stored::of(&result())).unwrap();
        let text = text.replace("printed", "\\u001b[31mred");
        let mut bytes = [MAGIC, &digest(KEY, text.as_bytes())].concat();
        bytes.extend_from_slice(text.as_bytes());
        assert_eq!(decode(KEY, &bytes).unwrap().output, "\\x1b[31mred\n");
    }

    #[test]
    fn well_sealed_nonsense_is_no_entry() {
        let good = serde_json::to_string(&Stored::of(&result())).unwrap();
        for (from, to) in [
            ("\"output\"", "\"more\":1,\"output\""),
            ("\"outcome\":\"failed\"", "\"outcome\":\"great\""),
            ("\"wall\":300000000", "\"wall\":99999999999999999"),
            ("\"wall\":300000000", "\"wall\":-1"),
            ("{", "[{"),
        ] {
            let text = good.replacen(from, to, 1);
            assert_ne!(text, good);
            let mut bytes = [MAGIC, &digest(KEY, text.as_bytes())].concat();
            bytes.extend_from_slice(text.as_bytes());
            assert_eq!(decode(KEY, &bytes), None, "{text}");
        }
    }

    #[test]
    fn result_that_is_too_large_has_no_entry() {
        let mut large = result();
        large.output = "x".repeat(usize::try_from(MAX_BYTES).unwrap());
        assert_eq!(encode(KEY, &large), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn no_byte_of_an_entry_can_change(at in any::<prop::sample::Index>(), bit in 0..8u32) {
            let mut bytes = encode(KEY, &result()).unwrap();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            prop_assert_eq!(decode(KEY, &bytes), None);
        }

        #[test]
        fn cut_entries_are_none(length in any::<prop::sample::Index>()) {
            let bytes = encode(KEY, &result()).unwrap();
            prop_assert_eq!(decode(KEY, &bytes[..length.index(bytes.len())]), None);
        }

        #[test]
        fn whatever_comes_is_taken_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(KEY, &bytes);
            let _ = decode(KEY, &[MAGIC, &digest(KEY, &bytes), &bytes].concat());
        }
    }
}
