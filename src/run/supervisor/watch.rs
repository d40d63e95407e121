//! Watches the processes of one case until their end, or ends them at a limit.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd as _, OwnedFd};
use std::time::{Duration, Instant};

use super::descendants;
use super::output::Output;
use crate::run::job::{End, Record};
use crate::run::limits::Limits;
use crate::run::sandbox::check;

/// Bytes that a command may send through its channel: far above what any test run reports.
const MAX_CHANNEL_BYTES: usize = 32 * 1024 * 1024;

/// How often memory is looked at. Touching a gigabyte takes a few hundred milliseconds.
const MEMORY_INTERVAL: Duration = Duration::from_millis(25);

/// Whose end is waited for.
pub(super) trait Subject {
    /// How it ended; `None` while it runs. `peak` is raised to the most memory that it is known to have had.
    fn end(&mut self, peak: &mut u64) -> Option<End>;

    /// A descriptor that becomes readable when it ends. Without one its end is seen later.
    fn signal(&self) -> Option<i32>;

    /// The ids of its processes, and of one by which its own `/dev/shm` is reached.
    fn processes(&self) -> (Vec<i32>, i32);

    /// Ends all its processes, and returns how many those were.
    fn end_all(&mut self) -> u32;
}

/// A process of ours, and everything below this one.
pub(super) struct Process {
    pid: i32,
    handle: Option<OwnedFd>,
    status: i32,
}

impl Process {
    pub(super) fn new(pid: i32) -> Self {
        Self {
            pid,
            handle: pidfd(pid),
            status: 0,
        }
    }
}

impl Subject for Process {
    fn end(&mut self, peak: &mut u64) -> Option<End> {
        // SAFETY: a struct of integers; all zero is a value of it.
        let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
        // SAFETY: the pointers are to local variables.
        let waited = unsafe {
            libc::wait4(
                self.pid,
                &raw mut self.status,
                libc::WNOHANG,
                &raw mut usage,
            )
        };
        if waited != self.pid {
            return None;
        }
        *peak = (*peak).max(u64::try_from(usage.ru_maxrss).unwrap_or(0) * 1024);
        end_of(self.status)
    }

    fn signal(&self) -> Option<i32> {
        self.handle.as_ref().map(OwnedFd::as_raw_fd)
    }

    fn processes(&self) -> (Vec<i32>, i32) {
        (descendants::all(), self.pid)
    }

    fn end_all(&mut self) -> u32 {
        descendants::end_all()
    }
}

/// What the status of a process that was waited for says; `None` when it has only stopped, as traced
/// ones do.
pub(super) fn end_of(status: i32) -> Option<End> {
    if libc::WIFEXITED(status) {
        Some(End::Exited(libc::WEXITSTATUS(status)))
    } else if libc::WIFSIGNALED(status) {
        Some(End::Killed(libc::WTERMSIG(status)))
    } else {
        None
    }
}

/// What is known while a case runs.
pub(super) struct Watch<'a> {
    limits: &'a Limits,
    /// Whether `/dev/shm` is the case's own; one that is everybody's holds what is not the case's.
    has_own_memory: bool,
    output_pipe: &'a OwnedFd,
    channel_pipe: Option<&'a OwnedFd>,
    output: Output,
    channel: Vec<u8>,
    /// The most memory seen, in bytes.
    peak: u64,
}

impl<'a> Watch<'a> {
    pub(super) fn new(
        limits: &'a Limits,
        has_own_memory: bool,
        output_pipe: &'a OwnedFd,
        channel_pipe: Option<&'a OwnedFd>,
    ) -> Self {
        for fd in [Some(output_pipe), channel_pipe].into_iter().flatten() {
            set_nonblocking(fd);
        }
        Self {
            limits,
            has_own_memory,
            output_pipe,
            channel_pipe,
            output: Output::default(),
            channel: Vec::new(),
            peak: 0,
        }
    }

    /// Waits for the end or makes one; then ends all that is left.
    pub(super) fn run(mut self, subject: &mut dyn Subject, started: Instant) -> Record {
        let end = self.wait(subject, started);
        let wall = started.elapsed();
        let is_own_end = matches!(end, End::Exited(_) | End::Killed(_));
        let ended = subject.end_all();
        // What was written before the end is in the pipes; nobody is left to write more.
        self.read_output();
        self.read_channel();
        let end = if is_own_end && self.has_said_too_much() {
            End::TooMuchOutput
        } else {
            end
        };
        Record {
            end,
            output: self.output.into_text(),
            channel: String::from_utf8_lossy(&self.channel).into_owned(),
            wall,
            peak_memory_bytes: self.peak,
            stragglers: if is_own_end { ended } else { 0 },
        }
    }

