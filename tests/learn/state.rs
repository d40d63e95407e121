//! What is kept, and what becomes of it.

use std::collections::BTreeMap;

use mastery::answer::Judgement;
use mastery::curriculum::schema::Schema;
use mastery::learn::state::{
    AttemptKind, ChallengeEnd, ChallengeStart, Consequences, HintSubject, Judge, JustifyNeeds,
    ModelUse, NewReport, PassKind, QuestionKey, Stage, StateError, Store, Time,
};
use mastery::run::outcome::Outcome;
use semver::Version;

use crate::events::{
    answer, attempt, challenge, course_use, module, own_question, passes, slug, unclear,
};
use crate::home::{Home, record};

#[test]
fn pass_keeps_the_version_it_was_earned_with() {
    let home = Home::new();
    let mut store = home.open_sound();
    let pass = |store: &mut Store, kind, version: Version, at| {
        let mut attempt = attempt("a", AttemptKind::Challenge, Outcome::Passed, at);
        attempt.course_version = version;
        let consequences = Consequences {
            passes: vec![(module("a"), Stage::Harden, kind)],
            ..Consequences::default()
        };
        store.record_attempt(&attempt, &consequences).unwrap();
        let record = store.progress().unwrap();
        let pass = record.pass(&module("a"), Stage::Harden).unwrap();
        (pass.kind, pass.course_version.to_string())
    };
    let (first, second) = (Version::new(1, 0, 0), Version::new(2, 0, 0));
    let restored = (PassKind::Restored, "1.0.0".to_owned());
    assert_eq!(pass(&mut store, PassKind::Restored, first, 1), restored);
    assert_eq!(
        pass(&mut store, PassKind::Restored, second.clone(), 2),
        restored
    );
    assert_eq!(
        pass(&mut store, PassKind::Waived, second.clone(), 3),
        restored
    );
    // What is worth more is kept.
    let passed = (PassKind::Passed, "2.0.0".to_owned());
    assert_eq!(pass(&mut store, PassKind::Passed, second, 4), passed);
}

#[test]
fn attempt_that_ends_a_challenge_which_is_over_changes_nothing() {
    let home = Home::new();
    let mut store = home.open_sound();
    let ChallengeStart::Started(id) = store.start_challenge(&challenge("a", "i", 1)).unwrap()
    else {
        panic!("it is the first")
    };
    assert!(matches!(
        store.start_challenge(&challenge("a", "j", 1)).unwrap(),
        ChallengeStart::AlreadyOpen(open) if open.content.incident == "i"
    ));
    store
        .end_challenge(id, ChallengeEnd::Abandoned, Time::from_millis(2))
        .unwrap();
    let before = store.export().unwrap();
    let consequences = Consequences {
        ended: Some((id, ChallengeEnd::Fixed)),
        ..passes("a", Stage::Harden)
    };
    let attempt = attempt("a", AttemptKind::Challenge, Outcome::Passed, 3);
    let error = store.record_attempt(&attempt, &consequences).unwrap_err();
    assert!(matches!(error, StateError::ChallengeOver), "{error}");
    assert_eq!(store.export().unwrap(), before);
}

