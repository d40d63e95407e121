//! Where the learner stands and what is next, from the course and the record. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::bundle::course::{Course, CourseModule};
use crate::curriculum::id::ModuleId;

use super::state::{
    Asker, Challenge, JustifyNeeds, Pass, PassKind, QuestionKey, Record, RowId, Stage, Time,
};

/// Where the learner stands in the whole course.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The modules in the order of the course.
    pub modules: Vec<ModuleStanding>,
    /// The module that commands without a name are about; `None` only in a course without modules.
    pub current: Option<ModuleId>,
    /// What to do next.
    pub next: Next,
    /// How much is done.
    pub counts: Counts,
}

/// Where the learner stands in a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModuleStanding {
    /// Which one.
    pub id: ModuleId,
    /// Whether what it builds on is done, so that it can be worked on.
    pub is_reached: bool,
    /// Whether a later change broke it.
    pub is_broken: bool,
    /// Build.
    pub build: StageState,
    /// Justify.
    pub justify: StageState,
    /// Harden.
    pub harden: StageState,
    /// How many questions there are, those of its group included.
    pub questions: usize,
    /// How many of them are settled.
    pub settled: usize,
    /// How many incidents there are.
    pub incidents: usize,
    /// How many of them are beaten.
    pub beaten: usize,
}

/// How far a stage is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StageState {
    /// The module has no such stage.
    Absent,
    /// An earlier stage or module comes first.
    Waiting,
    /// It can be worked on.
    Open,
    /// It is done; the pass says how.
    Done(Pass),
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Write the module's code and submit it; or mend it, where a later change broke what was passed.
    Build {
        /// The module.
        module: ModuleId,
    },
    /// Answer a question.
    Answer {
        /// The module.
        module: ModuleId,
        /// The first question that is not settled.
        question: QuestionKey,
    },
    /// Start a challenge.
    StartChallenge {
        /// The module.
        module: ModuleId,
    },
    /// Find and fix the bug of the open challenge.
    Fix {
        /// The module.
        module: ModuleId,
        /// The challenge.
        challenge: RowId,
        /// Its folder, relative to the project.
        folder: String,
    },
    /// Select one of the modules that can be worked on; more than one can.
    SelectModule {
        /// The first of them in the order of the course: what commands without a name are about meanwhile.
        suggested: ModuleId,
    },
    /// Nothing: all is done.
    Done,
}

/// How much is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Modules.
    pub modules: usize,
    /// Modules of which all stages are done.
    pub modules_done: usize,
    /// Stages of all modules.
    pub stages: usize,
    /// Stages that are done.
    pub stages_done: usize,
}

impl ModuleStanding {
    /// How far a stage is.
    pub fn stage(&self, stage: Stage) -> &StageState {
        match stage {
            Stage::Build => &self.build,
            Stage::Justify => &self.justify,
            Stage::Harden => &self.harden,
        }
    }

    /// Whether all its stages are done.
    pub fn is_done(&self) -> bool {
        self.stages()
            .all(|state| matches!(state, StageState::Absent | StageState::Done(_)))
    }

    /// The stage that can be worked on; `None` when all are done, or the module is not reached.
    pub fn open_stage(&self) -> Option<Stage> {
        let mut stages = Stage::ALL.iter().copied();
        stages.find(|stage| *self.stage(*stage) == StageState::Open)
    }

    /// Whether it can be worked on and there is something left.
    fn is_open(&self) -> bool {
        self.open_stage().is_some()
    }

    /// When its last stage was passed.
    fn done_at(&self) -> Option<Time> {
        let times = self.stages().filter_map(|state| match state {
            StageState::Done(pass) => Some(pass.at),
            StageState::Absent | StageState::Waiting | StageState::Open => None,
        });
        times.max()
    }

    fn stages(&self) -> impl Iterator<Item = &StageState> {
        Stage::ALL.iter().map(|stage| self.stage(*stage))
    }
}

/// Returns where the learner stands.
pub fn standing(course: &Course, record: &Record) -> Standing {
    let done: Vec<_> = course
        .modules
        .iter()
        .map(|module| Passes::of(course, module, record))
        .collect();
    let reached = reached(course, record, &done);
    let modules: Vec<_> = course
        .modules
        .iter()
        .zip(done)
        .map(|(module, passes)| {
            let is_reached = reached.contains(module.id());
            passes.standing(course, module, record, is_reached)
        })
        .collect();
    let selected = selected(&modules, record);
    let open: Vec<_> = modules.iter().filter(|it| it.is_open()).collect();
    let begun = || open.iter().find(|it| has_begun(&it.id, record));
    let working = match (selected, course.is_linear()) {
        (Some(selected), _) => Some(selected),
        (None, true) => open.first().copied(),
        // In a library learners stay with what they have begun.
        (None, false) => begun().or(open.first()).copied(),
    };
    // When all is done, the last one is what there is to look back at.
    let current = working.or(modules.last());
    Standing {
        current: current.map(|it| it.id.clone()),
        next: current.map_or(Next::Done, |current| {
            let is_chosen = selected.is_some() || has_begun(&current.id, record);
            next(course, record, current, is_chosen, &open)
        }),
        counts: counts(&modules),
        modules,
    }
}

