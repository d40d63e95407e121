//! What is written to the store: each method is one step, all of it or nothing.

use rusqlite::{OptionalExtension as _, Transaction, named_params, params};
use semver::Version;

use crate::answer::Judgement;
use crate::curriculum::id::ModuleId;

use super::error::StateError;
use super::record::{
    AnswerKept, ChallengeEnd, ChallengeStart, Consequences, CourseUse, HintSubject, Judge,
    JustifyNeeds, ModelUse, NewAnswer, NewAttempt, NewChallenge, NewReport, Pass, PassKind,
    QuestionKey, RowId, Stage, Time,
};
use super::row::{self, asker_words, millis, missing_to_text, number, outcome_word, subject_words};
use super::{Failure, Store, Worth};

impl Store {
    /// Keeps that a course is worked on from now on. Returns the one that was worked on before. A course that is the
    /// same in all but the time changes nothing.
    pub fn use_course(&mut self, course: &CourseUse) -> Result<Option<CourseUse>, StateError> {
        let same = |before: &CourseUse| {
            let since = course.since;
            CourseUse {
                since,
                ..before.clone()
            } == *course
        };
        let latest = "SELECT * FROM courses ORDER BY id DESC LIMIT 1";
        let before = self.read(|it| it.query_row(latest, (), row::course).optional())?;
        if before.as_ref().is_some_and(same) {
            return Ok(before);
        }
        self.write(Worth::Backup, |transaction| {
            let before = transaction.query_row(latest, (), row::course).optional()?;
            let CourseUse {
                curriculum,
                version,
                digest,
                tool,
                since,
            } = course;
            // Another process may have kept it in between.
            if !before.as_ref().is_some_and(same) {
                transaction.execute(
                    "INSERT INTO courses (curriculum, version, digest, tool, since) VALUES (?1, ?2, ?3, ?4, ?5)",
                    params![curriculum.as_str(), version.to_string(), digest, tool.to_string(), since.millis()],
                )?;
            }
            Ok(before)
        })
    }

    /// Keeps that the learner has selected a module.
    pub fn select(&mut self, module: &ModuleId, at: Time) -> Result<(), StateError> {
        self.write(Worth::Little, |transaction| {
            transaction.execute(
                "INSERT OR REPLACE INTO selection VALUES (1, ?1, ?2)",
                params![module.as_str(), at.millis()],
            )?;
            Ok(())
        })
    }

    /// Keeps an attempt with all that it changes. Passes that were earned before stay as they are, unless the new one
    /// is worth more. Where a Build stage is passed, the module is no longer broken.
    ///
    /// # Errors
    ///
    /// [`StateError::ChallengeOver`] when a challenge ends that is not open; then nothing is kept.
    pub fn record_attempt(
        &mut self,
        attempt: &NewAttempt,
        consequences: &Consequences,
    ) -> Result<RowId, StateError> {
        self.write(Worth::Backup, |transaction| {
            let id = insert_attempt(transaction, attempt)?;
            let at = Time::from_millis(
                attempt
                    .started
                    .millis()
                    .saturating_add(millis(attempt.duration)),
            );
            for (module, stage, kind) in &consequences.passes {
                let pass = pass(*kind, at, &attempt.course_version);
                keep_pass(transaction, module, *stage, &pass)?;
            }
            if let Some((challenge, end)) = consequences.ended {
                end_challenge(transaction, challenge, end, at)?;
            }
            for module in &consequences.broken {
                transaction.execute(
                    "INSERT OR IGNORE INTO broken VALUES (?1, ?2, ?3)",
                    params![module.as_str(), at.millis(), id.0],
                )?;
            }
            for module in &consequences.mended {
                mend(transaction, module)?;
            }
            Ok(id)
        })
    }

