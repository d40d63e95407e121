//! What a learner does, as short as tests like it.

use std::time::Duration;

use mastery::answer::Judgement;
use mastery::curriculum::id::{ModuleId, Slug};
use mastery::learn::state::{
    Asker, AttemptKind, Consequences, CourseUse, Injection, Judge, NewAnswer, NewAttempt,
    NewChallenge, PassKind, QuestionKey, Stage, TestCounts, Time,
};
use mastery::run::outcome::Outcome;
use semver::Version;

pub(crate) fn module(id: &str) -> ModuleId {
    ModuleId::try_from(id).unwrap()
}

pub(crate) fn slug(id: &str) -> Slug {
    Slug::try_from(id).unwrap()
}

pub(crate) fn version() -> Version {
    Version::new(1, 0, 0)
}

pub(crate) fn course_use(version: Version) -> CourseUse {
    CourseUse {
        curriculum: "tiny".try_into().unwrap(),
        version,
        digest: "0123".to_owned(),
        tool: Version::new(0, 1, 0),
        since: Time::from_millis(1),
    }
}

/// An attempt that says what came of it.
pub(crate) fn attempt(id: &str, kind: AttemptKind, outcome: Outcome, at: i64) -> NewAttempt {
    NewAttempt {
        module: module(id),
        stage: match kind {
            AttemptKind::Challenge => Stage::Harden,
            AttemptKind::Build | AttemptKind::Whole => Stage::Build,
        },
        kind,
        snapshot: None,
        started: Time::from_millis(at),
        duration: Duration::from_millis(5),
        outcome,
        tests: TestCounts {
            passed: 1,
            failed: 2,
            total: 3,
        },
        course_version: version(),
        summary: format!("attempt {at}"),
    }
}

/// What it changes when a stage is passed.
pub(crate) fn passes(id: &str, stage: Stage) -> Consequences {
    Consequences {
        passes: vec![(module(id), stage, PassKind::Passed)],
        ..Consequences::default()
    }
}

pub(crate) fn own_question(id: &str, question: &str) -> QuestionKey {
    QuestionKey {
        asker: Asker::Module(module(id)),
        question: slug(question),
    }
}

pub(crate) fn answer(id: &str, question: QuestionKey, judgement: Judgement, at: i64) -> NewAnswer {
    NewAnswer {
        module: module(id),
        question,
        text: format!("answer {at}"),
        judgement,
        judge: Judge::Rubric,
        feedback: String::new(),
        answered: Time::from_millis(at),
        course_version: version(),
    }
}

pub(crate) fn unclear() -> Judgement {
    Judgement::Unclear {
        missing: vec![slug("bound")],
    }
}

pub(crate) fn challenge(id: &str, incident: &str, at: i64) -> NewChallenge {
    NewChallenge {
        module: module(id),
        incident: incident.to_owned(),
        injection: Injection::Rewrite,
        folder: format!(".mastery/challenges/{id}"),
        snapshot: None,
        started: Time::from_millis(at),
        course_version: version(),
    }
}
