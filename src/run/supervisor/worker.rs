//! Supervises a worker: starts it, hands it one request after another, and sees to it that nothing of
//! a case is left when the next one begins.

use std::fs::{self, Permissions};
use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd, RawFd};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde::Deserialize;

use super::child::{self, Child};
use super::watch::{Subject, Watch, end_of, is_closed, poll, read_available, set_nonblocking};
use super::{descendants, give_away, read_line, tell};
use crate::run::job::{CaseJob, End, Job, Record, StartError, WorkerLost};
use crate::run::removal;

/// How long a worker may take to answer once all processes of its case are gone.
const ANSWER_TIME: Duration = Duration::from_secs(10);

/// Bytes that are thrown away at a time of what nobody wants to read.
const MAX_DRAINED_BYTES: usize = 1024 * 1024;

/// Bytes that an answer may have.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// Starts the worker of a job and serves requests until standard input ends or the worker is lost.
pub(super) fn serve(job: &Job) -> io::Result<()> {
    let mut worker = match Worker::start(job) {
        Ok(worker) => worker,
        Err(why) => {
            descendants::end_all();
            return tell(&Err::<(), _>(WorkerLost(why)));
        }
    };
    tell(&Ok::<_, WorkerLost>(()))?;
    // The end of the input is the ordinary end of a worker.
    while let Ok(line) = read_line() {
        let case: CaseJob = serde_json::from_str(&line).map_err(io::Error::other)?;
        let reply = worker.run(&case);
        tell(&reply)?;
        if reply.is_err() {
            break;
        }
    }
    descendants::end_all();
    Ok(())
}

/// A worker that waits for requests.
struct Worker<'a> {
    job: &'a Job,
    pid: i32,
    output: OwnedFd,
    channel: OwnedFd,
    requests: OwnedFd,
    answers: Answers,
}

/// What a worker says of a child, or of itself.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Answer {
    Ended { status: i32, max_rss: u64 },
    Declined { declined: String },
    Failed { error: String },
    Ready { ready: bool },
}

impl<'a> Worker<'a> {
    fn start(job: &'a Job) -> Result<Self, String> {
        give_away(&job.sandbox).map_err(|error| error.message)?;
        let child = child::start(job).map_err(|error| error.message)?;
        let Child {
            pid,
            output,
            channel: Some(channel),
            worker: Some((requests, answers)),
        } = child
        else {
            return Err("its job has no channel".to_owned());
        };
        for fd in [&output, &channel, &answers] {
            set_nonblocking(fd);
        }
        let mut worker = Self {
            job,
            pid,
            output,
            channel,
            requests,
            answers: Answers {
                fd: answers,
                read: Vec::new(),
            },
        };
        let setup = job.worker.as_deref().unwrap_or_default();
        worker.ask(setup)?;
        match worker.answer_within(job.limits.wall)? {
            Answer::Ready { ready: true } => Ok(worker),
            Answer::Failed { error } => Err(error),
            other => Err(format!("it answered {other:?} before it was ready")),
        }
    }

    /// Runs one case and removes all that it leaves; the worker is lost when it can't.
    fn run(&mut self, case: &CaseJob) -> Result<Record, WorkerLost> {
        self.try_run(case).map_err(WorkerLost)
    }

    fn try_run(&mut self, case: &CaseJob) -> Result<Record, String> {
        give_away(&self.job.sandbox).map_err(|error| error.message)?;
        drain(&self.output);
        drain(&self.channel);
        self.ask(&case.request)?;
        let has_own_memory = self.job.sandbox.mount_namespace;
        let mut forked = Forked {
            worker: self.pid,
            answers: &mut self.answers,
            has_answered: false,
            failure: None,
        };
        let watch = Watch::new(
            &case.limits,
            has_own_memory,
            &self.output,
            Some(&self.channel),
        );
        let record = watch.run(&mut forked, Instant::now());
        if let Some(failure) = forked.failure {
            return Err(failure);
        }
        // A case that was ended is told of only now.
        if !forked.has_answered {
            self.answer_within(ANSWER_TIME)?;
        }
        if has_own_memory {
            empty_shared_memory(self.pid)
                .map_err(|error| format!("its /dev/shm can't be emptied: {error}"))?;
        }
        Ok(record)
    }

