//! The cache of results: what is taken from it, what is not, and that no entry can do harm.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::{Run, Sandbox, managed_python, steady};

/// The base curriculum with a cache of its own, in which environments are those of all tests.
pub(crate) struct Place {
    pub(crate) sandbox: Sandbox,
}

impl Place {
    pub(crate) fn new() -> Self {
        let sandbox = Sandbox::with_base();
        let (_, doctor) = sandbox.json(&["doctor"]);
        let shared = Path::new(doctor["cache_dir"].as_str().unwrap()).join("environments");
        fs::create_dir_all(&shared).unwrap();
        fs::create_dir(sandbox.path().join("cache")).unwrap();
        symlink(shared, sandbox.path().join("cache/environments")).unwrap();
        Self { sandbox }
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.sandbox.command(arguments);
        command
            .env_remove("MASTERY_NO_CACHE")
            .env("MASTERY_CACHE_DIR", self.cache());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        Run::of(
            self.command(arguments).output().unwrap(),
            self.sandbox.path(),
        )
    }

    /// Runs a command with `--format json`, which must succeed, and returns its document.
    fn json(&self, arguments: &[&str]) -> Value {
        let run = self.run(&[arguments, &["--format", "json"]].concat());
        let run = run.success();
        serde_json::from_str(&run.stdout).unwrap()
    }

    /// Runs cases and returns the ids of those that were not known.
    fn unknown(&self, arguments: &[&str]) -> Vec<String> {
        let report = self.json(&[&["verify"], arguments].concat());
        let cases = report["cases"].as_array().unwrap();
        cases
            .iter()
            .filter(|case| case["cached"] == false && case["shared"] == false)
            .map(|case| case["id"].as_str().unwrap().to_owned())
            .collect()
    }

    fn cache(&self) -> PathBuf {
        self.sandbox.path().join("cache")
    }

    /// The files of all entries, sorted.
    fn entries(&self) -> Vec<PathBuf> {
        let Ok(shards) = fs::read_dir(self.cache().join("results")) else {
            return Vec::new();
        };
        let mut entries: Vec<_> = shards
            .flat_map(|shard| fs::read_dir(shard.unwrap().path()).unwrap())
            .map(|entry| entry.unwrap().path())
            .collect();
        entries.sort();
        entries
    }
}

const MEAN: &[&str] = &["--case", "base/mean/*"];

#[test]
fn second_run_is_from_the_cache_and_says_the_same() {
    let place = Place::new();
    let first = place.json(&["verify"]);
    let second = place.json(&["verify"]);
    let strip = |report: &Value| {
        let mut report = steady(report.clone());
        for case in report["cases"].as_array_mut().unwrap() {
            case["cached"] = Value::Null;
        }
        report
    };
    assert_eq!(strip(&first), strip(&second));
    let cases = |report: &Value| report["cases"].as_array().unwrap().clone();
    assert!(cases(&second).iter().all(|case| case["cached"] == true));
    for (first, second) in cases(&first).iter().zip(cases(&second)) {
        let known = &second["process_ms"];
        assert_eq!(
            first["process_ms"], *known,
            "the times are those of the run"
        );
    }
    let table = place.run(&["verify", "-j1", "-v"]).success();
    insta::assert_snapshot!("cache-verify-verbose", table.stdout);
}

#[test]
fn what_can_change_a_result_makes_it_unknown() {
    let place = Place::new();
    let is_known = || place.unknown(MEAN).is_empty();
    assert!(!is_known());
    assert!(is_known());
    let module = "curricula/base/modules/mean/module.yaml";
    let (limit, other) = ("timeout_seconds: 20", "timeout_seconds: 21");
    place.sandbox.replace(module, limit, other);
    assert!(!is_known(), "another limit");
    place.sandbox.replace(module, other, limit);
    assert!(is_known(), "as before");

    let test = "curricula/base/project/tests/test_mean.py";
    let text = place.sandbox.read(test);
    place.sandbox.write(test, format!("{text}\n# more\n"));
    assert!(!is_known(), "another validator");
    place.sandbox.write(test, text);
    assert!(is_known());

    let lock = "curricula/base/requirements.txt";
    let text = place.sandbox.read(lock);
    place.sandbox.write(lock, format!("# another lock\n{text}"));
    assert!(!place.unknown(MEAN).is_empty(), "another lock");
    place.sandbox.write(lock, text);

    let off = ["--case", "base/mean/*", "--sandbox", "off"];
    assert!(!place.unknown(&off).is_empty(), "another sandbox");
    assert!(is_known());
}

