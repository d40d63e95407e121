//! The `mastery` command: hands its arguments on and ends with what comes back.

use std::process::ExitCode;

use mastery::run::{sandbox, supervisor};

/// Reading and parsing allocate much, on all threads at once; the system's allocator takes a fifth of the time of `lint`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // The tool starts itself to supervise a case and to try out the sandbox. Both are no commands,
    // and must not wait for the command line to be set up.
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
        None => mastery::cli::run(std::env::args_os()).into(),
    }
}
