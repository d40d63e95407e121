//! The state when processes are killed, or write at once.

use std::fs;
use std::thread;
use std::time::Duration;

use mastery::answer::Judgement;
use mastery::learn::state::{
    AttemptKind, ChallengeEnd, ChallengeStart, Consequences, HintSubject, JustifyNeeds, Stage,
    Store, Time, WorkLock,
};
use mastery::run::outcome::Outcome;

use crate::events::{answer, attempt, challenge, module, own_question, passes};
use crate::home::{Home, child, job, record, tell, told};

/// Numbers that look random and are the same each time.
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

/// Keeps one thing after the other, each with a name of its own, and tells each after it was kept.
#[test]
fn child_that_records_until_it_is_killed() {
    let Some((job, folder)) = job() else { return };
    let (mut store, notices) = Store::open(&folder).unwrap();
    assert_eq!(notices, []);
    let rounds = if job == "three" { 3 } else { i64::MAX };
    let begin = i64::try_from(
        store.export().unwrap()["attempts"]
            .as_array()
            .unwrap()
            .len(),
    )
    .unwrap();
    for at in begin..rounds {
        let id = format!("m{at}");
        record(&mut store, at);
        tell(&format!("build {id}"));
        let question = own_question(&id, "why");
        let needs = [JustifyNeeds {
            module: module(&id),
            questions: vec![question.clone()],
        }];
        let answer = answer(&id, question, Judgement::Passed, at);
        store.record_answer(&answer, &needs).unwrap();
        tell(&format!("justify {id}"));
        let started = store.start_challenge(&challenge(&id, "i", at)).unwrap();
        let ChallengeStart::Started(challenge) = started else {
            panic!("{started:?}")
        };
        tell(&format!("challenge {id}"));
        let attempt = attempt(&id, AttemptKind::Challenge, Outcome::Passed, at);
        let consequences = Consequences {
            ended: Some((challenge, ChallengeEnd::Fixed)),
            ..passes(&id, Stage::Harden)
        };
        store.record_attempt(&attempt, &consequences).unwrap();
        tell(&format!("harden {id}"));
    }
    loop {
        thread::park();
    }
}

/// All that was told is there, and nothing is half there.
fn check_after_kill(home: &Home, told: &[String]) {
    let store = home.open_sound();
    let export = store.export().unwrap();
    let list = |name: &str| export[name].as_array().unwrap().clone();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let mut there = Vec::new();
    for pass in list("passes") {
        there.push(format!(
            "{} {}",
            text(&pass["stage"]),
            text(&pass["module"])
        ));
    }
    for challenge in list("challenges") {
        there.push(format!("challenge {}", text(&challenge["module"])));
    }
    for it in told {
        assert!(there.contains(it), "{it} was told, and is not there");
    }
    // What came in one step is there together or not at all.
    let count = |stage: &str| {
        let passes = list("passes");
        passes.iter().filter(|it| it["stage"] == stage).count()
    };
    let of_kind = |kind: &str| {
        let attempts = list("attempts");
        attempts.iter().filter(|it| it["kind"] == kind).count()
    };
    let ended = list("challenges")
        .iter()
        .filter(|it| it["end"] == "fixed")
        .count();
    assert_eq!(count("build"), of_kind("build"));
    assert_eq!(count("justify"), list("answers").len());
    assert_eq!(count("justify"), list("settled").len());
    assert_eq!(count("harden"), of_kind("challenge"));
    assert_eq!(count("harden"), ended);
    assert_eq!(store.integrity().unwrap(), "ok");
}

