//! Where a learner stands, whatever they do.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use mastery::answer::Judgement;
use mastery::bundle::course::{Course, CourseModule, Incident, Made, OpenQuestion};
use mastery::curriculum::document::{FileContent as _, Manifest, ModuleManifest};
use mastery::learn::progress::{
    ModuleStanding, Next, StageState, Standing, justify_needs, orphaned_challenges, questions_of,
    standing,
};
use mastery::learn::state::{
    Asker, AttemptKind, ChallengeEnd, ChallengeStart, Consequences, Judge, Pass, PassKind,
    QuestionKey, Record, Stage, Store, Time,
};
use mastery::run::outcome::Outcome;
use mastery::source::tree::Tree;
use proptest::prelude::*;
use semver::Version;
use serde_json::{Value, json};

use crate::events::{answer, attempt, challenge, module, slug, unclear};

/// What a module of a test's course is made of.
#[derive(Clone, Debug)]
struct Plan {
    has_build: bool,
    questions: usize,
    incidents: usize,
    /// Bits: which modules before it are required.
    requires: u8,
}

const STANDARD: Plan = Plan {
    has_build: true,
    questions: 1,
    incidents: 1,
    requires: 0,
};

fn questions(number: usize) -> Vec<OpenQuestion> {
    (0..number)
        .map(|number| OpenQuestion {
            id: slug(&format!("q{number}")),
            question: "Why?".try_into().unwrap(),
        })
        .collect()
}

fn course_module(index: usize, plan: &Plan) -> CourseModule {
    let id = format!("m{index}");
    let requires: Vec<_> = (0..index)
        .filter(|it| plan.requires & (1 << it) != 0)
        .map(|it| format!("m{it}"))
        .collect();
    let mut manifest = json!({
        "id": id, "title": id, "objectives": ["know it"], "requires": requires,
    });
    if plan.has_build {
        manifest["build"] = json!({ "edit": ["a.py"], "validator": { "command": ["sh", "a"] } });
    } else {
        manifest["kind"] = json!("justify_only");
    }
    CourseModule {
        manifest: ModuleManifest::read(&manifest).unwrap(),
        prompt: String::new(),
        questions: questions(plan.questions),
        incidents: (0..plan.incidents)
            .map(|number| Incident {
                id: format!("i{number}"),
                symptom: "It is wrong.".try_into().unwrap(),
            })
            .collect(),
    }
}

/// A course; with `theory`, a library whose modules are all in one group that has so many questions.
fn course(plans: &[Plan], theory: Option<usize>) -> Course {
    let ids: Vec<Value> = (0..plans.len()).map(|it| json!(format!("m{it}"))).collect();
    let (kind, modules) = match theory {
        None => ("linear", json!(ids)),
        Some(_) => (
            "library",
            json!([{ "id": "g", "title": "G", "modules": ids }]),
        ),
    };
    let manifest = json!({
        "schema": 1, "id": "tiny", "title": "Tiny", "version": "1.0.0", "kind": kind,
        "modules": modules, "authors": ["A"], "license": "MIT",
    });
    let theory = theory.filter(|it| *it > 0);
    Course {
        made: Made {
            tool: Version::new(0, 1, 0),
            is_checked: true,
        },
        manifest: Manifest::read(&manifest).unwrap(),
        modules: plans
            .iter()
            .enumerate()
            .map(|(index, plan)| course_module(index, plan))
            .collect(),
        theory: theory
            .map(|it| (slug("g"), questions(it)))
            .into_iter()
            .collect(),
        starter: Arc::new(Tree::default()),
        lock: None,
    }
}

/// A learner with a course and a state.
struct Learner {
    course: Course,
    store: Store,
    clock: i64,
    _dir: tempfile::TempDir,
}

impl Learner {
    fn new(course: Course) -> Self {
        // What is on no disk need not be waited for.
        let memory = Path::new("/dev/shm");
        let dir = if memory.is_dir() {
            tempfile::tempdir_in(memory)
        } else {
            tempfile::tempdir()
        };
        let dir = dir.unwrap();
        let (store, notices) = Store::open(&dir.path().join(".mastery")).unwrap();
        assert_eq!(notices, []);
        Self {
            course,
            store,
            clock: 0,
            _dir: dir,
        }
    }

