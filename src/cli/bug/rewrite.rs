//! What is written and told of the rule that was derived for a bug.

use crate::inject::derive::{Derived, yaml};
use crate::plural::count;

/// The value of `rewrite` in a bug's file. Variants that it does not fit are listed for the author to confirm.
pub(super) fn lines(derived: &Derived) -> String {
    let mut rewrite = derived.rewrite.clone();
    for (variant, error) in &derived.misses {
        let reason = format!("TODO: confirm that the bug makes no sense here ({error})");
        if let Ok(reason) = reason.as_str().try_into() {
            rewrite.not_applicable.insert(variant.clone(), reason);
        }
    }
    yaml::lines(&rewrite, 4)
}

/// What is told of it: what it fits, or why there is none.
pub(super) fn told(rewrite: &Result<Derived, String>) -> String {
    let derived = match rewrite {
        Ok(derived) => derived,
        Err(why) => return format!("no rewrite: {why}"),
    };
    let all = derived.matches.len() + derived.misses.len();
    if all == 0 {
        return "with a rewrite, which no variant tries".to_owned();
    }
    let fits = format!(
        "with a rewrite that fits {} of {}",
        derived.matches.len(),
        count(all as u64, "variant")
    );
    let misses: Vec<_> = derived
        .misses
        .iter()
        .map(|(name, _)| format!("`{name}`"))
        .collect();
    if misses.is_empty() {
        return fits;
    }
    format!("{fits}; not {}: confirm, or widen it", misses.join(", "))
}