/// Returns the questions of a module in the order in which they are asked: its own, then those of its group.
pub fn questions_of(course: &Course, module: &CourseModule) -> Vec<QuestionKey> {
    let group = course.group_of(module.id());
    let shared = group.and_then(|group| Some((&group.id, course.theory.get(&group.id)?)));
    let own = module.questions.iter().map(|question| QuestionKey {
        asker: Asker::Module(module.id().clone()),
        question: question.id.clone(),
    });
    let shared = shared.into_iter().flat_map(|(group, questions)| {
        questions.iter().map(|question| QuestionKey {
            asker: Asker::Group(group.clone()),
            question: question.id.clone(),
        })
    });
    own.chain(shared).collect()
}

/// Returns what an answer to a question can complete, for [`super::state::Store::record_answer`].
pub fn justify_needs(course: &Course, question: &QuestionKey) -> Vec<JustifyNeeds> {
    let needs = course.modules.iter().map(|module| JustifyNeeds {
        module: module.id().clone(),
        questions: questions_of(course, module),
    });
    needs
        .filter(|needs| needs.questions.contains(question))
        .collect()
}

/// Returns the open challenges whose bug the course no longer has: nothing can judge them any more.
pub fn orphaned_challenges<'a>(
    course: &'a Course,
    record: &'a Record,
) -> impl Iterator<Item = &'a Challenge> {
    let open = record.challenges.iter().filter(|it| it.ended.is_none());
    open.filter(|it| {
        let module = course.module(it.content.module.as_str());
        !module.is_some_and(|module| has_incident(module, &it.content.incident))
    })
}

/// The stages that a module has, each with its pass if it is passed.
struct Passes(BTreeMap<Stage, Option<Pass>>);

impl Passes {
    fn of(course: &Course, module: &CourseModule, record: &Record) -> Self {
        let questions = questions_of(course, module);
        let has = |stage: Stage| match stage {
            Stage::Build => module.manifest.build.is_some(),
            Stage::Justify => !questions.is_empty(),
            Stage::Harden => !module.incidents.is_empty(),
        };
        let pass = |stage: Stage| match record.pass(module.id(), stage) {
            None if stage == Stage::Justify => pass_of_all(&questions, record),
            pass => pass.cloned(),
        };
        let stages = Stage::ALL.iter().copied().filter(|stage| has(*stage));
        Self(stages.map(|stage| (stage, pass(stage))).collect())
    }

    fn is_done(&self) -> bool {
        self.0.values().all(Option::is_some)
    }

    fn standing(
        mut self,
        course: &Course,
        module: &CourseModule,
        record: &Record,
        is_reached: bool,
    ) -> ModuleStanding {
        let mut is_next_open = is_reached;
        // In the order of the stages: the first that is not passed is open.
        let mut state = |stage: Stage| match self.0.remove(&stage) {
            None => StageState::Absent,
            Some(Some(pass)) => StageState::Done(pass),
            Some(None) if is_next_open => {
                is_next_open = false;
                StageState::Open
            }
            Some(None) => StageState::Waiting,
        };
        let questions = questions_of(course, module);
        let beaten: BTreeSet<_> = record.beaten(module.id()).collect();
        ModuleStanding {
            id: module.id().clone(),
            is_reached,
            is_broken: record.broken.contains_key(module.id()),
            build: state(Stage::Build),
            justify: state(Stage::Justify),
            harden: state(Stage::Harden),
            settled: questions
                .iter()
                .filter(|it| record.settled.contains_key(it))
                .count(),
            questions: questions.len(),
            incidents: module.incidents.len(),
            beaten: module
                .incidents
                .iter()
                .filter(|it| beaten.contains(it.id.as_str()))
                .count(),
        }
    }
}

/// The pass that follows from questions which are all settled: a newer course may ask less than the one before.
fn pass_of_all(questions: &[QuestionKey], record: &Record) -> Option<Pass> {
    let settled: Option<Vec<&Pass>> = questions.iter().map(|it| record.settled.get(it)).collect();
    let settled = settled?;
    let latest = settled.iter().max_by_key(|pass| pass.at)?;
    Some(Pass {
        kind: settled
            .iter()
            .map(|pass| pass.kind)
            .max()
            .unwrap_or(PassKind::Passed),
        ..(*latest).clone()
    })
}

