//! What a learner is told beside a result: a line for each kind of thing.

use std::path::PathBuf;

use crate::diagnostic::escape;

/// Paths that are named in one line; others are counted.
const MAX_NAMED: usize = 3;

/// Something that is not as expected and stops nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The folder is in no git repository.
    NoRepository,
    /// The repository around the folder ignores all of it.
    IgnoredFolder,
    /// git's repository can't be used, so that what it tracks is unknown.
    BrokenRepository {
        /// What git says.
        message: String,
    },
    /// A file or folder was left out of a snapshot.
    LeftOut {
        /// Its path in the folder; what is no UTF-8 is replaced.
        path: String,
        /// Why.
        reason: LeftOut,
    },
    /// The repository of snapshots was damaged and was made anew.
    SnapshotsMadeAgain {
        /// Where the damaged one is.
        aside: PathBuf,
    },
}

/// Why something was left out of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftOut {
    /// A repository inside of the learner's: a submodule or one that was made by hand.
    Repository,
    /// A Python environment that git is not told to ignore.
    VirtualEnvironment,
    /// A pipe, a socket or a device.
    Special,
    /// A file with more bytes than a project's file may have.
    TooLarge,
    /// More files, levels of folders or bytes in all than a project may have.
    TooMany,
    /// Its name, or where it points as a link, is not UTF-8 or holds a backslash or a control character.
    Name,
    /// It can't be read.
    Unreadable {
        /// What the system says.
        message: String,
    },
}

impl LeftOut {
    /// Why, behind "left out: ".
    fn reason(&self) -> String {
        match self {
            Self::Repository => "a git repository of its own".to_owned(),
            Self::VirtualEnvironment => "a Python environment; list it in `.gitignore`".to_owned(),
            Self::Special => "neither a file, nor a folder, nor a link".to_owned(),
            Self::TooLarge => "larger than 8 MiB".to_owned(),
            Self::TooMany => {
                "with all behind it more than a project may hold; list what is no code in `.gitignore`"
                    .to_owned()
            }
            Self::Name => "a name with characters that not every system can write".to_owned(),
            Self::Unreadable { message } => format!("can't be read: {}", one_line(message)),
        }
    }
}

/// What is printed of notices: a line for each kind, in which the first few paths are named.
pub fn lines(notices: &[Notice]) -> Vec<String> {
    let mut lines = Vec::new();
    let mut left_out: Vec<(&LeftOut, Vec<&str>)> = Vec::new();
    for notice in notices {
        match notice {
            Notice::NoRepository => lines.push(
                "the folder is in no git repository; `.gitignore` alone tells what belongs to it"
                    .to_owned(),
            ),
            Notice::IgnoredFolder => lines.push(
                "the git repository around the folder ignores it; its own `.gitignore` alone tells what belongs to it"
                    .to_owned(),
            ),
            Notice::BrokenRepository { message } => lines.push(format!(
                "the git repository can't be used, and `.gitignore` alone tells what belongs to the folder: {}",
                one_line(message)
            )),
            Notice::SnapshotsMadeAgain { aside } => lines.push(format!(
                "the earlier snapshots were damaged; what is left of them is in `{}`",
                one_line(&aside.display().to_string())
            )),
            Notice::LeftOut { path, reason } => {
                match left_out.iter_mut().find(|(known, _)| *known == reason) {
                    Some((_, paths)) => paths.push(path),
                    None => left_out.push((reason, vec![path])),
                }
            }
        }
    }
    left_out.sort();
    lines.extend(
        left_out
            .into_iter()
            .map(|(reason, paths)| format!("{} left out: {}", named(&paths), reason.reason())),
    );
    lines
}

/// The first few paths, and how many more there are.
pub(super) fn named(paths: &[impl AsRef<str>]) -> String {
    let quoted = paths.iter().take(MAX_NAMED);
    let quoted: Vec<_> = quoted
        .map(|path| format!("`{}`", one_line(path.as_ref())))
        .collect();
    match paths.len().checked_sub(MAX_NAMED) {
        Some(more @ 1..) => format!("{} and {more} more", quoted.join(", ")),
        _ => quoted.join(", "),
    }
}

fn one_line(text: &str) -> String {
    escape::text(text).replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_for_each_kind_names_a_few() {
        let left_out = |path: &str, reason| Notice::LeftOut {
            path: path.to_owned(),
            reason,
        };
        let mut notices = vec![
            left_out("a\n\u{1b}", LeftOut::Special),
            Notice::NoRepository,
            left_out("lib", LeftOut::Repository),
        ];
        notices.extend((0..5).map(|n| left_out(&format!("data/{n}"), LeftOut::TooLarge)));
        assert_eq!(
            lines(&notices),
            [
                "the folder is in no git repository; `.gitignore` alone tells what belongs to it",
                "`lib` left out: a git repository of its own",
                "`a\\n\\x1b` left out: neither a file, nor a folder, nor a link",
                "`data/0`, `data/1`, `data/2` and 2 more left out: larger than 8 MiB",
            ]
        );
        assert!(lines(&[]).is_empty());
    }
}
