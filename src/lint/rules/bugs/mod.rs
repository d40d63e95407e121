//! Rules about bugs: that they can be injected, where they may, that their files are sound, and that they do
//! not give themselves away.

pub(crate) mod bug_outside_edit;
pub(crate) mod bug_without_message;
pub(crate) mod bugs_alike;
pub(crate) mod excluded_variant_matches;
pub(crate) mod expected_test_not_run;
pub(crate) mod give_away_word;
pub(crate) mod invalid_message_pattern;
pub(crate) mod module_without_bug;
pub(crate) mod orphan_patch;
pub(crate) mod patch_breaks_syntax;
pub(crate) mod patch_does_not_apply;
pub(crate) mod patch_syntax;
pub(crate) mod patch_without_effect;
pub(crate) mod rewrite_breaks_syntax;
pub(crate) mod rewrite_invalid;
pub(crate) mod rewrite_matches_no_variant;
pub(crate) mod rewrite_no_single_match;
pub(crate) mod rewrite_without_effect;
pub(crate) mod symptom_names_cause;
pub(crate) mod unknown_variant;
