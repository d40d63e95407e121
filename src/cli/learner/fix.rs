//! Harden: the fixed bug against the module's validator.

use super::LearnerArgs;
use super::build::{attempt, ran};
use super::desk::Desk;
use super::findings;
use super::next::print_after;
use super::page::{Page, Tone};
use super::tester::Tester;
use super::work::Work;
use crate::bundle::course::CourseModule;
use crate::cli::error::Error;
use crate::cli::machinery::{ExecutorArg, MachineryArgs};
use crate::curriculum::id::ModuleId;
use crate::exit_code::ExitCode;
use crate::learn::challenge_tree::{ChallengeTree, Condition};
use crate::learn::findings::Findings;
use crate::learn::harden::is_restored;
use crate::learn::snapshot::{Line, SnapshotId, Snapshots};
use crate::learn::state::{
    AttemptKind, ChallengeEnd, Consequences, NewChallenge, PassKind, Stage, Time,
};
use crate::run::interrupt::Interrupt;
use crate::source::tree::Tree;

/// Hands in the tree of the open challenge.
pub(super) fn submit(
    page: &mut Page,
    desk: &mut Desk,
    module: &ModuleId,
    machinery: &MachineryArgs,
    args: &LearnerArgs,
    interrupt: &Interrupt,
) -> Result<ExitCode, Error> {
    let _lock = desk.lock(interrupt)?;
    let started = Time::now();
    let record = desk.store.progress()?;
    let Some(challenge) = record.open_challenge(module).cloned() else {
        return Err(Error::nothing_selected(
            "the challenge was ended by another run",
        ));
    };
    let module = desk.module_of(module).clone();
    let tree = ChallengeTree::at(&desk.place.own(), module.id());
    if tree.condition() == Condition::Gone {
        let end = ChallengeEnd::Abandoned;
        desk.store.end_challenge(challenge.id, end, Time::now())?;
        page.notice("the folder of the challenge is gone; it counts as given up")?;
        page.next("Take another:", "start-challenge")?;
        return Ok(ExitCode::Findings);
    }
    let why = format!("fix of {}", module.id());
    let line = Line::Challenge(module.id());
    let work = Work::take(desk, tree.path(), line, &module, &why)?;
    let executor = ExecutorArg::Fresh;
    let tester = Tester::new(
        machinery,
        executor,
        args,
        &desk.loaded,
        &desk.place,
        interrupt,
    )?;
    let result = ran(tester.run(&module, &work.judged))?;
    let shown = Findings::of(&result);
    let end = if was_restored(desk, &module, &challenge.content, &work.own) {
        ChallengeEnd::Restored
    } else {
        ChallengeEnd::Fixed
    };
    let mut consequences = Consequences::default();
    if shown.passed {
        let kind = match end {
            ChallengeEnd::Restored => PassKind::Restored,
            ChallengeEnd::Fixed | ChallengeEnd::Abandoned => PassKind::Passed,
        };
        consequences.ended = Some((challenge.id, end));
        let pass = (module.id().clone(), Stage::Harden, kind);
        consequences.passes.push(pass);
    }
    let kind = AttemptKind::Challenge;
    let attempt = attempt(desk, &module, kind, Stage::Harden, &work, started, &result);
    desk.store.record_attempt(&attempt, &consequences)?;
    // Whether or not anybody reads the lesson to its end.
    let removed = if shown.passed { tree.remove() } else { Ok(()) };
    page.title(&format!("{}, Harden", module.id()))?;
    findings::print(page, &shown)?;
    let backup = desk.backup_problem();
    for notice in work.notices.iter().chain(&tester.notes()).chain(&backup) {
        page.notice(notice)?;
    }
    page.blank()?;
    if !shown.passed {
        page.next("When you are stuck:", "hint")?;
        return Ok(ExitCode::Findings);
    }
    if end == ChallengeEnd::Restored {
        page.verdict(
            Tone::Notice,
            "restored:",
            "you have put the old file back, which is recorded as that. What was it?",
        )?;
    }
    let sealed = desk.loaded.sealed()?.modules.get(module.id());
    let bugs = sealed.into_iter().flat_map(|it| &it.bugs);
    let mut bugs = bugs.filter(|bug| bug.incident == challenge.content.incident);
    if let Some(bug) = bugs.next() {
        page.title(bug.manifest.title.as_str())?;
        if let Some(lesson) = &bug.manifest.lesson {
            page.blank()?;
            page.markdown(lesson.as_str())?;
        }
        page.blank()?;
    }
    removed?;
    let (_, standing) = desk.standing()?;
    print_after(page, desk, &standing, module.id())?;
    Ok(ExitCode::Success)
}

/// Whether the learner has put the files from before the challenge back whole.
fn was_restored(desk: &Desk, module: &CourseModule, challenge: &NewChallenge, now: &Tree) -> bool {
    let snapshots = Snapshots::at(&desk.place.own());
    let before = challenge.snapshot.as_deref().and_then(SnapshotId::parse);
    let Some(before) = before.and_then(|id| snapshots.read(&id).ok()) else {
        return false;
    };
    is_restored(&before, now, module.edited())
}
