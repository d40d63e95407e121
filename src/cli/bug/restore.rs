//! Writing a bug, and putting the reference back, so that the author's edit is at all times in one place or the other.

use std::fs;
use std::io;
use std::io::Write as _;

use crate::cli::error::Error;
use crate::cli::global::GlobalArgs;
use crate::cli::select::Checked;
use crate::curriculum::id::BugId;
use crate::curriculum::{Curriculum, Module};
use crate::exit_code::ExitCode;
use crate::inject::patch::Patch;
use crate::project::Project;
use crate::project::export::replace_file;
use crate::project::state::State;
use crate::record::change::ChangedFile;
use crate::record::staging::{Staging, write_new};
use crate::source::tree::Entry;

/// What every refusal ends with.
pub(super) const UNTOUCHED: &str = "nothing was written, and the edit is as it was";

/// Writes the files of a new bug. The patch comes first, and is on disk before anything else happens: it holds all of
/// the edit.
pub(super) fn write_bug(
    module: &Module,
    name: &BugId,
    patch: &str,
    yaml: &str,
) -> Result<(), Error> {
    for (ending, text) in [("patch", patch), ("yaml", yaml)] {
        let path = module.dir.join(format!("bugs/{name}.{ending}"));
        write_new(&path, text).map_err(|error| {
            let shown = format!("{}/bugs/{name}.{ending}", module.shown);
            match error.kind() {
                io::ErrorKind::AlreadyExists => {
                    Error::user(format!("there is a `{shown}` already"))
                        .hinted("give the bug another name; the edit is as it was")
                }
                _ => Error::user(format!("`{shown}` can't be written"))
                    .caused_by(error)
                    .hinted("the edit is as it was"),
            }
        })?;
    }
    Ok(())
}

/// Writes the good state of the files that were edited, each whole or not at all.
pub(super) fn put_back(curriculum: &Curriculum, changed: &[ChangedFile]) -> Result<(), Error> {
    for file in changed {
        let path = curriculum.dir.join("project").join(&file.path);
        let shown = curriculum.shown_path(&format!("project/{}", file.path));
        let failed = |why: String| {
            Error::user(format!("`{shown}` is left as it is: {why}"))
                .hinted("the bug is written; run the same command again to put the reference back")
        };
        let on_disk = fs::read(&path).map_err(|error| failed(error.to_string()))?;
        if on_disk != file.edited.as_bytes() {
            return Err(failed("it was changed in the meantime".to_owned()));
        }
        let permissions = fs::metadata(&path).map(|it| it.permissions());
        replace_file(&path, file.good.as_bytes())
            .and_then(|()| fs::set_permissions(&path, permissions?))
            .map_err(|error| failed(error.to_string()))?;
    }
    Ok(())
}

/// Goes on where an earlier recording was killed between the bug and the reference: what is still changed
/// is what the bug's patch does.
pub(super) fn finish(
    edited: &Checked,
    module: &Module,
    name: &BugId,
    changed: &[ChangedFile],
    global: &GlobalArgs,
) -> Result<ExitCode, Error> {
    let staging = Staging::new(&edited.curriculum, module, changed)?;
    let good = staging.load();
    let (project, _) = Project::parse(&good);
    let solved = |curriculum| State::Solved(&module.id).solved_modules(curriculum);
    let now = edited.project.build(&solved(&edited.curriculum));
    let patch = module.bugs.iter().find(|bug| bug.id == *name);
    let patched = patch
        .and_then(|bug| Patch::parse(bug.patch.as_ref()?).ok())
        .and_then(|patch| patch.apply(&project.build(&solved(&good))).ok());
    let is_recorded = |file: &ChangedFile| {
        let recorded = patched.as_ref().and_then(|tree| tree.get(&file.path));
        recorded.and_then(Entry::text) == now.get(&file.path).and_then(Entry::text)
    };
    if !changed.iter().all(is_recorded) {
        return Err(
            Error::user(format!("`{}` has a bug `{name}` already", module.id))
                .hinted("give this one another name"),
        );
    }
    put_back(&edited.curriculum, changed)?;
    if !global.quiet {
        let mut out = anstream::stdout().lock();
        writeln!(out, "`{name}` was recorded already; the reference is back")?;
    }
    Ok(ExitCode::Success)
}
