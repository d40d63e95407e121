//! Which files were saved: what the system tells, gathered into batches. The only file that names `notify`.
//!
//! Editors save by writing beside and renaming, tools touch hundreds of files at once, and folders are removed
//! and made again. What comes out is one batch for each of these, and in the end always one after the last change.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode, ModifyKind};
use notify::{Config, ErrorKind, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use crate::source::tree;

/// A batch is over when nothing has come for so long.
const QUIET: Duration = Duration::from_millis(30);

/// A batch is over at the latest after so long.
const LONGEST: Duration = Duration::from_millis(300);

/// How often it is looked whether a watched folder is still the same one.
const LOOK: Duration = Duration::from_millis(250);

/// What was noticed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Noticed {
    /// Files or folders were written, made, renamed or removed.
    Saved(BTreeSet<PathBuf>),
    /// From now on not everything is noticed; the reason in words.
    Deaf(String),
}

/// Why folders can't be watched.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// The system watches no more folders for this user.
    #[error("the system watches no more folders for this user")]
    Limit,
    /// The system says something else.
    #[error("`{}` can't be watched: {reason}", path.display())]
    Refused {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
}

/// Watches folders for as long as it lives.
#[derive(Debug)]
pub struct Files {
    messages: Sender<Message>,
}

enum Message {
    Told(notify::Result<notify::Event>),
    Stop,
}

impl Files {
    /// Watches folders with everything in them, and calls `on_noticed` from a thread of its own. A folder that is
    /// removed is watched again once it is there again.
    ///
    /// # Errors
    ///
    /// See [`FilesError`].
    pub fn watch(
        folders: impl IntoIterator<Item = PathBuf>,
        on_noticed: impl FnMut(Noticed) + Send + 'static,
    ) -> Result<Self, FilesError> {
        let (messages, received) = mpsc::channel();
        let own = messages.clone();
        let tell = move |told| {
            // Nobody listens any more once the tool is about to end.
            let _ = own.send(Message::Told(told));
        };
        // A link that leaves the curriculum is refused when it is read, so that what it leads to is no matter.
        let config = Config::default().with_follow_symlinks(false);
        let mut watcher =
            RecommendedWatcher::new(tell, config).map_err(|it| refused(Path::new("."), &it))?;
        let mut roots = Vec::new();
        for path in folders {
            let mut root = Root { path, id: None };
            root.watch(&mut watcher)?;
            roots.push(root);
        }
        let gathering = Gathering {
            watcher,
            roots,
            received,
            on_noticed,
        };
        thread::spawn(move || gathering.run());
        Ok(Self { messages })
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = self.messages.send(Message::Stop);
    }
}

/// A folder that is watched.
struct Root {
    path: PathBuf,
    /// Device and number of the folder that is watched; `None` while there is none.
    id: Option<(u64, u64)>,
}

impl Root {
    /// Watches the folder that is there now, and all in it.
    fn watch(&mut self, watcher: &mut RecommendedWatcher) -> Result<(), FilesError> {
        self.id = self.current();
        if self.id.is_none() {
            return Ok(());
        }
        match watcher.watch(&self.path, RecursiveMode::Recursive) {
            Ok(()) => Ok(()),
            // Something in it was removed meanwhile, which is told and looked at again.
            Err(error) if matches!(error.kind, ErrorKind::PathNotFound) => Ok(()),
            Err(error) => Err(refused(&self.path, &error)),
        }
    }

    fn current(&self) -> Option<(u64, u64)> {
        let metadata = fs::metadata(&self.path).ok()?;
        Some((metadata.dev(), metadata.ino()))
    }
}

fn refused(path: &Path, error: &notify::Error) -> FilesError {
    match &error.kind {
        ErrorKind::MaxFilesWatch => FilesError::Limit,
        _ => FilesError::Refused {
            path: path.to_owned(),
            reason: error.to_string(),
        },
    }
}

