//! Rules about a module's Build stage and its place in the project.

pub(crate) mod edit_without_region;
pub(crate) mod missing_validator_file;
pub(crate) mod module_without_region;
pub(crate) mod region_outside_edit;
