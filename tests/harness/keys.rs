//! RSA-2048 keys of the other servers. Making one is slow, so a process makes each once and all
//! actors of one host share one.

use std::sync::OnceLock;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::UnparsedPublicKey;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

/// One of a handful of keys, by number; see `Key::of_host`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key(usize);

static KEYS: [OnceLock<KeyPair>; 5] = [const { OnceLock::new() }; 5];

impl Key {
    /// The key an actor takes when his server changes keys.
    pub(crate) const ROTATED: Key = Key(4);

    /// That of all hosts without one of their own.
    pub(crate) const SHARED: Key = Key(3);

    /// a.test, b.test and c.test have keys of their own; all others share one.
    pub(crate) fn of_host(host: &str) -> Key {
        match host {
            "a.test" => Key(0),
            "b.test" => Key(1),
            "c.test" => Key(2),
            _ => Key(3),
        }
    }

    fn pair(self) -> &'static KeyPair {
        KEYS[self.0].get_or_init(|| KeyPair::generate(KeySize::Rsa2048).expect("an RSA key"))
    }

    /// rsa-sha256 over `text`, in base64.
    pub(crate) fn sign(self, text: &str) -> String {
        let pair = self.pair();
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature)
            .expect("a signature");
        BASE64.encode(signature)
    }

    /// SPKI PEM, as Mastodon publishes it.
    pub(crate) fn public_pem(self) -> String {
        let key: PublicKeyX509Der<'_> = self.pair().public_key().as_der().expect("a public key");
        let text = BASE64.encode(key.as_ref());
        let lines: Vec<&str> =
            text.as_bytes().chunks(64).map(|l| std::str::from_utf8(l).expect("base64")).collect();
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
    }
}

/// Whether `signature` (base64) over `text` was made with the private half of the key in `pem`.
pub(crate) fn verifies(pem: &str, text: &str, signature: &str) -> Result<(), String> {
    let der: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let der = BASE64.decode(der).map_err(|e| format!("{e} in {pem}"))?;
    let signature = BASE64.decode(signature).map_err(|e| format!("{e} in the signature"))?;
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der)
        .verify(text.as_bytes(), &signature)
        .map_err(|_| format!("the signature does not fit; signed text should be:\n{text}"))
}

/// `SHA-256=…` over a body.
pub(crate) fn digest(body: &[u8]) -> String {
    format!("SHA-256={}", sha256(body))
}

/// The bare sum, in base64.
pub(crate) fn sha256(body: &[u8]) -> String {
    BASE64.encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, body))
}
