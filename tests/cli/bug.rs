//! `mastery bug`: from an edit to a bug that is checked, and nothing lost on the way.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use crate::cache::Place;
use crate::changed::{commit, git, repository};
use crate::support::Run;

const NUMBERS: &str = "curricula/base/project/basics/numbers.py";
const BUGS: &str = "curricula/base/modules/double/bugs";

fn record(place: &Place, name: &str) -> Run {
    place.run(&["bug", "record", "double", name])
}

/// Everything but what the tool keeps for itself.
fn listing(place: &Place) -> Vec<String> {
    let all = place.sandbox.listing();
    let is_own = |line: &String| line.starts_with("cache") || line.starts_with(".git/");
    all.into_iter().filter(|line| !is_own(line)).collect()
}

#[test]
fn an_edit_becomes_a_bug_that_is_as_expected() {
    let place = repository();
    let before = place.sandbox.read(NUMBERS);
    place.sandbox.replace(NUMBERS, "x * 2", "x * 3");
    let run = record(&place, "tripled").success();
    insta::assert_snapshot!("bug-record", run.stdout);
    insta::assert_snapshot!(
        "bug-record-yaml",
        place.sandbox.read(&format!("{BUGS}/tripled.yaml"))
    );
    insta::assert_snapshot!(
        "bug-record-patch",
        place.sandbox.read(&format!("{BUGS}/tripled.patch"))
    );
    assert_eq!(place.sandbox.read(NUMBERS), before);
    let checked = place
        .run(&["check", "curricula/base/modules/double"])
        .success();
    assert_eq!(
        checked.stdout.matches("warning[leftover-todo]").count(),
        3,
        "{}",
        checked.stdout
    );
}

#[test]
fn a_rule_that_fits_a_variant_is_written_and_proven() {
    let place = repository();
    let solution = "    result = x * 2\n    return result\n";
    place
        .sandbox
        .replace(NUMBERS, "    return x * 2\n", solution);
    let other =
        "# mastery:begin double\n    twice = x * 2\n    return twice\n# mastery:end double\n";
    place.sandbox.write(
        "curricula/base/modules/double/variants/other/basics/numbers.py",
        other,
    );
    commit(&place);
    place.sandbox.replace(NUMBERS, "x * 2", "x * -2");
    let run = record(&place, "negated").success();
    insta::assert_snapshot!("bug-record-with-rewrite", run.stdout);
    insta::assert_snapshot!(
        "bug-record-with-rewrite-yaml",
        place.sandbox.read(&format!("{BUGS}/negated.yaml"))
    );
    let run = place
        .run(&["verify", "--case", "*/bug/negated/*", "--verbose"])
        .success();
    assert!(
        run.stdout.contains("bug/negated/rewrite@other"),
        "{}",
        run.stdout
    );
}

#[test]
fn a_rule_leaves_a_variant_alone_where_it_does_something_else() {
    let place = repository();
    place.sandbox.replace(
        NUMBERS,
        "    return x * 2\n",
        "    result = x * 2\n    return result\n",
    );
    for (name, body) in [
        ("other", "    twice = x * 2\n    return twice\n"),
        ("shown", "    str(x * 2)\n    return x + x\n"),
    ] {
        place.sandbox.write(
            &format!("curricula/base/modules/double/variants/{name}/basics/numbers.py"),
            format!("# mastery:begin double\n{body}# mastery:end double\n"),
        );
    }
    commit(&place);
    place.sandbox.replace(NUMBERS, "x * 2", "x * -2");
    let run = record(&place, "negated").success();
    insta::assert_snapshot!("bug-record-but-one", run.stdout);
    insta::assert_snapshot!(
        "bug-record-but-one-yaml",
        place.sandbox.read(&format!("{BUGS}/negated.yaml"))
    );
}

