//! Programs on a terminal: typed to, and read as a person reads them.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// A terminal: what is typed, and what programs see.
pub(crate) fn terminal() -> (fs::File, OwnedFd) {
    let (mut typed, mut seen) = (0, 0);
    let nothing = std::ptr::null_mut();
    // SAFETY: both descriptors are written by the call and owned by nobody else; the rest is optional.
    unsafe {
        let result = libc::openpty(
            &raw mut typed,
            &raw mut seen,
            nothing,
            nothing.cast(),
            nothing.cast(),
        );
        assert_eq!(result, 0);
        (fs::File::from_raw_fd(typed), OwnedFd::from_raw_fd(seen))
    }
}

/// What a program left on a terminal.
#[derive(Debug)]
#[must_use]
pub(crate) struct Screen {
    pub(crate) code: i32,
    /// Everything that was shown, what was typed included, as plain text.
    pub(crate) text: String,
    /// Everything, colours included.
    pub(crate) raw: String,
}

/// Runs a program on a terminal of its own, with some lines typed in advance.
pub(crate) fn run_in_terminal(mut command: Command, typed: &str, columns: u16) -> Screen {
    let (mut keyboard, seen) = terminal();
    let size = libc::winsize {
        ws_row: 50,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    // SAFETY: the call reads the structure, which is of its kind.
    let code = unsafe { libc::ioctl(seen.as_raw_fd(), libc::TIOCSWINSZ, &raw const size) };
    assert_eq!(code, 0);
    keyboard.write_all(typed.as_bytes()).unwrap();
    command
        .env("TERM", "xterm-256color")
        .stdin(seen.try_clone().unwrap())
        .stdout(seen.try_clone().unwrap())
        .stderr(seen.try_clone().unwrap());
    // SAFETY: both are plain system calls, which are allowed between fork and exec.
    unsafe {
        command.pre_exec(|| {
            if libc::setsid() < 0 || libc::ioctl(0, libc::TIOCSCTTY, 0) < 0 {
                return Err(std::io::Error::last_os_error());
            }
            Ok(())
        });
    }
    let mut child = command.spawn().unwrap();
    // What the program holds of the terminal is all that keeps it open.
    drop((command, seen));
    let mut shown = Vec::new();
    // The end of the last program on a terminal is an error to those that read it.
    let _ = keyboard.read_to_end(&mut shown);
    let status = child.wait().unwrap();
    let raw = String::from_utf8_lossy(&shown).replace("\r\n", "\n");
    let escapes = regex::Regex::new(r"\x1b\[[0-9;?]*[A-Za-z]").unwrap();
    Screen {
        code: status.code().unwrap_or(-1),
        text: escapes.replace_all(&raw, "").into_owned(),
        raw,
    }
}