/// The modules that can be worked on: what they build on is done, or they were begun before a newer course put
/// something in front of them.
fn reached<'a>(course: &'a Course, record: &Record, passes: &[Passes]) -> BTreeSet<&'a ModuleId> {
    let with_passes = || course.modules.iter().zip(passes);
    let done: BTreeSet<_> = with_passes()
        .filter(|(_, passes)| passes.is_done())
        .map(|(module, _)| module.id())
        .collect();
    let first_open = with_passes().position(|(_, passes)| !passes.is_done());
    let is_ready = |index: usize, module: &CourseModule| {
        if course.is_linear() {
            first_open.is_none_or(|first| index <= first)
        } else {
            // What was left out of the bundle can't be waited for.
            let mut requires = module.manifest.requires.iter();
            requires.all(|it| done.contains(it) || course.module(it.as_str()).is_none())
        }
    };
    let reached: BTreeSet<_> = course
        .modules
        .iter()
        .enumerate()
        .filter(|(index, module)| {
            is_ready(*index, module) || done.contains(module.id()) || has_begun(module.id(), record)
        })
        .map(|(_, module)| module.id())
        .collect();
    if reached.len() == done.len() {
        // Modules that require each other in a circle, which no sound bundle has, would never be reached.
        course.modules.iter().map(CourseModule::id).collect()
    } else {
        reached
    }
}

/// Whether the learner has done something in a module.
fn has_begun(module: &ModuleId, record: &Record) -> bool {
    let is_own = |question: &QuestionKey| question.asker == Asker::Module(module.clone());
    record.passes.keys().any(|(it, _)| it == module)
        || record.attempts.keys().any(|(it, _)| it == module)
        || record.answers.keys().any(is_own)
        || record.settled.keys().any(is_own)
        || record.open_challenge(module).is_some()
}

/// The module that the learner has selected, as long as that counts: until it is done, or again once they have gone back
/// to it.
fn selected<'a>(modules: &'a [ModuleStanding], record: &Record) -> Option<&'a ModuleStanding> {
    let (id, at) = record.selected.as_ref()?;
    let selected = modules.iter().find(|module| module.id == *id)?;
    let counts = if selected.is_done() {
        selected.done_at().is_none_or(|done| *at > done)
    } else {
        selected.is_reached
    };
    counts.then_some(selected)
}

fn next(
    course: &Course,
    record: &Record,
    current: &ModuleStanding,
    is_chosen: bool,
    open: &[&ModuleStanding],
) -> Next {
    let suggestion = || Next::SelectModule {
        suggested: open
            .iter()
            .find(|it| it.id == current.id)
            .or(open.first())
            .map_or_else(|| current.id.clone(), |it| it.id.clone()),
    };
    let is_choice = !course.is_linear() && open.len() > 1;
    match (next_in(course, record, current), open.first()) {
        (Some(_), _) if is_choice && !is_chosen => suggestion(),
        (Some(next), _) => next,
        (None, None) => Next::Done,
        // The learner has gone back to what is done.
        (None, Some(_)) if is_choice => suggestion(),
        (None, Some(first)) => next_in(course, record, first).unwrap_or(Next::Done),
    }
}

/// What to do next in a module; `None` when it is done.
fn next_in(course: &Course, record: &Record, standing: &ModuleStanding) -> Option<Next> {
    let module = standing.id.clone();
    let content = course.module(module.as_str())?;
    // One that the learner has begun on top of what is done counts too.
    if let Some(challenge) = record.open_challenge(&module)
        && has_incident(content, &challenge.content.incident)
    {
        return Some(Next::Fix {
            module,
            challenge: challenge.id,
            folder: challenge.content.folder.clone(),
        });
    }
    // What else could be submitted to show that it is mended?
    if standing.is_broken && matches!(standing.build, StageState::Done(_)) {
        return Some(Next::Build { module });
    }
    match standing.open_stage()? {
        Stage::Build => Some(Next::Build { module }),
        Stage::Justify => {
            let mut questions = questions_of(course, content).into_iter();
            let question = questions.find(|it| !record.settled.contains_key(it))?;
            Some(Next::Answer { module, question })
        }
        Stage::Harden => Some(Next::StartChallenge { module }),
    }
}

fn has_incident(module: &CourseModule, incident: &str) -> bool {
    module.incidents.iter().any(|it| it.id == incident)
}

fn counts(modules: &[ModuleStanding]) -> Counts {
    let stages = || modules.iter().flat_map(ModuleStanding::stages);
    Counts {
        modules: modules.len(),
        modules_done: modules.iter().filter(|it| it.is_done()).count(),
        stages: stages().filter(|it| **it != StageState::Absent).count(),
        stages_done: stages()
            .filter(|it| matches!(it, StageState::Done(_)))
            .count(),
    }
}
