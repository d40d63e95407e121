//! Names of the rules about marks and regions. What they mean is told in `lint::rules`.

use crate::diagnostic::RuleName;

/// A mark that can't be read: unknown word, no owner, code beside it.
pub const MALFORMED_MARK: RuleName = "malformed-region-mark";

/// A region is begun and not ended.
pub const UNCLOSED_REGION: RuleName = "unclosed-region";

/// A stub or an end without a begin.
pub const UNOPENED_REGION: RuleName = "unopened-region";

/// The owners at the end or stub differ from those at the begin.
pub const MISMATCHED_REGION: RuleName = "mismatched-region";

/// A region inside another.
pub const NESTED_REGION: RuleName = "nested-region";

/// A region that ends behind the end of one that began before it.
pub const OVERLAPPING_REGIONS: RuleName = "overlapping-regions";

/// A variant's file does not fit the regions of the project.
pub const VARIANT_MISMATCH: RuleName = "variant-mismatch";
