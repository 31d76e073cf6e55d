//! Keys of actors, parsed once and kept parsed: parsing a private key costs as much as a signature. Ours are RSA; others
//! sign with RSA or Ed25519.

use std::fmt;
use std::ops::RangeInclusive;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize, PublicEncryptingKey, PublicKey};
use aws_lc_rs::signature::{
    ED25519, KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::error::{Error, Result};

/// A local actor's key: RSA-2048, RSASSA-PKCS1-v1_5 with SHA-256.
pub struct SigningKey(KeyPair);

impl SigningKey {
    pub fn generate() -> Result<Self> {
        KeyPair::generate(KeySize::Rsa2048)
            .map(Self)
            .map_err(|_| Error::internal("making a key failed"))
    }

    pub fn from_pkcs8(der: &[u8]) -> Result<Self> {
        KeyPair::from_pkcs8(der).map(Self).map_err(|_| Error::internal("not a private key"))
    }

    pub fn to_pkcs8(&self) -> Result<Vec<u8>> {
        let der: Pkcs8V1Der<'_> =
            self.0.as_der().map_err(|_| Error::internal("the key cannot be written"))?;
        Ok(der.as_ref().to_vec())
    }

    /// SPKI in PEM, as actors publish it.
    pub fn public_pem(&self) -> Result<String> {
        let der: PublicKeyX509Der<'_> = self
            .0
            .public_key()
            .as_der()
            .map_err(|_| Error::internal("the key cannot be written"))?;
        Ok(pem("PUBLIC KEY", der.as_ref()))
    }

    /// The signature of `text`, in base64.
    pub fn sign(&self, text: &[u8]) -> Result<String> {
        let mut signature = vec![0; self.0.public_modulus_len()];
        self.0
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text, &mut signature)
            .map_err(|_| Error::internal("signing failed"))?;
        Ok(STANDARD.encode(signature))
    }
}

/// What a key signs with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rsa { bits: usize },
    /// RFC 8032.
    Ed25519,
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa { bits } => write!(f, "RSA, {bits} bits"),
            Self::Ed25519 => f.write_str("Ed25519"),
        }
    }
}

/// TRUST.md §4, "RSA key".
const RSA_BITS: RangeInclusive<usize> = 2048..=4096;
/// Of a multibase key: the multicodec of an RSA key in PKCS#1 and of a bare Ed25519 key, as unsigned varints.
const RSA_CODEC: [u8; 2] = [0x85, 0x24];
const ED25519_CODEC: [u8; 2] = [0xed, 0x01];
/// Longer ones are no key of the allowed sizes.
const LONGEST_TEXT: usize = 4000;

/// Another actor's key.
#[derive(Clone)]
pub struct VerifyingKey {
    key: ParsedPublicKey,
    algorithm: Algorithm,
}

impl VerifyingKey {
    /// As actors publish it: PEM (`BEGIN PUBLIC KEY`; Mobilizon: `BEGIN RSA PUBLIC KEY`), or a Multikey of FEP-521a
    /// (`z…`). RSA of 2048 to 4096 bits, or Ed25519.
    pub fn read(text: &str) -> Result<Self> {
        let wrong =
            || Error::invalid("key", "is no RSA key of 2048 to 4096 bits, nor an Ed25519 key");
        if text.len() > LONGEST_TEXT {
            return Err(wrong());
        }
        let key = match text.trim().strip_prefix('z') {
            Some(base58) => {
                Self::of_multikey(&bs58::decode(base58).into_vec().ok().ok_or_else(wrong)?)
            }
            None => der(text).and_then(|der| Self::rsa(&der).or_else(|| Self::ed25519(&der))),
        };
        key.ok_or_else(wrong)
    }

    fn of_multikey(bytes: &[u8]) -> Option<Self> {
        let (codec, key) = bytes.split_first_chunk()?;
        match *codec {
            RSA_CODEC => Self::rsa(key),
            ED25519_CODEC => Self::ed25519(key),
            _ => None,
        }
    }

