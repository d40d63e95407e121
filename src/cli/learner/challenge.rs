//! `start-challenge`: a bug in the learner's own code, of which they are told the symptom alone.

use std::sync::Arc;

use clap::Args;

use super::LearnerArgs;
use super::build::ran;
use super::desk::{Desk, shown};
use super::page::{Page, Tone};
use super::show::print_incident;
use super::tester::Tester;
use super::work::{self, Work};
use crate::bundle::course::CourseModule;
use crate::cli::error::Error;
use crate::cli::machinery::{ExecutorArg, MachineryArgs};
use crate::exit_code::ExitCode;
use crate::learn::challenge_tree::{ChallengeTree, ChallengeTreeError, Condition};
use crate::learn::findings::Findings;
use crate::learn::harden::{self, How, NoBug};
use crate::learn::protected::restore;
use crate::learn::snapshot::Line;
use crate::learn::state::{
    Challenge, ChallengeEnd, ChallengeStart, Injection, NewChallenge, Pass, PassKind, Stage, Time,
};
use crate::run::interrupt::Interrupt;
use crate::run::outcome::{Outcome, RunResult};

/// Get a bug to find: something in your code is broken, and you are told what users see
#[derive(Args, Debug)]
pub(crate) struct StartChallengeArgs {
    /// The module [default: where you are]
    #[arg(value_name = "MODULE")]
    pub module: Option<String>,

    /// Give up the challenge that is open, and take another
    #[arg(long)]
    pub another: bool,

    #[command(flatten)]
    pub machinery: MachineryArgs,
}

impl From<ChallengeTreeError> for Error {
    fn from(error: ChallengeTreeError) -> Self {
        Self::user(error.to_string())
    }
}

/// Runs the command.
pub(super) fn run_start_challenge(
    args: &StartChallengeArgs,
    global: &LearnerArgs,
) -> Result<ExitCode, Error> {
    let interrupt = Interrupt::on_signals()?;
    let mut desk = Desk::open(global)?;
    let mut page = Page::new(global);
    for notice in std::mem::take(&mut desk.notices) {
        page.notice(&notice)?;
    }
    let _lock = desk.lock(&interrupt)?;
    let (record, standing) = desk.standing()?;
    let module = desk.module(args.module.as_deref(), &standing)?.clone();
    if module.incidents.is_empty() {
        let message = format!("`{}` has no challenges", module.id());
        return Err(Error::nothing_selected(message));
    }
    if module.manifest.build.is_some() && record.pass(module.id(), Stage::Build).is_none() {
        let message = format!(
            "`{}` comes first: a bug goes into code that works",
            module.id()
        );
        return Err(Error::nothing_selected(message).hinted("pass its Build stage"));
    }
    let tree = ChallengeTree::at(&desk.place.own(), module.id());
    let open = record.open_challenge(module.id());
    if let Some(open) = open {
        let is_gone = tree.condition() == Condition::Gone;
        if !args.another && !is_gone {
            page.text("This challenge is open:")?;
            page.blank()?;
            tell(&mut page, &desk, &module, &open.content)?;
            return Ok(ExitCode::Success);
        }
        if is_gone {
            page.notice("the folder of your challenge is gone; it counts as given up")?;
        }
    }
    let started = Time::now();
    let project = desk.place.project().to_owned();
    let why = format!("before a challenge of {}", module.id());
    let work = Work::take(&desk, &project, Line::Project, &module, &why)?;
    let tester = Tester::new(
        &args.machinery,
        ExecutorArg::Warm,
        global,
        &desk.loaded,
        &desk.place,
        &interrupt,
    )?;
    let clean = ran(tester.run(&module, &work.judged))?;
    if clean.outcome != Outcome::Passed {
        let summary = Findings::of(&clean).summary();
        page.verdict(
            Tone::Bad,
            "not now:",
            &format!("your code fails as it is: {summary}"),
        )?;
        for notice in &work.notices {
            page.notice(notice)?;
        }
        page.next("Mend it first, and look with:", "test")?;
        return Ok(ExitCode::Findings);
    }
    let course = &desk.loaded.course;
    let sealed = desk.loaded.sealed()?.modules.get(module.id());
    let sealed = sealed.ok_or_else(|| Error::user("the course lacks the bugs of this module"))?;
    let mut run = |tree: &_| -> RunResult {
        let judged = Arc::new(restore(course, tree).tree);
        let result = tester.run(&module, &judged);
        result.unwrap_or_else(|| RunResult::ended(Outcome::InfrastructureError, None))
    };
    let is_beaten = |incident: &str| record.beaten(module.id()).any(|it| it == incident);
    // The open one is given up now.
    let known = record.challenges.iter().map(|it| &it.content);
    let is_known = |incident: &str| {
        let mut known = known.clone();
        known.any(|it| it.module == *module.id() && it.incident == incident)
    };
    // Those that were given up come again when there is no other.
    let injected = match harden::inject(sealed, &work.own, &clean, is_known, &mut run) {
        Err(NoBug::AllBeaten | NoBug::NoneFits) => {
            harden::inject(sealed, &work.own, &clean, is_beaten, &mut run)
        }
        injected => injected,
    };
    let injected = match injected {
        Ok(injected) => injected,
        Err(NoBug::AllBeaten) => {
            page.text("You have found all bugs of this module.")?;
            return Ok(ExitCode::NothingSelected);
        }
        Err(NoBug::Stopped(result)) => return ran(Some(*result)).map(|_| ExitCode::Success),
        Err(NoBug::NoneFits) if record.beaten(module.id()).next().is_some() => {
            page.text("None of this module's other bugs shows in your code as it should.")?;
            return Ok(ExitCode::NothingSelected);
        }
        Err(NoBug::NoneFits) => return none_fits(&mut page, &mut desk, &module, open),
    };
    if let Some(open) = open {
        // Not before there is another one, and not without what was done in it.
        work::keep_challenge(&desk, module.id(), &why)?;
        desk.store
            .end_challenge(open.id, ChallengeEnd::Abandoned, Time::now())?;
    }
    tree.make(&harden::marked(&injected.tree, module.edited()))?;
    let folder = tree.path().strip_prefix(desk.place.project());
    let folder = folder.unwrap_or(tree.path()).to_string_lossy().into_owned();
    let challenge = NewChallenge {
        module: module.id().clone(),
        incident: injected.bug.incident.clone(),
        injection: match injected.how {
            How::Rewrite => Injection::Rewrite,
            How::Reference => Injection::PatchedReference,
        },
        folder,
        snapshot: Some(work.id.to_string()),
        started,
        course_version: course.manifest.version.clone(),
    };
    let challenge = match desk.store.start_challenge(&challenge)? {
        ChallengeStart::Started(_) => challenge,
        ChallengeStart::AlreadyOpen(Challenge { content, .. }) => content,
    };
    for notice in work.notices.iter().chain(&tester.notes()) {
        page.notice(notice)?;
    }
    tell(&mut page, &desk, &module, &challenge)?;
    Ok(ExitCode::Success)
}

