//! `mastery bundle`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use crate::support::{Run, Sandbox, clear, copy, fixtures};

/// A solution of `mean` that is long enough to leak.
const SOLUTION: &str = "    total = 0.0\n    for value in values:\n        total += value\n    return total / len(values)\n";

/// The head of a program for a platform, with the mark of a runtime behind it.
fn runtime(target: &str) -> Vec<u8> {
    let mut head = [0; 64];
    head[..6].copy_from_slice(b"\x7fELF\x02\x01");
    head[18] = if target.starts_with("x86_64") {
        62
    } else {
        183
    };
    let mark = format!("<mastery-learn runtime format=1 version=0.1.0 target={target}>");
    [&head, mark.as_bytes()].concat()
}

/// A sandbox with the base curriculum and a small program in place of the runtime.
fn with_runtime() -> Sandbox {
    let sandbox = Sandbox::with_base();
    sandbox.write("runtime", runtime("x86_64-unknown-linux-gnu"));
    sandbox
}

fn bundle(sandbox: &Sandbox, arguments: &[&str]) -> Run {
    let command = ["bundle", "curricula/base", "--no-check", "-o", "out"];
    sandbox.run(&[&command, arguments].concat())
}

fn is_written(sandbox: &Sandbox, name: &str) -> bool {
    sandbox.path().join(name).exists()
}

/// What differs with each change of the tool is the digest.
fn without_digest(text: &str) -> String {
    let digest = regex::Regex::new("[0-9a-f]{64}").unwrap();
    digest.replace_all(text, "[DIGEST]").into_owned()
}

#[test]
fn bundle_is_checked_written_and_shown() {
    let sandbox = with_runtime();
    let arguments = [
        "bundle",
        "curricula/base",
        "-o",
        "out",
        "--runtime",
        "runtime",
    ];
    let run = sandbox.run(&arguments).success();
    let told = run.stderr.lines().last().unwrap();
    assert_eq!(told, "wrote `out`: base 0.1.0 with 2 modules, 3.8 KiB");
    assert_eq!(run.stdout, "");
    let mode = fs::metadata(sandbox.path().join("out"))
        .unwrap()
        .permissions();
    assert_eq!(mode.mode() & 0o777, 0o755);
    let run = sandbox.run(&["bundle", "--inspect", "out"]).success();
    insta::assert_snapshot!("inspected", without_digest(&run.shown()));
    let run = sandbox
        .run(&["bundle", "--inspect", "out", "--json"])
        .success();
    let document: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(document["error"], serde_json::Value::Null);
    assert_eq!(document["index"]["checked"], true);
    assert!(document["index"].get("seed").is_none());
}

#[test]
fn nothing_is_written_where_the_check_fails() {
    let sandbox = with_runtime();
    let file = "curricula/base/project/basics/numbers.py";
    sandbox.replace(file, "return x * 2", "return x * 3");
    let arguments = [
        "bundle",
        "curricula/base",
        "-o",
        "out",
        "--runtime",
        "runtime",
    ];
    let run = sandbox.run(&arguments);
    assert_eq!(run.code, 1, "{}", run.shown());
    assert!(
        run.stderr.ends_with("no bundle was written\n"),
        "{}",
        run.shown()
    );
    assert!(!is_written(&sandbox, "out"));
}

#[test]
fn same_input_gives_the_same_bytes_wherever_it_is_made() {
    let sandbox = with_runtime();
    let run = |dir: &Path, script: &str, zone: &str| {
        let mut command = Command::new("sh");
        clear(&mut command);
        command
            .args(["-c", script])
            .arg(env!("CARGO_BIN_EXE_mastery"))
            .env("TZ", zone)
            .current_dir(dir);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    let base = sandbox.path();
    let script = "umask 0022; \"$0\" bundle curricula/base --no-check --runtime runtime -o one && \
                  \"$0\" bundle curricula/base --no-check --format tar.zst -o one.tar.zst";
    run(base, script, "UTC");
    // The same files, made in another order, with other times and permissions.
    let other = base.join("other");
    let mut files = Vec::new();
    collect(&base.join("curricula/base"), &mut files);
    files.sort();
    for file in files.iter().rev() {
        let target = other.join(file.strip_prefix(base.join("curricula")).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(file, &target).unwrap();
        fs::set_permissions(&target, fs::Permissions::from_mode(0o600)).unwrap();
    }
    let script = "umask 0077; \"$0\" bundle ../base --no-check --runtime ../../runtime -o ../../two && \
                  \"$0\" bundle . --no-check --format tar.zst -o ../../two.tar.zst";
    run(&other.join("base"), script, "Pacific/Chatham");
    for (one, two) in [("one", "two"), ("one.tar.zst", "two.tar.zst")] {
        let read = |name| fs::read(base.join(name)).unwrap();
        assert!(read(one) == read(two), "{one} and {two} differ");
        let mode = |name| fs::metadata(base.join(name)).unwrap().permissions().mode();
        assert_eq!(mode(one), mode(two));
    }
}

fn collect(dir: &Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            collect(&entry.path(), files);
        } else {
            files.push(entry.path());
        }
    }
}

