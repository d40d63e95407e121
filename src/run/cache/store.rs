//! Where entries are: a file each, below folders named by the first two digits of the key.
//!
//! An entry is written beside its place and moved there, so that no reader ever sees a half of it and
//! two runs at once can't disturb each other. A run that is killed leaves at most a temporary file. What
//! is no entry is passed over by readers and replaced by writers; links are never followed.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::entry::{self, MAX_BYTES};
use super::key::Key;
use crate::run::outcome::RunResult;

/// The folder of results in that of everything that the tool keeps.
const FOLDER: &str = "results";

/// What names of files begin with that are being written.
const TEMPORARY: &str = ".writing-";

/// How old a file that is being written can be.
const ABANDONED: Duration = Duration::from_secs(3600);

/// How exactly it is known when an entry was last used. Noting each use would be most of the work of
/// reading.
const PRECISION: Duration = Duration::from_secs(3600);

/// Digits of a key.
const DIGITS: usize = 64;

/// Digits that name the folder.
const SHARD_DIGITS: usize = 2;

/// How many folders those are.
const SHARDS: u32 = 256;

/// Results on disk.
#[derive(Clone, Debug)]
pub struct Store {
    root: PathBuf,
}

/// How much a store may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes of all entries.
    pub max_bytes: u64,
    /// Time since an entry was last used; `None` for any.
    pub max_age: Option<Duration>,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            max_bytes: 256 * 1024 * 1024,
            max_age: None,
        }
    }
}

/// What is in a store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// How many entries.
    pub entries: usize,
    /// Their size.
    pub bytes: u64,
    /// When the entry that was not used for the longest time was last used.
    pub oldest: Option<SystemTime>,
    /// When an entry was last used.
    pub newest: Option<SystemTime>,
    /// Files that killed runs have left.
    pub leftovers: usize,
}

/// What a collection has removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// How many entries.
    pub entries: usize,
    /// Their size.
    pub bytes: u64,
    /// Files that killed runs had left.
    pub leftovers: usize,
}

/// A file of the store.
struct Item {
    path: PathBuf,
    bytes: u64,
    used: SystemTime,
    is_leftover: bool,
}

impl Store {
    /// Returns the store in a cache folder. Nothing is read or made yet.
    pub fn in_cache(cache_dir: &Path) -> Self {
        Self {
            root: cache_dir.join(FOLDER),
        }
    }