    /// Keeps an answer. Where it settles its question, each module in `needs` whose questions are all settled then has
    /// passed its Justify stage; see [`crate::learn::progress::justify_needs`].
    pub fn record_answer(
        &mut self,
        answer: &NewAnswer,
        needs: &[JustifyNeeds],
    ) -> Result<AnswerKept, StateError> {
        self.write(Worth::Backup, |transaction| {
            let id = insert_answer(transaction, answer)?;
            let mut passed = Vec::new();
            if let Some(kind) = answer.settles() {
                settle(transaction, id, answer, kind)?;
                for needs in needs {
                    if let Some(kind) = worst_kind(transaction, &needs.questions)? {
                        let pass = pass(kind, answer.answered, &answer.course_version);
                        if keep_pass(transaction, &needs.module, Stage::Justify, &pass)? {
                            passed.push(needs.module.clone());
                        }
                    }
                }
            }
            Ok(AnswerKept { id, passed })
        })
    }

    /// Keeps that a challenge has begun. A module has one at a time.
    pub fn start_challenge(
        &mut self,
        challenge: &NewChallenge,
    ) -> Result<ChallengeStart, StateError> {
        self.write(Worth::Backup, |transaction| {
            let open = "SELECT * FROM challenges WHERE module = ?1 AND ended IS NULL";
            let open = transaction
                .query_row(open, [challenge.module.as_str()], row::challenge)
                .optional()?;
            if let Some(open) = open {
                return Ok(ChallengeStart::AlreadyOpen(open));
            }
            transaction.execute(
                "INSERT INTO challenges (module, incident, injection, folder, snapshot, started, course_version)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    challenge.module.as_str(),
                    challenge.incident,
                    challenge.injection.word(),
                    challenge.folder,
                    challenge.snapshot,
                    challenge.started.millis(),
                    challenge.course_version.to_string(),
                ],
            )?;
            Ok(ChallengeStart::Started(RowId(transaction.last_insert_rowid())))
        })
    }

    /// Keeps that a challenge has ended without an attempt: it was given up.
    ///
    /// # Errors
    ///
    /// [`StateError::ChallengeOver`] when it is not open.
    pub fn end_challenge(
        &mut self,
        challenge: RowId,
        end: ChallengeEnd,
        at: Time,
    ) -> Result<(), StateError> {
        self.write(Worth::Backup, |transaction| {
            end_challenge(transaction, challenge, end, at)
        })
    }

    /// Keeps that a stage was passed without an attempt, such as Harden where no bug can be used. A pass that is worth
    /// more stays as it is.
    pub fn pass(&mut self, module: &ModuleId, stage: Stage, pass: &Pass) -> Result<(), StateError> {
        self.write(Worth::Backup, |transaction| {
            keep_pass(transaction, module, stage, pass)?;
            Ok(())
        })
    }

    /// Keeps that one more hint was shown. Returns its number from 0; `None` when all `available` ones were shown
    /// before.
    pub fn show_hint(
        &mut self,
        subject: &HintSubject,
        available: u32,
        at: Time,
    ) -> Result<Option<u32>, StateError> {
        let (kind, owner, item) = subject_words(subject);
        self.write(Worth::Little, |transaction| {
            let shown: Option<u32> = transaction
                .query_row(
                    "SELECT shown FROM hints WHERE subject = ?1 AND owner = ?2 AND item = ?3",
                    [kind, owner, item],
                    |row| row.get(0),
                )
                .optional()?;
            let shown = shown.unwrap_or(0);
            if shown >= available {
                return Ok(None);
            }
            transaction.execute(
                "INSERT OR REPLACE INTO hints VALUES (?1, ?2, ?3, ?4, ?5)",
                params![kind, owner, item, shown + 1, at.millis()],
            )?;
            Ok(Some(shown))
        })
    }

    /// Forgets passes, settled questions, hints and the selection of a module, or of all with `None`, and ends open
    /// challenges. Attempts and answers are kept, and no longer count. What a group shares is forgotten with all only.
    pub fn reset(&mut self, module: Option<&ModuleId>, at: Time) -> Result<(), StateError> {
        let module = module.map(ModuleId::as_str);
        self.write(Worth::Backup, |transaction| {
            for sql in [
                "DELETE FROM passes WHERE module = ?1 OR ?1 IS NULL",
                "DELETE FROM settled WHERE asker = 'module' AND owner = ?1 OR ?1 IS NULL",
                "DELETE FROM hints WHERE subject <> 'group_question' AND owner = ?1 OR ?1 IS NULL",
                "DELETE FROM broken WHERE module = ?1 OR ?1 IS NULL",
                "DELETE FROM selection WHERE module = ?1 OR ?1 IS NULL",
            ] {
                transaction.execute(sql, [module])?;
            }
            transaction.execute(
                "UPDATE challenges SET ended = ?2, how = 'abandoned' WHERE ended IS NULL AND (module = ?1 OR ?1 IS NULL)",
                params![module, at.millis()],
            )?;
            transaction.execute(
                "INSERT INTO resets (module, at, last_attempt, last_answer, last_challenge) SELECT ?1, ?2,
                 (SELECT coalesce(max(id), 0) FROM attempts),
                 (SELECT coalesce(max(id), 0) FROM answers),
                 (SELECT coalesce(max(id), 0) FROM challenges)",
                params![module, at.millis()],
            )?;
            Ok(())
        })
    }

    /// Keeps a report of the learner's.
    pub fn record_report(&mut self, report: &NewReport) -> Result<RowId, StateError> {
        self.write(Worth::Backup, |transaction| {
            transaction.execute(
                "INSERT INTO reports (module, stage, written, file, url) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![
                    report.module.as_ref().map(ModuleId::as_str),
                    report.stage.map(Stage::word),
                    report.written.millis(),
                    report.file,
                    report.url,
                ],
            )?;
            Ok(RowId(transaction.last_insert_rowid()))
        })
    }

    /// Keeps where a report was posted.
    pub fn report_posted(&mut self, report: RowId, url: &str) -> Result<(), StateError> {
        self.write(Worth::Backup, |transaction| {
            transaction.execute(
                "UPDATE reports SET url = ?2 WHERE id = ?1",
                params![report.0, url],
            )?;
            Ok(())
        })
    }
}