    fn now(&mut self) -> i64 {
        self.clock += 100;
        self.clock
    }

    fn record(&self) -> Record {
        self.store.progress().unwrap()
    }

    fn standing(&self) -> Standing {
        standing(&self.course, &self.record())
    }

    fn next(&self) -> Next {
        self.standing().next
    }

    fn select(&mut self, id: &str) {
        let at = Time::from_millis(self.now());
        self.store.select(&module(id), at).unwrap();
    }

    fn build(&mut self, id: &str, outcome: Outcome) {
        let at = self.now();
        let consequences = Consequences {
            passes: (outcome == Outcome::Passed)
                .then(|| (module(id), Stage::Build, PassKind::Passed))
                .into_iter()
                .collect(),
            ..Consequences::default()
        };
        let attempt = attempt(id, AttemptKind::Build, outcome, at);
        self.store.record_attempt(&attempt, &consequences).unwrap();
    }

    fn answer(&mut self, id: &str, key: &QuestionKey, judgement: Judgement, judge: Judge) {
        let at = self.now();
        let mut answer = answer(id, key.clone(), judgement, at);
        answer.judge = judge;
        let needs = justify_needs(&self.course, key);
        self.store.record_answer(&answer, &needs).unwrap();
    }

    fn start_challenge(&mut self, id: &str, incident: &str) {
        let at = self.now();
        self.store
            .start_challenge(&challenge(id, incident, at))
            .unwrap();
    }

    fn end_challenge(&mut self, id: &str, end: ChallengeEnd) {
        let Some(open) = self.record().open_challenge(&module(id)).map(|it| it.id) else {
            return;
        };
        let at = self.now();
        let kind = match end {
            ChallengeEnd::Fixed => PassKind::Passed,
            ChallengeEnd::Restored => PassKind::Restored,
            ChallengeEnd::Abandoned => {
                let at = Time::from_millis(at);
                self.store.end_challenge(open, end, at).unwrap();
                return;
            }
        };
        let consequences = Consequences {
            passes: vec![(module(id), Stage::Harden, kind)],
            ended: Some((open, end)),
            ..Consequences::default()
        };
        let attempt = attempt(id, AttemptKind::Challenge, Outcome::Passed, at);
        self.store.record_attempt(&attempt, &consequences).unwrap();
    }

    /// Does what is next, and does it well. Whether there was anything.
    fn follow(&mut self) -> bool {
        match self.next() {
            Next::Build { module } => self.build(module.as_str(), Outcome::Passed),
            Next::Answer { module, question } => {
                self.answer(module.as_str(), &question, Judgement::Passed, Judge::Rubric);
            }
            Next::StartChallenge { module: id } => {
                let at = self.now();
                let incident = self.course.module(id.as_str()).unwrap().incidents[0]
                    .id
                    .clone();
                let started = self
                    .store
                    .start_challenge(&challenge(id.as_str(), &incident, at))
                    .unwrap();
                assert!(matches!(started, ChallengeStart::Started(_)), "{started:?}");
            }
            Next::Fix { module, .. } => self.end_challenge(module.as_str(), ChallengeEnd::Fixed),
            Next::SelectModule { suggested } => self.select(suggested.as_str()),
            Next::Done => return false,
        }
        true
    }

    /// A newer bundle takes the place of the course, as `init` does it.
    fn update(&mut self, course: Course) {
        self.course = course;
        let record = self.record();
        let orphans: Vec<_> = orphaned_challenges(&self.course, &record)
            .map(|it| it.id)
            .collect();
        for orphan in orphans {
            let at = Time::from_millis(self.now());
            self.store
                .end_challenge(orphan, ChallengeEnd::Abandoned, at)
                .unwrap();
        }
    }

    /// Follows until all is done, and says what was done: the first letter of each stage.
    fn follow_all(&mut self) -> String {
        let mut all = String::new();
        loop {
            let next = self.next();
            all.push_str(&short(&next));
            if !self.follow() {
                return all;
            }
            all.push(' ');
        }
    }
}

fn short(next: &Next) -> String {
    match next {
        Next::Build { module } => format!("build:{module}"),
        Next::Answer { module, question } => {
            let shared = match question.asker {
                Asker::Module(_) => "",
                Asker::Group(_) => "shared:",
            };
            format!("answer:{module}:{shared}{}", question.question)
        }
        Next::StartChallenge { module } => format!("start:{module}"),
        Next::Fix { module, .. } => format!("fix:{module}"),
        Next::SelectModule { suggested } => format!("select:{suggested}"),
        Next::Done => "done".to_owned(),
    }
}

