//! The terminal while it is watched: keys without Enter, its width, and being as it was when that is over.
//!
//! Ctrl-C and Ctrl-Z stay what they are, so that the tool can always be stopped.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd as _, BorrowedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use libc::termios;

/// Columns where the terminal does not tell.
const DEFAULT_WIDTH: usize = 80;

/// What reads keys from standard input while it lives. Copies are for the same terminal.
#[derive(Clone)]
pub struct Terminal {
    state: Arc<Mutex<State>>,
}

struct State {
    /// How the terminal was before.
    before: termios,
    /// Whether keys are read, as opposed to an editor having the terminal.
    is_ours: bool,
}

impl Terminal {
    /// Takes the terminal that is standard input.
    ///
    /// # Errors
    ///
    /// When standard input is no terminal.
    pub fn take() -> io::Result<Self> {
        let terminal = Self {
            state: Arc::new(Mutex::new(State {
                before: modes()?,
                is_ours: true,
            })),
        };
        terminal.enter()?;
        Ok(terminal)
    }

    /// Reads keys without Enter and does not show them, if the terminal is ours. After having been stopped it is
    /// entered again.
    ///
    /// # Errors
    ///
    /// When the system refuses.
    pub fn enter(&self) -> io::Result<()> {
        let state = self.state();
        // In the background setting modes would stop the process.
        if !state.is_ours || !is_in_foreground() {
            return Ok(());
        }
        let mut modes = state.before;
        modes.c_lflag &= !(libc::ICANON | libc::ECHO);
        modes.c_cc[libc::VMIN] = 1;
        modes.c_cc[libc::VTIME] = 0;
        set_modes(&modes)
    }

    /// Makes the terminal as it was before.
    pub fn leave(&self) {
        let state = self.state();
        if state.is_ours && is_in_foreground() {
            // Nothing else can be done about it.
            let _ = set_modes(&state.before);
        }
    }

    /// Does something while the terminal is as it was before, and is another program's.
    pub fn lend<T>(&self, use_it: impl FnOnce() -> T) -> T {
        self.leave();
        self.state().is_ours = false;
        let result = use_it();
        self.state().is_ours = true;
        let _ = self.enter();
        result
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Columns of the terminal that is standard output.
pub fn width() -> usize {
    let mut size = MaybeUninit::<libc::winsize>::zeroed();
    // SAFETY: the structure is large enough for what the call writes, and zeroes are a valid size.
    let size = unsafe {
        libc::ioctl(libc::STDOUT_FILENO, libc::TIOCGWINSZ, size.as_mut_ptr());
        size.assume_init()
    };
    match usize::from(size.ws_col) {
        0 => DEFAULT_WIDTH,
        width => width,
    }
}

/// The time of day here, as `hh:mm:ss`.
pub fn time_of_day() -> String {
    let mut broken_down = MaybeUninit::<libc::tm>::zeroed();
    // SAFETY: both structures are ours, and zeroes are a valid time.
    let time = unsafe {
        let now = libc::time(std::ptr::null_mut());
        libc::localtime_r(&raw const now, broken_down.as_mut_ptr());
        broken_down.assume_init()
    };
    format!("{:02}:{:02}:{:02}", time.tm_hour, time.tm_min, time.tm_sec)
}

/// What there is to read.
#[derive(Debug, PartialEq, Eq)]
pub enum Ready {
    /// Keys.
    Keys(Vec<u8>),
    /// The terminal is gone.
    Gone,
    /// Something else woke us.
    Woken,
}

/// Waits for keys on standard input or for something to read at `wake`, which is left there.
pub fn wait(wake: BorrowedFd<'_>, reads_keys: bool) -> Ready {
    /// How often it is looked whether the terminal is ours again, in milliseconds.
    const LOOK: i32 = 200;
    let (fd, timeout) = match (reads_keys, is_in_foreground()) {
        (true, true) => (libc::STDIN_FILENO, -1),
        // Reading in the background would stop the process.
        (true, false) => (-1, LOOK),
        (false, _) => (-1, -1),
    };
    let poll = |fd| libc::pollfd {
        fd,
        events: libc::POLLIN,
        revents: 0,
    };
    let mut polled = [poll(fd), poll(wake.as_raw_fd())];
    // SAFETY: both entries are ours. Being interrupted is being woken.
    unsafe { libc::poll(polled.as_mut_ptr(), 2, timeout) };
    if polled[0].revents == 0 || !is_in_foreground() {
        return Ready::Woken;
    }
    let mut buffer = [0_u8; 256];
    // SAFETY: the buffer is ours and as long as is said.
    let read = unsafe { libc::read(libc::STDIN_FILENO, buffer.as_mut_ptr().cast(), buffer.len()) };
    match usize::try_from(read) {
        Ok(0) => Ready::Gone,
        Ok(read) => Ready::Keys(buffer[..read].to_vec()),
        Err(_) if io::Error::last_os_error().kind() == io::ErrorKind::Interrupted => Ready::Woken,
        Err(_) => Ready::Gone,
    }
}

/// Whether the terminal that is standard input listens to this process.
pub fn is_in_foreground() -> bool {
    // SAFETY: plain system calls.
    unsafe { libc::tcgetpgrp(libc::STDIN_FILENO) == libc::getpgrp() }
}

fn modes() -> io::Result<termios> {
    let mut modes = MaybeUninit::<termios>::zeroed();
    // SAFETY: the structure is large enough for what the call writes, which it does when it succeeds.
    match unsafe { libc::tcgetattr(libc::STDIN_FILENO, modes.as_mut_ptr()) } {
        0 => Ok(unsafe { modes.assume_init() }),
        _ => Err(io::Error::last_os_error()),
    }
}

fn set_modes(modes: &termios) -> io::Result<()> {
    // SAFETY: the structure came from the system, one flag and two characters aside.
    match unsafe { libc::tcsetattr(libc::STDIN_FILENO, libc::TCSANOW, modes) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