/// What is being noticed and not yet told.
#[derive(Default)]
struct Batch {
    paths: BTreeSet<PathBuf>,
    /// Whether files or folders came or went, so that there may be folders that are not watched yet.
    is_structural: bool,
    problem: Option<String>,
}

impl Batch {
    fn is_empty(&self) -> bool {
        self.paths.is_empty() && self.problem.is_none()
    }

    fn add(&mut self, told: notify::Result<notify::Event>, roots: &[Root]) {
        let event = match told {
            Ok(event) => event,
            Err(error) => {
                self.problem = Some(refused(Path::new("."), &error).to_string());
                return;
            }
        };
        if event.need_rescan() {
            // Something was lost: anything may have changed.
            self.is_structural = true;
            self.paths
                .extend(roots.iter().map(|root| root.path.clone()));
            return;
        }
        if !is_change(event.kind) {
            return;
        }
        self.is_structural |= is_structural(event.kind);
        let inside = |path: &Path| {
            let mut roots = roots.iter();
            roots.find_map(|root| path.strip_prefix(&root.path).ok().map(Path::to_owned))
        };
        let is_wanted = |path: &PathBuf| !is_noise(&inside(path).unwrap_or_else(|| path.clone()));
        self.paths.extend(event.paths.into_iter().filter(is_wanted));
    }
}

struct Gathering<F> {
    watcher: RecommendedWatcher,
    roots: Vec<Root>,
    received: Receiver<Message>,
    on_noticed: F,
}

impl<F: FnMut(Noticed)> Gathering<F> {
    fn run(mut self) {
        while let Some(mut batch) = self.gather() {
            self.look_after(&mut batch);
            if let Some(problem) = batch.problem.take() {
                (self.on_noticed)(Noticed::Deaf(problem));
            }
            if !batch.paths.is_empty() {
                (self.on_noticed)(Noticed::Saved(batch.paths));
            }
        }
    }

    /// Waits for a batch, or until it is time to look after the folders. `None` when nobody listens any more.
    fn gather(&self) -> Option<Batch> {
        let mut batch = Batch::default();
        let mut latest = Instant::now() + LOOK;
        loop {
            let left = latest.saturating_duration_since(Instant::now());
            let wait = if batch.is_empty() {
                left
            } else {
                left.min(QUIET)
            };
            let was_empty = batch.is_empty();
            match self.received.recv_timeout(wait) {
                Ok(Message::Told(told)) => batch.add(told, &self.roots),
                Err(RecvTimeoutError::Timeout) => return Some(batch),
                Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => return None,
            }
            if was_empty && !batch.is_empty() {
                latest = Instant::now() + LONGEST;
            } else if latest <= Instant::now() {
                return Some(batch);
            }
        }
    }

    /// Watches what has come since.
    fn look_after(&mut self, batch: &mut Batch) {
        for root in &mut self.roots {
            let is_other = root.current() != root.id;
            if is_other {
                // What is left of the folder that was there; mostly there is nothing.
                let _ = self.watcher.unwatch(&root.path);
                batch.paths.insert(root.path.clone());
            }
            // Folders that came while others went may have been missed. Those that are watched stay so.
            if (is_other || batch.is_structural)
                && let Err(error) = root.watch(&mut self.watcher)
            {
                batch.problem = Some(error.to_string());
            }
        }
    }
}

/// Whether something has changed, and was not only looked at.
fn is_change(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(kind) => kind == AccessKind::Close(AccessMode::Write),
        EventKind::Any
        | EventKind::Create(_)
        | EventKind::Modify(_)
        | EventKind::Remove(_)
        | EventKind::Other => true,
    }
}

fn is_structural(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::Create(_) | EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_))
    )
}

/// Whether a path in a curriculum can't matter: what programs leave behind is no part of it, and what
/// editors write beside a file is gone at once.
fn is_noise(path: &Path) -> bool {
    let mut names = path.iter().map(|name| name.to_string_lossy());
    names.any(|name| tree::is_leftover(&name) || is_of_editor(&name))
}

