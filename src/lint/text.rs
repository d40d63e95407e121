//! What learners read besides the project, each text with the place that it comes from.

use std::sync::Arc;

use rayon::prelude::*;

use crate::curriculum::document::{BugManifest, ModuleManifest, Questions};
use crate::curriculum::{Curriculum, Loaded, Module};
use crate::diagnostic::Location;
use crate::source::markdown::Markdown;
use crate::source::yaml::Document;
use crate::source::{SourceFile, Span};

/// A text that learners can read.
#[derive(Debug)]
pub struct LearnerText<'a> {
    /// The module that it belongs to; `None` for the questions of a group.
    pub module: Option<&'a Module>,
    /// What it is, as in "the prompt".
    pub what: &'static str,
    /// The text.
    pub text: &'a str,
    /// What is in it.
    pub markdown: Markdown,
    place: Place<'a>,
}

/// Where a text is.
#[derive(Debug)]
enum Place<'a> {
    /// It is a whole file.
    File(&'a Arc<SourceFile>),
    /// It is the value under a JSON pointer; places within it can't be told.
    Value(&'a Document, String),
}

impl<'a> LearnerText<'a> {
    fn file(module: &'a Module, file: &'a Arc<SourceFile>) -> Self {
        Self {
            module: Some(module),
            what: "the prompt",
            text: file.text(),
            markdown: Markdown::default(),
            place: Place::File(file),
        }
    }

    /// The place of a part of the text.
    pub fn at(&self, span: Span) -> Location {
        match &self.place {
            Place::File(file) => Location::span(file, span),
            Place::Value(document, pointer) => {
                Location::span(&document.file, document.span(pointer))
            }
        }
    }

    /// Whether it is the prompt of a module.
    pub fn is_prompt(&self) -> bool {
        matches!(self.place, Place::File(_))
    }
}

/// Returns all texts that learners can read before they have solved what the texts are about:
/// prompts, hints, symptoms, questions, and what is said to answers. Model answers, examples and
/// lessons come later and are not among them.
pub fn learner_texts(curriculum: &Curriculum) -> Vec<LearnerText<'_>> {
    let mut texts = Vec::new();
    for module in &curriculum.modules {
        if let Some(file) = &module.prompt {
            texts.push(LearnerText::file(module, file));
        }
        if let Some(manifest) = &module.manifest {
            add_module(&mut texts, module, manifest);
        }
        for document in module.bugs.iter().filter_map(|bug| bug.document.as_ref()) {
            add_bug(&mut texts, module, document);
        }
        if let Some(questions) = &module.questions {
            add_questions(&mut texts, Some(module), questions);
        }
    }
    for questions in curriculum.theory.values() {
        add_questions(&mut texts, None, questions);
    }
    texts
        .par_iter_mut()
        .for_each(|text| text.markdown = Markdown::parse(text.text));
    texts
}

fn add_module<'a>(
    texts: &mut Vec<LearnerText<'a>>,
    module: &'a Module,
    manifest: &'a Loaded<ModuleManifest>,
) {
    for (index, hint) in manifest.value.hints.iter().enumerate() {
        let place = Place::Value(&manifest.document, format!("/hints/{index}"));
        texts.push(value(Some(module), "a hint", hint.as_str(), place));
    }
}

fn add_bug<'a>(
    texts: &mut Vec<LearnerText<'a>>,
    module: &'a Module,
    document: &'a Loaded<BugManifest>,
) {
    let bug = &document.value;
    let symptom = bug.symptom.as_str();
    let place = Place::Value(&document.document, "/symptom".to_owned());
    texts.push(value(Some(module), "the symptom", symptom, place));
    for (index, hint) in bug.hints.iter().enumerate() {
        let place = Place::Value(&document.document, format!("/hints/{index}"));
        texts.push(value(Some(module), "a hint", hint.as_str(), place));
    }
}

fn add_questions<'a>(
    texts: &mut Vec<LearnerText<'a>>,
    module: Option<&'a Module>,
    file: &'a Loaded<Questions>,
) {
    for (index, question) in file.value.questions.iter().enumerate() {
        let mut add = |what, text: &'a str, inner: String| {
            let pointer = format!("/questions/{index}/{inner}");
            let place = Place::Value(&file.document, pointer);
            texts.push(value(module, what, text, place));
        };
        add(
            "the question",
            question.question.as_str(),
            "question".to_owned(),
        );
        for (at, hint) in question.hints.iter().enumerate() {
            add("a hint", hint.as_str(), format!("hints/{at}"));
        }
        for (at, concept) in question.required_concepts.iter().enumerate() {
            let inner = format!("required_concepts/{at}/ask");
            add("the follow-up question", concept.ask.as_str(), inner);
        }
        for (at, mode) in question.failure_modes.iter().enumerate() {
            let inner = format!("failure_modes/{at}/feedback");
            add("the feedback", mode.feedback.as_str(), inner);
        }
    }
}

fn value<'a>(
    module: Option<&'a Module>,
    what: &'static str,
    text: &'a str,
    place: Place<'a>,
) -> LearnerText<'a> {
    LearnerText {
        module,
        what,
        text,
        markdown: Markdown::default(),
        place,
    }
}