#[test]
fn the_last_state_that_was_verified_counts_where_there_is_no_commit() {
    let place = Place::new();
    place.sandbox.replace(NUMBERS, "x * 2", "2 * x");
    let run = record(&place, "tripled");
    assert_eq!(run.code, 2);
    insta::assert_snapshot!("bug-record-unknown-state", run.stderr);
    let _ = place.run(&["verify", "--case", "*/reference"]).success();
    place.sandbox.replace(NUMBERS, "2 * x", "3 * x");
    let _ = record(&place, "tripled").success();
    assert!(place.sandbox.read(NUMBERS).contains("2 * x"));
    // The test itself may have been written in the meantime.
    place.sandbox.replace(NUMBERS, "2 * x", "4 * x");
    let test = "curricula/base/project/tests/test_double.py";
    place.sandbox.replace(
        test,
        "def test_zero",
        "def test_one():\n    assert double(1) == 2\n\n\ndef test_zero",
    );
    let run = record(&place, "quadrupled").success();
    assert!(run.stdout.contains("test_one"), "{}", run.stdout);
    assert!(place.sandbox.read(test).contains("test_one"));
}

#[test]
fn an_edit_that_was_seen_to_pass_is_not_taken_for_the_reference_in_silence() {
    let place = repository();
    let _ = place.run(&["verify"]).success();
    // Silent: it is seen to pass, and is edited further.
    place.sandbox.replace(NUMBERS, "x * 2", "2 * x");
    let references = ["verify", "--case", "*/reference"];
    let _ = place.run(&references).success();
    let silent = record(&place, "swapped");
    assert_eq!(silent.code, 1, "{}", silent.shown());
    place.sandbox.replace(NUMBERS, "2 * x", "3 * x");
    let run = record(&place, "tripled");
    assert_eq!(run.code, 2);
    insta::assert_snapshot!("bug-record-changed-twice", run.stderr);
    // What came before stays, or goes, as its author says.
    let since = |state: &str, name: &str| {
        place
            .run(&["bug", "record", "double", name, "--since", state])
            .success()
    };
    let _ = since("verified", "after");
    assert!(place.sandbox.read(NUMBERS).contains("2 * x"));
    place.sandbox.replace(NUMBERS, "2 * x", "3 * x");
    let _ = since("HEAD", "all");
    assert!(place.sandbox.read(NUMBERS).contains("x * 2"));
}

#[test]
fn without_an_edit_there_is_nothing_to_record() {
    let place = repository();
    for state in ["2 * x", "x * 2"] {
        let before = if state == "x * 2" { "2 * x" } else { "x * 2" };
        place.sandbox.replace(NUMBERS, before, state);
        let _ = place.run(&["verify", "--case", "*/reference"]).success();
    }
    // Other states were seen to pass; the last commit is what there is.
    let run = record(&place, "nothing");
    assert_eq!(run.code, 2);
    assert!(
        run.stderr
            .contains("the solution of `double` is as it was at `HEAD`"),
        "{}",
        run.stderr
    );
}

#[test]
fn what_is_no_bug_of_the_module_is_refused_and_left_alone() {
    let mut told = String::new();
    for (title, edits, module, name) in [
        ("nothing changed", &[][..], "double", "new"),
        (
            "given code",
            &[("def double(x):", "def double(x: int):")][..],
            "double",
            "new",
        ),
        (
            "another module",
            &[("x * 2", "x * 3"), ("len(values)", "2")][..],
            "double",
            "new",
        ),
        (
            "a mark",
            &[("# mastery:end double", "# mastery:end doubles")][..],
            "double",
            "new",
        ),
        ("no Python", &[("x * 2", "x * (2")][..], "double", "new"),
        (
            "a comment",
            &[("x * 2", "x * 2  # twice")][..],
            "double",
            "new",
        ),
        (
            "breaks the import",
            &[(
                "return x * 2",
                "return x * 2\n    # mastery:end double\n    # mastery:begin double\nraise ValueError",
            )][..],
            "double",
            "new",
        ),
        (
            "an early end",
            &[("return x * 2", "__import__('os')._exit(0)")][..],
            "double",
            "new",
        ),
        (
            "a name that is taken",
            &[("x * 2", "x * 3")][..],
            "double",
            "off_by_one",
        ),
        ("no name", &[("x * 2", "x * 3")][..], "double", "New Bug"),
        ("no module", &[("x * 2", "x * 3")][..], "duoble", "new"),
    ] {
        let place = repository();
        for (from, to) in edits {
            place.sandbox.replace(NUMBERS, from, to);
        }
        let before = listing(&place);
        let run = place.run(&["bug", "record", module, name, "--quiet"]);
        assert_ne!(run.code, 0, "{title}");
        assert_eq!(listing(&place), before, "{title}");
        told.push_str(&format!(
            "# {title}: {}\n{}{}\n",
            run.code, run.stdout, run.stderr
        ));
    }
    insta::assert_snapshot!("bug-record-refused", told);
}

