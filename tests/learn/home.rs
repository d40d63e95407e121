//! A folder with a state, and processes that use it.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use mastery::learn::state::{AttemptKind, Notice, Stage, Store};
use mastery::run::outcome::Outcome;

use crate::events::{attempt, passes};

/// Tells the test binary that it is a child, and what it is to do in which folder.
pub(crate) const CHILD: &str = "MASTERY_TEST_STATE_CHILD";

/// What a child prints before what it has kept.
pub(crate) const KEPT: &str = "kept ";

pub(crate) struct Home {
    pub(crate) dir: tempfile::TempDir,
}

impl Home {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { dir }
    }

    /// The folder of the state.
    pub(crate) fn folder(&self) -> PathBuf {
        self.dir.path().join(".mastery")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    pub(crate) fn open(&self) -> (Store, Vec<Notice>) {
        Store::open(&self.folder()).unwrap()
    }

    /// Opens what is expected to be sound.
    pub(crate) fn open_sound(&self) -> Store {
        let (store, notices) = self.open();
        assert_eq!(notices, []);
        store
    }

    /// A state with `number` attempts, each a pass of a module of its own.
    pub(crate) fn with_attempts(number: i64) -> Self {
        let home = Self::new();
        let mut store = home.open_sound();
        for at in 0..number {
            record(&mut store, at);
        }
        home
    }

    /// How many attempts are kept.
    pub(crate) fn attempts(store: &Store) -> usize {
        let export = store.export().unwrap();
        export["attempts"].as_array().unwrap().len()
    }

    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder()).unwrap();
        let mut names: Vec<_> = entries
            .map(|it| it.unwrap().file_name().into_string().unwrap())
            .filter(|name| !name.ends_with(".lock"))
            .collect();
        names.sort();
        names
    }
}

pub(crate) fn record(store: &mut Store, at: i64) {
    let id = format!("m{at}");
    let attempt = attempt(&id, AttemptKind::Build, Outcome::Passed, at);
    store
        .record_attempt(&attempt, &passes(&id, Stage::Build))
        .unwrap();
}

/// Runs a test of this binary, named with its module, as a child that knows it is one.
pub(crate) fn child(test: &str, job: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", test, "--nocapture"])
        .env(CHILD, format!("{job} {}", folder.display()))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

/// What this process is to do, when it is a child.
pub(crate) fn job() -> Option<(String, PathBuf)> {
    let text = std::env::var(CHILD).ok()?;
    let (job, folder) = text.split_once(' ').unwrap();
    Some((job.to_owned(), PathBuf::from(folder)))
}

pub(crate) fn tell(text: &str) {
    // Past the test framework, which would keep it back.
    let mut out = std::io::stdout().lock();
    writeln!(out, "{KEPT}{text}").unwrap();
    out.flush().unwrap();
}

/// What a child has told, as it comes.
pub(crate) fn told(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // The last line may be half there.
    lines
        .map_while(Result::ok)
        .filter_map(|line| line.split_once(KEPT).map(|(_, it)| it.to_owned()))
}
