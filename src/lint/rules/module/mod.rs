//! Rules about a module's Build stage and its place in the project.

pub(crate) mod doubtful_limit;
pub(crate) mod edit_without_region;
pub(crate) mod empty_prompt;
pub(crate) mod kind_and_files_disagree;
pub(crate) mod missing_validator_file;
pub(crate) mod module_without_region;
pub(crate) mod protected_edit;
pub(crate) mod region_outside_edit;
pub(crate) mod unknown_initially_passing;
pub(crate) mod unknown_test;
