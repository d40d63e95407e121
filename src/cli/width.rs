//! How wide the terminal is.

use std::io::{self, IsTerminal as _};

/// The columns of the terminal that standard output is; `None` when it is none, or does not say.
/// `COLUMNS` goes before what the terminal says.
pub(super) fn of_stdout() -> Option<usize> {
    if !io::stdout().is_terminal() {
        return None;
    }
    let told = std::env::var("COLUMNS").ok();
    let told = told.and_then(|text| text.parse().ok());
    told.or_else(from_system).filter(|columns| *columns > 0)
}

#[cfg(unix)]
fn from_system() -> Option<usize> {
    let mut size = libc::winsize {
        ws_row: 0,
        ws_col: 0,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    // SAFETY: the call writes into the structure, which is of its kind, and keeps no pointer to it.
    let code = unsafe { libc::ioctl(libc::STDOUT_FILENO, libc::TIOCGWINSZ, &raw mut size) };
    (code == 0).then_some(usize::from(size.ws_col))
}

#[cfg(not(unix))]
fn from_system() -> Option<usize> {
    None
}
