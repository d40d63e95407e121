//! What is written while a watch goes on: what scrolls by, and on a terminal one last line below it.

use std::io::{self, Write as _};

use anstream::ColorChoice;

use crate::diagnostic::render::Look;
use crate::watch::terminal::{self, Terminal};

/// Back to the beginning of the line, and away with all from there. The cursor waits there, so that this holds
/// also after the terminal has become narrower and has folded the line.
const ERASE: &str = "\r\x1b[J";

/// Ends folding, so that a line that is too long after all is cut off, and begins it again.
const CUT: (&str, &str) = ("\x1b[?7l", "\x1b[?7h");

/// The screen and everything that goes on it.
pub(super) struct Screen {
    /// What keys are read from; `None` where there are none.
    terminal: Option<Terminal>,
    /// Whether there is a last line.
    is_drawn: bool,
    clears: bool,
    has_colours: bool,
    /// The last line as it is on the terminal.
    line: Option<String>,
}

impl Screen {
    pub(super) fn new(terminal: Option<Terminal>, is_drawn: bool, clears: bool) -> Self {
        Self {
            terminal,
            is_drawn,
            clears,
            has_colours: anstream::AutoStream::choice(&io::stdout()) != ColorChoice::Never,
            line: None,
        }
    }

    /// Whether there is a last line.
    pub(super) fn is_drawn(&self) -> bool {
        self.is_drawn
    }

    /// Whether there are keys to be read.
    pub(super) fn has_keys(&self) -> bool {
        self.terminal.is_some()
    }

    /// Columns that lines may have.
    pub(super) fn width(&self) -> usize {
        if self.is_drawn {
            // In the last column some terminals have begun the next line already.
            terminal::width().saturating_sub(1)
        } else {
            72
        }
    }

    /// How findings are drawn. Off a terminal lines are not folded.
    pub(super) fn look(&self) -> Look {
        let width = if self.is_drawn {
            self.width().max(40)
        } else {
            1000
        };
        Look { width }
    }

    /// Writes what is to stay, above the last line.
    pub(super) fn print(&mut self, text: &str) -> io::Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        let text = if self.has_colours {
            text.to_owned()
        } else {
            anstream::adapter::strip_str(text).to_string()
        };
        let erase = if self.line.take().is_some() {
            ERASE
        } else {
            ""
        };
        write(&format!("{erase}{text}"))
    }

    /// Begins a new screen, where that is wanted.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        if !self.is_drawn || !self.clears {
            return Ok(());
        }
        self.line = None;
        write("\x1b[2J\x1b[H")
    }

    /// Draws the last line, if it is another than before.
    pub(super) fn draw(&mut self, line: impl FnOnce(usize) -> String) -> io::Result<()> {
        // In the background there is somebody else's prompt.
        if !self.is_drawn || (self.has_keys() && !terminal::is_in_foreground()) {
            return Ok(());
        }
        let line = line(self.width());
        if self.line.as_ref() == Some(&line) {
            return Ok(());
        }
        let (cut, fold) = CUT;
        write(&format!("{ERASE}{cut}{line}{fold}\r"))?;
        self.line = Some(line);
        Ok(())
    }

    /// Lets the last line be drawn again, whatever has become of it.
    pub(super) fn forget_line(&mut self) {
        self.line = self.line.take().map(|_| String::new());
    }

    /// Does something while another program has the terminal.
    pub(super) fn lend<T>(&mut self, use_it: impl FnOnce() -> T) -> T {
        // Where it can't be written nothing is left of the line either.
        let _ = self.erase();
        match &self.terminal {
            Some(terminal) => terminal.lend(use_it),
            None => use_it(),
        }
    }

    fn erase(&mut self) -> io::Result<()> {
        match self.line.take() {
            Some(_) => write(ERASE),
            None => Ok(()),
        }
    }
}

/// Writes at once, so that nothing flickers.
fn write(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

impl Drop for Screen {
    fn drop(&mut self) {
        // Nothing is left to be told to.
        let _ = self.erase();
        if let Some(terminal) = &self.terminal {
            terminal.leave();
        }
    }
}
