//! Starts the command of a job: fork, sandbox, exec.

use std::ffi::CString;
use std::io::{self, Read as _, Write as _};
use std::iter;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd, RawFd};
use std::path::PathBuf;

use crate::run::job::{ANSWERS_FD, CHANNEL_FD, Job, REQUESTS_FD, StartError};
use crate::run::sandbox::{self, check};

/// A command that has been started.
pub(super) struct Child {
    pub(super) pid: i32,
    /// Standard output and error of everything that it starts.
    pub(super) output: OwnedFd,
    /// Its channel, for a job that has one.
    pub(super) channel: Option<OwnedFd>,
    /// Where a worker is asked, and where it answers.
    pub(super) worker: Option<(OwnedFd, OwnedFd)>,
}

/// The ends of pipes that go into the command.
struct Inner {
    output: OwnedFd,
    channel: Option<OwnedFd>,
    worker: Option<(OwnedFd, OwnedFd)>,
    error: OwnedFd,
}

/// Starts the job's command in its sandbox.
pub(super) fn start(job: &Job) -> Result<Child, StartError> {
    let own_fault = |error: io::Error| StartError {
        is_program: false,
        message: error.to_string(),
    };
    let program = find_program(job)?;
    let (output, inner_output) = pipe().map_err(own_fault)?;
    let channel = job
        .has_channel
        .then(|| pipe().map_err(own_fault))
        .transpose()?;
    let (channel, inner_channel) = channel.unzip();
    let is_worker = job.worker.is_some();
    let requests = is_worker.then(|| pipe().map_err(own_fault)).transpose()?;
    let answers = is_worker.then(|| pipe().map_err(own_fault)).transpose()?;
    let (inner_requests, requests) = requests.unzip();
    let (answers, inner_answers) = answers.unzip();
    let (error, inner_error) = pipe().map_err(own_fault)?;
    let inner = Inner {
        output: inner_output,
        channel: inner_channel,
        worker: inner_requests.zip(inner_answers),
        error: inner_error,
    };

    // SAFETY: this process has one thread, so that the child may do what any program may.
    let pid = check(unsafe { libc::fork() }).map_err(own_fault)?;
    if pid == 0 {
        let error = run(job, &program, &inner);
        let text = serde_json::to_vec(&error).unwrap_or_default();
        let _ = std::fs::File::from(inner.error).write_all(&text);
        // SAFETY: ends the process without running what belongs to the parent.
        unsafe { libc::_exit(127) };
    }
    drop(inner);
    // The pipe is closed by a successful exec, or holds what went wrong.
    let mut failure = Vec::new();
    let _ = std::fs::File::from(error).read_to_end(&mut failure);
    let pid = i32::try_from(pid).unwrap_or(-1);
    if failure.is_empty() {
        return Ok(Child {
            pid,
            output,
            channel,
            worker: requests.zip(answers),
        });
    }
    // SAFETY: a null pointer asks for no status.
    unsafe { libc::waitpid(pid, std::ptr::null_mut(), 0) };
    let unreadable = || StartError {
        is_program: false,
        message: "the command could not be started and did not say why".to_owned(),
    };
    Err(serde_json::from_slice(&failure).unwrap_or_else(|_| unreadable()))
}

/// In the child: becomes the command, or returns why it could not.
fn run(job: &Job, program: &CString, inner: &Inner) -> StartError {
    if let Err(error) = prepare(job, inner) {
        return StartError {
            is_program: false,
            message: error.to_string(),
        };
    }
    let strings = |texts: &mut dyn Iterator<Item = String>| -> Vec<CString> {
        texts.filter_map(|text| CString::new(text).ok()).collect()
    };
    let argv = strings(&mut job.argv.iter().cloned());
    let environment = strings(&mut job.environment.iter().map(|(k, v)| format!("{k}={v}")));
    let pointers = |strings: &[CString]| -> Vec<*const libc::c_char> {
        strings
            .iter()
            .map(|s| s.as_ptr())
            .chain([std::ptr::null()])
            .collect()
    };
    // SAFETY: all pointers are to strings that live until the call is over, the lists end in null.
    unsafe {
        libc::execve(
            program.as_ptr(),
            pointers(&argv).as_ptr(),
            pointers(&environment).as_ptr(),
        )
    };
    let error = io::Error::last_os_error();
    StartError {
        is_program: true,
        message: format!("`{}` can't be run: {error}", job.argv[0]),
    }
}

