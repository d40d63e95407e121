//! What a result is known by: a digest of everything that could change it.
//!
//! Structures are taken apart without `..`, so that a field that is added to one of them has to find
//! its place here before the tool compiles again.

use std::fmt;
use std::path::{Path, PathBuf};

use super::machine;
use crate::run::environment::identity::{Identity, Program};
use crate::run::environment::interpreter::Interpreter;
use crate::run::environment::{Environment, Origin};
use crate::run::executor::{self, RunRequest, Task};

/// Version of keys and entries. What another version has written is not found.
const FORMAT: &str = "1";

/// A digest of everything that could change a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key([u8; 32]);

impl Key {
    /// Returns a key from its digest.
    pub(super) const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The digest.
    pub(super) const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&blake3::Hash::from_bytes(self.0).to_hex())
    }
}

/// What can change results besides the request, and stays the same for a run of the tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Surroundings {
    /// Who runs requests, and in which sandbox.
    pub executor: String,
    /// Version and build of the tool.
    pub tool: String,
    /// What is known of the machine.
    pub machine: Vec<String>,
    /// How many threads libraries may use.
    pub threads: String,
}

impl Surroundings {
    /// Returns those of this process and an executor of this kind.
    pub fn here(executor: String) -> Self {
        Self {
            executor,
            tool: format!("{} {}", env!("CARGO_PKG_VERSION"), env!("MASTERY_BUILD")),
            machine: machine::describe(),
            threads: executor::THREADS.to_owned(),
        }
    }
}

/// Returns the key of a request's result.
pub fn of(request: &RunRequest, surroundings: &Surroundings) -> Key {
    let Surroundings {
        executor,
        tool,
        machine,
        threads,
    } = surroundings;
    let RunRequest {
        tree,
        task,
        prepare,
        timeout,
        test_timeout,
        memory_bytes,
        seed,
        environment,
    } = request;
    let mut key = Fields::new();
    key.text("format", FORMAT);
    key.text("tool", tool);
    key.text("executor", executor);
    key.texts("machine", machine);
    key.text("threads", threads);
    key.text("tree", &tree.digest());
    match task {
        Task::Pytest { node_ids } => key.texts("pytest", node_ids),
        Task::Command { argv, junit } => {
            key.texts("command", argv);
            key.texts("junit", junit);
        }
    }
    match prepare {
        Some(argv) => key.texts("prepare", argv),
        None => key.text("no preparation", ""),
    }
    key.text("timeout", &timeout.as_nanos().to_string());
    key.text("test timeout", &test_timeout.as_nanos().to_string());
    key.text("memory", &memory_bytes.to_string());
    key.text("seed", &seed.to_string());
    add_environment(&mut key, environment);
    key.finish()
}

fn add_environment(key: &mut Fields, environment: &Environment) {
    let Environment {
        python,
        origin,
        path,
        // Follows from the interpreter and the tools.
        readable: _,
        pytest_plugins,
        preload,
        identity,
    } = environment;
    let Identity {
        lock,
        programs,
        packages,
    } = identity;
    let origin = origin.map(|origin| match origin {
        Origin::Given => "given",
        Origin::Active => "active",
        Origin::Managed => "managed",
    });
    key.texts("origin", origin);
    key.texts("path", path.iter().map(|it| bytes_of(it)));
    key.texts("plugins", pytest_plugins);
    key.texts("preload", preload);
    key.texts("lock", lock);
    key.texts("packages", packages);
    for program in programs {
        let Program {
            path,
            target,
            size,
            modified,
        } = program;
        let (size, modified) = (size.to_le_bytes(), modified.to_le_bytes());
        let numbers = [size.to_vec(), modified.to_vec()];
        let fields = [bytes_of(path), bytes_of(target)]
            .into_iter()
            .chain(numbers);
        key.texts("program", fields);
    }
    if let Some(python) = python {
        let Interpreter {
            executable,
            version,
            implementation,
            prefix,
            base_prefix,
            libraries,
            missing,
        } = python;
        key.text("python", &version.to_string());
        key.text("implementation", implementation);
        let folders: [&PathBuf; 3] = [executable, prefix, base_prefix];
        key.texts("folders", folders.map(|it| bytes_of(it)));
        key.texts("libraries", libraries.iter().map(|it| bytes_of(it)));
        key.texts("missing", missing);
    }
}

/// A path as it is, also where it is no text.
fn bytes_of(path: &Path) -> Vec<u8> {
    path.as_os_str().as_encoded_bytes().to_vec()
}

/// Digests fields: each by its name and its values, everything with its length before it, so that no
/// two lists of fields read the same.
struct Fields(blake3::Hasher);

impl Fields {
    fn new() -> Self {
        Self(blake3::Hasher::new())
    }

