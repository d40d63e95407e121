//! Everything that a process has started, directly or not: found, measured, ended.
//!
//! A supervisor is a subreaper: what its children leave behind becomes its own child, however often
//! it forks and whatever session it moves to. So the tree below it is all there is.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::time::Duration;

/// Makes this process the one that orphans below it are given to.
pub(crate) fn become_subreaper() -> io::Result<()> {
    // SAFETY: a plain system call.
    crate::run::sandbox::check(unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) })
        .map(drop)
}

/// The children of all threads of a process; none when it is gone.
fn children(process: u32) -> Vec<i32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else {
        return Vec::new();
    };
    threads
        .flatten()
        .filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok())
        .flat_map(|text| {
            text.split_whitespace()
                .flat_map(str::parse)
                .collect::<Vec<_>>()
        })
        .collect()
}

/// Memory that processes use together, in bytes: at least what they share counted once, where it
/// matters whether that is more than `limit`. `shared` is what they have in files in memory.
///
/// Resident sizes are cheap to read and count what is shared several times. Only where their sum is
/// over the limit the proportional sizes are asked for.
pub(super) fn memory(processes: &[i32], shared: u64, limit: u64) -> u64 {
    let resident: u64 = processes.iter().map(|pid| resident_bytes(*pid)).sum();
    if resident + shared <= limit {
        return resident.max(shared);
    }
    let (mut used, mut mapped) = (0, 0);
    for &pid in processes {
        match proportional_bytes(pid) {
            Some((all, of_shared)) => {
                used += all;
                mapped += of_shared;
            }
            None => used += resident_bytes(pid),
        }
    }
    // What of the files is mapped has been counted as part of the processes.
    used + shared.saturating_sub(mapped)
}

/// What is in the `/dev/shm` that a process sees, in bytes.
pub(super) fn shared_files(pid: i32) -> u64 {
    let path = format!("/proc/{pid}/root/dev/shm\0");
    // SAFETY: a struct of integers; all zero is a value of it.
    let mut stat: libc::statvfs = unsafe { std::mem::zeroed() };
    // SAFETY: the pointers are to a string that ends in null and a local variable.
    let result = unsafe { libc::statvfs(path.as_ptr().cast(), &raw mut stat) };
    if result != 0 {
        return 0;
    }
    stat.f_blocks.saturating_sub(stat.f_bfree) * stat.f_frsize
}

fn resident_bytes(pid: i32) -> u64 {
    let pages = || -> Option<u64> {
        fs::read_to_string(format!("/proc/{pid}/statm"))
            .ok()?
            .split(' ')
            .nth(1)?
            .parse()
            .ok()
    };
    // SAFETY: a plain call.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    pages().unwrap_or(0) * u64::try_from(page).unwrap_or(4096)
}

/// The proportional size and what of it is files in memory and other shared memory; `None` when the
/// process is gone or hides itself.
fn proportional_bytes(pid: i32) -> Option<(u64, u64)> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let bytes = |name: &str| -> Option<u64> {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        let kib: u64 = line.trim().trim_end_matches(" kB").parse().ok()?;
        Some(kib * 1024)
    };
    Some((bytes("Pss:")?, bytes("Pss_Shmem:").unwrap_or(0)))
}

/// Ends everything below this process, and returns how many processes that were.
///
/// First all are stopped, until no new one appears: a process that is stopped can't fork, and keeps
/// the place in the limit that its killed child would free. Then all are killed.
pub(super) fn end_all() -> u32 {
    end_all_but(&BTreeSet::new())
}

/// Ends everything below this process but some of its children and what is below those.
pub(crate) fn end_all_but(kept: &BTreeSet<i32>) -> u32 {
    end(kept, || all_but(kept))
}

/// Ends everything below this process but one of its children, whose own children are ended.
pub(super) fn end_all_around(kept: i32) -> u32 {
    end(&BTreeSet::from([kept]), || all_around(kept))
}

/// The ids of all processes below this one, those further down later.
pub(super) fn all() -> Vec<i32> {
    all_but(&BTreeSet::new())
}

/// The ids of all processes below this one but some children and what is below those.
fn all_but(kept: &BTreeSet<i32>) -> Vec<i32> {
    let children = children(std::process::id());
    with_descendants(children.into_iter().filter(|pid| !kept.contains(pid)))
}

/// The ids of all processes below this one but one of its children.
pub(super) fn all_around(kept: i32) -> Vec<i32> {
    let all = with_descendants(children(std::process::id()));
    all.into_iter().filter(|pid| *pid != kept).collect()
}

/// Ends what `targets` finds, until it finds nothing more, and returns how many processes that were.
fn end(kept: &BTreeSet<i32>, targets: impl Fn() -> Vec<i32>) -> u32 {
    let mut ended = BTreeSet::new();
    // Each round finds what was forked during the one before. Sixty seconds are far more than any
    // case took; an endless loop in here would hang the whole run.
    for round in 0..60_000 {
        let found = targets();
        let news: Vec<_> = found
            .iter()
            .filter(|pid| !ended.contains(*pid))
            .copied()
            .collect();
        for &pid in &news {
            signal(pid, libc::SIGSTOP);
            ended.insert(pid);
        }
        if news.is_empty() || round > 100 {
            for &pid in &found {
                signal(pid, libc::SIGKILL);
            }
        }
        reap(kept);
        if targets().is_empty() {
            break;
        }
        if news.is_empty() {
            std::thread::sleep(Duration::from_micros(200));
        }
    }
    u32::try_from(ended.len()).unwrap_or(u32::MAX)
}

/// Processes with all that is below them, those further down later.
fn with_descendants(processes: impl IntoIterator<Item = i32>) -> Vec<i32> {
    let mut found: Vec<i32> = processes.into_iter().collect();
    let mut next = 0;
    while let Some(&pid) = found.get(next) {
        next += 1;
        for child in children(pid.unsigned_abs()) {
            if !found.contains(&child) {
                found.push(child);
            }
        }
    }
    found
}

fn signal(pid: i32, signal: libc::c_int) {
    // A process that is gone by now is what we want.
    // SAFETY: a plain system call.
    unsafe { libc::kill(pid, signal) };
}

/// Takes leave of all children that have ended, but those that somebody else waits for.
fn reap(kept: &BTreeSet<i32>) {
    if kept.is_empty() {
        // SAFETY: a null pointer asks for no status.
        while unsafe { libc::waitpid(-1, std::ptr::null_mut(), libc::WNOHANG) } > 0 {}
        return;
    }
    for pid in children(std::process::id())
        .into_iter()
        .filter(|pid| !kept.contains(pid))
    {
        // SAFETY: as above.
        unsafe { libc::waitpid(pid, std::ptr::null_mut(), libc::WNOHANG) };
    }
}
