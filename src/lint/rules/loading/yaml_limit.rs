//! `yaml-limit`. Found while the curriculum is loaded.

use crate::lint::rule::{Rule, RuleMeta, declare_rule};

declare_rule! {
    /// A YAML file is larger or more entangled than allowed.
    ///
    /// ## What it does
    /// Reports files whose nesting, number of values or expanded aliases exceed what any real file has.
    ///
    /// ## Why it matters
    /// A few lines of aliases can expand to gigabytes and stop every tool that reads them.
    ///
    /// ## Example
    /// ```yaml
    /// a: &a [x, x]
    /// b: &b [*a, *a]
    /// c: &c [*b, *b]     # and so on
    /// ```
    ///
    /// ## Use instead
    /// Write the values out.
    pub(crate) struct YamlLimit {
        name: crate::curriculum::rules::YAML_LIMIT,
        group: Loading,
        severity: Error,
        blocks_running: false,
    }
}

impl Rule for YamlLimit {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }
}