fn prepare(job: &Job, inner: &Inner) -> io::Result<()> {
    // SAFETY: plain system calls; the descriptors are ours.
    unsafe {
        check(libc::setsid())?;
        // If the supervisor is lost, at least the command itself goes with it.
        check(libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL))?;
        // Rust ignores it, and what we ignore the command would ignore.
        libc::signal(libc::SIGPIPE, libc::SIG_DFL);
        for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
            libc::signal(signal, libc::SIG_DFL);
        }
        libc::umask(0o022);
        let null = check(libc::open(c"/dev/null".as_ptr(), libc::O_RDONLY))?;
        check(libc::dup2(
            i32::try_from(null).map_err(io::Error::other)?,
            0,
        ))?;
        check(libc::dup2(inner.output.as_raw_fd(), 1))?;
        check(libc::dup2(inner.output.as_raw_fd(), 2))?;
        // Everything above is closed by exec. Pipes are far above, so that nothing is overwritten.
        let mut last_open = libc::STDERR_FILENO;
        let channel = inner.channel.as_ref().map(|it| (it, CHANNEL_FD));
        let requests = inner.worker.as_ref().map(|it| (&it.0, REQUESTS_FD));
        let answers = inner.worker.as_ref().map(|it| (&it.1, ANSWERS_FD));
        for (pipe, fd) in [channel, requests, answers].into_iter().flatten() {
            check(libc::dup2(pipe.as_raw_fd(), fd))?;
            last_open = fd;
        }
        check(libc::syscall(
            libc::SYS_close_range,
            last_open.unsigned_abs() + 1,
            libc::c_uint::MAX,
            libc::CLOSE_RANGE_CLOEXEC,
        ))?;
        // The out-of-memory killer takes the case before anything else of the author's.
        let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    }
    // SAFETY: a plain system call.
    let supervisor = unsafe { libc::getppid() };
    let mut supervisors: Vec<_> = iter::once(supervisor)
        .chain(parent_of(supervisor))
        .collect();
    if job.worker.is_some() {
        // What it forks must not signal it.
        supervisors.extend(i32::try_from(std::process::id()));
    }
    sandbox::enter(&job.sandbox, &job.limits, &supervisors)?;
    std::env::set_current_dir(&job.directory)
}

fn parent_of(process: i32) -> Option<i32> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name in brackets may hold anything.
    stat.rsplit_once(')')?
        .1
        .split_whitespace()
        .nth(1)?
        .parse()
        .ok()
        .filter(|&pid| pid > 1)
}

/// Finds the program on the PATH that the command will have.
fn find_program(job: &Job) -> Result<CString, StartError> {
    let name = job.argv.first().map_or("", String::as_str);
    let fail = |message: String| StartError {
        is_program: true,
        message,
    };
    let path = if name.contains('/') {
        job.directory.join(name)
    } else {
        let variable = job.environment.iter().find(|(key, _)| key == "PATH");
        let folders = variable.map_or("", |(_, value)| value.as_str()).split(':');
        let mut candidates = folders
            .filter(|f| !f.is_empty())
            .map(|f| PathBuf::from(f).join(name));
        candidates
            .find(|candidate| candidate.is_file())
            .ok_or_else(|| fail(format!("there is no program `{name}` on the PATH")))?
    };
    CString::new(path.into_os_string().into_encoded_bytes())
        .map_err(|_| fail(format!("`{name}` is no name of a program")))
}

/// Returns the reading and the writing end of a pipe, both closed by exec.
fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    // Above everything that a command is given, so that putting one descriptor in its place never
    // closes another.
    const ABOVE: libc::c_int = 10;
    let (reader, writer) = io::pipe()?;
    let move_up = |fd: OwnedFd| -> io::Result<OwnedFd> {
        // SAFETY: the descriptor that comes back is new and ours.
        unsafe {
            let moved = check(libc::fcntl(fd.as_raw_fd(), libc::F_DUPFD_CLOEXEC, ABOVE))?;
            Ok(OwnedFd::from_raw_fd(
                RawFd::try_from(moved).map_err(io::Error::other)?,
            ))
        }
    };
    Ok((move_up(reader.into())?, move_up(writer.into())?))
}
