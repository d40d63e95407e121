//! `link-leaves-curriculum`. Found while the curriculum is loaded.

use crate::lint::rule::{Rule, RuleMeta, declare_rule};

declare_rule! {
    /// A symbolic link leads out of its folder.
    ///
    /// ## What it does
    /// Reports symbolic links that are absolute, dangling, or end outside the project or variant.
    ///
    /// ## Why it matters
    /// On another machine the link leads somewhere else: to nothing, or to a file that is nobody's business.
    ///
    /// ## Example
    /// ```text
    /// project/data -> /home/ada/data
    /// ```
    ///
    /// ## Use instead
    /// Copy the file into the project, or make a relative link to a file in it.
    pub(crate) struct LinkLeavesCurriculum {
        name: crate::curriculum::rules::LINK_LEAVES,
        group: Loading,
        severity: Error,
        blocks_running: false,
    }
}

impl Rule for LinkLeavesCurriculum {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }
}
