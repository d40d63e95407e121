//! The program that a bundle begins with: how it is recognised in a file, and what it is for.

use std::fmt;
use std::io;
use std::path::Path;

use semver::Version;
use serde::{Deserialize, Serialize};

use super::FORMAT;
use super::executable::Executable;
use super::trailer::{self, Trailer};
use crate::source::{ReadError, read_bytes};

/// The name of the program.
pub const PROGRAM: &str = "mastery-learn";

/// Bytes that a runtime may have.
const MAX_BYTES: u64 = 512 * 1024 * 1024;

/// What a mark begins with. It must stand in no program but the runtime, so that it is put together here.
const MARK: [&str; 3] = ["<mastery-learn ", "runtime ", "format="];

/// The longest mark.
const MAX_MARK: usize = 200;

/// What the runtime carries so that it is recognised; its `main` calls it once.
#[macro_export]
macro_rules! mark_runtime {
    () => {{
        static MARK: &str = concat!(
            "<mastery-learn runtime format=1 version=",
            env!("CARGO_PKG_VERSION"),
            " target=",
            env!("MASTERY_TARGET"),
            ">"
        );
        // Nothing reads it; it must stay all the same.
        std::hint::black_box(MARK);
    }};
}

/// What a runtime says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuntimeInfo {
    /// Its version.
    pub version: Version,
    /// The platform that it is built for.
    pub target: Target,
}

/// A platform, as the compiler calls it: `x86_64-unknown-linux-gnu`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Target(String);

impl Target {
    /// The platform of this program.
    pub fn here() -> Self {
        Self(env!("MASTERY_TARGET").to_owned())
    }

    /// The system: `linux`, `macos`.
    pub fn os(&self) -> &str {
        let mut parts = self.0.split('-').skip(1);
        let os = parts.find(|it| matches!(*it, "linux" | "darwin" | "freebsd" | "windows"));
        match os {
            Some("darwin") => "macos",
            Some(os) => os,
            None => "unknown",
        }
    }

    /// The processor: `x86_64`, `aarch64`.
    pub fn arch(&self) -> &str {
        self.0.split('-').next().unwrap_or_default()
    }

    /// What files for it are called by: `linux-x86_64`.
    pub fn short(&self) -> String {
        format!("{}-{}", self.os(), self.arch())
    }
}

impl TryFrom<String> for Target {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let is_word = |it: &str| {
            !it.is_empty()
                && it
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"_.".contains(&b))
        };
        let count = text.split('-').count();
        if text.len() <= 64 && (2..=5).contains(&count) && text.split('-').all(is_word) {
            Ok(Self(text))
        } else {
            Err(format!("`{text}` is no platform"))
        }
    }
}

impl From<Target> for String {
    fn from(target: Target) -> Self {
        target.0
    }
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A runtime that courses can be appended to.
#[derive(Clone, Debug)]
pub struct Runtime {
    /// The program.
    pub bytes: Vec<u8>,
    /// What it says of itself.
    pub info: RuntimeInfo,
}

/// Why a file can't be used as a runtime.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// It can't be read.
    #[error(transparent)]
    Unreadable(#[from] ReadError),
    /// It is another program, or none.
    #[error("it is no `{PROGRAM}`")]
    Other,
    /// Its courses have another format.
    #[error("it reads bundles of format {0}, and this tool writes format {FORMAT}")]
    OtherFormat(u32),
    /// There is a course in it already.
    #[error("it carries a course already")]
    Taken,
    /// It is for another machine than it says, or a part of it is missing.
    #[error("the program is damaged")]
    Damaged,
}

impl RuntimeError {
    /// A way out.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Unreadable(_) => None,
            Self::Other => {
                Some("give the program that `cargo build --release` puts beside `mastery`")
            }
            Self::OtherFormat(_) => Some("build both programs from one version of the source"),
            Self::Taken => Some("give the program as it was built, not a bundle"),
            Self::Damaged => Some("build it, or download it, anew"),
        }
    }
}

impl Runtime {
    /// Reads a runtime.
    pub fn read(path: &Path) -> Result<Self, RuntimeError> {
        Self::of(read_bytes(path, MAX_BYTES)?)
    }

