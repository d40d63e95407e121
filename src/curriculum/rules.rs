//! Names of the rules whose findings come up while a curriculum is loaded.
//!
//! What they mean is told where all rules are registered, in `lint::rules`.

use crate::diagnostic::RuleName;

/// A file could not be read: too large, not UTF-8, no regular file, no permission.
pub const UNREADABLE_FILE: RuleName = "unreadable-file";

/// A file that has to be there is not.
pub const MISSING_FILE: RuleName = "missing-file";

/// The manifest lists a module that has no folder.
pub const MODULE_WITHOUT_FOLDER: RuleName = "module-without-folder";

/// A symbolic link leaves the folder that it is in.
pub const LINK_LEAVES: RuleName = "link-leaves-curriculum";

/// A file is not YAML.
pub const YAML_SYNTAX: RuleName = "yaml-syntax";

/// A YAML file is larger or more entangled than any real one.
pub const YAML_LIMIT: RuleName = "yaml-limit";

/// A key stands twice in one mapping.
pub const DUPLICATE_KEY: RuleName = "duplicate-key";

/// A file is written in a version of the formats that this version does not know.
pub const UNSUPPORTED_VERSION: RuleName = "unsupported-format-version";

/// A file does not match its JSON Schema.
pub const SCHEMA_VIOLATION: RuleName = "schema-violation";
