//! Lint: checks a curriculum without running anything.

pub mod baseline;
pub mod injections;
pub mod policy;
pub mod reference;
pub mod rule;
pub mod rules;
mod suppression;
pub(crate) mod test_ids;
pub mod text;
pub(crate) mod words;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use rayon::prelude::*;

use crate::curriculum::rules::{
    DUPLICATE_KEY, SCHEMA_VIOLATION, UNSUPPORTED_VERSION, YAML_LIMIT, YAML_SYNTAX,
};
use crate::curriculum::{Curriculum, Extent};
use crate::diagnostic::{Diagnostic, Location, RuleName, Sink};
use crate::project::Project;

use rule::{AskedQuestion, Context, Depth, Group, Rule, RuleMeta};
use rules::questions::invalid_answer_pattern::InvalidAnswerPattern;

/// A rule that panicked: a fault of the tool, reported so that the other rules still run.
pub const INTERNAL_ERROR: RuleName = "internal-error";

/// Runs rules in parallel. What loading found is in the sink already.
pub fn check(curriculum: &Curriculum, project: &Project, rules: &[&dyn Rule], sink: &Sink) {
    // There is nothing left to do then, and what the other rules share is most of the work.
    if rules.iter().all(|rule| rule.meta().group == Group::Loading) {
        return;
    }
    let report = |what: &str| {
        sink.push(Diagnostic::error(
            INTERNAL_ERROR,
            Location::path(&curriculum.shown),
            format!("{what} failed; this is a bug in mastery"),
        ));
    };
    let depth = if rules.iter().all(|rule| is_about_running(*rule)) {
        Depth::Running
    } else {
        Depth::All
    };
    let prepared = catch_unwind(AssertUnwindSafe(|| {
        Context::new(curriculum, project, depth)
    }));
    let Ok(context) = prepared else {
        return report("what all rules share");
    };
    let failed = Mutex::new(BTreeSet::new());
    let guarded = |what: &str, check: &dyn Fn()| {
        if catch_unwind(AssertUnwindSafe(check)).is_err()
            && let Ok(mut failed) = failed.lock()
        {
            failed.insert(what.to_owned());
        }
    };
    rayon::join(
        || {
            // No question keeps a case from running.
            if depth == Depth::All {
                check_questions(&context, rules, &guarded, sink);
            }
        },
        || {
            rules
                .par_iter()
                .for_each(|rule| guarded(rule.meta().name, &|| rule.check(&context, sink)));
        },
    );
    for name in failed.into_inner().unwrap_or_default() {
        report(&format!("the rule `{name}`"));
    }
}

/// Runs a check, and notes the rule that it is of where it panics.
type Guarded<'a> = dyn Fn(&str, &dyn Fn()) + Sync + 'a;

/// Compiles the questions one by one and shows each to all rules.
fn check_questions(context: &Context<'_>, rules: &[&dyn Rule], guarded: &Guarded<'_>, sink: &Sink) {
    let files: Vec<_> = context.questions_files().collect();
    let compiles = InvalidAnswerPattern.meta().name;
    files.par_iter().for_each(|file| {
        for index in 0..file.value.questions.len() {
            // A pattern that can't even be compiled hides one question, and nothing else.
            guarded(compiles, &|| {
                let asked = AskedQuestion::new(file, index);
                for rule in rules {
                    guarded(rule.meta().name, &|| rule.check_question(&asked, sink));
                }
            });
        }
    });
}

/// The rules that decide which cases can be run.
pub fn rules_about_running() -> Vec<&'static dyn Rule> {
    let rules = rules::ALL.iter().copied();
    rules.filter(|rule| is_about_running(*rule)).collect()
}

/// How much of a curriculum has to be read for the findings of rules.
pub fn extent_for(rules: &[&dyn Rule]) -> Extent {
    const ABOUT_DOCUMENTS: &[RuleName] = &[
        YAML_SYNTAX,
        YAML_LIMIT,
        DUPLICATE_KEY,
        UNSUPPORTED_VERSION,
        SCHEMA_VIOLATION,
    ];
    let mut names = rules.iter().map(|rule| rule.meta().name);
    if names.all(|name| ABOUT_DOCUMENTS.contains(&name)) {
        Extent::Documents
    } else {
        Extent::All
    }
}

fn is_about_running(rule: &dyn Rule) -> bool {
    rule.meta().blocks_running || rule.meta().group == Group::Loading
}

/// Returns the rule called `name`.
pub fn rule(name: &str) -> Option<&'static dyn Rule> {
    let mut rules = rules::ALL.iter().copied();
    rules.find(|rule| rule.meta().name == name)
}

