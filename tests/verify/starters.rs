//! Starters that lack whole files: that is no defect, wherever the files would be.

use std::fs;

use crate::support::Sandbox;

/// Runs the starter of a module of which the learner writes `file` from nothing.
fn verify_starter_without(file: &str, others: &[(&str, &str)], import: &str) {
    let sandbox = Sandbox::with_base();
    let base = sandbox.path().join("curricula/base");
    for folder in [
        "modules/mean",
        "modules/double/bugs",
        "modules/double/variants",
        "project",
    ] {
        fs::remove_dir_all(base.join(folder)).unwrap();
    }
    let manifest = "curricula/base/curriculum.yaml";
    sandbox.replace(manifest, "modules: [double, mean]", "modules: [double]");
    sandbox.replace(
        "curricula/base/modules/double/module.yaml",
        "edit: [basics/numbers.py]",
        &format!("edit: [{file}]"),
    );
    let solution =
        "# mastery:begin double\ndef double(x):\n    return x * 2\n# mastery:end double\n";
    let test = format!("{import}\n\n\ndef test_double():\n    assert double(2) == 4\n");
    let files = [(file, solution), ("tests/test_double.py", test.as_str())];
    for (path, text) in files.iter().chain(others) {
        sandbox.write(&format!("curricula/base/project/{path}"), text);
    }
    let (code, report) =
        sandbox.json(&["verify", "--case", "base/double/*", "--sandbox", "require"]);
    assert_eq!(code, 0, "{file}: {report:#}");
    let cases = report["cases"].as_array().unwrap();
    let starter = cases
        .iter()
        .find(|case| case["id"] == "base/double/starter");
    let starter = starter.expect("it was run");
    assert_eq!(
        starter["outcome"], "broken",
        "{file}: the starter lacks the file: {starter:#}"
    );
}

#[test]
fn missing_modules_are_known_below_the_folders_that_python_looks_in() {
    let src = ("pytest.ini", "[pytest]\npythonpath = src\n");
    verify_starter_without(
        "src/basics/numbers.py",
        &[src, ("src/basics/__init__.py", "")],
        "from basics.numbers import double",
    );
    verify_starter_without("src/numbers_.py", &[src], "from numbers_ import double");
}

#[test]
fn missing_packages_are_those_of_the_files_they_would_hold() {
    let src = ("pytest.ini", "[pytest]\npythonpath = src\n");
    verify_starter_without(
        "basics/numbers.py",
        &[],
        "from basics.numbers import double",
    );
    verify_starter_without(
        "basics/numbers.py",
        &[],
        "import basics.numbers as it\ndouble = it.double",
    );
    verify_starter_without(
        "src/basics/inner/numbers.py",
        &[src],
        "from basics.inner import (\n    numbers,\n)\n\ndouble = numbers.double",
    );
}
