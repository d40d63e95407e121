//! `mastery explain`.

use crate::support::Sandbox;

#[test]
fn rules_are_explained_and_listed() {
    let sandbox = Sandbox::new();
    let rule = sandbox.run(&["explain", "rewrite-no-single-match"]);
    insta::assert_snapshot!("explain", rule.success().stdout);
    insta::assert_snapshot!("explain-list", sandbox.run(&["explain"]).success().stdout);
    let unknown = sandbox.run(&["explain", "unlisted-modul"]);
    insta::assert_snapshot!("explain-unknown", unknown.shown());
}