    fn wait(&mut self, subject: &mut dyn Subject, started: Instant) -> End {
        let deadline = started + self.limits.wall;
        let mut next_look = started + MEMORY_INTERVAL;
        let (mut output_open, mut channel_open) = (true, self.channel_pipe.is_some());
        loop {
            if let Some(ended) = subject.end(&mut self.peak) {
                return ended;
            }
            let now = Instant::now();
            if now >= deadline {
                return End::TimedOut;
            }
            if now >= next_look {
                if self.uses_too_much_memory(subject) {
                    return End::OutOfMemory;
                }
                // Looking must not become the work: it may take a tenth of the time.
                next_look = Instant::now() + MEMORY_INTERVAL.max(now.elapsed() * 10);
            }
            let timeout = deadline.min(next_look).saturating_duration_since(now);
            let ready = poll(
                &[
                    output_open.then(|| self.output_pipe.as_raw_fd()),
                    self.channel_pipe
                        .filter(|_| channel_open)
                        .map(AsRawFd::as_raw_fd),
                    Some(libc::STDIN_FILENO),
                    subject.signal(),
                ],
                timeout,
            );
            if ready[0] {
                output_open = self.read_output();
            }
            if ready[1] {
                channel_open = self.read_channel();
            }
            if self.has_said_too_much() {
                return End::TooMuchOutput;
            }
            if ready[2] && is_closed(libc::STDIN_FILENO) {
                return End::Interrupted;
            }
        }
    }

    fn uses_too_much_memory(&mut self, subject: &dyn Subject) -> bool {
        let (mut processes, one) = subject.processes();
        processes.truncate(10_000);
        let shared = if self.has_own_memory {
            descendants::shared_files(one)
        } else {
            0
        };
        let memory = descendants::memory(&processes, shared, self.limits.memory_bytes);
        self.peak = self.peak.max(memory);
        reap_orphans(one, &processes);
        memory > self.limits.memory_bytes
    }

    fn has_said_too_much(&self) -> bool {
        self.output.total() > self.limits.output_bytes || self.channel.len() > MAX_CHANNEL_BYTES
    }

    /// Reads what is there; `false` once all writers are gone.
    fn read_output(&mut self) -> bool {
        let limit = self.limits.output_bytes;
        let output = &mut self.output;
        read_available(self.output_pipe, |bytes| {
            output.push(bytes);
            output.total() <= limit
        })
    }

    /// As [`Self::read_output`], for the channel.
    fn read_channel(&mut self) -> bool {
        let Some(pipe) = self.channel_pipe else {
            return false;
        };
        let channel = &mut self.channel;
        read_available(pipe, |bytes| {
            channel.extend_from_slice(bytes);
            channel.len() <= MAX_CHANNEL_BYTES
        })
    }
}

/// Reads until there is nothing more for now or `take` has enough; `false` at the end of the pipe.
pub(super) fn read_available(fd: &OwnedFd, mut take: impl FnMut(&[u8]) -> bool) -> bool {
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

/// Takes leave of orphans that have ended, so that they do not count against the limit.
fn reap_orphans(kept: i32, processes: &[i32]) {
    for &pid in processes.iter().filter(|&&pid| pid != kept) {
        // SAFETY: a null pointer asks for no status. A process that is no child of ours is an error.
        unsafe { libc::waitpid(pid, std::ptr::null_mut(), libc::WNOHANG) };
    }
}

/// A descriptor that becomes readable when the process ends. Without one its end is seen later.
fn pidfd(pid: i32) -> Option<OwnedFd> {
    // SAFETY: a plain system call; the descriptor that comes back is new and ours.
    unsafe {
        let fd = check(libc::syscall(libc::SYS_pidfd_open, pid, 0)).ok()?;
        Some(OwnedFd::from_raw_fd(i32::try_from(fd).ok()?))
    }
}

pub(super) fn set_nonblocking(fd: &OwnedFd) {
    // SAFETY: plain system calls on our own descriptor.
    unsafe {
        let flags = libc::fcntl(fd.as_raw_fd(), libc::F_GETFL);
        libc::fcntl(fd.as_raw_fd(), libc::F_SETFL, flags | libc::O_NONBLOCK);
    }
}

/// Waits until one of the descriptors has something to say, at most for `timeout`.
pub(super) fn poll<const N: usize>(fds: &[Option<i32>; N], timeout: Duration) -> [bool; N] {
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
pub(super) fn is_closed(fd: i32) -> bool {
    let mut byte = [0_u8; 1];
    // SAFETY: the descriptor is open and the pointer is to a local buffer.
    let count = unsafe {
        let fd = BorrowedFd::borrow_raw(fd);
        libc::read(fd.as_raw_fd(), byte.as_mut_ptr().cast(), 1)
    };
    count == 0
}
