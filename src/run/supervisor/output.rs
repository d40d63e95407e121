//! Keeps the beginning and the end of what a command prints, however much that is.

use crate::diagnostic::escape;

/// Bytes that are kept of the beginning, and of the end.
const KEPT: usize = 64 * 1024;

/// Printed bytes: the first and the last, and how many there were.
#[derive(Debug, Default)]
pub(super) struct Output {
    head: Vec<u8>,
    /// The last bytes behind the head; trimmed when it has twice the size.
    tail: Vec<u8>,
    total: u64,
}

impl Output {
    /// Takes printed bytes.
    pub(super) fn push(&mut self, mut bytes: &[u8]) {
        self.total += bytes.len() as u64;
        let room = KEPT - self.head.len();
        if room > 0 {
            let (head, rest) = bytes.split_at(room.min(bytes.len()));
            self.head.extend_from_slice(head);
            bytes = rest;
        }
        self.tail.extend_from_slice(bytes);
        if self.tail.len() > 2 * KEPT {
            self.tail.drain(..self.tail.len() - KEPT);
        }
    }

    /// How many bytes were printed.
    pub(super) fn total(&self) -> u64 {
        self.total
    }

    /// What is kept, harmless to print.
    pub(super) fn into_text(mut self) -> String {
        let tail_start = self.tail.len().saturating_sub(KEPT);
        let tail = &self.tail[tail_start..];
        let left_out = self.total - (self.head.len() + tail.len()) as u64;
        if left_out == 0 {
            self.head.extend_from_slice(tail);
            return escape::bytes(&self.head);
        }
        format!(
            "{}\n… {left_out} bytes left out …\n{}",
            escape::bytes(&self.head),
            escape::bytes(tail)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_output_is_kept_whole() {
        let mut output = Output::default();
        output.push(b"one\n");
        output.push(b"two\x1b\n");
        assert_eq!(output.total(), 9);
        assert_eq!(output.into_text(), "one\ntwo\\x1b\n");
    }

    #[test]
    fn output_just_over_one_part_is_kept_whole() {
        let mut output = Output::default();
        output.push(&vec![b'a'; KEPT + 10]);
        assert_eq!(output.into_text().len(), KEPT + 10);
    }

    #[test]
    fn of_much_output_beginning_and_end_are_kept() {
        let mut output = Output::default();
        output.push(b"first");
        for _ in 0..1000 {
            output.push(&[b'x'; 4096]);
        }
        output.push(b"last");
        assert!(output.tail.len() <= 3 * KEPT);
        let text = output.into_text();
        assert!(text.starts_with("first") && text.ends_with("last"));
        let left_out = 9 + 1000 * 4096 - 2 * KEPT;
        assert!(text.contains(&format!("… {left_out} bytes left out …")));
    }
}
