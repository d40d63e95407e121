//! `broken-link`.

use crate::diagnostic::Sink;
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};
use crate::lint::text::LearnerText;
use crate::source::link::{decoded, has_scheme};
use crate::source::markdown::{Link, Markdown};
use crate::source::path::is_plain_relative;

declare_rule! {
    /// A link leads to a file or heading that does not exist.
    ///
    /// ## What it does
    /// Looks up the relative links and images of prompts, hints, symptoms and questions. Learners read
    /// them beside the project: a link leads to a file of the project, as it is when all is solved, or
    /// to one beside the prompt. Behind a `#` stands the name of a heading, where the target is Markdown.
    /// Addresses on the web are not visited.
    ///
    /// ## Why it matters
    /// What the link should have told is missing, and the learner can't know what it was.
    ///
    /// ## Example
    /// ```markdown
    /// The shapes are [listed below](#shape).      <!-- and the heading is "Shapes" -->
    /// ```
    ///
    /// ## Use instead
    /// ```markdown
    /// The shapes are [listed below](#shapes).
    /// ```
    pub(crate) struct BrokenLink {
        name: "broken-link",
        group: Prose,
        severity: Error,
        blocks_running: false,
    }
}

impl Rule for BrokenLink {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        for text in context.texts() {
            for link in &text.markdown.links {
                if let Some(problem) = problem(context, text, link) {
                    let mut finding = self.finding(text.at(link.span), problem.message);
                    finding.help = problem.help;
                    sink.push(finding);
                }
            }
        }
    }
}

struct Problem {
    message: String,
    help: Option<String>,
}

impl Problem {
    fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            help: None,
        }
    }
}

fn problem(context: &Context<'_>, text: &LearnerText<'_>, link: &Link) -> Option<Problem> {
    let destination = link.destination.as_str();
    if destination.is_empty() {
        return Some(Problem::new("the link leads nowhere"));
    }
    if has_scheme(destination) || destination.starts_with("//") {
        return None;
    }
    let (target, anchor) = destination
        .split_once('#')
        .map_or((destination, None), |(target, anchor)| {
            (target, Some(anchor))
        });
    let target = decoded(target.split('?').next().unwrap_or_default());
    if target.is_empty() {
        return anchor.and_then(|anchor| wrong_anchor(anchor, &text.markdown, text.what));
    }
    let path = target.strip_prefix("./").unwrap_or(&target);
    let path = path.strip_suffix('/').unwrap_or(path);
    if !is_plain_relative(path) {
        let message = format!("`{target}` leads out of the project");
        return Some(Problem {
            message,
            help: Some("paths are relative to the project or to the prompt's folder".to_owned()),
        });
    }
    let beside = text
        .module
        .filter(|module| super::is_beside_prompt(module, path));
    if beside.is_none() && !super::is_in_project(context, path) {
        let files = context.curriculum.project.iter().map(|(file, _)| file);
        return Some(Problem {
            message: format!("neither the project nor the prompt's folder has `{path}`"),
            help: crate::suggest::did_you_mean(path, files),
        });
    }
    let anchor = anchor.filter(|_| path.ends_with(".md"))?;
    let markdown = match beside {
        Some(module) if path == "prompt.md" => module.prompt.as_ref()?.text().to_owned(),
        Some(module) => {
            let file = crate::source::read_text(&module.dir.join(path), path);
            file.ok()?.text().to_owned()
        }
        None => context.complete().get(path)?.text()?.to_owned(),
    };
    wrong_anchor(anchor, &Markdown::parse(&markdown), &format!("`{path}`"))
}

fn wrong_anchor(anchor: &str, markdown: &Markdown, what: &str) -> Option<Problem> {
    let anchor = decoded(anchor);
    // `#` and `#top` lead to the beginning everywhere.
    if anchor.is_empty() || anchor == "top" || markdown.has_anchor(&anchor) {
        return None;
    }
    Some(Problem {
        message: format!("{what} has no heading `#{anchor}`"),
        help: crate::suggest::did_you_mean(&anchor, markdown.anchors()),
    })
}
