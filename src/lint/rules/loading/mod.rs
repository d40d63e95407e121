//! Rules about files that can't be read or do not have their form.

pub(crate) mod duplicate_key;
pub(crate) mod link_leaves_curriculum;
pub(crate) mod missing_file;
pub(crate) mod schema_violation;
pub(crate) mod unreadable_file;
pub(crate) mod unsupported_format_version;
pub(crate) mod yaml_limit;
pub(crate) mod yaml_syntax;
