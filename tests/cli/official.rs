//! What is written in the formats of others is what they take: held against their schemas.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

use crate::support::fixtures;

/// Holds a text against the schema of its format, if there is one.
pub(crate) fn assert_valid(format: &str, text: &str) {
    match format {
        "sarif" => sarif(text),
        "junit" => junit(text),
        "gitlab" => gitlab(text),
        _ => {}
    }
}

fn official(name: &str) -> PathBuf {
    fixtures().join("schemas/official").join(name)
}

/// The schema of OASIS, and what GitHub asks for besides.
fn sarif(text: &str) {
    let schema = fs::read_to_string(official("sarif-schema-2.1.0.json")).unwrap();
    // The pattern of languages has a bracket too many, which only JavaScript forgives.
    let schema = schema.replace("{2}]?$", "{2}\\\\]?$");
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let log: Value = serde_json::from_str(text).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<_> = validator
        .iter_errors(&log)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for rule in rules {
        for text in ["shortDescription", "fullDescription", "help"] {
            assert_ne!(rule[text]["text"].as_str().unwrap(), "", "{rule:#}");
        }
    }
    let mut fingerprints = BTreeSet::new();
    for result in run["results"].as_array().unwrap() {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        let place = &result["locations"][0]["physicalLocation"];
        let uri = place["artifactLocation"]["uri"].as_str().unwrap();
        assert!(!uri.starts_with('/') && !uri.contains(' '), "{uri}");
        assert!(place["region"]["startLine"].as_u64() > Some(0));
        let fingerprint = result["partialFingerprints"]["masteryFinding/v1"].as_str();
        assert!(fingerprints.insert(fingerprint.unwrap()));
    }
    assert!(
        run["automationDetails"]["id"]
            .as_str()
            .unwrap()
            .ends_with('/')
    );
}

/// The schema of Jenkins' xUnit plugin, read by a program that does nothing else.
fn junit(text: &str) {
    const CHECK: &str = "import sys, xmlschema\n\
        xmlschema.XMLSchema(sys.argv[1]).validate(sys.stdin)";
    let mut report = tempfile::tempfile().unwrap();
    std::io::Write::write_all(&mut report, text.as_bytes()).unwrap();
    std::io::Seek::rewind(&mut report).unwrap();
    let output = Command::new(reader_of_xsd())
        .args(["-c", CHECK])
        .arg(official("junit-10.xsd"))
        .stdin(report)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}\n{text}");
    assert!(
        text.contains("<testcase "),
        "an empty report is an error to most: {text}"
    );
}

/// A Python that has `xmlschema`, kept with what is built.
fn reader_of_xsd() -> &'static Path {
    const PACKAGES: [&str; 2] = ["xmlschema==4.3.2", "elementpath==5.1.4"];
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("xmlschema");
        let (python, done) = (folder.join("bin/python"), folder.join("done"));
        let run = |program: &Path, arguments: &[&str]| {
            let mut command = Command::new(program);
            let output = command.args(arguments).output().unwrap();
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{arguments:?}: {errors}");
        };
        if fs::read_to_string(&done).is_ok_and(|it| it == PACKAGES.concat()) {
            return python;
        }
        let target = folder.to_str().unwrap();
        run(Path::new("python3"), &["-m", "venv", "--clear", target]);
        let install = ["-m", "pip", "install", "--quiet", "--no-deps"];
        run(&python, &[&install[..], &PACKAGES].concat());
        fs::write(done, PACKAGES.concat()).unwrap();
        python
    })
}

/// What the documentation of GitLab says of its format.
fn gitlab(text: &str) {
    let issues: Vec<Value> = serde_json::from_str(text).unwrap();
    let mut fingerprints = BTreeSet::new();
    for issue in &issues {
        let text = |key: &str| issue[key].as_str().filter(|it| !it.is_empty()).unwrap();
        assert!(!text("description").contains('\n') && !text("check_name").is_empty());
        assert!(fingerprints.insert(text("fingerprint")));
        let severities = ["info", "minor", "major", "critical", "blocker"];
        assert!(severities.contains(&text("severity")));
        let path = issue["location"]["path"].as_str().unwrap();
        assert!(!path.is_empty() && !path.starts_with(['/', '.']), "{path}");
        assert!(issue["location"]["lines"]["begin"].as_u64() > Some(0));
    }
}

/// The check would be worth nothing if anything passed it.
#[test]
fn what_is_not_of_the_format_is_refused() {
    let is_refused = |format: &'static str, text: &'static str| {
        std::panic::catch_unwind(|| assert_valid(format, text)).is_err()
    };
    for (format, text) in [
        ("sarif", r#"{"version": "2.1.0", "runs": [{}]}"#),
        ("junit", "<testsuites><testcase name=\"a\"/></testsuites>"),
        (
            "junit",
            "<testsuites skipped=\"0\"><testsuite name=\"a\" tests=\"1\" failures=\"0\" errors=\"0\"><testcase name=\"a\"/></testsuite></testsuites>",
        ),
        (
            "gitlab",
            r#"[{"description": "a", "check_name": "b", "fingerprint": "c", "severity": "bad", "location": {}}]"#,
        ),
    ] {
        assert!(is_refused(format, text), "{format}: {text}");
    }
}
