//! Everything that is kept, as one JSON document: `schemas/learner.schema.json`.

use rusqlite::{Result, Row, Transaction};
use serde_json::{Value, json};

use crate::answer::Judgement;
use crate::curriculum::id::{ModuleId, Slug};

use super::Store;
use super::error::StateError;
use super::read::all;
use super::record::{
    Answer, Asker, Attempt, Challenge, ChallengeEnd, CourseUse, HintSubject, Judge, Pass,
    QuestionKey, Report, Stage, Time,
};
use super::row::{self, millis, outcome_word};

/// Version of the document.
const FORMAT: u32 = 1;

impl Store {
    /// Returns everything that is kept, as `schemas/learner.schema.json` has it: what was reset as well.
    pub fn export(&self) -> Result<Value, StateError> {
        self.read(export)
    }
}

fn export(transaction: &Transaction<'_>) -> Result<Value> {
    let rows = |table: &str, order: &str, read: fn(&Row<'_>) -> Result<Value>| {
        let sql = format!("SELECT * FROM {table} ORDER BY {order}");
        all(transaction, &sql, (), read)
    };
    Ok(json!({
        "schema": FORMAT,
        "courses": rows("courses", "id", |row| Ok(course(&row::course(row)?)))?,
        "selected": rows("selection", "id", selection)?.pop(),
        "passes": rows("passes", "at, module, stage", |row| {
            let stage = row::word(row, "stage", Stage::from_word)?;
            Ok(pass(json!({ "module": module(row)?, "stage": stage.word() }), &row::pass(row)?))
        })?,
        "settled": rows("settled", "at, asker, owner, question", |row| {
            Ok(pass(question(&row::question(row)?), &row::pass(row)?))
        })?,
        "attempts": rows("attempts", "id", |row| Ok(attempt(&row::attempt(row)?)))?,
        "answers": rows("answers", "id", |row| Ok(answer(&row::answer(row)?)))?,
        "challenges": rows("challenges", "id", |row| Ok(challenge(&row::challenge(row)?)))?,
        "hints": rows("hints", "subject, owner, item", |row| {
            let shown: u32 = row.get("shown")?;
            Ok(hints(&row::subject(row)?, shown, row::time(row, "at")?))
        })?,
        "broken": rows("broken", "module", |row| {
            Ok(json!({ "module": module(row)?, "since_ms": row::time(row, "since")?.millis() }))
        })?,
        "reports": rows("reports", "id", |row| Ok(report(&row::report(row)?)))?,
        "resets": rows("resets", "id", |row| {
            let module: Option<String> = row.get("module")?;
            Ok(json!({ "module": module, "at_ms": row::time(row, "at")?.millis() }))
        })?,
    }))
}

fn module(row: &Row<'_>) -> Result<String> {
    row.get("module")
}

fn selection(row: &Row<'_>) -> Result<Value> {
    Ok(json!({ "module": module(row)?, "at_ms": row::time(row, "at")?.millis() }))
}

fn course(course: &CourseUse) -> Value {
    json!({
        "curriculum": course.curriculum.as_str(),
        "version": course.version.to_string(),
        "digest": course.digest,
        "tool": course.tool.to_string(),
        "since_ms": course.since.millis(),
    })
}

/// Adds a pass to what it is of.
fn pass(mut of: Value, pass: &Pass) -> Value {
    of["kind"] = json!(pass.kind.word());
    of["at_ms"] = json!(pass.at.millis());
    of["course_version"] = json!(pass.course_version.to_string());
    of
}

fn question(key: &QuestionKey) -> Value {
    let (module, group) = match &key.asker {
        Asker::Module(module) => (Some(module.as_str()), None),
        Asker::Group(group) => (None, Some(group.as_str())),
    };
    json!({ "module": module, "group": group, "question": key.question.as_str() })
}

fn attempt(attempt: &Attempt) -> Value {
    let content = &attempt.content;
    json!({
        "module": content.module.as_str(),
        "stage": content.stage.word(),
        "kind": content.kind.word(),
        "snapshot": content.snapshot,
        "started_ms": content.started.millis(),
        "duration_ms": millis(content.duration),
        "outcome": outcome_word(content.outcome),
        "tests": {
            "passed": content.tests.passed,
            "failed": content.tests.failed,
            "total": content.tests.total,
        },
        "course_version": content.course_version.to_string(),
        "summary": content.summary,
    })
}

fn answer(answer: &Answer) -> Value {
    let content = &answer.content;
    let (verdict, category, missing) = match &content.judgement {
        Judgement::Passed => ("passed", None, None),
        Judgement::Caught { category } => ("caught", Some(category.as_str()), None),
        Judgement::Unclear { missing } => {
            let missing: Vec<_> = missing.iter().map(Slug::as_str).collect();
            ("unclear", None, Some(missing))
        }
    };
    let (judge, model) = match &content.judge {
        Judge::Rubric => ("rubric", None),
        Judge::Learner => ("learner", None),
        Judge::Model(model) => {
            let used = json!({
                "name": model.model,
                "tokens_in": model.tokens_in,
                "tokens_out": model.tokens_out,
                "cost_usd": model.cost,
                "cached": model.is_cached,
            });
            ("model", Some(used))
        }
    };
    json!({
        "asked_in": content.module.as_str(),
        "question": question(&content.question),
        "text": content.text,
        "verdict": verdict,
        "category": category,
        "missing": missing,
        "judge": judge,
        "model": model,
        "feedback": content.feedback,
        "answered_ms": content.answered.millis(),
        "course_version": content.course_version.to_string(),
    })
}

fn challenge(challenge: &Challenge) -> Value {
    let content = &challenge.content;
    let (ended, how) = challenge.ended.unzip();
    json!({
        "module": content.module.as_str(),
        "incident": content.incident,
        "injection": content.injection.word(),
        "folder": content.folder,
        "snapshot": content.snapshot,
        "started_ms": content.started.millis(),
        "course_version": content.course_version.to_string(),
        "ended_ms": ended.map(Time::millis),
        "end": how.map(ChallengeEnd::word),
    })
}

fn hints(subject: &HintSubject, shown: u32, at: Time) -> Value {
    let mut of = match subject {
        HintSubject::Build(module) => json!({ "subject": "build", "module": module.as_str() }),
        HintSubject::Incident(module, incident) => {
            json!({ "subject": "incident", "module": module.as_str(), "incident": incident })
        }
        HintSubject::Question(key) => {
            let mut of = question(key);
            of["subject"] = json!("question");
            of
        }
    };
    of["shown"] = json!(shown);
    of["at_ms"] = json!(at.millis());
    of
}

fn report(report: &Report) -> Value {
    let content = &report.content;
    json!({
        "module": content.module.as_ref().map(ModuleId::as_str),
        "stage": content.stage.map(Stage::word),
        "written_ms": content.written.millis(),
        "file": content.file,
        "url": content.url,
    })
}
