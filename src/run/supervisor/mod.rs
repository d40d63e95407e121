//! The process that runs one command: starts it in its sandbox, watches its limits, ends all that it
//! started, and writes down what it saw.
//!
//! It is a process of its own, so that the tool stays responsive whatever a command does, and so
//! that a command whose supervisor is lost has no record: that is an infrastructure error, and
//! never taken for a failed test. A job comes in on standard input and a record goes out on standard
//! output; the end of standard input means that the run was stopped.

mod child;
pub(crate) mod descendants;
mod output;

use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsRawFd as _, BorrowedFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};

use super::job::{End, Job, Record, StartError};
use super::sandbox::{self, check};
use child::Child;
use output::Output;

/// Argument that makes the binary a supervisor.
pub const ARGUMENT: &str = "__supervise";

/// Bytes that a command may send through its channel: far above what any test run reports.
const MAX_CHANNEL_BYTES: usize = 32 * 1024 * 1024;

/// How often memory is looked at. Touching a gigabyte takes a few hundred milliseconds.
const MEMORY_INTERVAL: Duration = Duration::from_millis(25);

/// Runs the job that comes in on standard input, and writes its record to standard output.
///
/// # Errors
///
/// When there is no job, or nobody to tell what became of it.
pub fn main() -> io::Result<()> {
    ignore_signals();
    descendants::become_subreaper()?;
    let job = read_job()?;
    let record = supervise(&job);
    let mut text = serde_json::to_vec(&record).map_err(io::Error::other)?;
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

/// Reads one line. Standard input stays open behind it.
fn read_job() -> io::Result<Job> {
    let mut line = Vec::new();
    let mut input = io::stdin().lock();
    loop {
        let mut byte = [0];
        input.read_exact(&mut byte)?;
        if byte[0] == b'\n' {
            return serde_json::from_slice(&line).map_err(io::Error::other);
        }
        line.push(byte[0]);
    }
}

fn supervise(job: &Job) -> Record {
    let mut watch = Watch {
        job,
        output: Output::default(),
        channel: Vec::new(),
        peak: 0,
    };
    let owned = give_away(job);
    let end = match owned.and_then(|()| child::start(job)) {
        // From here on it is the command that takes time, and not what leads up to it.
        Ok(child) => watch.run(child, Instant::now()),
        Err(error) => (End::NotStarted(error), 0, Duration::ZERO),
    };
    let (end, stragglers, wall) = end;
    Record {
        end,
        output: watch.output.into_text(),
        channel: String::from_utf8_lossy(&watch.channel).into_owned(),
        wall,
        peak_memory_bytes: watch.peak,
        stragglers,
    }
}

/// Makes the case's folders those of its user.
fn give_away(job: &Job) -> Result<(), StartError> {
    let policy = &job.sandbox;
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

/// What is known while a command runs.
struct Watch<'a> {
    job: &'a Job,
    output: Output,
    channel: Vec<u8>,
    /// The most memory seen, in bytes.
    peak: u64,
}

impl Watch<'_> {
    /// Waits for the command's end or makes one; then ends all that is left of it.
    fn run(&mut self, child: Child, started: Instant) -> (End, u32, Duration) {
        let Child {
            pid,
            output,
            channel,
        } = child;
        let handle = pidfd(pid);
        for fd in [Some(&output), channel.as_ref()].into_iter().flatten() {
            set_nonblocking(fd);
        }
        let deadline = started + self.job.limits.wall;
        let mut next_look = started + MEMORY_INTERVAL;
        let (mut output_open, mut channel_open) = (true, channel.is_some());
        let mut status = 0;
        let end = loop {
            if let Some(ended) = wait(pid, &mut status, &mut self.peak) {
                break ended;
            }
            let now = Instant::now();
            if now >= deadline {
                break End::TimedOut;
            }
            if now >= next_look {
                let mut processes = descendants::below(std::process::id());
                processes.truncate(10_000);
                // One that is everybody's holds what is not the case's.
                let has_own = self.job.sandbox.mount_namespace;
                let shared = if has_own {
                    descendants::shared_files(pid)
                } else {
                    0
                };
                let memory = descendants::memory(&processes, shared, self.job.limits.memory_bytes);
                self.peak = self.peak.max(memory);
                if memory > self.job.limits.memory_bytes {
                    break End::OutOfMemory;
                }
                reap_orphans(pid, &processes);
                // Looking must not become the work: it may take a tenth of the time.
                next_look = Instant::now() + MEMORY_INTERVAL.max(now.elapsed() * 10);
            }
            let timeout = deadline.min(next_look).saturating_duration_since(now);
            let ready = poll(
                &[
                    output_open.then(|| output.as_raw_fd()),
                    channel
                        .as_ref()
                        .filter(|_| channel_open)
                        .map(OwnedFd::as_raw_fd),
                    Some(libc::STDIN_FILENO),
                    handle.as_ref().map(OwnedFd::as_raw_fd),
                ],
                timeout,
            );
            if ready[0] {
                output_open = self.read_output(&output);
            }
            if let Some(channel) = channel.as_ref().filter(|_| ready[1]) {
                channel_open = self.read_channel(channel);
            }
            if self.has_said_too_much() {
                break End::TooMuchOutput;
            }
            if ready[2] && is_closed(libc::STDIN_FILENO) {
                break End::Interrupted;
            }
        };
        let wall = started.elapsed();
        let is_own_end = matches!(end, End::Exited(_) | End::Killed(_));
        let ended = descendants::end_all();
        // What was written before the end is in the pipes; nobody is left to write more.
        self.read_output(&output);
        if let Some(channel) = &channel {
            self.read_channel(channel);
        }
        let end = if is_own_end && self.has_said_too_much() {
            End::TooMuchOutput
        } else {
            end
        };
        (end, if is_own_end { ended } else { 0 }, wall)
    }

    fn has_said_too_much(&self) -> bool {
        self.output.total() > self.job.limits.output_bytes || self.channel.len() > MAX_CHANNEL_BYTES
    }

    /// Reads what is there; `false` once all writers are gone.
    fn read_output(&mut self, fd: &OwnedFd) -> bool {
        let limit = self.job.limits.output_bytes;
        let output = &mut self.output;
        read_available(fd, |bytes| {
            output.push(bytes);
            output.total() <= limit
        })
    }

    /// As [`Self::read_output`], for the channel.
    fn read_channel(&mut self, fd: &OwnedFd) -> bool {
        let channel = &mut self.channel;
        read_available(fd, |bytes| {
            channel.extend_from_slice(bytes);
            channel.len() <= MAX_CHANNEL_BYTES
        })
    }
}