#[test]
fn a_silent_edit_is_told_with_the_lines_that_nobody_looks_at() {
    let place = Place::new();
    place.sandbox.replace(
        NUMBERS,
        "    return x * 2\n",
        "    result = x * 2\n    checked = result > 10\n    if result > 100:\n        checked = True\n    return result\n",
    );
    git(&place, &["init", "--quiet"]);
    commit(&place);
    place
        .sandbox
        .replace(NUMBERS, "result > 10\n", "result > 20\n");
    let before = listing(&place);
    let run = record(&place, "late");
    assert_eq!(run.code, 1, "{}", run.shown());
    insta::assert_snapshot!("bug-record-silent", run.stderr);
    assert_eq!(listing(&place), before);
}

#[test]
fn dry_run_shows_the_files_and_changes_nothing() {
    let place = repository();
    place.sandbox.replace(NUMBERS, "x * 2", "x * 3");
    let before = listing(&place);
    let run = place
        .run(&[
            "bug",
            "record",
            "double",
            "tripled",
            "--dry-run",
            "--title",
            "Three times",
        ])
        .success();
    assert!(
        run.stdout.contains("title: Three times\n"),
        "{}",
        run.stdout
    );
    assert!(run.stdout.contains("+    return x * 3\n"), "{}", run.stdout);
    assert_eq!(listing(&place), before);
    // Nor does it where the bug is written and the reference is not back yet.
    let _ = record(&place, "tripled").success();
    place.sandbox.replace(NUMBERS, "x * 2", "x * 3");
    let before = listing(&place);
    let edited = place.sandbox.read(NUMBERS);
    let run = place.run(&["bug", "record", "double", "tripled", "--dry-run"]);
    assert!(
        run.success()
            .stdout
            .contains("all that is left to do is to put the reference back")
    );
    assert_eq!(listing(&place), before);
    assert_eq!(place.sandbox.read(NUMBERS), edited);
}

#[test]
fn reference_is_put_back_with_its_byte_order_mark_and_permissions() {
    let place = repository();
    let good = format!("\u{feff}{}", place.sandbox.read(NUMBERS));
    place.sandbox.write(NUMBERS, &good);
    let path = place.sandbox.path().join(NUMBERS);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    commit(&place);
    place.sandbox.replace(NUMBERS, "x * 2", "x * 3");
    let run = place.run(&["bug", "record", "double", "tripled", "--quiet"]);
    assert_eq!(run.success().stdout, "");
    assert_eq!(place.sandbox.read(NUMBERS), good);
    assert_eq!(
        fs::metadata(path).unwrap().permissions().mode() & 0o777,
        0o755
    );
}

#[test]
fn bugs_are_not_written_through_a_link() {
    let place = repository();
    place.sandbox.replace(NUMBERS, "x * 2", "x * 3");
    let bugs = place.sandbox.path().join(BUGS);
    let outside = place.sandbox.path().join("outside");
    fs::rename(&bugs, &outside).unwrap();
    symlink(&outside, &bugs).unwrap();
    let run = record(&place, "quadrupled");
    assert_eq!(run.code, 2, "{}", run.shown());
    assert!(run.stderr.contains("bugs` is no folder"), "{}", run.stderr);
    assert!(!outside.join("quadrupled.patch").exists());
}