    /// Takes a file's content for a runtime.
    pub fn of(bytes: Vec<u8>) -> Result<Self, RuntimeError> {
        let (format, info) = find_mark(&bytes).ok_or(RuntimeError::Other)?;
        if format != FORMAT {
            return Err(RuntimeError::OtherFormat(format));
        }
        let info = info.ok_or(RuntimeError::Other)?;
        let last = bytes.last_chunk::<{ trailer::LENGTH }>();
        if last.is_some_and(|last| Trailer::parse(last).is_some()) {
            return Err(RuntimeError::Taken);
        }
        let read = Executable::read(&mut io::Cursor::new(&bytes));
        let program = read.ok().flatten().ok_or(RuntimeError::Other)?;
        let is_whole = program.end <= bytes.len() as u64;
        let fits = program.os == info.target.os() && program.arch == Some(info.target.arch());
        if !is_whole || !fits {
            return Err(RuntimeError::Damaged);
        }
        Ok(Self { bytes, info })
    }
}

/// The format that a mark names, and the rest of what it says; the rest may be another in other formats.
fn find_mark(bytes: &[u8]) -> Option<(u32, Option<RuntimeInfo>)> {
    let mark = MARK.concat();
    let mut rest = bytes;
    while let Some(at) = find(rest, mark.as_bytes()) {
        rest = &rest[at + mark.len()..];
        let end = rest.iter().take(MAX_MARK).position(|&byte| byte == b'>');
        let text = end.and_then(|end| std::str::from_utf8(&rest[..end]).ok());
        if let Some(found) = text.and_then(parse_mark) {
            return Some(found);
        }
    }
    None
}

fn parse_mark(text: &str) -> Option<(u32, Option<RuntimeInfo>)> {
    let mut words = text.split(' ');
    let format = words.next()?.parse().ok()?;
    let info = || {
        let version = words.next()?.strip_prefix("version=")?;
        let target = words.next()?.strip_prefix("target=")?;
        Some(RuntimeInfo {
            version: Version::parse(version).ok()?,
            target: target.to_owned().try_into().ok()?,
        })
    };
    Some((format, { info }()))
}

/// Where a text first stands. Programs have many megabytes: the first byte is looked for in a loop that the
/// compiler makes fast.
fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    let (&first, mut at) = (wanted.first()?, 0);
    loop {
        at += bytes[at..].iter().position(|&byte| byte == first)?;
        if bytes[at..].starts_with(wanted) {
            return Some(at);
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The head of a program for a Mac, with a mark behind it.
    fn marked(format: &str) -> Vec<u8> {
        let mark = MARK.concat();
        let mark = format!("<<mastery{mark}{format} version=1.2.3 target=aarch64-apple-darwin>");
        let head = [0xcf, 0xfa, 0xed, 0xfe, 0x0c, 0, 0, 1];
        [&head[..], &[0; 60], mark.as_bytes(), &[0]].concat()
    }

    #[test]
    fn runtimes_are_told_from_other_programs() {
        let runtime = Runtime::of(marked("1")).unwrap();
        assert_eq!(runtime.info.version, Version::new(1, 2, 3));
        assert_eq!(runtime.info.target.short(), "macos-aarch64");
        let error = |bytes: Vec<u8>| Runtime::of(bytes).unwrap_err();
        assert!(matches!(error(marked("2")), RuntimeError::OtherFormat(2)));
        assert!(matches!(error(marked("x")), RuntimeError::Other));
        assert!(matches!(
            error(marked("1")[68..].to_vec()),
            RuntimeError::Other
        ));
        let mut other = marked("1");
        other[4] = 7;
        assert!(matches!(error(other), RuntimeError::Damaged));
        let mut taken = marked("1");
        taken.extend(Trailer::of(0, b"", b"", b"").bytes());
        assert!(matches!(error(taken), RuntimeError::Taken));
        let this = Runtime::read(&std::env::current_exe().unwrap());
        assert!(matches!(this, Err(RuntimeError::Other)));
    }

    #[test]
    fn platforms_have_short_names() {
        let short = |target: &str| Target::try_from(target.to_owned()).map(|it| it.short());
        assert_eq!(short("x86_64-unknown-linux-gnu").unwrap(), "linux-x86_64");
        assert_eq!(short("x86_64-unknown-linux-musl").unwrap(), "linux-x86_64");
        assert_eq!(Target::here().arch(), std::env::consts::ARCH);
        assert_eq!(Target::here().os(), std::env::consts::OS);
        for wrong in ["", "x", "a-../b", "a--b", "a-\u{1b}"] {
            assert!(short(wrong).is_err(), "{wrong}");
        }
    }
}
