//! `mastery answer`.

use std::io::Write as _;
use std::process::Stdio;

use crate::support::{Run, Sandbox};

/// Runs the tool with an answer on standard input.
fn piped(sandbox: &Sandbox, arguments: &[&str], answer: &[u8]) -> Run {
    let mut child = sandbox
        .command(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Where the answer is not asked for it need not be taken.
    let _ = child.stdin.take().unwrap().write_all(answer);
    Run::of(child.wait_with_output().unwrap(), sandbox.path())
}

/// The base curriculum with a question that has all there is.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with_base();
    sandbox.replace(
        "curricula/base/modules/double/questions.yaml",
        "any_of: [just works]\n",
        "any_of: [just works, obvious]\n        unless: [same_value]\n",
    );
    sandbox
}

#[test]
fn what_decided_is_shown() {
    let sandbox = sandbox();
    let mut shown = String::new();
    for answer in [
        "Adding a number to itself\ngives the same as doubling it; it just works.",
        "It just works, and it is faster, too.",
        "Obvious: it just works.",
        "Because it is a sum \u{1b}[31m.",
    ] {
        let run = piped(
            &sandbox,
            &["answer", "double", "why_sum"],
            answer.as_bytes(),
        );
        shown.push_str(&format!("> {}\n{}\n", answer.escape_debug(), run.shown()));
    }
    insta::assert_snapshot!("answer", shown);
}

#[test]
fn all_patterns_that_match_are_shown_when_asked_for() {
    let sandbox = sandbox();
    let arguments = [
        "answer",
        "double",
        "why_sum",
        "--verbose",
        "--color",
        "always",
    ];
    let run = piped(&sandbox, &arguments, b"Obvious: it just works.");
    assert_eq!(run.code, 1);
    insta::assert_snapshot!("answer-verbose", run.stdout.replace('\u{1b}', "ESC"));
}

#[test]
fn answer_is_taken_from_where_it_is() {
    let sandbox = sandbox();
    sandbox.write("answer.txt", "They are equal.");
    let ask = ["answer", "base/double", "why_sum"];
    let file = [&ask[..], &["--answer", "answer.txt"]].concat();
    let _ = sandbox.run(&file).success();
    let stdin = [&ask[..], &["--answer", "-"]].concat();
    let _ = piped(&sandbox, &stdin, b"They are equal.").success();
    let edit = [&ask[..], &["--edit"]].concat();
    sandbox.write(
        "editor.sh",
        "grep -q 'Why may a sum' \"$2\" || exit 9\n{ echo They are equal.; cat \"$2\"; } > new\nmv new \"$2\"\n",
    );
    let mut command = sandbox.command(&edit);
    command.env("EDITOR", "sh ./editor.sh --wait");
    let run = Run::of(command.output().unwrap(), sandbox.path());
    assert!(run.success().stdout.starts_with("passed"));
    let mut command = sandbox.command(&edit);
    command.env("VISUAL", "false");
    let run = Run::of(command.output().unwrap(), sandbox.path());
    assert_eq!(run.code, 2);
    assert!(
        run.stderr.contains("the editor `false` ended with"),
        "{}",
        run.shown()
    );
}

#[test]
fn question_tries_its_own_answers() {
    let sandbox = sandbox();
    let all = sandbox.run(&["answer", "double", "--all"]).success();
    sandbox.replace(
        "curricula/base/modules/double/questions.yaml",
        "example: It just works.",
        "example: It works.",
    );
    let wrong = sandbox.run(&["answer", "double", "why_sum", "--all"]);
    insta::assert_snapshot!("answer-all", format!("{}\n{}", all.shown(), wrong.shown()));
    let concise = sandbox.run(&["answer", "double", "--all", "--format", "concise"]);
    insta::assert_snapshot!("answer-concise", concise.shown());
    let (code, document) = sandbox.json(&["answer", "double", "--all"]);
    assert_eq!(code, 1);
    let schema = mastery::curriculum::schema::Schema::by_name("answer").unwrap();
    assert!(schema.accepts(&document), "{document:#}");
    insta::assert_json_snapshot!("answer-json", document["answers"][1]);
}

