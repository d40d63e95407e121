//! Limits that the kernel enforces on each process. Time, memory and output are the supervisor's.

use std::io;

use super::check;
use crate::run::limits::Limits;

/// Open files per process: enough for any test, few enough to close one by one.
const OPEN_FILES: u64 = 4096;

/// Sets the limits for this process and all that it starts.
pub(super) fn apply(limits: &Limits) -> io::Result<()> {
    set(libc::RLIMIT_CORE, 0)?;
    set(libc::RLIMIT_NOFILE, OPEN_FILES)?;
    set(libc::RLIMIT_FSIZE, limits.file_bytes)?;
    // POSIX message queues outlive the process that made them.
    set(libc::RLIMIT_MSGQUEUE, 0)?;
    // Counted per user. A case that runs as a user of its own, or in a user namespace of its own,
    // has the count to itself; another one shares it with its author's other programs.
    set(
        libc::RLIMIT_NPROC,
        u64::from(limits.processes) + processes_of_user(),
    )
}

fn set(resource: libc::__rlimit_resource_t, value: u64) -> io::Result<()> {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the pointers are to a local variable.
    unsafe {
        check(libc::getrlimit(resource, &raw mut limit))?;
        let value = value.min(limit.rlim_max);
        limit = libc::rlimit {
            rlim_cur: value,
            rlim_max: value,
        };
        check(libc::setrlimit(resource, &raw const limit)).map(drop)
    }
}

/// Threads that the current user runs already; none for root, whose count does not matter here.
fn processes_of_user() -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    // SAFETY: a plain system call.
    let user = unsafe { libc::geteuid() };
    if user == 0 {
        return 0;
    }
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return 0;
    };
    entries
        .flatten()
        .filter(|entry| {
            entry
                .file_name()
                .to_string_lossy()
                .bytes()
                .all(|b| b.is_ascii_digit())
        })
        .filter(|entry| {
            entry
                .metadata()
                .is_ok_and(|metadata| metadata.uid() == user)
        })
        .filter_map(|entry| std::fs::read_dir(entry.path().join("task")).ok())
        .map(|tasks| tasks.count() as u64)
        .sum()
}
