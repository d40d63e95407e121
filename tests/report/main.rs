//! The page of a report, as a browser shows it: found by a filter, by links and by the keyboard; in light and dark;
//! by everybody; without a network; and with texts of strangers in it.
#![allow(clippy::unwrap_used, reason = "a test that can't go on panics")]

#[path = "../support/mod.rs"]
mod support;

mod browser;

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use browser::drive;
use serde_json::{Value, json};
use support::{Sandbox, copy, fixtures};

/// What a stranger would like a page to do.
const HOSTILE: &str = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'><a href=\"javascript:alert(1)\">owned</a>\n</pre></details></textarea><svg onload=alert(1)>{{ 7*7 }}<style>*{display:none}</style>";

/// Everything that can be wrong, once, with a good module; as it was run.
fn recorded() -> &'static Value {
    static RECORDED: OnceLock<Value> = OnceLock::new();
    RECORDED.get_or_init(|| {
        let sandbox = Sandbox::new();
        copy(
            &fixtures().join("canary/curricula"),
            &sandbox.path().join("curricula"),
        );
        copy(
            &fixtures().join("base"),
            &sandbox.path().join("curricula/base"),
        );
        let (code, report) = sandbox.json(&["check", "--repeat", "3"]);
        assert_eq!(code, 1);
        report
    })
}

/// Renders a report, and does with its page what a scenario does.
#[track_caller]
fn drive_report(scenario: &str, report: &Value) -> usize {
    let (sandbox, page) = rendered(report);
    drive(scenario, &page);
    let size = fs::metadata(&page).unwrap().len();
    drop(sandbox);
    usize::try_from(size).unwrap()
}

fn rendered(report: &Value) -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::new();
    sandbox.write("report.json", report.to_string());
    let run = sandbox.run(&[
        "report",
        "report.json",
        "--output",
        "html=page.html",
        "--quiet",
    ]);
    assert!(run.code <= 1, "{}", run.shown());
    let page = sandbox.path().join("page.html");
    (sandbox, page)
}

/// The report of the good module alone.
fn green() -> Value {
    let mut report = recorded().clone();
    report["diagnostics"] = json!([]);
    let cases = report["cases"].as_array_mut().unwrap();
    cases.retain(|it| it["verdict"] == "as_expected");
    assert!(cases.len() > 10);
    report
}

#[test]
fn filter_finds_by_text_state_and_module_and_is_in_the_address() {
    drive_report("filter", recorded());
}

#[test]
fn links_open_what_hides_their_case() {
    drive_report("links", recorded());
}

#[test]
fn keyboard_is_enough() {
    drive_report("keyboard", recorded());
}

#[test]
fn page_is_dark_where_people_like_it_so() {
    drive_report("dark", recorded());
}

#[test]
fn everybody_can_use_the_page() {
    drive_report("accessible", recorded());
    drive_report("accessible", &green());
}

#[test]
fn page_fits_a_phone() {
    drive_report("narrow", recorded());
}

#[test]
fn everything_is_there_without_a_script() {
    drive_report("without_script", recorded());
}

#[test]
fn hostile_texts_stay_texts() {
    fn poison(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for (key, value) in fields.iter_mut() {
                    let is_text = [
                        "message",
                        "help",
                        "path",
                        "expected",
                        "detail",
                        "output",
                        "traceback",
                        "text",
                        "revision",
                    ];
                    if is_text.contains(&key.as_str()) && value.is_string() {
                        *value = HOSTILE.into();
                    } else if key == "id" {
                        let id = value.as_str().unwrap();
                        *value = format!("{id}/{HOSTILE}").into();
                    }
                    poison(value);
                }
            }
            Value::Array(items) => items.iter_mut().for_each(poison),
            _ => {}
        }
    }
    let mut report = recorded().clone();
    poison(&mut report);
    report["changed_since"] = json!({ "revision": HOSTILE, "plan_cases": 1000 });
    drive_report("hostile", &report);
}

#[test]
fn thousands_of_cases_fit_on_a_page() {
    let mut report = green();
    let cases = report["cases"].as_array().unwrap();
    let many: Vec<_> = cases
        .iter()
        .cycle()
        .take(2000)
        .enumerate()
        .map(|(number, case)| {
            let mut case = case.clone();
            let parts: Vec<_> = case["id"]
                .as_str()
                .unwrap()
                .splitn(3, '/')
                .map(str::to_owned)
                .collect();
            let round = number / cases.len();
            case["id"] = format!("{}/{}_{round}/{}", parts[0], parts[1], parts[2]).into();
            case
        })
        .collect();
    report["cases"] = many.into();
    let bytes = drive_report("many", &report);
    assert!(bytes < 5_000_000, "{bytes} bytes");
}