#[test]
fn questions_of_a_module_are_listed() {
    let run = sandbox().run(&["answer", "double"]).success();
    insta::assert_snapshot!("answer-list", run.stdout);
}

#[test]
fn questions_of_a_group_belong_to_its_modules() {
    let sandbox = sandbox();
    sandbox.replace(
        "curricula/base/curriculum.yaml",
        "kind: linear",
        "kind: library",
    );
    sandbox.replace(
        "curricula/base/curriculum.yaml",
        "modules: [double, mean]",
        "modules: [{id: all, title: All, theory: theory/all.yaml, modules: [double, mean]}]",
    );
    let questions = sandbox.read("curricula/base/modules/double/questions.yaml");
    sandbox.write(
        "curricula/base/theory/all.yaml",
        questions.replace("why_sum", "why_at_all"),
    );
    let _ = sandbox
        .run(&["answer", "mean", "why_at_all", "--all"])
        .success();
}

#[test]
fn mistakes_are_told_with_a_way_out() {
    let sandbox = sandbox();
    let mut shown = String::new();
    for (arguments, answer) in [
        (&["answer", "duoble", "why_sum"][..], &b""[..]),
        (&["answer", "other/double", "why_sum"], b""),
        (&["answer", "double", "why"], b""),
        (&["answer", "double", "other"], b""),
        (&["answer", "mean"], b""),
        (&["answer", "double", "--edit"], b""),
        (&["answer", "double", "why_sum", "--all", "--edit"], b""),
        (&["answer", "double", "why_sum", "--answer", "none"], b""),
        (
            &["answer", "double", "why_sum", "--answer", "curricula"],
            b"",
        ),
        (&["answer", "double", "why_sum"], b" \n"),
        (&["answer", "double", "why_sum"], b"\xff"),
    ] {
        let run = piped(&sandbox, arguments, answer);
        shown.push_str(&format!(
            "$ mastery {}\n{}\n",
            arguments.join(" "),
            run.shown()
        ));
    }
    let questions = "curricula/base/modules/double/questions.yaml";
    sandbox.replace(questions, "[faster]", "['(', '[']");
    let run = piped(&sandbox, &["answer", "double", "why_sum"], b"x");
    shown.push_str(&run.shown());
    sandbox.write(questions, "questions: {");
    shown.push_str(&sandbox.run(&["answer", "double"]).shown());
    insta::assert_snapshot!("answer-mistakes", shown);
    let long = vec![b'x'; 1024 * 1024 + 1];
    let sandbox = Sandbox::with_base();
    let run = piped(&sandbox, &["answer", "double", "why_sum"], &long);
    assert_eq!((run.code, run.stderr.contains("larger than")), (2, true));
}

#[test]
fn words_as_long_as_the_answer_are_cut_off() {
    let sandbox = sandbox();
    let questions = "curricula/base/modules/double/questions.yaml";
    sandbox.replace(questions, "[the same, equal]", "['same.*same']");
    let long = "x".repeat(100_000);
    let answer = format!("{long}same {long} same{long}");
    let run = piped(
        &sandbox,
        &["answer", "double", "why_sum"],
        answer.as_bytes(),
    );
    let run = run.success();
    assert!(run.stdout.len() < 2000, "{}", run.stdout.len());
    assert!(run.stdout.contains("xx ... xx"), "{}", run.stdout);
}

#[test]
fn list_of_questions_is_not_mistaken_for_json() {
    let run = sandbox().run(&["answer", "double", "--format", "json"]);
    assert_eq!((run.code, &*run.stdout), (2, ""));
    assert!(run.stderr.contains("--all"), "{}", run.stderr);
}
