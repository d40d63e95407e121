//! System calls: what a case may not ask the kernel for. The only file that names `seccompiler`.
//!
//! A list of what is forbidden, not of what is allowed: the tests of a curriculum call whatever
//! Python, PyTorch or a compiler call. Files are Landlock's; what is here is what Landlock leaves.

use std::collections::BTreeMap;
use std::io;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch,
};

/// Numbers of calls that are newer than the names we have for them. From 424 on a number is the same on
/// all architectures.
mod newer {
    pub(super) const MEMFD_SECRET: libc::c_long = 447;
    pub(super) const SETXATTRAT: libc::c_long = 463;
    pub(super) const REMOVEXATTRAT: libc::c_long = 466;
    pub(super) const OPEN_TREE_ATTR: libc::c_long = 467;
    pub(super) const FILE_SETATTR: libc::c_long = 469;
}

/// Calls that are refused with EPERM, whatever their arguments.
const FORBIDDEN: &[libc::c_long] = &[
    // Network. A connected pair of sockets is allowed below, and nothing that gives it an address.
    libc::SYS_socket,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    // Other processes.
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_process_mrelease,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    libc::SYS_move_pages,
    libc::SYS_migrate_pages,
    // Mounts and namespaces.
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsmount,
    libc::SYS_fsconfig,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    newer::OPEN_TREE_ATTR,
    libc::SYS_unshare,
    libc::SYS_setns,
    // Owners and extended attributes, which Landlock does not look at.
    libc::SYS_chown,
    libc::SYS_fchown,
    libc::SYS_lchown,
    libc::SYS_fchownat,
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_fsetxattr,
    libc::SYS_removexattr,
    libc::SYS_lremovexattr,
    libc::SYS_fremovexattr,
    newer::SETXATTRAT,
    newer::REMOVEXATTRAT,
    newer::FILE_SETATTR,
    // Files by handle, which need no path.
    libc::SYS_open_by_handle_at,
    libc::SYS_name_to_handle_at,
    // Objects of the kernel that outlive the processes which made them.
    libc::SYS_shmget,
    libc::SYS_semget,
    libc::SYS_msgget,
    libc::SYS_mq_open,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    // The kernel itself.
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_quotactl,
    libc::SYS_acct,
    libc::SYS_syslog,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_adjtimex,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_vhangup,
    libc::SYS_fanotify_init,
    libc::SYS_lookup_dcookie,
];

/// Calls that look like those of an older kernel, so that libraries fall back to others: what
/// `clone3` and io_uring do can't be seen by a filter, and a file in memory that no process has mapped
/// is seen by nobody, least of all while it waits in a socket.
const UNKNOWN: &[libc::c_long] = &[
    libc::SYS_clone3,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_memfd_create,
    newer::MEMFD_SECRET,
];

/// All flags of `clone` that make a namespace.
const NEW_NAMESPACE: u64 = (libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET) as u64;

/// A command of `fcntl`, the same on all architectures.
const F_SETOWN_EX: libc::c_int = 15;

/// Makes a process a child of the caller's parent, who knows nothing of it and does not wait for it.
const FOR_PARENT: u64 = libc::CLONE_PARENT as u64;

/// Requests of `ioctl` that do what `F_SETOWN` does.
const SET_OWNER: [u64; 2] = [0x8901, 0x8902];

/// What priorities may be of: all processes of a user.
const PRIORITY_OF_USER: u64 = libc::PRIO_USER as u64;
const IO_PRIORITY_OF_USER: u64 = 3;

/// Filters all further system calls of this process and of all that it starts.
///
/// Signals to `supervisors` are refused, and such to everybody. Newer kernels refuse all that leave
/// the case, through Landlock; this is for the others.
pub(super) fn enter(supervisors: &[i32]) -> io::Result<()> {
    let mut forbidden = forbidden()?;
    forbidden.extend(signals_to(supervisors)?);
    forbidden.extend(slowing(supervisors)?);
    // The second filter has to get past the first: `seccomp` itself is not forbidden.
    for program in [
        program(forbidden, libc::EPERM)?,
        program(unknown(), libc::ENOSYS)?,
    ] {
        seccompiler::apply_filter(&program).map_err(io::Error::other)?;
    }
    Ok(())
}

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

