//! draft-cavage-http-signatures-12, as nearly everybody speaks it. The text to sign is made by
//! http-signature-normalization; its reader and writer of the header are not used: it lets the last of two equal
//! parameters win, panics on absurd times, prefers `Authorization`, writes `hs2019` and sorts what it signs.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http_signature_normalization::Config;
use url::Url;

use super::{
    ACTIVITY_JSON, Claim, DIGEST, Family, Refusal, Request, SIGNATURE, Scheme, header_map,
    http_date, key_id, path_and_query, unix_time,
};
use crate::foundation::clock::Time;
use crate::foundation::error::{Error, Result};
use crate::foundation::http_client::authority;
use crate::foundation::keys::SigningKey;
use crate::foundation::secret::sha256;

const REQUEST_TARGET: &str = "(request-target)";
const CREATED: &str = "(created)";
const EXPIRES: &str = "(expires)";

/// Names a signature may cover; nobody covers half as many.
const COVERED: usize = 32;

/// The crate compares `date` with the system's clock. The window is ours to judge, by the clock handed in.
const NEVER_TOO_OLD: Duration = Duration::from_hours(1000 * 366 * 24);

/// `Host`, `Date` and `Signature` for a GET of `url`, signed now: sign anew for each attempt and each redirect.
pub fn sign_get(key: &SigningKey, key_id: &str, url: &Url, now: Time) -> Result<HeaderMap> {
    let (host, date) = (authority(url), httpdate::fmt_http_date(now.system()));
    let covered = [("host", &*host), ("date", &*date)];
    let signature = signature(key, key_id, "get", url, &covered)?;
    header_map([(header::HOST, &host), (header::DATE, &date), (SIGNATURE, &signature)])
}

/// `Host`, `Date`, `Digest`, `Content-Type` and `Signature` for a POST of `body` to `url`, signed now.
pub fn sign_post(
    key: &SigningKey,
    key_id: &str,
    url: &Url,
    body: &[u8],
    now: Time,
) -> Result<HeaderMap> {
    let (host, date) = (authority(url), httpdate::fmt_http_date(now.system()));
    let digest = format!("SHA-256={}", STANDARD.encode(sha256(body)));
    let covered =
        [("host", &*host), ("date", &*date), ("digest", &*digest), ("content-type", ACTIVITY_JSON)];
    let signature = signature(key, key_id, "post", url, &covered)?;
    header_map([
        (header::HOST, &host),
        (header::DATE, &date),
        (DIGEST, &digest),
        (header::CONTENT_TYPE, ACTIVITY_JSON),
        (SIGNATURE, &signature),
    ])
}

/// `rsa-sha256` is what Mastodon writes; old readers do not know `hs2019` (Chocobozzz/PeerTube#4431).
fn signature(
    key: &SigningKey,
    key_id: &str,
    method: &str,
    url: &Url,
    covered: &[(&str, &str)],
) -> Result<String> {
    let names: Vec<_> = [REQUEST_TARGET].into_iter().chain(covered.iter().map(|c| c.0)).collect();
    let values = covered.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
    let text = text(method, path_and_query(url), &names, values)
        .ok_or_else(|| Error::internal("there is nothing to sign"))?;
    Ok(format!(
        r#"keyId="{key_id}",algorithm="rsa-sha256",headers="{}",signature="{}""#,
        names.join(" "),
        key.sign(text.as_bytes())?
    ))
}

