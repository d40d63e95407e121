//! What is kept of a learner's work, as types.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use semver::Version;

use crate::answer::Judgement;
use crate::curriculum::id::{CurriculumId, ModuleId, Slug};
use crate::run::outcome::Outcome;

/// A point in time: milliseconds since 1970 in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

impl Time {
    /// Returns the current time.
    pub fn now() -> Self {
        Self::from(SystemTime::now())
    }

    /// Returns the time so many milliseconds after 1970; none lies before.
    pub fn from_millis(millis: i64) -> Self {
        Self(millis.max(0))
    }

    /// Milliseconds since 1970.
    pub fn millis(self) -> i64 {
        self.0
    }
}

impl From<SystemTime> for Time {
    fn from(time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH);
        Self::from_millis(since.map_or(0, |it| i64::try_from(it.as_millis()).unwrap_or(i64::MAX)))
    }
}

/// In UTC as `YYYY-MM-DDThh:mm:ssZ`.
impl fmt::Display for Time {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&crate::date::time(self.0.unsigned_abs() / 1000))
    }
}

/// Makes an enum of words that are kept as text.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $name {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word that is kept and exported.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }

            /// Returns what a word stands for.
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|it| it.word() == word)
            }
        }
    };
}

words! {
    /// A stage of a module, in the order in which they are done.
    Stage {
        /// Write it.
        Build = "build",
        /// Explain why it is right.
        Justify = "justify",
        /// Debug it after a bug was injected.
        Harden = "harden",
    }
}

words! {
    /// What was validated in an attempt.
    AttemptKind {
        /// The learner's work on the module.
        Build = "build",
        /// The tree of a challenge.
        Challenge = "challenge",
        /// The module together with all that were passed before.
        Whole = "whole",
    }
}

words! {
    /// How a stage was passed, or a question settled; a later one is worth less.
    PassKind {
        /// As it is meant to be.
        Passed = "passed",
        /// The learner has compared their answer with the model answer themselves.
        SelfAssessed = "self_assessed",
        /// The file from before the bug was put back whole.
        Restored = "restored",
        /// There was nothing that could have been passed: no bug of the module fits the learner's machine.
        Waived = "waived",
    }
}

words! {
    /// How a bug got into the code of a challenge.
    Injection {
        /// The learner's own code was rewritten.
        Rewrite = "rewrite",
        /// The reference with the bug was put in place of the learner's code.
        PatchedReference = "patched_reference",
    }
}

words! {
    /// How a challenge ended.
    ChallengeEnd {
        /// The bug was found and fixed.
        Fixed = "fixed",
        /// The file from before was put back whole.
        Restored = "restored",
        /// It was given up, or its tree was lost.
        Abandoned = "abandoned",
    }
}

/// How many tests ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TestCounts {
    /// Those that passed.
    pub passed: u32,
    /// Those that failed, in whatever way.
    pub failed: u32,
    /// All that there are, those that were not run included.
    pub total: u32,
}

/// A validation that counts, before it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAttempt {
    /// The module that was worked on.
    pub module: ModuleId,
    /// The stage that it was made in.
    pub stage: Stage,
    /// What was validated.
    pub kind: AttemptKind,
    /// Id of the snapshot that was validated; `None` when there was none.
    pub snapshot: Option<String>,
    /// When it began.
    pub started: Time,
    /// How long it took.
    pub duration: Duration,
    /// How it ended.
    pub outcome: Outcome,
    /// How many tests ended how.
    pub tests: TestCounts,
    /// Version of the course.
    pub course_version: Version,
    /// What became of it in a few words, such as the first failing assertion; may be empty.
    pub summary: String,
}

/// Names a row of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowId(pub(super) i64);

/// A validation that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Later ones have a greater one.
    pub id: RowId,
    /// What it was.
    pub content: NewAttempt,
}

/// What an attempt changes, in one step with the attempt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consequences {
    /// Stages that it passes.
    pub passes: Vec<(ModuleId, Stage, PassKind)>,
    /// The challenge that it ends.
    pub ended: Option<(RowId, ChallengeEnd)>,
    /// Modules passed earlier that are broken now.
    pub broken: Vec<ModuleId>,
    /// Modules that were found to be broken and work now.
    pub mended: Vec<ModuleId>,
}

/// Whose question it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Asker {
    /// A module's own.
    Module(ModuleId),
    /// All modules of a group share it.
    Group(Slug),
}

