//! The learner's view as one page that needs nothing else: styles and pictures are in it, and there are
//! no scripts.

use std::cell::Cell;

use serde::Serialize;

use super::code;
use super::view::{LearnerView, MAX_IMAGES_BYTES, OpenQuestion, Start};
use crate::diagnostic::escape;
use crate::plural::count;
use crate::source::python::Token;
use crate::template::{Engine, escaped};

use super::fragment::Fragment;

const PAGE: &str = include_str!("page.html");
/// What every page begins with.
pub const BEGINNING: &str = "<!doctype html>";

const STYLE: &str = concat!(include_str!("../palette.css"), include_str!("style.css"));

/// What the template is given. What is named `html` is markup; all else is text.
#[derive(Serialize)]
struct Page<'a> {
    style: &'static str,
    curriculum: &'a str,
    title: &'a str,
    /// Whether the prompt has no title of its own.
    needs_title: bool,
    facts: Vec<String>,
    prompt_html: String,
    objectives: &'a [String],
    files: Vec<File<'a>>,
    judged_by: &'a [String],
    incidents: Vec<Part>,
    question_groups: Vec<QuestionGroup>,
}

#[derive(Serialize)]
struct File<'a> {
    path: &'a str,
    /// What links on the page lead to.
    id: String,
    /// The code; `None` where there is none to show.
    html: Option<String>,
    /// What is said in place of the code.
    note: &'static str,
}

#[derive(Serialize)]
struct QuestionGroup {
    id: &'static str,
    title: &'static str,
    questions: Vec<Part>,
}

#[derive(Serialize)]
struct Part {
    html: String,
    /// How many hints there are, in words; empty for none.
    hints: String,
}

/// Returns the page.
pub fn page(view: &LearnerView) -> String {
    let room = Cell::new(MAX_IMAGES_BYTES);
    let fragment = |shift| Fragment {
        view,
        shift,
        anchors: "prompt-",
        room: &room,
    };
    let part = |text: &str, hints| Part {
        // Headings of a part come below those of its section.
        html: fragment(3).render(text),
        hints: hints_text(hints),
    };
    let questions = |questions: &[OpenQuestion]| -> Vec<Part> {
        let questions = questions.iter();
        questions.map(|it| part(&it.text, it.hints)).collect()
    };
    let question_groups = [
        ("questions", "Questions", &view.questions),
        (
            "shared-questions",
            "Questions of the group",
            &view.shared_questions,
        ),
    ];
    let page = Page {
        style: STYLE,
        curriculum: &view.curriculum,
        title: &view.title,
        needs_title: !view.begins_with_title(),
        facts: view.facts(),
        prompt_html: fragment(0).render(&view.prompt),
        objectives: &view.objectives,
        files: view
            .files
            .iter()
            .enumerate()
            .map(|(index, file)| File {
                path: &file.path,
                id: file_id(index),
                html: match &file.start {
                    Start::Text(text) => Some(code_html(text, code::language_of(&file.path))),
                    Start::Binary | Start::Absent => None,
                },
                note: match &file.start {
                    Start::Absent => "There is no such file yet: you make it.",
                    _ => "The file is no text.",
                },
            })
            .collect(),
        judged_by: &view.judged_by,
        incidents: view
            .incidents
            .iter()
            .map(|incident| part(&incident.report, incident.hints))
            .collect(),
        question_groups: question_groups
            .into_iter()
            .filter(|(_, _, group)| !group.is_empty())
            .map(|(id, title, group)| QuestionGroup {
                id,
                title,
                questions: questions(group),
            })
            .collect(),
    };
    let page = Engine::default()
        .render("page.html", PAGE, page)
        .expect("the page and its values belong together");
    // Titles, labels and paths as well as texts; a page may go to a terminal.
    escape::text(&page)
}

fn hints_text(hints: usize) -> String {
    match hints {
        0 => String::new(),
        hints => count(hints, "hint"),
    }
}

/// The anchor of a file on the page.
pub(super) fn file_id(index: usize) -> String {
    format!("file-{}", index + 1)
}

/// Code as markup, in colours where it is Python.
pub(super) fn code_html(text: &str, language: &str) -> String {
    let mut html = String::from("<pre><code>");
    for (token, part) in code::parts(text.trim_end(), language) {
        let part = escaped(part);
        match token.map(class_of) {
            Some(class) => html.push_str(&format!("<span class=\"{class}\">{part}</span>")),
            None => html.push_str(&part),
        }
    }
    html.push_str("</code></pre>\n");
    html
}

fn class_of(token: Token) -> &'static str {
    match token {
        Token::Comment => "comment",
        Token::String => "string",
        Token::Number => "number",
        Token::Keyword => "keyword",
        Token::Definition => "definition",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_on_the_page_acts_on_a_terminal() {
        let evil = "a\u{1b}[2J\u{202e}";
        let view = LearnerView {
            curriculum: evil.to_owned(),
            title: evil.to_owned(),
            objectives: vec![evil.to_owned()],
            prompt: format!("x {evil} &#27; [a](b \"{evil}\") [^{evil}]\n\n[^{evil}]: `{evil}`\n"),
            judged_by: vec![evil.to_owned()],
            ..LearnerView::default()
        };
        let page = page(&view);
        assert!(page.starts_with(BEGINNING));
        assert!(!page.contains(['\u{1b}', '\u{202e}']), "{page}");
        assert!(page.matches("a\\x1b[2J\\u{202e}").count() >= 7, "{page}");
    }
}
