//! The server's secret: seals actors' keys at rest and keys the hashes of tokens.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::{digest, hkdf, hmac, rand};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::error::{Error, Result};

/// 32 random bytes in a file of mode 0600 (base64, one line), shared by the processes of one server.
#[derive(Clone)]
pub struct Secret(Arc<Derived>);

struct Derived {
    sealing: RandomizedNonceKey,
    tokens: hmac::Key,
    votes: hmac::Key,
}

struct Bytes32;

impl hkdf::KeyType for Bytes32 {
    fn len(&self) -> usize {
        32
    }
}

impl Secret {
    /// Reads the file, or makes it where it is missing; never overwrites one.
    pub fn open_or_make(path: &Path) -> Result<Self> {
        let say = |problem: String| {
            Error::invalid("secret_file", format!("{}: {problem}", path.display()))
        };
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)
                .map_err(|e| say(e.to_string()))?;
        }
        if !path.exists() {
            make(path).map_err(|e| say(e.to_string()))?;
        }
        let text = fs::read_to_string(path).map_err(|e| say(e.to_string()))?;
        let bytes = STANDARD.decode(text.trim()).ok().filter(|bytes| bytes.len() == 32);
        Self::derive(&bytes.ok_or_else(|| {
            say("does not hold 32 bytes in base64; restore it from your backup".to_owned())
        })?)
    }

    fn derive(bytes: &[u8]) -> Result<Self> {
        let root = hkdf::Salt::new(hkdf::HKDF_SHA256, b"likejewijk").extract(bytes);
        let expand = |purpose: &'static [u8]| {
            let mut key = [0; 32];
            root.expand(&[purpose], Bytes32).and_then(|okm| okm.fill(&mut key)).map(|()| key)
        };
        let wrong = |_| Error::internal("the secret cannot be used");
        Ok(Self(Arc::new(Derived {
            sealing: RandomizedNonceKey::new(&AES_256_GCM, &expand(b"actor keys").map_err(wrong)?)
                .map_err(wrong)?,
            tokens: hmac::Key::new(hmac::HMAC_SHA256, &expand(b"tokens").map_err(wrong)?),
            votes: hmac::Key::new(hmac::HMAC_SHA256, &expand(b"votes").map_err(wrong)?),
        })))
    }

    /// Encrypts `plain` for `owner`; what was sealed for one owner does not open for another.
    pub fn seal(&self, owner: &str, plain: &[u8]) -> Result<Vec<u8>> {
        let mut sealed = plain.to_vec();
        let nonce = self
            .0
            .sealing
            .seal_in_place_append_tag(Aad::from(owner.as_bytes()), &mut sealed)
            .map_err(|_| Error::internal("sealing failed"))?;
        Ok([nonce.as_ref().as_slice(), &sealed].concat())
    }

    /// `None` where it was sealed with another secret or for another owner.
    #[must_use]
    pub fn open(&self, owner: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, rest) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut plain = rest.to_vec();
        let len = self
            .0
            .sealing
            .open_in_place(nonce, Aad::from(owner.as_bytes()), &mut plain)
            .ok()?
            .len();
        plain.truncate(len);
        Some(plain)
    }

    /// What is stored of a token handed out: the database alone lets nobody in.
    #[must_use]
    pub fn token_hash(&self, token: &str) -> String {
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.0.tokens, token.as_bytes()))
    }

    /// One who voted in one poll: the same for the same two, and nobody's name to who has only the database.
    #[must_use]
    pub fn voter_hash(&self, poll: &str, actor: &str) -> String {
        let pair = format!("{poll} {actor}");
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.0.votes, pair.as_bytes()))
    }
}

/// Whole or not at all: of several processes that start at once, one's file becomes the secret and all read that one.
fn make(path: &Path) -> std::io::Result<()> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).map_err(|_| std::io::Error::other("no randomness"))?;
    let draft = path.with_extension(random_token().map_err(std::io::Error::other)?);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    writeln!(file, "{}", STANDARD.encode(bytes)).and_then(|()| file.sync_all())?;
    let made = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match made {
        Err(e) if e.kind() != std::io::ErrorKind::AlreadyExists => Err(e),
        _ => Ok(()),
    }
}

/// 128 random bits in 22 URL-safe characters.
pub fn random_token() -> Result<String> {
    let mut bytes = [0; 16];
    rand::fill(&mut bytes).map_err(|_| Error::internal("no randomness"))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_for_its_owner_with_its_secret_only() {
        let (ours, theirs) = (Secret::derive(&[1; 32]).unwrap(), Secret::derive(&[2; 32]).unwrap());
        let sealed = ours.seal("actor 1", b"key").unwrap();
        assert_eq!(ours.open("actor 1", &sealed).unwrap(), b"key");
        assert!(ours.open("actor 2", &sealed).is_none());
        assert!(theirs.open("actor 1", &sealed).is_none());
        assert!(ours.open("actor 1", b"short").is_none());
    }

    #[test]
    fn the_file_is_made_once_and_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data").join("secret");
        Secret::open_or_make(&path).unwrap();
        let first = fs::read(&path).unwrap();
        Secret::open_or_make(&path).unwrap();
        assert_eq!(first, fs::read(&path).unwrap());
        fs::write(&path, "x").unwrap();
        assert!(Secret::open_or_make(&path).is_err());
    }
}