/// The text of draft-cavage-12 §2.3, in the order of `names`; `None` where a name has no value. `(created)` and
/// `(expires)` are handed over as if they were headers: the crate's own reader holds them against the system's clock.
fn text(
    method: &str,
    target: &str,
    names: &[&str],
    mut values: BTreeMap<String, String>,
) -> Option<String> {
    let covered = format!(r#"keyId="",headers="{}",signature="""#, names.join(" "));
    values.insert("signature".to_owned(), covered);
    let config = Config::new().set_expiration(NEVER_TOO_OLD);
    let unverified = config.begin_verify(method, target, values).ok()?;
    Some(unverified.signing_string().to_owned())
}

pub(super) fn read(request: &Request<'_>) -> Result<Claim, Refusal> {
    let written = Written::parse(request.single(&SIGNATURE, "not signed")?)?;
    written.covers_enough(request)?;
    let with = written.family()?;
    let signed_at = written.signed_at(request)?;
    request.is_recent(signed_at)?;
    request.is_not_expired(written.expires.map(|(_, time)| time))?;
    if written.names.contains(&"digest") {
        request.is_of_this_body(digest(request.single(&DIGEST, "no digest")?))?;
    }
    Ok(Claim {
        key_id: written.key_id.clone(),
        scheme: Scheme::Cavage,
        signed_at,
        with,
        texts: written.texts(request)?,
        signature: written.signature,
    })
}

/// The `Signature` header, read strictly.
struct Written<'a> {
    key_id: Url,
    algorithm: Option<&'a str>,
    names: Vec<&'a str>,
    created: Option<(&'a str, Time)>,
    expires: Option<(&'a str, Time)>,
    signature: Vec<u8>,
}

impl<'a> Written<'a> {
    fn parse(header: &'a str) -> Result<Self, Refusal> {
        let mut parameters = parameters(header)?;
        let created = parameters.remove("created").map(time).transpose()?;
        let expires = parameters.remove("expires").map(time).transpose()?;
        let mut must = |name, missing| parameters.remove(name).ok_or(Refusal::unproven(missing));
        let key = key_id(must("keyid", "no key id")?)?;
        // Without `headers` only `(created)` is covered (§2.1.6), which is never enough.
        let names = names(must("headers", "too little is signed")?)?;
        let signature = STANDARD.decode(must("signature", "no signature")?);
        let signature = signature.map_err(|_| Refusal::unproven("the signature is no base64"))?;
        let algorithm = parameters.remove("algorithm");
        Ok(Self { key_id: key, algorithm, names, created, expires, signature })
    }

    fn covers_enough(&self, request: &Request<'_>) -> Result<(), Refusal> {
        let covers = |name| self.names.contains(&name);
        let timed = covers("date") || covers(CREATED);
        if !covers(REQUEST_TARGET) || !covers("host") || !timed {
            return Err(Refusal::unproven("too little is signed"));
        }
        if request.has_body() && !covers("digest") {
            return Err(Refusal::unproven("the digest is not signed"));
        }
        Ok(())
    }

    /// §2.3: `(created)` and `(expires)` belong to `hs2019`, which means what the key is.
    fn family(&self) -> Result<Option<Family>, Refusal> {
        let pseudo = self.names.contains(&CREATED) || self.names.contains(&EXPIRES);
        match self.algorithm {
            None | Some("hs2019") => Ok(None),
            Some("rsa-sha256") if !pseudo => Ok(Some(Family::Rsa)),
            _ => Err(Refusal::unproven("not an algorithm we take")),
        }
    }

    /// The signed time. Where two are signed, both must hold; `(created)` is the one that counts.
    fn signed_at(&self, request: &Request<'_>) -> Result<Time, Refusal> {
        let date = if self.names.contains(&"date") {
            let date = http_date(request.single(&header::DATE, "no date")?);
            let date = date.ok_or(Refusal::unproven("the date is no date"))?;
            request.is_recent(date)?;
            Some(date)
        } else {
            None
        };
        let created = self.created.filter(|_| self.names.contains(&CREATED)).map(|(_, time)| time);
        created.or(date).ok_or(Refusal::unproven("no time of signing"))
    }

    fn texts(&self, request: &Request<'_>) -> Result<Vec<String>, Refusal> {
        let method = request.method.as_str();
        let with = |target| text(method, target, &self.names, self.values(request));
        let whole = with(request.target);
        let whole = whole.ok_or(Refusal::unproven("something signed is not there"))?;
        match request.target.split_once('?') {
            Some((path, _)) if !request.has_body() => {
                Ok([whole].into_iter().chain(with(path)).collect())
            }
            _ => Ok(vec![whole]),
        }
    }

    fn values(&self, request: &Request<'_>) -> BTreeMap<String, String> {
        let value = |name| match name {
            CREATED => self.created.map(|(text, _)| text.to_owned()),
            EXPIRES => self.expires.map(|(text, _)| text.to_owned()),
            _ => request.value(name),
        };
        self.names.iter().filter_map(|&name| Some((name.to_owned(), value(name)?))).collect()
    }
}

/// `name="value"` or `name=value`, separated by commas and blanks (§4.1). By lower-case name: one who writes `keyId`
/// and `keyid` means to be read in two ways.
fn parameters(header: &str) -> Result<BTreeMap<String, &str>, Refusal> {
    let mut found = BTreeMap::new();
    let mut rest = header.trim();
    loop {
        let (name, value, after) = parameter(rest).ok_or(Refusal::unproven("not a signature"))?;
        if found.insert(name.to_ascii_lowercase(), value).is_some() {
            return Err(Refusal::bad("a parameter of the signature stands twice"));
        }
        match after.trim_start().strip_prefix(',') {
            Some(more) => rest = more.trim_start(),
            None if after.trim_start().is_empty() => return Ok(found),
            None => return Err(Refusal::unproven("not a signature")),
        }
    }
}

/// The first parameter of `text`: its name, its value, and what follows. No escapes: what needs one is no value here.
fn parameter(text: &str) -> Option<(&str, &str, &str)> {
    let (name, rest) = text.split_once('=')?;
    let (value, after) = match rest.strip_prefix('"') {
        Some(rest) => rest.split_once('"')?,
        None => rest.split_at(rest.find(',').unwrap_or(rest.len())),
    };
    let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric());
    let is_value = value.bytes().all(|b| matches!(b, b' '..=b'~') && b != b'\\' && b != b'"');
    (is_name && is_value).then_some((name, value, after))
}

/// Lower-case names, each once. `Signature` cannot cover itself, and the crate would take `authorization` for it.
fn names(headers: &str) -> Result<Vec<&str>, Refusal> {
    let mut names: Vec<&str> = Vec::new();
    for name in headers.split_ascii_whitespace() {
        if names.contains(&name) {
            return Err(Refusal::bad("a signed header is named twice"));
        }
        let pseudo = matches!(name, REQUEST_TARGET | CREATED | EXPIRES);
        if !pseudo && !is_coverable(name) {
            return Err(Refusal::unproven("not a header to sign"));
        }
        names.push(name);
    }
    if names.len() > COVERED { Err(Refusal::unproven("too much is signed")) } else { Ok(names) }
}

fn is_coverable(name: &str) -> bool {
    let is_lower = !name.bytes().any(|b| b.is_ascii_uppercase());
    let is_itself = matches!(name, "signature" | "signature-input" | "authorization");
    is_lower && !is_itself && HeaderName::from_bytes(name.as_bytes()).is_ok()
}

/// Digits and nothing else, with the text they came as.
fn time(text: &str) -> Result<(&str, Time), Refusal> {
    let wrong = Refusal::bad("not a time");
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(wrong);
    }
    Ok((text, unix_time(text.parse().map_err(|_| wrong)?)?))
}

