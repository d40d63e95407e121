//! A mount namespace in which nothing but the case's own folders can be changed.
//!
//! Landlock does not look at modes, times and owners of files outside; read-only mounts do. It also
//! gives the case a `/dev/shm` of its own that goes with it. Needs root or user namespaces; where
//! neither is allowed the case runs without, and `doctor` says so.

use std::ffi::CString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::check;

/// Argument of `mount_setattr`.
#[repr(C)]
#[derive(Default)]
struct MountAttributes {
    set: u64,
    clear: u64,
    propagation: u64,
    user_namespace: u64,
}

const READ_ONLY: u64 = 0x1;
const RECURSIVE: libc::c_uint = 0x8000;
const CLONE_TREE: libc::c_uint = 0x1;
const FROM_EMPTY_PATH: libc::c_uint = 0x4;

/// Makes the whole file system read-only for this process, but for `writable` and `/dev/shm`.
pub(super) fn enter(writable: &[PathBuf], shared_memory_bytes: u64) -> io::Result<()> {
    // SAFETY: plain system calls.
    let (user, group) = unsafe { (libc::geteuid(), libc::getegid()) };
    if user == 0 {
        unshare(libc::CLONE_NEWNS)?;
    } else {
        unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWNS)?;
        fs::write("/proc/self/setgroups", "deny")?;
        fs::write("/proc/self/uid_map", format!("{user} {user} 1"))?;
        fs::write("/proc/self/gid_map", format!("{group} {group} 1"))?;
    }
    mount(None, "/", None, libc::MS_REC | libc::MS_PRIVATE, None)?;
    let kept: Vec<_> = writable
        .iter()
        .map(|path| Ok((path, clone_tree(path)?)))
        .collect::<io::Result<_>>()?;
    make_read_only("/")?;
    for (path, tree) in kept {
        move_onto(tree, path)?;
    }
    if Path::new("/dev/shm").is_dir() {
        let options = format!("mode=1777,size={shared_memory_bytes}");
        let flags = libc::MS_NOSUID | libc::MS_NODEV;
        mount(
            Some("tmpfs"),
            "/dev/shm",
            Some("tmpfs"),
            flags,
            Some(&options),
        )?;
    }
    Ok(())
}

fn unshare(flags: libc::c_int) -> io::Result<()> {
    // SAFETY: a plain system call.
    check(unsafe { libc::unshare(flags) }).map(drop)
}

fn mount(
    source: Option<&str>,
    target: &str,
    kind: Option<&str>,
    flags: libc::c_ulong,
    options: Option<&str>,
) -> io::Result<()> {
    let text = |text: Option<&str>| text.map(CString::new).transpose();
    let (source, kind, options) = (text(source)?, text(kind)?, text(options)?);
    let target = CString::new(target)?;
    let pointer = |text: &Option<CString>| text.as_ref().map_or(std::ptr::null(), |t| t.as_ptr());
    // SAFETY: all pointers are to strings that live until the call is over, or null.
    check(unsafe {
        libc::mount(
            pointer(&source),
            target.as_ptr(),
            pointer(&kind),
            flags,
            pointer(&options).cast(),
        )
    })
    .map(drop)
}

/// Returns a descriptor of a detached copy of what is mounted at `path`.
fn clone_tree(path: &Path) -> io::Result<libc::c_int> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    let flags = CLONE_TREE | RECURSIVE | libc::O_CLOEXEC.unsigned_abs();
    // SAFETY: the pointer is to a string that lives until the call is over.
    let tree =
        check(unsafe { libc::syscall(libc::SYS_open_tree, libc::AT_FDCWD, path.as_ptr(), flags) })?;
    libc::c_int::try_from(tree).map_err(io::Error::other)
}

fn make_read_only(path: &str) -> io::Result<()> {
    let path = CString::new(path)?;
    let attributes = MountAttributes {
        set: READ_ONLY,
        ..MountAttributes::default()
    };
    // SAFETY: the pointers are to values that live until the call is over, the size is the value's.
    check(unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            libc::AT_FDCWD,
            path.as_ptr(),
            RECURSIVE,
            &raw const attributes,
            size_of::<MountAttributes>(),
        )
    })
    .map(drop)
}

fn move_onto(tree: libc::c_int, path: &Path) -> io::Result<()> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    // SAFETY: the pointers are to strings that live until the call is over.
    check(unsafe {
        libc::syscall(
            libc::SYS_move_mount,
            tree,
            c"".as_ptr(),
            libc::AT_FDCWD,
            path.as_ptr(),
            FROM_EMPTY_PATH,
        )
    })
    .map(drop)
}