#[test]
fn justify_is_passed_with_the_last_question_of_a_module() {
    let home = Home::new();
    let mut store = home.open_sound();
    let shared = QuestionKey {
        asker: mastery::learn::state::Asker::Group(slug("g")),
        question: slug("cost"),
    };
    let need = |id: &str, questions: &[QuestionKey]| JustifyNeeds {
        module: module(id),
        questions: questions.to_vec(),
    };
    let own = own_question("a", "why");
    let needs = [
        need("a", &[own.clone(), shared.clone()]),
        need("b", std::slice::from_ref(&shared)),
    ];
    let mut answers = |key: &QuestionKey, judgement, judge, at| {
        let mut answer = answer("a", key.clone(), judgement, at);
        answer.judge = judge;
        let kept = store.record_answer(&answer, &needs).unwrap();
        let passed: Vec<_> = kept.passed.iter().map(ToString::to_string).collect();
        let record = store.progress().unwrap();
        let pass = record.pass(&module("a"), Stage::Justify);
        (passed.concat(), pass.map(|it| it.kind))
    };
    let none = (String::new(), None);
    assert_eq!(answers(&own, unclear(), Judge::Rubric, 1), none);
    assert_eq!(answers(&own, unclear(), Judge::Learner, 2), none);
    let both = ("ab".to_owned(), Some(PassKind::SelfAssessed));
    assert_eq!(answers(&shared, Judgement::Passed, Judge::Rubric, 3), both);
    // Answered well after all.
    let passed = (String::new(), Some(PassKind::Passed));
    let model = Judge::Model(ModelUse {
        model: "small".to_owned(),
        tokens_in: 1,
        tokens_out: 2,
        cost: Some(f64::NAN),
        is_cached: false,
    });
    assert_eq!(answers(&own, Judgement::Passed, model, 4), passed);
    // Self-assessment takes nothing away.
    assert_eq!(answers(&own, unclear(), Judge::Learner, 5), passed);
    assert_eq!(store.answers(&own).unwrap().len(), 4);
}

#[test]
fn reset_forgets_and_keeps() {
    let home = Home::new();
    let mut store = home.open_sound();
    let key = |id: &str| own_question(id, "why");
    for id in ["a", "b"] {
        let broken = Consequences {
            broken: vec![module(id)],
            ..passes(id, Stage::Build)
        };
        store
            .record_attempt(
                &attempt(id, AttemptKind::Build, Outcome::Passed, 1),
                &broken,
            )
            .unwrap();
        store
            .record_answer(&answer(id, key(id), Judgement::Passed, 2), &[])
            .unwrap();
        store.start_challenge(&challenge(id, "i", 3)).unwrap();
        let subject = HintSubject::Question(key(id));
        store.show_hint(&subject, 2, Time::from_millis(4)).unwrap();
    }
    store.select(&module("a"), Time::from_millis(5)).unwrap();
    let before = store.progress().unwrap();
    store
        .reset(Some(&module("a")), Time::from_millis(6))
        .unwrap();
    let record = store.progress().unwrap();
    let a = module("a");
    assert_eq!((before.passes.len(), record.passes.len()), (2, 1));
    assert_eq!((before.settled.len(), record.settled.len()), (2, 1));
    assert_eq!((before.challenges.len(), record.challenges.len()), (2, 1));
    assert_eq!((before.hints.len(), record.hints.len()), (2, 1));
    assert_eq!((before.broken.len(), record.broken.len()), (2, 1));
    assert_eq!((before.attempts.len(), record.attempts.len()), (2, 1));
    assert_eq!((before.selected.is_some(), record.selected), (true, None));
    assert_eq!(store.answers(&key("a")).unwrap(), []);
    assert_eq!(store.attempts(&a, Stage::Build).unwrap(), []);
    assert_eq!(store.attempts(&module("b"), Stage::Build).unwrap().len(), 1);
    // The challenge is over, and another one can begin.
    assert!(matches!(
        store.start_challenge(&challenge("a", "j", 7)).unwrap(),
        ChallengeStart::Started(_)
    ));
    store.reset(None, Time::from_millis(8)).unwrap();
    let record = store.progress().unwrap();
    assert_eq!(
        (
            record.passes.len(),
            record.settled.len(),
            record.hints.len()
        ),
        (0, 0, 0)
    );
    let export = store.export().unwrap();
    assert_eq!(export["attempts"].as_array().unwrap().len(), 2);
    assert_eq!(export["answers"].as_array().unwrap().len(), 2);
}

#[test]
fn hints_are_counted_up_to_the_last() {
    let home = Home::new();
    let mut store = home.open_sound();
    let subject = HintSubject::Incident(module("a"), "i".to_owned());
    let mut show = || store.show_hint(&subject, 2, Time::now()).unwrap();
    assert_eq!([show(), show(), show()], [Some(0), Some(1), None]);
    assert_eq!(store.progress().unwrap().hints_shown(&subject), 2);
}

