//! Justify: an answer to the question that comes next.

use std::path::PathBuf;

use clap::Args;

use super::desk::Desk;
use super::page::Page;
use crate::cli::error::Error;
use crate::exit_code::ExitCode;
use crate::learn::progress::Standing;
use crate::run::interrupt::Interrupt;

/// How an answer is given.
#[derive(Args, Debug)]
pub(crate) struct AnswerArgs {
    /// Take the answer from this file; `-` stands for standard input [default: write it in your editor]
    #[arg(long, value_name = "FILE")]
    pub answer: Option<PathBuf>,
}

impl AnswerArgs {
    /// Whether an answer was given.
    pub(super) fn is_given(&self) -> bool {
        self.answer.is_some()
    }
}

/// Hands in an answer.
pub(super) fn answer(
    _page: &mut Page,
    _desk: &mut Desk,
    _standing: &Standing,
    _args: &AnswerArgs,
    _interrupt: &Interrupt,
) -> Result<ExitCode, Error> {
    Err(Error::user("not yet"))
}
