//! The author's editor: `$VISUAL`, else `$EDITOR`.

use std::ffi::OsStr;
use std::io;
use std::process::{Command, ExitStatus};

/// The editor that is set. It may hold options, such as `code --wait`.
pub(crate) fn editor() -> Option<String> {
    let set = |name| std::env::var(name).ok().filter(|it| !it.trim().is_empty());
    set("VISUAL").or_else(|| set("EDITOR"))
}

/// Runs an editor to its end. As git does it, options and quotes are left to the shell.
pub(crate) fn run(
    editor: &str,
    arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
) -> io::Result<ExitStatus> {
    Command::new("sh")
        .arg("-c")
        .arg(format!("{editor} \"$@\""))
        .arg(editor)
        .args(arguments)
        .status()
}