    fn text(&mut self, name: &str, value: &str) {
        self.texts(name, [value]);
    }

    fn texts<T: AsRef<[u8]>>(&mut self, name: &str, values: impl IntoIterator<Item = T>) {
        let values: Vec<_> = values.into_iter().collect();
        self.bytes(name.as_bytes());
        self.number(values.len());
        for value in values {
            self.bytes(value.as_ref());
        }
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len());
        self.0.update(bytes);
    }

    fn number(&mut self, number: usize) {
        self.0.update(&(number as u64).to_le_bytes());
    }

    fn finish(self) -> Key {
        Key::from_bytes(*self.0.finalize().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use proptest::prelude::*;
    use semver::Version;

    use super::*;
    use crate::source::tree::{Entry, Tree};

    fn tree(text: &str) -> Arc<Tree> {
        let files = [("a.py".to_owned(), Entry::file(text.as_bytes()))];
        Arc::new(files.into_iter().collect())
    }

    fn surroundings() -> Surroundings {
        Surroundings {
            executor: "fresh".to_owned(),
            tool: "0.1.0 abc".to_owned(),
            machine: vec!["x86_64".to_owned(), "avx2".to_owned()],
            threads: "1".to_owned(),
        }
    }

    fn program() -> Program {
        Program {
            path: "/usr/bin/python3".into(),
            target: "/usr/bin/python3.12".into(),
            size: 10,
            modified: 20,
        }
    }

    fn environment() -> Environment {
        Environment {
            python: Some(Interpreter {
                executable: "/env/bin/python".into(),
                version: Version::new(3, 12, 1),
                implementation: "CPython".to_owned(),
                prefix: "/env".into(),
                base_prefix: "/usr".into(),
                libraries: vec!["/usr/lib/python3.12".into()],
                missing: Vec::new(),
            }),
            origin: Some(Origin::Managed),
            path: vec!["/env/bin".into()],
            readable: vec!["/env".into()],
            pytest_plugins: vec!["a".to_owned(), "b".to_owned()],
            preload: vec!["torch".to_owned()],
            identity: Identity {
                lock: Some("lock".to_owned()),
                programs: vec![program()],
                packages: None,
            },
        }
    }

    fn request() -> RunRequest {
        RunRequest {
            tree: tree("one"),
            task: Task::Pytest {
                node_ids: vec!["t.py::a".to_owned(), "t.py::b".to_owned()],
            },
            prepare: None,
            timeout: Duration::from_secs(60),
            test_timeout: Duration::from_secs(30),
            memory_bytes: 1 << 30,
            seed: 0,
            environment: Arc::new(environment()),
        }
    }

    fn key_of(change: impl FnOnce(&mut RunRequest)) -> Key {
        let mut request = request();
        change(&mut request);
        of(&request, &surroundings())
    }

    fn key_in(change: impl FnOnce(&mut Environment)) -> Key {
        key_of(|request| change(Arc::make_mut(&mut request.environment)))
    }

    fn key_with(change: impl FnOnce(&mut Surroundings)) -> Key {
        let mut surroundings = surroundings();
        change(&mut surroundings);
        of(&request(), &surroundings)
    }

    /// The interpreter of an environment that has one.
    fn python(environment: &mut Environment) -> &mut Interpreter {
        environment.python.as_mut().unwrap()
    }

    /// Keys of requests that differ in one thing each.
    fn keys_of_changes() -> Vec<Key> {
        let strings = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
        let command = |argv: &[&str], junit: Option<&str>| Task::Command {
            argv: strings(argv),
            junit: junit.map(str::to_owned),
        };
        let pytest = |ids: &[&str]| Task::Pytest {
            node_ids: strings(ids),
        };
        vec![
            key_of(|_| {}),
            key_of(|it| it.tree = tree("two")),
            key_of(|it| it.task = pytest(&["t.py::a"])),
            key_of(|it| it.task = pytest(&["t.py::b", "t.py::a"])),
            key_of(|it| it.task = pytest(&["t.py::at.py::b"])),
            key_of(|it| it.task = command(&["t.py::a", "t.py::b"], None)),
            key_of(|it| it.task = command(&["t.py::a", "t.py::b"], Some(""))),
            key_of(|it| it.task = command(&["t.py::a", "t.py::b"], Some("r.xml"))),
            key_of(|it| it.prepare = Some(Vec::new())),
            key_of(|it| it.prepare = Some(strings(&["make"]))),
            key_of(|it| it.timeout = Duration::from_secs(61)),
            key_of(|it| it.test_timeout = Duration::from_secs(31)),
            key_of(|it| it.memory_bytes += 1),
            key_of(|it| it.seed = 1),
            key_in(|it| it.python = None),
            key_in(|it| it.origin = None),
            key_in(|it| it.origin = Some(Origin::Given)),
            key_in(|it| it.origin = Some(Origin::Active)),
            key_in(|it| it.path.clear()),
            key_in(|it| it.path.push("/opt/bin".into())),
            key_in(|it| it.pytest_plugins = strings(&["ab"])),
            key_in(|it| it.pytest_plugins = strings(&["b", "a"])),
            key_in(|it| it.preload.clear()),
            key_in(|it| it.identity.lock = None),
            key_in(|it| it.identity.lock = Some("other".to_owned())),
            key_in(|it| it.identity.packages = Some("p".to_owned())),
            key_in(|it| it.identity.programs.clear()),
            key_in(|it| it.identity.programs.push(program())),
            key_in(|it| it.identity.programs[0].path = "/x".into()),
            key_in(|it| it.identity.programs[0].target = "/x".into()),
            key_in(|it| it.identity.programs[0].size += 1),
            key_in(|it| it.identity.programs[0].modified += 1),
            key_in(|it| python(it).executable = "/other/bin/python".into()),
            key_in(|it| python(it).version = Version::new(3, 12, 2)),
            key_in(|it| python(it).implementation = "PyPy".to_owned()),
            key_in(|it| python(it).prefix = "/other".into()),
            key_in(|it| python(it).base_prefix = "/other".into()),
            key_in(|it| python(it).libraries.clear()),
            key_in(|it| python(it).missing.push("x==1".to_owned())),
            key_with(|it| it.executor = "warm".to_owned()),
            key_with(|it| it.tool = "0.1.1 abc".to_owned()),
            key_with(|it| it.tool = "0.1.0 abd".to_owned()),
            key_with(|it| it.machine.truncate(1)),
            key_with(|it| it.machine[1] = "avx512f".to_owned()),
            key_with(|it| it.threads = "2".to_owned()),
        ]
    }

    #[test]
    fn whatever_differs_the_key_differs() {
        let keys = keys_of_changes();
        let mut seen = std::collections::HashSet::new();
        for (number, key) in keys.iter().enumerate() {
            assert!(seen.insert(*key), "change {number} is not in the key");
        }
        assert_eq!(keys, keys_of_changes(), "and they are the same every time");
    }

    #[test]
    fn what_follows_from_other_things_is_not_in_the_key() {
        assert_eq!(key_in(|it| it.readable.clear()), key_of(|_| {}));
    }

    #[test]
    fn surroundings_name_version_and_build_of_the_tool() {
        let here = Surroundings::here("fresh".to_owned());
        assert!(
            here.tool
                .starts_with(concat!(env!("CARGO_PKG_VERSION"), " "))
        );
        assert_eq!(here.tool.rsplit(' ').next().map(str::len), Some(16));
        assert!(!here.machine.is_empty());
    }

    /// What two requests differ in at random, all else being the same.
    #[derive(Clone, Debug, PartialEq)]
    struct Variable {
        text: String,
        node_ids: Vec<String>,
        prepare: Option<Vec<String>>,
        numbers: (u64, u64, u64, u32),
        plugins: Vec<String>,
        preload: Vec<String>,
        tool: String,
        machine: Vec<String>,
    }

    fn variable() -> impl Strategy<Value = Variable> {
        let word = "[ab]{0,2}";
        let words = || prop::collection::vec(word, 0..3);
        let numbers = (0..2_u64, 0..2_u64, 0..2_u64, 0..2_u32);
        let lists = (words(), prop::option::of(words()), words(), words());
        (word, lists, numbers, word, words()).prop_map(|(text, lists, numbers, tool, machine)| {
            Variable {
                text,
                node_ids: lists.0,
                prepare: lists.1,
                numbers,
                plugins: lists.2,
                preload: lists.3,
                tool,
                machine,
            }
        })
    }

    impl Variable {
        fn key(&self) -> Key {
            let mut request = request();
            request.tree = tree(&self.text);
            request.task = Task::Pytest {
                node_ids: self.node_ids.clone(),
            };
            request.prepare.clone_from(&self.prepare);
            request.timeout = Duration::from_secs(self.numbers.0);
            request.test_timeout = Duration::from_secs(self.numbers.1);
            request.memory_bytes = self.numbers.2;
            request.seed = self.numbers.3;
            let environment = Arc::make_mut(&mut request.environment);
            environment.pytest_plugins.clone_from(&self.plugins);
            environment.preload.clone_from(&self.preload);
            let surroundings = Surroundings {
                tool: self.tool.clone(),
                machine: self.machine.clone(),
                ..surroundings()
            };
            of(&request, &surroundings)
        }
    }

    proptest! {
        #[test]
        fn keys_are_equal_only_if_all_fields_are(a in variable(), b in variable()) {
            prop_assert_eq!(a == b, a.key() == b.key());
        }
    }
}