fn pass(kind: PassKind, at: Time, course_version: &Version) -> Pass {
    Pass {
        kind,
        at,
        course_version: course_version.clone(),
    }
}

/// Whether the stage was not passed before. A pass is only replaced by one that is worth more.
fn keep_pass(
    transaction: &Transaction<'_>,
    module: &ModuleId,
    stage: Stage,
    pass: &Pass,
) -> rusqlite::Result<bool> {
    if stage == Stage::Build {
        mend(transaction, module)?;
    }
    let before = transaction
        .query_row(
            "SELECT * FROM passes WHERE module = ?1 AND stage = ?2",
            [module.as_str(), stage.word()],
            row::pass,
        )
        .optional()?;
    if before.as_ref().is_none_or(|before| pass.kind < before.kind) {
        transaction.execute(
            "INSERT OR REPLACE INTO passes VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                module.as_str(),
                stage.word(),
                pass.kind.word(),
                pass.at.millis(),
                pass.course_version.to_string(),
            ],
        )?;
    }
    Ok(before.is_none())
}

fn mend(transaction: &Transaction<'_>, module: &ModuleId) -> rusqlite::Result<()> {
    transaction.execute("DELETE FROM broken WHERE module = ?1", [module.as_str()])?;
    Ok(())
}

fn end_challenge(
    transaction: &Transaction<'_>,
    challenge: RowId,
    end: ChallengeEnd,
    at: Time,
) -> Result<(), Failure> {
    let changed = transaction.execute(
        "UPDATE challenges SET ended = ?2, how = ?3 WHERE id = ?1 AND ended IS NULL",
        params![challenge.0, at.millis(), end.word()],
    )?;
    if changed == 0 {
        return Err(StateError::ChallengeOver.into());
    }
    Ok(())
}

fn insert_attempt(transaction: &Transaction<'_>, attempt: &NewAttempt) -> rusqlite::Result<RowId> {
    transaction.execute(
        "INSERT INTO attempts (module, stage, kind, snapshot, started, duration, outcome,
            tests_passed, tests_failed, tests_total, course_version, summary)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        params![
            attempt.module.as_str(),
            attempt.stage.word(),
            attempt.kind.word(),
            attempt.snapshot,
            attempt.started.millis(),
            millis(attempt.duration),
            outcome_word(attempt.outcome),
            attempt.tests.passed,
            attempt.tests.failed,
            attempt.tests.total,
            attempt.course_version.to_string(),
            attempt.summary,
        ],
    )?;
    Ok(RowId(transaction.last_insert_rowid()))
}

