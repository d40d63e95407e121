//! Differences of two texts.

use std::ops::Range;
use std::path::Path;

use git2::{DiffOptions, Patch};

/// Returns a change of one file as a unified diff.
pub fn diff(path: &str, old: &str, new: &str) -> String {
    let path = Path::new(path);
    let patch = Patch::from_buffers(old.as_bytes(), Some(path), new.as_bytes(), Some(path), None);
    // Neither allocating nor comparing two texts fails.
    let text = patch.and_then(|mut patch| patch.to_buf());
    text.map(|text| String::from_utf8_lossy(&text).into_owned())
        .unwrap_or_default()
}

/// Returns where two texts differ: ranges of lines, from 0, of the old and the new one. A range of lines that
/// are only in the other text is empty.
pub fn changed_lines(old: &str, new: &str) -> Vec<(Range<usize>, Range<usize>)> {
    let mut options = DiffOptions::new();
    options
        .context_lines(0)
        .interhunk_lines(0)
        .patience(true)
        .indent_heuristic(true)
        .force_text(true);
    let (old, new) = (old.as_bytes(), new.as_bytes());
    let Ok(patch) = Patch::from_buffers(old, None, new, None, Some(&mut options)) else {
        // Neither allocating nor comparing two texts fails.
        return Vec::new();
    };
    // An empty range is told by the line before it.
    let range = |start: u32, count: u32| {
        let start = start.saturating_sub(u32::from(count > 0)) as usize;
        start..start + count as usize
    };
    let hunks = (0..patch.num_hunks()).filter_map(|index| {
        let (hunk, _) = patch.hunk(index).ok()?;
        let old = range(hunk.old_start(), hunk.old_lines());
        Some((old, range(hunk.new_start(), hunk.new_lines())))
    });
    hunks.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changed_lines_are_ranges_of_both_texts() {
        for (old, new, changed) in [
            ("a\nb\n", "a\nb\n", vec![]),
            ("a\nb\nc\n", "a\nx\ny\nc\n", vec![(1..2, 1..3)]),
            ("a\nc\n", "a\nb\nc\n", vec![(1..1, 1..2)]),
            ("", "a\n", vec![(0..0, 0..1)]),
            ("a\n", "", vec![(0..1, 0..0)]),
            ("a\nb\nc\n", "x\nb\nc\nd", vec![(0..1, 0..1), (3..3, 3..4)]),
        ] {
            assert_eq!(changed_lines(old, new), changed, "{old:?} {new:?}");
        }
    }
}
