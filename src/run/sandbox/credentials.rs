//! Who a case runs as: never root, never with capabilities, never able to gain any.

use std::io;

use super::check;

/// The first of the user ids that cases get when the tool runs as root.
///
/// From the range that service managers hand out to short-lived services, below those of containers.
const FIRST_USER: u32 = 61_184;

/// How many user ids there are to hand out.
const USERS: u32 = 4_096;

/// Returns the user for the case that the process `pid` supervises.
///
/// Cases that run at the same time have supervisors with different ids, so that they get different
/// users and can neither signal nor inspect each other.
pub(crate) fn user_for(pid: u32) -> u32 {
    FIRST_USER + pid % USERS
}

/// Becomes an unprivileged user and drops all groups and, with them, all capabilities.
pub(super) fn become_user(user: u32) -> io::Result<()> {
    // SAFETY: plain system calls without pointers, but for an empty list.
    unsafe {
        check(libc::setgroups(0, std::ptr::null()))?;
        check(libc::setresgid(user, user, user))?;
        check(libc::setresuid(user, user, user))?;
        // The request to die with the parent is forgotten when the user changes.
        check(libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL))?;
    }
    Ok(())
}

/// Makes sure that no program this process starts has more rights than it.
pub(super) fn forbid_new_privileges() -> io::Result<()> {
    // SAFETY: a plain system call.
    check(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) }).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_unprivileged_and_differ_for_neighbours() {
        for pid in [1, 4_095, 4_096, 4_194_304] {
            assert!((FIRST_USER..FIRST_USER + USERS).contains(&user_for(pid)));
            assert_ne!(user_for(pid), user_for(pid + 1));
        }
    }
}