#[test]
fn course_is_kept_once_for_each_version() {
    let home = Home::new();
    let mut store = home.open_sound();
    let (first, second) = (
        course_use(Version::new(1, 0, 0)),
        course_use(Version::new(1, 1, 0)),
    );
    assert_eq!(store.use_course(&first).unwrap(), None);
    let mut later = first.clone();
    later.since = Time::from_millis(99);
    assert_eq!(store.use_course(&later).unwrap(), Some(first.clone()));
    assert_eq!(store.use_course(&second).unwrap(), Some(first.clone()));
    assert_eq!(store.courses().unwrap(), [first, second.clone()]);
    assert_eq!(store.progress().unwrap().course, Some(second));
}

#[test]
fn export_is_as_its_schema_says() {
    let home = Home::new();
    let mut store = home.open_sound();
    let schema = Schema::by_name("learner").unwrap();
    assert!(schema.accepts(&store.export().unwrap()));
    store
        .use_course(&course_use(Version::new(1, 0, 0)))
        .unwrap();
    store.select(&module("a"), Time::now()).unwrap();
    record(&mut store, 1);
    let broken = Consequences {
        broken: vec![module("m1")],
        ..Consequences::default()
    };
    let failed = attempt("a", AttemptKind::Whole, Outcome::TimedOut, 2);
    store.record_attempt(&failed, &broken).unwrap();
    let caught = Judgement::Caught {
        category: slug("shallow"),
    };
    let model = Judge::Model(ModelUse {
        model: "small".to_owned(),
        tokens_in: 10,
        tokens_out: 20,
        cost: Some(0.25),
        is_cached: true,
    });
    let shared = QuestionKey {
        asker: mastery::learn::state::Asker::Group(slug("g")),
        question: slug("cost"),
    };
    for (judgement, judge) in [
        (caught, Judge::Rubric),
        (unclear(), model),
        (unclear(), Judge::Learner),
        (Judgement::Passed, Judge::Rubric),
    ] {
        for key in [own_question("a", "why"), shared.clone()] {
            let mut answer = answer("a", key, judgement.clone(), 3);
            answer.judge = judge.clone();
            store.record_answer(&answer, &[]).unwrap();
        }
    }
    store.start_challenge(&challenge("m1", "i", 4)).unwrap();
    for subject in [
        HintSubject::Build(module("a")),
        HintSubject::Question(own_question("a", "why")),
        HintSubject::Question(shared),
        HintSubject::Incident(module("a"), "i".to_owned()),
    ] {
        store.show_hint(&subject, 1, Time::now()).unwrap();
    }
    let mut report = NewReport {
        module: Some(module("a")),
        stage: Some(Stage::Build),
        written: Time::now(),
        file: "reports/1.md".to_owned(),
        url: None,
    };
    let id = store.record_report(&report).unwrap();
    store.report_posted(id, "https://example.org/1").unwrap();
    (report.module, report.stage) = (None, None);
    store.record_report(&report).unwrap();
    assert_eq!(
        store.reports().unwrap()[0].content.url.as_deref(),
        Some("https://example.org/1")
    );
    store.reset(Some(&module("m1")), Time::now()).unwrap();
    store.reset(None, Time::now()).unwrap();
    record(&mut store, 7);
    store.start_challenge(&challenge("m1", "i", 8)).unwrap();
    store
        .record_answer(
            &answer("a", own_question("a", "why"), Judgement::Passed, 9),
            &[],
        )
        .unwrap();
    let export = store.export().unwrap();
    let empty: BTreeMap<_, _> = export
        .as_object()
        .unwrap()
        .iter()
        .filter(|(_, value)| value.as_array().is_some_and(Vec::is_empty))
        .collect();
    assert_eq!(
        empty.keys().map(|it| it.as_str()).collect::<Vec<_>>(),
        ["broken", "hints"]
    );
    assert!(schema.accepts(&export), "{export:#}");
}
