//! `mastery import`: brings in a curriculum of the older `manifest.json` layout.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;

use super::error::Error;
use super::global::GlobalArgs;
use crate::curriculum::MANIFEST;
use crate::curriculum::id::CurriculumId;
use crate::curriculum::schema_line::Schemas;
use crate::diagnostic::escape;
use crate::exit_code::ExitCode;
use crate::import::{self, Folder, Import, ImportError, Kind, Sources};
use crate::plural::count;
use crate::project::export::{Existing, ExportError, export};
use crate::run::interrupt::Interrupt;
use crate::source::path;

/// Bring in a curriculum of the older `manifest.json` layout
///
/// What can be understood is imported; what can't is kept aside under `imported/`. `import-report.md` names
/// everything with its file, line and reason. Then `mastery check` tells the truth about it.
#[derive(Args, Debug)]
pub(crate) struct ImportArgs {
    /// The folder with the `manifest.json`
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,

    /// Where to write it, such as `curricula/ID`; the name of the folder is its id
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,

    /// The solved project
    #[arg(long, value_name = "DIR")]
    pub reference: Option<PathBuf>,

    /// The project as learners begin with it
    #[arg(long, value_name = "DIR")]
    pub starter: Option<PathBuf>,

    /// Tests that all modules share; they become `project/tests`
    #[arg(long, value_name = "DIR")]
    pub tests: Option<PathBuf>,

    /// Print the report and write nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Runs the command.
pub(super) fn run_import(args: &ImportArgs, global: &GlobalArgs) -> Result<ExitCode, Error> {
    let base = std::env::current_dir()?;
    let out = path::absolute(&args.out, &base);
    let name = out.file_name().unwrap_or_default().to_string_lossy();
    let id = CurriculumId::try_from(&*name).map_err(|error| {
        Error::user(error.to_string())
            .hinted("the folder that `--out` names is the curriculum's id")
    })?;
    let sources = read_sources(args, &base, &out)?;
    let imported = import::import(&sources, &id, &way_to_schemas(&out)).map_err(|error| {
        let shown = Error::user(error.to_string());
        match error {
            ImportError::NoModule(_) => shown.hinted(
                "that is a folder with a `manifest.json`, or with folders that hold a `build_prompt.txt`, \
                 `validator.sh` or `justify_questions.json`",
            ),
            ImportError::Collision(_) => shown.hinted("rename one of them"),
        }
    })?;
    if args.dry_run {
        anstream::stdout().write_all(imported.report.as_bytes())?;
        return Ok(ExitCode::Success);
    }
    // Held back while files are put in place: all of them, or none.
    let _signals = Interrupt::on_signals()?;
    export(&imported.tree, &out, Existing::Keep).map_err(|error| {
        let shown = Error::user(error.to_string());
        match error {
            ExportError::NotEmpty(_) | ExportError::InTheWay(_) => {
                shown.hinted("name another folder")
            }
            ExportError::Io { .. } => shown,
        }
    })?;
    if !global.quiet {
        summary(&imported, &path::shown(&out, &base));
    }
    Ok(ExitCode::Success)
}

/// Says what was done, and what to do next.
fn summary(imported: &Import, out: &str) {
    let counts = imported.counts;
    let told = |kind| {
        imported
            .told
            .iter()
            .filter(|told| told.kind == kind)
            .count() as u64
    };
    let out = escape::text(out);
    anstream::eprintln!(
        "imported {} and {} into `{out}`",
        count(counts.modules as u64, "module"),
        count(counts.bugs as u64, "bug"),
    );
    anstream::eprintln!(
        "{} to decide, {} put right, {} kept aside, {} not read: see `{out}/import-report.md`",
        told(Kind::Decide),
        told(Kind::Changed),
        told(Kind::Aside),
        told(Kind::Unread),
    );
    anstream::eprintln!("next: `mastery check {out}`");
}

/// Reads all folders that were named. One inside of another is read once.
fn read_sources(args: &ImportArgs, base: &Path, out: &Path) -> Result<Sources, Error> {
    let dir = folder_at(&args.dir, base)?;
    if is_inside(out, &dir) {
        return Err(Error::user("`--out` is in the folder that is imported")
            .hinted("name a place outside of it"));
    }
    let at = |typed: &Option<PathBuf>| -> Result<Option<PathBuf>, Error> {
        let Some(typed) = typed else {
            return Ok(None);
        };
        let other = folder_at(typed, base)?;
        if is_inside(out, &other) || is_inside(&dir, &other) {
            let message = format!("`{}` holds what is imported", typed.display());
            return Err(Error::user(message).hinted("name folders beside each other"));
        }
        Ok(Some(other))
    };
    let (reference, starter, tests) = (at(&args.reference)?, at(&args.starter)?, at(&args.tests)?);
    let all: Vec<_> = [
        Some(&dir),
        reference.as_ref(),
        starter.as_ref(),
        tests.as_ref(),
    ]
    .into_iter()
    .flatten()
    .collect();
    let read = |dir: &PathBuf| {
        let mut folder = Folder::read(dir, path::shown(dir, base));
        let inner = all.iter().filter_map(|other| way_to(other, dir));
        for inner in inner.filter(|inner| !inner.as_os_str().is_empty()) {
            folder.without(&inner.to_string_lossy());
        }
        folder
    };
    Ok(Sources {
        curriculum: read(&dir),
        reference: reference.as_ref().map(read),
        starter: starter.as_ref().map(read),
        tests: tests.as_ref().map(read),
    })
}

fn folder_at(typed: &Path, base: &Path) -> Result<PathBuf, Error> {
    let dir = path::absolute(typed, base);
    if dir.is_dir() {
        Ok(dir)
    } else if dir.exists() {
        Err(Error::user(format!("`{}` is no folder", typed.display())))
    } else {
        Err(Error::user(format!("there is no `{}`", typed.display())))
    }
}

/// Whether a path is a folder or below it.
fn is_inside(path: &Path, folder: &Path) -> bool {
    way_to(path, folder).is_some()
}

/// The way to a path from a folder that it is in, links followed as far as the path exists; empty for the folder
/// itself.
fn way_to(path: &Path, folder: &Path) -> Option<PathBuf> {
    let real = |path: &Path| {
        let existing = path.ancestors().find(|it| it.exists())?;
        let rest = path.strip_prefix(existing).ok()?;
        Some(existing.canonicalize().ok()?.join(rest))
    };
    let real = |path: &Path| real(path).unwrap_or_else(|| path.to_owned());
    let way = real(path).strip_prefix(real(folder)).ok()?.to_owned();
    Some(way)
}

/// The way from a curriculum to the schemas that editors read; where there are none, to where they usually are.
fn way_to_schemas(out: &Path) -> String {
    let schemas = Schemas::of(out, None);
    if schemas.is_missing {
        "../../schemas/".to_owned()
    } else {
        format!("{}/", schemas.seen_from(MANIFEST))
    }
}
