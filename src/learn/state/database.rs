//! One database file: opened with the settings that keep what was reported, and looked at before it is trusted.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::error::StateError;
use super::schema::{self, APPLICATION_ID, OBJECTS, STEPS};

/// How long others may be in the way. Each holds the database for a few milliseconds; but SQLite lets those that wait try again
/// in no order, and on a machine that is busy the same one can come too late for seconds.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// A database of up to so many bytes is looked at whole whenever it is opened: up to two milliseconds. A larger one is
/// looked at when something was found to be wrong, and each time before it becomes the backup.
const SMALL: i64 = 512 * 1024;

/// How closely a database is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// All of it, whatever it takes.
    Whole,
    /// All of it if it is small.
    Quick,
}

/// Why a database was not opened.
#[derive(Debug)]
pub(super) enum OpenError {
    /// It is of no use any more: what is wrong, so that it reads after "the record".
    Unusable(String),
    /// It may be sound.
    Failed(StateError),
}

impl From<StateError> for OpenError {
    fn from(error: StateError) -> Self {
        Self::Failed(error)
    }
}

/// Opens a database, brings it to the latest version, and looks at it.
pub(super) fn open(path: &Path, look: Look) -> Result<Connection, OpenError> {
    for path in [path.to_owned(), beside(path, "-wal"), beside(path, "-shm")] {
        match fs::metadata(&path) {
            Ok(metadata) if !metadata.is_file() => {
                return Err(OpenError::Unusable("is not a file".to_owned()));
            }
            _ => {}
        }
    }
    let failed = |error| classify(path, error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let mut connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .map_err(failed)?;
    // Before anything of it is changed.
    connection.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
    check_kind(path, &connection)?;
    set_up(&connection).map_err(failed)?;
    schema::migrate(&mut connection, STEPS).map_err(failed)?;
    check_content(&connection, look)
        .map_err(failed)?
        .map_or(Ok(()), |problem| Err(OpenError::Unusable(problem)))?;
    Ok(connection)
}

/// Whether it is a database of ours, of a version that is known, or a new one.
pub(super) fn check_kind(path: &Path, connection: &Connection) -> Result<(), OpenError> {
    let failed = |error| classify(path, error);
    let version = schema::version(connection).map_err(failed)?;
    let id: i64 = connection
        .pragma_query_value(None, "application_id", |row| row.get(0))
        .map_err(failed)?;
    let is_new = (id, version) == (0, 0) && schema::objects(connection).map_err(failed)?.is_empty();
    if id != APPLICATION_ID && !is_new || version < 0 {
        let problem = "is a database of something else";
        return Err(OpenError::Unusable(problem.to_owned()));
    }
    if version > schema::latest() {
        return Err(OpenError::Failed(StateError::Newer {
            path: path.to_owned(),
            found: version,
            known: schema::latest(),
        }));
    }
    Ok(())
}

/// What is wrong with the content; `None` when nothing is.
pub(super) fn check_content(
    connection: &Connection,
    look: Look,
) -> rusqlite::Result<Option<String>> {
    let is_sound = (look == Look::Quick && !is_small(connection)?) || is_sound(connection)?;
    if !is_sound || schema::objects(connection)? != OBJECTS {
        return Ok(Some("is damaged".to_owned()));
    }
    Ok(match revision(connection) {
        Ok(_) => None,
        Err(rusqlite::Error::QueryReturnedNoRows) => Some("is damaged".to_owned()),
        Err(error) => return Err(error),
    })
}

/// Whether all pages and rows of a database are what they should be.
pub(super) fn is_sound(connection: &Connection) -> rusqlite::Result<bool> {
    let found: String = connection.query_row("PRAGMA quick_check(1)", (), |row| row.get(0))?;
    Ok(found == "ok")
}

/// Whether a database is looked at whole each time it is opened.
pub(super) fn is_small(connection: &Connection) -> rusqlite::Result<bool> {
    let pages: i64 = connection.query_row("PRAGMA page_count", (), |row| row.get(0))?;
    let size: i64 = connection.query_row("PRAGMA page_size", (), |row| row.get(0))?;
    Ok(pages.saturating_mul(size) <= SMALL)
}

/// How many changes a database has seen.
pub(super) fn revision(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("SELECT revision FROM meta", (), |row| row.get(0))
}

fn set_up(connection: &Connection) -> rusqlite::Result<()> {
    // Where the file system has no shared memory another kind of journal stays, which is as safe and slower.
    let _: String = connection.query_row("PRAGMA journal_mode = WAL", (), |row| row.get(0))?;
    // With FULL a commit is on the disk before it is reported. The two others are for macOS, where a disk is not
    // told to write its own cache otherwise.
    connection.execute_batch(
        "PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON;
         PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;",
    )?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    Ok(())
}

fn classify(path: &Path, error: rusqlite::Error) -> OpenError {
    match state_error(path, error) {
        StateError::Damaged { .. } => OpenError::Unusable("is damaged".to_owned()),
        error => OpenError::Failed(error),
    }
}

/// What an error of the database means for the learner.
#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
pub(super) fn state_error(path: &Path, error: rusqlite::Error) -> StateError {
    let path = path.to_owned();
    let detail = error.to_string();
    let Some(code) = error.sqlite_error_code() else {
        return match error {
            // A row that the program has not written.
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::Utf8Error(..) => StateError::Damaged { path, detail },
            _ => StateError::Other { path, detail },
        };
    };
    match code {
        ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt => {
            StateError::Damaged { path, detail }
        }
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => StateError::Busy { path },
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied => StateError::ReadOnly { path },
        ErrorCode::CannotOpen if is_read_only(&path) => StateError::ReadOnly { path },
        ErrorCode::DiskFull => StateError::Full { path },
        _ => StateError::Other { path, detail },
    }
}

/// Whether no file can be made beside a database, or it can't be written to itself.
fn is_read_only(path: &Path) -> bool {
    let cannot = |error: &io::Error| {
        matches!(
            error.kind(),
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
        )
    };
    let folder = path.parent().unwrap_or(Path::new("."));
    // The database itself is not opened for this: closing it would free the locks that the process has on it.
    let probe = tempfile::Builder::new()
        .prefix("probe-")
        .tempfile_in(folder);
    probe.as_ref().is_err_and(cannot)
        || fs::metadata(path).is_ok_and(|it| it.permissions().readonly())
        || fs::metadata(path).as_ref().is_err_and(cannot)
}

/// The path with something at its end.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