fn insert_answer(transaction: &Transaction<'_>, answer: &NewAnswer) -> rusqlite::Result<RowId> {
    let (asker, owner) = asker_words(&answer.question.asker);
    let (verdict, category, missing) = match &answer.judgement {
        Judgement::Passed => ("passed", None, None),
        Judgement::Caught { category } => ("caught", Some(category.as_str()), None),
        Judgement::Unclear { missing } => ("unclear", None, Some(missing_to_text(missing))),
    };
    let (judge, model) = match &answer.judge {
        Judge::Rubric => ("rubric", None),
        Judge::Model(model) => ("model", Some(model)),
        Judge::Learner => ("learner", None),
    };
    // Not a number at all is no cost.
    let cost = |model: &ModelUse| model.cost.filter(|cost| cost.is_finite() && *cost >= 0.0);
    transaction.execute(
        "INSERT INTO answers (module, asker, owner, question, text, verdict, category, missing, judge, model,
            tokens_in, tokens_out, cost, is_cached, feedback, answered, course_version)
         VALUES (:module, :asker, :owner, :question, :text, :verdict, :category, :missing, :judge, :model,
            :tokens_in, :tokens_out, :cost, :is_cached, :feedback, :answered, :course_version)",
        named_params! {
            ":module": answer.module.as_str(),
            ":asker": asker,
            ":owner": owner,
            ":question": answer.question.question.as_str(),
            ":text": answer.text,
            ":verdict": verdict,
            ":category": category,
            ":missing": missing,
            ":judge": judge,
            ":model": model.map(|it| &it.model),
            ":tokens_in": model.map(|it| number(it.tokens_in)),
            ":tokens_out": model.map(|it| number(it.tokens_out)),
            ":cost": model.and_then(cost),
            ":is_cached": model.map(|it| it.is_cached),
            ":feedback": answer.feedback,
            ":answered": answer.answered.millis(),
            ":course_version": answer.course_version.to_string(),
        },
    )?;
    Ok(RowId(transaction.last_insert_rowid()))
}

/// Keeps that a question is settled. What was passed is not made less by self-assessment.
fn settle(
    transaction: &Transaction<'_>,
    id: RowId,
    answer: &NewAnswer,
    kind: PassKind,
) -> rusqlite::Result<()> {
    let before = kind_of(transaction, &answer.question)?;
    if before.is_some_and(|before| before <= kind) {
        return Ok(());
    }
    let (asker, owner) = asker_words(&answer.question.asker);
    transaction.execute(
        "INSERT OR REPLACE INTO settled VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            asker,
            owner,
            answer.question.question.as_str(),
            kind.word(),
            answer.answered.millis(),
            answer.course_version.to_string(),
            id.0,
        ],
    )?;
    Ok(())
}

/// How a question is settled.
fn kind_of(
    transaction: &Transaction<'_>,
    question: &QuestionKey,
) -> rusqlite::Result<Option<PassKind>> {
    let (asker, owner) = asker_words(&question.asker);
    transaction
        .query_row(
            "SELECT kind FROM settled WHERE asker = ?1 AND owner = ?2 AND question = ?3",
            [asker, owner, question.question.as_str()],
            |row| row::word(row, "kind", PassKind::from_word),
        )
        .optional()
}

/// How the least of some questions is settled; `None` when one is not, or there are none.
fn worst_kind(
    transaction: &Transaction<'_>,
    questions: &[QuestionKey],
) -> rusqlite::Result<Option<PassKind>> {
    let mut worst = None;
    for question in questions {
        match kind_of(transaction, question)? {
            Some(kind) => worst = worst.max(Some(kind)),
            None => return Ok(None),
        }
    }
    Ok(worst)
}
