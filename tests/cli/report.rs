//! `mastery report`, `--output`, and the formats of reports.

use std::fs;
use std::process::Stdio;

use serde_json::Value;

use crate::official::assert_valid;
use crate::support::{Run, Sandbox, fixtures, steady};

const FORMATS: [&str; 9] = [
    "human", "concise", "json", "github", "sarif", "junit", "gitlab", "markdown", "html",
];

/// The base curriculum with a bug that no test sees, and a finding of lint that keeps nothing from running.
fn red() -> Sandbox {
    let sandbox = Sandbox::with_overlay(&fixtures().join("curricula/silent-bug"));
    sandbox.replace(
        "curricula/base/modules/mean/module.yaml",
        "requires: [double]",
        "requires: [double, none]",
    );
    sandbox
}

/// Runs the tool with a file for each format, and holds each against its schema.
fn all_formats(sandbox: &Sandbox, arguments: &[&str], folder: &str) -> Run {
    let outputs: Vec<_> = FORMATS
        .iter()
        .map(|format| format!("--output={format}={folder}/{format}"))
        .collect();
    let outputs: Vec<_> = outputs.iter().map(String::as_str).collect();
    let run = sandbox.run(&[arguments, &outputs].concat());
    for format in FORMATS {
        assert_valid(format, &sandbox.read(&format!("{folder}/{format}")));
    }
    run
}

fn document(sandbox: &Sandbox, file: &str) -> Value {
    let document: Value = serde_json::from_str(&sandbox.read(file)).unwrap();
    let schema = mastery::curriculum::schema::Schema::by_name("report").unwrap();
    assert!(schema.accepts(&document), "{document:#}");
    let mut document = steady(document);
    for case in document["cases"].as_array_mut().unwrap() {
        // Whether another case of the same run has had the same inputs, and what pytest says of the time.
        case["shared"].take();
        case["output"].take();
    }
    document
}

/// Code and standard error of `mastery report`.
fn refused(sandbox: &Sandbox, files: &[&str]) -> String {
    let run = sandbox.run(&[&["report"], files].concat());
    assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{}", run.shown());
    run.stderr
}

