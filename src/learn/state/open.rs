//! Opening the state, whatever has become of its files.
//!
//! Every process that has the state open holds a shared lock. What is damaged is only set aside under the exclusive one:
//! whoever still wrote to a file that was moved away would report what is then lost.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::backup;
use super::database::{self, Look, OpenError, beside};
use super::error::{Notice, StateError};
use super::lock::is_at;

/// The database in `.mastery`.
pub(super) const FILE: &str = "state.db";

/// Lies in `.mastery` when something was found to be wrong with the database while it was used.
const SUSPECT: &str = "state.suspect";

/// The file that is locked by whoever has the database open.
const LOCK: &str = "state.lock";

/// How long others may take to finish before damage is told instead of mended.
const PATIENCE: Duration = Duration::from_secs(2);

/// How often it is looked whether they have.
const PAUSE: Duration = Duration::from_millis(20);

/// How often it is tried to mend a database. Each time another process could only have damaged it anew.
const TRIES: usize = 3;

/// An open database.
#[derive(Debug)]
pub(super) struct Opened {
    /// Where it is.
    pub(super) path: PathBuf,
    /// The connection to it.
    pub(super) connection: Connection,
    /// The shared lock; `None` on a file system without locks.
    pub(super) lock: Option<File>,
    /// What the learner has to be told.
    pub(super) notices: Vec<Notice>,
}

/// Opens the database of a folder `.mastery`, which is made when missing.
pub(super) fn open(folder: &Path) -> Result<Opened, StateError> {
    make_folder(folder)?;
    let path = folder.join(FILE);
    let mut notices = Vec::new();
    let mut problem = String::new();
    for _ in 0..TRIES {
        let lock = lock_shared(folder)?;
        match look(folder, &path) {
            Ok(connection) => {
                if let Err(error) = refresh_backup(folder, &connection) {
                    notices.push(Notice::NoBackup {
                        why: error.to_string(),
                    });
                }
                return Ok(Opened {
                    path,
                    connection,
                    lock,
                    notices,
                });
            }
            Err(OpenError::Failed(error)) => return Err(error),
            Err(OpenError::Unusable(found)) => problem = found,
        }
        drop(lock);
        let Some(_lock) = lock_alone(folder)? else {
            break;
        };
        // Another process may have mended it in between.
        match look(folder, &path) {
            Ok(_) => {}
            Err(OpenError::Failed(error)) => return Err(error),
            Err(OpenError::Unusable(problem)) => mend(folder, &path, problem, &mut notices)?,
        }
    }
    Err(StateError::Damaged {
        path,
        detail: format!("it {problem}, and another process is using it"),
    })
}

/// Opens the database if it is what it should be: sound, and not older than its backup.
fn look(folder: &Path, path: &Path) -> Result<Connection, OpenError> {
    let backup = backup::peek(folder);
    if backup.is_some() && !is_there(path) {
        return Err(OpenError::Unusable("is gone".to_owned()));
    }
    let suspect = folder.join(SUSPECT);
    let is_suspect = is_there(&suspect);
    let depth = if is_suspect { Look::Whole } else { Look::Quick };
    let connection = database::open(path, depth)?;
    if is_suspect {
        // Where it can't be removed, all is looked at again the next time.
        let _ = fs::remove_file(suspect);
    }
    let revision =
        database::revision(&connection).map_err(|error| database::state_error(path, error))?;
    // A backup that is damaged may say anything.
    let is_behind = backup.is_some_and(|backup| backup > revision)
        && backup::examine(&folder.join(backup::FILE))?.is_some_and(|it| it.revision > revision);
    if is_behind {
        let problem = "has lost what was written last";
        return Err(OpenError::Unusable(problem.to_owned()));
    }
    Ok(connection)
}

/// Sees to it that the database is looked at whole when it is opened next.
pub(super) fn suspect(folder: &Path) {
    // Without the file it may take longer to be found.
    let _ = File::create(folder.join(SUSPECT));
}

/// Makes the backup anew when it lacks something: a kill came between, or somebody has removed it.
fn refresh_backup(folder: &Path, connection: &Connection) -> Result<(), StateError> {
    let is_current = match (backup::peek(folder), database::revision(connection)) {
        (Some(backup), Ok(revision)) => backup >= revision,
        // Nothing was written yet.
        (None, Ok(0)) => true,
        _ => false,
    };
    if is_current {
        Ok(())
    } else {
        backup::make(connection, folder)
    }
}