#[test]
fn linear_course_leads_through_all_stages_in_order() {
    let justify_only = Plan {
        has_build: false,
        questions: 2,
        incidents: 0,
        ..STANDARD
    };
    let bare = Plan {
        questions: 0,
        incidents: 0,
        ..STANDARD
    };
    let mut learner = Learner::new(course(&[STANDARD, bare, justify_only], None));
    let standing = learner.standing();
    assert_eq!(standing.modules[0].build, StageState::Open);
    assert_eq!(standing.modules[0].justify, StageState::Waiting);
    assert_eq!(standing.modules[1].build, StageState::Waiting);
    assert_eq!(standing.modules[1].justify, StageState::Absent);
    assert_eq!(standing.modules[2].build, StageState::Absent);
    assert_eq!(
        learner.follow_all(),
        "build:m0 answer:m0:q0 start:m0 fix:m0 build:m1 answer:m2:q0 answer:m2:q1 done"
    );
    let standing = learner.standing();
    assert_eq!(standing.counts.modules_done, 3);
    assert_eq!(
        (standing.counts.stages, standing.counts.stages_done),
        (5, 5)
    );
    assert_eq!(standing.current, Some(module("m2")));
}

#[test]
fn library_asks_which_module_and_stays_with_it() {
    let mut learner = Learner::new(course(
        &[
            STANDARD,
            Plan {
                requires: 1,
                ..STANDARD
            },
            STANDARD,
        ],
        Some(1),
    ));
    assert_eq!(short(&learner.next()), "select:m0");
    assert_eq!(learner.standing().current, Some(module("m0")));
    learner.select("m1");
    // It needs `m0` first.
    assert_eq!(short(&learner.next()), "select:m0");
    learner.build("m2", Outcome::Failed);
    assert_eq!(short(&learner.next()), "build:m2");
    learner.select("m0");
    // The question of the group is asked once.
    assert_eq!(
        learner.follow_all(),
        "build:m0 answer:m0:q0 answer:m0:shared:q0 start:m0 fix:m0 build:m2 answer:m2:q0 start:m2 fix:m2 \
         build:m1 answer:m1:q0 start:m1 fix:m1 done"
    );
}

#[test]
fn who_goes_back_to_a_module_stays_until_they_go_on() {
    let mut learner = Learner::new(course(&[STANDARD, STANDARD], None));
    for _ in 0..4 {
        learner.follow();
    }
    assert_eq!(learner.standing().current, Some(module("m1")));
    learner.select("m0");
    let standing = learner.standing();
    assert_eq!(standing.current, Some(module("m0")));
    assert_eq!(short(&standing.next), "build:m1");
    // A further bug, for the fun of it.
    learner.start_challenge("m0", "i0");
    assert_eq!(short(&learner.next()), "fix:m0");
    learner.end_challenge("m0", ChallengeEnd::Fixed);
    learner.select("m1");
    assert_eq!(learner.standing().current, Some(module("m1")));
}

#[test]
fn self_assessment_and_restored_files_are_told_apart() {
    let mut learner = Learner::new(course(&[STANDARD], None));
    learner.follow();
    let key = questions_of(&learner.course, &learner.course.modules[0])[0].clone();
    learner.answer("m0", &key, unclear(), Judge::Learner);
    learner.start_challenge("m0", "i0");
    learner.end_challenge("m0", ChallengeEnd::Restored);
    let standing = learner.standing();
    let kind = |stage| match standing.modules[0].stage(stage) {
        StageState::Done(pass) => pass.kind,
        other => panic!("{other:?}"),
    };
    assert_eq!(kind(Stage::Build), PassKind::Passed);
    assert_eq!(kind(Stage::Justify), PassKind::SelfAssessed);
    assert_eq!(kind(Stage::Harden), PassKind::Restored);
    assert_eq!(standing.next, Next::Done);
    assert_eq!(standing.modules[0].beaten, 1);
}

