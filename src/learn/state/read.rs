//! What is read from the store.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension as _, Params, Result, Row, Transaction, params};

use crate::curriculum::id::ModuleId;

use super::Store;
use super::error::StateError;
use super::record::{Answer, Attempt, Challenge, CourseUse, QuestionKey, Report, Stage};
use super::row::{self, asker_words};
use super::standing::{AttemptCount, Record};

/// Attempts that count: those after the last reset of their module.
const ATTEMPTS: &str = "SELECT * FROM attempts WHERE id > \
    (SELECT coalesce(max(last_attempt), 0) FROM resets WHERE module IS NULL OR module = attempts.module)";

/// Answers that count. Those to what a group shares are reset with all only.
const ANSWERS: &str = "SELECT * FROM answers WHERE id > \
    (SELECT coalesce(max(last_answer), 0) FROM resets \
     WHERE module IS NULL OR answers.asker = 'module' AND module = answers.owner)";

/// Challenges that count.
const CHALLENGES: &str = "SELECT * FROM challenges WHERE id > \
    (SELECT coalesce(max(last_challenge), 0) FROM resets WHERE module IS NULL OR module = challenges.module)";

impl Store {
    /// Returns where the learner stands.
    pub fn progress(&self) -> Result<Record, StateError> {
        self.read(progress)
    }

    /// Returns the attempts at a stage since the last reset, the first one first.
    pub fn attempts(&self, module: &ModuleId, stage: Stage) -> Result<Vec<Attempt>, StateError> {
        let sql = format!("{ATTEMPTS} AND module = ?1 AND stage = ?2 ORDER BY id");
        self.read(|it| all(it, &sql, [module.as_str(), stage.word()], row::attempt))
    }

    /// Returns the answers to a question since the last reset, the first one first.
    pub fn answers(&self, question: &QuestionKey) -> Result<Vec<Answer>, StateError> {
        let (asker, owner) = asker_words(&question.asker);
        let sql = format!("{ANSWERS} AND asker = ?1 AND owner = ?2 AND question = ?3 ORDER BY id");
        let key = [asker, owner, question.question.as_str()];
        self.read(|it| all(it, &sql, key, row::answer))
    }

    /// Returns the challenges of a module since the last reset, the first one first.
    pub fn challenges(&self, module: &ModuleId) -> Result<Vec<Challenge>, StateError> {
        let sql = format!("{CHALLENGES} AND module = ?1 ORDER BY id");
        self.read(|it| all(it, &sql, [module.as_str()], row::challenge))
    }

    /// Looks at every table and index; `ok` when nothing is wrong.
    pub fn integrity(&self) -> Result<String, StateError> {
        self.read(|it| it.query_row("PRAGMA integrity_check(1)", (), |row| row.get(0)))
    }

    /// Returns all courses that were worked on, the first one first.
    pub fn courses(&self) -> Result<Vec<CourseUse>, StateError> {
        let sql = "SELECT * FROM courses ORDER BY id";
        self.read(|it| all(it, sql, (), row::course))
    }

    /// Returns all reports, the first one first.
    pub fn reports(&self) -> Result<Vec<Report>, StateError> {
        let sql = "SELECT * FROM reports ORDER BY id";
        self.read(|it| all(it, sql, (), row::report))
    }
}

/// All rows of a query.
pub(super) fn all<T>(
    transaction: &Transaction<'_>,
    sql: &str,
    params: impl Params,
    read: fn(&Row<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let mut statement = transaction.prepare(sql)?;
    statement.query_map(params, read)?.collect()
}

pub(super) fn progress(transaction: &Transaction<'_>) -> Result<Record> {
    Ok(Record {
        course: transaction
            .query_row(
                "SELECT * FROM courses ORDER BY id DESC LIMIT 1",
                (),
                row::course,
            )
            .optional()?,
        selected: transaction
            .query_row("SELECT * FROM selection", (), |row| {
                Ok((row::checked(row, "module")?, row::time(row, "at")?))
            })
            .optional()?,
        passes: map(transaction, "SELECT * FROM passes", |row| {
            let stage = row::word(row, "stage", Stage::from_word)?;
            Ok(((row::checked(row, "module")?, stage), row::pass(row)?))
        })?,
        settled: map(transaction, "SELECT * FROM settled", |row| {
            Ok((row::question(row)?, row::pass(row)?))
        })?,
        challenges: all(
            transaction,
            &format!("{CHALLENGES} ORDER BY id"),
            params![],
            row::challenge,
        )?,
        attempts: attempts(transaction)?,
        answers: map(
            transaction,
            &format!(
                "SELECT *, count(*) AS number FROM ({ANSWERS}) GROUP BY asker, owner, question"
            ),
            |row| Ok((row::question(row)?, row.get("number")?)),
        )?,
        hints: map(transaction, "SELECT * FROM hints", |row| {
            Ok((row::subject(row)?, row.get("shown")?))
        })?,
        broken: map(transaction, "SELECT * FROM broken", |row| {
            Ok((row::checked(row, "module")?, row::time(row, "since")?))
        })?,
    })
}

fn map<K: Ord, V>(
    transaction: &Transaction<'_>,
    sql: &str,
    read: fn(&Row<'_>) -> Result<(K, V)>,
) -> Result<BTreeMap<K, V>> {
    Ok(all(transaction, sql, (), read)?.into_iter().collect())
}

fn attempts(transaction: &Transaction<'_>) -> Result<BTreeMap<(ModuleId, Stage), AttemptCount>> {
    // With `max` in it, a row of a group is the one that has it; so says the documentation of SQLite.
    let sql =
        format!("SELECT *, max(id), count(*) AS number FROM ({ATTEMPTS}) GROUP BY module, stage");
    map(transaction, &sql, |row| {
        let latest = row::attempt(row)?;
        let key = (latest.content.module.clone(), latest.content.stage);
        let number = row.get("number")?;
        Ok((key, AttemptCount { number, latest }))
    })
}
