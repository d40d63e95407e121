//! The end of a bundle: what it holds, where that begins, and its digest. Whoever starts a bundle reads these few
//! bytes first.

use super::FORMAT;

/// Bytes of a trailer. Later formats keep its layout, so that what is newer can be told from what is damaged.
pub(super) const LENGTH: usize = 80;

/// What a trailer begins with.
const MAGIC: &[u8; 8] = b"mstryBND";

/// Bytes before the digest.
const HEAD: usize = 48;

/// What stands in a trailer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Trailer {
    /// The version of the format.
    pub(super) format: u64,
    /// Where the payload begins, from the beginning of the file.
    pub(super) start: u64,
    /// Bytes of the index.
    pub(super) index: u64,
    /// Bytes of the readable part.
    pub(super) readable: u64,
    /// Bytes of the sealed part.
    pub(super) sealed: u64,
    /// Digest of what stands before it in the trailer, and of the payload.
    pub(super) digest: [u8; 32],
}

impl Trailer {
    /// The trailer of a payload that begins at `start`.
    pub(super) fn of(start: u64, index: &[u8], readable: &[u8], sealed: &[u8]) -> Self {
        let mut trailer = Self {
            format: u64::from(FORMAT),
            start,
            index: index.len() as u64,
            readable: readable.len() as u64,
            sealed: sealed.len() as u64,
            digest: [0; 32],
        };
        trailer.digest = trailer.digest_of(&[index, readable, sealed]);
        trailer
    }

    /// Reads a trailer; `None` when it is none.
    pub(super) fn parse(bytes: &[u8; LENGTH]) -> Option<Self> {
        if &bytes[..8] != MAGIC {
            return None;
        }
        let word = |at: usize| {
            let word = bytes[at..at + 8].try_into().expect("eight bytes");
            u64::from_le_bytes(word)
        };
        Some(Self {
            format: word(8),
            start: word(16),
            index: word(24),
            readable: word(32),
            sealed: word(40),
            digest: bytes[HEAD..].try_into().expect("32 bytes"),
        })
    }

    /// The trailer as it is written.
    pub(super) fn bytes(&self) -> [u8; LENGTH] {
        let mut bytes = [0; LENGTH];
        bytes[..8].copy_from_slice(MAGIC);
        for (at, word) in [
            (8, self.format),
            (16, self.start),
            (24, self.index),
            (32, self.readable),
            (40, self.sealed),
        ] {
            bytes[at..at + 8].copy_from_slice(&word.to_le_bytes());
        }
        bytes[HEAD..].copy_from_slice(&self.digest);
        bytes
    }

    /// Bytes of the payload; `None` where there can't be so many.
    pub(super) fn payload(&self) -> Option<u64> {
        self.index
            .checked_add(self.readable)?
            .checked_add(self.sealed)
    }

    /// How long a file with this trailer is; `None` where no file is so long.
    pub(super) fn file(&self) -> Option<u64> {
        self.start
            .checked_add(self.payload()?)?
            .checked_add(LENGTH as u64)
    }

    /// The digest that belongs to a payload.
    pub(super) fn digest_of(&self, payload: &[&[u8]]) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.bytes()[..HEAD]);
        for part in payload {
            hasher.update(part);
        }
        *hasher.finalize().as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trailer_is_read_as_it_was_written() {
        let trailer = Trailer::of(1, b"ab", b"cde", b"f");
        assert_eq!(Trailer::parse(&trailer.bytes()), Some(trailer));
        assert_eq!(trailer.file(), Some(1 + 6 + 80));
        assert_eq!(Trailer::parse(&[0; LENGTH]), None);
        let absurd = Trailer {
            readable: u64::MAX,
            ..trailer
        };
        assert_eq!((absurd.payload(), absurd.file()), (None, None));
    }

    #[test]
    fn digest_is_about_the_lengths_as_well() {
        let one = Trailer::of(0, b"ab", b"c", b"");
        let two = Trailer::of(0, b"a", b"bc", b"");
        assert_ne!(one.digest, two.digest);
    }
}
