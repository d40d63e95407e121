//! Verdicts: whether a run ended as its case expected, why not, and what to do.

use serde::{Deserialize, Serialize};

/// Whether a run ended as its case expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It did.
    AsExpected,
    /// The solution does not pass its own validator.
    ReferenceFails,
    /// The solution passes alone and fails once later modules are solved.
    CompleteFails,
    /// The validator runs no tests.
    NoTests,
    /// The validator names tests that do not exist.
    MissingTests,
    /// Tests pass before the learner has done anything.
    StarterPasses,
    /// The starter fails for another reason than missing code.
    StarterBroken,
    /// A test that is said to pass on the starter does not.
    InitiallyPassingFails,
    /// Another correct solution is rejected.
    VariantFails,
    /// The bug is there and no test sees it.
    SilentBug,
    /// The bug is seen, and not as it is described.
    WrongReason,
    /// The expected message is one that unwritten code gives, too.
    MessageTooBroad,
    /// The bug breaks the code instead of changing what it does.
    BadBug,
    /// In a variant the bug makes more tests fail than in the reference.
    ExtraFailures,
    /// The reference or variant does not pass, so that nothing can be said of bugs in it.
    NotJudged,
    /// Lint tells that it can't be run.
    NotRun,
    /// Run again with other seeds, it ends in another way.
    Flaky,
    /// It was not begun, because another case was not as expected.
    Skipped,
    /// The run was stopped before or while it ran.
    Interrupted,
    /// The tool could not find out.
    InfrastructureError,
}

/// What a verdict means for the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VerdictSeverity {
    /// Nothing is wrong.
    Ok,
    /// It is shown and fails no gate.
    Warning,
    /// It fails the gate.
    Error,
}

