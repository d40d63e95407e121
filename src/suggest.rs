//! "Did you mean": the known name that is nearest to a mistyped one.
//!
//! The only file that names `strsim`.

/// Returns the candidate that is nearest to `typed`, if one is near enough to be meant.
pub(crate) fn closest<'a>(
    typed: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    const NEAR_ENOUGH: f64 = 0.75;
    candidates
        .map(|candidate| (strsim::jaro_winkler(typed, candidate), candidate))
        .filter(|(similarity, _)| *similarity >= NEAR_ENOUGH)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

/// Returns the candidate that must be meant: the only one that is near.
pub(crate) fn only_close<'a>(
    typed: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    let mut near =
        candidates.filter(|candidate| closest(typed, std::iter::once(*candidate)).is_some());
    near.next().filter(|_| near.next().is_none())
}

/// Returns the help for a mistyped name, if there is a known one near it.
pub(crate) fn did_you_mean<'a>(
    typed: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Option<String> {
    closest(typed, candidates).map(|closest| format!("did you mean `{closest}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_suggested_and_far_ones_are_not() {
        let known = ["softmax", "cross_entropy", "linear"];
        assert_eq!(closest("sofmtax", known.into_iter()), Some("softmax"));
        assert_eq!(closest("liner", known.into_iter()), Some("linear"));
        assert_eq!(closest("zzz", known.into_iter()), None);
        assert_eq!(only_close("sofmtax", known.into_iter()), Some("softmax"));
        assert_eq!(
            only_close("softma", ["softmax", "softmin"].into_iter()),
            None
        );
    }
}