    /// PKCS#1 or SPKI.
    fn rsa(der: &[u8]) -> Option<Self> {
        let spki: PublicKeyX509Der<'_> = PublicKey::from_der(der).ok()?.as_der().ok()?;
        let bits = PublicEncryptingKey::from_der(spki.as_ref()).ok()?.key_size_bits();
        let key = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der).ok()?;
        RSA_BITS.contains(&bits).then_some(Self { key, algorithm: Algorithm::Rsa { bits } })
    }

    /// 32 bytes, or SPKI.
    fn ed25519(bytes: &[u8]) -> Option<Self> {
        let key = ParsedPublicKey::new(&ED25519, bytes).ok()?;
        Some(Self { key, algorithm: Algorithm::Ed25519 })
    }

    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// In constant time; `signature` as raw bytes.
    #[must_use]
    pub fn verifies(&self, text: &[u8], signature: &[u8]) -> bool {
        self.key.verify_sig(text, signature).is_ok()
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    let encoded = STANDARD.encode(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    for line in encoded.as_bytes().chunks(64) {
        text.push_str(&String::from_utf8_lossy(line));
        text.push('\n');
    }
    text + &format!("-----END {label}-----\n")
}

fn der(pem: &str) -> Option<Vec<u8>> {
    let (_, rest) = pem.split_once("-----BEGIN ")?;
    let (_, rest) = rest.split_once("-----")?;
    let (body, _) = rest.split_once("-----END ")?;
    STANDARD.decode(body.split_whitespace().collect::<String>()).ok()
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::Ed25519KeyPair;

    use super::*;

    /// RSA of 1024 bits.
    const WEAK: &str = "-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDIi6IZWnhjLB0OKT4JybrCjFL5
W4dLfZbZwP8+OU6i/DrVtn9a+ZyHbVZsFlRz/57+BFGhnvI3vQSydOd5rTkZF3HY
xxMGLbVm7Ghu+5qIYG24hgxrwjdkD699JAzYo78e3B0dkycZe0y7JqIGjIaU3z0f
8FfwkE2BGV1N0StyLQIDAQAB
-----END PUBLIC KEY-----
";

    fn multikey(codec: [u8; 2], key: &[u8]) -> String {
        format!("z{}", bs58::encode([&codec, key].concat()).into_string())
    }

    #[test]
    fn what_a_key_signs_its_public_half_verifies() {
        let key = SigningKey::generate().unwrap();
        let again = SigningKey::from_pkcs8(&key.to_pkcs8().unwrap()).unwrap();
        let signature = STANDARD.decode(again.sign(b"text").unwrap()).unwrap();
        let public = VerifyingKey::read(&key.public_pem().unwrap()).unwrap();
        assert!(public.verifies(b"text", &signature));
        assert!(!public.verifies(b"texT", &signature));
        assert!(!public.verifies(b"text", &signature[1..]));
    }

    #[test]
    fn an_rsa_key_is_one_key_in_every_form() {
        let key = SigningKey::generate().unwrap();
        let signature = STANDARD.decode(key.sign(b"text").unwrap()).unwrap();
        let pkcs1 = key.0.public_key().as_ref();
        for form in
            [key.public_pem().unwrap(), pem("RSA PUBLIC KEY", pkcs1), multikey(RSA_CODEC, pkcs1)]
        {
            let read = VerifyingKey::read(&form).unwrap();
            assert!(read.verifies(b"text", &signature), "{form}");
            assert_eq!(read.algorithm(), Algorithm::Rsa { bits: 2048 }, "{form}");
        }
    }

    #[test]
    fn an_ed25519_key_is_read_from_a_multikey_and_from_spki() {
        let pair = Ed25519KeyPair::generate().unwrap();
        let signature = pair.sign(b"text");
        let spki: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
        for form in
            [multikey(ED25519_CODEC, pair.public_key().as_ref()), pem("PUBLIC KEY", spki.as_ref())]
        {
            let read = VerifyingKey::read(&form).unwrap();
            assert_eq!(read.algorithm(), Algorithm::Ed25519, "{form}");
            assert!(read.verifies(b"text", signature.as_ref()), "{form}");
            assert!(!read.verifies(b"texT", signature.as_ref()), "{form}");
        }
    }

    #[test]
    fn what_is_weak_or_broken_is_no_key() {
        for wrong in [
            "",
            "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
            "key",
            "z",
            "z0OIl",
            &multikey(RSA_CODEC, &[1; 32]),
            &multikey(ED25519_CODEC, &[1; 31]),
            &multikey([0xe7, 0x01], &[2; 33]),
            &"z".repeat(5000),
            WEAK,
        ] {
            assert!(VerifyingKey::read(wrong).is_err(), "{wrong}");
        }
    }
}
