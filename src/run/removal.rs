//! Removes folders, whatever a case has made of them.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// The file in a run folder that is locked while the run lives. It goes last.
pub(super) const LOCK: &str = "lock";

/// Removes a folder, whatever a case has made of it. It is no error if it is not there.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    let mut result = Ok(());
    // Some file systems forget to list an entry while others are being removed.
    for _ in 0..2 {
        match path.symlink_metadata() {
            Ok(metadata) if metadata.is_dir() => {}
            Ok(_) => return fs::remove_file(path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        }
        // The lock goes last: without it nobody would take what is left for the folder of a run.
        result = clear(path).and_then(|()| fs::remove_dir(path));
    }
    if path.symlink_metadata().is_err() {
        return Ok(());
    }
    result
}

/// Removes everything in a folder, whatever a case has made of it.
pub(super) fn clear(path: &Path) -> io::Result<()> {
    empty(path)?;
    match fs::remove_file(path.join(LOCK)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Removes everything in a folder but the lock of a run.
///
/// Folders may be nested deeper than paths can be long, stacks high or descriptors many. So each is
/// moved to the top before what is in it is looked at. Links are not followed.
fn empty(top: &Path) -> io::Result<()> {
    let mut problem = Ok(());
    let mut note = |path: &Path, result: io::Result<()>| {
        if let (Err(error), Ok(())) = (result, &problem) {
            let text = format!("`{}`: {error}", path.display());
            problem = Err(io::Error::new(error.kind(), text));
        }
    };
    let mut number = 0_u64;
    let mut folders = vec![top.to_owned()];
    while let Some(folder) = folders.pop() {
        let _ = fs::set_permissions(&folder, Permissions::from_mode(0o700));
        let entries: Vec<_> = match fs::read_dir(&folder) {
            Ok(entries) => entries.flatten().collect(),
            Err(error) => {
                note(&folder, Err(error));
                continue;
            }
        };
        for entry in entries {
            let path = entry.path();
            if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                if folder != top || entry.file_name() != LOCK {
                    note(&path, fs::remove_file(&path));
                }
            } else if folder == top {
                folders.push(path);
            } else {
                // Moving a folder changes it.
                let _ = fs::set_permissions(&path, Permissions::from_mode(0o700));
                let target = loop {
                    let target = top.join(number.to_string());
                    number += 1;
                    if target.symlink_metadata().is_err() {
                        break target;
                    }
                };
                match fs::rename(&path, &target) {
                    Ok(()) => folders.push(target),
                    Err(error) => note(&path, Err(error)),
                }
            }
        }
        if folder != top {
            note(&folder, fs::remove_dir(&folder));
        }
    }
    problem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_not_be_removed_is_told() {
        let error = remove(Path::new("/proc/self/fdinfo")).unwrap_err();
        assert!(error.to_string().contains("/proc/self/fdinfo/"), "{error}");
    }

    #[test]
    fn lock_of_a_run_goes_last() {
        let dir = tempfile::tempdir().unwrap();
        let run = dir.path().join("run");
        fs::create_dir_all(run.join("a/lock")).unwrap();
        fs::write(run.join("a/b"), "").unwrap();
        fs::write(run.join(LOCK), "").unwrap();
        empty(&run).unwrap();
        let left: Vec<_> = fs::read_dir(&run)
            .unwrap()
            .flatten()
            .map(|it| it.file_name())
            .collect();
        assert_eq!(left, [LOCK]);
        remove(&run).unwrap();
        assert!(!run.exists());
        remove(&run).unwrap();
    }
}
