//! `mastery bug show`: all that there is about one bug.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use clap::Args;

use crate::cli::error::Error;
use crate::cli::{module, select};
use crate::curriculum::Bug;
use crate::curriculum::document::{BugManifest, ExpectedOutcome};
use crate::diagnostic::escape;
use crate::exit_code::ExitCode;
use crate::git;
use crate::inject::patch::Patch;
use crate::inject::rewrite::CompiledRewrite;
use crate::project::state::State;
use crate::source::tree::{Entry, Tree};
use crate::suggest;

const HEADING: Style = Style::new().bold();
const ADDED: Style = AnsiColor::Green.on_default();
const REMOVED: Style = AnsiColor::Red.on_default();
const PLACE: Style = AnsiColor::Cyan.on_default();

/// Show a bug: what it changes in the reference and in variants, what learners are told, how it must fail
#[derive(Args, Debug)]
pub(crate) struct ShowArgs {
    /// The module: its id, `CURRICULUM/MODULE`, or its folder
    #[arg(value_name = "MODULE")]
    module: String,

    /// The bug
    #[arg(value_name = "BUG")]
    bug: String,
}

/// Runs the command.
pub(super) fn run_show(args: &ShowArgs) -> Result<ExitCode, Error> {
    let base = std::env::current_dir()?;
    let (selection, id) = module::select(&args.module, &base)?;
    let checked = select::check_rules(&[selection], &base, &[]).remove(0);
    let module = checked.curriculum.module(id.as_str());
    let module = module.ok_or_else(|| Error::user(format!("there is no module `{id}`")))?;
    let Some(bug) = module.bugs.iter().find(|it| it.id.as_str() == args.bug) else {
        let error = Error::user(format!("`{id}` has no bug `{}`", args.bug));
        let known = module.bugs.iter().map(|it| it.id.as_str());
        return Err(match suggest::did_you_mean(&args.bug, known) {
            Some(hint) => error.hinted(hint),
            None => error.hinted(format!(
                "`mastery bug list {}` shows those that there are",
                module.shown
            )),
        });
    };
    let Some(document) = &bug.document else {
        let error = Error::user(format!("`{}` can't be read", bug.shown));
        return Err(error.hinted("`mastery lint` says why"));
    };
    let solved = State::Solved(&module.id).solved_modules(&checked.curriculum);
    let reference = checked.project.build(&solved);
    let mut out = anstream::stdout().lock();
    print_words(&mut out, &bug.shown, &document.value)?;
    print_patch(&mut out, bug, &reference)?;
    if let Some(rewrite) = &document.value.inject.rewrite {
        let compiled = CompiledRewrite::compile(rewrite);
        let rewritten = |tree: &Tree| match &compiled {
            Ok(compiled) => compiled.apply(tree).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        print_change(
            &mut out,
            "rewrite of the reference",
            &reference,
            rewritten(&reference),
        )?;
        for variant in &module.variants {
            if let Some(reason) = rewrite.not_applicable.get(&variant.name) {
                let reason = Err(format!("not applicable: {reason}"));
                print_change(
                    &mut out,
                    &format!("rewrite of `{}`", variant.name),
                    &reference,
                    reason,
                )?;
            } else if let Ok(project) = checked.project.with_variant(variant) {
                let tree = project.build(&solved);
                let result = rewritten(&tree);
                print_change(
                    &mut out,
                    &format!("rewrite of `{}`", variant.name),
                    &tree,
                    result,
                )?;
            }
        }
    }
    Ok(ExitCode::Success)
}

fn print_words(out: &mut dyn Write, shown: &str, bug: &BugManifest) -> io::Result<()> {
    writeln!(
        out,
        "{HEADING}{}{HEADING:#}  {shown}",
        escape::text(bug.title.as_str())
    )?;
    section(out, "symptom", bug.symptom.as_str())?;
    for (index, hint) in bug.hints.iter().enumerate() {
        section(out, &format!("hint {}", index + 1), hint.as_str())?;
    }
    if let Some(lesson) = &bug.lesson {
        section(out, "lesson", lesson.as_str())?;
    }
    let mut expected = String::new();
    for test in &bug.expect.fail {
        let verb = match bug.expect.outcome {
            ExpectedOutcome::Failed => "fails",
            ExpectedOutcome::TimedOut => "times out",
        };
        expected.push_str(&format!("{test} {verb}\n"));
    }
    for test in &bug.expect.may_fail {
        expected.push_str(&format!("{test} may fail\n"));
    }
    if let Some(message) = &bug.expect.message {
        expected.push_str(&format!("with a message that matches `{message}`\n"));
    }
    section(out, "expected", &expected)
}

fn print_patch(out: &mut dyn Write, bug: &Bug, reference: &Tree) -> io::Result<()> {
    let Some(source) = &bug.patch else {
        return Ok(());
    };
    let patched = Patch::parse(source)
        .and_then(|patch| patch.apply(reference))
        .map_err(|finding| finding.message);
    print_change(out, "patch", reference, patched)
}

/// Prints what an injection changes, or why it can't be made.
fn print_change(
    out: &mut dyn Write,
    title: &str,
    before: &Tree,
    after: Result<Tree, String>,
) -> io::Result<()> {
    let after = match after {
        Ok(after) => after,
        Err(reason) => return section(out, title, &reason),
    };
    writeln!(out, "\n{HEADING}{title}{HEADING:#}")?;
    for (path, entry) in after.iter() {
        let old = before.get(path).and_then(Entry::text).unwrap_or_default();
        let new = entry.text().unwrap_or_default();
        if old == new {
            continue;
        }
        for line in escape::text(&git::diff(path, old, new)).lines() {
            let style = match line.chars().next() {
                Some('+') => ADDED,
                Some('-') => REMOVED,
                Some('@') => PLACE,
                _ => Style::new(),
            };
            if !line.starts_with("diff ") && !line.starts_with("index ") {
                writeln!(out, "  {style}{line}{style:#}")?;
            }
        }
    }
    Ok(())
}

fn section(out: &mut dyn Write, title: &str, text: &str) -> io::Result<()> {
    writeln!(out, "\n{HEADING}{title}{HEADING:#}")?;
    for line in escape::text(text).trim_end().lines() {
        writeln!(out, "  {line}")?;
    }
    Ok(())
}
