//! What `docs/editors.md` tells editors, held against what the tool prints.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::Sandbox;

/// The first block of a language in the page.
fn block(language: &str) -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/editors.md");
    let page = fs::read_to_string(page).unwrap();
    let (_, rest) = page.split_once(&format!("```{language}\n")).unwrap();
    rest.split_once("```").unwrap().0.to_owned()
}

/// A curriculum with findings that have a place and one that has none, and what is printed of them.
fn findings() -> (Sandbox, Vec<String>) {
    let sandbox = Sandbox::with_base();
    sandbox.replace(
        "curricula/base/modules/mean/module.yaml",
        "requires: [double]",
        "requires: [duoble]",
    );
    sandbox.write("curricula/base/modules/mean/bugs/lost.patch", "no patch\n");
    sandbox.replace(
        "curricula/base/curriculum.yaml",
        "severity: {module-without-bug: off, module-without-question: off}",
        "severity: {module-without-bug: off, unlisted-module: warning}",
    );
    let run = sandbox.run(&["lint", "--format", "concise"]);
    let lines: Vec<_> = run.stdout.lines().map(str::to_owned).collect();
    assert!(lines.len() >= 3, "{}", run.shown());
    (sandbox, lines)
}

#[test]
fn problem_matchers_take_every_finding_once() {
    let tasks: Value = serde_json::from_str(&block("json")).unwrap();
    let task = &tasks["tasks"][0];
    assert_eq!(task["command"], "mastery");
    let matchers = task["problemMatcher"].as_array().unwrap();
    let patterns: Vec<_> = matchers
        .iter()
        .map(|matcher| {
            let pattern = &matcher["pattern"];
            let regex = regex::Regex::new(pattern["regexp"].as_str().unwrap()).unwrap();
            (regex, pattern)
        })
        .collect();
    let (sandbox, lines) = findings();
    let mut taken = vec![0; patterns.len()];
    for line in &lines {
        for (index, (regex, pattern)) in patterns.iter().enumerate() {
            let Some(found) = regex.captures(line) else {
                continue;
            };
            taken[index] += 1;
            let part = |name: &str| {
                let group = pattern[name].as_u64()?;
                Some(found[usize::try_from(group).unwrap()].to_owned())
            };
            assert!(
                sandbox.path().join(part("file").unwrap()).exists(),
                "{line}"
            );
            let severity = part("severity").unwrap();
            assert!(["error", "warning"].contains(&&*severity), "{line}");
            let _ = sandbox.run(&["explain", &part("code").unwrap()]).success();
            assert!(!part("message").unwrap().is_empty());
            let is_file = pattern["kind"] == "file";
            for number in ["line", "column"] {
                let number = part(number).map(|it| it.parse::<u32>().unwrap());
                assert_eq!(number.is_none_or(|number| number == 0), is_file, "{line}");
            }
        }
    }
    assert_eq!(taken.iter().sum::<usize>(), lines.len(), "{lines:#?}");
    assert!(!taken.contains(&0), "{lines:#?}");
}

#[test]
fn vim_reads_every_finding() {
    // Where Vim is not there, the matchers above have shown the form of the lines.
    let Ok(version) = Command::new("vim").arg("--version").output() else {
        return;
    };
    if !String::from_utf8_lossy(&version.stdout).contains("+quickfix") {
        return;
    }
    let (sandbox, lines) = findings();
    sandbox.write("lines.txt", lines.join("\n") + "\n");
    let settings = block("vim").replace("setlocal", "set");
    sandbox.write(
        "script.vim",
        format!(
            "{settings}cgetfile lines.txt\ncall writefile(map(getqflist(), \
             {{_, it -> it.valid . ' ' . bufname(it.bufnr) . ':' . it.lnum . ' ' . it.type}}), 'seen.txt')\nqa!\n"
        ),
    );
    let status = Command::new("vim")
        .args(["-u", "NONE", "-N", "-es", "-S", "script.vim"])
        .current_dir(sandbox.path())
        .status()
        .unwrap();
    assert!(status.success());
    let seen = sandbox.read("seen.txt");
    assert_eq!(seen.lines().count(), lines.len());
    for (seen, line) in seen.lines().zip(&lines) {
        let path = line.split(':').next().unwrap();
        let kind = if line.contains(": error[") { "e" } else { "w" };
        assert!(seen.starts_with(&format!("1 {path}:")), "{seen} for {line}");
        assert!(seen.ends_with(kind), "{seen} for {line}");
    }
}
