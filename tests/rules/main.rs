//! Every rule against its fixtures: what trips it, what does not, and what is printed. All rules against
//! trees with a planted defect.

#![allow(clippy::unwrap_used, reason = "a test that can't go on panics")]

#[path = "../support/mod.rs"]
mod support;

mod defects;

use std::fmt::Write as _;

use rayon::prelude::*;
use support::{Sandbox, fixtures, folders, name_of};

/// What `bad-*` fixtures print is compared with a snapshot, and every finding is of the rule that
/// the folder is named after. `good-*` fixtures print nothing.
#[test]
fn fixtures_trip_their_rule_and_no_other() {
    let fixtures: Vec<_> = folders(&fixtures().join("rules"))
        .into_iter()
        .flat_map(|rule| {
            folders(&rule)
                .into_iter()
                .map(move |fixture| (name_of(&rule), fixture))
        })
        .collect();
    assert!(fixtures.len() > 80, "the fixtures were found");
    let seen: Vec<_> = fixtures
        .par_iter()
        .map(|(rule, fixture)| {
            let sandbox = Sandbox::with_overlay(fixture);
            let (code, report) = sandbox.json(&["lint", "--deny", "warnings"]);
            (
                rule,
                name_of(fixture),
                code,
                report,
                sandbox.run(&["lint", "--quiet"]).stdout,
            )
        })
        .collect();
    let mut failures = String::new();
    for (rule, name, code, report, printed) in seen {
        let findings = report["diagnostics"].as_array().unwrap();
        let has_others = findings.iter().any(|it| it["rule"] != rule.as_str());
        let is_bad = name.starts_with("bad-");
        if has_others || findings.is_empty() == is_bad || (code == 0) == is_bad {
            writeln!(failures, "{rule}/{name}: exit code {code}\n{printed}").unwrap();
        }
        if is_bad {
            insta::assert_snapshot!(format!("{rule}__{name}"), printed);
        }
    }
    assert!(failures.is_empty(), "{failures}");
}