/// What users see, and where the code is.
pub(super) fn tell(
    page: &mut Page,
    desk: &Desk,
    module: &CourseModule,
    challenge: &NewChallenge,
) -> Result<(), Error> {
    page.title(&format!("{}, Harden: this was reported", module.id()))?;
    page.blank()?;
    print_incident(page, module, &challenge.incident)?;
    page.blank()?;
    let place = shown(&desk.place.project().join(&challenge.folder));
    let whose = match challenge.injection {
        Injection::Rewrite => "your own code, with a bug in it",
        Injection::PatchedReference => {
            "the course's solution with a bug in it, for the bug does not fit the way you have written yours"
        }
    };
    page.text(&format!(
        "In `{place}` is {whose}. Find it, fix it there, and submit."
    ))?;
    page.blank()?;
    page.next("When you have fixed it:", "submit")?;
    page.next("When you are stuck:", "hint")
}

/// No bug of the module can be used: that is no fault of the learner's.
fn none_fits(
    page: &mut Page,
    desk: &mut Desk,
    module: &CourseModule,
    open: Option<&Challenge>,
) -> Result<ExitCode, Error> {
    page.notice(
        "none of this module's bugs shows in your code as it should, which is a fault of the course; the stage is waived",
    )?;
    let pass = Pass {
        kind: PassKind::Waived,
        at: Time::now(),
        course_version: desk.loaded.course.manifest.version.clone(),
    };
    desk.store.pass(module.id(), Stage::Harden, &pass)?;
    if let Some(open) = open {
        work::keep_challenge(desk, module.id(), "of a challenge that was given up")?;
        desk.store
            .end_challenge(open.id, ChallengeEnd::Abandoned, Time::now())?;
    }
    page.next("You can tell its authors:", "flag-issue")?;
    Ok(ExitCode::Success)
}