#[test]
fn newer_course_takes_no_pass_away() {
    let mut learner = Learner::new(course(&[STANDARD, STANDARD], None));
    learner.follow_all();
    // A module in front, a question more, and an incident that is gone.
    let more = Plan {
        questions: 2,
        incidents: 0,
        ..STANDARD
    };
    learner.update(course(&[more, STANDARD, STANDARD], None));
    let standing = learner.standing();
    assert!(standing.modules[0].is_done());
    assert_eq!(
        (standing.modules[0].settled, standing.modules[0].questions),
        (1, 2)
    );
    assert_eq!(standing.counts.modules_done, 2);
    assert_eq!(short(&standing.next), "build:m2");
}

#[test]
fn course_that_can_not_be_finished_in_order_is_finished_all_the_same() {
    let mut circular = course(&[STANDARD, STANDARD], Some(0));
    for (index, other) in [(0, "m1"), (1, "m0")] {
        circular.modules[index].manifest.requires = vec![module(other)];
    }
    let mut learner = Learner::new(circular);
    assert!(learner.follow_all().ends_with("done"));
    let mut empty = Learner::new(course(&[STANDARD], None));
    empty.course.modules.clear();
    assert_eq!(empty.next(), Next::Done);
    assert_eq!(empty.standing().current, None);
}

#[derive(Clone, Debug)]
enum Event {
    Follow,
    FailBuild(usize),
    PassBuildAgain(usize),
    Unclear,
    SelfAssess,
    Select(usize),
    StartChallenge(usize),
    EndChallenge(usize, ChallengeEnd),
    BreakModule(usize),
    Update(Vec<Plan>, Option<usize>),
}

fn plans() -> impl Strategy<Value = Vec<Plan>> {
    let plan = (any::<bool>(), 0..3_usize, 0..3_usize, any::<u8>()).prop_map(
        |(has_build, questions, incidents, requires)| Plan {
            has_build,
            questions,
            incidents: if has_build { incidents } else { 0 },
            requires,
        },
    );
    proptest::collection::vec(plan, 1..5)
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let index = 0..5_usize;
    let end = prop_oneof![
        Just(ChallengeEnd::Fixed),
        Just(ChallengeEnd::Restored),
        Just(ChallengeEnd::Abandoned),
    ];
    let event = prop_oneof![
        8 => Just(Event::Follow),
        1 => index.clone().prop_map(Event::FailBuild),
        1 => index.clone().prop_map(Event::PassBuildAgain),
        1 => Just(Event::Unclear),
        2 => Just(Event::SelfAssess),
        2 => index.clone().prop_map(Event::Select),
        1 => index.clone().prop_map(Event::StartChallenge),
        2 => (index.clone(), end).prop_map(|(index, end)| Event::EndChallenge(index, end)),
        1 => index.prop_map(Event::BreakModule),
        1 => (plans(), theory()).prop_map(|(plans, theory)| Event::Update(plans, theory)),
    ];
    proptest::collection::vec(event, 0..30)
}

fn theory() -> impl Strategy<Value = Option<usize>> {
    prop_oneof![Just(None), (0..3_usize).prop_map(Some)]
}

impl Learner {
    fn do_event(&mut self, event: Event) {
        let standing = self.standing();
        let at = |index: usize| {
            let modules = &standing.modules;
            modules[index % modules.len()].clone()
        };
        let question = match &standing.next {
            Next::Answer { module, question } => Some((module.clone(), question.clone())),
            _ => None,
        };
        match event {
            Event::Follow => drop(self.follow()),
            Event::FailBuild(index) => self.build(at(index).id.as_str(), Outcome::Failed),
            Event::PassBuildAgain(index) => {
                if matches!(at(index).build, StageState::Done(_)) {
                    self.build(at(index).id.as_str(), Outcome::Passed);
                }
            }
            Event::Unclear => {
                if let Some((module, key)) = question {
                    self.answer(module.as_str(), &key, unclear(), Judge::Rubric);
                }
            }
            Event::SelfAssess => {
                if let Some((module, key)) = question {
                    self.answer(module.as_str(), &key, unclear(), Judge::Learner);
                }
            }
            Event::Select(index) => self.select(at(index).id.as_str()),
            Event::StartChallenge(index) => {
                let module = at(index);
                let is_ready = matches!(module.harden, StageState::Open | StageState::Done(_));
                if is_ready {
                    self.start_challenge(module.id.as_str(), "i0");
                }
            }
            Event::EndChallenge(index, end) => self.end_challenge(at(index).id.as_str(), end),
            Event::BreakModule(index) => {
                let (broken, now) = (at(index).id, self.now());
                let consequences = Consequences {
                    broken: vec![broken.clone()],
                    ..Consequences::default()
                };
                let attempt = attempt(broken.as_str(), AttemptKind::Whole, Outcome::Failed, now);
                self.store.record_attempt(&attempt, &consequences).unwrap();
            }
            Event::Update(plans, theory) => self.update(course(&plans, theory)),
        }
    }