/// Lint lets an author accept a leak; a bundle has none.
#[test]
fn leak_is_told_and_nothing_is_written() {
    let sandbox = with_runtime();
    let file = "curricula/base/project/basics/numbers.py";
    let plain = "    return sum(values) / len(values)\n";
    sandbox.replace(file, plain, SOLUTION);
    let prompt = "curricula/base/modules/mean/prompt.md";
    let text = sandbox.read(prompt);
    sandbox.write(prompt, format!("{text}\n```python\n{SOLUTION}```\n"));
    sandbox.write("out", "what was there");
    let run = bundle(&sandbox, &["--runtime", "runtime", "--force"]);
    insta::assert_snapshot!("leak", run.shown());
    assert_eq!(sandbox.read("out"), "what was there");
    let left = fs::read_dir(sandbox.path()).unwrap().count();
    assert_eq!(left, 3, "nothing is left beside it");
}

#[test]
fn files_that_are_there_are_replaced_only_when_asked_for() {
    let sandbox = with_runtime();
    sandbox.write("out", "what was there");
    let run = bundle(&sandbox, &["--runtime", "runtime"]);
    assert_eq!(run.code, 2);
    insta::assert_snapshot!("exists", run.shown());
    assert_eq!(sandbox.read("out"), "what was there");
    let _ = bundle(&sandbox, &["--runtime", "runtime", "--force"]).success();
    let run = sandbox.run(&["bundle", "--inspect", "out"]).success();
    assert!(run.stdout.contains("no: it was bundled with `--no-check`"));
}

#[test]
fn several_runtimes_give_a_file_each() {
    let sandbox = with_runtime();
    sandbox.write(
        "mac",
        [
            &[0xcf, 0xfa, 0xed, 0xfe, 0x0c, 0, 0, 1][..],
            &[0; 56],
            b"<mastery-learn runtime format=1 version=0.1.0 target=aarch64-apple-darwin>",
        ]
        .concat(),
    );
    let _ = bundle(&sandbox, &["--runtime", "runtime", "--runtime", "mac"]).success();
    let digests = ["out-linux-x86_64", "out-macos-aarch64"].map(|name| {
        let run = sandbox
            .run(&["bundle", "--inspect", name, "--json"])
            .success();
        let document: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        document["digest"].as_str().unwrap().to_owned()
    });
    assert_eq!(digests[0], digests[1]);
    assert!(!is_written(&sandbox, "out"));
}

#[test]
fn what_is_no_runtime_is_refused_before_anything_is_checked() {
    let sandbox = with_runtime();
    let _ = bundle(&sandbox, &["--runtime", "runtime"]).success();
    fs::rename(sandbox.path().join("out"), sandbox.path().join("taken")).unwrap();
    let mut newer = runtime("x86_64-unknown-linux-gnu");
    let at = newer.windows(9).position(|it| it == b"format=1 ").unwrap();
    newer[at + 7] = b'7';
    sandbox.write("newer", newer);
    let mut damaged = runtime("aarch64-unknown-linux-gnu");
    damaged[18] = 62;
    sandbox.write("damaged", damaged);
    let mut shown = String::new();
    for arguments in [
        &["--runtime", "curricula/base/curriculum.yaml"][..],
        &["--runtime", env!("CARGO_BIN_EXE_mastery")],
        &["--runtime", "nowhere"],
        &["--runtime", "taken"],
        &["--runtime", "newer"],
        &["--runtime", "damaged"],
        &["--runtime", "runtime", "--runtime", "runtime"],
        &["--runtime", "runtime", "--format", "tar.zst"],
    ] {
        let run = bundle(&sandbox, arguments);
        assert_eq!(run.code, 2, "{}", run.shown());
        let program = env!("CARGO_BIN_EXE_mastery");
        shown.push_str(&run.stderr.replace(program, "[MASTERY]"));
    }
    insta::assert_snapshot!("refused", shown);
    assert!(!is_written(&sandbox, "out"));
}

