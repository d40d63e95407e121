//! Paths as they are shown to people and as they may stand in a curriculum.

use std::path::{Component, Path, PathBuf};

/// Returns `path` relative to `base` where it lies below it, with forward slashes on every system.
///
/// Neither path is looked up on disk.
pub fn shown(path: &Path, base: &Path) -> String {
    let relative = path.strip_prefix(base).unwrap_or(path);
    let parts: Vec<_> = relative
        .components()
        .filter_map(|component| match component {
            Component::CurDir => None,
            Component::RootDir => Some(String::new()),
            other => Some(other.as_os_str().to_string_lossy().into_owned()),
        })
        .collect();
    if parts.is_empty() {
        ".".to_owned()
    } else {
        parts.join("/")
    }
}

/// Returns `path` made absolute below `base`, with `.` and `..` taken out as text.
///
/// Symbolic links are kept, so that messages name what the user typed.
pub fn absolute(path: &Path, base: &Path) -> PathBuf {
    let mut result = PathBuf::new();
    for component in base.join(path).components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                result.pop();
            }
            other => result.push(other),
        }
    }
    result
}

/// Whether `text` is a plain relative path: no root, no `.` or `..`, no empty part, no backslash.
pub fn is_plain_relative(text: &str) -> bool {
    !text.is_empty()
        && !text.contains(['\\', '\0'])
        && text.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shown_path_is_relative_where_it_can_be() {
        assert_eq!(shown(Path::new("/a/b/c"), Path::new("/a")), "b/c");
        assert_eq!(shown(Path::new("/a"), Path::new("/a")), ".");
        assert_eq!(shown(Path::new("/x/y"), Path::new("/a")), "/x/y");
    }

    #[test]
    fn absolute_takes_dots_out() {
        let at = |path: &str| absolute(Path::new(path), Path::new("/base/dir"));
        assert_eq!(at("./a"), Path::new("/base/dir/a"));
        assert_eq!(at("../a/./b"), Path::new("/base/a/b"));
        assert_eq!(at("/a/../../b"), Path::new("/b"));
    }

    #[test]
    fn plain_relative_paths() {
        for good in ["a", "a/b.py", "a b", "..a", ".hidden/x"] {
            assert!(is_plain_relative(good), "{good}");
        }
        for bad in ["", "/a", "a/", "a//b", "./a", "a/../b", "..", "a\\b", "a\0"] {
            assert!(!is_plain_relative(bad), "{bad}");
        }
    }
}
