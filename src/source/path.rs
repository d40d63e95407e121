//! Paths as they are shown to people and as they may stand in a curriculum.

use std::path::{Component, Path, PathBuf};

/// Folders up that a shown path may go before it is shown in full.
const MAX_UP: usize = 3;

/// Returns `path` as it is shown to somebody who works in `base`: relative where it is below or not
/// far above, with forward slashes on every system.
///
/// Neither path is looked up on disk.
pub fn shown(path: &Path, base: &Path) -> String {
    let (parts, base_parts) = (parts(path), parts(base));
    let common = parts
        .iter()
        .zip(&base_parts)
        .take_while(|(a, b)| a == b)
        .count();
    let up = base_parts.len() - common;
    // What has only the root in common is somewhere else.
    if up > MAX_UP || (up > 0 && common < 2) {
        return if parts.len() == 1 {
            "/".to_owned()
        } else {
            parts.join("/")
        };
    }
    let relative: Vec<_> = std::iter::repeat_n("..", up)
        .chain(parts[common..].iter().map(String::as_str))
        .collect();
    if relative.is_empty() {
        ".".to_owned()
    } else {
        relative.join("/")
    }
}

/// The parts of an absolute path, the root as an empty one.
fn parts(path: &Path) -> Vec<String> {
    path.components()
        .filter_map(|component| match component {
            Component::CurDir => None,
            Component::RootDir => Some(String::new()),
            other => Some(other.as_os_str().to_string_lossy().into_owned()),
        })
        .collect()
}

/// Returns the shown path of something in a shown folder.
pub fn join(folder: &str, inner: &str) -> String {
    match (folder, inner) {
        (".", _) => inner.to_owned(),
        (_, "") => folder.to_owned(),
        _ => format!("{folder}/{inner}"),
    }
}

/// Returns what is left of a shown path in a shown folder; empty for the folder itself.
pub fn inside<'a>(path: &'a str, folder: &str) -> Option<&'a str> {
    if folder == "." {
        let is_outside = path.starts_with("../") || path == ".." || path.starts_with('/');
        return (!is_outside).then_some(if path == "." { "" } else { path });
    }
    let rest = path.strip_prefix(folder)?;
    if rest.is_empty() {
        Some(rest)
    } else {
        rest.strip_prefix('/')
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
        let shown = |path, base| shown(Path::new(path), Path::new(base));
        assert_eq!(shown("/a/b/c", "/a"), "b/c");
        assert_eq!(shown("/a", "/a"), ".");
        assert_eq!(shown("/a/b", "/a/b/c/d"), "../..");
        assert_eq!(shown("/a/b/x", "/a/b/c"), "../x");
        assert_eq!(shown("/x/y", "/a"), "/x/y");
        assert_eq!(shown("/", "/a"), "/");
        assert_eq!(shown("/a/b", "/a/b/1/2/3/4"), "/a/b");
    }

    #[test]
    fn join_and_inside_are_inverse() {
        for folder in [".", "..", "a", "/a/b", "../.."] {
            for inner in ["", "x", "x/y.py"] {
                let joined = if folder == "." && inner.is_empty() {
                    ".".to_owned()
                } else {
                    join(folder, inner)
                };
                assert_eq!(inside(&joined, folder), Some(inner), "{folder} {inner}");
            }
        }
        assert_eq!(inside("ab/c", "a"), None);
        assert_eq!(inside("../x", "."), None);
        assert_eq!(inside("b", "a"), None);
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
