//! Values and rows of the database as types, and back.

use std::time::Duration;

use rusqlite::types::{FromSqlError, Type};
use rusqlite::{Error, Result, Row};
use semver::Version;

use crate::answer::Judgement;
use crate::curriculum::id::{ModuleId, Slug};
use crate::run::outcome::Outcome;

use super::record::{
    Answer, Asker, Attempt, AttemptKind, Challenge, ChallengeEnd, CourseUse, HintSubject,
    Injection, Judge, ModelUse, NewAnswer, NewAttempt, NewChallenge, NewReport, Pass, PassKind,
    QuestionKey, Report, RowId, Stage, TestCounts, Time,
};

/// Reads a text that is checked.
pub(super) fn checked<T: TryFrom<String>>(row: &Row<'_>, column: &str) -> Result<T>
where
    T::Error: std::error::Error + Send + Sync + 'static,
{
    let text: String = row.get(column)?;
    T::try_from(text).map_err(wrong)
}

/// Reads one of some words.
pub(super) fn word<T>(row: &Row<'_>, column: &str, from_word: fn(&str) -> Option<T>) -> Result<T> {
    let text: String = row.get(column)?;
    from_word(&text).ok_or_else(|| wrong(FromSqlError::InvalidType))
}

/// Reads one of some words, or nothing.
fn word_option<T>(
    row: &Row<'_>,
    column: &str,
    from_word: fn(&str) -> Option<T>,
) -> Result<Option<T>> {
    match row.get::<_, Option<String>>(column)? {
        None => Ok(None),
        Some(_) => word(row, column, from_word).map(Some),
    }
}

/// Reads a point in time.
pub(super) fn time(row: &Row<'_>, column: &str) -> Result<Time> {
    Ok(Time::from_millis(row.get(column)?))
}

/// Reads a version.
pub(super) fn version(row: &Row<'_>, column: &str) -> Result<Version> {
    let text: String = row.get(column)?;
    Version::parse(&text).map_err(wrong)
}

fn wrong(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::FromSqlConversionFailure(0, Type::Text, Box::new(error))
}

/// The word for an outcome.
pub(super) const fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "passed",
        Outcome::Failed => "failed",
        Outcome::NoTestsRan => "no_tests_ran",
        Outcome::Broken => "broken",
        Outcome::TimedOut => "timed_out",
        Outcome::OutOfMemory => "out_of_memory",
        Outcome::Killed => "killed",
        Outcome::Interrupted => "interrupted",
        Outcome::InfrastructureError => "infrastructure_error",
    }
}

const OUTCOMES: [Outcome; 9] = [
    Outcome::Passed,
    Outcome::Failed,
    Outcome::NoTestsRan,
    Outcome::Broken,
    Outcome::TimedOut,
    Outcome::OutOfMemory,
    Outcome::Killed,
    Outcome::Interrupted,
    Outcome::InfrastructureError,
];

fn outcome_from_word(word: &str) -> Option<Outcome> {
    OUTCOMES.into_iter().find(|it| outcome_word(*it) == word)
}

/// Milliseconds for the database.
pub(super) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// A count for the database.
pub(super) fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The kind and the name of whose question it is.
pub(super) fn asker_words(asker: &Asker) -> (&'static str, &str) {
    match asker {
        Asker::Module(module) => ("module", module.as_str()),
        Asker::Group(group) => ("group", group.as_str()),
    }
}

/// The kind, the owner and the item of what hints are for.
pub(super) fn subject_words(subject: &HintSubject) -> (&'static str, &str, &str) {
    match subject {
        HintSubject::Build(module) => ("build", module.as_str(), ""),
        HintSubject::Question(QuestionKey { asker, question }) => match asker {
            Asker::Module(module) => ("module_question", module.as_str(), question.as_str()),
            Asker::Group(group) => ("group_question", group.as_str(), question.as_str()),
        },
        HintSubject::Incident(module, incident) => ("incident", module.as_str(), incident),
    }
}

pub(super) fn question(row: &Row<'_>) -> Result<QuestionKey> {
    let asker: String = row.get("asker")?;
    Ok(QuestionKey {
        asker: match asker.as_str() {
            "module" => Asker::Module(checked(row, "owner")?),
            _ => Asker::Group(checked(row, "owner")?),
        },
        question: checked(row, "question")?,
    })
}