/// Names a question in a course.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QuestionKey {
    /// Whose it is.
    pub asker: Asker,
    /// Its id there.
    pub question: Slug,
}

/// What a language model took for a judgement.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelUse {
    /// The model's name.
    pub model: String,
    /// Tokens sent.
    pub tokens_in: u64,
    /// Tokens received.
    pub tokens_out: u64,
    /// What it cost, in US dollars; `None` when prices are not known.
    pub cost: Option<f64>,
    /// Whether an earlier response was used again, so that nothing was paid.
    pub is_cached: bool,
}

/// Who judged an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Judge {
    /// The question's rubric.
    Rubric,
    /// A language model.
    Model(ModelUse),
    /// The learner themselves, with the model answer before them.
    Learner,
}

/// An answer before it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct NewAnswer {
    /// The module in whose Justify stage it was given.
    pub module: ModuleId,
    /// What was answered.
    pub question: QuestionKey,
    /// The answer as it was given.
    pub text: String,
    /// What it was found to be; of an answer that learners judge themselves, what it was before.
    pub judgement: Judgement,
    /// Who found that.
    pub judge: Judge,
    /// What the learner was told.
    pub feedback: String,
    /// When it was given.
    pub answered: Time,
    /// Version of the course.
    pub course_version: Version,
}

impl NewAnswer {
    /// Whether and how it settles its question. Self-assessment is never a pass.
    pub fn settles(&self) -> Option<PassKind> {
        match (&self.judge, &self.judgement) {
            (Judge::Learner, _) => Some(PassKind::SelfAssessed),
            (_, Judgement::Passed) => Some(PassKind::Passed),
            (_, Judgement::Caught { .. } | Judgement::Unclear { .. }) => None,
        }
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Later ones have a greater one.
    pub id: RowId,
    /// What it was.
    pub content: NewAnswer,
}

/// What came of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerKept {
    /// The answer.
    pub id: RowId,
    /// The modules whose Justify stage it has passed.
    pub passed: Vec<ModuleId>,
}

/// All questions of a module: once they are settled, its Justify stage is passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JustifyNeeds {
    /// The module.
    pub module: ModuleId,
    /// Its own questions and those of its group.
    pub questions: Vec<QuestionKey>,
}

/// A challenge before it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewChallenge {
    /// The module whose bug it is.
    pub module: ModuleId,
    /// Id of the incident.
    pub incident: String,
    /// How the bug got in.
    pub injection: Injection,
    /// The folder with the broken tree, relative to the project.
    pub folder: String,
    /// Id of the snapshot of the learner's work that it started from; `None` when there was none.
    pub snapshot: Option<String>,
    /// When it began.
    pub started: Time,
    /// Version of the course.
    pub course_version: Version,
}

/// A challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// Later ones have a greater one.
    pub id: RowId,
    /// What it is.
    pub content: NewChallenge,
    /// When and how it ended; `None` while it is open.
    pub ended: Option<(Time, ChallengeEnd)>,
}

/// What came of starting a challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChallengeStart {
    /// It is open now.
    Started(RowId),
    /// The module has an open one already, and nothing was changed.
    AlreadyOpen(Challenge),
}

/// What hints are given for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HintSubject {
    /// The task of a module.
    Build(ModuleId),
    /// A question.
    Question(QuestionKey),
    /// A module's incident.
    Incident(ModuleId, String),
}

/// A pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pass {
    /// How it was earned.
    pub kind: PassKind,
    /// When it was earned.
    pub at: Time,
    /// Version of the course with which it was earned.
    pub course_version: Version,
}

/// The course that is worked on since some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CourseUse {
    /// Id of the curriculum.
    pub curriculum: CurriculumId,
    /// Its version.
    pub version: Version,
    /// Digest of the bundle.
    pub digest: String,
    /// Version of the tool.
    pub tool: Version,
    /// Since when.
    pub since: Time,
}

/// Something that the learner has reported, before it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewReport {
    /// The module that it is about; `None` when it is about none.
    pub module: Option<ModuleId>,
    /// The stage that it is about.
    pub stage: Option<Stage>,
    /// When it was written.
    pub written: Time,
    /// The file that holds it, relative to `.mastery`.
    pub file: String,
    /// Where it was posted; `None` when it was only kept.
    pub url: Option<String>,
}

/// Something that the learner has reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Later ones have a greater one.
    pub id: RowId,
    /// What it is.
    pub content: NewReport,
}
