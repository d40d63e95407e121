//! Pull requests as they come: ten branches, each through the whole workflow. What has to be said of each, where, and in
//! which words of the summary.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::repository::Courses;
use crate::runner::{Conclusion, Event, Level, Runner, WorkflowRun};
use crate::support::Sandbox;

const PROMPT: &str = "curricula/base/modules/mean/prompt.md";
const QUESTIONS: &str = "curricula/base/modules/double/questions.yaml";
const PATCH: &str = "curricula/base/modules/double/bugs/off_by_one.patch";
const BUG: &str = "curricula/base/modules/double/bugs/off_by_one.yaml";
/// Where [`BUG`] says what has to fail.
const FAIL: &str = "  fail: [tests/test_double.py::test_small_numbers]";

/// A branch, and what the gate has to make of it.
struct Branch {
    name: &'static str,
    change: fn(&Courses),
    conclusion: Conclusion,
    /// Errors that are shown: the file, what stands on the line, and a part of the message.
    errors: &'static [(&'static str, &'static str, &'static str)],
    /// Rules of the results in the SARIF file, sorted.
    rules: &'static [&'static str],
    /// Cases that are run; all shards together.
    cases: &'static [&'static str],
    /// Parts of the summary.
    summary: &'static [&'static str],
}

/// All cases of the base curriculum.
const ALL_CASES: &[&str] = &[
    "double/bug/off_by_one/patch",
    "double/bug/off_by_one/rewrite",
    "double/bug/off_by_one/rewrite@sum",
    "double/complete",
    "double/reference",
    "double/starter",
    "double/variant/sum",
    "mean/complete",
    "mean/reference",
    "mean/starter",
];

/// Those that differ with the solution of `mean`, and `double/reference`, which `double/complete` is judged by.
const CASES_OF_MEAN: &[&str] = &[
    "double/complete",
    "double/reference",
    "mean/complete",
    "mean/reference",
];

/// Those that differ with the bug of `double`, and what they are judged by.
const CASES_OF_THE_BUG: &[&str] = &[
    "double/bug/off_by_one/patch",
    "double/bug/off_by_one/rewrite",
    "double/bug/off_by_one/rewrite@sum",
    "double/reference",
    "double/starter",
    "double/variant/sum",
];

