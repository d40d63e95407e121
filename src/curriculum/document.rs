//! The files of a curriculum as types, field for field as in the schemas.
//!
//! A document that its schema accepts also deserialises, and the other way round; the samples in
//! `tests/fixtures/schemas` hold the two together. What needs more than one file is left to `lint`.

use std::collections::{BTreeMap, HashSet};
use std::hash::Hash;
use std::time::Duration;

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::id::{
    BugId, CurriculumId, Date, DottedName, FilePath, IndexUrl, ModuleId, NodeId, PatchName,
    PatternText, ProgramName, RepositoryUrl, RuleId, Seconds, Slug, TestId, Text, Title,
    VariantName, Whole,
};

/// A type that one kind of file is read into.
pub trait FileContent: DeserializeOwned {
    /// Returns the content of a file.
    ///
    /// # Errors
    ///
    /// What is wrong, in the words of `serde`: the schema has said it better before.
    fn read(value: &Value) -> Result<Self, String> {
        let content: Self = Self::deserialize(value).map_err(|error| error.to_string())?;
        content.check().map(|()| content)
    }

    /// Checks what fields demand of each other.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

/// `curriculum.yaml`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of the formats.
    #[serde(rename = "schema")]
    pub format: Whole<1, 1>,
    /// Equal to the name of the folder.
    pub id: CurriculumId,
    /// The name that learners see.
    pub title: Title,
    /// Version of the content.
    #[serde(deserialize_with = "version")]
    pub version: semver::Version,
    /// How modules build on each other.
    pub kind: CurriculumKind,
    /// The modules; see [`Manifest::module_ids`].
    #[serde(deserialize_with = "some")]
    pub modules: Vec<ModuleEntry>,
    /// Who wrote it.
    #[serde(deserialize_with = "some")]
    pub authors: Vec<Text>,
    /// SPDX expression of the content.
    pub license: Text,
    /// Where the material comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Text>,
    /// Where learners report what is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issues: Option<RepositoryUrl>,
    /// One or two sentences for a catalogue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<Text>,
    /// What validators need; `None` when no module needs Python.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<Environment>,
    /// Globs that are restored before every validation.
    #[serde(default, deserialize_with = "distinct")]
    pub protected: Vec<Text>,
    /// Findings that are known and accepted.
    #[serde(default)]
    pub allow: Vec<Allow>,
    /// Severity of single rules.
    #[serde(default)]
    pub severity: BTreeMap<RuleId, SeverityOverride>,
}

impl Manifest {
    /// The ids of all modules in order, each with its JSON pointer in the file.
    pub fn module_ids(&self) -> impl Iterator<Item = (&ModuleId, String)> {
        self.modules
            .iter()
            .enumerate()
            .flat_map(|(index, entry)| match entry {
                ModuleEntry::Id(id) => vec![(id, format!("/modules/{index}"))],
                ModuleEntry::Group(group) => group
                    .modules
                    .iter()
                    .enumerate()
                    .map(|(inner, id)| (id, format!("/modules/{index}/modules/{inner}")))
                    .collect(),
            })
    }

    /// The groups of a library, each with its JSON pointer; none in a linear curriculum.
    pub fn groups(&self) -> impl Iterator<Item = (&Group, String)> {
        self.modules
            .iter()
            .enumerate()
            .filter_map(|(index, entry)| match entry {
                ModuleEntry::Id(_) => None,
                ModuleEntry::Group(group) => Some((group, format!("/modules/{index}"))),
            })
    }
}

impl FileContent for Manifest {
    fn check(&self) -> Result<(), String> {
        let fits = |entry: &ModuleEntry| {
            matches!(
                (self.kind, entry),
                (CurriculumKind::Linear, ModuleEntry::Id(_))
                    | (CurriculumKind::Library, ModuleEntry::Group(_))
            )
        };
        if !self.modules.iter().all(fits) {
            return Err("`modules` does not fit `kind`".to_owned());
        }
        let ids = self.modules.iter().filter_map(|entry| match entry {
            ModuleEntry::Id(id) => Some(id),
            ModuleEntry::Group(_) => None,
        });
        if has_twins(ids) {
            Err("`modules` has an item twice".to_owned())
        } else {
            Ok(())
        }
    }
}

/// How the modules of a curriculum build on each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CurriculumKind {
    /// Each module builds on all before it.
    Linear,
    /// Modules stand alone but for what they require.
    Library,
}

/// An entry under `modules`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ModuleEntry {
    /// A module of a linear curriculum.
    Id(ModuleId),
    /// A group of a library.
    Group(Group),
}