/// Sets the database aside and goes on from its backup, or anew.
fn mend(
    folder: &Path,
    path: &Path,
    problem: String,
    notices: &mut Vec<Notice>,
) -> Result<(), StateError> {
    let place = |error| StateError::Place {
        path: path.to_owned(),
        error,
    };
    // First of all, since a backup of a newer version means that all is left as it is.
    let kept = folder.join(backup::FILE);
    let found = backup::examine(&kept)?;
    let aside = set_aside(folder, path).map_err(place)?;
    notices.push(Notice::SetAside {
        problem,
        file: aside.clone(),
    });
    let Some(found) = found else {
        if is_there(&kept) {
            fs::rename(&kept, free_name(folder, ".backup.db").1).map_err(place)?;
        }
        notices.push(Notice::StartedAnew);
        return Ok(());
    };
    backup::restore(folder, path).map_err(place)?;
    let lost = aside
        .and_then(|aside| backup::count_records(&folder.join(aside)))
        // One that holds less than the backup can't tell what it has lost.
        .and_then(|records| records.checked_sub(found.records));
    notices.push(Notice::Restored {
        from: found.made,
        lost,
    });
    Ok(())
}

/// Gives the database and what is beside it other names. Returns the first; `None` when there was no database.
fn set_aside(folder: &Path, path: &Path) -> io::Result<Option<String>> {
    let (name, aside) = free_name(folder, ".db");
    // The index of the log is made from the log.
    if let Err(error) = fs::remove_file(beside(path, "-shm"))
        && error.kind() != io::ErrorKind::NotFound
    {
        fs::rename(beside(path, "-shm"), beside(&aside, "-shm"))?;
    }
    // The log would be taken for one of the restored database. The database goes first: when a kill comes between, it is
    // gone, and what is left of it comes here again.
    let was_there = is_there(path);
    if was_there {
        fs::rename(path, &aside)?;
    }
    if is_there(&beside(path, "-wal")) {
        fs::rename(beside(path, "-wal"), beside(&aside, "-wal"))?;
    }
    backup::sync_folder(folder)?;
    Ok(was_there.then_some(name))
}

/// Returns a name for what is set aside, and where that is.
fn free_name(folder: &Path, ending: &str) -> (String, PathBuf) {
    let names = (1_u32..).map(|number| format!("state.damaged-{number}{ending}"));
    names
        .map(|name| (name.clone(), folder.join(name)))
        .find(|(_, path)| !is_there(path))
        .expect("there are not that many")
}

fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

fn make_folder(folder: &Path) -> Result<(), StateError> {
    let place = |error| StateError::Place {
        path: folder.to_owned(),
        error,
    };
    if folder.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(folder).map_err(place)?;
    match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => {
            backup::sync_folder(parent).map_err(place)
        }
        _ => Ok(()),
    }
}

/// Returns the shared lock, after waiting for whoever mends the database.
fn lock_shared(folder: &Path) -> Result<Option<File>, StateError> {
    let path = folder.join(LOCK);
    loop {
        let file = lock_file(&path)?;
        match file.lock_shared() {
            Ok(()) if is_at(&file, &path) => return Ok(Some(file)),
            // Removed by hand in between.
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::Unsupported => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(StateError::Place { path, error }),
        }
    }
}

/// Returns the exclusive lock; `None` when others go on using the database.
fn lock_alone(folder: &Path) -> Result<Option<File>, StateError> {
    let path = folder.join(LOCK);
    let begin = Instant::now();
    loop {
        let file = lock_file(&path)?;
        match file.try_lock() {
            Ok(()) if is_at(&file, &path) => return Ok(Some(file)),
            Ok(()) => {}
            // Without locks nobody can tell who else is there, and the learner is waiting.
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                return Ok(Some(file));
            }
            Err(TryLockError::Error(error)) => return Err(StateError::Place { path, error }),
            Err(TryLockError::WouldBlock) if begin.elapsed() > PATIENCE => return Ok(None),
            Err(TryLockError::WouldBlock) => thread::sleep(PAUSE),
        }
    }
}

fn lock_file(path: &Path) -> Result<File, StateError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    options.open(path).map_err(|error| match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            StateError::ReadOnly {
                path: path.to_owned(),
            }
        }
        _ => StateError::Place {
            path: path.to_owned(),
            error,
        },
    })
}