const BRANCHES: &[Branch] = &[
    Branch {
        name: "good-change",
        change: |courses| {
            let numbers = "curricula/base/project/basics/numbers.py";
            courses.replace(numbers, "return sum(values) /", "return sum(values, 0) /");
        },
        conclusion: Conclusion::Success,
        errors: &[],
        rules: &[],
        cases: CASES_OF_MEAN,
        summary: &["Can be merged", "4 of 10 cases were looked at"],
    },
    Branch {
        name: "broken-patch",
        change: |courses| {
            courses.replace(PATCH, "-    return x * 2\n", "-    return 2 * x\n");
        },
        conclusion: Conclusion::Failure,
        errors: &[(PATCH, "@@ -2,4 +2,4 @@", "does not fit")],
        rules: &["patch-does-not-apply"],
        cases: &[
            "double/bug/off_by_one/patch",
            "double/reference",
            "double/starter",
        ],
        summary: &["Not to be merged yet"],
    },
    Branch {
        name: "silent-bug",
        change: |courses| {
            courses.replace(PATCH, "+    return x * 2 + 1\n", "+    return 2 * x\n");
            courses.replace(BUG, "fix: return $RESULT + 1", "fix: return 2 * x");
        },
        conclusion: Conclusion::Failure,
        errors: &[(BUG, FAIL, "every test still passes")],
        rules: &[
            "verdict/silent-bug",
            "verdict/silent-bug",
            "verdict/silent-bug",
        ],
        cases: CASES_OF_THE_BUG,
        summary: &[
            "Not to be merged yet",
            "write a test that sees the difference",
        ],
    },
    Branch {
        name: "weakened-test",
        change: |courses| {
            let test = "curricula/base/project/tests/test_double.py";
            courses.replace(test, "double(x) == x + x", "double(x) is not None");
        },
        conclusion: Conclusion::Failure,
        errors: &[(BUG, FAIL, "test_small_numbers")],
        rules: &[
            "verdict/wrong-reason",
            "verdict/wrong-reason",
            "verdict/wrong-reason",
        ],
        // Tests are part of the project, which all modules have.
        cases: ALL_CASES,
        summary: &[
            "Not to be merged yet",
            "seen: `tests/test_double.py::test_small_numbers passes`",
        ],
    },
    Branch {
        name: "leaked-solution",
        change: |courses| {
            let numbers = "curricula/base/project/basics/numbers.py";
            let solution = "total = sum(values)\n    count = len(values)\n    return total / count";
            courses.replace(numbers, "return sum(values) / len(values)", solution);
            let hint = solution.replace("\n    ", "\n");
            let text = format!("list of numbers.\n\n```python\n{hint}\n```");
            courses.replace(PROMPT, "list of numbers.", &text);
        },
        conclusion: Conclusion::Failure,
        errors: &[(PROMPT, "total = sum(values)", "solution")],
        rules: &["solution-leak"],
        cases: CASES_OF_MEAN,
        summary: &["Not to be merged yet"],
    },
    Branch {
        name: "shallow-question",
        change: |courses| {
            courses.replace(QUESTIONS, "any_of: [just works]", "any_of: [by magic]");
        },
        conclusion: Conclusion::Failure,
        errors: &[(
            QUESTIONS,
            "        example: It just works.",
            "nothing catches it",
        )],
        rules: &["example-not-caught"],
        cases: &[],
        summary: &["Not to be merged yet"],
    },
    Branch {
        name: "hostile-validator",
        change: |courses| {
            let test = courses
                .path
                .join("curricula/base/project/tests/test_mean.py");
            fs::write(test, HOSTILE_TEST).unwrap();
        },
        conclusion: Conclusion::Failure,
        errors: &[(
            "curricula/base/modules/mean/module.yaml",
            "    pytest: [tests/test_mean.py]",
            "the reference solution does not pass",
        )],
        rules: &["verdict/complete-fails", "verdict/reference-fails"],
        cases: ALL_CASES,
        summary: &["Not to be merged yet"],
    },
    Branch {
        name: "renamed-module",
        change: |courses| {
            let modules = courses.path.join("curricula/base/modules");
            fs::rename(modules.join("mean"), modules.join("average")).unwrap();
            let module = "curricula/base/modules/average/module.yaml";
            courses.replace(module, "id: mean", "id: average");
            let manifest = "curricula/base/curriculum.yaml";
            courses.replace(manifest, "[double, mean]", "[double, average]");
            courses.replace(manifest, "# `mean` has", "# `average` has");
            let numbers = "curricula/base/project/basics/numbers.py";
            courses.replace(numbers, "mastery:begin mean", "mastery:begin average");
            courses.replace(numbers, "mastery:end mean", "mastery:end average");
        },
        conclusion: Conclusion::Success,
        errors: &[],
        rules: &[],
        cases: &["average/complete", "average/reference", "average/starter"],
        summary: &["Can be merged"],
    },
    Branch {
        name: "changed-requirements",
        change: |courses| {
            let requirements = "curricula/base/requirements.in";
            courses.replace(requirements, "pytest>=9,<10\n", "pytest>=9,<10\nsix\n");
            let curriculum = courses.path.join("curricula/base");
            let lock = Sandbox::new().run(&["lock", curriculum.to_str().unwrap()]);
            let _ = lock.success();
        },
        conclusion: Conclusion::Success,
        errors: &[],
        rules: &[],
        cases: ALL_CASES,
        summary: &["Can be merged", "all 10 cases"],
    },
    Branch {
        name: "documents-only",
        change: |courses| courses.replace("README.md", "# Courses", "# Our courses"),
        conclusion: Conclusion::Success,
        errors: &[],
        rules: &[],
        cases: &[],
        summary: &[],
    },
];

/// What a stranger may hand in: it looks for secrets, leaves processes and files behind, and prints what it
/// hopes that somebody obeys.
const HOSTILE_TEST: &str = r#"
import os
import pathlib
import subprocess

from basics.numbers import mean


def test_mean_of_two():
    print("::error file=README.md,line=1::owned", flush=True)
    print("::add-path::/tmp\n##[error]owned\n::stop-commands::owned", flush=True)
    print("</details><script>alert('owned')</script> @everyone ![x](https://example.org/x.png)")
    subprocess.Popen(["sleep", "1000"], start_new_session=True)
    places = [pathlib.Path.home(), *pathlib.Path.cwd().parents]
    places += [pathlib.Path(value).parent for name, value in os.environ.items() if name.startswith("GITHUB_")]
    for place in places:
        try:
            (place / "owned").write_text("owned")
        except OSError:
            pass
    secrets = [value for value in os.environ.values() if "token" in value]
    assert mean([1, 3]) == 3, f"```\n# owned {secrets}\n::error::owned\n<img src=x onerror=alert(1)>"
"#;

/// A line of a file, from 1, by what stands on it.
fn line_of(repository: &Path, file: &str, text: &str) -> u32 {
    let content = fs::read_to_string(repository.join(file)).unwrap();
    let found = content.lines().position(|line| line == text);
    let found = found.unwrap_or_else(|| panic!("no line `{text}` in {file}:\n{content}"));
    u32::try_from(found + 1).unwrap()
}

/// What the merged report says: the document of an artifact of the gate.
fn document(run: &WorkflowRun, file: &str) -> Value {
    serde_json::from_str(&run.artifact_file("mastery-gate", file)).unwrap()
}

