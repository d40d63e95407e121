//! "1 case", "2 cases", in one place.

/// Returns a count with its noun in the right number.
///
/// Nouns whose plural does not just add `s` are not used in messages.
pub(crate) fn count(number: impl TryInto<u64>, noun: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_is_singular() {
        assert_eq!(
            [0, 1, 2].map(|n| count(n, "case")),
            ["0 cases", "1 case", "2 cases"]
        );
    }
}
