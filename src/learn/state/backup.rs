//! A second copy of the database, which is whole at any time.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::time::Duration;

use rusqlite::backup::Backup;
use rusqlite::{Connection, OpenFlags};

use super::database::{self, Look, OpenError, beside, check_kind, state_error};
use super::error::StateError;
use super::record::Time;
use super::schema;

/// The copy in `.mastery`.
pub(super) const FILE: &str = "state.backup.db";

/// Locked while a copy is made, so that an older one never takes the place of a newer one.
const LOCK: &str = "backup.lock";

/// A copy that is being made. One that a kill has left is written over.
const UNFINISHED: &str = "state.backup.db.new";

/// What is known of a backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// How many changes it holds.
    pub(super) revision: i64,
    /// When it was made.
    pub(super) made: Time,
    /// How many attempts and answers it holds.
    pub(super) records: u64,
}

/// Copies the database of `.mastery` as it is now.
pub(super) fn make(connection: &Connection, folder: &Path) -> Result<(), StateError> {
    let path = folder.join(UNFINISHED);
    let place = |error| StateError::Place {
        path: path.clone(),
        error,
    };
    let lock = File::create(folder.join(LOCK)).map_err(place)?;
    match lock.lock() {
        Err(error) if error.kind() != io::ErrorKind::Unsupported => return Err(place(error)),
        _ => {}
    }
    clear(&path).map_err(place)?;
    if !copy(connection, &path).map_err(|error| state_error(&path, error))? {
        return Err(StateError::Damaged {
            path: folder.join(super::open::FILE),
            detail: "a copy of it is not sound".to_owned(),
        });
    }
    File::open(&path)
        .and_then(|file| file.sync_all())
        .and_then(|()| fs::rename(&path, folder.join(FILE)))
        .and_then(|()| sync_folder(folder))
        .map_err(place)
}

/// Whether the copy is sound; one that is not must not take the place of one that is.
fn copy(from: &Connection, path: &Path) -> rusqlite::Result<bool> {
    let mut to = Connection::open(path)?;
    // Nothing reads it before it is whole and on the disk.
    to.execute_batch("PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF;")?;
    // All pages in one step: a copy of one moment, whoever writes meanwhile.
    Backup::new(from, &mut to)?.run_to_completion(i32::MAX, Duration::from_millis(1), None)?;
    // The copy says that it is in WAL mode as the original is; then it would not be one file.
    let _: String = to.query_row("PRAGMA journal_mode = DELETE", (), |row| row.get(0))?;
    to.execute_batch("PRAGMA journal_mode = OFF;")?;
    to.execute("UPDATE meta SET backed_up = ?1", [Time::now().millis()])?;
    // A small one was looked at when it was opened.
    let is_sound = database::is_small(&to)? || database::is_sound(&to)?;
    to.close().map_err(|(_, error)| error)?;
    Ok(is_sound)
}

/// Looks at the backup of `.mastery` as far as it takes to know whether it is newer than the database.
pub(super) fn peek(folder: &Path) -> Option<i64> {
    let connection = open_to_read(&folder.join(FILE)).ok()?;
    database::revision(&connection).ok()
}

/// Looks at all of a database that is to be gone on with. `None` when it can't be, or is empty.
///
/// # Errors
///
/// [`StateError::Newer`].
pub(super) fn examine(path: &Path) -> Result<Option<Found>, StateError> {
    if !path.is_file() {
        return Ok(None);
    }
    let Ok(connection) = open_to_read(path) else {
        return Ok(None);
    };
    match check_kind(path, &connection) {
        Ok(()) => {}
        Err(OpenError::Failed(error @ StateError::Newer { .. })) => return Err(error),
        Err(_) => return Ok(None),
    }
    Ok(found(&connection).unwrap_or(None))
}

fn found(connection: &Connection) -> rusqlite::Result<Option<Found>> {
    let is_latest = schema::version(connection)? == schema::latest();
    if is_latest && database::check_content(connection, Look::Whole)?.is_some() {
        return Ok(None);
    }
    let sound: String = connection.query_row("PRAGMA integrity_check(1)", (), |row| row.get(0))?;
    if sound != "ok" {
        return Ok(None);
    }
    let made: Option<i64> =
        connection.query_row("SELECT backed_up FROM meta", (), |row| row.get(0))?;
    Ok(Some(Found {
        revision: database::revision(connection)?,
        made: Time::from_millis(made.unwrap_or(0)),
        records: records(connection)?,
    }))
}

/// How many attempts and answers a database holds, as far as that can be told of one that is damaged.
pub(super) fn count_records(path: &Path) -> Option<u64> {
    // Not for reading alone: what is in the log beside it counts too.
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE).ok()?;
    records(&connection).ok()
}

fn records(connection: &Connection) -> rusqlite::Result<u64> {
    let sql = "SELECT (SELECT count(*) FROM attempts) + (SELECT count(*) FROM answers)";
    let number: i64 = connection.query_row(sql, (), |row| row.get(0))?;
    Ok(number.unsigned_abs())
}

fn open_to_read(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(path, flags)
}

/// Puts a backup in the place of a database that is no longer there.
pub(super) fn restore(folder: &Path, database: &Path) -> io::Result<()> {
    let copy = beside(database, ".new");
    clear(&copy)?;
    fs::copy(folder.join(FILE), &copy)?;
    File::open(&copy)?.sync_all()?;
    fs::rename(&copy, database)?;
    sync_folder(folder)
}

/// Removes what is in the way of a file.
fn clear(path: &Path) -> io::Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Sees to it that names in a folder survive a power cut.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
