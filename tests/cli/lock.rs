//! `mastery lock`, with a stand-in for uv that tells how it was called.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::support::{Run, Sandbox};

/// A `uv` that writes its arguments down and a lock, or fails.
fn with_uv(script: &str) -> Sandbox {
    let sandbox = Sandbox::with_base();
    sandbox.write(
        "bin/uv",
        format!(
            "#!/bin/sh\necho \"$*\" > '{}/called'\n{script}",
            sandbox.path().display()
        ),
    );
    let uv = sandbox.path().join("bin/uv");
    fs::set_permissions(uv, fs::Permissions::from_mode(0o755)).unwrap();
    sandbox
}

const WRITES: &str = "while [ $# -gt 1 ]; do [ \"$1\" = --output-file ] && out=$2; shift; done\ncat \"$out\" > /dev/null 2>&1 && echo kept >&2\necho 'pytest==9.2.0 --hash=sha256:00' > \"$out\"\n";

fn lock(sandbox: &Sandbox, arguments: &[&str]) -> Run {
    let path = format!(
        "{}:{}",
        sandbox.path().join("bin").display(),
        std::env::var("PATH").unwrap()
    );
    let mut command = sandbox.command(&[&["lock"], arguments].concat());
    Run::of(command.env("PATH", path).output().unwrap(), sandbox.path())
}

#[test]
fn lock_is_written_from_what_the_author_wrote() {
    let sandbox = with_uv(WRITES);
    sandbox.replace(
        "curricula/base/curriculum.yaml",
        "  python: \">=3.10\"",
        "  python: \">=3.10\"\n  indexes: [\"https://packages.example.org/simple\"]",
    );
    let run = lock(&sandbox, &[]).success();
    assert_eq!(run.stderr, "wrote `curricula/base/requirements.txt`\n");
    assert_eq!(
        sandbox.read("curricula/base/requirements.txt"),
        "pytest==9.2.0 --hash=sha256:00\n"
    );
    let called = sandbox.read("called");
    for part in [
        "pip compile",
        "--universal",
        "--generate-hashes",
        "--python-version 3.10",
        "--extra-index-url https://packages.example.org/simple",
        "requirements.in",
    ] {
        assert!(called.contains(part), "{part}: {called}");
    }
    let again = lock(&sandbox, &[]).success();
    assert_eq!(
        again.stderr,
        "unchanged: `curricula/base/requirements.txt`\n"
    );
}

#[test]
fn lock_that_fails_leaves_the_old_one() {
    let sandbox = with_uv("echo 'error: no solution found' >&2\nexit 1\n");
    let before = sandbox.listing();
    let run = lock(&sandbox, &[]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("no solution found"), "{}", run.shown());
    assert!(
        run.stderr.contains("a locked package is not on the index"),
        "{}",
        run.shown()
    );
    fs::remove_file(sandbox.path().join("called")).unwrap();
    assert_eq!(sandbox.listing(), before);
}

#[test]
fn nothing_to_lock_selects_nothing() {
    let sandbox = with_uv(WRITES);
    fs::remove_file(sandbox.path().join("curricula/base/requirements.in")).unwrap();
    let run = lock(&sandbox, &[]);
    assert_eq!(run.code, 4, "{}", run.shown());
    assert!(run.stderr.contains("requirements.in"), "{}", run.shown());
}