pub(super) fn subject(row: &Row<'_>) -> Result<HintSubject> {
    let subject: String = row.get("subject")?;
    let question = |asker| -> Result<HintSubject> {
        let question = checked(row, "item")?;
        Ok(HintSubject::Question(QuestionKey { asker, question }))
    };
    match subject.as_str() {
        "build" => Ok(HintSubject::Build(checked(row, "owner")?)),
        "module_question" => question(Asker::Module(checked(row, "owner")?)),
        "group_question" => question(Asker::Group(checked(row, "owner")?)),
        _ => Ok(HintSubject::Incident(
            checked(row, "owner")?,
            row.get("item")?,
        )),
    }
}

pub(super) fn pass(row: &Row<'_>) -> Result<Pass> {
    Ok(Pass {
        kind: word(row, "kind", PassKind::from_word)?,
        at: time(row, "at")?,
        course_version: version(row, "course_version")?,
    })
}

pub(super) fn course(row: &Row<'_>) -> Result<CourseUse> {
    Ok(CourseUse {
        curriculum: checked(row, "curriculum")?,
        version: version(row, "version")?,
        digest: row.get("digest")?,
        tool: version(row, "tool")?,
        since: time(row, "since")?,
    })
}

pub(super) fn attempt(row: &Row<'_>) -> Result<Attempt> {
    let duration: i64 = row.get("duration")?;
    Ok(Attempt {
        id: RowId(row.get("id")?),
        content: NewAttempt {
            module: checked(row, "module")?,
            stage: word(row, "stage", Stage::from_word)?,
            kind: word(row, "kind", AttemptKind::from_word)?,
            snapshot: row.get("snapshot")?,
            started: time(row, "started")?,
            duration: Duration::from_millis(duration.unsigned_abs()),
            outcome: word(row, "outcome", outcome_from_word)?,
            tests: TestCounts {
                passed: row.get("tests_passed")?,
                failed: row.get("tests_failed")?,
                total: row.get("tests_total")?,
            },
            course_version: version(row, "course_version")?,
            summary: row.get("summary")?,
        },
    })
}

pub(super) fn answer(row: &Row<'_>) -> Result<Answer> {
    let verdict: String = row.get("verdict")?;
    let judge: String = row.get("judge")?;
    let count = |column: &str| -> Result<u64> {
        let number: i64 = row.get(column)?;
        Ok(number.unsigned_abs())
    };
    Ok(Answer {
        id: RowId(row.get("id")?),
        content: NewAnswer {
            module: checked(row, "module")?,
            question: question(row)?,
            text: row.get("text")?,
            judgement: match verdict.as_str() {
                "passed" => Judgement::Passed,
                "caught" => Judgement::Caught {
                    category: checked(row, "category")?,
                },
                _ => Judgement::Unclear {
                    missing: missing_from_text(&row.get::<_, String>("missing")?)?,
                },
            },
            judge: match judge.as_str() {
                "rubric" => Judge::Rubric,
                "model" => Judge::Model(ModelUse {
                    model: row.get("model")?,
                    tokens_in: count("tokens_in")?,
                    tokens_out: count("tokens_out")?,
                    cost: row.get("cost")?,
                    is_cached: row.get("is_cached")?,
                }),
                _ => Judge::Learner,
            },
            feedback: row.get("feedback")?,
            answered: time(row, "answered")?,
            course_version: version(row, "course_version")?,
        },
    })
}

/// Missing concepts for the database.
pub(super) fn missing_to_text(missing: &[Slug]) -> String {
    let missing: Vec<_> = missing.iter().map(Slug::as_str).collect();
    serde_json::json!(missing).to_string()
}

fn missing_from_text(text: &str) -> Result<Vec<Slug>> {
    serde_json::from_str(text).map_err(wrong)
}

pub(super) fn challenge(row: &Row<'_>) -> Result<Challenge> {
    let ended: Option<i64> = row.get("ended")?;
    let how = word_option(row, "how", ChallengeEnd::from_word)?;
    Ok(Challenge {
        id: RowId(row.get("id")?),
        content: NewChallenge {
            module: checked(row, "module")?,
            incident: row.get("incident")?,
            injection: word(row, "injection", Injection::from_word)?,
            folder: row.get("folder")?,
            snapshot: row.get("snapshot")?,
            started: time(row, "started")?,
            course_version: version(row, "course_version")?,
        },
        ended: ended.map(Time::from_millis).zip(how),
    })
}

pub(super) fn report(row: &Row<'_>) -> Result<Report> {
    let module: Option<String> = row.get("module")?;
    Ok(Report {
        id: RowId(row.get("id")?),
        content: NewReport {
            module: module.map(ModuleId::try_from).transpose().map_err(wrong)?,
            stage: word_option(row, "stage", Stage::from_word)?,
            written: time(row, "written")?,
            file: row.get("file")?,
            url: row.get("url")?,
        },
    })
}
