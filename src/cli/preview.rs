//! `mastery preview`: what a learner sees of a module.

use std::fs::File;
use std::io::{self, Read as _, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use super::error::Error;
use super::global::GlobalArgs;
use super::{module, width};
use crate::exit_code::ExitCode;
use crate::preview::{LearnerView, ViewError, html, terminal};
use crate::project::Project;
use crate::project::export::replace_file;
use crate::source::path;

/// Columns where there is no terminal.
const DEFAULT_COLUMNS: usize = 80;

/// Show a module as its learner sees it: task, starter code, incidents and questions
#[derive(Args, Debug)]
pub(crate) struct PreviewArgs {
    /// The module: its id, `CURRICULUM/MODULE`, or its folder
    #[arg(value_name = "MODULE")]
    pub module: String,

    /// Write a page for browsers, which needs no other file; `-` stands for standard output
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
}

/// Runs the command.
pub(super) fn run_preview(args: &PreviewArgs, global: &GlobalArgs) -> Result<ExitCode, Error> {
    let base = std::env::current_dir()?;
    let picked = module::pick(&args.module, &base)?;
    let (project, _) = Project::parse(&picked.curriculum);
    let view = LearnerView::of(&picked.curriculum, &project, picked.module());
    let view = view.map_err(|error: ViewError| {
        Error::user(error.to_string()).hinted("`mastery lint` says what is wrong")
    })?;
    match &args.html {
        None => {
            let mut out = anstream::AutoStream::auto(io::stdout().lock());
            let columns = width::of_stdout().unwrap_or(DEFAULT_COLUMNS);
            terminal::render(&view, columns, &mut out)?;
            out.flush()?;
        }
        Some(file) if file.as_os_str() == "-" => {
            let mut out = io::stdout().lock();
            out.write_all(html::page(&view).as_bytes())?;
            out.flush()?;
        }
        Some(file) => {
            let target = path::absolute(file, &base);
            let shown = file.display();
            if target.is_dir() {
                return Err(Error::user(format!("`{shown}` is a folder")).hinted("name a file"));
            }
            if let Some(parent) = target.parent().filter(|parent| !parent.is_dir()) {
                let parent = path::shown(parent, &base);
                return Err(Error::user(format!("there is no folder `{parent}`")));
            }
            if is_other_file(&target) {
                return Err(
                    Error::user(format!("`{shown}` is no page, and would be lost"))
                        .hinted("name another file, or take this one away"),
                );
            }
            replace_file(&target, html::page(&view).as_bytes()).map_err(|error| {
                Error::user(format!("`{shown}` can't be written"))
                    .caused_by(error)
                    .hinted("name a file to be made, or `-` for standard output")
            })?;
            if !global.quiet {
                anstream::eprintln!("wrote `{shown}`");
            }
        }
    }
    Ok(ExitCode::Success)
}

/// Whether there is a file with something in it that is no page.
fn is_other_file(target: &Path) -> bool {
    let mut beginning = Vec::new();
    let length = html::BEGINNING.len() as u64;
    // Others than plain files are not opened, which could take forever.
    let read = target.is_file()
        && File::open(target)
            .and_then(|file| file.take(length).read_to_end(&mut beginning))
            .is_ok();
    read && !beginning.is_empty() && !beginning.eq_ignore_ascii_case(html::BEGINNING.as_bytes())
}
