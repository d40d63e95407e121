//! The rule that is derived for a bug: how it is proven, and what is written and told of it.

use std::collections::BTreeSet;

use super::trial::{Files, Trial};
use crate::cli::error::Error;
use crate::cli::select::Checked;
use crate::inject::derive::{Derived, yaml};
use crate::plural::count;
use crate::record::expectation::{Expectation, Seen, expectation};

/// How often a rule is derived again because it does something else in a variant.
const MAX_RETRIES: usize = 3;

/// A rule that does in all variants what is expected of it.
pub(super) struct Proven {
    pub(super) derived: Derived,
    /// What is expected of the bug, with what variants add to it.
    pub(super) expect: Expectation,
    pub(super) files: Files,
}

/// Derives a rule and runs it on the variants. Where it ends otherwise in some of them, one that leaves them alone is
/// looked for; where there is none, what they say is expected as well. `with_rule` makes the bug's files.
pub(super) fn prove(
    trial: &Trial<'_>,
    good: &Checked,
    seen: Seen<'_>,
    expect: &Expectation,
    with_rule: impl Fn(&Expectation, &str) -> Files,
) -> Result<Result<Proven, NoRule>, Error> {
    let with_derived = |expect: &Expectation, derived: &Derived| {
        with_rule(expect, &format!("  rewrite:\n{}", lines(derived)))
    };
    let mut excluded = BTreeSet::new();
    // The first rule is the widest, and says most to who has to write one.
    let mut first = None;
    for _ in 0..=MAX_RETRIES {
        let derived = match (trial.derive(good, &excluded), &first) {
            (Ok(derived), _) => derived,
            (Err(no_rule), None) => return Ok(Err(no_rule)),
            (Err(_), Some(_)) => break,
        };
        let files = with_derived(expect, &derived);
        let Some(wrong) = trial.what_differs(expect, &files)? else {
            return Ok(Ok(Proven {
                derived,
                expect: expect.clone(),
                files,
            }));
        };
        first.get_or_insert(derived);
        if wrong.variants.is_empty() {
            break;
        }
        excluded.extend(wrong.variants);
    }
    let derived = first.expect("a rule was tried");
    let on_variants = trial.runs_on_variants(&with_derived(expect, &derived))?;
    let on_variants: Vec<_> = on_variants.iter().collect();
    let seen = Seen {
        variants: &on_variants,
        ..seen
    };
    let wider = expectation(seen).unwrap_or_else(|_| expect.clone());
    let files = with_derived(&wider, &derived);
    let wrong = trial.what_differs(&wider, &files)?;
    Ok(match wrong {
        Some(wrong) => Err(NoRule::unproven(wrong.why, &derived)),
        None => Ok(Proven {
            derived,
            expect: wider,
            files,
        }),
    })
}

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
fn lines(derived: &Derived) -> String {
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
