//! What the kernel at hand can enforce, found out by trying.

use std::path::Path;
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

/// Argument that makes the binary print its [`Support`] and end.
pub const PROBE_ARGUMENT: &str = "__probe-sandbox";

/// The Landlock ABI without which a sandbox that is required is refused.
pub const REQUIRED_LANDLOCK_ABI: u32 = 3;

/// What the kernel at hand offers to the tool as it runs now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Support {
    /// Version of Landlock; 0 for none.
    pub landlock_abi: u32,
    /// Whether system calls can be filtered.
    pub seccomp: bool,
    /// Whether a case can get a mount namespace; else why not.
    pub mount_namespace: Result<(), String>,
    /// Whether the tool runs as root, so that cases can get users of their own.
    pub is_root: bool,
}

/// Something that a case should not be able to do and that nothing at hand prevents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gap {
    /// Anything: no sandbox at all.
    NoSandbox,
    /// Files outside can be read.
    Reading,
    /// Files outside can be written, or at least cut off.
    Files,
    /// The network can be reached.
    Network,
    /// Other processes of the same user can be signalled.
    Signals,
    /// Modes and times of the author's own files outside can be changed.
    Metadata,
    /// Files left in `/dev/shm` stay there, and are not counted.
    SharedMemory,
    /// Names, sizes and times of files outside can be asked for by path.
    Stat,
    /// Memory of the kernel's can be used beyond the limit.
    UncountedMemory,
    /// The disk can be filled with many files.
    DiskSpace,
}

impl Gap {
    /// What is not prevented, in one line.
    pub const fn explanation(self) -> &'static str {
        match self {
            Self::NoSandbox => "nothing is enforced but limits: validators can do what you can do",
            Self::Reading => "files outside the working copy can be read",
            Self::Files => "files outside the working copy can be written",
            Self::Network => "the network can be reached",
            Self::Signals => "your other processes can be signalled",
            Self::Metadata => {
                "permissions and times of your own files outside the working copy can be changed"
            }
            Self::SharedMemory => {
                "files that a validator makes in /dev/shm do not count as its memory, and stay there"
            }
            Self::UncountedMemory => {
                "memory that is part of no process, such as what waits in a socket, is not counted"
            }
            Self::Stat => {
                "that a file outside exists, its size and its times can be asked for by its path"
            }
            Self::DiskSpace => "many files together can fill the disk; the size of each is limited",
        }
    }
}

impl Support {
    /// Asks a fresh process of the tool, because the tries change the process that makes them.
    ///
    /// # Errors
    ///
    /// When the process can't be started or says nothing.
    pub fn probe(tool: &Path) -> Result<Self, String> {
        let output = Command::new(tool)
            .arg(PROBE_ARGUMENT)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("`{}` can't be started: {error}", tool.display()))?;
        serde_json::from_slice(&output.stdout)
            .map_err(|_| "the probe of the sandbox said nothing".to_owned())
    }

    /// Whether this is enough for `--sandbox=require`.
    pub fn is_sufficient(&self) -> bool {
        self.landlock_abi >= REQUIRED_LANDLOCK_ABI && self.seccomp
    }

    /// What is not prevented.
    pub fn gaps(&self) -> Vec<Gap> {
        if self.landlock_abi == 0 && !self.seccomp {
            return vec![Gap::NoSandbox];
        }
        let mut gaps = Vec::new();
        // No mount namespace hides a file.
        if self.landlock_abi == 0 {
            gaps.push(Gap::Reading);
        }
        if self.landlock_abi < REQUIRED_LANDLOCK_ABI && self.mount_namespace.is_err() {
            gaps.push(Gap::Files);
        }
        if !self.seccomp {
            gaps.push(Gap::Network);
        }
        // Root's cases have users of their own, which can't signal anybody else's processes.
        if self.landlock_abi < 6 && !self.is_root {
            gaps.push(Gap::Signals);
        }
        if self.mount_namespace.is_err() {
            if !self.is_root {
                gaps.push(Gap::Metadata);
            }
            gaps.push(Gap::SharedMemory);
        }
        gaps.extend([Gap::Stat, Gap::UncountedMemory, Gap::DiskSpace]);
        gaps
    }
}

/// Tries everything in this process, which must end afterwards, and writes the result to `out`.
///
/// # Errors
///
/// When it can't be written.
pub fn print_probe(mut out: impl std::io::Write) -> std::io::Result<()> {
    let text = serde_json::to_vec(&probe_here())?;
    out.write_all(&text)
}

/// Tries everything in this process.
#[cfg(target_os = "linux")]
fn probe_here() -> Support {
    Support {
        landlock_abi: super::landlock::abi(),
        seccomp: super::seccomp::is_available(),
        // SAFETY: a plain system call.
        is_root: unsafe { libc::geteuid() } == 0,
        mount_namespace: try_mount_namespace(),
    }
}

#[cfg(target_os = "linux")]
fn try_mount_namespace() -> Result<(), String> {
    let try_all = || {
        super::namespace::enter(&[std::env::temp_dir()], 1 << 20)?;
        // Only a file that can be made shows that the folder was kept writable.
        tempfile::NamedTempFile::new().map(drop)
    };
    try_all().map_err(|error| error.to_string())
}

/// Other systems have no sandbox that the tool knows how to use.
#[cfg(not(target_os = "linux"))]
fn probe_here() -> Support {
    Support {
        landlock_abi: 0,
        seccomp: false,
        mount_namespace: Err("not a Linux kernel".to_owned()),
        is_root: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn support(landlock_abi: u32, seccomp: bool, namespace: bool, is_root: bool) -> Support {
        let mount_namespace = if namespace {
            Ok(())
        } else {
            Err("no".to_owned())
        };
        Support {
            landlock_abi,
            seccomp,
            mount_namespace,
            is_root,
        }
    }

    #[test]
    fn required_is_landlock_3_and_seccomp() {
        assert!(support(3, true, false, false).is_sufficient());
        assert!(!support(2, true, true, true).is_sufficient());
        assert!(!support(7, false, true, true).is_sufficient());
    }

    #[test]
    fn gaps_grow_as_the_kernel_offers_less() {
        let always = [Gap::Stat, Gap::UncountedMemory, Gap::DiskSpace];
        assert_eq!(support(7, true, true, false).gaps(), always);
        assert_eq!(
            support(7, true, false, true).gaps()[..1],
            [Gap::SharedMemory]
        );
        assert_eq!(
            support(7, true, false, false).gaps()[..2],
            [Gap::Metadata, Gap::SharedMemory]
        );
        assert!(support(5, true, true, false).gaps().contains(&Gap::Signals));
        assert!(!support(5, true, true, true).gaps().contains(&Gap::Signals));
        assert!(support(2, true, false, true).gaps().contains(&Gap::Files));
        assert_eq!(support(0, true, true, true).gaps()[0], Gap::Reading);
        assert!(!support(1, true, true, false).gaps().contains(&Gap::Reading));
        assert!(support(7, false, true, true).gaps().contains(&Gap::Network));
        assert_eq!(support(0, false, true, true).gaps(), [Gap::NoSandbox]);
    }
}