/// Reads until there is nothing more for now or `take` has enough; `false` at the end of the pipe.
fn read_available(fd: &OwnedFd, mut take: impl FnMut(&[u8]) -> bool) -> bool {
    let mut buffer = [0; 16 * 1024];
    loop {
        // SAFETY: the pointer and length are of a local buffer.
        let count = unsafe { libc::read(fd.as_raw_fd(), buffer.as_mut_ptr().cast(), buffer.len()) };
        match usize::try_from(count) {
            Ok(0) => return false,
            Ok(count) if !take(&buffer[..count]) => return true,
            Ok(_) => {}
            Err(_) => match io::Error::last_os_error().kind() {
                io::ErrorKind::Interrupted => {}
                io::ErrorKind::WouldBlock => return true,
                _ => return false,
            },
        }
    }
}

/// How the command ended; `None` while it runs.
fn wait(pid: i32, status: &mut i32, peak: &mut u64) -> Option<End> {
    // SAFETY: a struct of integers; all zero is a value of it.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: the pointers are to local variables.
    let waited = unsafe { libc::wait4(pid, status, libc::WNOHANG, &raw mut usage) };
    if waited != pid {
        return None;
    }
    *peak = (*peak).max(u64::try_from(usage.ru_maxrss).unwrap_or(0) * 1024);
    // A traced process reports stops as well.
    if libc::WIFEXITED(*status) {
        Some(End::Exited(libc::WEXITSTATUS(*status)))
    } else if libc::WIFSIGNALED(*status) {
        Some(End::Killed(libc::WTERMSIG(*status)))
    } else {
        None
    }
}

/// Takes leave of orphans that have ended, so that they do not count against the limit.
fn reap_orphans(command: i32, processes: &[i32]) {
    for &pid in processes.iter().filter(|&&pid| pid != command) {
        // SAFETY: a null pointer asks for no status. A process that is no child of ours is an error.
        unsafe { libc::waitpid(pid, std::ptr::null_mut(), libc::WNOHANG) };
    }
}

/// A descriptor that becomes readable when the process ends. Without one its end is seen later.
fn pidfd(pid: i32) -> Option<OwnedFd> {
    use std::os::fd::FromRawFd as _;
    // SAFETY: a plain system call; the descriptor that comes back is new and ours.
    unsafe {
        let fd = check(libc::syscall(libc::SYS_pidfd_open, pid, 0)).ok()?;
        Some(OwnedFd::from_raw_fd(i32::try_from(fd).ok()?))
    }
}

fn set_nonblocking(fd: &OwnedFd) {
    // SAFETY: plain system calls on our own descriptor.
    unsafe {
        let flags = libc::fcntl(fd.as_raw_fd(), libc::F_GETFL);
        libc::fcntl(fd.as_raw_fd(), libc::F_SETFL, flags | libc::O_NONBLOCK);
    }
}

/// Waits until one of the descriptors has something to say, at most for `timeout`.
fn poll<const N: usize>(fds: &[Option<i32>; N], timeout: Duration) -> [bool; N] {
    // A negative descriptor is passed over.
    let mut polled = fds.map(|fd| libc::pollfd {
        fd: fd.unwrap_or(-1),
        events: libc::POLLIN,
        revents: 0,
    });
    // Rounded up, so that the time is over when the call is.
    let timeout = timeout.as_micros().div_ceil(1000).min(60_000);
    // SAFETY: the pointer and length are of a local array.
    unsafe {
        libc::poll(
            polled.as_mut_ptr(),
            N as libc::nfds_t,
            libc::c_int::try_from(timeout).unwrap_or(60_000),
        )
    };
    polled.map(|polled| polled.revents != 0)
}

/// Whether the other end of a pipe that is ready to be read is gone.
fn is_closed(fd: i32) -> bool {
    let mut byte = [0_u8; 1];
    // SAFETY: the descriptor is open and the pointer is to a local buffer.
    let count = unsafe {
        let fd = BorrowedFd::borrow_raw(fd);
        libc::read(fd.as_raw_fd(), byte.as_mut_ptr().cast(), 1)
    };
    count == 0
}
