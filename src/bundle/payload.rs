//! Writes bundles: an edition packed once, and put behind as many programs as wanted.

use super::archive::{self, ArchiveError};
use super::container::PAYLOAD_FILE;
use super::edition::Edition;
use super::index::{Index, Part};
use super::runtime::{PROGRAM, Runtime, RuntimeInfo};
use super::trailer::Trailer;
use super::{seal, wire};
use crate::source::tree::{Entry, Tree};

/// An edition, packed and sealed.
#[derive(Clone, Debug)]
pub struct Payload {
    index: Index,
    readable: Vec<u8>,
    sealed: Vec<u8>,
}

impl Payload {
    /// Packs an edition.
    pub fn of(edition: &Edition) -> Result<Self, ArchiveError> {
        let course = &edition.course;
        let files = wire::course_files(course);
        let (readable, closed) = rayon::join(
            || archive::pack(&files),
            || archive::pack(&wire::sealed_files(&edition.sealed)),
        );
        let (readable, closed) = (readable?, closed?);
        let manifest = &course.manifest;
        let bound_to = format!("{}-{}", manifest.id, manifest.version);
        let (seed, sealed) = seal::seal(&closed.bytes, bound_to.as_bytes());
        let index = Index::of(
            course,
            &files,
            Part::of(&readable.bytes, readable.plain_bytes),
            Part::of(&sealed, closed.plain_bytes),
            &blake3::Hash::from(seed).to_hex(),
        );
        debug_assert_eq!(index.name(), bound_to);
        let payload = Self {
            index,
            readable: readable.bytes,
            sealed,
        };
        if payload.behind(0, None).len() as u64 > archive::MAX_PLAIN_BYTES {
            return Err(ArchiveError::TooMuch {
                what: "bytes",
                limit: archive::MAX_PLAIN_BYTES,
            });
        }
        Ok(payload)
    }

    /// What the bundles say of themselves, but for their programs.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// The sealed part as it is written.
    pub fn sealed(&self) -> &[u8] {
        &self.sealed
    }

    /// Returns a program that carries the course.
    pub fn program(&self, runtime: &Runtime) -> Vec<u8> {
        let start = runtime.bytes.len() as u64;
        let payload = self.behind(start, Some(runtime.info.clone()));
        [runtime.bytes.as_slice(), &payload].concat()
    }

    /// Returns an archive that holds the course.
    pub fn archive(&self) -> Result<Vec<u8>, ArchiveError> {
        let name = self.index.name();
        let file = |content: Vec<u8>| Entry::file(content);
        let files: Tree = [
            (
                format!("{name}/README.md"),
                file(self.readme().into_bytes()),
            ),
            (format!("{name}/{PAYLOAD_FILE}"), file(self.behind(0, None))),
        ]
        .into_iter()
        .collect();
        Ok(archive::pack_large(&files)?.bytes)
    }

    /// The payload and its trailer, as they stand from `start` on.
    fn behind(&self, start: u64, runtime: Option<RuntimeInfo>) -> Vec<u8> {
        let index = Index {
            runtime,
            ..self.index.clone()
        };
        let index = serde_json::to_vec(&index).expect("keys are texts");
        let trailer = Trailer::of(start, &index, &self.readable, &self.sealed);
        [
            &index,
            &self.readable,
            &self.sealed,
            trailer.bytes().as_slice(),
        ]
        .concat()
    }

    fn readme(&self) -> String {
        let index = &self.index;
        format!(
            "# {title}\n\n\
             This is {id} {version}, made by mastery {tool}.\n\n\
             1. Get the program `{PROGRAM}`, version {tool} or later, for your machine.\n\
             2. Run it here: `{PROGRAM} --course {PAYLOAD_FILE} init my-{id}`\n\n\
             It tells what to do from there on.\n",
            title = index.title,
            id = index.id,
            version = index.version,
            tool = index.tool,
        )
    }
}

#[cfg(test)]
impl Payload {
    /// The payload with no program before it.
    pub(super) fn bare(&self) -> Vec<u8> {
        self.behind(0, None)
    }

    /// The index, to be changed.
    pub(super) fn index_mut(&mut self) -> &mut Index {
        &mut self.index
    }

    /// A payload with the sealed part of another.
    pub(super) fn with_sealed_of(&self, other: &Self) -> Self {
        let mut payload = self.clone();
        payload.sealed.clone_from(&other.sealed);
        payload.index.sealed = other.index.sealed.clone();
        payload.index.seed.clone_from(&other.index.seed);
        payload
    }
}
