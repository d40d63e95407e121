//! The process that runs one command: starts it in its sandbox, watches its limits, ends all that it
//! started, and writes down what it saw.
//!
//! It is a process of its own, so that the tool stays responsive whatever a command does, and so
//! that a command whose supervisor is lost has no record: that is an infrastructure error, and
//! never taken for a failed test. A job comes in on standard input and a record goes out on standard
//! output; the end of standard input means that the run was stopped.
//!
//! A worker has a supervisor as well, for as long as it lives; that one gets a request for each case.

mod child;
pub(crate) mod descendants;
mod output;
mod watch;
mod worker;

use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::time::Instant;

use serde::Serialize;

use super::job::{Job, Record, StartError};
use super::sandbox;
use child::Child;
use watch::{Process, Watch};

/// Argument that makes the binary a supervisor.
pub const ARGUMENT: &str = "__supervise";

/// Runs the job that comes in on standard input, and writes its record to standard output.
///
/// # Errors
///
/// When there is no job, or nobody to tell what became of it.
pub fn main() -> io::Result<()> {
    ignore_signals();
    descendants::become_subreaper()?;
    let job: Job = serde_json::from_str(&read_line()?).map_err(io::Error::other)?;
    if job.worker.is_some() {
        return worker::serve(&job);
    }
    tell(&supervise(&job))
}

/// Writes one line to standard output.
fn tell(message: &impl Serialize) -> io::Result<()> {
    let mut text = serde_json::to_vec(message).map_err(io::Error::other)?;
    text.push(b'\n');
    io::stdout().write_all(&text)
}

/// What a terminal or a service manager sends to all is for the tool, which then stops us.
fn ignore_signals() {
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
        // SAFETY: a plain call; the disposition is set back in the command.
        unsafe { libc::signal(signal, libc::SIG_IGN) };
    }
}

/// Reads one line of standard input, and nothing behind it.
fn read_line() -> io::Result<String> {
    let mut line = Vec::new();
    let mut input = io::stdin().lock();
    loop {
        let mut byte = [0];
        input.read_exact(&mut byte)?;
        if byte[0] == b'\n' {
            return String::from_utf8(line).map_err(io::Error::other);
        }
        line.push(byte[0]);
    }
}

fn supervise(job: &Job) -> Record {
    let started = give_away(&job.sandbox).and_then(|()| child::start(job));
    match started {
        Ok(child) => {
            let Child {
                pid,
                output,
                channel,
                ..
            } = child;
            let mut process = Process::new(pid);
            let has_own_memory = job.sandbox.mount_namespace;
            let watch = Watch::new(&job.limits, has_own_memory, &output, channel.as_ref());
            // From here on it is the command that takes time, and not what leads up to it.
            watch.run(&mut process, Instant::now())
        }
        Err(error) => Record::not_started(error),
    }
}

/// Makes the case's folders those of its user.
fn give_away(policy: &sandbox::Policy) -> Result<(), StartError> {
    if !policy.own_user {
        return Ok(());
    }
    let user = sandbox::user_for(std::process::id());
    for path in &policy.write {
        change_owner(path, user).map_err(|error| StartError {
            is_program: false,
            message: format!("`{}` can't be given to the case: {error}", path.display()),
        })?;
    }
    Ok(())
}

/// Changes the owner of everything below a path; links are changed, not followed.
fn change_owner(path: &Path, user: u32) -> io::Result<()> {
    std::os::unix::fs::lchown(path, Some(user), Some(user))?;
    if path.symlink_metadata()?.is_dir() {
        for entry in std::fs::read_dir(path)? {
            change_owner(&entry?.path(), user)?;
        }
    }
    Ok(())
}
