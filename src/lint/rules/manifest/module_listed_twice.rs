//! `module-listed-twice`.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::diagnostic::{Fix, Sink};
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};
use crate::source::{SourceFile, Span};

declare_rule! {
    /// A module is listed twice.
    ///
    /// ## What it does
    /// Reports the second entry of a module in the groups of a library, and of a group id.
    ///
    /// ## Why it matters
    /// A module belongs to one place of the curriculum, and shares the theory of one group.
    ///
    /// ## Example
    /// ```yaml
    /// modules:
    ///   - {id: sorting, title: Sorting, modules: [merge]}
    ///   - {id: lists, title: Lists, modules: [merge]}
    /// ```
    ///
    /// ## Use instead
    /// Keep one of the entries. `mastery lint --fix` drops the later one of a module, unless its group would be
    /// empty.
    pub(crate) struct ModuleListedTwice {
        name: "module-listed-twice",
        group: Manifest,
        severity: Error,
        blocks_running: false,
    }
}

impl Rule for ModuleListedTwice {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        let Some(manifest) = &context.curriculum.manifest else {
            return;
        };
        let modules = manifest
            .value
            .module_ids()
            .map(|(id, at)| ("module", id.as_str(), at));
        let groups = manifest
            .value
            .groups()
            .map(|(group, at)| ("group", group.id.as_str(), format!("{at}/id")));
        let mut seen = HashMap::new();
        // Lists that keep an entry when those that stand before are dropped.
        let mut kept = HashSet::new();
        let mut twice = Vec::new();
        for (kind, id, pointer) in modules.chain(groups) {
            match seen.insert((kind, id), pointer.clone()) {
                Some(first) => twice.push((kind, id, pointer, first)),
                None => {
                    kept.insert(list_of(&pointer).to_owned());
                }
            }
        }
        let document = &manifest.document;
        for (kind, id, pointer, first) in twice {
            let message = format!("the {kind} `{id}` is listed twice");
            let fix = (kind == "module" && kept.contains(list_of(&pointer)))
                .then(|| without_entry(&document.file, document.span(&pointer), id))
                .flatten();
            let finding = self.finding(manifest.at(&pointer), message);
            let finding = finding.with_related(manifest.at(&first), "listed first");
            sink.push(finding.with_fix(fix));
        }
    }
}

/// The list that an entry is in, by its JSON pointer.
fn list_of(pointer: &str) -> &str {
    pointer.rsplit_once('/').map_or("", |(list, _)| list)
}

/// Takes an entry out of its list: a line of its own, without its comment, or what stands between commas.
/// `None` where it is written in any other way.
fn without_entry(file: &Arc<SourceFile>, entry: Span, id: &str) -> Option<Fix> {
    let text = file.text();
    if &text[entry.start..entry.end] != id {
        return None;
    }
    let line_start = text[..entry.start].rfind('\n').map_or(0, |at| at + 1);
    let line_end = text[entry.end..]
        .find('\n')
        .map_or(text.len(), |at| entry.end + at + 1);
    let before = &text[line_start..entry.start];
    let after = &text[entry.end..line_end];
    let blanks = |text: &str| text.len() - text.trim_start_matches([' ', '\t']).len();
    let span = if before.trim() == "-" && after.trim().is_empty() {
        Span::new(line_start, line_end)
    } else if before.trim() == "-" && after.trim_start().starts_with('#') {
        Span::new(line_start + blanks(before), entry.end + blanks(after))
    } else if let Some(others) = before.trim_end().strip_suffix(',') {
        Span::new(line_start + others.len(), entry.end)
    } else {
        let rest = after.trim_start().strip_prefix(',')?;
        before.trim_end().ends_with('[').then_some(())?;
        Span::new(entry.start, line_end - rest.len() + blanks(rest))
    };
    Some(Fix::replace(file, span, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text without the last `b` in it.
    fn fixed(text: &str) -> Option<String> {
        let file = Arc::new(SourceFile::new("curriculum.yaml", text));
        let at = text.rfind('b').unwrap();
        let fix = without_entry(&file, Span::new(at, at + 1), "b")?;
        Some(crate::diagnostic::fix::apply(text, vec![&fix]).0)
    }

    #[test]
    fn entry_is_taken_out_and_comments_stay() {
        let fixed = |text| fixed(text).unwrap();
        assert_eq!(fixed("- b\n- a\n# c\n- b\n- d\n"), "- b\n- a\n# c\n- d\n");
        assert_eq!(fixed("- b\n  - b"), "- b\n");
        assert_eq!(fixed("- b\r\n- b\r\n- c\r\n"), "- b\r\n- c\r\n");
        assert_eq!(fixed("- a\n  - b  # again\n- c\n"), "- a\n  # again\n- c\n");
        assert_eq!(fixed("x: [a, b]"), "x: [a]");
        assert_eq!(fixed("x: [a, b, c]"), "x: [a, c]");
        assert_eq!(fixed("x: [b, c]"), "x: [c]");
        assert_eq!(fixed("x: [ b , c]"), "x: [ c]");
    }

    #[test]
    fn what_is_written_otherwise_is_left_alone() {
        assert_eq!(fixed("- \"b\"\n"), None);
        assert_eq!(fixed("- &x b\n"), None);
        assert_eq!(fixed("x: [b]"), None);
        assert_eq!(fixed("x: [a,\n  b]"), None);
    }
}
