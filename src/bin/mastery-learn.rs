//! The `mastery-learn` command: the runtime that learners have, alone or with a course in the same file.

use std::process::ExitCode;

use mastery::run::{sandbox, supervisor};

fn main() -> ExitCode {
    mastery::mark_runtime!();
    // The tool starts itself to supervise a run and to try out the sandbox. Both are no commands.
    let inner = match std::env::args_os().nth(1) {
        Some(argument) if argument == supervisor::ARGUMENT => Some(supervisor::main()),
        Some(argument) if argument == sandbox::support::PROBE_ARGUMENT => {
            Some(sandbox::support::print_probe(std::io::stdout()))
        }
        _ => None,
    };
    match inner {
        Some(Ok(())) => ExitCode::SUCCESS,
        Some(Err(_)) => mastery::exit_code::ExitCode::CouldNotRun.into(),
        None => mastery::cli::learner::run(std::env::args_os()).into(),
    }
}
