//! Trees as compressed archives: the same tree is the same bytes on every machine, and what is read may come from
//! anybody.
//!
//! An archive is a tar file under zstd. It holds plain files alone, sorted by path, without times and owners; files
//! are 0644 or 0755. Whatever is read is held against limits before it takes memory.

use std::collections::BTreeSet;
use std::io::{self, Read, Write as _};

use tar::{Archive, Builder, EntryType, Header};

use crate::source::path::is_plain_relative;
use crate::source::tree::{Entry, Tree};

/// How hard zstd tries. Bundles are made once and read often; another level makes other bytes.
const LEVEL: i32 = 19;

/// Logarithm of the bytes that zstd may look back, and has to hold when reading: what [`LEVEL`] uses at most.
const WINDOW_LOG: u32 = 23;

/// Files that an archive may hold.
pub const MAX_FILES: usize = 20_000;

/// Bytes that a file of an archive may have.
pub const MAX_FILE_BYTES: u64 = 8 * 1024 * 1024;

/// Bytes that an archive may have before it is compressed, and a bundle without its program.
pub const MAX_PLAIN_BYTES: u64 = 128 * 1024 * 1024;

/// Bytes that a path may have.
const MAX_PATH_BYTES: usize = 512;

/// Bytes that a part of a path may have; file systems take no more.
const MAX_NAME_BYTES: usize = 255;

/// Levels of folders.
const MAX_DEPTH: usize = 40;

/// Why a tree can't be packed, or an archive not be read.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// There is more in it than a project has.
    #[error("there are more than {limit} {what}")]
    TooMuch {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
    /// A file that is too large.
    #[error("`{path}` has more than {limit} bytes")]
    TooLarge {
        /// Its path.
        path: String,
        /// The limit.
        limit: u64,
    },
    /// It unpacks to another size than it says.
    #[error("there are not the {0} bytes that there should be")]
    OtherSize(u64),
    /// A path that leads out of the archive, or that not all systems take.
    #[error("`{0}` is no path that can be in a bundle")]
    Path(String),
    /// A link, a folder, a device.
    #[error("`{0}` is no plain file")]
    NotAFile(String),
    /// Two files of one path, or a file in a file.
    #[error("`{0}` is there twice, or in the way of another file")]
    Twice(String),
    /// It is no archive, or part of it is lost.
    #[error("the archive is damaged: {0}")]
    Damaged(String),
}

/// A packed tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    /// The compressed archive.
    pub bytes: Vec<u8>,
    /// How long it is before it is compressed.
    pub plain_bytes: u64,
}

/// Packs a tree of plain files.
pub fn pack(tree: &Tree) -> Result<Packed, ArchiveError> {
    pack_up_to(tree, MAX_FILE_BYTES)
}

/// As [`pack`], with files of any size that the archive has room for.
pub fn pack_large(tree: &Tree) -> Result<Packed, ArchiveError> {
    pack_up_to(tree, MAX_PLAIN_BYTES)
}

fn pack_up_to(tree: &Tree, limit: u64) -> Result<Packed, ArchiveError> {
    let plain = tar_of(tree, limit)?;
    let bytes = compressed(&plain).expect("writing to memory does not fail");
    Ok(Packed {
        bytes,
        plain_bytes: plain.len() as u64,
    })
}

/// Reads what [`pack`] has written.
pub fn unpack(packed: &[u8], plain_bytes: u64) -> Result<Tree, ArchiveError> {
    if plain_bytes > MAX_PLAIN_BYTES {
        return Err(too_many_bytes());
    }
    let (tree, length) = decompressed(packed, plain_bytes, MAX_FILE_BYTES)?;
    if length == plain_bytes {
        Ok(tree)
    } else {
        Err(ArchiveError::OtherSize(plain_bytes))
    }
}

/// Reads what [`pack_large`] has written.
pub fn unpack_large(packed: &[u8]) -> Result<Tree, ArchiveError> {
    let (tree, length) = decompressed(packed, MAX_PLAIN_BYTES, MAX_PLAIN_BYTES)?;
    if length <= MAX_PLAIN_BYTES {
        Ok(tree)
    } else {
        Err(too_many_bytes())
    }
}

