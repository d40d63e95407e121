//! `show`: what the learner has to do: the task, the question, the incident.

use clap::Args;

use super::LearnerArgs;
use super::challenge;
use super::desk::Desk;
use super::page::Page;
use crate::bundle::course::CourseModule;
use crate::cli::error::Error;
use crate::curriculum::document::{Difficulty, Validator};
use crate::curriculum::id::{FilePath, Text, Whole};
use crate::exit_code::ExitCode;
use crate::learn::asked;
use crate::learn::progress::{Next, Standing};
use crate::learn::state::QuestionKey;
use crate::plural::count;
use crate::source::markdown::Markdown;

/// Show what you have to do: the task, the question, or the incident
#[derive(Args, Debug)]
pub(crate) struct ShowArgs {
    /// The task of this module [default: where you are]
    #[arg(value_name = "MODULE")]
    pub module: Option<String>,

    /// The task, also where a question or an incident comes next
    #[arg(long)]
    pub task: bool,
}

/// Runs the command.
pub(super) fn run_show(args: &ShowArgs, global: &LearnerArgs) -> Result<ExitCode, Error> {
    let desk = Desk::open(global)?;
    let (_, standing) = desk.standing()?;
    let mut page = Page::new(global);
    for notice in &desk.notices {
        page.notice(notice)?;
    }
    let wants_task = args.task || args.module.is_some();
    match &standing.next {
        Next::Answer { module, question } if !wants_task => {
            let at = standing.modules.iter().find(|it| it.id == *module);
            let (settled, of) = at.map_or((0, 0), |it| (it.settled, it.questions));
            page.title(&format!("{module}, question {} of {of}", settled + 1))?;
            page.blank()?;
            print_question(&mut page, &desk, question)?;
            page.blank()?;
            page.next("When you can answer it:", "submit")?;
            page.next("When you are stuck:", "hint")?;
        }
        Next::Fix { module, .. } if !wants_task => {
            let record = desk.store.progress()?;
            if let Some(challenge) = record.open_challenge(module) {
                let module = desk.module_of(module);
                challenge::tell(&mut page, &desk, module, &challenge.content)?;
            }
        }
        _ => print_task(
            &mut page,
            &desk,
            desk.module(args.module.as_deref(), &standing)?,
            &standing,
        )?,
    }
    Ok(ExitCode::Success)
}

/// The task of a module.
fn print_task(
    page: &mut Page,
    desk: &Desk,
    module: &CourseModule,
    standing: &Standing,
) -> Result<(), Error> {
    let course = &desk.loaded.course;
    let manifest = &module.manifest;
    let position = course.position(module.id().as_str()).unwrap_or(0) + 1;
    let facts = [
        Some(course.manifest.title.to_string()),
        course
            .is_linear()
            .then(|| format!("module {position} of {}", course.modules.len())),
        manifest
            .difficulty
            .map(|it| Difficulty::word(it).to_owned()),
        manifest
            .minutes
            .map(Whole::get)
            .map(|minutes| format!("about {}", count(minutes, "minute"))),
    ];
    let facts: Vec<_> = facts.into_iter().flatten().collect();
    page.text(&facts.join(", "))?;
    page.blank()?;
    if !Markdown::parse(&module.prompt).begins_with_title {
        page.title(manifest.title.as_str())?;
        page.blank()?;
    }
    page.markdown(&module.prompt)?;
    if !manifest.objectives.is_empty() {
        page.blank()?;
        page.title("Afterwards you can")?;
        page.items(manifest.objectives.iter().map(Text::as_str))?;
    }
    if let Some(build) = &manifest.build {
        page.blank()?;
        page.title("What you write")?;
        page.items(build.edit.iter().map(FilePath::as_str))?;
        let judges = match &build.validator {
            Validator::Pytest(pytest) => {
                let ids: Vec<_> = pytest.node_ids.iter().map(ToString::to_string).collect();
                ids.join(", ")
            }
            Validator::Command(command) => command.argv.join(" "),
        };
        page.text(&format!("Judged by {judges}."))?;
    }
    let is_current = standing.current.as_ref() == Some(module.id());
    if matches!(&standing.next, Next::SelectModule { .. })
        && standing
            .modules
            .iter()
            .any(|it| it.id == *module.id() && it.is_reached && !it.is_done())
    {
        page.blank()?;
        page.next("To work on it:", &format!("select {}", module.id()))?;
    }
    if is_current && matches!(standing.next, Next::Build { .. }) {
        page.blank()?;
        page.next("When you have written it:", "submit")?;
        page.next("Only to try it:", "test")?;
        if !manifest.hints.is_empty() {
            page.next("When you are stuck:", "hint")?;
        }
    }
    Ok(())
}

/// A question.
pub(super) fn print_question(
    page: &mut Page,
    desk: &Desk,
    question: &QuestionKey,
) -> Result<(), Error> {
    match asked::open(&desk.loaded.course, question) {
        Some(asked) => page.markdown(asked.question.as_str()),
        None => Ok(()),
    }
}

/// What is reported to be wrong.
pub(super) fn print_incident(
    page: &mut Page,
    module: &CourseModule,
    incident: &str,
) -> Result<(), Error> {
    let known = module.incidents.iter().find(|it| it.id == incident);
    match known {
        Some(incident) => page.markdown(incident.symptom.as_str()),
        None => page.notice("the course does not have this incident any more"),
    }
}
