//! The files of a learner's folder that belong to it: those that git tracks, and those that it does not ignore.
//!
//! Only reads. Follows no link, opens no pipe.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::fs::{self, DirEntry, File, FileType};
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::notice::{LeftOut, Notice};
use crate::git::view::{FolderView, is_repository};
use crate::source::MAX_PROJECT_FILE_BYTES;
use crate::source::tree::{
    Entry, MAX_DEPTH, MAX_FILES, Tree, is_executable, is_leftover, is_portable,
};

/// Bytes that all files of a learner's folder may have together.
const MAX_BYTES: u64 = 256 * 1024 * 1024;

/// What a learner's folder may hold.
#[derive(Clone, Copy)]
struct Limits {
    files: usize,
    bytes: u64,
}

const LIMITS: Limits = Limits {
    files: MAX_FILES,
    bytes: MAX_BYTES,
};

/// Reads the files of a folder that belong to it, and tells what is left out but for what git ignores and programs
/// leave behind.
pub(super) fn read(folder: &Path, view: &FolderView) -> io::Result<(Tree, Vec<Notice>)> {
    read_within(folder, view, LIMITS)
}

fn read_within(
    folder: &Path,
    view: &FolderView,
    limits: Limits,
) -> io::Result<(Tree, Vec<Notice>)> {
    let reader = || Reader {
        folder,
        view,
        limits,
        tree: Tree::new(),
        notices: Vec::new(),
        told: HashSet::new(),
        bytes: 0,
        is_full: false,
    };
    let mut all = reader();
    all.entries(sorted(folder)?, Path::new(""), 0, Wanted::Unignored);
    if all.is_full {
        // Data that nobody ignores must not crowd out code.
        all = reader();
        for wanted in [Wanted::Tracked, Wanted::Unignored] {
            all.entries(sorted(folder)?, Path::new(""), 0, wanted);
        }
    }
    Ok((all.tree, all.notices))
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
    limits: Limits,
    tree: Tree,
    notices: Vec<Notice>,
    /// Paths that a notice is about.
    told: HashSet<PathBuf>,
    /// Bytes of all files so far.
    bytes: u64,
    /// Whether there is more than the limits let in. Nothing more is looked at then.
    is_full: bool,
}

impl Reader<'_> {
    fn entries(&mut self, entries: Vec<DirEntry>, inner: &Path, depth: usize, wanted: Wanted) {
        for entry in entries {
            if self.is_full {
                return;
            }
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
        if !is_wanted
            || path
                .to_str()
                .is_some_and(|path| self.tree.get(path).is_some())
        {
            return;
        }
        let Some(shown) = path.to_str().filter(|_| is_portable_name(name)) else {
            return self.leave_out(path, LeftOut::Name);
        };
        if self.tree.len() >= self.limits.files {
            self.is_full = true;
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
        if self.bytes + length > self.limits.bytes {
            self.is_full = true;
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
        if self.told.insert(path.to_owned()) {
            let path = path.to_string_lossy().into_owned();
            self.notices.push(Notice::LeftOut { path, reason });
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::repository::{Author, start};
    use crate::git::view::Reach;

    #[test]
    fn data_does_not_crowd_out_code() {
        let dir = tempfile::tempdir().unwrap();
        let code: Tree = ["src/a.py", "src/b.py"]
            .map(|path| (path.to_owned(), Entry::file(*b"1234")))
            .into_iter()
            .collect();
        code.write(dir.path()).unwrap();
        start(dir.path(), &code, "code", Author::Nobody).unwrap();
        fs::create_dir(dir.path().join("data")).unwrap();
        for number in 0..9 {
            fs::write(dir.path().join(format!("data/{number}")), "1234").unwrap();
        }
        let view = FolderView::of(dir.path(), Reach::Here).unwrap();
        let read = |files, bytes| {
            let (tree, notices) = read_within(dir.path(), &view, Limits { files, bytes }).unwrap();
            let paths: Vec<_> = tree.iter().map(|(path, _)| path.to_owned()).collect();
            (paths, notices)
        };
        assert_eq!(read(11, 44).0.len(), 11);
        assert!(read(11, 44).1.is_empty());
        for (files, bytes) in [(3, 1000), (1000, 13)] {
            let (paths, notices) = read(files, bytes);
            assert_eq!(paths, ["data/0", "src/a.py", "src/b.py"]);
            let path = "data/1".to_owned();
            let reason = LeftOut::TooMany;
            assert_eq!(notices, [Notice::LeftOut { path, reason }]);
        }
    }
}