/// `SHA-256=…` (RFC 3230): exactly one member. Another algorithm, or a second member, is a body we did not hash.
fn digest(header: &str) -> Option<[u8; 32]> {
    let (algorithm, value) = header.trim().split_once('=')?;
    if !algorithm.eq_ignore_ascii_case("sha-256") {
        return None;
    }
    STANDARD.decode(value).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_that_of_the_draft() {
        // Appendix C.2.
        let values = [("host", "example.com"), ("date", "Sun, 05 Jan 2014 21:31:40 GMT")];
        let values = values.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let names = [REQUEST_TARGET, "host", "date"];
        let text = text("POST", "/foo?param=value&pet=dog", &names, values).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[0], "(request-target): post /foo?param=value&pet=dog");
        assert_eq!(lines[1], "host: example.com");
        assert_eq!(lines[2], "date: Sun, 05 Jan 2014 21:31:40 GMT");
        assert_eq!(lines.len(), 3);
    }

    #[test]
    fn parameters_are_read_strictly() {
        let read = |text| parameters(text).map(|found| found.len());
        assert_eq!(read(r#"keyId="a",created=1, signature="b=="  "#).unwrap(), 3);
        for twice in [r#"keyId="a",keyId="a""#, r#"keyId="a",keyid="b""#, "x=1,x=2"] {
            assert_eq!(read(twice).unwrap_err().status, 400, "{twice}");
        }
        let wrong = [
            "",
            ",",
            "keyId",
            "=x",
            "a=1,",
            r#"a="1"#,
            r#"a="1"b="2""#,
            r#"a="\"""#,
            "a b=1",
            "a=1,,b=2",
        ];
        for wrong in wrong {
            assert_eq!(read(wrong).unwrap_err().status, 401, "{wrong}");
        }
    }
}
