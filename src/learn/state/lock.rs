//! One process at a time, for what is not in the database.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::thread;
use std::time::Duration;

use crate::run::interrupt::Interrupt;

use super::error::StateError;

/// The file in `.mastery` that is locked.
const FILE: &str = "work.lock";

/// How often it is looked whether a lock is free.
const PAUSE: Duration = Duration::from_millis(20);

/// The right to change the shadow tree and the challenges. The kernel takes it back when the process ends, however it
/// ends.
#[derive(Debug)]
pub struct WorkLock {
    _file: File,
}

impl WorkLock {
    /// Returns the lock of a folder `.mastery`. Where another process has it, `on_wait` is told once, with the other's
    /// id where that is known, and this waits until the lock is free.
    ///
    /// # Errors
    ///
    /// [`StateError::Place`], and [`StateError::Interrupted`] when the wait was stopped.
    pub fn wait(
        folder: &Path,
        interrupt: &Interrupt,
        on_wait: &mut dyn FnMut(Option<u32>),
    ) -> Result<Self, StateError> {
        let mut is_told = false;
        loop {
            match Self::try_take(folder)? {
                Ok(lock) => return Ok(lock),
                Err(holder) if !is_told => {
                    on_wait(holder);
                    is_told = true;
                }
                Err(_) => {}
            }
            if interrupt.is_set() {
                return Err(StateError::Interrupted);
            }
            thread::sleep(PAUSE);
        }
    }

    /// Returns the lock of a folder `.mastery`, or the id of the process that has it where that is known.
    ///
    /// # Errors
    ///
    /// [`StateError::Place`].
    pub fn try_take(folder: &Path) -> Result<Result<Self, Option<u32>>, StateError> {
        let path = folder.join(FILE);
        let place = |error| StateError::Place {
            path: path.clone(),
            error,
        };
        loop {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false);
            let mut file = options.open(&path).map_err(place)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(Err(holder(&mut file))),
                // A file system without locks: the learner has to see to it themselves.
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {}
                Err(TryLockError::Error(error)) => return Err(place(error)),
            }
            // It may have been removed by hand in between, and the lock of a file without a name keeps nobody out.
            if !is_at(&file, &path) {
                continue;
            }
            let id = std::process::id().to_string();
            let written = file
                .set_len(0)
                .and_then(|()| file.rewind())
                .and_then(|()| file.write_all(id.as_bytes()));
            return match written {
                Ok(()) => Ok(Ok(Self { _file: file })),
                Err(error) => Err(place(error)),
            };
        }
    }
}

/// The process that has written its id into the file.
fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(20).read_to_string(&mut text).ok()?;
    text.parse().ok()
}

/// Whether `path` leads to `file`.
pub(super) fn is_at(file: &File, path: &Path) -> bool {
    let (Ok(open), Ok(named)) = (file.metadata(), fs::symlink_metadata(path)) else {
        return false;
    };
    (open.dev(), open.ino()) == (named.dev(), named.ino())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn second_one_is_told_who_has_it() {
        let dir = tempfile::tempdir().unwrap();
        let first = WorkLock::try_take(dir.path()).unwrap().unwrap();
        let holder = WorkLock::try_take(dir.path()).unwrap().unwrap_err();
        assert_eq!(holder, Some(std::process::id()));
        drop(first);
        WorkLock::try_take(dir.path()).unwrap().unwrap();
    }

    #[test]
    fn wait_ends_when_the_lock_is_free() {
        let dir = tempfile::tempdir().unwrap();
        let mut first = Some(WorkLock::try_take(dir.path()).unwrap().unwrap());
        let mut holders = Vec::new();
        let mut on_wait = |holder| {
            holders.push(holder);
            first = None;
        };
        WorkLock::wait(dir.path(), &Interrupt::new(), &mut on_wait).unwrap();
        assert_eq!(holders, [Some(std::process::id())]);
    }

    #[test]
    fn wait_can_be_stopped() {
        let dir = tempfile::tempdir().unwrap();
        let _first = WorkLock::try_take(dir.path()).unwrap().unwrap();
        let interrupt = Interrupt::new();
        let mut on_wait = |_| interrupt.set();
        let error = WorkLock::wait(dir.path(), &interrupt, &mut on_wait).unwrap_err();
        assert!(matches!(error, StateError::Interrupted), "{error}");
    }

    #[test]
    fn garbage_in_the_file_is_nobody() {
        let dir = tempfile::tempdir().unwrap();
        let _first = WorkLock::try_take(dir.path()).unwrap().unwrap();
        fs::write(dir.path().join(FILE), b"\xff\xfe what").unwrap();
        assert_eq!(WorkLock::try_take(dir.path()).unwrap().unwrap_err(), None);
    }
}