    /// The folder of all entries.
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// Returns the result that is known by `key`, and notes that it was used.
    pub fn get(&self, key: Key) -> Option<RunResult> {
        let (shard, name) = self.place(key);
        if !is_folder(&self.root) || !is_folder(&shard) {
            return None;
        }
        let mut file = OpenOptions::new()
            .read(true)
            // A link is no entry, and a pipe must not be waited for.
            .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
            .open(shard.join(name))
            .ok()?;
        let metadata = file.metadata().ok()?;
        if !metadata.is_file() || metadata.len() > MAX_BYTES {
            return None;
        }
        let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).ok()? + 1);
        (&mut file)
            .take(MAX_BYTES + 1)
            .read_to_end(&mut bytes)
            .ok()?;
        let result = entry::decode(key, &bytes)?;
        note_use(&file, &metadata);
        Some(result)
    }

    /// Keeps a result under `key`, in place of what is there.
    ///
    /// # Errors
    ///
    /// What the system says. What was there may be gone then.
    pub fn put(&self, key: Key, result: &RunResult) -> io::Result<()> {
        let Some(bytes) = entry::encode(key, result) else {
            return Ok(());
        };
        let (shard, name) = self.place(key);
        make_folder(&self.root)?;
        make_folder(&shard)?;
        let mut file = tempfile::Builder::new()
            .prefix(TEMPORARY)
            .tempfile_in(&shard)?;
        file.write_all(&bytes)?;
        let target = shard.join(name);
        match file.persist(&target) {
            Ok(_) => Ok(()),
            Err(error) if target.symlink_metadata().is_ok_and(|it| it.is_dir()) => {
                fs::remove_dir_all(&target)?;
                error.file.persist(&target)?;
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Forgets what is known by `key`.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn remove(&self, key: Key) -> io::Result<()> {
        let (shard, name) = self.place(key);
        match fs::remove_file(shard.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Tells what is in the store.
    pub fn contents(&self) -> Contents {
        let mut contents = Contents::default();
        for item in self.items() {
            if item.is_leftover {
                contents.leftovers += 1;
                continue;
            }
            contents.entries += 1;
            contents.bytes += item.bytes;
            let of = |known: Option<SystemTime>| known.unwrap_or(item.used);
            contents.oldest = Some(of(contents.oldest).min(item.used));
            contents.newest = Some(of(contents.newest).max(item.used));
        }
        contents
    }

    /// Whether the store may hold more than it should by default: a guess from one of its folders, over
    /// which keys spread evenly.
    pub(super) fn may_be_too_large(&self) -> bool {
        // Which one is no matter, but that it is not always the same.
        self.guess(std::process::id() % SHARDS) > Bounds::default().max_bytes
    }

    fn guess(&self, shard: u32) -> u64 {
        let items = items_in(&self.root.join(format!("{shard:02x}")));
        let bytes: u64 = items.iter().map(|item| item.bytes).sum();
        bytes.saturating_mul(u64::from(SHARDS))
    }

    /// Removes what killed runs have left, entries that are too old, and of the others those that were not
    /// used for the longest time, until the rest is within the bounds.
    ///
    /// # Errors
    ///
    /// The first file that can't be removed; the others are all the same.
    pub fn collect(&self, bounds: &Bounds) -> io::Result<Collected> {
        let now = SystemTime::now();
        let mut items = self.items();
        items.sort_by_key(|item| item.used);
        let mut left: u64 = items
            .iter()
            .filter(|item| !item.is_leftover)
            .map(|item| item.bytes)
            .sum();
        let mut collected = Collected::default();
        let mut failure = None;
        for item in items {
            let age = now.duration_since(item.used).unwrap_or_default();
            let is_too_old = bounds.max_age.is_some_and(|max_age| age > max_age);
            let is_wanted = if item.is_leftover {
                age <= ABANDONED
            } else {
                !is_too_old && left <= bounds.max_bytes
            };
            if is_wanted {
                continue;
            }
            match fs::remove_file(&item.path) {
                // Another run was faster.
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    failure.get_or_insert(error);
                }
                _ if item.is_leftover => collected.leftovers += 1,
                _ => {
                    left -= item.bytes;
                    collected.entries += 1;
                    collected.bytes += item.bytes;
                }
            }
        }
        failure.map_or(Ok(collected), Err)
    }

    /// The folder and the name of an entry.
    fn place(&self, key: Key) -> (PathBuf, String) {
        let digits = key.to_string();
        let (shard, name) = digits.split_at(SHARD_DIGITS);
        (self.root.join(shard), name.to_owned())
    }

    fn items(&self) -> Vec<Item> {
        if !is_folder(&self.root) {
            return Vec::new();
        }
        let shards = fs::read_dir(&self.root).into_iter().flatten().flatten();
        let is_shard = |name: &str| is_digits(name, SHARD_DIGITS);
        shards
            .filter(|it| it.file_name().to_str().is_some_and(is_shard))
            .flat_map(|it| items_in(&it.path()))
            .collect()
    }
}

/// The entries and leftovers in one folder. Everything else is not ours.
fn items_in(shard: &Path) -> Vec<Item> {
    if !is_folder(shard) {
        return Vec::new();
    }
    let files = fs::read_dir(shard).into_iter().flatten().flatten();
    files
        .filter_map(|file| {
            let name = file.file_name();
            let name = name.to_str()?;
            let is_leftover = name.starts_with(TEMPORARY);
            let metadata = file.metadata().ok()?;
            let is_ours = is_leftover || is_digits(name, DIGITS - SHARD_DIGITS);
            (is_ours && metadata.is_file()).then(|| Item {
                path: file.path(),
                bytes: metadata.len(),
                used: metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH),
                is_leftover,
            })
        })
        .collect()
}

fn is_digits(name: &str, count: usize) -> bool {
    name.len() == count
        && name
            .bytes()
            .all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_folder(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|it| it.is_dir())
}

/// Makes a folder that is private to the user, in place of anything else that is there.
fn make_folder(path: &Path) -> io::Result<()> {
    if is_folder(path) {
        return Ok(());
    }
    if path.symlink_metadata().is_ok() {
        fs::remove_file(path)?;
    }
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    match DirBuilder::new().mode(0o700).create(path) {
        // Another run was faster.
        Err(_) if is_folder(path) => Ok(()),
        result => result,
    }
}

/// Notes in the file's time that it was used; what can't be noted is as good as not used.
fn note_use(file: &File, metadata: &Metadata) {
    let now = SystemTime::now();
    let is_recent = metadata
        .modified()
        .ok()
        .and_then(|used| now.duration_since(used).ok())
        .is_some_and(|age| age < PRECISION);
    if !is_recent {
        let _ = file.set_modified(now);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;
    use crate::run::outcome::Outcome;

    fn key(number: u8) -> Key {
        Key::from_bytes([number; 32])
    }

    fn result(output: &str) -> RunResult {
        RunResult {
            output: output.to_owned(),
            ended_by_itself: true,
            ..RunResult::ended(Outcome::Passed, None)
        }
    }

    fn known(store: &Store, number: u8) -> Option<String> {
        store.get(key(number)).map(|result| result.output)
    }

    fn entry_of(store: &Store, number: u8) -> PathBuf {
        let (shard, name) = store.place(key(number));
        shard.join(name)
    }

    fn set_age(store: &Store, number: u8, days: u64) {
        let used = SystemTime::now() - Duration::from_secs(days * 86_400);
        let file = File::open(entry_of(store, number)).unwrap();
        file.set_modified(used).unwrap();
    }

    #[test]
    fn what_is_put_is_there_and_can_be_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::in_cache(dir.path());
        assert_eq!(known(&store, 1), None);
        store.put(key(1), &result("one")).unwrap();
        store.put(key(2), &result("two")).unwrap();
        store.put(key(1), &result("other")).unwrap();
        assert_eq!(known(&store, 1).as_deref(), Some("other"));
        assert_eq!(known(&store, 2).as_deref(), Some("two"));
        assert_eq!(store.contents().entries, 2);
        store.remove(key(1)).unwrap();
        store.remove(key(1)).unwrap();
        assert_eq!(known(&store, 1), None);
    }

    #[test]
    fn entries_are_private_to_the_user() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::in_cache(dir.path());
        store.put(key(1), &result("")).unwrap();
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(store.path()), 0o700);
        assert_eq!(mode(entry_of(&store, 1).parent().unwrap()), 0o700);
        assert_eq!(mode(&entry_of(&store, 1)), 0o600);
    }

    #[test]
    fn whatever_lies_in_the_place_of_an_entry_is_a_miss_and_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::in_cache(dir.path());
        let elsewhere = dir.path().join("elsewhere");
        let place = entry_of(&store, 1);
        let spoil: [&dyn Fn(); 5] = [
            &|| fs::write(&place, "").unwrap(),
            &|| {
                fs::write(&place, vec![b'x'; usize::try_from(MAX_BYTES).unwrap() + 1]).unwrap();
            },
            &|| {
                fs::rename(&place, &elsewhere).unwrap();
                symlink(&elsewhere, &place).unwrap();
            },
            &|| {
                fs::remove_file(&place).unwrap();
                fs::create_dir(&place).unwrap();
                fs::write(place.join("file"), "").unwrap();
            },
            &|| {
                fs::remove_file(&place).unwrap();
                let path = std::ffi::CString::new(place.to_str().unwrap()).unwrap();
                // SAFETY: a plain system call with a string that ends.
                assert_eq!(unsafe { libc::mkfifo(path.as_ptr(), 0o600) }, 0);
            },
        ];
        for (number, spoil) in spoil.iter().enumerate() {
            store.put(key(1), &result("good")).unwrap();
            assert_eq!(known(&store, 1).as_deref(), Some("good"), "{number}");
            spoil();
            assert_eq!(known(&store, 1), None, "{number}");
            store.put(key(1), &result("new")).unwrap();
            assert_eq!(known(&store, 1).as_deref(), Some("new"), "{number}");
        }
        assert_eq!(
            entry::decode(key(1), &fs::read(elsewhere).unwrap())
                .unwrap()
                .output,
            "good",
            "nothing was written through the link"
        );
    }

    #[test]
    fn folders_that_are_links_or_files_are_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::in_cache(dir.path());
        let elsewhere = dir.path().join("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        symlink(&elsewhere, store.path()).unwrap();
        assert_eq!(known(&store, 1), None);
        store.put(key(1), &result("")).unwrap();
        assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
        assert!(known(&store, 1).is_some());
        let shard = store.place(key(2)).0;
        fs::write(&shard, "").unwrap();
        store.put(key(2), &result("")).unwrap();
        assert!(known(&store, 2).is_some());
    }

    #[test]
    fn store_that_can_not_be_written_tells_why() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("file"), "").unwrap();
        let store = Store::in_cache(&dir.path().join("file"));
        assert!(store.put(key(1), &result("")).is_err());
        assert_eq!(known(&store, 1), None);
        assert_eq!(store.contents(), Contents::default());
    }

    #[test]
    fn least_recently_used_entries_go_first() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::in_cache(dir.path());
        for number in 1..=4 {
            store.put(key(number), &result("same size")).unwrap();
            set_age(&store, number, u64::from(number));
        }
        // It is used, and so no longer the oldest.
        assert!(known(&store, 4).is_some());
        let size = entry_of(&store, 1).metadata().unwrap().len();
        let bounds = Bounds {
            max_bytes: size * 2 + 1,
            max_age: None,
        };
        let collected = store.collect(&bounds).unwrap();
        assert_eq!((collected.entries, collected.bytes), (2, size * 2));
        let left: Vec<_> = (1..=4).filter(|it| known(&store, *it).is_some()).collect();
        assert_eq!(left, [1, 4]);
    }

    #[test]
    fn old_entries_and_leftovers_go_and_what_is_not_ours_stays() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::in_cache(dir.path());
        store.put(key(1), &result("")).unwrap();
        store.put(key(2), &result("")).unwrap();
        set_age(&store, 2, 40);
        let shard = store.place(key(1)).0;
        for name in [".writing-old", ".writing-new", "notes"] {
            fs::write(shard.join(name), "").unwrap();
        }
        let old = SystemTime::now() - ABANDONED * 2;
        let leftover = File::open(shard.join(".writing-old")).unwrap();
        leftover.set_modified(old).unwrap();
        assert_eq!(store.contents().leftovers, 2);
        let bounds = Bounds {
            max_age: Some(Duration::from_secs(30 * 86_400)),
            ..Bounds::default()
        };
        let collected = store.collect(&bounds).unwrap();
        assert_eq!((collected.entries, collected.leftovers), (1, 1));
        assert!(known(&store, 1).is_some());
        assert!(shard.join(".writing-new").exists() && shard.join("notes").exists());
    }

    #[test]
    fn size_is_guessed_from_a_part() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::in_cache(dir.path());
        store.put(key(1), &result("")).unwrap();
        let size = entry_of(&store, 1).metadata().unwrap().len();
        assert_eq!(store.guess(1), size * 256);
        assert_eq!(store.guess(2), 0);
    }
}