fn forbidden() -> io::Result<Rules> {
    let mut rules: Rules = FORBIDDEN.iter().map(|&call| (call, Vec::new())).collect();
    // A pair of stream sockets has no address and reaches nobody else. One of datagram sockets could
    // send to any path.
    rules.insert(
        libc::SYS_socketpair,
        vec![
            rule(&[(0, SeccompCmpOp::Ne, libc::AF_UNIX as u64)])?,
            rule(&[(1, SeccompCmpOp::MaskedEq(0xf), libc::SOCK_DGRAM as u64)])?,
            rule(&[(1, SeccompCmpOp::MaskedEq(0xf), libc::SOCK_RAW as u64)])?,
        ],
    );
    rules.insert(
        libc::SYS_clone,
        (0..64)
            .map(|bit| 1u64 << bit)
            .filter(|flag| (NEW_NAMESPACE | FOR_PARENT) & flag != 0)
            .map(|flag| rule(&[(0, SeccompCmpOp::MaskedEq(flag), flag)]))
            .collect::<io::Result<_>>()?,
    );
    // Limits of other processes, such as the supervisor's.
    rules.insert(
        libc::SYS_prlimit64,
        vec![rule(&[(0, SeccompCmpOp::Ne, 0)])?],
    );
    // Typing into the terminal that the tool was started from; naming another process as the one that
    // the kernel signals.
    rules.insert(
        libc::SYS_ioctl,
        [libc::TIOCSTI]
            .into_iter()
            .chain(SET_OWNER)
            .map(|request| rule(&[(1, SeccompCmpOp::Eq, request)]))
            .collect::<io::Result<_>>()?,
    );
    let set_owner = [libc::F_SETOWN, F_SETOWN_EX].map(|it| u64::from(it.unsigned_abs()));
    rules.insert(
        libc::SYS_fcntl,
        set_owner
            .into_iter()
            .map(|command| rule(&[(1, SeccompCmpOp::Eq, command)]))
            .collect::<io::Result<_>>()?,
    );
    Ok(rules)
}

/// Priorities and processors of others. Those of all processes of a user are also its supervisors'.
fn slowing(processes: &[i32]) -> io::Result<Rules> {
    let refuse = |argument: u8, of_user: Option<u64>| {
        let pids = processes.iter().map(|pid| (argument, pid.cast_unsigned()));
        let mut rules = pids
            .map(|(argument, pid)| rule(&[(argument, SeccompCmpOp::Eq, u64::from(pid))]))
            .collect::<io::Result<Vec<_>>>()?;
        if let Some(kind) = of_user {
            rules.push(rule(&[(0, SeccompCmpOp::Eq, kind)])?);
        }
        Ok::<_, io::Error>(rules)
    };
    Ok([
        (libc::SYS_setpriority, refuse(1, Some(PRIORITY_OF_USER))?),
        (libc::SYS_ioprio_set, refuse(1, Some(IO_PRIORITY_OF_USER))?),
        (libc::SYS_sched_setaffinity, refuse(0, None)?),
        (libc::SYS_sched_setscheduler, refuse(0, None)?),
        (libc::SYS_sched_setparam, refuse(0, None)?),
        (libc::SYS_sched_setattr, refuse(0, None)?),
    ]
    .into())
}

fn signals_to(processes: &[i32]) -> io::Result<Rules> {
    let targets: Vec<_> = processes
        .iter()
        .flat_map(|&pid| [pid, -pid])
        .chain([-1])
        .collect();
    let calls = [
        libc::SYS_kill,
        libc::SYS_tkill,
        libc::SYS_tgkill,
        libc::SYS_rt_sigqueueinfo,
        libc::SYS_rt_tgsigqueueinfo,
        libc::SYS_pidfd_open,
    ];
    let refuse = |call| {
        let rules = targets
            .iter()
            .map(|&pid| rule(&[(0, SeccompCmpOp::Eq, u64::from(pid.cast_unsigned()))]));
        Ok((call, rules.collect::<io::Result<_>>()?))
    };
    calls.into_iter().map(refuse).collect()
}

