//! What is different between two texts.

use std::ops::Range;

/// The lines of two texts without those that both begin with and those that both end with.
pub(crate) fn changed_lines(before: &str, after: &str) -> (Range<usize>, Range<usize>) {
    let shortest = before.len().min(after.len());
    let pairs = || before.bytes().zip(after.bytes());
    let alike = pairs().take_while(|(a, b)| a == b).count();
    let start = before.as_bytes()[..alike]
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |at| at + 1);
    let backwards = before.bytes().rev().zip(after.bytes().rev());
    let alike = backwards
        .take(shortest - start)
        .take_while(|(a, b)| a == b)
        .count();
    let tail = &before.as_bytes()[before.len() - alike..];
    // The rest of a line that is different is different as well.
    let is_line_start = |text: &str, at: usize| at == 0 || text.as_bytes()[at - 1] == b'\n';
    let (before_end, after_end) = (before.len() - alike, after.len() - alike);
    let kept = if is_line_start(before, before_end) && is_line_start(after, after_end) {
        alike
    } else {
        tail.iter()
            .position(|byte| *byte == b'\n')
            .map_or(0, |at| tail.len() - at - 1)
    };
    (start..before.len() - kept, start..after.len() - kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn changed<'a>(before: &'a str, after: &'a str) -> (&'a str, &'a str) {
        let (a, b) = changed_lines(before, after);
        (&before[a], &after[b])
    }

    #[test]
    fn lines_alike_at_both_ends_are_left_out() {
        assert_eq!(changed("a\nb\nc\n", "a\nx\ny\nc\n"), ("b\n", "x\ny\n"));
        assert_eq!(changed("a\nb1\nc\n", "a\nb2\nc\n"), ("b1\n", "b2\n"));
        assert_eq!(changed("a\na\n", "a\na\na\n"), ("", "a\n"));
        assert_eq!(changed("a\n", "a\n"), ("", ""));
        assert_eq!(changed("\u{e4}\n", "\u{f6}\n"), ("\u{e4}\n", "\u{f6}\n"));
    }

    proptest! {
        #[test]
        fn what_is_left_out_is_alike_and_whole_lines(before in "[a\u{e4}\n]{0,9}", after in "[a\u{e4}\n]{0,9}") {
            let (a, b) = changed_lines(&before, &after);
            prop_assert_eq!(&before[..a.start], &after[..b.start]);
            prop_assert_eq!(&before[a.end..], &after[b.end..]);
            let is_line_start = |text: &str, at: usize| at == 0 || text[..at].ends_with('\n');
            for (text, at) in [(&before, a.start), (&before, a.end), (&after, b.start), (&after, b.end)] {
                prop_assert!(is_line_start(text, at) || at == text.len());
            }
        }
    }
}