/// Reads an archive that is not compressed.
pub fn read_tar(plain: &[u8]) -> Result<Tree, ArchiveError> {
    tree_of(plain, MAX_FILE_BYTES)
}

fn too_many_bytes() -> ArchiveError {
    ArchiveError::TooMuch {
        what: "bytes",
        limit: MAX_PLAIN_BYTES,
    }
}

fn tar_of(tree: &Tree, limit: u64) -> Result<Vec<u8>, ArchiveError> {
    let mut paths = Paths::default();
    let mut builder = Builder::new(Vec::new());
    let mut total = 0;
    for (path, entry) in tree.iter() {
        paths.add(path)?;
        let Entry::File {
            content,
            executable,
        } = entry
        else {
            return Err(ArchiveError::NotAFile(path.to_owned()));
        };
        let size = content.len() as u64;
        total += size;
        if size > limit {
            let path = path.to_owned();
            return Err(ArchiveError::TooLarge { path, limit });
        }
        if total > MAX_PLAIN_BYTES {
            return Err(too_many_bytes());
        }
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::Regular);
        header.set_mode(if *executable { 0o755 } else { 0o644 });
        header.set_mtime(0);
        header.set_uid(0);
        header.set_gid(0);
        header.set_size(size);
        builder
            .append_data(&mut header, path, &**content)
            .map_err(damaged)?;
    }
    let plain = builder.into_inner().map_err(damaged)?;
    if plain.len() as u64 > MAX_PLAIN_BYTES {
        return Err(too_many_bytes());
    }
    Ok(plain)
}

fn compressed(plain: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = zstd::Encoder::new(Vec::new(), LEVEL)?;
    encoder.set_pledged_src_size(Some(plain.len() as u64))?;
    encoder.write_all(plain)?;
    encoder.finish()
}

/// Reads a compressed archive, and tells its length before it was compressed: more than `limit` where it is longer,
/// however much. Files are read as they come, so that nothing is in memory twice.
fn decompressed(packed: &[u8], limit: u64, file_limit: u64) -> Result<(Tree, u64), ArchiveError> {
    let mut decoder = zstd::Decoder::with_buffer(packed).map_err(damaged)?;
    decoder.window_log_max(WINDOW_LOG).map_err(damaged)?;
    let mut plain = decoder.take(limit + 1);
    let tree = tree_of(&mut plain, file_limit)?;
    io::copy(&mut plain, &mut io::sink()).map_err(damaged)?;
    Ok((tree, limit + 1 - plain.limit()))
}

fn tree_of(plain: impl Read, limit: u64) -> Result<Tree, ArchiveError> {
    let mut paths = Paths::default();
    let mut tree = Tree::new();
    let mut archive = Archive::new(plain);
    for entry in archive.entries().map_err(damaged)? {
        let mut entry = entry.map_err(damaged)?;
        let bytes = entry.path_bytes().into_owned();
        let Ok(path) = String::from_utf8(bytes) else {
            let shown = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            return Err(ArchiveError::Path(shown));
        };
        if entry.header().entry_type() != EntryType::Regular {
            return Err(ArchiveError::NotAFile(path));
        }
        paths.add(&path)?;
        if entry.size() > limit {
            return Err(ArchiveError::TooLarge { path, limit });
        }
        let executable = entry.header().mode().map_err(damaged)? & 0o111 != 0;
        let size = entry.size();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).map_err(damaged)?;
        if content.len() as u64 != size {
            let message = format!("`{path}` is cut off");
            return Err(ArchiveError::Damaged(message));
        }
        let content = content.into();
        tree.insert(
            path,
            Entry::File {
                content,
                executable,
            },
        );
    }
    Ok(tree)
}

#[expect(clippy::needless_pass_by_value, reason = "reads well in `map_err`")]
fn damaged(error: io::Error) -> ArchiveError {
    ArchiveError::Damaged(error.to_string())
}

/// The paths of an archive, as far as it has been gone through.
#[derive(Debug, Default)]
struct Paths {
    files: BTreeSet<String>,
}

