//! Who a request says it is from, and the same about ours. Two dialects (draft-cavage-http-signatures-12, RFC 9421)
//! end in one `Claim`, which a key then proves. No network and no database here: steps 5 to 9 of TRUST.md §2.

mod cavage;
mod rfc9421;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use std::time::{Duration, UNIX_EPOCH};
use url::{Position, Url};

use crate::foundation::clock::Time;
use crate::foundation::domain::Domain;
use crate::foundation::error::{Error, Result};
use crate::foundation::keys::{Algorithm, VerifyingKey};

pub use self::cavage::{sign_get, sign_post};
pub use self::rfc9421::{sign_get_rfc9421, sign_post_rfc9421};

/// What we send as `Content-Type`: GoToSocial answers 406 to nearly everything else.
const ACTIVITY_JSON: &str = "application/activity+json";

/// TRUST.md §4, "Signature window".
const MAY_BE_OLD: Duration = Duration::from_hours(1);
const MAY_BE_EARLY: Duration = Duration::from_mins(5);

/// 9999-12-31T23:59:59Z. Near `u64::MAX` http-signature-normalization panics, so nothing absurd gets that far.
const LAST_SECOND: u64 = 253_402_300_799;

const URL_BYTES: usize = 2000;

const CONTENT_DIGEST: HeaderName = HeaderName::from_static("content-digest");
const DIGEST: HeaderName = HeaderName::from_static("digest");
const SIGNATURE: HeaderName = HeaderName::from_static("signature");
const SIGNATURE_INPUT: HeaderName = HeaderName::from_static("signature-input");

/// Readers disagree on which of two counts, so there is one (TRUST.md §2).
const SINGLE: [HeaderName; 8] = [
    DIGEST,
    CONTENT_DIGEST,
    header::HOST,
    header::DATE,
    SIGNATURE,
    SIGNATURE_INPUT,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
];

/// A signature that is well-formed, covers what it must, is recent and belongs to this body. Who it is from is proven
/// by `verified_by` alone.
#[derive(Debug, Clone)]
pub struct Claim {
    /// As written, fragment included: `…#main-key`, `…#key` (`NodeBB`), `…/main-key` (GoToSocial).
    pub key_id: Url,
    pub scheme: Scheme,
    pub signed_at: Time,
    /// What it says it was signed with; `None` means whatever the key is.
    with: Option<Family>,
    /// What may have been signed: for a GET with a query also the text without it, which GoToSocial may sign.
    texts: Vec<String>,
    signature: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    Cavage,
    Rfc9421,
}

/// The algorithms we take, by the keys they belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    /// `rsa-sha256`, `rsa-v1_5-sha256`.
    Rsa,
    /// `ed25519`: Mastodon from 4.7.
    Ed25519,
}

impl Family {
    fn of(key: &VerifyingKey) -> Self {
        match key.algorithm() {
            Algorithm::Rsa { .. } => Self::Rsa,
            Algorithm::Ed25519 => Self::Ed25519,
        }
    }
}

/// Why a request is not even looked into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{status}: {reason}")]
pub struct Refusal {
    /// 400 or 401.
    pub status: u16,
    pub reason: &'static str,
}

impl Refusal {
    const fn bad(reason: &'static str) -> Self {
        Self { status: 400, reason }
    }

    const fn unproven(reason: &'static str) -> Self {
        Self { status: 401, reason }
    }
}

impl Claim {
    /// `our_host` is the authority by which the world reaches us, with a port only where it is not the scheme's own;
    /// `body_sha256` is of the raw bytes received (GHSA-2xf4-24vg-253p). An `Authorization` header is never looked at.
    pub fn read(
        method: &Method,
        path_and_query: &str,
        headers: &HeaderMap,
        our_host: &str,
        our_base_url: &Url,
        body_sha256: &[u8; 32],
        now: Time,
    ) -> Result<Self, Refusal> {
        let target = path_and_query;
        let request = Request { method, target, headers, our_base_url, body_sha256, now };
        request.has_single_headers()?;
        request.is_for(our_host)?;
        if headers.contains_key(SIGNATURE_INPUT) {
            rfc9421::read(&request)
        } else {
            cavage::read(&request)
        }
    }

    /// Whether the holder of `key` signed this request. That `key` is the one `key_id` names is the caller's to know.
    #[must_use]
    pub fn verified_by(&self, key: &VerifyingKey) -> bool {
        let is_of_its_family = self.with.is_none_or(|family| family == Family::of(key));
        is_of_its_family
            && self.texts.iter().any(|text| key.verifies(text.as_bytes(), &self.signature))
    }
}

