//! Encryption of the sealed part. It keeps answers from being read by chance, by a search or by a look into the
//! file; it is no secrecy, for the key is in the same file.

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};

/// What keys are derived for; another format gets other keys.
const CONTEXT: &str = "mastery bundle format 1: sealed part";

/// Digest of what is sealed; the key is derived from it, so that the same input gives the same bytes.
pub(super) type Seed = [u8; 32];

/// It was not sealed with this seed, or has been changed.
#[derive(Debug, thiserror::Error)]
#[error("the sealed part can't be opened")]
pub(super) struct Unopened;

/// Seals some bytes for the holder of the seed.
pub(super) fn seal(plain: &[u8], bound_to: &[u8]) -> (Seed, Vec<u8>) {
    let seed = *blake3::hash(plain).as_bytes();
    let payload = Payload {
        msg: plain,
        aad: bound_to,
    };
    let sealed = cipher(&seed)
        .encrypt(&nonce(), payload)
        .expect("what fits in memory can be encrypted");
    (seed, sealed)
}

/// Opens what [`seal`] has sealed.
pub(super) fn open(seed: &Seed, sealed: &[u8], bound_to: &[u8]) -> Result<Vec<u8>, Unopened> {
    let payload = Payload {
        msg: sealed,
        aad: bound_to,
    };
    cipher(seed)
        .decrypt(&nonce(), payload)
        .map_err(|_| Unopened)
}

fn cipher(seed: &Seed) -> ChaCha20Poly1305 {
    ChaCha20Poly1305::new(&Key::from(blake3::derive_key(CONTEXT, seed)))
}

/// Always the same: no key is used for two texts.
fn nonce() -> Nonce {
    Nonce::from([0; 12])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_sealed_is_opened() {
        let (seed, sealed) = seal(b"the answer", b"course");

        assert_eq!(open(&seed, &sealed, b"course").unwrap(), b"the answer");
        assert!(open(&seed, &sealed, b"other").is_err());
        assert!(open(&[0; 32], &sealed, b"course").is_err());
        assert!(open(&seed, &sealed[..9], b"course").is_err());
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(open(&seed, &changed, b"course").is_err());
        }
    }

    #[test]
    fn same_input_gives_the_same_bytes_and_other_input_another_key() {
        assert_eq!(seal(b"a", b""), seal(b"a", b""));
        assert_ne!(seal(b"a", b"").0, seal(b"b", b"").0);
    }
}