#[test]
fn shards_with_what_lint_found_are_the_whole_run_in_every_format() {
    let sandbox = red();
    let whole = all_formats(&sandbox, &["check"], "whole");
    assert_eq!(whole.code, 1, "{}", whole.shown());
    assert_eq!(sandbox.run(&["lint", "--output=json=lint.json"]).code, 1);
    for shard in ["1/2", "2/2", "2/3"] {
        let output = format!("--output=json=shards/{}.json", shard.replace('/', "-"));
        let run = sandbox.run(&["verify", "--shard", shard, &output]);
        assert!(run.code <= 1, "{}", run.shown());
    }
    let (one, two) = ("shards/1-2.json", "shards/2-2.json");
    let merged = all_formats(&sandbox, &["report", "lint.json", two, one], "merged");
    assert_eq!(merged.code, 1, "{}", merged.shown());
    assert_eq!(merged.stdout, whole.stdout);
    let (whole, merged) = (
        document(&sandbox, "whole/json"),
        document(&sandbox, "merged/json"),
    );
    for part in ["diagnostics", "cases", "shard"] {
        assert_eq!(merged[part], whole[part], "{part}");
    }
    for format in ["concise", "github", "sarif", "gitlab"] {
        let [whole, merged] = ["whole", "merged"].map(|it| sandbox.read(&format!("{it}/{format}")));
        assert_eq!(merged, whole, "{format}");
    }
    insta::assert_snapshot!("report-github", sandbox.read("merged/github"));
    insta::assert_snapshot!("report-gitlab", sandbox.read("merged/gitlab"));
    let times = regex::Regex::new(r#"time="[0-9.]+"|\d+\.\d+ s"#).unwrap();
    let junit = sandbox.read("merged/junit");
    insta::assert_snapshot!("report-junit", times.replace_all(&junit, "[TIME]"));

    insta::assert_snapshot!(
        "report-refused",
        [
            refused(&sandbox, &["lint.json", two]),
            refused(&sandbox, &[one, one]),
            refused(&sandbox, &[one, "shards/2-3.json"]),
            refused(&sandbox, &["whole/json", one, two]),
            refused(&sandbox, &["none.json"]),
            refused(&sandbox, &["shards"]),
            refused(&sandbox, &["whole/github"]),
        ]
        .concat()
    );
    let denied = sandbox.run(&["report", "lint.json", "--deny", "warnings"]);
    assert_eq!(denied.code, 1);
}

#[test]
fn green_run_is_valid_in_every_format() {
    let sandbox = Sandbox::with_base();
    for (arguments, folder) in [(&["check"][..], "whole"), (&["lint"], "lint")] {
        let run = all_formats(&sandbox, arguments, folder).success();
        let annotations = sandbox.read(&format!("{folder}/github"));
        assert_eq!(annotations, "", "{}", run.shown());
        assert_eq!(sandbox.read(&format!("{folder}/gitlab")), "[]\n");
    }
    let merged = sandbox.run(&["report", "lint/json", "whole/json", "--format", "json"]);
    let _ = merged.success();
}

/// A report with a text of a stranger in place of every text that may have one.
fn hostile() -> (Sandbox, String) {
    const TEXT: &str = "\\u001b[31m\\n::error::owned\\n##[add-mask]owned\\r\\n::stop-commands::x\\n\
        </failure></script><script>alert(1)</script>]]>`|[a](javascript:b)\\n# @all";
    let sandbox = red();
    let run = sandbox.run(&["check", "--output=json=report.json"]);
    assert_eq!(run.code, 1);
    let report = sandbox.read("report.json");
    let texts = regex::Regex::new(
        r#""(message|detail|expected|help|output|traceback|text|path|partition)": "[^"\\]*(\\.[^"\\]*)*""#,
    )
    .unwrap();
    let report = texts.replace_all(&report, format!("\"$1\": \"{TEXT}\"").as_str());
    sandbox.write("hostile.json", report.as_bytes());
    (sandbox, report.into_owned())
}

#[test]
fn hostile_report_is_data_in_every_format() {
    let (sandbox, report) = hostile();
    assert!(report.matches("::error::owned").count() > 10, "{report}");
    let outputs = ["sarif", "junit", "gitlab", "github"];
    for format in outputs {
        let run = sandbox.run(&["report", "hostile.json", "--format", format]);
        assert_eq!(run.code, 1, "{}", run.shown());
        assert!(!run.stdout.contains('\u{1b}'));
        match format {
            // Its paths are no paths.
            "gitlab" => {
                let _: Vec<Value> = serde_json::from_str(&run.stdout).unwrap();
            }
            "github" => assert_eq!(commands(&run.stdout), commands_of_ours(&run.stdout)),
            _ => assert_valid(format, &run.stdout),
        }
    }
}

/// The lines that the runner takes for commands.
fn commands(log: &str) -> Vec<&str> {
    let mut stopped: Option<&str> = None;
    let mut commands = Vec::new();
    for line in log.split(['\n', '\r']) {
        let line = line.trim_start();
        let is_command = line.starts_with("::") || line.contains("##[");
        match stopped {
            Some(token) if line == format!("::{token}::") => stopped = None,
            None if line.starts_with("::stop-commands::") => {
                stopped = line.strip_prefix("::stop-commands::");
            }
            None if is_command => commands.push(line),
            _ => {}
        }
    }
    commands
}

/// What we write at the end of a log.
fn commands_of_ours(log: &str) -> Vec<&str> {
    let token = log.lines().next().unwrap();
    let token = token.strip_prefix("::stop-commands::").unwrap();
    let end = format!("::{token}::\n");
    assert_eq!(log.matches(&end).count(), 1, "{log}");
    let (_, annotations) = log.split_once(&end).unwrap();
    let ours = |it: &&str| {
        ["::error ", "::warning ", "::notice "]
            .iter()
            .any(|command| it.starts_with(command))
    };
    assert!(annotations.lines().all(|line| ours(&line)), "{annotations}");
    annotations.lines().collect()
}

#[test]
fn runner_takes_no_commands_before_the_annotations() {
    let sandbox = red();
    let run = sandbox.run(&["lint", "--format", "github"]);
    assert_eq!(run.code, 1);
    let token = run.stdout.lines().next().unwrap().to_owned();
    assert!(token.len() > "::stop-commands::".len() + 32, "{token}");
    assert_eq!(commands(&run.stdout), commands_of_ours(&run.stdout));
    let again = sandbox.run(&["lint", "--format", "github"]);
    assert_ne!(again.stdout.lines().next().unwrap(), token);
    let shown = run.stdout.replace(&token[17..], "[TOKEN]");
    insta::assert_snapshot!("report-github-stdout", shown);
    // A run that ends by an error leaves it so: what is wrong may be told in a stranger's words.
    sandbox.write("report.json", "::error::owned");
    let failed = sandbox.run(&["report", "report.json", "--format", "github"]);
    assert_eq!((failed.code, failed.stdout.lines().count()), (2, 1));
}

#[test]
fn files_that_can_not_be_written_are_told_before_anything_is_run() {
    let sandbox = Sandbox::with_base();
    sandbox.write("file", "text");
    std::os::unix::fs::symlink("elsewhere", sandbox.path().join("link")).unwrap();
    let before = sandbox.listing();
    for (outputs, why) in [
        (&["json=file/report.json"][..], "File exists"),
        (&["json=curricula"], "it is a folder"),
        (&["json=link"], "it is a symbolic link"),
        (&["json=a", "sarif=a"], "two reports would go there"),
        (&["json="], "a format and a file"),
        (&["xml=a"], "`xml` is no format"),
    ] {
        let outputs: Vec<_> = outputs.iter().map(|it| format!("--output={it}")).collect();
        let outputs: Vec<_> = outputs.iter().map(String::as_str).collect();
        let run = sandbox.run(&[&["check"], &outputs[..]].concat());
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{}", run.shown());
        assert!(run.stderr.contains(why), "{}", run.shown());
        assert_eq!(sandbox.listing(), before);
    }
}

#[test]
fn one_file_that_can_not_be_written_keeps_no_other_from_it() {
    let sandbox = Sandbox::with_base();
    let long = format!("--output=json={}", "n".repeat(300));
    let run = sandbox.run(&["lint", &long, "--output=sarif=b/report.sarif"]);
    assert_eq!(run.code, 2);
    assert!(run.stdout.contains("no findings"), "{}", run.shown());
    assert!(run.stderr.contains("can't be written"), "{}", run.shown());
    assert_valid("sarif", &sandbox.read("b/report.sarif"));
}

#[test]
fn reader_that_has_gone_away_changes_nothing() {
    let sandbox = red();
    for format in ["human", "github", "sarif", "junit"] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let status = sandbox
            .command(&["lint", "--format", format, "--output=json=report.json"])
            .stdout(writer)
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&status.stderr);
        assert_eq!((status.status.code(), &*errors), (Some(1), ""), "{format}");
        document(&sandbox, "report.json");
        fs::remove_file(sandbox.path().join("report.json")).unwrap();
    }
}

#[test]
fn huge_reports_are_refused_unread() {
    let sandbox = Sandbox::new();
    let file = fs::File::create(sandbox.path().join("huge.json")).unwrap();
    file.set_len(1 << 40).unwrap();
    assert!(refused(&sandbox, &["huge.json"]).contains("larger than"));
    sandbox.write("deep.json", "[".repeat(1_000_000));
    assert!(refused(&sandbox, &["deep.json"]).contains("it is no report"));
}

#[test]
fn commands_without_a_report_have_no_formats_of_reports() {
    let sandbox = Sandbox::with_base();
    for command in [
        &["doctor"][..],
        &["plan"],
        &["cache", "stats"],
        &["new", "--list"],
    ] {
        let run = sandbox.run(&[command, &["--format", "sarif"]].concat());
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{}", run.shown());
        assert!(run.stderr.contains("no such format"), "{}", run.shown());
    }
}
