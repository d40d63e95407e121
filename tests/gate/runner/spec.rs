//! Workflow and action files as data. A key that is not known fails the test.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use mastery::source::{SourceFile, yaml};
use serde_json::{Map, Value, json};

use super::event::Event;
use super::expression::Scope;

/// Reads a YAML file.
pub(crate) fn read_yaml(name: &str, text: &str) -> Value {
    let file = Arc::new(SourceFile::new(name, text));
    let (document, problems) = yaml::parse(&file);
    assert!(problems.is_empty(), "{name}: {problems:?}");
    document.unwrap().value
}

/// Reads the `action.yml` of a folder.
pub(super) fn action_of(folder: &Path) -> Value {
    let path = folder.join("action.yml");
    let text = fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; was it checked out?", path.display()));
    let action = read_yaml("action.yml", &text);
    known(
        "the action",
        &action,
        &[
            "name",
            "description",
            "author",
            "branding",
            "inputs",
            "outputs",
            "runs",
        ],
    );
    known("`runs`", &action["runs"], &["using", "steps"]);
    assert_eq!(action["runs"]["using"], "composite");
    for (name, input) in action["inputs"].as_object().unwrap() {
        known(name, input, &["description", "default", "required"]);
        assert!(input["description"].is_string(), "{name}");
    }
    action
}

/// Fails on keys that the runner of the tests does not know.
pub(super) fn known(what: &str, value: &Value, keys: &[&str]) {
    for key in value.as_object().into_iter().flat_map(Map::keys) {
        assert!(
            keys.contains(&key.as_str()),
            "{what} has `{key}`, which the runner of the tests does not know"
        );
    }
}

/// Looks at all keys of a workflow, also those of jobs that will be skipped.
pub(super) fn check_workflow(name: &str, document: &Value) {
    known(
        name,
        document,
        &[
            "name",
            "run-name",
            "on",
            "permissions",
            "concurrency",
            "env",
            "jobs",
            "defaults",
        ],
    );
    for (id, job) in document["jobs"].as_object().unwrap() {
        known(
            id,
            job,
            &[
                "name",
                "if",
                "needs",
                "runs-on",
                "permissions",
                "outputs",
                "env",
                "strategy",
                "steps",
                "timeout-minutes",
                "concurrency",
            ],
        );
        known(
            id,
            &job["strategy"],
            &["matrix", "fail-fast", "max-parallel"],
        );
        for step in job["steps"].as_array().unwrap() {
            check_step(id, step);
        }
    }
}

/// Looks at the keys of a step.
pub(super) fn check_step(of: &str, step: &Value) {
    known(
        of,
        step,
        &[
            "id",
            "name",
            "if",
            "env",
            "run",
            "shell",
            "uses",
            "with",
            "working-directory",
            "continue-on-error",
            "timeout-minutes",
        ],
    );
    assert!(
        step["run"].is_string() != step["uses"].is_string(),
        "{of}: {step}"
    );
}

/// The jobs that a job waits for.
pub(super) fn needs(spec: &Value) -> Vec<String> {
    match &spec["needs"] {
        Value::Null => Vec::new(),
        Value::String(id) => vec![id.clone()],
        Value::Array(ids) => ids
            .iter()
            .map(|id| id.as_str().unwrap().to_owned())
            .collect(),
        other => panic!("needs: {other}"),
    }
}

/// The parts of a matrix; one that is `null` where there is no matrix.
pub(super) fn matrix(scope: &Scope<'_>, matrix: &Value) -> Vec<Value> {
    if matrix.is_null() {
        return vec![Value::Null];
    }
    let matrix = scope.scalar(matrix);
    let mut parts = vec![Map::new()];
    for (name, values) in matrix.as_object().expect("a matrix is a mapping") {
        assert_ne!(name, "exclude");
        if name == "include" {
            continue;
        }
        parts = values
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|value| {
                parts.iter().map(|part| {
                    let mut part = part.clone();
                    part.insert(name.clone(), value.clone());
                    part
                })
            })
            .collect();
    }
    if let Some(include) = matrix["include"].as_array() {
        assert_eq!(
            matrix.as_object().unwrap().len(),
            1,
            "`include` beside others"
        );
        parts = include
            .iter()
            .map(|part| part.as_object().unwrap().clone())
            .collect();
    }
    assert!(
        !parts.is_empty(),
        "a matrix of nothing fails the run on GitHub"
    );
    parts.into_iter().map(Value::Object).collect()
}

/// What a job may do. What is not named it may not.
pub(super) fn permissions(
    job: &Value,
    document: &Value,
    may_write: bool,
) -> BTreeMap<String, String> {
    let permissions = if job["permissions"].is_null() {
        &document["permissions"]
    } else {
        &job["permissions"]
    };
    let permissions = permissions.as_object().expect("permissions are stated");
    permissions
        .iter()
        .map(|(name, level)| {
            let level = level.as_str().unwrap();
            (
                name.clone(),
                if may_write { level } else { "read" }.to_owned(),
            )
        })
        .collect()
}

/// The inputs of a run by hand, with their defaults; without one each is there and empty.
pub(super) fn dispatch_inputs(document: &Value, event: &Event) -> Value {
    let declared = document["on"]["workflow_dispatch"]["inputs"].as_object();
    let inputs = declared.into_iter().flatten().map(|(name, input)| {
        let given = &event.payload["inputs"][name];
        let value = if event.name != "workflow_dispatch" {
            Value::Null
        } else if given.is_null() {
            input["default"].clone()
        } else {
            given.clone()
        };
        (name.clone(), value)
    });
    json!(inputs.collect::<Map<_, _>>())
}
