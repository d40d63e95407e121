//! What a case is: what is run and what is expected of it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::curriculum::document::{Build, Expect, ExpectedOutcome, Validator};
use crate::curriculum::id::{BugId, ModuleId, Text, VariantName};
use crate::diagnostic::{Location, RuleName};
use crate::pattern::Pattern;
use crate::run::environment::Environment;
use crate::run::executor::{RunRequest, Task};
use crate::source::tree::Tree;

/// What a case proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaseKind {
    /// The module's solution passes, with nothing of later modules.
    Reference,
    /// It still passes when everything is solved.
    Complete,
    /// What a learner starts from fails.
    Starter,
    /// Another correct solution passes.
    Variant(VariantName),
    /// A bug fails as it should.
    Bug {
        /// The bug.
        bug: BugId,
        /// How it is injected.
        injection: Injection,
    },
}

/// How a bug is injected in a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Injection {
    /// By its patch.
    Patch,
    /// By its rewrite.
    Rewrite,
    /// By its rewrite, into a variant.
    RewriteOn(VariantName),
}

impl CaseKind {
    /// The case that must pass before this one can be judged: that of the code without the bug.
    #[must_use]
    pub fn baseline(&self) -> Self {
        match self {
            Self::Bug {
                injection: Injection::RewriteOn(variant),
                ..
            } => Self::Variant(variant.clone()),
            _ => Self::Reference,
        }
    }

    /// The cases of its module without which it can't be judged.
    #[must_use]
    pub fn needs(&self) -> Vec<Self> {
        match self {
            Self::Bug { .. } => vec![Self::Reference, self.baseline(), Self::Starter],
            Self::Complete | Self::Variant(_) => vec![Self::Reference],
            Self::Reference | Self::Starter => Vec::new(),
        }
    }
}

impl fmt::Display for CaseKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reference => formatter.write_str("reference"),
            Self::Complete => formatter.write_str("complete"),
            Self::Starter => formatter.write_str("starter"),
            Self::Variant(name) => write!(formatter, "variant/{name}"),
            Self::Bug {
                bug,
                injection: Injection::Patch,
            } => write!(formatter, "bug/{bug}/patch"),
            Self::Bug {
                bug,
                injection: Injection::Rewrite,
            } => {
                write!(formatter, "bug/{bug}/rewrite")
            }
            Self::Bug {
                bug,
                injection: Injection::RewriteOn(variant),
            } => {
                write!(formatter, "bug/{bug}/rewrite@{variant}")
            }
        }
    }
}

/// One thing that is run, with an expected outcome.
#[derive(Clone, Debug)]
pub struct Case {
    /// Curriculum, module and case.
    pub id: String,
    /// The curriculum, as its place in the plan.
    pub curriculum: usize,
    /// The module.
    pub module: ModuleId,
    /// What it proves.
    pub kind: CaseKind,
    /// Whether its verdict fails no gate.
    pub is_draft: bool,
    /// Whether it is run only because others are judged by it, and is reported by another shard.
    pub is_pulled_in: bool,
    /// How long the module's author says that its reference takes; `None` where they don't.
    pub baseline: Option<Duration>,
    /// Where in the author's files the case comes from.
    pub location: Location,
    /// What is run, or why it can't be.
    pub input: Result<CaseInput, NotRun>,
    /// How it has to end.
    pub expectation: Expectation,
}

/// What is run, but for the environment, which is the same for all cases of a curriculum.
#[derive(Clone, Debug)]
pub struct CaseInput {
    /// The files.
    pub tree: Arc<Tree>,
    /// What judges them.
    pub task: Task,
    /// A command that is run before.
    pub prepare: Option<Vec<String>>,
    /// Wall time of the run.
    pub timeout: Duration,
    /// Wall time of one test.
    pub test_timeout: Duration,
    /// Memory of all processes together, in bytes.
    pub memory_bytes: u64,
}

impl CaseInput {
    /// Returns what runs a module's validator on a tree.
    pub fn new(build: &Build, tree: &Arc<Tree>) -> Self {
        let task = match &build.validator {
            Validator::Pytest(validator) => Task::Pytest {
                node_ids: validator.node_ids.iter().map(ToString::to_string).collect(),
            },
            Validator::Command(validator) => Task::Command {
                argv: validator.argv.clone(),
                junit: validator.junit.as_ref().map(ToString::to_string),
            },
        };
        Self {
            tree: Arc::clone(tree),
            task,
            prepare: build.prepare.clone(),
            timeout: build.timeout(),
            test_timeout: build.test_timeout(),
            memory_bytes: build.memory_bytes(),
        }
    }

    /// Returns the request to run it in an environment, with everything random drawn from `seed`.
    pub fn request(&self, environment: &Arc<Environment>, seed: u32) -> RunRequest {
        RunRequest {
            tree: Arc::clone(&self.tree),
            task: self.task.clone(),
            prepare: self.prepare.clone(),
            timeout: self.timeout,
            test_timeout: self.test_timeout,
            memory_bytes: self.memory_bytes,
            seed,
            environment: Arc::clone(environment),
        }
    }

