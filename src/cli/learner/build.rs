//! Build: the learner's code against its validator, with what they have passed before.

use super::LearnerArgs;
use super::desk::Desk;
use super::findings;
use super::next::print_next;
use super::page::{Page, Tone};
use super::tester::Tester;
use super::work::Work;
use crate::bundle::course::CourseModule;
use crate::cli::error::Error;
use crate::cli::machinery::{ExecutorArg, MachineryArgs};
use crate::curriculum::id::{ModuleId, Seconds};
use crate::exit_code::ExitCode;
use crate::learn::findings::Findings;
use crate::learn::snapshot::Line;
use crate::learn::state::{
    AttemptKind, Consequences, NewAttempt, PassKind, Stage, TestCounts, Time,
};
use crate::run::interrupt::Interrupt;
use crate::run::outcome::{Outcome, RunResult};

/// Hands in a module's code.
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
    let (record, _) = desk.standing()?;
    let module = desk.module_of(module).clone();
    let project = desk.place.project().to_owned();
    let why = format!("submit of {}", module.id());
    let work = Work::take(desk, &project, Line::Project, &module, &why)?;
    let passed_before: Vec<_> = desk
        .loaded
        .course
        .modules
        .iter()
        // A newer course may have made one into a module without tests.
        .filter(|it| it.id() != module.id() && it.manifest.build.is_some())
        .filter(|it| record.pass(it.id(), Stage::Build).is_some())
        .cloned()
        .collect();
    // Where there is more than one validator to run, one import serves all.
    let executor = match passed_before.len() {
        0 => ExecutorArg::Fresh,
        _ => ExecutorArg::Warm,
    };
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
    let mut consequences = Consequences::default();
    if shown.passed {
        let pass = (module.id().clone(), Stage::Build, PassKind::Passed);
        consequences.passes.push(pass);
    }
    let mut broken = Vec::new();
    for before in &passed_before {
        let again = ran(tester.run(before, &work.judged))?;
        let again = Findings::of(&again);
        let was_broken = record.broken.contains_key(before.id());
        match (again.passed, was_broken) {
            (true, true) => consequences.mended.push(before.id().clone()),
            (false, false) => consequences.broken.push(before.id().clone()),
            _ => {}
        }
        if !again.passed {
            broken.push((before.id().clone(), again));
        }
    }
    let attempt = attempt(
        desk,
        &module,
        AttemptKind::Build,
        Stage::Build,
        &work,
        started,
        &result,
    );
    // Before anything is told: what was told is kept.
    desk.store.record_attempt(&attempt, &consequences)?;
    page.title(&format!("{}, Build", module.id()))?;
    findings::print(page, &shown)?;
    for (id, again) in &broken {
        let first = again.failures.first();
        let first = first.map_or_else(String::new, |it| format!(": {}: {}", it.id, it.summary));
        page.blank()?;
        let what = format!("{id}, which passed before{first}");
        page.verdict(Tone::Bad, "broken:", &what)?;
        page.next(
            "To mend it, go back to it and submit:",
            &format!("select {id}"),
        )?;
    }
    for id in &consequences.mended {
        page.verdict(Tone::Good, "mended:", id.as_str())?;
    }
    let build = module.manifest.build.as_ref();
    let baseline = build.and_then(|build| build.baseline_seconds);
    let slowness = shown.slowness(baseline.map(Seconds::duration));
    let notes = tester.notes();
    let backup = desk.backup_problem();
    let notices = work.notices.iter().chain(&notes);
    for notice in notices.chain(&slowness).chain(&backup) {
        page.notice(notice)?;
    }
    page.blank()?;
    if shown.passed {
        let (_, standing) = desk.standing()?;
        print_next(page, desk, &standing)?;
        return Ok(if broken.is_empty() {
            ExitCode::Success
        } else {
            ExitCode::Findings
        });
    }
    if !module.manifest.hints.is_empty() {
        page.next("When you are stuck:", "hint")?;
    }
    Ok(ExitCode::Findings)
}

/// A run that says something about the learner's code; one that was stopped or lost does not, and is no attempt.
pub(super) fn ran(result: Option<RunResult>) -> Result<RunResult, Error> {
    let result = result.ok_or_else(|| Error::user("the module has nothing that could be run"))?;
    match result.outcome {
        Outcome::Interrupted => Err(Error::interrupted("stopped; nothing was recorded")),
        Outcome::InfrastructureError => {
            let why = result.detail.unwrap_or_default();
            Err(Error::user("the tests could not be run; nothing was recorded").caused_by(why))
        }
        _ => Ok(result),
    }
}

/// What is kept of a run.
pub(super) fn attempt(
    desk: &Desk,
    module: &CourseModule,
    kind: AttemptKind,
    stage: Stage,
    work: &Work,
    started: Time,
    result: &RunResult,
) -> NewAttempt {
    let findings = Findings::of(result);
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let (passed, failed) = (findings.passing.len(), findings.failures.len());
    NewAttempt {
        module: module.id().clone(),
        stage,
        kind,
        snapshot: Some(work.id.to_string()),
        started,
        duration: result.wall,
        outcome: result.outcome,
        tests: TestCounts {
            passed: number(passed),
            failed: number(failed),
            total: number(passed + failed + findings.not_run),
        },
        course_version: desk.loaded.course.manifest.version.clone(),
        summary: findings.failures.first().map_or_else(
            || findings.summary(),
            |it| format!("{}: {}", it.id, it.summary),
        ),
    }
}
