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
use crate::project::export::replace_text;
use crate::project::state::State;
use crate::record::change::ChangedFile;
use crate::record::staging::{Staging, write_new};
use crate::source::read_text;
use crate::source::tree::Entry;

/// What every refusal ends with.
pub(super) const UNTOUCHED: &str = "nothing was written, and the edit is as it was";

/// A copy of the curriculum without the edit.
pub(super) fn staging_of(
    edited: &Checked,
    module: &Module,
    changed: &[ChangedFile],
) -> Result<Staging, Error> {
    Staging::new(&edited.curriculum, module, changed).map_err(|error| {
        Error::user("the curriculum can't be copied to a temporary folder")
            .caused_by(error)
            .hinted("set TMPDIR to a folder with more room")
            .hinted(UNTOUCHED)
    })
}

/// Refuses a module in whose folder no bug can be written, before anything is run.
pub(super) fn check_place(module: &Module) -> Result<(), Error> {
    match module.dir.join("bugs").symlink_metadata() {
        // A link would lead out of the curriculum.
        Ok(found) if !found.is_dir() => {
            let shown = &module.shown;
            Err(Error::user(format!("`{shown}/bugs` is no folder"))
                .hinted("bugs are written there: take it away, or make it a folder"))
        }
        _ => Ok(()),
    }
}

/// Writes the files of a new bug, both or none. The patch comes first, and is on disk before anything else happens:
/// it holds all of the edit.
pub(super) fn write_bug(
    module: &Module,
    name: &BugId,
    patch: &str,
    yaml: &str,
) -> Result<(), Error> {
    let write = |ending: &str, text: &str| {
        let path = module.dir.join(format!("bugs/{name}.{ending}"));
        let is_new = write_new(&path, text).map_err(|error| {
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
        Ok::<_, Error>(is_new.then_some(path))
    };
    let new_patch = write("patch", patch)?;
    write("yaml", yaml).inspect_err(|_| {
        if let Some(path) = new_patch {
            // Nothing names it, and it would be in the way of the next attempt.
            let _ = fs::remove_file(path);
        }
    })?;
    Ok(())
}

/// Writes the good state of the files that were edited, each whole or not at all.
pub(super) fn put_back(curriculum: &Curriculum, changed: &[ChangedFile]) -> Result<(), Error> {
    for file in changed {
        let path = curriculum.dir.join("project").join(&file.path);
        let shown = curriculum.shown_path(&format!("project/{}", file.path));
        // Another recording of the same edit may have been faster.
        let is_back = || read_text(&path, &shown).is_ok_and(|it| it.text() == file.good);
        if let Err(why) = replace_text(&path, &file.edited, &file.good)
            && !is_back()
        {
            let error = Error::user(format!("`{shown}` is left as it is: {why}"));
            return Err(error.hinted(
                "the bug is written; run the same command again to put the reference back",
            ));
        }
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
    is_dry_run: bool,
    global: &GlobalArgs,
) -> Result<ExitCode, Error> {
    let staging = staging_of(edited, module, changed)?;
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
    let what = if is_dry_run {
        "all that is left to do is to put the reference back"
    } else {
        put_back(&edited.curriculum, changed)?;
        "the reference is back"
    };
    if !global.quiet {
        let mut out = anstream::stdout().lock();
        writeln!(out, "`{name}` was recorded already; {what}")?;
    }
    Ok(ExitCode::Success)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_files_of_a_bug_are_written_or_none() {
        let dir = tempfile::tempdir().unwrap();
        let bugs = dir.path().join("modules/m/bugs");
        fs::create_dir_all(bugs.join("b.yaml")).unwrap();
        let curriculum = curriculum::load(dir.path(), dir.path(), &Sink::new());
        let module = curriculum.module("m").unwrap();
        let name = BugId::try_from("b").unwrap();
        assert!(write_bug(module, &name, "patch", "yaml").is_err());
        assert!(!bugs.join("b.patch").exists());
        // That of an earlier attempt was there before.
        fs::write(bugs.join("b.patch"), "patch").unwrap();
        assert!(write_bug(module, &name, "patch", "yaml").is_err());
        assert!(bugs.join("b.patch").exists());
        fs::remove_dir(bugs.join("b.yaml")).unwrap();
        write_bug(module, &name, "patch", "yaml").unwrap();
        assert_eq!(fs::read_to_string(bugs.join("b.yaml")).unwrap(), "yaml");
    }
    use crate::curriculum;
    use crate::diagnostic::Sink;

    #[test]
    fn reference_that_is_back_already_is_no_error_and_other_text_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("project/a.py");
        fs::create_dir(dir.path().join("project")).unwrap();
        let curriculum = curriculum::load(dir.path(), dir.path(), &Sink::new());
        let changed = [ChangedFile {
            path: "a.py".to_owned(),
            good: "1".to_owned(),
            edited: "2".to_owned(),
        }];
        for (found, left) in [("2", "1"), ("1", "1"), ("3", "3")] {
            fs::write(&path, found).unwrap();
            assert_eq!(put_back(&curriculum, &changed).is_ok(), left == "1");
            assert_eq!(fs::read_to_string(&path).unwrap(), left);
        }
    }
}
