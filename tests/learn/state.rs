//! The state survives: kills, damage, others that write at the same time.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use mastery::answer::Judgement;
use mastery::curriculum::schema::Schema;
use mastery::learn::state::{
    AttemptKind, ChallengeEnd, ChallengeStart, Consequences, HintSubject, Judge, JustifyNeeds,
    ModelUse, NewReport, Notice, PassKind, QuestionKey, Stage, StateError, Store, Time, WorkLock,
};
use mastery::run::outcome::Outcome;
use semver::Version;

use crate::events::{
    answer, attempt, challenge, course_use, module, own_question, passes, slug, unclear,
};

/// Tells the test binary that it is a child, and what it is to do in which folder.
const CHILD: &str = "MASTERY_TEST_STATE_CHILD";

/// What a child prints before what it has kept.
const KEPT: &str = "kept ";

struct Home {
    dir: tempfile::TempDir,
}

impl Home {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { dir }
    }

    /// The folder of the state.
    fn folder(&self) -> PathBuf {
        self.dir.path().join(".mastery")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    fn open(&self) -> (Store, Vec<Notice>) {
        Store::open(&self.folder()).unwrap()
    }

    /// Opens what is expected to be sound.
    fn open_sound(&self) -> Store {
        let (store, notices) = self.open();
        assert_eq!(notices, []);
        store
    }

    /// A state with `number` attempts, each a pass of a module of its own.
    fn with_attempts(number: i64) -> Self {
        let home = Self::new();
        let mut store = home.open_sound();
        for at in 0..number {
            record(&mut store, at);
        }
        home
    }

    /// How many attempts are kept.
    fn attempts(&self, store: &Store) -> usize {
        let export = store.export().unwrap();
        export["attempts"].as_array().unwrap().len()
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder()).unwrap();
        let mut names: Vec<_> = entries
            .map(|it| it.unwrap().file_name().into_string().unwrap())
            .filter(|name| !name.ends_with(".lock"))
            .collect();
        names.sort();
        names
    }
}

fn record(store: &mut Store, at: i64) {
    let id = format!("m{at}");
    let attempt = attempt(&id, AttemptKind::Build, Outcome::Passed, at);
    store
        .record_attempt(&attempt, &passes(&id, Stage::Build))
        .unwrap();
}