/// A request as it came, and what it is held against.
struct Request<'a> {
    method: &'a Method,
    /// Path and query as they stand on the request line.
    target: &'a str,
    headers: &'a HeaderMap,
    our_base_url: &'a Url,
    body_sha256: &'a [u8; 32],
    now: Time,
}

impl Request<'_> {
    fn has_single_headers(&self) -> Result<(), Refusal> {
        let repeated = SINGLE.iter().any(|name| self.headers.get_all(name).iter().count() > 1);
        if repeated {
            Err(Refusal::bad("a header that may stand once stands twice"))
        } else {
            Ok(())
        }
    }

    /// Else a request meant for another server could be replayed to us (S11).
    fn is_for(&self, our_host: &str) -> Result<(), Refusal> {
        let host = self.headers.get(header::HOST).map_or(&b""[..], HeaderValue::as_bytes);
        if host.eq_ignore_ascii_case(our_host.as_bytes()) {
            Ok(())
        } else {
            Err(Refusal::unproven("not for this host"))
        }
    }

    /// All values of a header as a signature sees them: trimmed, joined by a comma and a space (draft-cavage-12 §2.3,
    /// RFC 9421 §2.1). `None` also where a value is not printable ASCII.
    fn value(&self, name: &str) -> Option<String> {
        let values = self.headers.get_all(name).iter();
        let values: Vec<_> =
            values.map(|value| value.to_str().ok().map(str::trim)).collect::<Option<_>>()?;
        if values.is_empty() { None } else { Some(values.join(", ")) }
    }

    fn single(&self, name: &HeaderName, missing: &'static str) -> Result<&str, Refusal> {
        let value = self.headers.get(name).and_then(|value| value.to_str().ok());
        value.ok_or(Refusal::unproven(missing))
    }

    fn has_body(&self) -> bool {
        !matches!(*self.method, Method::GET | Method::HEAD)
    }

    fn is_recent(&self, signed_at: Time) -> Result<(), Refusal> {
        if signed_at < self.now.minus(MAY_BE_OLD) {
            return Err(Refusal::unproven("signed too long ago"));
        }
        if signed_at > self.now.plus(MAY_BE_EARLY) {
            return Err(Refusal::unproven("signed in the future"));
        }
        Ok(())
    }

    /// Their clock may be as much behind ours as it may be before it.
    fn is_not_expired(&self, expires: Option<Time>) -> Result<(), Refusal> {
        match expires {
            Some(expires) if expires.plus(MAY_BE_EARLY) < self.now => {
                Err(Refusal::unproven("expired"))
            }
            _ => Ok(()),
        }
    }

    fn is_of_this_body(&self, digest: Option<[u8; 32]>) -> Result<(), Refusal> {
        if digest.as_ref() == Some(self.body_sha256) {
            Ok(())
        } else {
            Err(Refusal::unproven("the digest is not that of the body"))
        }
    }
}

/// An `acct:` id, an IP address or a user name in front of the host names no key.
fn key_id(text: &str) -> Result<Url, Refusal> {
    let wrong = Refusal::unproven("the key id is no http address");
    if text.len() > URL_BYTES || text.contains(char::is_whitespace) {
        return Err(wrong);
    }
    let url = Url::parse(text).map_err(|_| wrong)?;
    Domain::of(&url).map_err(|_| wrong)?;
    Ok(url)
}

fn unix_time(seconds: u64) -> Result<Time, Refusal> {
    let millis = i64::try_from(seconds.min(LAST_SECOND + 1) * 1000).unwrap_or(i64::MAX);
    if seconds > LAST_SECOND {
        return Err(Refusal::bad("a time beyond all time"));
    }
    Ok(Time::from_millis(millis))
}

/// In seconds, as both schemes write it.
fn seconds(time: Time) -> i64 {
    time.millis().div_euclid(1000)
}

fn http_date(text: &str) -> Option<Time> {
    let since = httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(Time::from_millis(i64::try_from(since.as_millis()).ok()?))
}

/// What the request line says for `url`.
fn path_and_query(url: &Url) -> &str {
    &url[Position::BeforePath..Position::AfterQuery]
}

fn header_map<const N: usize>(headers: [(HeaderName, &str); N]) -> Result<HeaderMap> {
    headers
        .into_iter()
        .map(|(name, value)| Ok((name, HeaderValue::from_str(value).map_err(Error::internal)?)))
        .collect()
}

#[cfg(test)]
mod tests;