/// The name of a rule, or of what takes a rule's place in findings.
pub fn rule_name(name: &str) -> Option<RuleName> {
    let rule = meta_of(name).map(|meta| meta.name);
    rule.or_else(|| (name == INTERNAL_ERROR).then_some(INTERNAL_ERROR))
}

/// Whether an error of the rule called `name` makes running pointless.
pub fn blocks_running(name: &str) -> bool {
    meta_of(name).is_some_and(|meta| meta.blocks_running)
}

/// Returns what is known of a rule by its name.
pub fn meta_of(name: &str) -> Option<&'static RuleMeta> {
    rules::ALL
        .iter()
        .map(|rule: &&dyn Rule| rule.meta())
        .find(|meta| meta.name == name)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use rules::bugs::module_without_bug::ModuleWithoutBug;

    /// A rule that panics wherever it is asked.
    #[derive(Debug)]
    struct Panics;

    impl Rule for Panics {
        fn meta(&self) -> &'static RuleMeta {
            const META: RuleMeta = RuleMeta {
                name: "panics",
                group: Group::Questions,
                severity: crate::diagnostic::Severity::Error,
                blocks_running: false,
                since: "0.1.0",
                docs: "",
            };
            &META
        }

        fn check(&self, _: &Context<'_>, _: &Sink) {
            panic!("on purpose");
        }

        fn check_question(&self, _: &AskedQuestion<'_>, _: &Sink) {
            panic!("on purpose");
        }
    }

    /// A rule that reports every question.
    #[derive(Debug)]
    struct Reports;

    impl Rule for Reports {
        fn meta(&self) -> &'static RuleMeta {
            ModuleWithoutBug.meta()
        }

        fn check_question(&self, asked: &AskedQuestion<'_>, sink: &Sink) {
            sink.push(Diagnostic::error("reports", asked.at("/id"), "a question"));
        }
    }

    /// Loads the curriculum called `name` of this repository and runs rules over it.
    fn checked(name: &str, rules: &[&dyn Rule]) -> (Curriculum, Vec<Diagnostic>) {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let sink = Sink::new();
        let dir = root.join("curricula").join(name);
        let curriculum = crate::curriculum::load(&dir, root, &sink);
        let (project, _) = Project::parse(&curriculum);
        check(&curriculum, &project, rules, &sink);
        (curriculum, sink.into_sorted())
    }

    /// Reading places takes as long again as reading values; a rule asks for one when it has something to say.
    #[test]
    fn places_are_not_asked_for_where_nothing_is_found() {
        let (curriculum, findings) = checked("foundations", rules::ALL);
        let mut files = 0;
        for (_, document) in curriculum.yaml_files() {
            let path = document.file.path();
            // Findings that the curriculum allows are among them, and those on excused variants stay unsaid.
            let is_told = findings.iter().any(|it| it.location.shown_path() == path);
            let excused = document.value.pointer("/inject/rewrite/not_applicable");
            let may_be_placed = is_told || excused.is_some();
            assert!(may_be_placed || !document.is_placed(), "{path}");
            files += usize::from(!may_be_placed);
        }
        assert!(files > 10, "most files have no finding");
    }

    #[test]
    fn only_rules_about_single_documents_do_without_the_other_files() {
        let named =
            |names: &[&str]| -> Vec<_> { names.iter().map(|name| rule(name).unwrap()).collect() };
        let extent = |names: &[&str]| extent_for(&named(names));
        assert_eq!(
            extent(&["schema-violation", "yaml-syntax"]),
            Extent::Documents
        );
        assert_eq!(extent(&["schema-violation", "missing-file"]), Extent::All);
        assert_eq!(extent_for(rules::ALL), Extent::All);
        assert_eq!(extent_for(&rules_about_running()), Extent::All);
    }

    #[test]
    fn rule_that_panics_takes_no_other_with_it() {
        let (curriculum, findings) = checked("foundations", &[&Panics, &Reports, &Panics]);
        let of = |name: &str| findings.iter().filter(|it| it.rule == name).count();
        let modules = curriculum.modules.iter();
        let asked = modules.filter_map(|module| module.questions.as_ref());
        let questions: usize = asked.map(|file| file.value.questions.len()).sum();
        assert!(questions > 0);
        assert_eq!(of("reports"), questions);
        let told = findings.iter().find(|it| it.rule == INTERNAL_ERROR);
        assert_eq!(
            told.map(|it| it.message.as_str()),
            Some("the rule `panics` failed; this is a bug in mastery")
        );
        assert_eq!(of(INTERNAL_ERROR), 1);
    }
}