/// A group of modules in a library.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Unique in the curriculum.
    pub id: Slug,
    /// What learners see above the modules.
    pub title: Text,
    /// A questions file that the modules share.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub theory: Option<FilePath>,
    /// The modules, in the order in which they are shown.
    #[serde(deserialize_with = "some_distinct")]
    pub modules: Vec<ModuleId>,
}

/// What validators need to run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// Versions of Python; `None` for any.
    #[serde(
        default,
        deserialize_with = "version_req",
        skip_serializing_if = "Option::is_none"
    )]
    pub python: Option<semver::VersionReq>,
    /// The lock file; `None` stands for `requirements.txt` where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requirements: Option<FilePath>,
    /// Package indexes besides the one that the machine is set up with.
    #[serde(default, deserialize_with = "distinct")]
    pub indexes: Vec<IndexUrl>,
    /// Modules that a worker imports once.
    #[serde(default, deserialize_with = "distinct")]
    pub preload: Vec<DottedName>,
    /// Plugin modules that pytest loads.
    #[serde(default, deserialize_with = "distinct")]
    pub pytest_plugins: Vec<DottedName>,
    /// Programs that command validators call.
    #[serde(default, deserialize_with = "distinct")]
    pub tools: Vec<ProgramName>,
}

/// A finding that is known and accepted.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allow {
    /// Name of the rule.
    pub rule: RuleId,
    /// Glob on the path in the curriculum.
    pub path: Text,
    /// Why the finding is acceptable.
    pub reason: Text,
    /// Last day on which the entry counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
}

/// Severity of a rule in one curriculum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeverityOverride {
    /// Fails the gate.
    Error,
    /// Is shown and does not fail the gate.
    Warning,
    /// Is not looked for.
    Off,
}

/// `modules/<id>/module.yaml`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModuleManifest {
    /// Equal to the name of the folder.
    pub id: ModuleId,
    /// The name that learners see.
    pub title: Title,
    /// One sentence for lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<Text>,
    /// Which stages there are.
    #[serde(default)]
    pub kind: ModuleKind,
    /// Whether findings fail the gate.
    #[serde(default)]
    pub status: Status,
    /// What a learner can do afterwards.
    #[serde(deserialize_with = "some")]
    pub objectives: Vec<Text>,
    /// Modules whose code this one uses.
    #[serde(default, deserialize_with = "distinct")]
    pub requires: Vec<ModuleId>,
    /// How hard it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difficulty: Option<Difficulty>,
    /// How long a learner needs, in minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minutes: Option<Whole<1, 6000>>,
    /// From vague to precise.
    #[serde(default)]
    pub hints: Vec<Text>,
    /// What the learner writes; `None` for a module without a Build stage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build: Option<Build>,
}

impl FileContent for ModuleManifest {
    fn check(&self) -> Result<(), String> {
        match (self.kind, &self.build) {
            (ModuleKind::Standard, None) => Err("the module has no `build`".to_owned()),
            (ModuleKind::JustifyOnly, Some(_)) => Err("`build` does not belong here".to_owned()),
            _ => Ok(()),
        }
    }
}

/// Which stages a module has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModuleKind {
    /// Build, Justify and Harden.
    #[default]
    Standard,
    /// Questions only.
    JustifyOnly,
}

/// How far a module is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Learners get it; its findings fail the gate.
    #[default]
    Ready,
    /// It is checked and shown, fails no gate and is not bundled.
    Draft,
}

/// How hard a module is for those that the curriculum is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the words say it")]
pub enum Difficulty {
    Easy,
    Medium,
    Hard,
}

impl Difficulty {
    /// The word that it is written as.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Easy => "easy",
            Self::Medium => "medium",
            Self::Hard => "hard",
        }
    }
}

/// The Build stage of a module.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Build {
    /// Files that the learner changes or creates.
    #[serde(deserialize_with = "some_distinct")]
    pub edit: Vec<FilePath>,
    /// A command that is run before the validator.
    #[serde(
        default,
        deserialize_with = "argv_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub prepare: Option<Vec<String>>,
    /// What decides pass or fail.
    pub validator: Validator,
    /// Wall time of the validator; 60 seconds when `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<Seconds>,
    /// Wall time of one test; half of the validator's when `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_timeout_seconds: Option<Seconds>,
    /// Memory of all processes together in MiB; 2048 when `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_mib: Option<Whole<64, 1_048_576>>,
    /// Tests that pass on the starter, and must.
    #[serde(default, deserialize_with = "distinct")]
    pub initially_passing: Vec<TestId>,
    /// How long the reference takes, in seconds; nothing is judged by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline_seconds: Option<Seconds>,
}