#[test]
fn nothing_that_was_told_is_lost_by_a_kill() {
    const LOOPS: u64 = 500;
    const THREADS: u64 = 4;
    thread::scope(|scope| {
        for number in 0..THREADS {
            scope.spawn(move || {
                let mut numbers = Numbers::new(0x9e37_79b9_7f4a_7c15 + number);
                for _ in 0..LOOPS / THREADS / 5 {
                    let home = Home::new();
                    let mut all = Vec::new();
                    let mut wanted = 0;
                    // Each upon what the kills before have left.
                    for _ in 0..5 {
                        let mut child = child(
                            "kills::child_that_records_until_it_is_killed",
                            "record",
                            &home.folder(),
                        )
                        .spawn()
                        .unwrap();
                        let mut told = told(&mut child);
                        let number = numbers.below(8);
                        all.extend(told.by_ref().take(usize::try_from(number).unwrap()));
                        wanted += number;
                        // A random moment, not one that anything waits for.
                        thread::sleep(Duration::from_micros(numbers.below(4000)));
                        child.kill().unwrap();
                        all.extend(told);
                        child.wait().unwrap();
                    }
                    assert!(all.len() as u64 >= wanted, "{wanted} in {all:?}");
                    check_after_kill(&home, &all);
                }
            });
        }
    });
}

#[test]
fn child_that_records_a_few() {
    let Some((job, folder)) = job() else { return };
    let (mut store, _) = Store::open(&folder).unwrap();
    for number in 0..25 {
        let id = format!("{job}{number}");
        let attempt = attempt(&id, AttemptKind::Build, Outcome::Passed, number);
        store
            .record_attempt(&attempt, &passes(&id, Stage::Build))
            .unwrap();
        store
            .show_hint(&HintSubject::Build(module("shared")), 1000, Time::now())
            .unwrap();
    }
    tell("all");
}

#[test]
fn processes_that_write_at_once_lose_nothing() {
    let home = Home::new();
    let jobs = ["a", "b", "c", "d"];
    let mut children: Vec<_> = jobs
        .iter()
        .map(|job| {
            child("kills::child_that_records_a_few", job, &home.folder())
                .spawn()
                .unwrap()
        })
        .collect();
    for child in &mut children {
        assert_eq!(told(child).collect::<Vec<_>>(), ["all"]);
        assert!(child.wait().unwrap().success());
    }
    let record = home.open_sound().progress().unwrap();
    assert_eq!(record.passes.len(), 100);
    assert_eq!(
        record.hints_shown(&HintSubject::Build(module("shared"))),
        100
    );
    // The backup is no older than what was told last.
    fs::remove_file(home.path("state.db")).unwrap();
    let (store, notices) = home.open();
    assert_eq!(notices.len(), 2, "{notices:?}");
    assert_eq!(store.progress().unwrap().passes.len(), 100);
}

#[test]
fn child_that_holds_the_lock() {
    let Some((_, folder)) = job() else { return };
    let lock = WorkLock::try_take(&folder).unwrap().unwrap();
    tell("locked");
    // Until it is killed.
    std::io::stdin().lines().for_each(drop);
    loop {
        thread::park();
        let _ = &lock;
    }
}

#[test]
fn lock_of_a_process_that_is_killed_is_free() {
    let home = Home::new();
    let store = home.open_sound();
    let mut child = child("kills::child_that_holds_the_lock", "lock", &home.folder())
        .spawn()
        .unwrap();
    assert_eq!(told(&mut child).next().as_deref(), Some("locked"));
    let holder = WorkLock::try_take(&home.folder()).unwrap().unwrap_err();
    assert_eq!(holder, Some(child.id()));
    let mut holders = Vec::new();
    let mut on_wait = |holder| {
        holders.push(holder);
        child.kill().unwrap();
    };
    let interrupt = mastery::run::interrupt::Interrupt::new();
    drop(store.lock_work(&interrupt, &mut on_wait).unwrap());
    child.wait().unwrap();
    assert_eq!(holders.len(), 1);
}

/// What a process that was killed has left: nine passes, in the log alone.
pub(crate) fn home_after_kill() -> Home {
    let home = Home::new();
    let mut child = child(
        "kills::child_that_records_until_it_is_killed",
        "three",
        &home.folder(),
    )
    .spawn()
    .unwrap();
    let told: Vec<_> = told(&mut child).take(12).collect();
    assert_eq!(told.last().map(String::as_str), Some("harden m2"));
    child.kill().unwrap();
    child.wait().unwrap();
    home
}