impl Paths {
    /// Makes sure that a file can be there beside all others.
    fn add(&mut self, path: &str) -> Result<(), ArchiveError> {
        if !is_portable(path) {
            return Err(ArchiveError::Path(path.to_owned()));
        }
        if self.files.len() >= MAX_FILES {
            return Err(ArchiveError::TooMuch {
                what: "files",
                limit: MAX_FILES as u64,
            });
        }
        let folder = format!("{path}/");
        let is_folder = self
            .files
            .range(folder.clone()..)
            .next()
            .is_some_and(|next| next.starts_with(&folder));
        let folders = path.match_indices('/').map(|(at, _)| &path[..at]);
        let is_in_file = folders.into_iter().any(|it| self.files.contains(it));
        if is_folder || is_in_file || !self.files.insert(path.to_owned()) {
            return Err(ArchiveError::Twice(path.to_owned()));
        }
        Ok(())
    }
}

/// Whether a path stays where it is unpacked, on every system, and out of what git and the runtime keep.
fn is_portable(path: &str) -> bool {
    path.len() <= MAX_PATH_BYTES
        && is_plain_relative(path)
        && !path.contains(char::is_control)
        && path.split('/').count() <= MAX_DEPTH
        && path
            .split('/')
            .all(|name| name.len() <= MAX_NAME_BYTES && !is_reserved(name))
}

