//! A module's new folder: `module.yaml`, the prompt and the questions.

use super::emit::Yaml;
use super::ledger::Ledger;
use super::modules::{self, Module, PROMPT, QUESTIONS};
use super::questions;
use crate::source::tree::{Entry, Tree};

/// The file that stands under `build.edit` where nothing names one.
const UNKNOWN: &str = "unknown.py";

/// What is known of a module besides what its own folder says.
#[derive(Debug)]
pub(super) struct Build {
    /// Files that it edits.
    pub(super) edit: Vec<String>,
    /// The command that validates it.
    pub(super) command: Vec<String>,
}

/// Writes the module's files, but for its bugs. `build` is `None` for a module without that stage. Returns how
/// many of the questions files could be imported.
pub(super) fn write(
    module: &Module,
    build: Option<Build>,
    schemas: &str,
    tree: &mut Tree,
    ledger: &mut Ledger<'_>,
) -> bool {
    let folder = format!("modules/{}", module.id);
    let objectives = prompt(module, &folder, tree, ledger);
    let yaml = manifest(module, build, &objectives, schemas, ledger);
    tree.insert(
        format!("{folder}/module.yaml"),
        Entry::file(yaml.into_bytes()),
    );
    let file = module.file(QUESTIONS);
    if !ledger.has(&file) {
        return false;
    }
    let schema = format!("{schemas}questions.schema.json");
    let questions = questions::import(&file, &schema, ledger);
    let has_questions = questions.is_some();
    if let Some(text) = questions {
        let dest = format!("{folder}/questions.yaml");
        tree.insert(&dest, Entry::file(text.into_bytes()));
        ledger.used(&file, dest);
    }
    has_questions
}

/// Writes the prompt, with a title if it has none; returns the objectives that it lists.
fn prompt(module: &Module, folder: &str, tree: &mut Tree, ledger: &mut Ledger<'_>) -> Vec<String> {
    let file = module.file(PROMPT);
    let Some(text) = ledger.text(&file) else {
        if !ledger.has(&file) {
            ledger.decide(&module.place, format!("`{}` has no `{PROMPT}`", module.id));
        }
        return Vec::new();
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let prompt = if modules::heading(text).is_some() {
        text.to_owned()
    } else {
        ledger.changed(
            &file.at(1),
            format!("the prompt gets the title `{}`", module.title),
        );
        format!("# {}\n\n{text}", module.title)
    };
    let dest = format!("{folder}/prompt.md");
    tree.insert(&dest, Entry::file(prompt.into_bytes()));
    ledger.used(&file, dest);
    objectives(text)
}

/// The items under a heading that says what a learner can do afterwards.
fn objectives(prompt: &str) -> Vec<String> {
    let is_heading = |line: &str| {
        let words = line.trim_matches(['#', '*', ':', ' ']).to_ascii_lowercase();
        let is_marked = line.starts_with('#') || line.starts_with("**") || line.ends_with(':');
        let known = [
            "objectives",
            "learning objectives",
            "goals",
            "learning goals",
        ];
        is_marked && known.contains(&words.as_str())
    };
    let mut items: Vec<String> = Vec::new();
    let lines = prompt.lines().skip_while(|line| !is_heading(line.trim()));
    for line in lines.skip(1).filter(|line| !line.trim().is_empty()) {
        let item = line.strip_prefix("- ").or_else(|| line.strip_prefix("* "));
        match (item, items.last_mut()) {
            (Some(item), _) => items.push(item.trim().to_owned()),
            // An item goes on in lines that are set in.
            (None, Some(last)) if line.starts_with([' ', '\t']) => {
                last.push(' ');
                last.push_str(line.trim());
            }
            (None, _) => break,
        }
    }
    items.retain(|item| !item.is_empty());
    items
}

fn manifest(
    module: &Module,
    build: Option<Build>,
    objectives: &[String],
    schemas: &str,
    ledger: &mut Ledger<'_>,
) -> String {
    let mut yaml = Yaml::new(&format!("{schemas}module.schema.json"));
    yaml.text(0, "id", &module.id);
    yaml.text(0, "title", &module.title);
    if module.is_justify_only {
        yaml.line(0, "kind: justify_only");
    }
    if module.is_draft {
        yaml.line(0, "status: draft");
    }
    if objectives.is_empty() {
        let what = format!(
            "`{}` has no objectives: its title stands there; write what a learner can do afterwards",
            module.id
        );
        ledger.decide(&module.place, what);
        yaml.list(0, "objectives", &[&module.title]);
    } else {
        yaml.list(0, "objectives", objectives);
    }
    yaml.flow(0, "requires", &module.requires);
    if let Some(difficulty) = &module.difficulty {
        yaml.text(0, "difficulty", difficulty);
    }
    let Some(mut build) = build else {
        return yaml.into_text();
    };
    if build.edit.is_empty() {
        let what = format!(
            "nothing tells which file `{}` is about: `build.edit` says `{UNKNOWN}`",
            module.id
        );
        ledger.decide(&module.place, what);
        build.edit.push(UNKNOWN.to_owned());
    }
    yaml.line(0, "build:");
    yaml.flow(2, "edit", &build.edit);
    yaml.line(2, "validator:");
    yaml.flow(4, "command", &build.command);
    if let Some(seconds) = module.baseline {
        yaml.line(2, &format!("baseline_seconds: {seconds}"));
    }
    yaml.into_text()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objectives_are_the_items_under_their_heading() {
        let prompt = "# A\n\n## Learning objectives\n\n- One\n* Two\n\nMore\n- Three\n";
        assert_eq!(objectives(prompt), ["One", "Two"]);
        assert_eq!(objectives("Goals:\n- One"), ["One"]);
        assert_eq!(
            objectives("Goals:\n\n- One that\n  goes on\n\n- Two\nEnd\n- Three"),
            ["One that goes on", "Two"]
        );
        assert_eq!(objectives("Our goals are\n- One"), Vec::<String>::new());
    }
}
