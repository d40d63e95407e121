//! What `docs/ci.md` has people copy, taken from the page and run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::github::{GitHub, State};
use crate::release::Release;
use crate::repository::Courses;
use crate::runner::{Conclusion, Event, REPOSITORY, Runner, commit, git, read_yaml};
use crate::support::clear;

fn page() -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ci.md");
    fs::read_to_string(page).unwrap()
}

/// The blocks of a language, in order.
fn blocks(language: &str) -> Vec<String> {
    let page = page();
    let fence = format!("```{language}\n");
    let blocks = page.split(&fence).skip(1);
    blocks
        .map(|rest| rest.split_once("```").unwrap().0.to_owned())
        .collect()
}

/// The file that the page gives under a name.
fn file(name: &str) -> String {
    let head = format!("# {name}\n");
    let found = blocks("yaml")
        .into_iter()
        .find(|block| block.starts_with(&head));
    found.unwrap_or_else(|| panic!("the page has no {name}"))
}

/// A repository in which the workflows are those of the page, with the action that lies beside them.
fn courses() -> Courses {
    let courses = Courses::new();
    for name in ["curriculum.yml", "curriculum-report.yml"] {
        let path = format!(".github/workflows/{name}");
        let text = file(&path)
            .replace("<OWNER>/mastery/", "./")
            .replace("@<SHA> # v0.1.0", "")
            .replace("version: 0.1.0", "version: source");
        assert!(!text.contains("<SHA>") && text.contains("./.github/actions"));
        fs::write(courses.path.join(path), text).unwrap();
    }
    courses.commit("the workflows of the page");
    courses
}

#[test]
fn the_workflows_for_github_let_what_is_right_pass_and_nothing_else() {
    let courses = courses();
    let runner = Runner::new(&courses.path);
    let run = runner.run("curriculum.yml", &Event::push(&courses.path));
    assert_eq!(run.conclusion(), Conclusion::Success, "{}", run.log());

    courses.branch("docs");
    courses.replace("README.md", "# Courses", "# Our courses");
    courses.commit("readme");
    let run = runner.run(
        "curriculum.yml",
        &Event::pull_request(&courses.path, 6, "docs"),
    );
    assert_eq!(run.conclusion(), Conclusion::Success, "{}", run.log());
    assert_eq!(run.job("verify").conclusion, Conclusion::Skipped);

    courses.break_a_module();
    let event = Event::pull_request(&courses.path, 7, "reworded");
    let run = runner.run("curriculum.yml", &event);
    assert_eq!(
        run.job("gate").conclusion,
        Conclusion::Failure,
        "{}",
        run.log()
    );
    let cancelled = Runner::new(&courses.path)
        .cancelling("verify")
        .run("curriculum.yml", &event);
    assert_eq!(
        cancelled.job("gate").conclusion,
        Conclusion::Failure,
        "{}",
        cancelled.log()
    );

    let sha = commit(&courses.path, "reworded");
    let zipped = courses.path.join("../artifact.zip");
    let report = run.artifacts["mastery-gate"].join("report.json");
    let script =
        "import sys, zipfile; zipfile.ZipFile(sys.argv[1], 'w').write(sys.argv[2], 'report.json')";
    let status = Command::new("python3")
        .args(["-c", script])
        .arg(&zipped)
        .arg(report)
        .status();
    assert!(status.unwrap().success());
    let github = GitHub::new(State {
        pulls: vec![serde_json::json!({
            "number": 7, "base": {"repo": {"full_name": REPOSITORY}},
            "head": {"ref": "reworded", "sha": sha, "repo": {"full_name": REPOSITORY}},
        })],
        artifact: Some(fs::read(zipped).unwrap()),
        ..State::default()
    });
    let runner = runner.with_api(&github.url());
    let told = runner.run(
        "curriculum-report.yml",
        &Event::workflow_run(&courses.path, &run),
    );
    assert_eq!(told.conclusion(), Conclusion::Success, "{}", told.log());
    github.with(|state| assert_eq!(state.comments.len(), 1));
    assert_eq!(told.job("report").sarif.len(), 1);
}

/// A release of the built program, for the lines that install one.
fn release() -> Release {
    let program = env!("CARGO_BIN_EXE_mastery");
    Release::new(&format!("exec {program} \"$@\""))
}

/// The lines of the page with the addresses of that release.
fn addressed(script: &str, release: &Release) -> String {
    let url = format!("file://{}", release.path().display());
    script
        .replace(
            "https://github.com/<OWNER>/mastery/releases/download/v0.1.0",
            &url,
        )
        .replace("mastery-0.1.0-", "mastery-7.8.9-")
}

/// Runs a script as a CI does, and returns its exit code with what it printed.
fn bash(folder: &Path, script: &str, variables: &[(&str, String)]) -> (i32, String) {
    let mut command = Command::new("bash");
    clear(&mut command);
    let output = command
        .args(["-eo", "pipefail", "-c", script])
        .current_dir(folder)
        .env_remove("MASTERY_CACHE_DIR")
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .output()
        .unwrap();
    let printed = [output.stdout, output.stderr].concat();
    (
        output.status.code().unwrap(),
        String::from_utf8(printed).unwrap(),
    )
}