/// Whether some file system takes a name for `.git` or `.mastery`: there are those that look at no case, no dots
/// and blanks at the end, or not at some characters.
fn is_reserved(name: &str) -> bool {
    let plain: String = name.chars().filter(char::is_ascii).collect();
    let plain = plain.trim_end_matches([' ', '.']).to_ascii_lowercase();
    matches!(plain.as_str(), ".git" | "git~1" | ".mastery")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tree(files: &[(&str, &str)]) -> Tree {
        files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), Entry::file(text.as_bytes())))
            .collect()
    }

    /// An archive of one entry, whatever it is.
    fn archive(path: &[u8], kind: EntryType, content: &[u8]) -> Vec<u8> {
        let mut header = Header::new_gnu();
        header.as_old_mut().name[..path.len()].copy_from_slice(path);
        header.set_entry_type(kind);
        header.set_mode(0o644);
        header.set_size(content.len() as u64);
        header.set_cksum();
        let mut builder = Builder::new(Vec::new());
        builder.append(&header, content).unwrap();
        builder.into_inner().unwrap()
    }

    #[test]
    fn paths_that_lead_out_and_what_is_no_plain_file_are_refused() {
        let read =
            |path: &[u8], kind| tree_of(archive(path, kind, b"x").as_slice(), MAX_FILE_BYTES);
        assert_eq!(
            read(b"a/b", EntryType::Regular).unwrap(),
            tree(&[("a/b", "x")])
        );
        for path in [
            &b"../a"[..],
            b"/a",
            b"a/../../b",
            b"a//b",
            b"./a",
            b"a\\b",
            b"a\nb",
            b"\xff",
            b".git/hooks/post-checkout",
            b"a/.GIT/x",
            b".git. /x",
            ".g\u{200c}it/x".as_bytes(),
            b".mastery/state.db",
        ] {
            let error = read(path, EntryType::Regular).unwrap_err();
            assert!(matches!(error, ArchiveError::Path(_)), "{error}");
        }
        for kind in [
            EntryType::Symlink,
            EntryType::Link,
            EntryType::Directory,
            EntryType::Fifo,
            EntryType::Char,
            EntryType::GNUSparse,
            EntryType::Continuous,
        ] {
            assert!(read(b"a", kind).is_err(), "{kind:?}");
        }
    }

    #[test]
    fn no_file_is_there_twice_or_in_another() {
        for paths in [["a", "a"], ["a", "a/b"], ["a/b", "a"], ["a/b/c", "a"]] {
            let mut plain = archive(paths[0].as_bytes(), EntryType::Regular, b"x");
            plain.truncate(1024);
            plain.extend(archive(paths[1].as_bytes(), EntryType::Regular, b"y"));
            let error = tree_of(plain.as_slice(), MAX_FILE_BYTES).unwrap_err();
            assert!(matches!(error, ArchiveError::Twice(_)), "{error}");
        }
        let mut paths = Paths::default();
        for path in ["a", "a.b", "ab/c", "a-b/a"] {
            paths.add(path).unwrap();
        }
    }

    #[test]
    fn more_than_is_declared_is_not_unpacked() {
        let zeros = vec![0; 4 * 1024 * 1024];
        let bomb = compressed(&zeros).unwrap();
        assert!(bomb.len() < 1000);
        let error = unpack(&bomb, 1000).unwrap_err();
        assert!(matches!(error, ArchiveError::OtherSize(1000)), "{error}");
        let error = unpack(&bomb, u64::MAX).unwrap_err();
        assert!(matches!(error, ArchiveError::TooMuch { .. }), "{error}");
        let small = pack(&tree(&[("a", "x")])).unwrap();
        assert!(unpack(&small.bytes, small.plain_bytes - 1).is_err());
        assert!(unpack(&small.bytes, small.plain_bytes + 1).is_err());
    }

    #[test]
    fn every_cut_and_every_flipped_bit_is_an_error_or_the_same_tree() {
        let files = tree(&[("a.py", "x = 1\n"), ("b/c.txt", "text")]);
        let packed = pack(&files).unwrap();
        for end in 0..packed.bytes.len() {
            assert!(unpack(&packed.bytes[..end], packed.plain_bytes).is_err());
        }
        for bit in 0..packed.bytes.len() * 8 {
            let mut bytes = packed.bytes.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            // The digest of the bundle is what finds all of them; here nothing may panic.
            let _ = unpack(&bytes, packed.plain_bytes);
        }
    }

    #[test]
    fn what_can_not_be_read_is_not_written() {
        let mut linked = Tree::new();
        let target = "a".to_owned();
        linked.insert("b", Entry::Link { target });
        assert!(matches!(pack(&linked), Err(ArchiveError::NotAFile(_))));
        let reserved = tree(&[("a/.git/config", "")]);
        assert!(matches!(pack(&reserved), Err(ArchiveError::Path(_))));
        let mut large = Tree::new();
        large.insert("a", Entry::file(vec![0; 8 * 1024 * 1024 + 1]));
        assert!(matches!(pack(&large), Err(ArchiveError::TooLarge { .. })));
    }

    #[test]
    fn headers_tell_nothing_of_the_machine() {
        let mut files = tree(&[("a", "x")]);
        files.insert(
            "b",
            Entry::File {
                content: b"y".as_slice().into(),
                executable: true,
            },
        );
        let plain = tar_of(&files, MAX_FILE_BYTES).unwrap();
        let mut archive = Archive::new(plain.as_slice());
        let seen: Vec<_> = archive
            .entries()
            .unwrap()
            .map(|entry| {
                let header = entry.unwrap().header().clone();
                let owner = (header.uid().unwrap(), header.gid().unwrap());
                (header.mode().unwrap(), header.mtime().unwrap(), owner)
            })
            .collect();
        assert_eq!(seen, [(0o644, 0, (0, 0)), (0o755, 0, (0, 0))]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn packed_tree_unpacks_to_the_same(
            files in prop::collection::btree_map("[a-c]{1,3}x(/[äb]{1,150}){0,3}y", "[a\n]{0,600}", 0..6),
            executable in any::<bool>(),
        ) {
            let entry = |text: &String| Entry::File {
                content: text.as_bytes().into(),
                executable,
            };
            let files: Tree = files.iter().map(|(path, text)| (path.clone(), entry(text))).collect();
            let Ok(packed) = pack(&files) else {
                // A path can be too long.
                prop_assume!(false);
                unreachable!();
            };
            prop_assert_eq!(&unpack(&packed.bytes, packed.plain_bytes).unwrap(), &files);
            prop_assert_eq!(&unpack_large(&packed.bytes).unwrap(), &files);
            prop_assert_eq!(pack(&files).unwrap(), packed);
        }
    }
}