#[test]
fn what_changes_no_result_leaves_it_known() {
    let place = Place::new();
    let _ = place.unknown(&[]);
    let prompt = "curricula/base/modules/mean/prompt.md";
    let text = place.sandbox.read(prompt);
    place
        .sandbox
        .write(prompt, format!("{text}\nMore words.\n"));
    let bug = "curricula/base/modules/double/bugs/off_by_one.yaml";
    let text = place.sandbox.read(bug);
    place
        .sandbox
        .write(bug, text.replace("symptom: |\n", "symptom: |\n  Look.\n"));
    assert_eq!(place.unknown(&[]), Vec::<String>::new());
}

/// The expectation is no part of the key: a known result is judged anew.
#[test]
fn known_results_are_judged_by_the_expectation_of_the_day() {
    let place = Place::new();
    let _ = place.unknown(&[]);
    let bug = "curricula/base/modules/double/bugs/off_by_one.yaml";
    let text = place.sandbox.read(bug);
    let line = text
        .lines()
        .find(|it| it.trim().starts_with("message:"))
        .unwrap();
    let other = format!(
        "{}message: no such words",
        &line[..line.len() - line.trim_start().len()]
    );
    place.sandbox.write(bug, text.replace(line, &other));
    let run = place.run(&["verify", "--format", "json"]);
    assert_eq!(run.code, 1, "{}", run.shown());
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    let cases = report["cases"].as_array().unwrap();
    assert!(cases.iter().all(|case| case["cached"] == true));
    assert!(cases.iter().any(|case| case["verdict"] == "wrong_reason"));
}

/// A way to spoil an entry, with its name.
type Spoil<'a> = (&'a str, &'a dyn Fn(&Path));

#[test]
fn entries_that_are_none_are_passed_over_and_replaced() {
    let place = Place::new();
    let cases = place.unknown(MEAN);
    let good: Vec<_> = place.entries();
    assert!(good.len() >= 2);
    let spoil: [Spoil<'_>; 6] = [
        ("cut", &|path| {
            let bytes = fs::read(path).unwrap();
            fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
        }),
        ("flipped", &|path| {
            let mut bytes = fs::read(path).unwrap();
            let at = bytes.len() - 10;
            bytes[at] ^= 1;
            fs::write(path, bytes).unwrap();
        }),
        ("empty", &|path| fs::write(path, "").unwrap()),
        ("huge", &|path| {
            fs::write(path, vec![b' '; 5 * 1024 * 1024]).unwrap();
        }),
        ("folder", &|path| {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap();
        }),
        ("link", &|path| {
            let other = place.sandbox.path().join("other");
            fs::rename(path, &other).unwrap();
            symlink(other, path).unwrap();
        }),
    ];
    for (name, spoil) in spoil {
        for entry in &good {
            spoil(entry);
        }
        assert_eq!(place.unknown(MEAN), cases, "{name}");
        assert!(place.unknown(MEAN).is_empty(), "{name}: they were replaced");
        assert!(
            place
                .entries()
                .iter()
                .all(|it| it.is_file() && !it.is_symlink())
        );
    }
    // An entry in the place of another is that of another run.
    let first = fs::read(&good[0]).unwrap();
    fs::write(&good[1], first).unwrap();
    assert_eq!(place.unknown(MEAN).len(), 1);
}

#[test]
fn without_the_cache_nothing_is_read_or_written() {
    let place = Place::new();
    let without = ["--case", "base/mean/*", "--no-cache"];
    let all = place.unknown(&without);
    assert_eq!(place.entries().len(), 0);
    let _ = place.unknown(MEAN);
    let before = place.entries().len();
    assert_eq!(place.unknown(&without), all);
    assert_eq!(place.entries().len(), before);
    let mut command = place.command(&[&["verify"], MEAN].concat());
    let output = command.env("MASTERY_NO_CACHE", "1").output().unwrap();
    let run = Run::of(output, place.sandbox.path()).success();
    assert!(!run.stdout.contains("from the cache"), "{}", run.shown());
}

#[test]
fn refresh_runs_everything_and_keeps_it() {
    let place = Place::new();
    let refresh = ["--case", "base/mean/*", "--refresh"];
    let all = place.unknown(&refresh);
    assert!(place.unknown(MEAN).is_empty());
    assert_eq!(place.unknown(&refresh), all);
    assert!(place.unknown(MEAN).is_empty());
    let both = place.run(&["verify", "--refresh", "--no-cache"]);
    assert_eq!(both.code, 2, "{}", both.shown());
}

