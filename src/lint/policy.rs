//! What a curriculum says about its findings: accepted ones, severities, drafts.

use std::sync::Arc;

use globset::{Glob, GlobMatcher};

use super::rule::Rule;
use super::suppression::{self, Suppression};
use crate::curriculum::document::{Allow, SeverityOverride};
use crate::curriculum::{Curriculum, Loaded, document};
use crate::diagnostic::{Diagnostic, Fix, Location, RuleName, Severity};
use crate::source::{SourceFile, Span, path};

/// A suppression can't be read, or gives no reason.
pub const INVALID_SUPPRESSION: RuleName = "invalid-suppression";

/// A suppression that no finding needs.
pub const UNUSED_SUPPRESSION: RuleName = "unused-suppression";

/// A suppression whose last day has passed.
pub const EXPIRED_SUPPRESSION: RuleName = "expired-suppression";

/// A name that no rule has.
pub const UNKNOWN_RULE: RuleName = "unknown-rule";

/// Applies what a curriculum says about its findings, and reports what it says in vain.
///
/// `today` is a day as `YYYY-MM-DD`; what is accepted until a day is accepted on that day. What is said
/// about a rule that was not run is not said in vain.
pub fn apply(
    curriculum: &Curriculum,
    today: &str,
    rules: &[&dyn Rule],
    diagnostics: Vec<Diagnostic>,
) -> Vec<Diagnostic> {
    let is_run = |name: &str| rules.iter().any(|rule| rule.meta().name == name);
    let mut own = Vec::new();
    let mut accepted = in_manifest(curriculum, today, &mut own);
    for file in suppression::files(curriculum) {
        let (suppressions, problems) = suppression::find(&file);
        own.extend(problems.into_iter().map(|problem| {
            Diagnostic::error(
                INVALID_SUPPRESSION,
                Location::span(&file, problem.span),
                problem.message,
            )
            .with_help(
                "write `mastery: allow RULE reason=\"…\"`, and `until=YYYY-MM-DD` if need be",
            )
        }));
        for suppression in suppressions {
            accepted.extend(in_file(&file, suppression, today, &mut own));
        }
    }
    let mut kept: Vec<_> = diagnostics
        .into_iter()
        .filter(|diagnostic| {
            let mut is_accepted = false;
            // Each that fits is used: to take one of two away must not bring the other to light.
            for entry in &mut accepted {
                if entry.fits(curriculum, diagnostic) {
                    (entry.is_used, is_accepted) = (true, true);
                }
            }
            !is_accepted
        })
        .collect();
    let unused = accepted
        .into_iter()
        .filter(|entry| !entry.is_used && is_run(&entry.rule));
    own.extend(unused.map(|entry| {
        let message = format!("nothing here breaks `{}`", entry.rule);
        let mut finding = Diagnostic::error(UNUSED_SUPPRESSION, entry.location, message);
        finding.severity = Severity::Warning;
        finding.with_help("take it out").with_fix(entry.removal)
    }));
    kept.extend(own.into_iter().filter(|finding| is_run(finding.rule)));
    let severities = Severities::of(curriculum);
    kept.into_iter()
        .filter_map(|diagnostic| severities.judge(diagnostic))
        .collect()
}

/// Findings that are accepted, by the manifest or by a comment.
struct Accepted {
    rule: String,
    scope: Scope,
    /// Where it is written.
    location: Location,
    /// What takes it out again.
    removal: Option<Fix>,
    is_used: bool,
}

enum Scope {
    /// Files by their path in the curriculum.
    Files(GlobMatcher),
    /// A file, and the line in it; `None` for all of it.
    File(Arc<SourceFile>, Option<usize>),
}

impl Accepted {
    fn fits(&self, curriculum: &Curriculum, diagnostic: &Diagnostic) -> bool {
        if self.rule != diagnostic.rule {
            return false;
        }
        let location = &diagnostic.location;
        let shown = location.shown_path();
        match &self.scope {
            Scope::Files(glob) => glob.is_match(curriculum.inner_path(shown).unwrap_or(shown)),
            Scope::File(file, line) => {
                let position = location.position().map(|it| it.line);
                file.path() == shown && (line.is_none() || position == *line)
            }
        }
    }
}

