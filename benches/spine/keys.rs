//! The RSA-2048 key of everybody elsewhere. The server cannot know that they share one: it keeps a
//! key per actor.

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{
    KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::Outcome;

pub(crate) struct Key(KeyPair);

impl Key {
    pub(crate) fn make() -> Outcome<Key> {
        Ok(Key(KeyPair::generate(KeySize::Rsa2048).map_err(|_| "no RSA key can be made")?))
    }

    pub(crate) fn sign(&self, text: &[u8]) -> Outcome<Vec<u8>> {
        let mut signature = vec![0; self.0.public_modulus_len()];
        self.0
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text, &mut signature)
            .map_err(|_| "no signature can be made")?;
        Ok(signature)
    }

    /// The public half as the server keeps it: parsed once.
    pub(crate) fn verifier(&self) -> Outcome<ParsedPublicKey> {
        let der = self.public_der()?;
        let parsed = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der.as_ref());
        Ok(parsed.map_err(|_| "the public key cannot be read")?)
    }

    /// SPKI PEM, as Mastodon publishes it.
    pub(crate) fn public_pem(&self) -> Outcome<String> {
        let mut pem = "-----BEGIN PUBLIC KEY-----\n".to_owned();
        for (place, letter) in BASE64.encode(self.public_der()?.as_ref()).chars().enumerate() {
            if place > 0 && place.is_multiple_of(64) {
                pem.push('\n');
            }
            pem.push(letter);
        }
        pem.push_str("\n-----END PUBLIC KEY-----\n");
        Ok(pem)
    }

    fn public_der(&self) -> Outcome<PublicKeyX509Der<'_>> {
        Ok(self.0.public_key().as_der().map_err(|_| "the public key cannot be written")?)
    }
}
