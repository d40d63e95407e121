//! Bytes of a file that many trees share, with their digest, which is worked out once for all of them.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

/// Bytes of a file. Clones share them.
#[derive(Clone)]
pub struct Content(Arc<Shared>);

struct Shared {
    bytes: Box<[u8]>,
    digest: OnceLock<blake3::Hash>,
}

impl Content {
    /// The digest of the bytes.
    pub fn digest(&self) -> &[u8; 32] {
        let digest = || blake3::hash(&self.0.bytes);
        self.0.digest.get_or_init(digest).as_bytes()
    }
}

impl Deref for Content {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0.bytes
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        String::from_utf8_lossy(self).fmt(formatter)
    }
}

impl PartialEq for Content {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || **self == **other
    }
}

impl Eq for Content {}

impl From<Vec<u8>> for Content {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Arc::new(Shared {
            bytes: bytes.into(),
            digest: OnceLock::new(),
        }))
    }
}

impl From<&[u8]> for Content {
    fn from(bytes: &[u8]) -> Self {
        bytes.to_vec().into()
    }
}

impl<const N: usize> From<[u8; N]> for Content {
    fn from(bytes: [u8; N]) -> Self {
        bytes.to_vec().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_are_equal_where_their_bytes_are() {
        let content = Content::from(b"text".as_slice());
        assert_eq!(content, content.clone());
        assert_eq!(content, Content::from(*b"text"));
        assert_ne!(content, Content::from(*b"other"));
        assert_eq!(content.digest(), blake3::hash(b"text").as_bytes());
        assert_eq!(content.len(), 4);
    }
}
