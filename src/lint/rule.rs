//! What a rule is: its documentation and its check.

use crate::curriculum::Curriculum;
use crate::diagnostic::{Diagnostic, Location, RuleName, Severity, Sink};
use crate::project::Project;

/// One lint check with a stable name.
pub trait Rule: Sync {
    /// Name, group, severity and documentation.
    fn meta(&self) -> &'static RuleMeta;

    /// Reports what breaks the rule.
    ///
    /// Rules whose findings come up while files are loaded have nothing left to do here.
    fn check(&self, context: &Context<'_>, sink: &Sink) {
        let _ = (context, sink);
    }

    /// Returns a finding of this rule with its default severity.
    fn finding(&self, location: Location, message: impl Into<String>) -> Diagnostic
    where
        Self: Sized,
    {
        let mut diagnostic = Diagnostic::error(self.meta().name, location, message);
        diagnostic.severity = self.meta().severity;
        diagnostic
    }
}

/// What a rule may look at.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The loaded curriculum.
    pub curriculum: &'a Curriculum,
    /// Its project with the regions found.
    pub project: &'a Project,
}

/// What is known of a rule without running it.
#[derive(Debug)]
pub struct RuleMeta {
    /// Kebab-case; reads well after "allow".
    pub name: RuleName,
    /// Where it stands in the reference.
    pub group: Group,
    /// What its findings mean unless a curriculum says otherwise.
    pub severity: Severity,
    /// Whether an error of the rule makes running the module pointless.
    pub blocks_running: bool,
    /// Version of the tool in which it came.
    pub since: &'static str,
    /// Markdown: a summary line, then what, why, example and remedy under headings.
    pub docs: &'static str,
}

impl RuleMeta {
    /// The first line of the documentation.
    pub fn summary(&self) -> &'static str {
        self.docs.trim().lines().next().unwrap_or_default().trim()
    }
}

/// What rules are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Group {
    Loading,
    Manifest,
    Module,
    Project,
    Bugs,
    Questions,
}

/// Declares a rule's type from its documentation, which is kept for `explain` and the reference.
///
/// Severity is `Error` unless it is given.
macro_rules! declare_rule {
    ($(#[doc = $doc:literal])* pub(crate) struct $name:ident {
        name: $rule:expr,
        group: $group:ident,
        blocks_running: $blocks:literal,
    }) => {
        $(#[doc = $doc])*
        #[derive(Debug)]
        pub(crate) struct $name;

        impl $name {
            const META: $crate::lint::rule::RuleMeta = $crate::lint::rule::RuleMeta {
                name: $rule,
                group: $crate::lint::rule::Group::$group,
                severity: $crate::diagnostic::Severity::Error,
                blocks_running: $blocks,
                since: "0.1.0",
                docs: concat!($($doc, "\n"),*),
            };
        }
    };
}

pub(crate) use declare_rule;
