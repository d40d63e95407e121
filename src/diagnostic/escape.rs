//! Makes text from untrusted programs and files harmless to print.
//!
//! A test may print anything: escape sequences that recolour or rewrite the terminal, characters
//! that turn the direction of writing, bytes that are no UTF-8. All of it is shown, none of it acts.

use std::fmt::Write as _;

/// Returns `bytes` as text in which nothing acts on a terminal.
///
/// Line breaks and tabs stay. Other control characters become `\x1b`, bytes that are no UTF-8
/// become `\xff`, and characters that are invisible or change the direction of writing become
/// `\u{202e}`. A carriage return before a line break is dropped.
pub fn bytes(bytes: &[u8]) -> String {
    let mut result = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        push(&mut result, chunk.valid());
        for byte in chunk.invalid() {
            write!(result, "\\x{byte:02x}").expect("writing to a string can't fail");
        }
    }
    result
}

/// Returns `text` as [`bytes`] does.
pub fn text(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    push(&mut result, text);
    result
}

fn push(result: &mut String, text: &str) {
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '\n' | '\t' => result.push(char),
            '\r' if chars.peek() == Some(&'\n') => {}
            _ if char.is_control() && u32::from(char) < 0x100 => {
                write!(result, "\\x{:02x}", u32::from(char))
                    .expect("writing to a string can't fail");
            }
            _ if is_deceptive(char) => {
                write!(result, "\\u{{{:x}}}", u32::from(char))
                    .expect("writing to a string can't fail");
            }
            _ => result.push(char),
        }
    }
}

/// Whether a character is invisible or changes the direction of what is printed around it.
fn is_deceptive(char: char) -> bool {
    matches!(char,
        '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_are_shown() {
        assert_eq!(
            bytes(b"\x1b[31mred\x1b[0m\x07"),
            "\\x1b[31mred\\x1b[0m\\x07"
        );
        assert_eq!(text("\u{9b}2J"), "\\x9b2J");
    }

    #[test]
    fn bytes_that_are_no_utf8_are_shown() {
        assert_eq!(bytes(b"a\xff\xc3b"), "a\\xff\\xc3b");
    }

    #[test]
    fn direction_marks_are_shown() {
        assert_eq!(text("a\u{202e}b"), "a\\u{202e}b");
    }

    #[test]
    fn text_and_line_breaks_stay() {
        assert_eq!(text("größe\t1\r\n2\r3\n"), "größe\t1\n2\\x0d3\n");
    }
}
