//! `test`: the validator, without an attempt being recorded.

use clap::Args;

use super::LearnerArgs;
use super::build::ran;
use super::desk::Desk;
use super::findings;
use super::page::Page;
use super::tester::Tester;
use super::work::{self, Work};
use crate::cli::error::Error;
use crate::cli::machinery::{ExecutorArg, MachineryArgs};
use crate::exit_code::ExitCode;
use crate::learn::findings::Findings;
use crate::learn::progress::Next;
use crate::learn::snapshot::Line;
use crate::run::interrupt::Interrupt;

/// Run the tests of a module; no attempt is recorded
#[derive(Args, Debug)]
pub(crate) struct TestArgs {
    /// The module [default: where you are]
    #[arg(value_name = "MODULE")]
    pub module: Option<String>,

    #[command(flatten)]
    pub machinery: MachineryArgs,
}

/// Runs the command.
pub(super) fn run_test(args: &TestArgs, global: &LearnerArgs) -> Result<ExitCode, Error> {
    let interrupt = Interrupt::on_signals()?;
    let mut desk = Desk::open(global)?;
    let mut page = Page::new(global);
    for notice in std::mem::take(&mut desk.notices) {
        page.notice(&notice)?;
    }
    let _lock = desk.lock(&interrupt)?;
    let (_, standing) = desk.standing()?;
    let module = desk.module(args.module.as_deref(), &standing)?.clone();
    if module.manifest.build.is_none() {
        let message = format!("`{}` has no tests", module.id());
        return Err(Error::nothing_selected(message));
    }
    let (folder, line) = match &args.module {
        Some(_) => (desk.place.project().to_owned(), Line::Project),
        None => work::tested(&desk, &standing.next, module.id())?,
    };
    let why = format!("test of {}", module.id());
    let work = Work::take(&desk, &folder, line, &module, &why)?;
    let tester = Tester::new(
        &args.machinery,
        ExecutorArg::Fresh,
        global,
        &desk.loaded,
        &desk.place,
        &interrupt,
    )?;
    let result = ran(tester.run(&module, &work.judged))?;
    let shown = Findings::of(&result);
    page.title(module.id().as_str())?;
    findings::print(&mut page, &shown)?;
    for notice in work.notices.iter().chain(&tester.notes()) {
        page.notice(notice)?;
    }
    if !shown.passed {
        return Ok(ExitCode::Findings);
    }
    if matches!(standing.next, Next::Build { .. } | Next::Fix { .. }) && args.module.is_none() {
        page.next("Nothing was recorded. To hand it in:", "submit")?;
    }
    Ok(ExitCode::Success)
}
