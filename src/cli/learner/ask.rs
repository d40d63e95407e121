//! Questions with a yes or a no, on a terminal.

use std::io::{self, BufRead as _, Write as _};

use crate::cli::error::Error;
use crate::diagnostic::escape;

/// Asks; whatever is not a yes is a no.
pub(crate) fn yes_or_no(question: &str) -> Result<bool, Error> {
    let mut err = anstream::stderr();
    write!(err, "{} [y/N] ", escape::text(question))?;
    err.flush()?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(matches!(line.trim(), "y" | "Y" | "yes"))
}
