//! Rules about bugs: that they can be injected, where they may, and that their files are sound.

pub(crate) mod bug_outside_edit;
pub(crate) mod bug_without_message;
pub(crate) mod expected_test_not_run;
pub(crate) mod invalid_message_pattern;
pub(crate) mod patch_breaks_syntax;
pub(crate) mod patch_does_not_apply;
pub(crate) mod patch_syntax;
pub(crate) mod patch_without_effect;
pub(crate) mod rewrite_breaks_syntax;
pub(crate) mod rewrite_invalid;
pub(crate) mod rewrite_matches_no_variant;
pub(crate) mod rewrite_no_single_match;
pub(crate) mod rewrite_without_effect;
pub(crate) mod unknown_variant;
