//! The files of a learner's folder that belong to it: those that git tracks, and those that it does not ignore.
//!
//! Only reads. Follows no link, opens no pipe.

use std::ffi::{OsStr, OsString};
use std::fs::{self, DirEntry, File, FileType};
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use super::notice::{LeftOut, Notice};
use crate::git::view::{FolderView, is_repository};
use crate::source::MAX_PROJECT_FILE_BYTES;
use crate::source::tree::{
    Entry, MAX_DEPTH, MAX_FILES, Tree, is_executable, is_leftover, is_portable,
};

/// Bytes that all files of a learner's folder may have together.
const MAX_BYTES: u64 = 256 * 1024 * 1024;

/// Reads the files of a folder that belong to it, and tells what is left out but for what git ignores and programs
/// leave behind.
pub(super) fn read(folder: &Path, view: &FolderView) -> io::Result<(Tree, Vec<Notice>)> {
    let mut reader = Reader {
        folder,
        view,
        tree: Tree::new(),
        notices: Vec::new(),
        bytes: 0,
    };
    let entries = sorted(folder)?;
    reader.entries(entries, Path::new(""), 0, Wanted::Unignored);
    Ok((reader.tree, reader.notices))
}

/// Which files of a folder are wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// Those that git tracks, and those that it does not ignore.
    Unignored,
    /// Those that git tracks.
    Tracked,
}

struct Reader<'a> {
    folder: &'a Path,
    view: &'a FolderView,
    tree: Tree,
    notices: Vec<Notice>,
    /// Bytes of all files so far.
    bytes: u64,
}

impl Reader<'_> {
    fn entries(&mut self, entries: Vec<DirEntry>, inner: &Path, depth: usize, wanted: Wanted) {
        for entry in entries {
            let name = entry.file_name();
            // git's own, and ours.
            if name.eq_ignore_ascii_case(".git") || (depth == 0 && name == ".mastery") {
                continue;
            }
            let path = inner.join(&name);
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => self.folder(&path, &name, depth + 1, wanted),
                Ok(kind) => self.file(&path, &name, kind, wanted),
                Err(error) => self.unreadable(&path, &error),
            }
        }
    }

    fn folder(&mut self, path: &Path, name: &OsStr, depth: usize, mut wanted: Wanted) {
        let on_disk = self.folder.join(path);
        if self.view.is_submodule(path) {
            return self.leave_out(path, LeftOut::Repository);
        }
        let is_repository = is_repository(&on_disk);
        if !self.view.tracks_in(path) {
            if wanted == Wanted::Tracked || is_leftover_name(name) || self.view.is_ignored(path) {
                return;
            }
            if is_repository {
                return self.leave_out(path, LeftOut::Repository);
            }
            if on_disk.join("pyvenv.cfg").is_file() {
                return self.leave_out(path, LeftOut::VirtualEnvironment);
            }
        } else if is_repository || is_leftover_name(name) || self.view.is_ignored(path) {
            if is_repository {
                self.leave_out(path, LeftOut::Repository);
            }
            wanted = Wanted::Tracked;
        }
        if !is_portable_name(name) {
            return self.leave_out(path, LeftOut::Name);
        }
        if depth > MAX_DEPTH {
            return self.leave_out(path, LeftOut::TooMany);
        }
        match sorted(&on_disk) {
            Ok(entries) => self.entries(entries, path, depth, wanted),
            Err(error) => self.unreadable(path, &error),
        }
    }

    fn file(&mut self, path: &Path, name: &OsStr, kind: FileType, wanted: Wanted) {
        let is_wanted = self.view.is_tracked(path)
            || (wanted == Wanted::Unignored
                && !is_leftover_name(name)
                && !self.view.is_ignored(path));
        if !is_wanted {
            return;
        }
        let Some(shown) = path.to_str().filter(|_| is_portable_name(name)) else {
            return self.leave_out(path, LeftOut::Name);
        };
        if self.tree.len() >= MAX_FILES {
            return self.leave_out(path, LeftOut::TooMany);
        }
        let on_disk = self.folder.join(path);
        let entry = if kind.is_symlink() {
            match fs::read_link(&on_disk).map(|target| target.into_os_string().into_string()) {
                Ok(Ok(target)) => Ok(Entry::Link { target }),
                Ok(Err(_)) => return self.leave_out(path, LeftOut::Name),
                Err(error) => Err(error),
            }
        } else if kind.is_file() {
            match self.content(&on_disk) {
                Ok(Ok(entry)) => Ok(entry),
                Ok(Err(reason)) => return self.leave_out(path, reason),
                Err(error) => Err(error),
            }
        } else {
            return self.leave_out(path, LeftOut::Special);
        };
        match entry {
            Ok(entry) => self.tree.insert(shown, entry),
            Err(error) => self.unreadable(path, &error),
        }
    }

    /// Reads a regular file, unless something else has taken its place.
    fn content(&mut self, on_disk: &Path) -> io::Result<Result<Entry, LeftOut>> {
        let mut options = File::options();
        let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
        let file = options.read(true).custom_flags(flags).open(on_disk)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Ok(Err(LeftOut::Special));
        }
        if metadata.len() > MAX_PROJECT_FILE_BYTES {
            return Ok(Err(LeftOut::TooLarge));
        }
        let mut content = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0) + 1);
        file.take(MAX_PROJECT_FILE_BYTES + 1)
            .read_to_end(&mut content)?;
        let length = content.len() as u64;
        if length > MAX_PROJECT_FILE_BYTES {
            return Ok(Err(LeftOut::TooLarge));
        }
        if self.bytes + length > MAX_BYTES {
            return Ok(Err(LeftOut::TooMany));
        }
        self.bytes += length;
        Ok(Ok(Entry::File {
            content: content.into(),
            executable: is_executable(&metadata),
        }))
    }

    fn unreadable(&mut self, path: &Path, error: &io::Error) {
        // Somebody has removed it in the meantime.
        if error.kind() != io::ErrorKind::NotFound {
            let message = error.to_string();
            self.leave_out(path, LeftOut::Unreadable { message });
        }
    }

    fn leave_out(&mut self, path: &Path, reason: LeftOut) {
        self.notices.push(Notice::LeftOut {
            path: path.to_string_lossy().into_owned(),
            reason,
        });
    }
}

fn sorted(folder: &Path) -> io::Result<Vec<DirEntry>> {
    let mut entries: Vec<_> = fs::read_dir(folder)?.collect::<io::Result<_>>()?;
    entries.sort_by_key(|entry: &DirEntry| -> OsString { entry.file_name() });
    Ok(entries)
}

fn is_leftover_name(name: &OsStr) -> bool {
    name.to_str().is_some_and(is_leftover)
}

fn is_portable_name(name: &OsStr) -> bool {
    name.to_str().is_some_and(is_portable)
}