impl Build {
    /// Wall time that the validator may take.
    pub fn timeout(&self) -> Duration {
        self.timeout_seconds
            .map_or(Duration::from_secs(60), Seconds::duration)
    }

    /// Wall time that one test may take.
    pub fn test_timeout(&self) -> Duration {
        self.test_timeout_seconds
            .map_or(self.timeout() / 2, Seconds::duration)
    }

    /// Memory that all processes may use together, in bytes.
    pub fn memory_bytes(&self) -> u64 {
        u64::from(self.memory_mib.map_or(2048, Whole::get)) * 1024 * 1024
    }
}

/// What decides pass or fail.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Validator {
    /// Tests that pytest runs.
    Pytest(PytestValidator),
    /// Any program.
    Command(CommandValidator),
}

/// A validator that pytest runs.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PytestValidator {
    /// Files, or classes and functions in them.
    #[serde(rename = "pytest", deserialize_with = "some_distinct")]
    pub node_ids: Vec<NodeId>,
}

/// A validator that is a program.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandValidator {
    /// Program and arguments.
    #[serde(rename = "command", deserialize_with = "argv")]
    pub argv: Vec<String>,
    /// Where the program writes a JUnit XML report; `None` when the whole run is one test.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub junit: Option<FilePath>,
}

/// `modules/<id>/bugs/<id>.yaml`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BugManifest {
    /// Equal to the name of the file.
    pub id: BugId,
    /// Names the fault for authors.
    pub title: Title,
    /// How the fault gets into the code.
    pub inject: Inject,
    /// What the learner is told.
    pub symptom: Text,
    /// Shown one by one when asked for.
    #[serde(default)]
    pub hints: Vec<Text>,
    /// Shown after the fix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lesson: Option<Text>,
    /// How the validator must fail.
    pub expect: Expect,
}

impl FileContent for BugManifest {
    fn check(&self) -> Result<(), String> {
        match self.inject {
            Inject {
                patch: None,
                rewrite: None,
            } => Err("`inject` needs a key".to_owned()),
            _ => Ok(()),
        }
    }
}

/// How a fault gets into the code; at least one of the two.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inject {
    /// A diff against the solved state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patch: Option<PatchName>,
    /// Changes that work on any correct solution.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rewrite: Option<Rewrite>,
}

/// Changes that work on any correct solution.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rewrite {
    /// The file that is rewritten.
    pub path: FilePath,
    /// The function or class in which matches are looked for; the whole file when `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<DottedName>,
    /// Applied in order; each must match exactly once.
    #[serde(deserialize_with = "some")]
    pub steps: Vec<RewriteStep>,
    /// Variants that need not match, with the reason.
    #[serde(default)]
    pub not_applicable: BTreeMap<VariantName, Text>,
}

/// One change of a rewrite.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RewriteStep {
    /// An ast-grep rule object.
    #[serde(deserialize_with = "some_keys")]
    pub rule: Map<String, Value>,
    /// A template or an ast-grep fix object.
    #[serde(deserialize_with = "fix")]
    pub fix: Value,
    /// Further rules on single metavariables.
    #[serde(default)]
    pub constraints: Map<String, Value>,
}

/// How the validator must fail.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// How the run must end.
    #[serde(default)]
    pub outcome: ExpectedOutcome,
    /// Tests that must fail.
    #[serde(deserialize_with = "some_distinct")]
    pub fail: Vec<TestId>,
    /// Tests that may fail as well.
    #[serde(default, deserialize_with = "distinct")]
    pub may_fail: Vec<TestId>,
    /// Regular expression on the exception text; `None` accepts any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<Text>,
}

/// How the run of a bug must end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExpectedOutcome {
    /// Tests fail.
    #[default]
    Failed,
    /// Tests run into their time limit.
    TimedOut,
}

/// `modules/<id>/questions.yaml` and `theory/<group>.yaml`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Questions {
    /// In the order in which they are asked.
    #[serde(deserialize_with = "some")]
    pub questions: Vec<Question>,
}

impl FileContent for Questions {}

/// A question with what judges its answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Unique in the module.
    pub id: Slug,
    /// What the learner is asked.
    pub question: Text,
    /// A complete answer.
    pub model_answer: Text,
    /// Further answers that must pass.
    #[serde(default)]
    pub accept: Vec<Text>,
    /// Shown one by one when asked for.
    #[serde(default)]
    pub hints: Vec<Text>,
    /// What every passing answer has to contain.
    #[serde(deserialize_with = "some")]
    pub required_concepts: Vec<Concept>,
    /// Shallow or wrong answers that are caught.
    pub failure_modes: Vec<FailureMode>,
}

