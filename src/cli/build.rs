//! `mastery build`: writes a built state of a project.

use std::path::PathBuf;

use clap::Args;

use super::error::Error;
use super::global::GlobalArgs;
use super::output;
use super::select;
use crate::curriculum::MANIFEST;
use crate::curriculum::id::ModuleId;
use crate::diagnostic::Severity;
use crate::exit_code::ExitCode;
use crate::plural::count;
use crate::project::export::{Existing, ExportError, export};
use crate::project::state::{Solved, State};
use crate::report::Report;
use crate::source::path;

/// Write the starter, a solved state or the complete project, without marks
///
/// Without `--at` and `--complete` it is what a learner starts the curriculum with. The same input
/// gives the same bytes on every machine.
#[derive(Args, Debug)]
pub(crate) struct BuildArgs {
    /// The curriculum
    #[arg(value_name = "CURRICULUM")]
    pub curriculum: PathBuf,

    /// Where to write it
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,

    /// Write what a learner has when this module begins
    #[arg(long, value_name = "MODULE", conflicts_with = "complete")]
    pub at: Option<String>,

    /// With `--at`: write what a learner has when the module is done
    #[arg(long, requires = "at")]
    pub solved: bool,

    /// Write everything solved
    #[arg(long)]
    pub complete: bool,

    /// Replace files that are there already; others are left alone
    #[arg(long)]
    pub force: bool,
}

/// Runs the command.
pub(super) fn run_build(args: &BuildArgs, global: &GlobalArgs) -> Result<ExitCode, Error> {
    let base = std::env::current_dir()?;
    let selections = select::select(std::slice::from_ref(&args.curriculum), &base)?;
    let [selection] = selections.as_slice() else {
        return Err(Error::user("that is more than one curriculum").hinted("name one of them"));
    };
    let checked = select::check(std::slice::from_ref(selection), &base).remove(0);
    let curriculum = &checked.curriculum;
    let is_broken = |path: &str| {
        let inner = curriculum.inner_path(path).unwrap_or(path);
        inner.starts_with("project/") || inner == MANIFEST
    };
    let broken: Vec<_> = checked
        .findings
        .iter()
        .filter(|it| it.severity == Severity::Error && is_broken(it.location.shown_path()))
        .cloned()
        .collect();
    if !broken.is_empty() {
        // What can't be read for certain is not built at all.
        let report = Report {
            diagnostics: broken,
            ..Report::default()
        };
        output::print(global, &report)?;
        return Ok(report.exit_code());
    }
    let Some(manifest) = &curriculum.manifest else {
        return Err(Error::user("the manifest can't be read").hinted("`mastery lint` says why"));
    };
    let module = match &args.at {
        None => None,
        Some(name) => {
            let known = || manifest.value.module_ids().map(|(id, _)| id);
            let found: Option<&ModuleId> = known().find(|id| id.as_str() == name);
            Some(found.ok_or_else(|| {
                let error = Error::user(format!("`{}` has no module `{name}`", curriculum.name()));
                match crate::suggest::did_you_mean(name, known().map(ModuleId::as_str)) {
                    Some(help) => error.hinted(help),
                    None => error,
                }
            })?)
        }
    };
    let solved = match (module, args.complete) {
        (_, true) => State::Complete.solved_modules(curriculum),
        (Some(module), _) if args.solved => State::Solved(module).solved_modules(curriculum),
        (Some(module), _) => State::Starter(module).solved_modules(curriculum),
        (None, false) => Solved::none(),
    };
    let tree = checked.project.build(&solved);
    let out = path::absolute(&args.out, &base);
    let existing = if args.force {
        Existing::Replace
    } else {
        Existing::Keep
    };
    export(&tree, &out, existing).map_err(|error| match error {
        ExportError::NotEmpty(_) => Error::user(error.to_string())
            .hinted("name another folder, or replace files in it with `--force`"),
        ExportError::InTheWay(_) => Error::user(error.to_string()).hinted("move it away"),
        ExportError::Io { .. } => Error::user(error.to_string()),
    })?;
    if !global.quiet {
        let files = count(tree.len() as u64, "file");
        anstream::eprintln!("wrote {files} to `{}`", args.out.display());
    }
    Ok(ExitCode::Success)
}
