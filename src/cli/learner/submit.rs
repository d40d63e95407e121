//! `submit`: hands in what is asked for at the moment: code, an answer, or a fixed bug.

use clap::Args;

use super::LearnerArgs;
use super::desk::Desk;
use super::next::print_next;
use super::page::Page;
use super::{build, fix, justify};
use crate::cli::error::Error;
use crate::cli::machinery::MachineryArgs;
use crate::exit_code::ExitCode;
use crate::learn::progress::Next;
use crate::run::interrupt::Interrupt;

/// Hand in what is asked for: your code, your answer, or the bug that you have fixed
#[derive(Args, Debug)]
pub(crate) struct SubmitArgs {
    #[command(flatten)]
    pub answer: justify::AnswerArgs,

    #[command(flatten)]
    pub machinery: MachineryArgs,
}

/// Runs the command.
pub(super) fn run_submit(args: &SubmitArgs, global: &LearnerArgs) -> Result<ExitCode, Error> {
    let interrupt = Interrupt::on_signals()?;
    let mut desk = Desk::open(global)?;
    let (_, standing) = desk.standing()?;
    let mut page = Page::new(global);
    for notice in std::mem::take(&mut desk.notices) {
        page.notice(&notice)?;
    }
    if let Next::Answer { .. } = &standing.next {
        return justify::answer(&mut page, &mut desk, &standing, &args.answer, &interrupt);
    }
    if args.answer.is_given() {
        return Err(Error::user(
            "there is no question to be answered at the moment",
        ));
    }
    match &standing.next {
        Next::Build { module } => build::submit(
            &mut page,
            &mut desk,
            module,
            &args.machinery,
            global,
            &interrupt,
        ),
        Next::Fix { module, .. } => fix::submit(
            &mut page,
            &mut desk,
            module,
            &args.machinery,
            global,
            &interrupt,
        ),
        Next::Answer { .. } => unreachable!("answers were dealt with before"),
        Next::StartChallenge { .. } | Next::SelectModule { .. } | Next::Done => {
            page.text(match &standing.next {
                Next::SelectModule { .. } => "Nothing was handed in: no module is chosen.",
                Next::StartChallenge { .. } => "Nothing was handed in: no challenge has begun.",
                _ => "Nothing was handed in: all is done.",
            })?;
            page.blank()?;
            print_next(&mut page, &desk, &standing)?;
            Ok(ExitCode::NothingSelected)
        }
    }
}
