//! Files: what a case may read, run and write. The only file that names the `landlock` crate.

use std::io;
use std::path::PathBuf;

use ::landlock::{
    ABI, Access as _, AccessFs, AccessNet, CompatLevel, Compatible as _, Ruleset, RulesetAttr as _,
    RulesetCreated, RulesetCreatedAttr as _, RulesetStatus, Scope, path_beneath_rules,
};

use super::{Narrowing, Policy};

/// The newest ABI that is asked for; older kernels enforce what they know of it.
const NEWEST: ABI = ABI::V9;

/// Devices without memory that programs write to or read from.
const DEVICES: &[&str] = &[
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
];

/// System libraries and programs. World-readable on every system, and no place for secrets.
const SYSTEM: &[&str] = &["/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin"];

/// What Python, its libraries and ordinary programs look up about the system. `/proc/self` is the
/// process that is started; nothing is told of any other.
const FACTS: &[&str] = &[
    "/proc/self",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/loadavg",
    "/proc/uptime",
    "/proc/version",
    "/proc/filesystems",
    "/proc/sys/vm/overcommit_memory",
    "/proc/sys/kernel/osrelease",
    "/proc/sys/kernel/pid_max",
    "/proc/sys/kernel/random",
    "/sys/devices/system/cpu",
    "/sys/devices/system/node",
    "/sys/kernel/mm/transparent_hugepage",
    "/etc/alternatives",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/etc/ssl/openssl.cnf",
];

/// Builds the rules. Paths that do not exist are left out.
pub(super) fn prepare(policy: &Policy) -> io::Result<RulesetCreated> {
    let read = AccessFs::from_read(NEWEST);
    let all = AccessFs::from_all(NEWEST);
    // Device files and sockets are nothing that a test has to make.
    let write = all & !(AccessFs::MakeChar | AccessFs::MakeBlock);
    let facts = AccessFs::ReadFile | AccessFs::ReadDir;
    let processes = policy.all_processes.then_some("/proc");
    let build = || {
        Ruleset::default()
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(all)?
            .handle_access(AccessNet::from_all(NEWEST))?
            .scope(Scope::from_all(NEWEST))?
            .create()?
            .add_rules(path_beneath_rules(SYSTEM, read))?
            .add_rules(path_beneath_rules(&policy.read, read))?
            .add_rules(path_beneath_rules(FACTS, facts))?
            .add_rules(path_beneath_rules(DEVICES, facts | AccessFs::WriteFile))?
            .add_rules(path_beneath_rules(["/dev/shm"], write))?
            .add_rules(path_beneath_rules(&policy.write, write))?
            .add_rules(path_beneath_rules(processes, facts))
    };
    build().map_err(io::Error::other)
}

/// What children of a worker under `policy` take from themselves.
pub(super) fn narrowing(policy: &Policy) -> Narrowing {
    let abi = abi();
    let system = [SYSTEM, FACTS, DEVICES].concat();
    Narrowing {
        attribute_bytes: match abi {
            0..=3 => 8,
            4..=5 => 16,
            _ => 24,
        },
        scoped: Scope::from_all(ABI::from(i32::try_from(abi).unwrap_or(0))).bits(),
        read: system
            .into_iter()
            .map(PathBuf::from)
            .chain(policy.read.iter().cloned())
            .collect(),
        write: [PathBuf::from("/dev/shm")]
            .into_iter()
            .chain(policy.write.iter().cloned())
            .collect(),
    }
}

/// Enters the rules for good.
pub(super) fn enter(ruleset: RulesetCreated) -> io::Result<()> {
    let status = ruleset.restrict_self().map_err(io::Error::other)?;
    match status.ruleset {
        RulesetStatus::NotEnforced => Err(io::Error::other("the kernel enforces no rule")),
        RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced => Ok(()),
    }
}

/// The ABI of the running kernel; 0 when it has no Landlock or it is switched off.
pub(super) fn abi() -> u32 {
    const VERSION: libc::c_uint = 1;
    // SAFETY: with this flag the call takes no pointer and returns the version.
    let abi = unsafe {
        libc::syscall(
            libc::SYS_landlock_create_ruleset,
            std::ptr::null::<u8>(),
            0usize,
            VERSION,
        )
    };
    u32::try_from(abi).unwrap_or(0)
}
