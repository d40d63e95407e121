//! `justify_questions.json`: what can judge answers becomes questions, what can't is kept aside.

use std::collections::BTreeSet;

use super::emit::Yaml;
use super::fields::{self, Fields};
use super::json::{Node, Value};
use super::ledger::{Ledger, Place};
use super::slug::Taken;
use crate::curriculum::id::PatternText;
use crate::pattern;

/// What stands for the question that the older layout had none of. It is no hint, so that it gives nothing away.
const ASK: &str = "Something that belongs to a complete answer is missing. What else?";

/// Reads questions and returns them as a file; `None` when none could be imported.
pub(super) fn import(file: &Place, schema: &str, ledger: &mut Ledger<'_>) -> Option<String> {
    let node = fields::read(file, ledger)?;
    let questions = questions(&node, file, ledger)?;
    let mut yaml = Yaml::new(schema);
    yaml.line(0, "questions:");
    let mut ids = Taken::default();
    let mut count = 0;
    let mut has_modes = false;
    for (index, node) in questions.iter().enumerate() {
        let what = format!("the question number {}", index + 1);
        let Some(fields) = Fields::of(node, file, what, ledger) else {
            continue;
        };
        let Some(question) = question(fields, index, &mut ids, ledger) else {
            continue;
        };
        count += 1;
        has_modes |= !question.modes.is_empty();
        question.write(&mut yaml);
    }
    if count == 0 {
        ledger.aside(file, "no question could be imported");
        return None;
    }
    ledger.decide(
        file,
        format!("there were no follow-up questions; `ask` of each concept is \"{ASK}\""),
    );
    if has_modes {
        ledger.decide(file, "there were no examples of answers; `example` of each failure mode is its first keyword");
    }
    Some(yaml.into_text())
}

fn questions<'n>(node: &'n Node, file: &Place, ledger: &mut Ledger<'_>) -> Option<&'n [Node]> {
    match &node.value {
        Value::List(items) => Some(items),
        Value::Object(entries) => {
            let list = entries.iter().find_map(|(key, node)| match &node.value {
                Value::List(items) if key == "questions" => Some(items),
                _ => None,
            });
            for (key, node) in entries
                .iter()
                .filter(|(key, _)| list.is_none() || key != "questions")
            {
                ledger.aside(
                    &file.at(node.line),
                    format!("there is no place for `{key}` of the questions"),
                );
            }
            list.map(Vec::as_slice)
        }
        other => {
            ledger.aside(
                &file.at(node.line),
                format!("the questions are {} and no list", other.kind()),
            );
            None
        }
    }
}

struct Question {
    id: String,
    text: String,
    model_answer: String,
    /// Ids, each with its pattern.
    concepts: Vec<(String, String)>,
    modes: Vec<Mode>,
}

struct Mode {
    category: String,
    patterns: Vec<String>,
    feedback: String,
    example: String,
}

fn question(
    mut fields: Fields<'_>,
    index: usize,
    ids: &mut Taken,
    ledger: &mut Ledger<'_>,
) -> Option<Question> {
    let old_id = fields.text("id", ledger);
    if let Some(id) = &old_id {
        fields.what = format!("the question `{id}`");
    }
    let text = fields.text("question", ledger);
    let model_answer = fields.text("model_answer", ledger);
    let concepts = concepts(&mut fields, ledger);
    let modes = fields.items("failure_modes", ledger);
    let mut categories = Taken::default();
    let what = fields.what.clone();
    let modes: Vec<_> = modes
        .iter()
        .enumerate()
        .filter_map(|(index, node)| {
            mode(node, &fields.place(), &what, index, &mut categories, ledger)
        })
        .collect();
    let place = fields.place();
    fields.close(ledger);
    let missing = [
        ("question", text.is_none()),
        ("model_answer", model_answer.is_none()),
        ("required_concepts", concepts.is_empty()),
    ];
    if let Some((name, _)) = missing.iter().find(|(_, is_missing)| *is_missing) {
        ledger.aside(
            &place,
            format!("{what} has no `{name}` and can't judge an answer"),
        );
        return None;
    }
    let has_id = old_id.is_some();
    let wanted = old_id.unwrap_or_else(|| format!("question_{}", index + 1));
    let id = ids.id(&wanted, "question");
    if id != wanted || !has_id {
        ledger.changed(&place, format!("{what} is called `{id}`"));
    }
    Some(Question {
        id,
        text: text?,
        model_answer: model_answer?,
        concepts,
        modes,
    })
}

