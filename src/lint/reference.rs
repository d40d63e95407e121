//! The reference of all rules, made from their documentation.

use std::fmt::Write as _;

use super::rule::{Group, RuleMeta};
use super::rules;

/// Returns `docs/rules.md`.
pub fn markdown() -> String {
    let mut text = String::from(
        "# Rules\n\n\
         What `mastery lint` looks for. Made by `mastery explain --markdown`; a test holds it against the rules.\n\n\
         Severities are defaults: `severity: {RULE: error | warning | off}` in `curriculum.yaml` changes them. A finding that is\n\
         acceptable is suppressed with its reason, on its line, on the line before, or at the head of the file for all of it:\n\n\
         ```yaml\n\
         # mastery: allow RULE reason=\"…\" until=2027-03-31\n\
         ```\n\n\
         or, for files that can hold no comment, under `allow` in `curriculum.yaml`. `until` may be left out.\n",
    );
    let mut group = None;
    for meta in rules::ALL.iter().map(|rule| rule.meta()) {
        if group != Some(meta.group) {
            group = Some(meta.group);
            table(meta.group, &mut text);
        }
    }
    for meta in rules::ALL.iter().map(|rule| rule.meta()) {
        entry(meta, &mut text);
    }
    text
}

/// The rules of a group in a table.
fn table(group: Group, text: &mut String) {
    let _ = write!(
        text,
        "\n## {}\n\n| rule | severity | |\n| --- | --- | --- |\n",
        group.title()
    );
    let metas = rules::ALL.iter().map(|rule| rule.meta());
    for meta in metas.filter(|meta| meta.group == group) {
        let (name, severity) = (meta.name, meta.severity.word());
        let _ = writeln!(
            text,
            "| [`{name}`](#{name}) | {severity} | {} |",
            meta.summary()
        );
    }
}

fn entry(meta: &RuleMeta, text: &mut String) {
    let _ = write!(text, "\n## {}\n\n", meta.name);
    for line in meta.lines() {
        let deeper = if line.starts_with("## ") { "#" } else { "" };
        let _ = writeln!(text, "{deeper}{line}");
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn page_in_the_docs_is_up_to_date() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/rules.md");
        let page = std::fs::read_to_string(page).unwrap_or_default();
        assert!(
            page == super::markdown(),
            "run `cargo run -- explain --markdown > docs/rules.md`"
        );
    }
}