impl Verdict {
    /// The verdict as it stands in reports: kebab-case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AsExpected => "as-expected",
            Self::ReferenceFails => "reference-fails",
            Self::CompleteFails => "complete-fails",
            Self::NoTests => "no-tests",
            Self::MissingTests => "missing-tests",
            Self::StarterPasses => "starter-passes",
            Self::StarterBroken => "starter-broken",
            Self::InitiallyPassingFails => "initially-passing-fails",
            Self::VariantFails => "variant-fails",
            Self::SilentBug => "silent-bug",
            Self::WrongReason => "wrong-reason",
            Self::MessageTooBroad => "message-too-broad",
            Self::BadBug => "bad-bug",
            Self::ExtraFailures => "extra-failures",
            Self::NotJudged => "not-judged",
            Self::NotRun => "not-run",
            Self::Flaky => "flaky",
            Self::Skipped => "skipped",
            Self::Interrupted => "interrupted",
            Self::InfrastructureError => "infrastructure-error",
        }
    }

    /// What the verdict means for the gate, in a module that is no draft.
    pub const fn severity(self) -> VerdictSeverity {
        match self {
            Self::AsExpected => VerdictSeverity::Ok,
            Self::ExtraFailures => VerdictSeverity::Warning,
            _ => VerdictSeverity::Error,
        }
    }

    /// Whether the verdict says something about the curriculum, and not only about the run.
    pub const fn is_about_content(self) -> bool {
        !matches!(
            self,
            Self::Skipped | Self::Interrupted | Self::InfrastructureError
        )
    }

    /// What it means, in plain words.
    pub const fn explanation(self) -> &'static str {
        match self {
            Self::AsExpected => "the case ended as expected",
            Self::ReferenceFails => "the reference solution does not pass, so that no learner can",
            Self::CompleteFails => {
                "the solution passes alone and fails once all modules are solved: a later module \
                 breaks it"
            }
            Self::NoTests => "the validator runs no tests, so that it says nothing about any code",
            Self::MissingTests => "the validator names tests that do not exist",
            Self::StarterPasses => {
                "tests pass before the learner has written anything, so that they judge nothing"
            }
            Self::StarterBroken => {
                "the starter fails for another reason than that code is missing, and a learner \
                 can't tell"
            }
            Self::InitiallyPassingFails => {
                "a test under `initially_passing` does not pass on the starter"
            }
            Self::VariantFails => {
                "a correct solution that is written differently is rejected, as a learner's would be"
            }
            Self::SilentBug => {
                "the bug is injected and every test still passes, so that a learner has nothing to \
                 find"
            }
            Self::WrongReason => "the bug is seen, but not in the way that is described",
            Self::MessageTooBroad => {
                "the expected message also matches what fails on the starter, so that it does not \
                 tell the bug from missing code"
            }
            Self::BadBug => {
                "the injected code does not run to the end of its tests; a bug has to run and do the \
                 wrong thing"
            }
            Self::ExtraFailures => {
                "in this variant the bug makes other tests fail than those that are expected"
            }
            Self::NotJudged => {
                "the code that the bug was put into does not pass, and on a broken baseline every \
                 bug looks caught"
            }
            Self::NotRun => "a finding of lint makes it pointless to run the case",
            Self::Flaky => {
                "run again with another seed the same code ends in another way, so that a learner \
                 can fail without a bug in their work"
            }
            Self::Skipped => "another case was not as expected, and `--fail-fast` was given",
            Self::Interrupted => "the run was stopped",
            Self::InfrastructureError => {
                "mastery could not find out; this says nothing about the curriculum"
            }
        }
    }

    /// What to do next.
    pub const fn advice(self) -> Option<&'static str> {
        Some(match self {
            Self::AsExpected | Self::Skipped | Self::Interrupted => return None,
            Self::ReferenceFails => {
                "correct the solution or the test; if the solution needs code of a later module, \
                 move the module or the code"
            }
            Self::CompleteFails => {
                "compare what later modules change in the files that both use, or in what they import"
            }
            Self::NoTests => {
                "check the node ids under `build.validator`, and what makes tests skip"
            }
            Self::MissingTests => {
                "correct the node ids under `build.validator`, or write the tests"
            }
            Self::StarterPasses => {
                "make the tests look at what the learner writes, or list them under \
                 `build.initially_passing`"
            }
            Self::StarterBroken => {
                "give the region a stub that can be imported and raises when it is called"
            }
            Self::InitiallyPassingFails => {
                "take the test off the list, or make it independent of the learner's code"
            }
            Self::VariantFails => {
                "if the variant is right, loosen what the tests demand; if it is wrong, correct it"
            }
            Self::SilentBug => "write a test that sees the difference, or drop the bug",
            Self::WrongReason => {
                "bring `expect` in line with what fails, or narrow the bug to what it is about"
            }
            Self::MessageTooBroad => {
                "choose words of the assertion that unwritten code does not reach"
            }
            Self::BadBug => "change the bug so that it runs and gives a wrong result",
            Self::ExtraFailures => {
                "check that the variant is as correct as the reference; list the tests under \
                 `expect.may_fail` if the bug is the reason"
            }
            Self::NotJudged => "make the reference or the variant pass first",
            Self::NotRun => "correct the finding; `mastery lint` shows it in its place",
            Self::Flaky => {
                "make the tests independent of their order, of the order of sets, and of random \
                 numbers without a seed of their own"
            }
            Self::InfrastructureError => {
                "run it again; if it stays, `mastery doctor` shows what is amiss"
            }
        })
    }
}

/// A verdict with what was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// What was seen, in words; `None` when it is as expected.
    pub seen: Option<String>,
}

impl Judgement {
    /// Returns a verdict with what was seen.
    pub fn new(verdict: Verdict, seen: impl Into<String>) -> Self {
        Self {
            verdict,
            seen: Some(seen.into()),
        }
    }

    pub(super) const AS_EXPECTED: Self = Self {
        verdict: Verdict::AsExpected,
        seen: None,
    };
}
