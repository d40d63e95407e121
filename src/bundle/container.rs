//! A bundle as a file: a program, or nothing; the payload; the trailer. And the same payload in an archive.
//!
//! The payload is an index, the readable part and the sealed part. Whatever is read may come from anybody: lengths
//! are held against the file and against limits before anything is read, and the digest before anything is believed.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use semver::Version;
use serde_json::Value;

use super::FORMAT;
use super::archive::{self, ArchiveError};
use super::course::Course;
use super::executable::Executable;
use super::index::{Index, Part};
use super::runtime::{PROGRAM, Target};
use super::seal;
use super::sealed::Sealed;
use super::trailer::{self, Trailer};
use super::wire::{self, ContentError};
use crate::source::tree::Entry;

/// Bytes that an index may have.
const MAX_INDEX_BYTES: u64 = 8 * 1024 * 1024;

/// The name of the payload in an archive.
pub(super) const PAYLOAD_FILE: &str = "course.mastery";

/// What zstd begins with.
const ZSTD_MAGIC: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// Why there is no course to be had from a file.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// It can't be read.
    #[error("`{}` can't be read", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// It holds no course.
    #[error("there is no course in it")]
    NoCourse,
    /// A part at the end is missing.
    #[error("its end is missing")]
    CutOff,
    /// It is not as it was made.
    #[error("it is damaged: {0}")]
    Damaged(&'static str),
    /// It has a format that was made up later.
    #[error("it was made by a newer version of the tool, in format {format}")]
    Newer {
        /// The format.
        format: u64,
        /// The version of the tool, where that can be told.
        tool: Option<Version>,
    },
    /// It is for another platform than the program that reads it.
    #[error("it is made for `{made_for}`, and this is `{here}`")]
    WrongPlatform {
        /// The platform in the index.
        made_for: Target,
        /// The platform of the program.
        here: Target,
    },
    /// It has more in it than bundles have.
    #[error("it is larger than a bundle can be")]
    TooLarge,
    /// Its archives can't be read.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// Its files make no course.
    #[error("what is in it makes no course: {0}")]
    Content(#[from] ContentError),
}

impl BundleError {
    /// A way out.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Io { .. } => None,
            Self::NoCourse => Some(format!(
                "`mastery bundle` makes files with a course; `{PROGRAM} --course FILE` reads one"
            )),
            Self::CutOff | Self::Damaged(_) | Self::Archive(_) | Self::Content(_) => {
                Some("download it again; if that does not help, tell those who made it".to_owned())
            }
            Self::Newer {
                tool: Some(tool), ..
            } => Some(format!("get `{PROGRAM}` {tool} or later")),
            Self::Newer { tool: None, .. } => Some(format!("get a newer `{PROGRAM}`")),
            Self::WrongPlatform { here, .. } => Some(format!("get the file for {}", here.short())),
            Self::TooLarge => Some("tell those who made it".to_owned()),
        }
    }
}

/// A file with a course, of which nothing was unpacked yet.
#[derive(Clone, Debug)]
pub struct Container {
    /// What it says of itself.
    pub index: Index,
    readable: Vec<u8>,
    sealed: Vec<u8>,
}

/// A course, ready to be used.
#[derive(Clone, Debug)]
pub struct Bundle {
    container: Container,
    course: Arc<Course>,
}

impl Bundle {
    /// Opens a file that `mastery bundle` has written.
    pub fn open(path: &Path) -> Result<Self, BundleError> {
        Self::of(Container::open(path)?)
    }

    /// Opens the course that the running program carries; `None` when it carries none.
    pub fn of_this_program() -> Result<Option<Self>, BundleError> {
        let (path, mut file) = this_program()?;
        let container = match Container::read_file(&mut file, &path) {
            Ok(container) => container,
            Err(BundleError::NoCourse) => return Ok(None),
            Err(error) => return Err(error),
        };
        let here = Target::here();
        match container.index.runtime.as_ref().map(|it| &it.target) {
            Some(made_for) if *made_for != here => Err(BundleError::WrongPlatform {
                made_for: made_for.clone(),
                here,
            }),
            _ => Self::of(container).map(Some),
        }
    }

