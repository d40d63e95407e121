//! Rules about how YAML files are written, whatever they say.

pub(crate) mod missing_schema_line;
pub(crate) mod trailing_whitespace;