#[test]
fn the_pipeline_for_gitlab_merges_the_reports_of_its_shards() {
    let (courses, release) = (Courses::new(), release());
    let pipeline = read_yaml(".gitlab-ci.yml", &file(".gitlab-ci.yml"));
    let lines = |value: &Value| {
        let lines = value
            .as_array()
            .unwrap()
            .iter()
            .map(|line| line.as_str().unwrap());
        lines.collect::<Vec<_>>().join("\n")
    };
    let before = addressed(&lines(&pipeline["default"]["before_script"]), &release);
    let base = commit(&courses.path, "main");
    courses.break_a_module();
    let job = |name: &str, folder: &Path, index: u64| {
        let spec = &pipeline[name];
        let variables = [
            ("CI_NODE_INDEX", index.to_string()),
            ("CI_NODE_TOTAL", "4".to_owned()),
            ("CI_MERGE_REQUEST_DIFF_BASE_SHA", base.clone()),
        ];
        let (code, log) = bash(
            folder,
            &format!("{before}\n{}", lines(&spec["script"])),
            &variables,
        );
        let allowed = &spec["allow_failure"]["exit_codes"];
        assert!(
            code == 0 || *allowed == code || name == "gate",
            "{name}: {code}\n{log}"
        );
        (code, log)
    };
    let folder = courses.path.clone();
    assert_eq!(job("lint", &folder, 1).0, 0);
    let total = pipeline["verify"]["parallel"].as_u64().unwrap();
    let codes: Vec<_> = (1..=total)
        .map(|index| job("verify", &folder, index).0)
        .collect();
    assert!(codes.contains(&1), "{codes:?}");
    let (code, log) = job("gate", &folder, 1);
    assert_eq!(code, 1, "{log}");
    for (name, file) in pipeline["gate"]["artifacts"]["reports"]
        .as_object()
        .unwrap()
    {
        let text = fs::read_to_string(folder.join(file.as_str().unwrap())).unwrap();
        assert!(!text.is_empty(), "{name}");
    }
    // A shard that is lost is not green.
    fs::remove_file(folder.join("report-2.json")).unwrap();
    let (code, log) = job("gate", &folder, 1);
    assert_eq!(code, 2, "{log}");
}

#[test]
fn the_lines_for_a_shell_are_red_and_green_where_they_should_be() {
    let (courses, release) = (Courses::new(), release());
    let scripts: Vec<_> = blocks("sh").into_iter().collect();
    let [install, one, several, ..] = &*scripts else {
        panic!("{scripts:#?}")
    };
    let install = addressed(install, &release);
    let run = |script: &str| bash(&courses.path, &format!("{install}\n{script}"), &[]);
    for (script, file) in [(one, "junit.xml"), (several, "report.html")] {
        let (code, log) = run(script);
        assert_eq!(code, 0, "{log}");
        assert!(courses.path.join(file).exists(), "{log}");
    }
    courses.break_a_module();
    for script in [one, several] {
        let (code, log) = run(script);
        assert_eq!(code, 1, "{log}");
    }
    // A program with another checksum is not run.
    release.write_checksum(&"1".repeat(64));
    let (code, log) = run(one);
    assert_ne!(code, 0);
    assert!(!log.contains("verify:"), "{log}");
}

#[test]
fn the_hook_before_a_commit_is_there_and_lints_what_it_is_given() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let hooks = fs::read_to_string(root.join(".pre-commit-hooks.yaml")).unwrap();
    let hooks = read_yaml(".pre-commit-hooks.yaml", &hooks);
    let config = read_yaml("config", &file(".pre-commit-config.yaml"));
    let wanted = &config["repos"][0]["hooks"][0]["id"];
    let hook = hooks
        .as_array()
        .unwrap()
        .iter()
        .find(|hook| hook["id"] == *wanted)
        .unwrap();
    let entry = hook["entry"]
        .as_str()
        .unwrap()
        .strip_prefix("mastery ")
        .unwrap();
    let files = regex::Regex::new(hook["files"].as_str().unwrap()).unwrap();
    let courses = Courses::new();
    courses.break_a_module();
    courses.replace(
        "curricula/base/modules/mean/prompt.md",
        "It returns",
        "See [there](there.md). It returns",
    );
    let changed = git(&courses.path, &["ls-files"]);
    let changed: Vec<_> = changed
        .lines()
        .filter(|path| files.is_match(path))
        .collect();
    assert!(!changed.is_empty() && changed.iter().all(|path| path.starts_with("curricula/")));
    let lint = |paths: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mastery"));
        clear(&mut command);
        let command = command
            .args(entry.split(' '))
            .args(paths)
            .current_dir(&courses.path);
        command.output().unwrap().status.code()
    };
    assert_eq!(lint(&changed), Some(1));
    let others: Vec<_> = changed
        .iter()
        .copied()
        .filter(|it| it.contains("modules/double/"))
        .collect();
    assert_eq!(lint(&others), Some(0));
}

/// The tables of the page are what the action says of itself.
#[test]
fn the_inputs_and_outputs_of_the_action_are_documented() {
    let path: PathBuf =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(".github/actions/mastery/action.yml");
    let action = read_yaml("action.yml", &fs::read_to_string(path).unwrap());
    let page = page();
    for kind in ["inputs", "outputs"] {
        for (name, about) in action[kind].as_object().unwrap() {
            let default = match about["default"].as_str() {
                None | Some("") => String::new(),
                Some(default) => format!(" Default: `{default}`."),
            };
            let row = format!(
                "| `{name}` | {}{default} |",
                about["description"].as_str().unwrap()
            );
            assert!(page.contains(&row), "docs/ci.md needs the line\n{row}");
        }
    }
}