fn concepts(fields: &mut Fields<'_>, ledger: &mut Ledger<'_>) -> Vec<(String, String)> {
    let mut ids = Taken::default();
    let mut known = BTreeSet::new();
    let mut concepts = Vec::new();
    for (text, line) in fields.texts("required_concepts", ledger) {
        let place = fields.place().at(line);
        match keyword(&text) {
            Some(pattern) if known.insert(pattern.clone()) => {
                concepts.push((ids.id(&text, "concept"), pattern));
            }
            Some(_) => ledger.changed(
                &place,
                format!("a concept of {} stands there twice", fields.what),
            ),
            None => ledger.aside(
                &place,
                format!("a concept of {} is too long for a pattern", fields.what),
            ),
        }
    }
    concepts
}

fn mode(
    node: &Node,
    question: &Place,
    what: &str,
    index: usize,
    categories: &mut Taken,
    ledger: &mut Ledger<'_>,
) -> Option<Mode> {
    let what = format!("the failure mode number {} of {what}", index + 1);
    if let Value::Text(text) = &node.value {
        let why =
            format!("{what} is a text without keywords, so that nothing would catch it: {text}");
        ledger.aside(&question.at(node.line), why);
        return None;
    }
    let mut fields = Fields::of(node, question, what, ledger)?;
    let category = fields.text("category", ledger);
    let keywords = fields.texts("keywords", ledger);
    let feedback = fields.text("feedback", ledger);
    let (place, what) = (fields.place(), fields.what.clone());
    fields.close(ledger);
    let mut known = BTreeSet::new();
    let mut patterns = Vec::new();
    for (text, line) in &keywords {
        match keyword(text) {
            Some(pattern) if known.insert(pattern.clone()) => patterns.push(pattern),
            Some(_) => {}
            None => ledger.aside(
                &place.at(*line),
                format!("a keyword of {what} is too long for a pattern"),
            ),
        }
    }
    let Some(feedback) = feedback.filter(|_| !patterns.is_empty()) else {
        let missing = if patterns.is_empty() {
            "keywords"
        } else {
            "feedback"
        };
        ledger.aside(&place, format!("{what} has no `{missing}`"));
        return None;
    };
    let has_category = category.is_some();
    let wanted = category.unwrap_or_else(|| format!("mode_{}", index + 1));
    let category = categories.id(&wanted, "mode");
    if !has_category {
        ledger.changed(
            &place,
            format!("{what} has no category and gets `{category}`"),
        );
    } else if category != wanted {
        ledger.changed(
            &place,
            format!("the category `{wanted}` of {what} is called `{category}`"),
        );
    }
    Some(Mode {
        category,
        patterns,
        feedback,
        example: keywords
            .into_iter()
            .find(|(text, _)| keyword(text).is_some())?
            .0,
    })
}

/// The pattern of a keyword: the text itself, its blanks folded as those of answers are. `None` when it is
/// longer than patterns may be.
fn keyword(text: &str) -> Option<String> {
    let folded = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let pattern = pattern::literal(&folded);
    PatternText::try_from(pattern.as_str())
        .is_ok()
        .then_some(pattern)
}

impl Question {
    fn write(&self, yaml: &mut Yaml) {
        yaml.text(2, "- id", &self.id);
        yaml.text(4, "question", &self.text);
        yaml.text(4, "model_answer", &self.model_answer);
        yaml.line(4, "required_concepts:");
        for (id, pattern) in &self.concepts {
            yaml.text(6, "- id", id);
            yaml.flow(8, "any_of", &[pattern]);
            yaml.text(8, "ask", ASK);
        }
        if self.modes.is_empty() {
            return yaml.line(4, "failure_modes: []");
        }
        yaml.line(4, "failure_modes:");
        for mode in &self.modes {
            yaml.text(6, "- category", &mode.category);
            yaml.flow(8, "any_of", &mode.patterns);
            yaml.text(8, "feedback", &mode.feedback);
            yaml.text(8, "example", &mode.example);
        }
    }
}
