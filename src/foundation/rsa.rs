//! RSA keys of actors, parsed once and kept parsed: parsing a private key costs as much as a signature.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize, PublicEncryptingKey};
use aws_lc_rs::signature::{
    KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256,
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

/// Another actor's key.
#[derive(Clone)]
pub struct VerifyingKey(ParsedPublicKey);

impl VerifyingKey {
    /// SPKI (`BEGIN PUBLIC KEY`) or PKCS#1 (`BEGIN RSA PUBLIC KEY`, as Mobilizon writes it); RSA of 2048 to 4096 bits.
    pub fn from_pem(text: &str) -> Result<Self> {
        let wrong = || Error::invalid("publicKeyPem", "is no RSA key of 2048 to 4096 bits");
        let der = der(text).ok_or_else(wrong)?;
        // The size is judged where it can be read; PKCS#1 keys are as long as their modulus and some bytes.
        if der.len() > 600 {
            return Err(wrong());
        }
        if text.contains("BEGIN PUBLIC KEY") {
            let bits = PublicEncryptingKey::from_der(&der).map_err(|_| wrong())?.key_size_bits();
            if !(2048..=4096).contains(&bits) {
                return Err(wrong());
            }
        }
        ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der).map(Self).map_err(|_| wrong())
    }

    /// In constant time; `signature` as raw bytes.
    #[must_use]
    pub fn verifies(&self, text: &[u8], signature: &[u8]) -> bool {
        self.0.verify_sig(text, signature).is_ok()
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
    use super::*;

    #[test]
    fn what_a_key_signs_its_public_half_verifies() {
        let key = SigningKey::generate().unwrap();
        let again = SigningKey::from_pkcs8(&key.to_pkcs8().unwrap()).unwrap();
        let signature = STANDARD.decode(again.sign(b"text").unwrap()).unwrap();
        let public = VerifyingKey::from_pem(&key.public_pem().unwrap()).unwrap();
        assert!(public.verifies(b"text", &signature));
        assert!(!public.verifies(b"texT", &signature));
        assert!(!public.verifies(b"text", &signature[1..]));
    }

    #[test]
    fn pkcs1_keys_are_read_and_small_or_broken_ones_are_not() {
        let key = SigningKey::generate().unwrap();
        let pkcs1 = pem("RSA PUBLIC KEY", key.0.public_key().as_ref());
        let signature = STANDARD.decode(key.sign(b"text").unwrap()).unwrap();
        assert!(VerifyingKey::from_pem(&pkcs1).unwrap().verifies(b"text", &signature));
        for wrong in ["", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "key"] {
            assert!(VerifyingKey::from_pem(wrong).is_err(), "{wrong}");
        }
    }
}