#[test]
fn broken_bundles_are_told_from_each_other() {
    let sandbox = with_runtime();
    let _ = bundle(&sandbox, &["--runtime", "runtime"]).success();
    let good = fs::read(sandbox.path().join("out")).unwrap();
    let length = good.len();
    sandbox.write("cut", &good[..length - 10]);
    let mut flipped = good.clone();
    flipped[length - 500] ^= 1;
    sandbox.write("flipped", flipped);
    let mut newer = good;
    newer[length - 72] = 2;
    let head = newer[length - 80..length - 32].to_vec();
    let start = usize::try_from(u64::from_le_bytes(head[16..24].try_into().unwrap())).unwrap();
    let mut hasher = blake3::Hasher::new();
    hasher.update(&head).update(&newer[start..length - 80]);
    newer[length - 32..].copy_from_slice(hasher.finalize().as_bytes());
    sandbox.write("newer", newer);
    let mut shown = String::new();
    for name in [
        "cut",
        "flipped",
        "newer",
        "curricula/base/curriculum.yaml",
        "curricula",
        "nowhere",
    ] {
        let run = sandbox.run(&["bundle", "--inspect", name]);
        let expected = if matches!(name, "curricula" | "nowhere") {
            2
        } else {
            1
        };
        assert_eq!(run.code, expected, "{}", run.shown());
        let title = run.stdout.lines().next().unwrap_or("nothing");
        shown.push_str(&format!("{name}: {title}\n{}\n", run.stderr));
        let run = sandbox.run(&["bundle", "--inspect", name, "--json"]);
        assert_eq!(run.code, expected);
    }
    insta::assert_snapshot!("broken", shown);
}

#[test]
fn parts_and_several_curricula_are_no_course() {
    let sandbox = with_runtime();
    copy(
        &fixtures().join("base"),
        &sandbox.path().join("curricula/other"),
    );
    let mut shown = String::new();
    for path in [
        "curricula/base/modules/double",
        "curricula",
        "nowhere",
        "runtime",
    ] {
        let run = sandbox.run(&[
            "bundle",
            path,
            "--no-check",
            "-o",
            "out",
            "--runtime",
            "runtime",
        ]);
        shown.push_str(&format!("{}: {}", run.code, run.stderr));
    }
    insta::assert_snapshot!("not_one", shown);
}

/// The real programs: the runtime beside the tool is found, and what comes of it finds its course.
#[test]
fn bundled_program_runs() {
    let sandbox = Sandbox::with_base();
    let _ = bundle(&sandbox, &[]).success();
    let learner = |arguments: &[&str]| {
        let mut command = Command::new(sandbox.path().join("out"));
        clear(&mut command);
        let output = command.args(arguments).current_dir(sandbox.path()).output();
        Run::of(output.unwrap(), sandbox.path())
    };
    let version = learner(&["--version"]).success();
    assert_eq!(
        version.stdout,
        format!("mastery-learn {}\n", env!("CARGO_PKG_VERSION"))
    );
    // A program that this process has open for writing could not be started; another one writes it.
    let mut bytes = fs::read(sandbox.path().join("out")).unwrap();
    let at = bytes.len() - 200;
    bytes[at] ^= 1;
    sandbox.write("damaged", bytes);
    let mut copy = Command::new("cp");
    copy.args(["damaged", "out"]).current_dir(sandbox.path());
    assert!(copy.status().unwrap().success());
    let run = learner(&["status"]);
    assert_eq!(run.code, 2, "{}", run.shown());
    assert!(run.stderr.contains("it is damaged"), "{}", run.shown());
}
