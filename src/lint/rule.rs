//! What a rule is: its documentation and its check.

use std::fmt;

use crate::answer::{PatternError, Rubric};
use crate::curriculum::document::{Question, Questions};
use crate::curriculum::id::Slug;
use crate::curriculum::{Curriculum, Loaded};
use crate::diagnostic::{Diagnostic, Location, RuleName, Severity, Sink};
use crate::project::Project;

use super::injections::TriedModule;

/// One lint check with a stable name.
pub trait Rule: fmt::Debug + Send + Sync {
    /// Name, group, severity and documentation.
    fn meta(&self) -> &'static RuleMeta;

    /// Reports what breaks the rule.
    ///
    /// Rules whose findings come up while files are loaded have nothing left to do here.
    fn check(&self, context: &Context<'_>, sink: &Sink) {
        let _ = (context, sink);
    }

    /// Reports what breaks the rule in one question.
    ///
    /// The rubrics of all questions would take much memory. Each is compiled once, shown to all rules, and
    /// let go of.
    fn check_question(&self, asked: &AskedQuestion<'_>, sink: &Sink) {
        let _ = (asked, sink);
    }

    /// Returns a finding of this rule with its default severity.
    fn finding(&self, location: Location, message: impl Into<String>) -> Diagnostic
    where
        Self: Sized,
    {
        let mut diagnostic = Diagnostic::error(self.meta().name, location, message);
        diagnostic.severity = self.meta().severity;
        diagnostic
    }
}

/// What a rule may look at.
#[derive(Debug)]
pub struct Context<'a> {
    /// The loaded curriculum.
    pub curriculum: &'a Curriculum,
    /// Its project with the regions found.
    pub project: &'a Project,
    /// All bugs with what came of injecting them.
    injections: Vec<TriedModule<'a>>,
}

/// A question with its place and its rubric.
#[derive(Debug)]
pub struct AskedQuestion<'a> {
    /// The file that it is in.
    pub file: &'a Loaded<Questions>,
    /// The question.
    pub question: &'a Question,
    /// Its JSON pointer in the file.
    pub pointer: String,
    /// Its rubric, or the patterns that do not compile.
    pub compiled: Result<Rubric, Vec<PatternError>>,
}

impl<'a> AskedQuestion<'a> {
    /// Returns the question at `index` of a file, its patterns compiled.
    pub fn new(file: &'a Loaded<Questions>, index: usize) -> Self {
        let question = &file.value.questions[index];
        Self {
            file,
            question,
            pointer: format!("/questions/{index}"),
            compiled: Rubric::compile(question),
        }
    }

    /// The place of something in the question, by its JSON pointer below it.
    pub fn at(&self, pointer: &str) -> Location {
        self.file.at(&format!("{}{pointer}", self.pointer))
    }

    /// The rubric if it can judge: its patterns compile and its concepts exist.
    pub fn rubric(&self) -> Option<&Rubric> {
        let question = self.question;
        let mut excuses = question
            .failure_modes
            .iter()
            .flat_map(|it| it.unless.iter().flatten());
        let is_known = |id: &Slug| question.required_concepts.iter().any(|it| it.id == *id);
        let rubric = self.compiled.as_ref().ok()?;
        excuses.all(is_known).then_some(rubric)
    }
}

impl<'a> Context<'a> {
    /// Returns what rules may look at in a curriculum.
    ///
    /// What several rules ask for and is costly is done here and not when the first of them asks: rules
    /// run in parallel, and one that waited for another's parallel work could wait for itself.
    pub fn new(curriculum: &'a Curriculum, project: &'a Project) -> Self {
        Self {
            curriculum,
            project,
            injections: super::injections::try_all(curriculum, project),
        }
    }

    /// All questions files of the curriculum.
    pub fn questions_files(&self) -> impl Iterator<Item = &'a Loaded<Questions>> {
        let modules = self.curriculum.modules.iter();
        let of_modules = modules.filter_map(|module| module.questions.as_ref());
        of_modules.chain(self.curriculum.theory.values())
    }

    /// All bugs, module by module, each tried on the solutions of its module; none where the marks of
    /// the project are wrong.
    pub fn injections(&self) -> &[TriedModule<'a>] {
        &self.injections
    }
}

/// What is known of a rule without running it.
#[derive(Debug)]
pub struct RuleMeta {
    /// Kebab-case; reads well after "allow".
    pub name: RuleName,
    /// Where it stands in the reference.
    pub group: Group,
    /// What its findings mean unless a curriculum says otherwise.
    pub severity: Severity,
    /// Whether an error of the rule makes running the module pointless.
    pub blocks_running: bool,
    /// Version of the tool in which it came.
    pub since: &'static str,
    /// Markdown: a summary line, then what, why, example and remedy under headings.
    pub docs: &'static str,
}

impl RuleMeta {
    /// The first line of the documentation.
    pub fn summary(&self) -> &'static str {
        self.docs.trim().lines().next().unwrap_or_default().trim()
    }
}

/// What rules are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Group {
    Loading,
    Manifest,
    Module,
    Project,
    Bugs,
    Questions,
    Prose,
}

/// Declares a rule's type from its documentation, which is kept for `explain` and the reference.
macro_rules! declare_rule {
    ($(#[doc = $doc:literal])* pub(crate) struct $name:ident {
        name: $rule:expr,
        group: $group:ident,
        severity: $severity:ident,
        blocks_running: $blocks:literal,
    }) => {
        $(#[doc = $doc])*
        #[derive(Debug)]
        pub(crate) struct $name;

        impl $name {
            const META: $crate::lint::rule::RuleMeta = $crate::lint::rule::RuleMeta {
                name: $rule,
                group: $crate::lint::rule::Group::$group,
                severity: $crate::diagnostic::Severity::$severity,
                blocks_running: $blocks,
                since: "0.1.0",
                docs: concat!($($doc, "\n"),*),
            };
        }
    };
}

pub(crate) use declare_rule;
