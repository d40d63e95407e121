//! From the bytes that a terminal sends to keys. Pure.

/// A key that was pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// A character that can be printed.
    Char(char),
    /// Enter.
    Enter,
    /// Escape.
    Escape,
    /// Backspace.
    Backspace,
    /// Ctrl-D: the end of what is typed.
    End,
}

/// The keys in what was read at once. What other keys send, such as arrows, is passed over.
pub fn keys(bytes: &[u8]) -> Vec<Key> {
    let mut keys = Vec::new();
    let mut rest = bytes;
    while let [first, after @ ..] = rest {
        rest = after;
        keys.push(match first {
            b'\r' | b'\n' => Key::Enter,
            0x08 | 0x7f => Key::Backspace,
            0x04 => Key::End,
            0x1b => match sequence(after) {
                0 => Key::Escape,
                length => {
                    rest = &after[length..];
                    continue;
                }
            },
            b' '..=b'~' => Key::Char(char::from(*first)),
            // Ids of cases are ASCII, and so are commands.
            _ => continue,
        });
    }
    keys
}

/// How many bytes after an escape character belong to it.
fn sequence(after: &[u8]) -> usize {
    let is_final = |byte: &u8| (0x40..=0x7e).contains(byte);
    match after {
        [b'[', parameters @ ..] => match parameters.iter().position(is_final) {
            Some(end) => end + 2,
            None => after.len(),
        },
        [b'O', _, ..] => 2,
        // Alt with another key.
        [_, ..] => 1,
        [] => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Key::{Backspace, Char, End, Enter, Escape};

    #[test]
    fn keys_are_told_apart() {
        assert_eq!(keys(b"q\r\x7f\x04"), [Char('q'), Enter, Backspace, End]);
        assert_eq!(keys(b"\x1b"), [Escape]);
    }

    #[test]
    fn other_keys_are_passed_over() {
        assert_eq!(
            keys(b"\x1b[Aa\x1b[1;5Cb\x1bOPc\x1bxd"),
            [Char('a'), Char('b'), Char('c'), Char('d')]
        );
        assert_eq!(keys("\u{1b}[200\u{e4}\u{1}".as_bytes()), []);
        assert_eq!(keys("\u{e4}a".as_bytes()), [Char('a')]);
    }
}