#[test]
fn why_the_last_commit_can_not_be_read_is_told() {
    let place = repository();
    place.sandbox.replace(NUMBERS, "x * 2", "x * 3");
    let mut command = place.command(&["bug", "record", "double", "tripled"]);
    command.env("TMPDIR", place.sandbox.path().join("nowhere"));
    let run = Run::of(command.output().unwrap(), place.sandbox.path());
    assert_eq!(run.code, 2);
    assert!(
        run.stderr.contains("caused by: No such file"),
        "{}",
        run.stderr
    );
}

#[test]
fn words_of_the_author_become_yaml_or_are_refused_at_once() {
    let place = repository();
    place.sandbox.replace(NUMBERS, "x * 2", "x * 3");
    for (flag, text) in [
        ("--title", " "),
        ("--title", &*"t".repeat(121)),
        ("--symptom", ""),
    ] {
        let run = place.run(&["bug", "record", "double", "tripled", flag, text]);
        assert_eq!(run.code, 2);
        assert!(run.stderr.contains("invalid value"), "{}", run.stderr);
    }
    let words = [
        "--title",
        "A \u{1b}[31m: b",
        "--symptom",
        "  It is\u{1b}[31m:\r\n\tred # or not\n---\n",
        "--dry-run",
    ];
    let run = place.run(&[&["bug", "record", "double", "tripled"][..], &words].concat());
    let run = run.success();
    assert!(!run.stdout.contains('\u{1b}'), "{}", run.stdout);
    let text = "symptom: \"It is\\U0000001B[31m:\\n\\tred # or not\\n---\\n\"\n";
    assert!(run.stdout.contains(text), "{}", run.stdout);
}

#[test]
fn a_recording_that_was_killed_behind_the_bug_goes_on() {
    let place = repository();
    place.sandbox.replace(NUMBERS, "x * 2", "x * 3");
    let edited = place.sandbox.read(NUMBERS);
    let _ = record(&place, "tripled").success();
    let good = place.sandbox.read(NUMBERS);
    // As it would be had it been killed before the reference was back.
    place.sandbox.write(NUMBERS, &edited);
    let run = record(&place, "tripled").success();
    assert_eq!(
        run.stdout,
        "`tripled` was recorded already; the reference is back\n"
    );
    assert_eq!(place.sandbox.read(NUMBERS), good);
    // And had it been killed before the file that tells of the patch.
    place.sandbox.write(NUMBERS, &edited);
    fs::remove_file(place.sandbox.path().join(format!("{BUGS}/tripled.yaml"))).unwrap();
    let _ = record(&place, "tripled").success();
    assert_eq!(place.sandbox.read(NUMBERS), good);
}

#[test]
fn bugs_are_listed_and_shown() {
    let place = Place::new();
    let list = place.run(&["bug", "list"]).success();
    insta::assert_snapshot!("bug-list", list.stdout);
    let show = place
        .run(&["bug", "show", "double", "off_by_one"])
        .success();
    insta::assert_snapshot!("bug-show", show.stdout);
    let unknown = place.run(&["bug", "show", "double", "off_by_two"]);
    assert_eq!(unknown.code, 2);
    assert!(
        unknown.stderr.contains("did you mean `off_by_one`?"),
        "{}",
        unknown.stderr
    );
    for mean in ["curricula/base/modules/mean", "mean", "base/mean"] {
        assert_eq!(place.run(&["bug", "list", mean]).code, 4, "{mean}");
    }
    let mistyped = place.run(&["bug", "list", "duoble"]);
    assert!(mistyped.stderr.contains("did you mean `double`?"));
}
