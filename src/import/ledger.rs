//! What becomes of every file that is imported, and everything that there is to say of it.
//!
//! A file is used, kept aside as it was, or named with a reason. What nobody has claimed in the end is kept
//! aside, so that nothing is lost.

use std::collections::{BTreeMap, BTreeSet};

use super::sources::{Source, Sources};
use crate::source::MAX_TEXT_BYTES;
use crate::source::tree::{Entry, Tree};

/// The folder of what is kept aside.
pub(super) const ASIDE: &str = "imported";

/// What an entry of the report is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// It was missing or unclear: something stands there that an author has to decide about.
    Decide,
    /// It was put right on the way.
    Changed,
    /// It has no place and is kept aside.
    Aside,
    /// It could not be read at all.
    Unread,
}

/// Something that the report tells.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Told {
    /// What it is about.
    pub kind: Kind,
    /// The file, as it is shown.
    pub path: String,
    /// Line, from 1; `None` for the file as a whole.
    pub line: Option<usize>,
    /// What there is to say: a lower-case fragment.
    pub what: String,
}

/// A place in a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) source: Source,
    pub(super) path: String,
    pub(super) line: Option<usize>,
}

impl Place {
    /// A file with the old manifest or below it.
    pub(super) fn file(path: impl Into<String>) -> Self {
        Self::of(Source::Curriculum, path)
    }

    /// A file of any source.
    pub(super) fn of(source: Source, path: impl Into<String>) -> Self {
        Self {
            source,
            path: path.into(),
            line: None,
        }
    }

    /// A line of the file.
    pub(super) fn at(&self, line: usize) -> Self {
        Self {
            line: Some(line),
            ..self.clone()
        }
    }
}

/// The fate of every file.
#[derive(Debug)]
pub(super) struct Ledger<'a> {
    pub(super) sources: &'a Sources,
    /// Files that were used, with what they became.
    used: BTreeMap<(Source, String), BTreeSet<String>>,
    /// Files that are kept as they were.
    aside: BTreeSet<(Source, String)>,
    told: BTreeSet<Told>,
}

impl<'a> Ledger<'a> {
    /// Returns the ledger of an import that has not begun.
    pub(super) fn new(sources: &'a Sources) -> Self {
        Self {
            sources,
            used: BTreeMap::new(),
            aside: BTreeSet::new(),
            told: BTreeSet::new(),
        }
    }

    /// The text of a file; `None` when there is none, or, told, when it can't be read as a text.
    pub(super) fn text(&mut self, place: &Place) -> Option<&'a str> {
        let folder = self.sources.folder(place.source)?;
        let content = match folder.files.get(&place.path)? {
            Entry::File { content, .. } => content,
            Entry::Link { target } => {
                let what = format!("a symbolic link to `{target}`: links are not followed");
                self.tell(Kind::Unread, place, what);
                return None;
            }
        };
        if content.len() as u64 > MAX_TEXT_BYTES {
            let what =
                format!("larger than {MAX_TEXT_BYTES} bytes, which no text of a curriculum may be");
            self.aside(place, what);
            return None;
        }
        match std::str::from_utf8(content) {
            Ok(text) => Some(text),
            Err(error) => {
                let offset = error.valid_up_to();
                self.aside(
                    place,
                    format!("not UTF-8: byte {offset} starts no valid character"),
                );
                None
            }
        }
    }

    /// Whether there is a file.
    pub(super) fn has(&self, place: &Place) -> bool {
        let folder = self.sources.folder(place.source);
        folder.is_some_and(|folder| folder.files.get(&place.path).is_some())
    }

    /// A file has become `dest`.
    pub(super) fn used(&mut self, place: &Place, dest: impl Into<String>) {
        let key = (place.source, place.path.clone());
        self.used.entry(key).or_default().insert(dest.into());
    }

    /// Something of a file has no place: the file is kept as it was.
    pub(super) fn aside(&mut self, place: &Place, why: impl Into<String>) {
        if self.has(place) {
            self.aside.insert((place.source, place.path.clone()));
        }
        self.tell(Kind::Aside, place, why);
    }

    /// Something was put right.
    pub(super) fn changed(&mut self, place: &Place, what: impl Into<String>) {
        self.tell(Kind::Changed, place, what);
    }

    /// Something is for the author to decide.
    pub(super) fn decide(&mut self, place: &Place, what: impl Into<String>) {
        self.tell(Kind::Decide, place, what);
    }

    fn tell(&mut self, kind: Kind, place: &Place, what: impl Into<String>) {
        self.told.insert(Told {
            kind,
            path: self.sources.shown(place.source, &place.path),
            line: place.line,
            what: what.into(),
        });
    }

    /// Settles what nobody has claimed. Returns what was used, everything that was told, and puts what is kept
    /// aside into `tree`.
    pub(super) fn close(mut self, tree: &mut Tree) -> (Vec<(String, Vec<String>)>, Vec<Told>) {
        for (source, folder) in self.sources.all() {
            for (path, reason) in &folder.skipped {
                self.tell(Kind::Unread, &Place::of(source, path), reason);
            }
            for (path, entry) in folder.files.iter() {
                let place = Place::of(source, path);
                let is_claimed = |key: &(Source, String)| {
                    self.used.contains_key(key) || self.aside.contains(key)
                };
                if is_claimed(&(source, path.to_owned())) {
                    continue;
                }
                match entry {
                    Entry::File { .. } => self.aside(&place, "nothing of the layout reads it"),
                    Entry::Link { target } => {
                        let what = format!("a symbolic link to `{target}`: links are not followed");
                        self.tell(Kind::Unread, &place, what);
                    }
                }
            }
        }
        for (source, path) in &self.aside {
            let entry = self
                .sources
                .folder(*source)
                .and_then(|folder| folder.files.get(path));
            if let Some(entry @ Entry::File { .. }) = entry {
                tree.insert(format!("{ASIDE}/{}/{path}", source.name()), entry.clone());
            }
        }
        let used = self.used.iter().map(|((source, path), dests)| {
            let dests = dests.iter().cloned().collect();
            (self.sources.shown(*source, path), dests)
        });
        (used.collect(), self.told.into_iter().collect())
    }
}
