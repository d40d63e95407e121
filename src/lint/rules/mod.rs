//! The registry: every rule, in the order of the reference.

pub(crate) mod bugs;
pub(crate) mod loading;
pub(crate) mod manifest;
pub(crate) mod module;
pub(crate) mod policy;
pub(crate) mod project;
pub(crate) mod prose;
pub(crate) mod questions;
pub(crate) mod style;

use super::rule::Rule;

/// All rules, grouped and sorted by name within their group.
pub static ALL: &[&dyn Rule] = &[
    &loading::duplicate_key::DuplicateKey,
    &loading::link_leaves_curriculum::LinkLeavesCurriculum,
    &loading::missing_file::MissingFile,
    &loading::schema_violation::SchemaViolation,
    &loading::unreadable_file::UnreadableFile,
    &loading::unsupported_format_version::UnsupportedFormatVersion,
    &loading::yaml_limit::YamlLimit,
    &loading::yaml_syntax::YamlSyntax,
    &manifest::cyclic_requires::CyclicRequires,
    &manifest::id_differs_from_name::IdDiffersFromName,
    &manifest::module_listed_twice::ModuleListedTwice,
    &manifest::module_without_folder::ModuleWithoutFolder,
    &manifest::preload_not_required::PreloadNotRequired,
    &manifest::requirements_not_locked::RequirementsNotLocked,
    &manifest::requires_later_module::RequiresLaterModule,
    &manifest::unknown_file::UnknownFile,
    &manifest::unknown_required_module::UnknownRequiredModule,
    &manifest::unlisted_module::UnlistedModule,
    &module::doubtful_limit::DoubtfulLimit,
    &module::edit_without_region::EditWithoutRegion,
    &module::empty_prompt::EmptyPrompt,
    &module::kind_and_files_disagree::KindAndFilesDisagree,
    &module::missing_validator_file::MissingValidatorFile,
    &module::module_without_region::ModuleWithoutRegion,
    &module::protected_edit::ProtectedEdit,
    &module::region_outside_edit::RegionOutsideEdit,
    &module::unknown_initially_passing::UnknownInitiallyPassing,
    &module::unknown_test::UnknownTest,
    &project::generated_file::GeneratedFile,
    &project::large_file::LargeFile,
    &project::malformed_region_mark::MalformedRegionMark,
    &project::mismatched_region::MismatchedRegion,
    &project::misspelt_region_mark::MisspeltRegionMark,
    &project::nested_region::NestedRegion,
    &project::overlapping_regions::OverlappingRegions,
    &project::solution_leak::SolutionLeak,
    &project::starter_syntax::StarterSyntax,
    &project::unclosed_region::UnclosedRegion,
    &project::unknown_region_owner::UnknownRegionOwner,
    &project::unopened_region::UnopenedRegion,
    &project::variant_mismatch::VariantMismatch,
    &bugs::bug_outside_edit::BugOutsideEdit,
    &bugs::bug_without_message::BugWithoutMessage,
    &bugs::bugs_alike::BugsAlike,
    &bugs::excluded_variant_matches::ExcludedVariantMatches,
    &bugs::expected_test_not_run::ExpectedTestNotRun,
    &bugs::give_away_word::GiveAwayWord,
    &bugs::invalid_message_pattern::InvalidMessagePattern,
    &bugs::module_without_bug::ModuleWithoutBug,
    &bugs::orphan_patch::OrphanPatch,
    &bugs::patch_breaks_syntax::PatchBreaksSyntax,
    &bugs::patch_does_not_apply::PatchDoesNotApply,
    &bugs::patch_syntax::PatchSyntax,
    &bugs::patch_without_effect::PatchWithoutEffect,
    &bugs::rewrite_breaks_syntax::RewriteBreaksSyntax,
    &bugs::rewrite_invalid::RewriteInvalid,
    &bugs::rewrite_matches_no_variant::RewriteMatchesNoVariant,
    &bugs::rewrite_no_single_match::RewriteNoSingleMatch,
    &bugs::rewrite_without_effect::RewriteWithoutEffect,
    &bugs::symptom_names_cause::SymptomNamesCause,
    &bugs::unknown_variant::UnknownVariant,
    &questions::accepted_answer_rejected::AcceptedAnswerRejected,
    &questions::duplicate_question_id::DuplicateQuestionId,
    &questions::example_not_caught::ExampleNotCaught,
    &questions::feedback_gives_answer_away::FeedbackGivesAnswerAway,
    &questions::few_failure_modes::FewFailureModes,
    &questions::invalid_answer_pattern::InvalidAnswerPattern,
    &questions::model_answer_rejected::ModelAnswerRejected,
    &questions::module_without_question::ModuleWithoutQuestion,
    &questions::unknown_concept::UnknownConcept,
    &prose::broken_link::BrokenLink,
    &prose::fence_without_language::FenceWithoutLanguage,
    &prose::insecure_link::InsecureLink,
    &prose::leftover_todo::LeftoverTodo,
    &prose::missing_alt_text::MissingAltText,
    &prose::missing_title::MissingTitle,
    &prose::skipped_heading_level::SkippedHeadingLevel,
    &prose::unknown_reference::UnknownReference,
    &style::missing_schema_line::MissingSchemaLine,
    &style::trailing_whitespace::TrailingWhitespace,
    &policy::expired_suppression::ExpiredSuppression,
    &policy::invalid_suppression::InvalidSuppression,
    &policy::unknown_rule::UnknownRule,
    &policy::unused_suppression::UnusedSuppression,
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn names_are_unique_and_kebab_case() {
        let mut seen = BTreeSet::new();
        for rule in ALL {
            let name = rule.meta().name;
            assert!(
                crate::curriculum::id::RuleId::try_from(name).is_ok(),
                "{name}"
            );
            assert!(seen.insert(name), "{name} is registered twice");
        }
    }

    #[test]
    fn rules_are_sorted_by_group_and_name() {
        assert!(ALL.is_sorted_by_key(|rule| (rule.meta().group, rule.meta().name)));
    }

    #[test]
    fn every_rule_is_documented() {
        for rule in ALL {
            let meta = rule.meta();
            assert!(
                meta.summary().ends_with('.'),
                "{}: {}",
                meta.name,
                meta.summary()
            );
            let mut rest = meta.docs;
            for heading in [
                "## What it does",
                "## Why it matters",
                "## Example",
                "## Use instead",
            ] {
                let at = rest.find(heading);
                assert!(at.is_some(), "{} lacks `{heading}`", meta.name);
                rest = &rest[at.unwrap() + heading.len()..];
            }
            assert!(meta.docs.contains("```"), "{} has no example", meta.name);
        }
    }

    #[test]
    fn every_rule_has_fixtures_that_trip_it_and_that_do_not() {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/rules");
        for rule in ALL {
            let name = rule.meta().name;
            let folders: Vec<_> = std::fs::read_dir(fixtures.join(name))
                .unwrap_or_else(|_| panic!("{name} has no fixtures"))
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            for kind in ["bad-", "good-"] {
                assert!(
                    folders.iter().any(|f| f.starts_with(kind)),
                    "{name} has no {kind}* fixture"
                );
            }
        }
    }
}
