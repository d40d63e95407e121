//! `mastery explain`: what a rule does, why, and what to write instead.

use std::io::Write;

use anstyle::Style;
use clap::Args;

use super::error::Error;
use crate::exit_code::ExitCode;
use crate::lint::reference;
use crate::lint::rule::RuleMeta;
use crate::lint::{meta_of, rules};
use crate::suggest;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// Explain a rule of `mastery lint`, or list all rules
#[derive(Args, Debug)]
pub(crate) struct ExplainArgs {
    /// The rule
    #[arg(value_name = "RULE")]
    pub rule: Option<String>,

    /// Print the reference of all rules as Markdown
    #[arg(long, conflicts_with = "rule")]
    pub markdown: bool,
}

/// Runs the command.
pub(super) fn run_explain(args: &ExplainArgs) -> Result<ExitCode, Error> {
    let mut out = anstream::AutoStream::auto(std::io::stdout().lock());
    match &args.rule {
        _ if args.markdown => write!(out, "{}", reference::markdown())?,
        None => list(&mut out)?,
        Some(name) => match meta_of(name) {
            Some(meta) => explain(meta, &mut out)?,
            None => return Err(unknown(name)),
        },
    }
    out.flush()?;
    Ok(ExitCode::Success)
}

fn unknown(name: &str) -> Error {
    let error = Error::user(format!("there is no rule `{name}`"));
    let names = rules::ALL.iter().map(|rule| rule.meta().name);
    match suggest::did_you_mean(name, names) {
        Some(hint) => error.hinted(hint),
        None => error.hinted("`mastery explain` lists all rules"),
    }
}

fn list(out: &mut dyn Write) -> std::io::Result<()> {
    let width = rules::ALL.iter().map(|rule| rule.meta().name.len()).max();
    let width = width.unwrap_or_default();
    let mut group = None;
    for meta in rules::ALL.iter().map(|rule| rule.meta()) {
        if group != Some(meta.group) {
            let gap = if group.is_some() { "\n" } else { "" };
            writeln!(out, "{gap}{BOLD}{}{BOLD:#}", meta.group.title())?;
            group = Some(meta.group);
        }
        let severity = meta.severity.word();
        writeln!(
            out,
            "  {:width$}  {DIM}{severity:7}{DIM:#}  {}",
            meta.name,
            meta.summary()
        )?;
    }
    Ok(())
}

/// Prints a rule's documentation: headings in bold, examples set in.
fn explain(meta: &RuleMeta, out: &mut dyn Write) -> std::io::Result<()> {
    let severity = meta.severity.word();
    let since = meta.since;
    writeln!(
        out,
        "{BOLD}{}{BOLD:#} ({severity}, since {since})\n",
        meta.name
    )?;
    let mut is_code = false;
    for line in meta.lines() {
        if line.starts_with("```") {
            is_code = !is_code;
        } else if is_code {
            writeln!(out, "    {line}")?;
        } else if let Some(heading) = line.strip_prefix("## ") {
            writeln!(out, "{BOLD}{heading}{BOLD:#}")?;
        } else {
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}