    /// Unpacks what can be read.
    pub fn of(container: Container) -> Result<Self, BundleError> {
        let course = Arc::new(container.course()?);
        Ok(Self { container, course })
    }

    /// What learners can read.
    pub fn course(&self) -> &Arc<Course> {
        &self.course
    }

    /// Opens what learners can't read. This takes time: it is kept nowhere.
    pub fn sealed(&self) -> Result<Sealed, BundleError> {
        self.container.sealed(&self.course)
    }

    /// The digest of the course, in hexadecimal digits: the same in all files that hold it.
    pub fn digest(&self) -> String {
        self.container.index.course_digest()
    }

    /// What the file says of itself.
    pub fn index(&self) -> &Index {
        &self.container.index
    }
}

impl Container {
    /// Reads a file: a program with a course, an archive, or the payload alone.
    pub fn open(path: &Path) -> Result<Self, BundleError> {
        let failed = |error| BundleError::Io {
            path: path.to_owned(),
            error,
        };
        // The kind is asked for before opening: opening a pipe would wait for its other end.
        if !std::fs::metadata(path).map_err(failed)?.is_file() {
            return Err(failed(io::Error::other("it is no plain file")));
        }
        let mut file = File::open(path).map_err(failed)?;
        Self::read_file(&mut file, path)
    }

