//! What a bundle says of itself before anything is unpacked.

use semver::Version;
use serde::{Deserialize, Serialize};

use super::FORMAT;
use super::course::Course;
use super::runtime::RuntimeInfo;
use crate::curriculum::id::{CurriculumId, Title};
use crate::source::tree::{Entry, Tree};

/// The index of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Index {
    /// The version of the format.
    pub format: u32,
    /// The id of the curriculum.
    pub id: CurriculumId,
    /// Its title.
    pub title: Title,
    /// The version of its content.
    pub version: Version,
    /// The version of the tool that made the bundle.
    pub tool: Version,
    /// Whether the curriculum was found to be green before.
    pub checked: bool,
    /// The program before the payload; `None` when there is none.
    pub runtime: Option<RuntimeInfo>,
    /// What learners can read.
    pub readable: Part,
    /// What they can't.
    pub sealed: Part,
    /// What the key of the sealed part is derived from, in hexadecimal digits.
    pub seed: String,
    /// The files of the readable part.
    pub files: Vec<FileInfo>,
}

/// What the index says of a part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Its length in the file.
    pub bytes: u64,
    /// Its length once unpacked.
    pub plain_bytes: u64,
    /// The digest of its bytes in the file, in hexadecimal digits.
    pub digest: String,
}

impl Part {
    /// What is to be said of a part.
    pub fn of(bytes: &[u8], plain_bytes: u64) -> Self {
        Self {
            bytes: bytes.len() as u64,
            plain_bytes,
            digest: blake3::hash(bytes).to_hex().to_string(),
        }
    }
}

/// What the index says of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileInfo {
    /// Its path in the readable part.
    pub path: String,
    /// Its length.
    pub bytes: u64,
}

impl Index {
    /// The index of a course.
    pub fn of(course: &Course, files: &Tree, readable: Part, sealed: Part, seed: &str) -> Self {
        Self {
            format: FORMAT,
            id: course.manifest.id.clone(),
            title: course.manifest.title.clone(),
            version: course.manifest.version.clone(),
            tool: course.made.tool.clone(),
            checked: course.made.is_checked,
            runtime: None,
            readable,
            sealed,
            seed: seed.to_owned(),
            files: listed(files),
        }
    }

    /// Whether it is about this course and these files.
    pub fn is_about(&self, course: &Course, files: &Tree) -> bool {
        let (readable, sealed) = (self.readable.clone(), self.sealed.clone());
        let runtime = self.runtime.clone();
        let expected = Self {
            runtime,
            ..Self::of(course, files, readable, sealed, &self.seed)
        };
        *self == expected
    }

    /// The digest of the course: the same for all platforms, and with each `--format`.
    pub fn course_digest(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for part in [&self.readable, &self.sealed] {
            // Digests are of one length.
            hasher.update(part.digest.as_bytes());
        }
        hasher.finalize().to_hex().to_string()
    }

    /// The name of the course, with its version: `cs336_a1-1.2.0`.
    pub fn name(&self) -> String {
        format!("{}-{}", self.id, self.version)
    }
}

fn listed(files: &Tree) -> Vec<FileInfo> {
    let length = |entry: &Entry| match entry {
        Entry::File { content, .. } => content.len() as u64,
        Entry::Link { .. } => 0,
    };
    let info = |(path, entry): (&str, &Entry)| FileInfo {
        path: path.to_owned(),
        bytes: length(entry),
    };
    files.iter().map(info).collect()
}