#[test]
fn what_timed_out_is_run_again() {
    let place = Place::new();
    let module = "curricula/base/modules/mean/module.yaml";
    let pytest = "pytest: [tests/test_mean.py]";
    place
        .sandbox
        .replace(module, pytest, "command: [sleep, \"30\"]");
    place
        .sandbox
        .replace(module, "timeout_seconds: 20", "timeout_seconds: 1");
    let reference = [
        "verify",
        "--case",
        "base/mean/reference",
        "--format",
        "json",
    ];
    for _ in 0..2 {
        let run = place.run(&reference);
        let report: Value = serde_json::from_str(&run.stdout).unwrap();
        let case = &report["cases"][0];
        assert_eq!(case["outcome"], "timed_out", "{}", run.shown());
        assert_eq!(case["cached"], false);
    }
    assert_eq!(place.entries().len(), 0);
}

#[test]
fn preparation_that_was_stopped_is_not_known_and_one_that_failed_is() {
    let place = Place::new();
    let module = "curricula/base/modules/mean/module.yaml";
    let text = place.sandbox.read(module);
    for (prepare, is_known) in [("[sh, -c, \"kill -9 $$\"]", false), ("[\"false\"]", true)] {
        let with = text.replace("build:\n", &format!("build:\n  prepare: {prepare}\n"));
        assert_ne!(with, text);
        place.sandbox.write(module, with);
        let run = || {
            let run = place.run(&[
                "verify",
                "--case",
                "base/mean/reference",
                "--format",
                "json",
            ]);
            let report: Value = serde_json::from_str(&run.stdout).unwrap();
            assert_eq!(report["cases"][0]["outcome"], "broken", "{}", run.shown());
            report["cases"][0]["cached"].clone()
        };
        assert_eq!(run(), false);
        assert_eq!(run(), is_known, "{prepare}");
    }
}

#[test]
fn two_runs_at_once_do_not_disturb_each_other() {
    let place = Place::new();
    let _ = place.unknown(&["--case", "base/mean/reference"]);
    let children: Vec<_> = (0..2)
        .map(|_| {
            let mut command = place.command(&["verify"]);
            let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
            command.spawn().unwrap()
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        let _ = Run::of(output, place.sandbox.path()).success();
    }
    assert!(place.unknown(&[]).is_empty());
    let is_leftover = |path: &PathBuf| path.display().to_string().contains(".writing");
    assert!(!place.entries().iter().any(is_leftover));
}

#[test]
fn cache_that_can_not_be_written_is_a_note() {
    let place = Place::new();
    let python = managed_python();
    let mut command = place.command(&[&["verify"], MEAN].concat());
    // Not even root can make a folder there.
    command.args(["--cache-dir", "/proc/mastery"]);
    let output = command.arg("--python").arg(python).output().unwrap();
    let run = Run::of(output, place.sandbox.path()).success();
    let note = "note: results can't be kept in `/proc/mastery/results`";
    assert!(run.stderr.contains(note), "{}", run.shown());
}

#[test]
fn stats_and_gc_tell_what_is_kept() {
    let place = Place::new();
    let told = |arguments: &[&str]| {
        let run = place.run(arguments).success();
        let times = regex::Regex::new(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ").unwrap();
        let sizes = regex::Regex::new(r"\d+(\.\d)? [KM]iB|(bytes\D+)\d{2,}").unwrap();
        let text = times.replace_all(&run.stdout, "[TIME]").into_owned();
        sizes.replace_all(&text, "$2[SIZE]").into_owned()
    };
    let mut shown = String::new();
    let mut show = |arguments: &[&str]| {
        let command = arguments.join(" ");
        shown.push_str(&format!("$ mastery {command}\n{}\n", told(arguments)));
    };
    show(&["cache", "stats"]);
    show(&["cache", "stats", "--format", "json"]);
    show(&["cache", "gc"]);
    let _ = place.unknown(MEAN);
    show(&["cache", "stats"]);
    show(&["cache", "stats", "--format", "json"]);
    show(&["cache", "gc", "--max-age", "30"]);
    assert!(place.unknown(MEAN).is_empty());
    show(&["cache", "gc", "--max-size", "0", "--format", "json"]);
    show(&["cache", "gc", "--max-size", "0"]);
    insta::assert_snapshot!("cache-stats-gc", shown);
    assert!(!place.unknown(MEAN).is_empty());
    let mistyped = place.run(&["cache", "gc", "--max-size", "much"]);
    assert_eq!(mistyped.code, 2);
    assert!(
        mistyped.stderr.contains("such as `64M`"),
        "{}",
        mistyped.shown()
    );
}