fn in_manifest(
    curriculum: &Curriculum,
    today: &str,
    findings: &mut Vec<Diagnostic>,
) -> Vec<Accepted> {
    let Some(manifest) = &curriculum.manifest else {
        return Vec::new();
    };
    let mut accepted = Vec::new();
    for rule in manifest.value.severity.keys() {
        if !is_known(rule.as_str()) {
            let at = manifest.at_key(&format!("/severity/{rule}"));
            findings.push(unknown_rule(rule.as_str(), at));
        }
    }
    for (index, allow) in manifest.value.allow.iter().enumerate() {
        accepted.extend(entry(manifest, index, allow, today, findings));
    }
    accepted
}

fn entry(
    manifest: &Loaded<document::Manifest>,
    index: usize,
    allow: &Allow,
    today: &str,
    findings: &mut Vec<Diagnostic>,
) -> Option<Accepted> {
    let at = |key: &str| manifest.at(&format!("/allow/{index}{key}"));
    let rule = allow.rule.as_str();
    if !is_known(rule) {
        findings.push(unknown_rule(rule, at("/rule")));
        return None;
    }
    if let Some(until) = allow.until.as_ref().filter(|it| it.as_str() < today) {
        findings.push(expired(rule, until.as_str(), at("/until")));
        return None;
    }
    match Glob::new(allow.path.as_str()) {
        Ok(glob) => Some(Accepted {
            rule: rule.to_owned(),
            scope: Scope::Files(glob.compile_matcher()),
            location: at(""),
            removal: None,
            is_used: false,
        }),
        Err(error) => {
            let message = format!("`{}` is no glob: {}", allow.path.as_str(), error.kind());
            findings.push(Diagnostic::error(INVALID_SUPPRESSION, at("/path"), message));
            None
        }
    }
}

fn in_file(
    file: &Arc<SourceFile>,
    suppression: Suppression,
    today: &str,
    findings: &mut Vec<Diagnostic>,
) -> Option<Accepted> {
    let at = |span: Span| Location::span(file, span);
    let rule = suppression.rule;
    if !is_known(&rule) {
        findings.push(unknown_rule(&rule, at(suppression.rule_span)));
        return None;
    }
    if let Some((until, span)) = suppression.until.filter(|(day, _)| day.as_str() < today) {
        findings.push(expired(&rule, &until, at(span)));
        return None;
    }
    Some(Accepted {
        rule,
        scope: Scope::File(Arc::clone(file), suppression.line),
        location: at(suppression.span),
        removal: Some(Fix::replace(file, suppression.removal, "")),
        is_used: false,
    })
}

fn is_known(rule: &str) -> bool {
    super::meta_of(rule).is_some()
}

fn unknown_rule(name: &str, at: Location) -> Diagnostic {
    let mut finding = Diagnostic::error(UNKNOWN_RULE, at, format!("there is no rule `{name}`"));
    let names = super::rules::ALL.iter().map(|rule| rule.meta().name);
    finding.help = crate::suggest::did_you_mean(name, names);
    finding
}

fn expired(rule: &str, until: &str, at: Location) -> Diagnostic {
    let message = format!("`{rule}` was allowed until {until}, and is no longer");
    let mut finding = Diagnostic::error(EXPIRED_SUPPRESSION, at, message);
    finding.severity = Severity::Warning;
    finding
}

/// Which severity a finding has in the curriculum.
struct Severities<'a> {
    curriculum: &'a Curriculum,
    /// The shown folders of drafts.
    drafts: Vec<&'a str>,
}

impl<'a> Severities<'a> {
    fn of(curriculum: &'a Curriculum) -> Self {
        let modules = curriculum.modules.iter();
        let drafts = modules
            .filter(|module| module.is_draft())
            .map(|module| module.shown.as_str());
        Self {
            curriculum,
            drafts: drafts.collect(),
        }
    }

    /// Returns the finding as it counts; `None` when its rule is switched off.
    fn judge(&self, mut diagnostic: Diagnostic) -> Option<Diagnostic> {
        let manifest = self.curriculum.manifest.as_ref();
        match manifest.and_then(|it| it.value.severity.get(diagnostic.rule)) {
            Some(SeverityOverride::Off) => return None,
            Some(SeverityOverride::Error) => diagnostic.severity = Severity::Error,
            Some(SeverityOverride::Warning) => diagnostic.severity = Severity::Warning,
            None => {}
        }
        let path = diagnostic.location.shown_path();
        if self
            .drafts
            .iter()
            .any(|draft| path::inside(path, draft).is_some())
        {
            diagnostic.severity = Severity::Warning;
        }
        Some(diagnostic)
    }
}