    /// What is next can be done, and what is told of the modules holds together.
    fn check(&self) {
        let record = self.record();
        let standing = standing(&self.course, &record);
        let of = |id: &str| -> &ModuleStanding {
            standing.modules.iter().find(|it| it.id == *id).unwrap()
        };
        let is_open = |id: &str, stage| {
            let module = of(id);
            module.is_reached && *module.stage(stage) == StageState::Open
        };
        match &standing.next {
            Next::Build { module } => {
                let is_broken = of(module.as_str()).is_broken;
                assert!(is_broken || is_open(module.as_str(), Stage::Build));
            }
            Next::Answer { module, question } => {
                assert!(is_open(module.as_str(), Stage::Justify));
                assert!(!record.settled.contains_key(question));
            }
            Next::StartChallenge { module } => {
                assert!(is_open(module.as_str(), Stage::Harden));
                assert_eq!(record.open_challenge(module), None);
            }
            Next::Fix {
                module, challenge, ..
            } => assert_eq!(record.open_challenge(module).unwrap().id, *challenge),
            Next::SelectModule { suggested } => {
                assert!(!self.course.is_linear());
                let suggested = of(suggested.as_str());
                assert!(suggested.is_reached && !suggested.is_done());
            }
            Next::Done => assert!(standing.modules.iter().all(ModuleStanding::is_done)),
        }
        for module in &standing.modules {
            let open: Vec<_> = Stage::ALL
                .iter()
                .filter(|it| *module.stage(**it) == StageState::Open)
                .collect();
            assert!(open.len() <= 1, "{module:?}");
            assert_eq!(open.len() == 1, module.is_reached && !module.is_done());
            assert!(module.settled <= module.questions && module.beaten <= module.incidents);
        }
        assert!(standing.counts.stages_done <= standing.counts.stages);
        let current = standing.current.unwrap();
        assert!(of(current.as_str()).is_reached);
    }
}

/// Nothing that was passed is lost or made less.
fn assert_kept<K: Ord + std::fmt::Debug>(before: &BTreeMap<K, Pass>, after: &BTreeMap<K, Pass>) {
    for (key, pass) in before {
        let kept = after.get(key).unwrap_or_else(|| panic!("{key:?} is lost"));
        assert!(
            kept == pass || kept.kind < pass.kind,
            "{key:?}: {pass:?} has become {kept:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn whatever_a_learner_does_no_pass_is_lost_and_the_end_is_reached(
        plans in plans(),
        theory in theory(),
        events in events(),
    ) {
        let mut learner = Learner::new(course(&plans, theory));
        let mut before = learner.record();
        for event in events {
            learner.do_event(event);
            let after = learner.record();
            assert_kept(&before.passes, &after.passes);
            assert_kept(&before.settled, &after.settled);
            learner.check();
            before = after;
        }
        // Each step of a module is done once at most, from here on; in a library each module is selected first.
        let steps: usize = learner
            .course
            .modules
            .iter()
            .map(|it| 5 + questions_of(&learner.course, it).len())
            .sum();
        let mut seen = BTreeSet::new();
        for _ in 0..=steps {
            let next = learner.next();
            prop_assert!(seen.insert(short(&next)) || matches!(next, Next::SelectModule { .. }), "{next:?} again");
            if !learner.follow() {
                break;
            }
            learner.check();
        }
        prop_assert_eq!(learner.next(), Next::Done);
        // What a new process reads is the same.
        let folder = learner.store.folder().to_owned();
        let record = learner.record();
        drop(learner.store);
        let (store, notices) = Store::open(&folder).unwrap();
        prop_assert_eq!(notices, vec![]);
        prop_assert_eq!(store.progress().unwrap(), record);
    }
}