fn is_of_editor(name: &str) -> bool {
    let has_extension = |extension: &str| {
        name.strip_suffix(extension)
            .is_some_and(|stem| stem.ends_with('.'))
    };
    // Vim tries out whether it can write, and keeps swap files; Emacs locks and saves by itself; others write beside.
    name == "4913"
        || name.ends_with('~')
        || (name.starts_with('#') && name.ends_with('#'))
        || name.starts_with(".#")
        || name.starts_with(".goutputstream-")
        || name.contains("___jb_")
        || ["swp", "swo", "swx"].into_iter().any(has_extension)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::Receiver;

    use super::*;

    #[test]
    fn what_can_not_matter_is_noise() {
        for path in [
            "project/__pycache__/a.cpython-311.pyc",
            "project/.git/index",
            "project/.pytest_cache/v/cache",
            "project/a.pyc",
            "modules/m/.module.yaml.swp",
            "modules/m/4913",
            "modules/m/prompt.md~",
            "modules/m/.#prompt.md",
            "modules/m/#prompt.md#",
            "project/a.py___jb_tmp___",
        ] {
            assert!(is_noise(Path::new(path)), "{path}");
        }
        for path in [
            "project/a.py",
            "project/target/a.py",
            "modules/target/module.yaml",
            "modules/m/prompt.md",
            "project/.hidden",
            "",
        ] {
            assert!(!is_noise(Path::new(path)), "{path}");
        }
    }

    /// A folder that is watched, and what is noticed of it.
    struct Watched {
        dir: tempfile::TempDir,
        _files: Files,
        noticed: Receiver<Noticed>,
    }

    impl Watched {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            let root = dir.path().join("root");
            fs::create_dir_all(root.join("inner")).unwrap();
            let (sender, noticed) = mpsc::channel();
            let files = Files::watch([root], move |it| {
                let _ = sender.send(it);
            });
            Self {
                dir,
                _files: files.unwrap(),
                noticed,
            }
        }

        fn path(&self, name: &str) -> PathBuf {
            self.dir.path().join("root").join(name)
        }

        /// Waits until a path was noticed.
        fn wait_for(&self, name: &str) {
            let path = self.path(name);
            loop {
                match self.noticed.recv_timeout(Duration::from_secs(60)).unwrap() {
                    Noticed::Saved(paths) if paths.contains(&path) => return,
                    Noticed::Saved(_) => {}
                    Noticed::Deaf(why) => panic!("{why}"),
                }
            }
        }
    }

    #[test]
    fn file_that_is_saved_by_a_rename_is_noticed() {
        let watched = Watched::new();
        fs::write(watched.path("inner/a.py~"), "new").unwrap();
        fs::rename(watched.path("inner/a.py~"), watched.path("inner/a.py")).unwrap();
        watched.wait_for("inner/a.py");
    }

    #[test]
    fn folders_that_go_and_come_are_watched_again() {
        let watched = Watched::new();
        for folder in ["inner", ""] {
            fs::remove_dir_all(watched.path(folder)).unwrap();
            watched.wait_for(folder);
            fs::create_dir_all(watched.path("inner/deep")).unwrap();
            watched.wait_for(folder);
            fs::write(watched.path("inner/deep/a.py"), "new").unwrap();
            watched.wait_for("inner/deep/a.py");
        }
    }

    #[test]
    fn folder_in_place_of_another_is_watched() {
        let watched = Watched::new();
        let other = watched.dir.path().join("other");
        fs::create_dir_all(other.join("inner")).unwrap();
        fs::rename(watched.path(""), watched.dir.path().join("old")).unwrap();
        fs::rename(&other, watched.path("")).unwrap();
        watched.wait_for("");
        fs::write(watched.path("inner/a.py"), "new").unwrap();
        watched.wait_for("inner/a.py");
    }
}
