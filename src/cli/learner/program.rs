//! What the learner has to type to run this program again.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// How this program is called from a folder: by its name where that is on the PATH, else by a path.
pub(crate) fn name_from(folder: &Path) -> String {
    let typed = std::env::args_os().next().map(PathBuf::from);
    let typed = typed.unwrap_or_else(|| PathBuf::from("mastery-learn"));
    if typed.components().count() == 1 {
        return quoted(typed.as_os_str());
    }
    let Ok(program) = typed.canonicalize() else {
        return quoted(typed.as_os_str());
    };
    quoted(shortest(&program, folder).as_os_str())
}

/// The command to be typed in the current folder.
pub(crate) fn command(arguments: &str) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    format!("{} {arguments}", name_from(&here))
}

/// From the folder where that is near, else from the root.
fn shortest(program: &Path, folder: &Path) -> PathBuf {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    if let Ok(inner) = program.strip_prefix(&folder) {
        return Path::new(".").join(inner);
    }
    match folder.parent().map(|parent| program.strip_prefix(parent)) {
        Some(Ok(inner)) => Path::new("..").join(inner),
        _ => program.to_owned(),
    }
}

/// As a shell takes it for one word.
pub(crate) fn quoted(text: &OsStr) -> String {
    let text = text.to_string_lossy();
    let is_plain = |char: char| char.is_ascii_alphanumeric() || "/._-+,@%".contains(char);
    if !text.is_empty() && text.chars().all(is_plain) {
        text.into_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_programs_are_called_by_short_paths() {
        let shortest = |program: &str, folder: &str| {
            shortest(Path::new(program), Path::new(folder))
                .display()
                .to_string()
        };
        assert_eq!(shortest("/no/where/course", "/no/where"), "./course");
        assert_eq!(shortest("/no/where/course", "/no/where/work"), "../course");
        assert_eq!(
            shortest("/no/where/course", "/some/where"),
            "/no/where/course"
        );
    }

    #[test]
    fn names_are_quoted_where_a_shell_would_split_them() {
        assert_eq!(quoted(OsStr::new("./my-course_1.0")), "./my-course_1.0");
        assert_eq!(quoted(OsStr::new("it's here")), r"'it'\''s here'");
    }
}
