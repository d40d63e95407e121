//! What a case may touch.
//!
//! Tests and solutions are code of strangers; the machine is protected from them by what the kernel
//! offers to ordinary programs: Landlock for files, seccomp for system calls, limits, an
//! unprivileged user, and where they are to be had namespaces. One file per mechanism; what this
//! kernel can't enforce is told by [`support`].

#[cfg(target_os = "linux")]
mod credentials;
#[cfg(target_os = "linux")]
mod landlock;
#[cfg(target_os = "linux")]
mod namespace;
#[cfg(target_os = "linux")]
mod rlimits;
#[cfg(target_os = "linux")]
mod seccomp;
pub mod support;

use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::limits::Limits;
use support::Support;

#[cfg(target_os = "linux")]
pub(crate) use credentials::user_for;

/// How much a run insists on being sandboxed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SandboxMode {
    /// Landlock ABI 3 and seccomp, or nothing is run.
    Require,
    /// What the kernel at hand can do.
    #[default]
    Auto,
    /// Nothing but limits.
    Off,
}

/// What a case may touch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Folders and files that may be read and run.
    pub read: Vec<PathBuf>,
    /// Folders in which everything is allowed.
    pub write: Vec<PathBuf>,
    /// Whether to become an unprivileged user of the case's own; takes root.
    pub own_user: bool,
    /// Whether Landlock is to be used.
    pub landlock: bool,
    /// Whether all of `/proc` may be read: by a worker, of whose children each is cut down to what is its
    /// own. What is not of its user shows little there.
    pub all_processes: bool,
    /// Whether seccomp is to be used.
    pub seccomp: bool,
    /// Whether to make a mount namespace in which only `write` can be changed.
    pub mount_namespace: bool,
}

impl Policy {
    /// Returns what `mode` means on a kernel, with no paths yet.
    ///
    /// `None` when the kernel can't do what is required.
    pub fn new(mode: SandboxMode, support: &Support) -> Option<Self> {
        match mode {
            SandboxMode::Require if !support.is_sufficient() => None,
            SandboxMode::Off => Some(Self::default()),
            SandboxMode::Require | SandboxMode::Auto => Some(Self {
                own_user: support.is_root,
                landlock: support.landlock_abi > 0,
                seccomp: support.seccomp,
                mount_namespace: support.mount_namespace.is_ok(),
                ..Self::default()
            }),
        }
    }
}

impl Policy {
    /// What the sandbox is, in words, without the paths of a case.
    pub fn kind(&self) -> String {
        let Self {
            read: _,
            write: _,
            // A worker's, whose children narrow it down again.
            all_processes: _,
            own_user,
            landlock,
            seccomp,
            mount_namespace,
        } = self;
        let parts = [
            ("own user", own_user),
            ("Landlock", landlock),
            ("seccomp", seccomp),
            ("mount namespace", mount_namespace),
        ];
        let used: Vec<_> = parts
            .iter()
            .filter(|(_, is_used)| **is_used)
            .map(|(name, _)| *name)
            .collect();
        format!("sandbox: {}", used.join(", "))
    }
}

/// Enters the sandbox: the calling process, from here on, for good.
///
/// Called between fork and exec, in a process with one thread, whose parent is the supervisor.
/// `supervisors` are the processes above, which must not be signalled.
///
/// # Errors
///
/// Which step failed. The process must end then: it may be half in.
#[cfg(target_os = "linux")]
pub(crate) fn enter(policy: &Policy, limits: &Limits, supervisors: &[i32]) -> io::Result<()> {
    let step = |name: &'static str| {
        move |error: io::Error| io::Error::new(error.kind(), format!("{name}: {error}"))
    };
    if policy.mount_namespace {
        namespace::enter(&policy.write, limits.memory_bytes).map_err(step("mount namespace"))?;
    }
    rlimits::apply(limits).map_err(step("limits"))?;
    // The rules hold open folders; they are opened while this process may still reach them.
    let ruleset = policy
        .landlock
        .then(|| landlock::prepare(policy).map_err(step("Landlock")));
    let ruleset = ruleset.transpose()?;
    if policy.own_user {
        let user = user_for(std::os::unix::process::parent_id());
        credentials::become_user(user).map_err(step("change of user"))?;
    }
    credentials::forbid_new_privileges().map_err(step("no_new_privs"))?;
    if let Some(ruleset) = ruleset {
        landlock::enter(ruleset).map_err(step("Landlock"))?;
    }
    if policy.seccomp {
        seccomp::enter(supervisors).map_err(step("seccomp"))?;
    }
    Ok(())
}

/// What a child of a worker under `policy` takes from itself; `None` without Landlock.
pub(crate) fn narrowing(policy: &Policy) -> Option<Narrowing> {
    #[cfg(target_os = "linux")]
    return policy.landlock.then(|| landlock::narrowing(policy));
    #[cfg(not(target_os = "linux"))]
    return None;
}

/// A Landlock domain below the one that a worker is in, for the worker's children to enter. They have no
/// Landlock of their own, so it is spelled out in the kernel's numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Narrowing {
    /// Bytes of the argument that the kernel knows.
    pub(crate) attribute_bytes: usize,
    /// What must stay inside.
    pub(crate) scoped: u64,
    /// What may be read. `/proc/self` is the child.
    pub(crate) read: Vec<PathBuf>,
    /// What may be read, and in which files may be moved.
    pub(crate) write: Vec<PathBuf>,
}

/// Without a kernel sandbox only the limits that every Unix knows.
#[cfg(not(target_os = "linux"))]
pub(crate) fn enter(_: &Policy, _: &Limits, _: &[i32]) -> io::Result<()> {
    Ok(())
}

/// Turns the result of a system call that is -1 on failure into a [`io::Result`].
#[cfg(unix)]
pub(crate) fn check(result: impl Into<i64>) -> io::Result<i64> {
    match result.into() {
        -1 => Err(io::Error::last_os_error()),
        value => Ok(value),
    }
}
