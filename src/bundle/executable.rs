//! Where a program ends in its file, and what machines it is for: what comes behind was appended.

use std::io::{self, Read, Seek, SeekFrom};

/// Bytes of load commands or program headers that are looked at.
const MAX_TABLE: usize = 1024 * 1024;

/// What the head of a file tells of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Executable {
    /// Where the program ends; longer files have something appended, shorter ones are cut off.
    pub(super) end: u64,
    /// The system, as it is called in the names of platforms.
    pub(super) os: &'static str,
    /// The processor, as it is called there; `None` for one that is not known.
    pub(super) arch: Option<&'static str>,
}

impl Executable {
    /// Reads the head of a file; `None` when it is no program, or one of a kind that the runtime is not built for.
    pub(super) fn read(file: &mut (impl Read + Seek)) -> io::Result<Option<Self>> {
        let mut head = [0; 64];
        file.seek(SeekFrom::Start(0))?;
        match file.read_exact(&mut head) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error),
        }
        // 64 bits, least byte first.
        if head.starts_with(b"\x7fELF\x02\x01") {
            elf(&head, file)
        } else if head.starts_with(&[0xcf, 0xfa, 0xed, 0xfe]) {
            mach_o(&head, file)
        } else {
            Ok(None)
        }
    }
}

fn elf(head: &[u8], file: &mut (impl Read + Seek)) -> io::Result<Option<Executable>> {
    let (segments, segment_size, segment_count) =
        (u64_at(head, 32), u16_at(head, 54), u16_at(head, 56));
    let (sections, section_size, section_count) =
        (u64_at(head, 40), u16_at(head, 58), u16_at(head, 60));
    let mut end = sections.saturating_add(u64::from(section_size) * u64::from(section_count));
    let length = usize::from(segment_size) * usize::from(segment_count);
    let Some(table) = table(file, segments, length)? else {
        return Ok(None);
    };
    for segment in table.chunks_exact(usize::from(segment_size).max(56)) {
        end = end.max(u64_at(segment, 8).saturating_add(u64_at(segment, 32)));
    }
    let arch = match u16_at(head, 18) {
        62 => Some("x86_64"),
        183 => Some("aarch64"),
        243 => Some("riscv64"),
        _ => None,
    };
    Ok(Some(Executable {
        end,
        os: "linux",
        arch,
    }))
}

fn mach_o(head: &[u8], file: &mut (impl Read + Seek)) -> io::Result<Option<Executable>> {
    const SEGMENT_64: u32 = 0x19;
    let length = usize::try_from(u32_at(head, 20)).unwrap_or(usize::MAX);
    let Some(table) = table(file, 32, length)? else {
        return Ok(None);
    };
    let (mut end, mut rest) = (0, table.as_slice());
    while rest.len() >= 8 {
        let length = usize::try_from(u32_at(rest, 4)).unwrap_or(usize::MAX);
        if length < 8 || length > rest.len() {
            break;
        }
        if u32_at(rest, 0) == SEGMENT_64 && length >= 56 {
            end = end.max(u64_at(rest, 40).saturating_add(u64_at(rest, 48)));
        }
        rest = &rest[length..];
    }
    let arch = match u32_at(head, 4) {
        0x0100_0007 => Some("x86_64"),
        0x0100_000c => Some("aarch64"),
        _ => None,
    };
    Ok(Some(Executable {
        end,
        os: "macos",
        arch,
    }))
}

/// Reads a table; `None` where it is not in the file, or absurd.
fn table(file: &mut (impl Read + Seek), at: u64, length: usize) -> io::Result<Option<Vec<u8>>> {
    if length > MAX_TABLE || i64::try_from(at).is_err() {
        return Ok(None);
    }
    let mut table = vec![0; length];
    file.seek(SeekFrom::Start(at))?;
    match file.read_exact(&mut table) {
        Ok(()) => Ok(Some(table)),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(bytes[at..at + 2].try_into().expect("two bytes"))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn put(bytes: &mut [u8], at: usize, value: u64, length: usize) {
        bytes[at..at + length].copy_from_slice(&value.to_le_bytes()[..length]);
    }

    #[test]
    fn this_program_ends_where_its_file_does() {
        let path = std::env::current_exe().unwrap();
        let mut file = std::fs::File::open(&path).unwrap();
        let found = Executable::read(&mut file).unwrap().unwrap();
        assert_eq!(found.end, file.metadata().unwrap().len());
        assert_eq!(found.os, std::env::consts::OS);
        assert_eq!(found.arch, Some(std::env::consts::ARCH));
    }

    #[test]
    fn program_for_a_mac_ends_with_its_last_segment() {
        let mut bytes = vec![0; 32 + 72 + 16 + 72];
        put(&mut bytes, 0, 0xfeed_facf, 4);
        put(&mut bytes, 4, 0x0100_000c, 4);
        put(&mut bytes, 20, 160, 4);
        for (at, kind, length) in [(32, 0x19, 72), (104, 2, 16), (120, 0x19, 72)] {
            put(&mut bytes, at, kind, 4);
            put(&mut bytes, at + 4, length, 4);
        }
        put(&mut bytes, 120 + 40, 4096, 8);
        put(&mut bytes, 120 + 48, 100, 8);
        let found = Executable::read(&mut Cursor::new(bytes)).unwrap().unwrap();
        let expected = Executable {
            end: 4196,
            os: "macos",
            arch: Some("aarch64"),
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn whatever_is_no_program_is_none() {
        let mut absurd = b"\x7fELF\x02\x01".to_vec();
        absurd.resize(64, 0xff);
        let mut endless = 0xfeed_facf_u32.to_le_bytes().to_vec();
        endless.resize(4096, 0);
        put(&mut endless, 20, 1000, 4);
        for bytes in [
            Vec::new(),
            vec![0; 100],
            b"\x7fELF\x02\x01".to_vec(),
            absurd,
        ] {
            assert_eq!(Executable::read(&mut Cursor::new(bytes)).unwrap(), None);
        }
        let found = Executable::read(&mut Cursor::new(endless)).unwrap();
        assert_eq!(found.unwrap().end, 0);
    }
}