fn unknown() -> Rules {
    UNKNOWN.iter().map(|&call| (call, Vec::new())).collect()
}

fn rule(conditions: &[(u8, SeccompCmpOp, u64)]) -> io::Result<SeccompRule> {
    let conditions = conditions
        .iter()
        .map(|(argument, operator, value)| {
            SeccompCondition::new(*argument, SeccompCmpArgLen::Dword, operator.clone(), *value)
        })
        .collect::<Result<_, _>>()
        .map_err(io::Error::other)?;
    SeccompRule::new(conditions).map_err(io::Error::other)
}

fn program(rules: Rules, errno: i32) -> io::Result<BpfProgram> {
    let arch = TargetArch::try_from(std::env::consts::ARCH).map_err(io::Error::other)?;
    let action = SeccompAction::Errno(errno.unsigned_abs());
    let filter =
        SeccompFilter::new(rules, SeccompAction::Allow, action, arch).map_err(io::Error::other)?;
    let mut program = BpfProgram::try_from(filter).map_err(io::Error::other)?;
    if cfg!(target_arch = "x86_64") {
        refuse_x32(&mut program);
    }
    Ok(program)
}

/// Refuses the calls of the x32 interface, which are the same ones under other numbers.
///
/// A filter begins with three instructions that check the architecture and one that loads the
/// number of the call. Jumps are relative and forward, so that what stands behind may be moved.
fn refuse_x32(program: &mut BpfProgram) {
    const LOAD_NUMBER: usize = 3;
    const X32_BIT: u32 = 0x4000_0000;
    const JUMP_IF_GREATER_OR_EQUAL: u16 = 0x35;
    const RETURN: u16 = 0x06;
    let instruction = |code, jt, jf, k| seccompiler::sock_filter { code, jt, jf, k };
    assert_eq!(
        program[LOAD_NUMBER].code, 0x20,
        "a filter loads the number of the call here"
    );
    let refuse = libc::SECCOMP_RET_ERRNO | libc::ENOSYS.unsigned_abs();
    let behind = LOAD_NUMBER + 1;
    program.splice(
        behind..behind,
        [
            instruction(JUMP_IF_GREATER_OR_EQUAL, 0, 1, X32_BIT),
            instruction(RETURN, 0, 0, refuse),
        ],
    );
}

/// Whether the running kernel has seccomp filters.
pub(super) fn is_available() -> bool {
    // SAFETY: the null pointer is never followed: an available mode fails on it with EFAULT.
    let result = unsafe {
        libc::prctl(
            libc::PR_SET_SECCOMP,
            libc::SECCOMP_MODE_FILTER,
            std::ptr::null::<u8>(),
        )
    };
    result == -1 && io::Error::last_os_error().raw_os_error() == Some(libc::EFAULT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_signal_a_supervisor_is_refused() {
        let rules = signals_to(&[7]).unwrap();
        for call in [
            libc::SYS_kill,
            libc::SYS_tkill,
            libc::SYS_tgkill,
            libc::SYS_rt_sigqueueinfo,
            libc::SYS_rt_tgsigqueueinfo,
            libc::SYS_pidfd_open,
        ] {
            let refused = rules
                .get(&call)
                .unwrap_or_else(|| panic!("{call} is allowed"));
            assert_eq!(refused.len(), 3, "the process, its group, everybody");
        }
    }

    #[test]
    fn newer_calls_have_numbers_that_no_other_refused_call_has() {
        let numbers: std::collections::BTreeSet<_> = FORBIDDEN.iter().chain(UNKNOWN).collect();
        assert_eq!(numbers.len(), FORBIDDEN.len() + UNKNOWN.len());
    }
}