/// Something that every passing answer has to contain.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Concept {
    /// Unique in the question.
    pub id: Slug,
    /// One of these must match.
    #[serde(deserialize_with = "some_distinct")]
    pub any_of: Vec<PatternText>,
    /// The follow-up question when it is missing.
    pub ask: Text,
}

/// A shallow or wrong kind of answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailureMode {
    /// Unique in the question.
    pub category: Slug,
    /// The mode matches when one of these does.
    #[serde(deserialize_with = "some_distinct")]
    pub any_of: Vec<PatternText>,
    /// Concepts that excuse the answer when all are there; `None` when nothing does.
    #[serde(
        default,
        deserialize_with = "some_distinct_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub unless: Option<Vec<Slug>>,
    /// What the learner is told.
    pub feedback: Text,
    /// An answer that this mode must catch.
    pub example: Text,
}

fn has_twins<T: Eq + Hash>(items: impl Iterator<Item = T>) -> bool {
    let mut seen = HashSet::new();
    items.into_iter().any(|item| !seen.insert(item))
}

fn some<'de, D: Deserializer<'de>, T: Deserialize<'de>>(de: D) -> Result<Vec<T>, D::Error> {
    let items = Vec::deserialize(de)?;
    if items.is_empty() {
        Err(D::Error::custom("the list is empty"))
    } else {
        Ok(items)
    }
}

fn distinct<'de, D, T>(de: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Eq + Hash,
{
    let items = Vec::deserialize(de)?;
    if has_twins(items.iter()) {
        Err(D::Error::custom("the list has an item twice"))
    } else {
        Ok(items)
    }
}

fn some_distinct<'de, D, T>(de: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Eq + Hash,
{
    let items = distinct(de)?;
    if items.is_empty() {
        Err(D::Error::custom("the list is empty"))
    } else {
        Ok(items)
    }
}

fn some_distinct_option<'de, D, T>(de: D) -> Result<Option<Vec<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Eq + Hash,
{
    some_distinct(de).map(Some)
}

fn argv<'de, D: Deserializer<'de>>(de: D) -> Result<Vec<String>, D::Error> {
    let argv = Vec::<String>::deserialize(de)?;
    match argv.first() {
        Some(program) if !program.trim().is_empty() => Ok(argv),
        _ => Err(D::Error::custom("no program to run")),
    }
}

fn argv_option<'de, D: Deserializer<'de>>(de: D) -> Result<Option<Vec<String>>, D::Error> {
    argv(de).map(Some)
}

fn some_keys<'de, D: Deserializer<'de>>(de: D) -> Result<Map<String, Value>, D::Error> {
    let map = Map::deserialize(de)?;
    if map.is_empty() {
        Err(D::Error::custom("the mapping is empty"))
    } else {
        Ok(map)
    }
}

fn fix<'de, D: Deserializer<'de>>(de: D) -> Result<Value, D::Error> {
    let value = Value::deserialize(de)?;
    let is_fix = match &value {
        Value::String(_) => true,
        Value::Object(map) => {
            map.get("template").is_some_and(Value::is_string)
                && map.iter().all(|(key, value)| match key.as_str() {
                    "template" => true,
                    "expandStart" | "expandEnd" => value.is_object(),
                    _ => false,
                })
        }
        _ => false,
    };
    if is_fix {
        Ok(value)
    } else {
        Err(D::Error::custom("neither a template nor a fix object"))
    }
}

fn version<'de, D: Deserializer<'de>>(de: D) -> Result<semver::Version, D::Error> {
    let text = String::deserialize(de)?;
    let version = semver::Version::parse(&text).map_err(D::Error::custom)?;
    // `1.0.0+x` and `1.0.0` are the same version to everything that compares them.
    if version.build.is_empty() {
        Ok(version)
    } else {
        Err(D::Error::custom("build metadata does not belong here"))
    }
}

fn version_req<'de, D: Deserializer<'de>>(de: D) -> Result<Option<semver::VersionReq>, D::Error> {
    let text = String::deserialize(de)?;
    // Without a comparison `3.11` would mean "3.11 or any later 3".
    let has_comparison = |part: &str| part.trim_start().starts_with(['<', '>', '=']);
    if !text.split(',').all(has_comparison) {
        return Err(D::Error::custom("a version without a comparison"));
    }
    semver::VersionReq::parse(&text)
        .map(Some)
        .map_err(D::Error::custom)
}