    /// Returns a key that two inputs share only if running one says how the other ends.
    pub fn key(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        let numbers = (self.timeout, self.test_timeout, self.memory_bytes);
        for field in [
            self.tree.digest(),
            format!("{:?}", self.task),
            format!("{:?}", self.prepare),
            format!("{numbers:?}"),
        ] {
            hasher.update(&(field.len() as u64).to_le_bytes());
            hasher.update(field.as_bytes());
        }
        hasher.finalize().to_hex().to_string()
    }
}

/// Why a case is not run: something that lint tells and no process is needed to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotRun {
    /// The lint rule.
    pub rule: RuleName,
    /// What it says.
    pub message: String,
}

/// How a case has to end.
#[derive(Clone, Debug)]
pub enum Expectation {
    /// All tests pass.
    Passes,
    /// Nothing passes but what may.
    Fails {
        /// Ids that pass before anything is solved, and must.
        initially_passing: Vec<String>,
        /// Files of the project that may still be missing, or miss something.
        edit: Vec<String>,
    },
    /// The tests that look for a bug fail, and no others.
    Bug(BugExpectation),
}

/// How the run of a bug has to end.
#[derive(Clone, Debug)]
pub struct BugExpectation {
    /// Whether tests fail or run into their limit.
    pub outcome: ExpectedOutcome,
    /// Ids that must fail; of a bare function at least one parameter set.
    pub fail: Vec<String>,
    /// Ids that may fail as well.
    pub may_fail: Vec<String>,
    /// What the exception text of a failed test must match.
    pub message: Option<(String, Pattern)>,
    /// Whether one of `fail` is enough and other failures are only a warning: the code is not the
    /// one that the expectation was written for.
    pub is_lenient: bool,
}

impl BugExpectation {
    /// Returns what a bug's file says, for the code that it was written for.
    ///
    /// # Errors
    ///
    /// Why its message is no pattern.
    pub fn new(expect: &Expect) -> Result<Self, String> {
        let compile = |text: &Text| {
            Pattern::compile(text.as_str()).map(|pattern| (text.to_string(), pattern))
        };
        Ok(Self {
            outcome: expect.outcome,
            fail: expect.fail.iter().map(ToString::to_string).collect(),
            may_fail: expect.may_fail.iter().map(ToString::to_string).collect(),
            message: expect.message.as_ref().map(compile).transpose()?,
            is_lenient: false,
        })
    }
}

impl Expectation {
    /// Returns a key that two expectations share only if they ask for the same.
    pub fn key(&self) -> String {
        match self {
            Self::Passes => "passes".to_owned(),
            Self::Fails {
                initially_passing,
                edit,
            } => format!("fails {:?}", (initially_passing, edit)),
            Self::Bug(BugExpectation {
                outcome,
                fail,
                may_fail,
                message,
                is_lenient,
            }) => {
                let message = message.as_ref().map(|(text, _)| text);
                format!("bug {:?}", (outcome, fail, may_fail, message, is_lenient))
            }
        }
    }

    /// The expectation in words.
    pub fn words(&self) -> String {
        match self {
            Self::Passes => "all tests pass".to_owned(),
            Self::Fails {
                initially_passing, ..
            } if initially_passing.is_empty() => "no test passes".to_owned(),
            Self::Fails {
                initially_passing, ..
            } => {
                format!("no test passes but {}", initially_passing.join(", "))
            }
            Self::Bug(bug) => {
                let is_one = bug.fail.len() == 1 || bug.is_lenient;
                let verb = match (bug.outcome, is_one) {
                    (ExpectedOutcome::Failed, true) => "fails",
                    (ExpectedOutcome::Failed, false) => "fail",
                    (ExpectedOutcome::TimedOut, true) => "times out",
                    (ExpectedOutcome::TimedOut, false) => "time out",
                };
                let ids = bug.fail.join(if bug.is_lenient { " or " } else { " and " });
                match &bug.message {
                    Some((text, _)) => format!("{ids} {verb} with a message that matches `{text}`"),
                    None => format!("{ids} {verb}"),
                }
            }
        }
    }
}

/// Whether `id` names `test`: the test itself, or a function or class that it is in.
pub fn names(id: &str, test: &str) -> bool {
    test.strip_prefix(id)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('[') || rest.starts_with("::"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_function_stands_for_its_parameter_sets() {
        assert!(names("t.py::f", "t.py::f"));
        assert!(names("t.py::f", "t.py::f[1-2]"));
        assert!(names("t.py::C", "t.py::C::f[1]"));
        assert!(names("t.py", "t.py::f"));
        assert!(!names("t.py::f", "t.py::ff"));
        assert!(!names("t.py::f[1]", "t.py::f[12]"));
        assert!(!names("t.py::f[1]", "t.py::f"));
    }
}
