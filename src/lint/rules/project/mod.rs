//! Rules about the project's marks and regions.

pub(crate) mod generated_file;
pub(crate) mod large_file;
pub(crate) mod malformed_region_mark;
pub(crate) mod mismatched_region;
pub(crate) mod misspelt_region_mark;
pub(crate) mod nested_region;
pub(crate) mod overlapping_regions;
pub(crate) mod solution_leak;
pub(crate) mod starter_syntax;
pub(crate) mod unclosed_region;
pub(crate) mod unknown_region_owner;
pub(crate) mod unopened_region;
pub(crate) mod variant_mismatch;