fn sorted_texts<'a>(values: impl Iterator<Item = &'a Value>) -> Vec<String> {
    let mut texts: Vec<_> = values.map(|it| it.as_str().unwrap().to_owned()).collect();
    texts.sort();
    texts
}

/// What of Markdown is not in blocks of code.
fn outside_of_fences(markdown: &str) -> String {
    let mut fence: Option<&str> = None;
    let outside = markdown.lines().filter(|line| match fence {
        Some(open) => {
            if line == &open {
                fence = None;
            }
            false
        }
        None => {
            let ticks = line.len() - line.trim_start_matches('`').len();
            fence = Some(&line[..ticks]).filter(|_| ticks >= 3);
            fence.is_none()
        }
    });
    outside.collect::<Vec<_>>().join("\n")
}

/// What is wrong with how the gate ended, if anything is.
fn problems(branch: &Branch, repository: &Path, run: &WorkflowRun) -> Vec<String> {
    let mut problems = Vec::new();
    let mut expect = |is_so: bool, what: String| {
        if !is_so {
            problems.push(format!("{}: {what}", branch.name));
        }
    };
    let gate = run.job("gate");
    expect(
        (run.conclusion(), gate.conclusion) == (branch.conclusion, branch.conclusion),
        format!("it ended with {:?}\n{}", run.conclusion(), run.log()),
    );
    let all = run.annotations();
    let errors: Vec<_> = all.iter().filter(|it| it.level == Level::Error).collect();
    for (file, text, message) in branch.errors {
        let line = line_of(repository, file, text);
        let is_there = errors.iter().any(|it| {
            it.file.as_deref() == Some(*file)
                && it.line == Some(line)
                && it.message.contains(message)
        });
        expect(
            is_there,
            format!("no error at {file}:{line} with `{message}`: {errors:#?}"),
        );
    }
    expect(
        branch.conclusion != Conclusion::Success || errors.is_empty(),
        format!("there are errors: {errors:#?}"),
    );
    let stray = errors.iter().find(|it| {
        let file = it.file.as_deref().unwrap_or("curricula");
        !file.starts_with("curricula")
    });
    expect(
        stray.is_none(),
        format!("an error is where nothing is wrong: {stray:#?}"),
    );
    if branch.name == "documents-only" {
        expect(
            run.job("verify").conclusion == Conclusion::Skipped,
            "cases were run".to_owned(),
        );
        expect(run.artifacts.is_empty(), "there are reports".to_owned());
        return problems;
    }
    let sarif = document(run, "report.sarif");
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let rules = sorted_texts(results.iter().map(|it| &it["ruleId"]));
    expect(rules == branch.rules, format!("SARIF tells {rules:?}"));
    let report = document(run, "report.json");
    let cases = report["cases"].as_array().unwrap().iter();
    let cases = sorted_texts(cases.map(|it| &it["id"]));
    let wanted: Vec<_> = branch.cases.iter().map(|id| format!("base/{id}")).collect();
    expect(cases == wanted, format!("these cases were run: {cases:#?}"));
    let marks = ["<script", "<img", "\n# owned", "@everyone"];
    let spoken = outside_of_fences(&gate.summary);
    let obeyed = marks.iter().find(|mark| spoken.contains(**mark));
    expect(
        obeyed.is_none(),
        format!("the summary obeys a stranger: {obeyed:?}"),
    );
    expect(
        !run.log().contains("the-token"),
        "the token is in a log".to_owned(),
    );
    for text in branch.summary {
        expect(
            gate.summary.contains(text),
            format!("no `{text}` in the summary:\n{}", gate.summary),
        );
    }
    problems
}

#[test]
fn each_branch_gets_the_verdict_that_it_deserves() {
    let courses = Courses::new();
    let runner = Runner::new(&courses.path);
    let run = runner.run("curriculum.yml", &Event::push(&courses.path));
    assert_eq!(run.conclusion(), Conclusion::Success, "{}", run.log());
    let mut problems = Vec::new();
    for (number, branch) in (1..).zip(BRANCHES) {
        courses.branch(branch.name);
        (branch.change)(&courses);
        courses.commit(branch.name);
        let event = Event::pull_request(&courses.path, number, branch.name).from_fork();
        let run = runner.run("curriculum.yml", &event);
        problems.extend(self::problems(branch, &courses.path, &run));
        if let Some(folder) = std::env::var_os("MASTERY_SCENARIO_DIR") {
            let folder = Path::new(&folder).join(branch.name);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("log"), run.log()).unwrap();
            fs::write(folder.join("summary.md"), &run.job("gate").summary).unwrap();
            if run.artifacts.contains_key("mastery-gate") {
                fs::write(
                    folder.join("report.html"),
                    run.artifact_file("mastery-gate", "report.html"),
                )
                .unwrap();
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
}
