//! Trees as objects of a repository.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use git2::{Error, ObjectType, Odb, Oid, Repository};

use crate::source::path::is_plain_relative;
use crate::source::tree::{Entry, Tree};

const FILE: i32 = 0o100_644;
const EXECUTABLE: i32 = 0o100_755;
const LINK: i32 = 0o120_000;
const FOLDER: i32 = 0o040_000;

/// Levels of folders that a tree of ours has at most. A repository that was changed by hand may have more.
const MAX_DEPTH: usize = 64;

/// A folder of a tree on its way to being an object.
#[derive(Default)]
struct Folder<'a> {
    folders: BTreeMap<&'a str, Folder<'a>>,
    files: BTreeMap<&'a str, &'a Entry>,
}

/// Writes a tree and all that is in it, and returns its id. What is there and sound is not written again; what is there
/// and damaged is replaced.
pub(super) fn write(repository: &Repository, tree: &Tree) -> Result<Oid, Error> {
    let mut top = Folder::default();
    for (path, entry) in tree.iter() {
        let mut folder = &mut top;
        let mut rest = path;
        while let Some((name, inner)) = rest.split_once('/') {
            folder = folder.folders.entry(name).or_default();
            rest = inner;
        }
        folder.files.insert(rest, entry);
    }
    let writer = Writer {
        objects: repository.commondir().join("objects"),
        odb: repository.odb()?,
    };
    writer.folder(&top)
}

struct Writer<'a> {
    /// Where objects are, each in a file.
    objects: PathBuf,
    odb: Odb<'a>,
}

impl Writer<'_> {
    fn folder(&self, folder: &Folder<'_>) -> Result<Oid, Error> {
        // In git's order: as if the names of folders ended in a slash.
        let mut entries = BTreeMap::new();
        for (name, entry) in &folder.files {
            let (content, mode) = match entry {
                Entry::File {
                    content,
                    executable: false,
                } => (&**content, FILE),
                Entry::File { content, .. } => (&**content, EXECUTABLE),
                Entry::Link { target } => (target.as_bytes(), LINK),
            };
            let id = self.object(ObjectType::Blob, content)?;
            entries.insert((*name).to_owned(), (*name, mode, id));
        }
        for (name, inner) in &folder.folders {
            let id = self.folder(inner)?;
            entries.insert(format!("{name}/"), (*name, FOLDER, id));
        }
        let mut bytes = Vec::new();
        for (name, mode, id) in entries.values() {
            bytes.extend_from_slice(format!("{mode:o} {name}\0").as_bytes());
            bytes.extend_from_slice(id.as_bytes());
        }
        self.object(ObjectType::Tree, &bytes)
    }

    fn object(&self, kind: ObjectType, bytes: &[u8]) -> Result<Oid, Error> {
        let id = Oid::hash_object(kind, bytes)?;
        if let Ok(known) = self.odb.read(id)
            && known.kind() == kind
            && known.data() == bytes
        {
            return Ok(id);
        }
        // git would take a damaged object for a sound one, as it is there.
        let (folder, file) = (&id.to_string()[..2], &id.to_string()[2..]);
        let file = self.objects.join(folder).join(file);
        let _ = fs::remove_file(&file).or_else(|_| fs::remove_dir_all(&file));
        self.odb.write(kind, bytes)
    }
}

/// Reads a tree and all that is in it. What a tree of ours can't hold is an error.
pub(super) fn read(repository: &Repository, id: Oid) -> Result<Tree, Error> {
    let mut tree = Tree::new();
    read_folder(repository, id, "", 0, &mut tree)?;
    Ok(tree)
}

fn read_folder(
    repository: &Repository,
    id: Oid,
    prefix: &str,
    depth: usize,
    into: &mut Tree,
) -> Result<(), Error> {
    if depth > MAX_DEPTH {
        return Err(Error::from_str("there are too many levels of folders"));
    }
    for entry in &repository.find_tree(id)? {
        let path = format!("{prefix}{}", entry.name()?);
        if !is_plain_relative(&path) {
            return Err(Error::from_str("a path is not plain"));
        }
        let text = |bytes: &[u8]| {
            let text = str::from_utf8(bytes).map(str::to_owned);
            text.map_err(|_| Error::from_str("a link is not UTF-8"))
        };
        let mode = entry.filemode();
        match entry.kind() {
            Some(ObjectType::Tree) => {
                read_folder(repository, entry.id(), &format!("{path}/"), depth + 1, into)?;
            }
            Some(ObjectType::Blob) => {
                let blob = repository.find_blob(entry.id())?;
                let entry = match mode {
                    LINK => Entry::Link {
                        target: text(blob.content())?,
                    },
                    _ => Entry::File {
                        content: blob.content().into(),
                        executable: mode == EXECUTABLE,
                    },
                };
                into.insert(path, entry);
            }
            _ => return Err(Error::from_str("a tree holds what is no file")),
        }
    }
    Ok(())
}