    /// Returns the index of a file that can't be read otherwise, where that is legible; nothing says that it is right.
    pub fn index_of_broken(path: &Path) -> Option<Index> {
        let mut file = File::open(path).ok()?;
        let length = file.seek(SeekFrom::End(0)).ok()?;
        let trailer = read_trailer(&mut file, length).ok()??;
        if trailer.index > MAX_INDEX_BYTES || trailer.file() != Some(length) {
            return None;
        }
        file.seek(SeekFrom::Start(trailer.start)).ok()?;
        let mut bytes = Vec::new();
        file.take(trailer.index).read_to_end(&mut bytes).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    fn read_file(file: &mut File, path: &Path) -> Result<Self, BundleError> {
        Self::read(file).map_err(|error| match error {
            ReadError::Bundle(error) => error,
            ReadError::Io(error) => BundleError::Io {
                path: path.to_owned(),
                error,
            },
        })
    }

    /// Reads the bytes of a file.
    pub fn of_bytes(bytes: &[u8]) -> Result<Self, BundleError> {
        Self::read(&mut Cursor::new(bytes)).map_err(|error| match error {
            ReadError::Bundle(error) => error,
            ReadError::Io(_) => BundleError::CutOff,
        })
    }

    fn read(file: &mut (impl Read + Seek)) -> Result<Self, ReadError> {
        let length = file.seek(SeekFrom::End(0))?;
        let trailer = read_trailer(file, length)?;
        match trailer {
            Some(trailer) => Self::read_payload(file, length, &trailer),
            None => Self::read_other(file, length),
        }
    }

    fn read_payload(
        file: &mut (impl Read + Seek),
        length: u64,
        trailer: &Trailer,
    ) -> Result<Self, ReadError> {
        if trailer.file() != Some(length) {
            return Err(BundleError::Damaged("lengths do not fit").into());
        }
        let payload = trailer.payload().ok_or(BundleError::TooLarge)?;
        if payload > archive::MAX_PLAIN_BYTES || trailer.index > MAX_INDEX_BYTES {
            return Err(BundleError::TooLarge.into());
        }
        file.seek(SeekFrom::Start(trailer.start))?;
        // No longer than the file, as was just checked.
        let mut part = |length: u64| {
            let mut bytes = Vec::new();
            (&mut *file).take(length).read_to_end(&mut bytes)?;
            Ok::<_, io::Error>(bytes)
        };
        let index = part(trailer.index)?;
        let readable = part(trailer.readable)?;
        let sealed = part(trailer.sealed)?;
        if trailer.digest_of(&[&index, &readable, &sealed]) != trailer.digest {
            return Err(BundleError::Damaged("its digest is another").into());
        }
        if trailer.format > u64::from(FORMAT) {
            let tool = serde_json::from_slice(&index).ok();
            let tool = tool.and_then(|index: Value| {
                let tool = index.get("tool")?.as_str()?;
                Version::parse(tool).ok()
            });
            let format = trailer.format;
            return Err(BundleError::Newer { format, tool }.into());
        }
        let index: Index = serde_json::from_slice(&index)
            .map_err(|_| BundleError::Damaged("its index can't be read"))?;
        let is_same = |part: &Part, bytes: &[u8]| *part == Part::of(bytes, part.plain_bytes);
        let fits = is_same(&index.readable, &readable) && is_same(&index.sealed, &sealed);
        if !fits || trailer.format != u64::from(FORMAT) || index.format != FORMAT {
            return Err(BundleError::Damaged("its index is about something else").into());
        }
        Ok(Self {
            index,
            readable,
            sealed,
        })
    }

    /// Reads what has no trailer: an archive, or no bundle at all.
    fn read_other(file: &mut (impl Read + Seek), length: u64) -> Result<Self, ReadError> {
        if let Some(program) = Executable::read(file)? {
            // Something is behind the program and does not end as it should; or not even that is whole.
            let is_bare = program.end == length;
            let error = if is_bare {
                BundleError::NoCourse
            } else {
                BundleError::CutOff
            };
            return Err(error.into());
        }
        let mut start = [0; 4];
        file.seek(SeekFrom::Start(0))?;
        let is_archive = file.read_exact(&mut start).is_ok() && start == ZSTD_MAGIC;
        if !is_archive {
            return Err(BundleError::NoCourse.into());
        }
        if length > archive::MAX_PLAIN_BYTES {
            return Err(BundleError::TooLarge.into());
        }
        file.seek(SeekFrom::Start(0))?;
        let mut bytes = Vec::new();
        file.take(length).read_to_end(&mut bytes)?;
        let files = archive::unpack_large(&bytes).map_err(BundleError::from)?;
        let is_payload = |path: &str| {
            let name = path.strip_suffix(PAYLOAD_FILE);
            name.is_some_and(|folder| folder.is_empty() || folder.ends_with('/'))
        };
        let Some((_, Entry::File { content, .. })) =
            files.iter().find(|(path, _)| is_payload(path))
        else {
            return Err(BundleError::NoCourse.into());
        };
        let mut payload = Cursor::new(&**content);
        // An archive in an archive is none of ours.
        let length = content.len() as u64;
        let trailer = read_trailer(&mut payload, length)?.ok_or(BundleError::CutOff)?;
        Self::read_payload(&mut payload, length, &trailer)
    }

    /// Unpacks what can be read.
    pub fn course(&self) -> Result<Course, BundleError> {
        let files = archive::unpack(&self.readable, self.index.readable.plain_bytes)?;
        let course = wire::read_course(&files)?;
        if self.index.is_about(&course, &files) {
            Ok(course)
        } else {
            Err(BundleError::Damaged("its index is about another course"))
        }
    }

    /// Opens and unpacks what can't.
    pub fn sealed(&self, course: &Course) -> Result<Sealed, BundleError> {
        let damaged = || BundleError::Damaged("the sealed part can't be opened");
        let seed = blake3::Hash::from_hex(&self.index.seed).map_err(|_| damaged())?;
        let bound_to = self.index.name();
        let packed = seal::open(seed.as_bytes(), &self.sealed, bound_to.as_bytes());
        let packed = packed.map_err(|_| damaged())?;
        let files = archive::unpack(&packed, self.index.sealed.plain_bytes)?;
        Ok(wire::read_sealed(&files, course)?)
    }
}

/// Why reading did not go on.
enum ReadError {
    Bundle(BundleError),
    Io(io::Error),
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<BundleError> for ReadError {
    fn from(error: BundleError) -> Self {
        Self::Bundle(error)
    }
}

/// Reads the end of a file; `None` when it is no trailer.
fn read_trailer(file: &mut (impl Read + Seek), length: u64) -> io::Result<Option<Trailer>> {
    let Some(at) = length.checked_sub(trailer::LENGTH as u64) else {
        return Ok(None);
    };
    let mut bytes = [0; trailer::LENGTH];
    file.seek(SeekFrom::Start(at))?;
    file.read_exact(&mut bytes)?;
    Ok(Trailer::parse(&bytes))
}

/// The file of the running program. On Linux it can be opened also when it was moved or replaced.
fn this_program() -> Result<(PathBuf, File), BundleError> {
    let link = PathBuf::from("/proc/self/exe");
    if let Ok(file) = File::open(&link) {
        return Ok((link, file));
    }
    let path = std::env::current_exe().map_err(|error| BundleError::Io {
        path: PathBuf::from(PROGRAM),
        error,
    })?;
    match File::open(&path) {
        Ok(file) => Ok((path, file)),
        Err(error) => Err(BundleError::Io { path, error }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::edition::Edition;
    use super::super::fixtures::{edition_of, library};
    use super::super::payload::Payload;
    use super::super::runtime::{Runtime, RuntimeInfo};
    use super::*;

    fn three() -> Edition {
        edition_of(library(&[]).path()).unwrap()
    }

    /// Something in place of a program, for another platform than any test runs on.
    fn runtime() -> Runtime {
        Runtime {
            bytes: b"#!program".to_vec(),
            info: RuntimeInfo {
                version: Version::new(0, 1, 0),
                target: "m68k-unknown-linux-gnu".to_owned().try_into().unwrap(),
            },
        }
    }

    fn error_of(bytes: &[u8]) -> BundleError {
        Container::of_bytes(bytes).and_then(Bundle::of).unwrap_err()
    }

    #[test]
    fn what_was_bundled_is_opened_in_each_form() {
        let edition = three();
        let payload = Payload::of(&edition).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let mut digests = Vec::new();
        for bytes in [payload.program(&runtime()), payload.archive().unwrap()] {
            let path = dir.path().join("bundle");
            std::fs::write(&path, bytes).unwrap();
            let bundle = Bundle::open(&path).unwrap();
            assert_eq!(
                format!("{:?}", bundle.course()),
                format!("{:?}", edition.course)
            );
            let sealed = bundle.sealed().unwrap();
            assert_eq!(format!("{sealed:?}"), format!("{:?}", edition.sealed));
            digests.push(bundle.digest());
        }
        assert_eq!(digests[0], digests[1]);
    }

    #[test]
    fn same_edition_gives_the_same_bytes() {
        let bytes = || {
            let payload = Payload::of(&three()).unwrap();
            (payload.program(&runtime()), payload.archive().unwrap())
        };
        assert!(bytes() == bytes());
    }

    #[test]
    fn every_flipped_bit_is_found() {
        let bytes = Payload::of(&three()).unwrap().program(&runtime());
        let start = runtime().bytes.len();
        for at in start..bytes.len() {
            let mut bytes = bytes.clone();
            bytes[at] ^= 1 << (at % 8);
            assert!(Container::of_bytes(&bytes).is_err(), "byte {at}");
        }
    }

    #[test]
    fn every_cut_is_found() {
        let payload = Payload::of(&three()).unwrap();
        for bytes in [payload.program(&runtime()), payload.archive().unwrap()] {
            for end in 0..bytes.len() {
                let _ = error_of(&bytes[..end]);
            }
        }
    }

    #[test]
    fn program_with_something_behind_that_ends_too_soon_is_cut_off() {
        let mut runtime = runtime();
        runtime.bytes = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let error = error_of(&runtime.bytes);
        assert!(matches!(error, BundleError::NoCourse), "{error}");
        let bytes = Payload::of(&three()).unwrap().program(&runtime);
        for end in [
            runtime.bytes.len() - 1,
            runtime.bytes.len() + 1,
            bytes.len() - 1,
        ] {
            let error = error_of(&bytes[..end]);
            assert!(matches!(error, BundleError::CutOff), "{error}");
        }
    }

    #[test]
    fn what_is_newer_is_told_from_what_is_damaged() {
        let index = br#"{"format": 2, "tool": "9.1.0", "more": [1]}"#;
        let mut trailer = Trailer::of(0, index, b"a", b"b");
        trailer.format = 2;
        trailer.digest = trailer.digest_of(&[index, b"a", b"b"]);
        let bytes = [index.as_slice(), b"ab", &trailer.bytes()].concat();
        let error = error_of(&bytes);
        let hint = error.hint().unwrap();
        assert_eq!(hint, "get `mastery-learn` 9.1.0 or later");
        let mut flipped = Payload::of(&three()).unwrap().program(&runtime());
        let at = flipped.len() - trailer::LENGTH + 8;
        flipped[at] ^= 2;
        assert!(matches!(error_of(&flipped), BundleError::Damaged(_)));
    }

    #[test]
    fn absurd_lengths_are_refused_before_anything_is_read() {
        for (index, readable) in [(u64::MAX, 1), (0, u64::MAX), (1 << 40, 0), (0, 1 << 40)] {
            let mut trailer = Trailer::of(0, b"", b"", b"");
            (trailer.index, trailer.readable) = (index, readable);
            let error = error_of(&trailer.bytes());
            assert!(matches!(error, BundleError::Damaged(_)), "{error}");
        }
        // A file with holes can be as long as it says.
        let file = tempfile::tempfile().unwrap();
        let mut trailer = Trailer::of(0, b"", b"", b"");
        trailer.readable = 1 << 40;
        file.set_len(1 << 40).unwrap();
        let mut file = &file;
        file.seek(SeekFrom::End(0)).unwrap();
        io::Write::write_all(&mut file, &trailer.bytes()).unwrap();
        let read = Container::read(&mut file);
        assert!(matches!(
            read,
            Err(ReadError::Bundle(BundleError::TooLarge))
        ));
    }

    /// What somebody makes up who knows the format, down to the digests.
    #[test]
    fn made_up_parts_are_held_against_each_other() {
        let edition = three();
        let good = Payload::of(&edition).unwrap();
        let other = library(&[("modules/a/bugs/swapped.yaml", "x: 1")]);
        std::fs::remove_dir_all(other.path().join("modules/a/bugs")).unwrap();
        let other = Payload::of(&edition_of(other.path()).unwrap()).unwrap();
        let sealed = |payload: &Payload| {
            let container = Container::of_bytes(&payload.program(&runtime())).unwrap();
            Bundle::of(container).unwrap().sealed().map(drop)
        };
        sealed(&good).unwrap();
        let error = sealed(&good.with_sealed_of(&other)).unwrap_err();
        assert!(matches!(error, BundleError::Content(_)), "{error}");
        let mut renamed = good.clone();
        renamed.index_mut().title = "Another".to_owned().try_into().unwrap();
        let error = error_of(&renamed.program(&runtime()));
        assert!(matches!(error, BundleError::Damaged(_)), "{error}");
    }

    #[test]
    fn other_files_hold_no_course() {
        let bare = archive::pack_large(
            &[("a".to_owned(), Entry::file(b"x".as_slice()))]
                .into_iter()
                .collect(),
        );
        for bytes in [
            Vec::new(),
            b"text".to_vec(),
            vec![0; 1000],
            bare.unwrap().bytes,
        ] {
            assert!(matches!(error_of(&bytes), BundleError::NoCourse));
        }
        assert!(Bundle::open(Path::new("/dev/null")).is_err());
        assert!(Bundle::open(Path::new("/nonexistent")).is_err());
        assert!(Bundle::of_this_program().unwrap().is_none());
    }
}
