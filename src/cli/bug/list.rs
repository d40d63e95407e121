//! `mastery bug list`: which bugs there are.

use std::io::Write as _;
use std::path::PathBuf;

use clap::Args;

use crate::cli::error::Error;
use crate::cli::module;
use crate::cli::select::{self, Checked};
use crate::curriculum::{Bug, Module};
use crate::diagnostic::escape;
use crate::exit_code::ExitCode;
use crate::plural::count;

/// List bugs: how each is injected, and which tests have to catch it
#[derive(Args, Debug)]
pub(crate) struct ListArgs {
    /// Modules by their names, or curricula, modules or folders of curricula [default: `curricula`]
    #[arg(value_name = "MODULE|PATH")]
    what: Vec<PathBuf>,
}

/// Runs the command.
pub(super) fn run_list(args: &ListArgs) -> Result<ExitCode, Error> {
    let base = std::env::current_dir()?;
    let selections = module::select_all(&args.what, &base)?;
    let checked = select::check_rules(&selections, &base, &[]);
    let mut out = anstream::stdout().lock();
    let mut bugs = 0;
    for checked in &checked {
        let name = checked.curriculum.name();
        for module in modules(checked) {
            for bug in &module.bugs {
                bugs += 1;
                writeln!(out, "{}", line(&name, module, bug))?;
            }
        }
    }
    if bugs == 0 {
        return Err(Error::nothing_selected("there are no bugs here")
            .hinted("`mastery bug record MODULE NAME` makes one from an edit of the reference"));
    }
    Ok(ExitCode::Success)
}

fn modules(checked: &Checked) -> impl Iterator<Item = &Module> {
    let only = checked.only_modules();
    let modules = checked.curriculum.modules.iter();
    modules.filter(move |module| only.as_ref().is_none_or(|only| only.contains(&module.id)))
}

fn line(curriculum: &str, module: &Module, bug: &Bug) -> String {
    let id = format!("{curriculum}/{}/{}", module.id, bug.id);
    let Some(document) = &bug.document else {
        return format!("{id}  (can't be read; `mastery lint` says why)");
    };
    let manifest = &document.value;
    let mut ways = Vec::new();
    if manifest.inject.patch.is_some() {
        ways.push("patch".to_owned());
    }
    if let Some(rewrite) = &manifest.inject.rewrite {
        let left_out = rewrite.not_applicable.len();
        let fits = module.variants.len().saturating_sub(left_out);
        ways.push(format!(
            "rewrite on {fits} of {}",
            count(module.variants.len() as u64, "variant")
        ));
    }
    let tests = count(manifest.expect.fail.len() as u64, "test");
    let title = escape::text(manifest.title.as_str());
    format!("{id}  {title} ({}; caught by {tests})", ways.join(", "))
}
