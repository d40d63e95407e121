//! `select`: which module comes next.

use clap::Args;

use super::LearnerArgs;
use super::desk::Desk;
use super::next::print_next;
use super::page::{Page, Tone};
use crate::cli::error::Error;
use crate::curriculum::id::ModuleId;
use crate::exit_code::ExitCode;
use crate::learn::progress::{Next, Standing};
use crate::learn::state::Time;

/// Work on another module that you have reached
#[derive(Args, Debug)]
pub(crate) struct SelectArgs {
    /// The module
    #[arg(value_name = "MODULE")]
    pub module: String,
}

/// Runs the command.
pub(super) fn run_select(args: &SelectArgs, global: &LearnerArgs) -> Result<ExitCode, Error> {
    let mut desk = Desk::open(global)?;
    let mut page = Page::new(global);
    for notice in std::mem::take(&mut desk.notices) {
        page.notice(&notice)?;
    }
    let (_, standing) = desk.standing()?;
    let module = desk.module(Some(&args.module), &standing)?.id().clone();
    let known = standing.modules.iter().find(|it| it.id == module);
    let is_broken = known.is_some_and(|it| it.is_broken);
    if !known.is_some_and(|it| it.is_reached) {
        let message = format!("`{module}` builds on modules that are not done");
        let refused = Error::nothing_selected(message);
        return Err(match in_front(&desk, &standing, &module) {
            Some(before) => refused.hinted(format!("`{before}` comes first")),
            None => refused,
        });
    }
    desk.store.select(&module, Time::now())?;
    page.verdict(Tone::Good, "selected:", module.as_str())?;
    let (_, standing) = desk.standing()?;
    page.blank()?;
    match standing.next {
        // Who comes back to mend something knows the task.
        Next::Build { .. } if !is_broken => page.next("Read the task:", "show")?,
        _ => print_next(&mut page, &desk, &standing)?,
    }
    Ok(ExitCode::Success)
}

/// The first module that has to be done before another one.
fn in_front<'s>(desk: &Desk, standing: &'s Standing, module: &ModuleId) -> Option<&'s ModuleId> {
    let course = &desk.loaded.course;
    let requires = &desk.module_of(module).manifest.requires;
    let is_needed = |id: &ModuleId| course.is_linear() || requires.contains(id);
    let mut modules = standing.modules.iter();
    let first = modules.find(|it| !it.is_done() && is_needed(&it.id));
    first.map(|it| &it.id)
}
