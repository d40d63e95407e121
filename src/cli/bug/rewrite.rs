//! What is written and told of the rule that was derived for a bug.

use crate::inject::derive::{Derived, yaml};
use crate::plural::count;

/// Why a bug has no rewrite.
pub(super) struct NoRule {
    /// As a fragment.
    why: String,
    /// The rule that does not do, in YAML.
    rule: Option<String>,
}

impl NoRule {
    /// There is no rule at all.
    pub(super) fn underivable(why: String) -> Self {
        Self { why, rule: None }
    }

    /// There is one, and it can't be used as it is.
    pub(super) fn unproven(why: impl Into<String>, derived: &Derived) -> Self {
        Self {
            why: why.into(),
            rule: Some(lines(derived)),
        }
    }

    /// What is said of it in the bug's file: a rule that its author may widen.
    pub(super) fn note(&self) -> Option<String> {
        let rule = self.rule.as_ref()?;
        let why = self.why.replace('\n', " ");
        let mut note =
            format!("  # No rewrite: {why}. Widen this one, or leave it out.\n  # rewrite:\n");
        for line in rule.lines() {
            // The indentation of the value, behind the sign.
            note.push_str(&format!("  # {}\n", line.get(2..).unwrap_or(line)));
        }
        Some(note)
    }
}

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
pub(super) fn told(rewrite: &Result<Derived, NoRule>) -> String {
    let derived = match rewrite {
        Ok(derived) => derived,
        Err(NoRule { why, rule }) => {
            let draft = if rule.is_some() {
                "; a draft is in the file"
            } else {
                ""
            };
            return format!("no rewrite: {why}{draft}");
        }
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