/// Runs a test of this binary as a child that knows it is one.
fn child(test: &str, job: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", &format!("state::{test}"), "--nocapture"])
        .env(CHILD, format!("{job} {}", folder.display()))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

/// What this process is to do, when it is a child.
fn job() -> Option<(String, PathBuf)> {
    let text = std::env::var(CHILD).ok()?;
    let (job, folder) = text.split_once(' ').unwrap();
    Some((job.to_owned(), PathBuf::from(folder)))
}

fn tell(text: &str) {
    // Past the test framework, which would keep it back.
    let mut out = std::io::stdout().lock();
    writeln!(out, "{KEPT}{text}").unwrap();
    out.flush().unwrap();
}

/// What a child has told, as it comes.
fn told(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // The last line may be half there.
    lines
        .map_while(Result::ok)
        .filter_map(|line| line.split_once(KEPT).map(|(_, it)| it.to_owned()))
}

/// Numbers that look random and are the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
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
                let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15 + number);
                for _ in 0..LOOPS / THREADS / 5 {
                    let home = Home::new();
                    let mut all = Vec::new();
                    let mut wanted = 0;
                    // Each upon what the kills before have left.
                    for _ in 0..5 {
                        let mut child = child(
                            "child_that_records_until_it_is_killed",
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
            child("child_that_records_a_few", job, &home.folder())
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
    let mut child = child("child_that_holds_the_lock", "lock", &home.folder())
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

/// Overwrites a part of a file.
fn overwrite(path: &Path, from: u64, bytes: &[u8]) {
    let mut file = fs::OpenOptions::new().write(true).open(path).unwrap();
    file.seek(SeekFrom::Start(from)).unwrap();
    file.write_all(bytes).unwrap();
}

/// Removes the log, as happens to who copies the database alone.
fn remove_log(home: &Home) {
    for name in ["state.db-wal", "state.db-shm"] {
        let _ = fs::remove_file(home.path(name));
    }
}

/// The database is made again from the backup, with all that was told.
fn assert_restored(home: &Home, number: usize) -> Vec<Notice> {
    let (store, notices) = home.open();
    assert_eq!(home.attempts(&store), number);
    assert_eq!(store.progress().unwrap().passes.len(), number);
    assert!(
        matches!(
            notices.as_slice(),
            [Notice::SetAside { .. }, Notice::Restored { .. }]
        ),
        "{notices:?}"
    );
    drop(store);
    home.open_sound();
    notices
}

#[test]
fn damaged_database_is_set_aside_and_made_again() {
    type Damage = fn(&Path);
    let damages: [(&str, Damage); 7] = [
        ("truncated", |path| {
            let file = fs::OpenOptions::new().write(true).open(path).unwrap();
            file.set_len(5000).unwrap();
        }),
        ("emptied", |path| fs::write(path, "").unwrap()),
        ("garbage", |path| {
            fs::write(path, "no database\n".repeat(2000)).unwrap()
        }),
        ("zeroed header", |path| overwrite(path, 0, &[0; 4096])),
        ("zeroed pages", |path| overwrite(path, 4096, &[0; 3 * 4096])),
        ("garbage in pages", |path| {
            overwrite(path, 3 * 4096, &[0xa5; 2 * 4096])
        }),
        ("other application", |path| {
            overwrite(path, 68, &[1, 2, 3, 4])
        }),
    ];
    for (name, damage) in damages {
        let home = Home::with_attempts(5);
        damage(&home.path("state.db"));
        let notices = assert_restored(&home, 5);
        let Notice::SetAside {
            file: Some(file), ..
        } = &notices[0]
        else {
            panic!("{name}: {notices:?}")
        };
        assert_eq!(file, "state.damaged-1.db", "{name}");
        assert!(home.path(file).is_file(), "{name}");
    }
}

#[test]
fn every_damage_has_its_own_name() {
    let home = Home::with_attempts(3);
    for number in 1..=3 {
        fs::write(home.path("state.db"), "garbage").unwrap();
        assert_restored(&home, 3);
        assert!(home.path(&format!("state.damaged-{number}.db")).is_file());
    }
}

#[test]
fn what_is_lost_is_told() {
    let home = Home::with_attempts(4);
    let backup = fs::read(home.path("state.backup.db")).unwrap();
    let mut store = home.open_sound();
    record(&mut store, 10);
    record(&mut store, 11);
    drop(store);
    fs::write(home.path("state.backup.db"), backup).unwrap();
    // Still a database, whose attempts can be counted.
    overwrite(&home.path("state.db"), 68, &[1, 2, 3, 4]);
    let notices = assert_restored(&home, 4);
    let Notice::Restored { from, lost } = &notices[1] else {
        panic!("{notices:?}")
    };
    assert_eq!(*lost, Some(2));
    assert!(from.millis() > 1_700_000_000_000, "{from}");
    let text = notices[1].to_string();
    assert!(
        text.ends_with("Z; 2 records after that may be lost"),
        "{text}"
    );
    assert_eq!(
        notices[0].to_string(),
        "the record of your progress is a database of something else; \
         it was set aside as `.mastery/state.damaged-1.db`"
    );
}

#[test]
fn database_that_is_gone_is_made_again() {
    let home = Home::with_attempts(3);
    fs::remove_file(home.path("state.db")).unwrap();
    let notices = assert_restored(&home, 3);
    let Notice::SetAside { problem, file } = &notices[0] else {
        panic!("{notices:?}")
    };
    assert_eq!((problem.as_str(), file), ("is gone", &None));
}

#[test]
fn folder_in_place_of_a_file_is_set_aside() {
    for name in ["state.db", "state.db-wal", "state.db-shm"] {
        let home = Home::with_attempts(3);
        let _ = fs::remove_file(home.path(name));
        fs::create_dir(home.path(name)).unwrap();
        fs::write(home.path(name).join("a"), "b").unwrap();
        assert_restored(&home, 3);
    }
}

/// A process that was killed leaves what it has told in the log alone.
fn home_after_kill() -> Home {
    let home = Home::new();
    let mut child = child(
        "child_that_records_until_it_is_killed",
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

#[test]
fn log_that_is_removed_is_made_up_for_by_the_backup() {
    let home = home_after_kill();
    assert!(home.path("state.db-wal").is_file());
    remove_log(&home);
    let (store, notices) = home.open();
    assert!(
        matches!(notices.last(), Some(Notice::Restored { .. })),
        "{notices:?}"
    );
    assert_eq!(store.progress().unwrap().passes.len(), 9);
}

#[test]
fn log_that_is_damaged_is_made_up_for_by_the_backup() {
    let home = home_after_kill();
    let length = fs::metadata(home.path("state.db-wal")).unwrap().len();
    overwrite(&home.path("state.db-wal"), length / 4, &[0xa5; 5000]);
    let (store, notices) = home.open();
    assert!(
        matches!(notices.last(), Some(Notice::Restored { .. })),
        "{notices:?}"
    );
    assert_eq!(store.progress().unwrap().passes.len(), 9);
}

#[test]
fn backup_that_is_damaged_is_made_again() {
    type Damage = fn(&Path);
    let damages: [Damage; 4] = [
        |path| fs::remove_file(path).unwrap(),
        |path| fs::write(path, "garbage").unwrap(),
        |path| overwrite(path, 4096, &[0xa5; 4096]),
        |path| {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap();
        },
    ];
    for (number, damage) in damages.into_iter().enumerate() {
        let home = Home::with_attempts(3);
        damage(&home.path("state.backup.db"));
        let (mut store, notices) = home.open();
        assert_eq!(home.attempts(&store), 3);
        record(&mut store, 10);
        drop(store);
        // A folder is not removed for a backup: what the learner keeps there is theirs.
        if number == 3 {
            assert!(
                matches!(notices.as_slice(), [Notice::NoBackup { .. }]),
                "{notices:?}"
            );
            continue;
        }
        assert_eq!(notices, []);
        fs::write(home.path("state.db"), "garbage").unwrap();
        assert_restored(&home, 4);
    }
}

#[test]
fn without_any_copy_all_starts_anew_and_nothing_is_removed() {
    let home = Home::with_attempts(3);
    for name in ["state.db", "state.backup.db"] {
        fs::write(home.path(name), "garbage").unwrap();
    }
    remove_log(&home);
    let (mut store, notices) = home.open();
    assert!(
        matches!(
            notices.as_slice(),
            [Notice::SetAside { .. }, Notice::StartedAnew]
        ),
        "{notices:?}"
    );
    assert_eq!(home.attempts(&store), 0);
    record(&mut store, 1);
    drop(store);
    assert_eq!(home.attempts(&home.open_sound()), 1);
    assert_eq!(
        home.names(),
        [
            "state.backup.db",
            "state.damaged-1.backup.db",
            "state.damaged-1.db",
            "state.db"
        ]
    );
}

#[test]
fn database_of_a_newer_version_is_left_alone() {
    for name in ["state.db", "state.backup.db"] {
        let home = Home::with_attempts(3);
        // The version stands in bytes 60 to 63.
        overwrite(&home.path(name), 60, &[0, 0, 0, 99]);
        if name == "state.backup.db" {
            fs::remove_file(home.path("state.db")).unwrap();
        }
        let before = (home.names(), fs::read(home.path(name)).unwrap());
        let error = Store::open(&home.folder()).unwrap_err();
        assert!(
            matches!(error, StateError::Newer { found: 99, .. }),
            "{error}"
        );
        assert!(!error.hints().is_empty());
        assert_eq!(before, (home.names(), fs::read(home.path(name)).unwrap()));
    }
}

#[test]
fn database_that_is_in_use_is_not_set_aside() {
    let home = Home::with_attempts(3);
    let store = home.open_sound();
    overwrite(&home.path("state.db"), 0, &[0; 100]);
    let error = Store::open(&home.folder()).unwrap_err();
    assert!(matches!(error, StateError::Damaged { .. }), "{error}");
    assert!(
        error.to_string().contains("another process is using it"),
        "{error}"
    );
    drop(store);
    assert_restored(&home, 3);
}

#[test]
fn what_goes_into_a_file_that_was_removed_is_not_told_to_be_kept() {
    let home = Home::with_attempts(3);
    let mut store = home.open_sound();
    fs::remove_dir_all(home.folder()).unwrap();
    let attempt = attempt("a", AttemptKind::Build, Outcome::Passed, 9);
    let error = store
        .record_attempt(&attempt, &Consequences::default())
        .unwrap_err();
    assert!(matches!(error, StateError::Place { .. }), "{error}");
    drop(store);
    assert_eq!(home.attempts(&home.open_sound()), 0);
}

#[test]
fn file_in_place_of_the_folder_is_an_error() {
    let home = Home::new();
    fs::write(home.folder(), "").unwrap();
    let error = Store::open(&home.folder()).unwrap_err();
    assert!(matches!(error, StateError::Place { .. }), "{error}");
}

#[test]
fn child_that_may_not_write() {
    let Some((_, folder)) = job() else { return };
    let error = Store::open(&folder).unwrap_err();
    assert!(matches!(error, StateError::ReadOnly { .. }), "{error}");
    assert!(!error.hints().is_empty());
    tell("read only");
}

/// As a user who may read everything and write nothing. Who is root may write everywhere, so a child does it.
#[test]
fn folder_that_can_not_be_written_to_is_told() {
    let home = Home::with_attempts(3);
    let is_root = fs::metadata(home.folder()).unwrap().uid() == 0;
    let names = home.names();
    for (folder, file) in [(0o555, 0o444), (0o555, 0o644), (0o755, 0o444)] {
        for name in fs::read_dir(home.folder()).unwrap() {
            fs::set_permissions(name.unwrap().path(), fs::Permissions::from_mode(file)).unwrap();
        }
        fs::set_permissions(home.folder(), fs::Permissions::from_mode(folder)).unwrap();
        fs::set_permissions(home.dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let mut command = child("child_that_may_not_write", "open", &home.folder());
        if is_root {
            let nobody = 65534;
            // The binary may lie where others can't read.
            let binary = home.dir.path().join("binary");
            if !binary.exists() {
                fs::copy(std::env::current_exe().unwrap(), &binary).unwrap();
                chown(&binary, Some(nobody), Some(nobody)).unwrap();
            }
            let mut other = Command::new(binary);
            other.args(command.get_args()).uid(nobody).gid(nobody);
            other
                .current_dir("/")
                .stdin(Stdio::null())
                .stdout(Stdio::piped());
            other.env(CHILD, format!("open {}", home.folder().display()));
            command = other;
        }
        let mut child = command.spawn().unwrap();
        assert_eq!(
            told(&mut child).collect::<Vec<_>>(),
            ["read only"],
            "{folder:o} {file:o}"
        );
        child.wait().unwrap();
    }
    fs::set_permissions(home.folder(), fs::Permissions::from_mode(0o755)).unwrap();
    for name in fs::read_dir(home.folder()).unwrap() {
        fs::set_permissions(name.unwrap().path(), fs::Permissions::from_mode(0o644)).unwrap();
    }
    assert_eq!(home.names(), names);
    assert_eq!(home.attempts(&home.open_sound()), 3);
}

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
        need("b", &[shared.clone()]),
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
