//! What a rule is: its documentation and its check.

use std::fmt;

use super::text::{LearnerText, learner_texts};
use crate::answer::{PatternError, Rubric};
use crate::curriculum::document::{Build, ModuleManifest, Question, Questions};
use crate::curriculum::id::Slug;
use crate::curriculum::{Curriculum, Loaded, Module};
use crate::diagnostic::{Diagnostic, Fix, Location, RuleName, Severity, Sink};
use crate::project::Project;
use crate::project::state::State;
use crate::source::tree::Tree;
use crate::suggest;

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

/// Adds what a mistyped name probably should be, and a fix where only one name is near.
pub(crate) fn suggest<'a, I: Iterator<Item = &'a str>>(
    mut finding: Diagnostic,
    typed: &str,
    candidates: impl Fn() -> I,
) -> Diagnostic {
    finding.help = suggest::did_you_mean(typed, candidates());
    if let Some(meant) = suggest::only_close(typed, candidates())
        && let Some((file, span)) = finding.location.place()
        && &file.text()[span.start..span.end] == typed
    {
        finding.fix = Some(Fix::replace(file, span, meant));
    }
    finding
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
    /// What learners read, parsed.
    texts: Vec<LearnerText<'a>>,
    /// The project with everything solved.
    complete: Tree,
    depth: Depth,
}

/// How much rules may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Only what is loaded: for the rules that keep cases from running, which are asked before every run.
    Running,
    /// Also what is costly to find out.
    All,
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
    pub fn new(curriculum: &'a Curriculum, project: &'a Project, depth: Depth) -> Self {
        if depth == Depth::Running {
            return Self {
                curriculum,
                project,
                injections: Vec::new(),
                texts: Vec::new(),
                complete: Tree::new(),
                depth,
            };
        }
        let (injections, (texts, complete)) = rayon::join(
            || super::injections::try_all(curriculum, project),
            || {
                let solved = State::Complete.solved_modules(curriculum);
                (learner_texts(curriculum), project.build(&solved))
            },
        );
        Self {
            curriculum,
            project,
            injections,
            texts,
            complete,
            depth,
        }
    }

    /// All modules that build something, each with its manifest and what that says of building.
    pub fn builds(
        &self,
    ) -> impl Iterator<Item = (&'a Module, &'a Loaded<ModuleManifest>, &'a Build)> {
        self.curriculum.modules.iter().filter_map(|module| {
            let manifest = module.manifest.as_ref()?;
            Some((module, manifest, manifest.value.build.as_ref()?))
        })
    }

    /// All questions files of the curriculum.
    pub fn questions_files(&self) -> impl Iterator<Item = &'a Loaded<Questions>> {
        let modules = self.curriculum.modules.iter();
        let of_modules = modules.filter_map(|module| module.questions.as_ref());
        of_modules.chain(self.curriculum.theory.values())
    }

    /// A rule that keeps cases from running and asks for more than it may get would find nothing.
    fn expect_all(&self) {
        assert!(
            self.depth == Depth::All,
            "rules that keep cases from running ask for nothing that is costly"
        );
    }

    /// All texts that learners can read besides the project.
    pub fn texts(&self) -> &[LearnerText<'a>] {
        self.expect_all();
        &self.texts
    }

    /// The prompts of all modules that have one.
    pub fn prompts(&self) -> impl Iterator<Item = &LearnerText<'a>> {
        self.texts().iter().filter(|text| text.is_prompt())
    }

    /// The project with everything solved.
    pub fn complete(&self) -> &Tree {
        self.expect_all();
        &self.complete
    }

    /// All bugs, module by module, each tried on the solutions of its module; none where the marks of
    /// the project are wrong.
    pub fn injections(&self) -> &[TriedModule<'a>] {
        self.expect_all();
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

    /// The lines of the documentation, without the space that is between them and the mark of a comment.
    pub fn lines(&self) -> impl Iterator<Item = &'static str> {
        let lines = self.docs.trim_end().lines();
        lines.map(|line| line.strip_prefix(' ').unwrap_or(line))
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
    Style,
    Policy,
}

impl Group {
    /// The heading above the group's rules.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Loading => "Files",
            Self::Manifest => "Curriculum",
            Self::Module => "Modules",
            Self::Project => "Project",
            Self::Bugs => "Bugs",
            Self::Questions => "Questions",
            Self::Prose => "Prose",
            Self::Style => "Style",
            Self::Policy => "Suppressions",
        }
    }
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
