//! The state when its files are damaged, gone, or not to be written to.

use std::fs;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use mastery::learn::state::{AttemptKind, Consequences, Notice, StateError, Store};
use mastery::run::outcome::Outcome;

use crate::events::{answer, attempt, own_question, unclear};
use crate::home::{CHILD, Home, child, job, record, tell, told};
use crate::kills::home_after_kill;

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
    assert_eq!(Home::attempts(&store), number);
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
            fs::write(path, "no database\n".repeat(2000)).unwrap();
        }),
        ("zeroed header", |path| overwrite(path, 0, &[0; 4096])),
        ("zeroed pages", |path| overwrite(path, 4096, &[0; 3 * 4096])),
        ("garbage in pages", |path| {
            overwrite(path, 3 * 4096, &[0xa5; 2 * 4096]);
        }),
        ("other application", |path| {
            overwrite(path, 68, &[1, 2, 3, 4]);
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

/// A large database is not looked at whole each time; what is damaged is still found, and never becomes the backup.
#[test]
fn damage_of_a_large_database_is_found_when_it_is_copied() {
    let home = Home::with_attempts(3);
    let mut store = home.open_sound();
    let mut long = answer("a", own_question("a", "why"), unclear(), 1);
    long.text = "because ".repeat(200_000);
    store.record_answer(&long, &[]).unwrap();
    drop(store);
    let length = fs::metadata(home.path("state.db")).unwrap().len();
    assert!(length > 512 * 1024);
    // Somewhere in the long text, the links between its pages included.
    overwrite(&home.path("state.db"), length / 8192 * 4096, &[0xa5; 8192]);
    let (mut store, notices) = home.open();
    assert_eq!(notices, []);
    record(&mut store, 10);
    let problem = store.backup_problem().expect("the copy is not sound");
    assert!(matches!(problem, StateError::Damaged { .. }), "{problem}");
    drop(store);
    let (store, notices) = home.open();
    assert!(
        matches!(
            notices.as_slice(),
            [
                Notice::SetAside { .. },
                Notice::Restored { lost: Some(1), .. }
            ]
        ),
        "{notices:?}"
    );
    let key = own_question("a", "why");
    assert_eq!(store.answers(&key).unwrap()[0].content.text, long.text);
    drop(store);
    home.open_sound();
    assert!(!home.names().contains(&"state.suspect".to_owned()));
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
        assert_eq!(Home::attempts(&store), 3);
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
    assert_eq!(Home::attempts(&store), 0);
    record(&mut store, 1);
    drop(store);
    assert_eq!(Home::attempts(&home.open_sound()), 1);
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
    assert_eq!(Home::attempts(&home.open_sound()), 0);
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
        let mut command = child("damage::child_that_may_not_write", "open", &home.folder());
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
    assert_eq!(Home::attempts(&home.open_sound()), 3);
}
