//! How editors are told which line to show. Pure.

use std::ffi::OsStr;
use std::path::Path;

/// Editors that take the line behind the path, as others do behind a plus sign.
const LINE_BEHIND_PATH: &[&str] = &["hx", "helix", "subl", "zed"];

/// Editors that take it so after `--goto`.
const GOTO: &[&str] = &["code", "code-insiders", "codium", "cursor", "windsurf"];

/// Editors that take it after `--line`.
const LINE_OPTION: &[&str] = &["idea", "pycharm", "clion", "rustrover", "kate"];

/// The arguments with which an editor shows a line of a file. `editor` may hold options, as `$EDITOR` does.
pub fn arguments(editor: &str, path: &Path, line: Option<usize>) -> Vec<String> {
    let path = path.to_string_lossy().into_owned();
    let Some(line) = line else {
        return vec![path];
    };
    let program = editor.split_whitespace().next().unwrap_or_default();
    let name = Path::new(program).file_name().and_then(OsStr::to_str);
    let is_one_of = |names: &[&str]| name.is_some_and(|name| names.contains(&name));
    if is_one_of(GOTO) {
        vec!["--goto".to_owned(), format!("{path}:{line}")]
    } else if is_one_of(LINE_BEHIND_PATH) {
        vec![format!("{path}:{line}")]
    } else if is_one_of(LINE_OPTION) {
        vec!["--line".to_owned(), line.to_string(), path]
    } else {
        vec![format!("+{line}"), path]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_editor_is_told_the_line_in_its_way() {
        let path = Path::new("dir/a file.py");
        for (editor, expected) in [
            ("vim", &["+7", "dir/a file.py"][..]),
            ("/usr/bin/nano -l", &["+7", "dir/a file.py"]),
            ("emacsclient -t", &["+7", "dir/a file.py"]),
            ("code --wait", &["--goto", "dir/a file.py:7"]),
            ("hx", &["dir/a file.py:7"]),
            ("pycharm", &["--line", "7", "dir/a file.py"]),
        ] {
            assert_eq!(arguments(editor, path, Some(7)), expected, "{editor}");
        }
        assert_eq!(arguments("vim", path, None), ["dir/a file.py"]);
    }
}