    /// Writes one line. A worker reads whenever it has no case.
    fn ask(&self, line: &str) -> Result<(), String> {
        use std::io::Write as _;
        let fd = self
            .requests
            .try_clone()
            .map_err(|error| error.to_string())?;
        fs::File::from(fd)
            .write_all(format!("{line}\n").as_bytes())
            .map_err(|error| format!("it takes no requests: {error}"))
    }

    /// Waits for the next answer. What is printed meanwhile is thrown away.
    fn answer_within(&mut self, time: Duration) -> Result<Answer, String> {
        let deadline = Instant::now() + time;
        loop {
            if let Some(answer) = self.answers.next()? {
                return Ok(answer);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(format!("it said nothing within {} s", time.as_secs()));
            }
            let fds = [
                self.answers.fd.as_raw_fd(),
                self.output.as_raw_fd(),
                libc::STDIN_FILENO,
            ];
            let ready = poll(&fds.map(Some), left);
            if ready[1] {
                drain(&self.output);
            }
            if ready[2] && is_closed(libc::STDIN_FILENO) {
                return Err("the run was stopped".to_owned());
            }
        }
    }
}

/// The answers of a worker, line by line.
struct Answers {
    fd: OwnedFd,
    read: Vec<u8>,
}

impl Answers {
    /// The next answer, if it is there.
    fn next(&mut self) -> Result<Option<Answer>, String> {
        let read = &mut self.read;
        let is_open = read_available(&self.fd, |bytes| {
            read.extend_from_slice(bytes);
            read.len() <= MAX_ANSWER_BYTES
        });
        match read.iter().position(|&byte| byte == b'\n') {
            Some(end) => {
                let line: Vec<u8> = read.drain(..=end).collect();
                let answer = serde_json::from_slice(&line);
                answer
                    .map(Some)
                    .map_err(|_| "its answer is garbled".to_owned())
            }
            None if !is_open => Err("it ended".to_owned()),
            None if read.len() > MAX_ANSWER_BYTES => Err("its answer has no end".to_owned()),
            None => Ok(None),
        }
    }
}

/// The child that a worker has forked for a case, and everything that it starts.
struct Forked<'a> {
    worker: i32,
    answers: &'a mut Answers,
    /// Whether the worker has told of it.
    has_answered: bool,
    /// What the worker says or does instead of telling the end of its child.
    failure: Option<String>,
}

impl Subject for Forked<'_> {
    fn end(&mut self, peak: &mut u64) -> Option<End> {
        let answer = self.answers.next();
        self.has_answered = matches!(answer, Ok(Some(_)));
        match answer {
            Ok(Some(Answer::Ended { status, max_rss })) => {
                *peak = (*peak).max(max_rss * 1024);
                let end = end_of(status);
                if end.is_none() {
                    self.failure = Some(format!("it told of a child with status {status}"));
                }
                Some(end.unwrap_or(End::Interrupted))
            }
            Ok(Some(Answer::Declined { declined })) => Some(End::NotStarted(StartError {
                is_program: false,
                message: format!("the project's `{declined}` would not be found in a worker"),
            })),
            Ok(Some(Answer::Failed { error })) => {
                self.failure = Some(error);
                Some(End::Interrupted)
            }
            Ok(Some(Answer::Ready { .. })) => {
                self.failure = Some("it said that it was ready during a case".to_owned());
                Some(End::Interrupted)
            }
            Err(why) => {
                self.failure = Some(why);
                Some(End::Interrupted)
            }
            Ok(None) => None,
        }
    }

    fn signal(&self) -> Option<RawFd> {
        Some(self.answers.fd.as_raw_fd())
    }

    fn processes(&self) -> (Vec<i32>, i32) {
        (descendants::all_around(self.worker), self.worker)
    }

    fn end_all(&mut self) -> u32 {
        descendants::end_all_around(self.worker)
    }
}

/// Reads a pipe empty. Nobody writes to it any more, or what is written is of no interest.
fn drain(fd: &OwnedFd) {
    let mut drained = 0;
    read_available(fd, |bytes| {
        drained += bytes.len();
        drained < MAX_DRAINED_BYTES
    });
}

/// Removes what cases have left in the `/dev/shm` of a worker, which may be the case's to change.
fn empty_shared_memory(worker: i32) -> io::Result<()> {
    let dir = PathBuf::from(format!("/proc/{worker}/root/dev/shm"));
    if !dir.is_dir() {
        return Ok(());
    }
    removal::clear(&dir)?;
    fs::set_permissions(&dir, Permissions::from_mode(0o1777))
}
