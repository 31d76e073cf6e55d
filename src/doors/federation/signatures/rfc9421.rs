//! RFC 9421, HTTP Message Signatures, as far as servers of the fediverse speak it: Mastodon from 4.5, Fedify.

use axum::http::{HeaderMap, HeaderName, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sfv::{
    BareItem, Dictionary, FieldType, InnerList, Item, ListEntry, Parameters, Parser, Version,
};
use url::{Position, Url};

use super::{
    ACTIVITY_JSON, CONTENT_DIGEST, Claim, Family, Refusal, Request, SIGNATURE, SIGNATURE_INPUT,
    Scheme, header_map, key_id, seconds, unix_time,
};
use crate::foundation::clock::Time;
use crate::foundation::error::{Error, Result};
use crate::foundation::http_client::authority;
use crate::foundation::keys::SigningKey;
use crate::foundation::secret::sha256;

const METHOD: &str = "@method";
const TARGET_URI: &str = "@target-uri";
/// RSASSA-PKCS1-v1_5 using SHA-256, §3.3.2.
const ALGORITHM: &str = "rsa-v1_5-sha256";
/// `EdDSA` using curve edwards25519, §3.3.6.
const ED25519: &str = "ed25519";
const LABEL: &str = "sig1";

/// Signatures of one request that are looked at, and components of one signature.
const LABELS: usize = 8;
const COMPONENTS: usize = 32;

/// `Host`, `Signature-Input` and `Signature` for a GET of `url`, signed now.
pub fn sign_get_rfc9421(key: &SigningKey, key_id: &str, url: &Url, now: Time) -> Result<HeaderMap> {
    let covered = [(METHOD, "GET"), (TARGET_URI, target_uri(url))];
    let (input, signature) = sign(key, key_id, &covered, now)?;
    header_map([
        (header::HOST, &authority(url)),
        (SIGNATURE_INPUT, &input),
        (SIGNATURE, &signature),
    ])
}

/// `Host`, `Content-Digest`, `Content-Type`, `Signature-Input` and `Signature` for a POST of `body` to `url`: the
/// second knock, after a 401 to the first (FEDERATION-PROFILE §7.3).
pub fn sign_post_rfc9421(
    key: &SigningKey,
    key_id: &str,
    url: &Url,
    body: &[u8],
    now: Time,
) -> Result<HeaderMap> {
    let digest = format!("sha-256=:{}:", STANDARD.encode(sha256(body)));
    let covered = [
        (METHOD, "POST"),
        (TARGET_URI, target_uri(url)),
        ("content-digest", &*digest),
        ("content-type", ACTIVITY_JSON),
    ];
    let (input, signature) = sign(key, key_id, &covered, now)?;
    header_map([
        (header::HOST, &authority(url)),
        (CONTENT_DIGEST, &digest),
        (header::CONTENT_TYPE, ACTIVITY_JSON),
        (SIGNATURE_INPUT, &input),
        (SIGNATURE, &signature),
    ])
}

/// The values of `Signature-Input` and `Signature`.
fn sign(
    key: &SigningKey,
    key_id: &str,
    covered: &[(&str, &str)],
    now: Time,
) -> Result<(String, String)> {
    let names: Vec<_> = covered.iter().map(|(name, _)| format!("\"{name}\"")).collect();
    let parameters = format!(
        r#"({});created={};keyid="{key_id}";alg="{ALGORITHM}""#,
        names.join(" "),
        seconds(now)
    );
    let signature = key.sign(base(covered, &parameters).as_bytes())?;
    if !key_id.bytes().all(|b| matches!(b, b'!'..=b'~') && b != b'"' && b != b'\\') {
        return Err(Error::internal("the key id cannot be written in a header"));
    }
    Ok((format!("{LABEL}={parameters}"), format!("{LABEL}=:{signature}:")))
}

/// §2.2.2, without the fragment.
fn target_uri(url: &Url) -> &str {
    &url[..Position::AfterQuery]
}

/// The signature base, §2.5.
fn base(covered: &[(impl AsRef<str>, impl AsRef<str>)], parameters: &str) -> String {
    let lines = covered.iter().map(|(name, value)| (name.as_ref(), value.as_ref()));
    let lines = lines.map(|(name, value)| format!("\"{name}\": {value}\n"));
    lines.chain([format!("\"@signature-params\": {parameters}")]).collect()
}

/// Of several signatures the first that we can take counts; if there is none, the first one's fault is told.
pub(super) fn read(request: &Request<'_>) -> Result<Claim, Refusal> {
    let inputs = dictionary(request.single(&SIGNATURE_INPUT, "not signed")?)?;
    let signatures = dictionary(request.single(&SIGNATURE, "not signed")?)?;
    let mut fault = Refusal::unproven("not signed");
    for (nth, (label, input)) in inputs.iter().take(LABELS).enumerate() {
        match claim(request, input, signatures.get(label)) {
            Ok(claim) => return Ok(claim),
            Err(refusal) if nth == 0 => fault = refusal,
            Err(_) => {}
        }
    }
    Err(fault)
}

fn claim(
    request: &Request<'_>,
    input: &ListEntry,
    signature: Option<&ListEntry>,
) -> Result<Claim, Refusal> {
    let ListEntry::InnerList(input) = input else {
        return Err(Refusal::unproven("not a list of components"));
    };
    let parameters = Written::parse(&input.params)?;
    let names = names(input)?;
    covers_enough(request, &names)?;
    let signature = signature.and_then(bytes).ok_or(Refusal::unproven("no signature"))?;
    request.is_recent(parameters.created)?;
    request.is_not_expired(parameters.expires)?;
    if names.contains(&"content-digest") {
        request.is_of_this_body(digest(request)?)?;
    }
    Ok(Claim {
        key_id: parameters.key_id,
        scheme: Scheme::Rfc9421,
        signed_at: parameters.created,
        with: parameters.with,
        texts: vec![text(request, &names, input)?],
        signature: signature.to_vec(),
    })
}

/// The parameters of a signature, §2.3.
struct Written {
    key_id: Url,
    created: Time,
    expires: Option<Time>,
    with: Option<Family>,
}

impl Written {
    fn parse(parameters: &Parameters) -> Result<Self, Refusal> {
        let (mut key, mut created, mut expires, mut with) = (None, None, None, None);
        for (name, value) in parameters {
            match (name.as_str(), value) {
                ("created", BareItem::Integer(seconds)) => created = Some(time(*seconds)?),
                ("expires", BareItem::Integer(seconds)) => expires = Some(time(*seconds)?),
                ("keyid", BareItem::String(id)) => key = Some(key_id(id.as_str())?),
                ("alg", BareItem::String(name)) => with = Some(family(name.as_str())?),
                ("nonce" | "tag", BareItem::String(_)) => {}
                ("created" | "expires", _) => return Err(Refusal::bad("not a time")),
                ("alg", _) => return Err(Refusal::unproven("not an algorithm we take")),
                _ => return Err(Refusal::unproven("a parameter that we do not know")),
            }
        }
        let created = created.ok_or(Refusal::unproven("no time of signing"))?;
        let key_id = key.ok_or(Refusal::unproven("no key id"))?;
        Ok(Self { key_id, created, expires, with })
    }
}

fn family(algorithm: &str) -> Result<Family, Refusal> {
    match algorithm {
        ALGORITHM => Ok(Family::Rsa),
        ED25519 => Ok(Family::Ed25519),
        _ => Err(Refusal::unproven("not an algorithm we take")),
    }
}

fn time(seconds: sfv::Integer) -> Result<Time, Refusal> {
    unix_time(u64::try_from(i64::from(seconds)).map_err(|_| Refusal::bad("not a time"))?)
}

/// The names of the components, each once and without parameters: `;sf`, `;key`, `;bs`, `;req`, `;tr` and `;name`
/// change what is signed, and nobody here sends them.
fn names(input: &InnerList) -> Result<Vec<&str>, Refusal> {
    let mut names = Vec::new();
    for item in &input.items {
        let Item { bare_item: BareItem::String(name), params } = item else {
            return Err(Refusal::unproven("a component is no string"));
        };
        if !params.is_empty() {
            return Err(Refusal::unproven("a component with parameters"));
        }
        if names.contains(&name.as_str()) {
            return Err(Refusal::bad("a component is named twice"));
        }
        names.push(name.as_str());
    }
    if names.len() > COMPONENTS { Err(Refusal::unproven("too much is signed")) } else { Ok(names) }
}

fn covers_enough(request: &Request<'_>, names: &[&str]) -> Result<(), Refusal> {
    if !names.contains(&METHOD) || !names.contains(&TARGET_URI) {
        return Err(Refusal::unproven("too little is signed"));
    }
    if request.has_body() && !names.contains(&"content-digest") {
        return Err(Refusal::unproven("the digest is not signed"));
    }
    Ok(())
}

fn text(request: &Request<'_>, names: &[&str], input: &InnerList) -> Result<String, Refusal> {
    let missing = Refusal::unproven("something signed is not there or not known");
    let value = |&name| component(request, name).map(|value| (name, value));
    let covered: Option<Vec<(&str, _)>> = names.iter().map(value).collect();
    // §2.3: the list as it is written by the rules, not as it came.
    let parameters = vec![ListEntry::InnerList(input.clone())].serialize().ok_or(missing)?;
    Ok(base(&covered.ok_or(missing)?, &parameters))
}

/// The value of a component, §2.1 and §2.2.
fn component(request: &Request<'_>, name: &str) -> Option<String> {
    let (path, query) = request.target.split_once('?').unwrap_or((request.target, ""));
    match name {
        METHOD => Some(request.method.as_str().to_owned()),
        TARGET_URI => {
            let ours = &request.our_base_url[..Position::BeforePath];
            Some(format!("{ours}{}", request.target))
        }
        "@authority" => Some(authority(request.our_base_url)),
        "@request-target" => Some(request.target.to_owned()),
        "@path" => Some(path.to_owned()),
        "@query" => Some(format!("?{query}")),
        _ if is_coverable(name) => request.value(name),
        _ => None,
    }
}

/// A field by its lower-case name (§2.1); not the two that carry the signature itself.
fn is_coverable(name: &str) -> bool {
    let is_lower = !name.bytes().any(|b| b.is_ascii_uppercase());
    let is_itself = matches!(name, "signature" | "signature-input");
    is_lower && !is_itself && HeaderName::from_bytes(name.as_bytes()).is_ok()
}

/// `sha-256=:…:` (RFC 9530 §2), exactly one member.
fn digest(request: &Request<'_>) -> Result<Option<[u8; 32]>, Refusal> {
    let digests = dictionary(request.single(&CONTENT_DIGEST, "no digest")?)?;
    let sha256 = digests.get("sha-256").filter(|_| digests.len() == 1).and_then(bytes);
    Ok(sha256.and_then(|bytes| bytes.try_into().ok()))
}

fn bytes(entry: &ListEntry) -> Option<&[u8]> {
    match entry {
        ListEntry::Item(Item { bare_item: BareItem::ByteSequence(bytes), params }) => {
            params.is_empty().then_some(bytes.as_slice())
        }
        _ => None,
    }
}

/// A dictionary written, blanks aside, as RFC 8941 §4.1 writes it. Its reader lets the last of two equal keys or
/// parameters win; as then less is written than came, the comparison refuses them (S15).
fn dictionary(header: &str) -> Result<Dictionary, Refusal> {
    let parser = Parser::new(header).with_version(Version::Rfc8941);
    let read: Dictionary = parser.parse().map_err(|_| Refusal::bad("not a structured field"))?;
    let blankless = |text: &str| text.replace([' ', '\t'], "");
    match read.serialize() {
        Some(written) if blankless(&written) == blankless(header) => Ok(read),
        _ => Err(Refusal::bad("a key or parameter stands twice, or is written oddly")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_is_that_of_the_standard() {
        // §2.5.
        let covered = [
            (METHOD, "POST"),
            ("@authority", "example.com"),
            ("@path", "/foo"),
            ("content-length", "18"),
            ("content-type", "application/json"),
        ];
        let parameters = r#"("@method" "@authority" "@path" "content-length" "content-type");created=1618884473;keyid="test-key-rsa-pss""#;
        let lines = [
            r#""@method": POST"#,
            r#""@authority": example.com"#,
            r#""@path": /foo"#,
            r#""content-length": 18"#,
            r#""content-type": application/json"#,
            &format!(r#""@signature-params": {parameters}"#),
        ];
        assert_eq!(base(&covered, parameters), lines.join("\n"));
    }

    #[test]
    fn components_are_names_and_nothing_else() {
        let read = |list: &str| {
            let read = dictionary(list).unwrap();
            let ListEntry::InnerList(input) = &read["sig1"] else { panic!("{list}") };
            names(input).map(|names| names.len())
        };
        assert_eq!(read(r#"sig1=("@method" "date")"#).unwrap(), 2);
        for wrong in
            [r#""date";sf"#, r#""date";key="a""#, r#""date";bs"#, r#""@method";req"#, "date", "1"]
        {
            assert_eq!(read(&format!("sig1=({wrong})")).unwrap_err().status, 401, "{wrong}");
        }
    }

    #[test]
    fn nothing_stands_twice_in_a_dictionary() {
        for fine in ["a=1,b=:YQ==:", r#"sig1=("x"  "y" );created=1;keyid="k" ,  sig2=()"#] {
            assert!(dictionary(fine).is_ok(), "{fine}");
        }
        let wrong = [
            "a=1, a=2",
            r#"a=("x");created=1;created=2"#,
            r#"a=("x");keyid="k";keyid="k""#,
            "a=01",
            "a=(",
            "a=@1",
            "A=1",
            "a=:YQ:",
            "a=18446744073709551615",
            "a=(abc",
        ];
        for wrong in wrong {
            assert_eq!(dictionary(wrong).unwrap_err().status, 400, "{wrong}");
        }
    }
}
