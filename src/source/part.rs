//! Parts of a text that have so many bytes at most, in whole characters.

/// The beginning of a text.
pub(crate) fn head(text: &str, bytes: usize) -> &str {
    let mut end = text.len().min(bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The end of a text.
pub(crate) fn tail(text: &str, bytes: usize) -> &str {
    let mut start = text.len().saturating_sub(bytes);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    &text[start..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_stay_whole() {
        let text = "aöb";
        assert_eq!(
            [0, 1, 2, 3, 9].map(|it| head(text, it)),
            ["", "a", "a", "aö", text]
        );
        assert_eq!(
            [0, 1, 2, 3, 9].map(|it| tail(text, it)),
            ["", "b", "b", "öb", text]
        );
    }
}
