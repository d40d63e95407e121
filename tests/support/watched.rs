//! A tool that goes on while a test does things: in a pipe or on a terminal of its own. What a test waits for is
//! output, never time.

use std::fs::File;
use std::io::{self, Read, Write as _};
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

/// How long to wait for what never comes.
const LIMIT: Duration = Duration::from_secs(120);

/// A running tool and what it prints.
pub(crate) struct Watched {
    pub(crate) child: Child,
    output: Receiver<Vec<u8>>,
    /// What was printed and not yet waited for.
    unread: String,
}

impl Watched {
    /// Starts a command whose output is a pipe.
    pub(crate) fn in_pipe(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let output = child.stdout.take().unwrap();
        Self::new(child, output)
    }

    fn new(child: Child, mut output: impl Read + Send + 'static) -> Self {
        let (sender, received) = mpsc::channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            // A terminal that nobody has any more can't be read.
            while let Ok(read @ 1..) = output.read(&mut buffer) {
                if sender.send(buffer[..read].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self {
            child,
            output: received,
            unread: String::new(),
        }
    }

    /// Waits until something is printed, and returns all up to its end.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, text: &str) -> String {
        let until = Instant::now() + LIMIT;
        loop {
            if let Some(place) = self.unread.find(text) {
                let rest = self.unread.split_off(place + text.len());
                return std::mem::replace(&mut self.unread, rest);
            }
            let left = until.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(bytes) => self.unread.push_str(&String::from_utf8_lossy(&bytes)),
                Err(error) => panic!("no `{text}` ({error}) in:\n{}", self.unread),
            }
        }
    }

    /// Waits until the tool has ended, and returns what it printed since.
    pub(crate) fn end(&mut self) -> (ExitStatus, String) {
        let status = self.child.wait().unwrap();
        let mut rest = std::mem::take(&mut self.unread);
        // On a terminal that is kept open there is no end.
        while let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(100)) {
            rest.push_str(&String::from_utf8_lossy(&bytes));
        }
        (status, rest)
    }

    pub(crate) fn signal(&self, signal: i32) {
        let id = i32::try_from(self.child.id()).unwrap();
        // SAFETY: a plain system call on our own child.
        assert_eq!(unsafe { libc::kill(id, signal) }, 0);
    }

    /// Waits until the tool is stopped, as by Ctrl-Z.
    pub(crate) fn wait_until_stopped(&self) {
        let id = i32::try_from(self.child.id()).unwrap();
        let mut status = 0;
        // SAFETY: a plain system call on our own child.
        let waited = unsafe { libc::waitpid(id, &raw mut status, libc::WUNTRACED) };
        assert!(waited == id && libc::WIFSTOPPED(status), "{status:x}");
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A terminal that a tool runs on.
pub(crate) struct Pty {
    ours: OwnedFd,
    /// Kept open, so that its modes can be looked at when the tool has ended.
    its: OwnedFd,
}

impl Pty {
    /// Starts a command on a terminal of so many columns.
    pub(crate) fn start(mut command: Command, columns: u16) -> (Self, Watched) {
        let (mut ours, mut its) = (-1, -1);
        let none = std::ptr::null_mut();
        // SAFETY: both descriptors are ours to write; the rest is left out.
        let opened =
            unsafe { libc::openpty(&raw mut ours, &raw mut its, none, none.cast(), none.cast()) };
        assert_eq!(opened, 0, "{}", io::Error::last_os_error());
        // SAFETY: they were just opened and belong to nobody else.
        let pty = unsafe {
            Self {
                ours: OwnedFd::from_raw_fd(ours),
                its: OwnedFd::from_raw_fd(its),
            }
        };
        pty.resize(columns);
        let stream = || Stdio::from(pty.its.try_clone().unwrap());
        command.stdin(stream()).stdout(stream()).stderr(stream());
        // SAFETY: two system calls, which make the terminal that of a session of its own.
        unsafe {
            command.pre_exec(|| {
                if libc::setsid() < 0 || libc::ioctl(0, libc::TIOCSCTTY, 0) < 0 {
                    return Err(io::Error::last_os_error());
                }
                Ok(())
            });
        }
        let child = command.spawn().unwrap();
        let output = File::from(pty.ours.try_clone().unwrap());
        (pty, Watched::new(child, output))
    }

    /// Presses keys.
    pub(crate) fn press(&self, keys: &str) {
        let mut input = File::from(self.ours.try_clone().unwrap());
        input.write_all(keys.as_bytes()).unwrap();
    }

    /// Makes it so many columns wide.
    pub(crate) fn resize(&self, columns: u16) {
        let size = libc::winsize {
            ws_row: 24,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        // SAFETY: a plain system call with a structure of ours.
        let set = unsafe { libc::ioctl(self.ours.as_raw_fd(), libc::TIOCSWINSZ, &raw const size) };
        assert_eq!(set, 0);
    }

    /// How it treats what is typed: whether it waits for Enter, and whether it shows it.
    pub(crate) fn modes(&self) -> libc::tcflag_t {
        // SAFETY: zeroes are valid modes, which the call overwrites.
        let modes = unsafe {
            let mut modes = std::mem::zeroed::<libc::termios>();
            assert_eq!(libc::tcgetattr(self.its.as_raw_fd(), &raw mut modes), 0);
            modes
        };
        modes.c_lflag & (libc::ICANON | libc::ECHO | libc::ISIG)
    }
}
