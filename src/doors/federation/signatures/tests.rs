//! The cases S1 to S15 of TRUST.md §5 as far as they are decided here, on requests signed by hand: the texts below
//! are put together apart from the code that is tested.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::*;
use crate::foundation::keys::SigningKey;
use crate::foundation::secret::sha256;

const BODY: &[u8] = br#"{"type":"Follow"}"#;
const KEY_ID: &str = "https://a.test/u/hostile#main-key";
const COVERED: &str = "(request-target) host date digest content-type";

static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate().unwrap());
static OTHER: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate().unwrap());

fn public(key: &SigningKey) -> VerifyingKey {
    VerifyingKey::read(&key.public_pem().unwrap()).unwrap()
}

/// 2026-11-24T09:10:00Z
fn now() -> Time {
    Time::from_millis(1_795_511_400_000)
}

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

fn date(offset_minutes: i64) -> String {
    let time = Time::from_millis(now().millis() + offset_minutes * 60_000);
    httpdate::fmt_http_date(time.system())
}

/// A request on its way to us.
#[derive(Clone)]
struct Sent {
    method: Method,
    target: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Sent {
    /// V, without its signature.
    fn unsigned() -> Self {
        let digest = format!("SHA-256={}", STANDARD.encode(sha256(BODY)));
        let sent = Self {
            method: Method::POST,
            target: "/inbox".to_owned(),
            headers: HeaderMap::new(),
            body: BODY.to_vec(),
        };
        sent.with("host", "wijk.test")
            .with("date", &date(0))
            .with("digest", &digest)
            .with("content-type", "application/activity+json")
    }

    fn valid() -> Self {
        Self::unsigned().signed(COVERED)
    }

    fn get(target: &str) -> Self {
        let sent =
            Self { method: Method::GET, target: target.to_owned(), body: vec![], ..Self::valid() };
        sent.without("digest").without("content-type").without("signature")
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(name, HeaderValue::from_str(value).unwrap());
        self
    }

    fn and(mut self, name: &'static str, value: &str) -> Self {
        self.headers.append(name, HeaderValue::from_str(value).unwrap());
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.headers.remove(name);
        self
    }

    fn to(mut self, target: &str) -> Self {
        target.clone_into(&mut self.target);
        self
    }

    fn carrying(mut self, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self
    }

    fn signed(self, covered: &str) -> Self {
        self.signed_with(covered, r#"algorithm="rsa-sha256","#, &[])
    }

    /// `extra` stands in the `Signature` header, `pseudo` are `(created)` and `(expires)`.
    fn signed_with(self, covered: &str, extra: &str, pseudo: &[(&str, &str)]) -> Self {
        let line = |name: &str| {
            let target = format!("{} {}", self.method.as_str().to_lowercase(), self.target);
            let value = match (name, pseudo.iter().find(|(pseudo, _)| *pseudo == name)) {
                ("(request-target)", _) => target,
                (_, Some((_, value))) => (*value).to_owned(),
                _ => self.headers[name].to_str().unwrap().to_owned(),
            };
            format!("{name}: {value}")
        };
        let text: Vec<_> = covered.split(' ').map(line).collect();
        let signature = KEY.sign(text.join("\n").as_bytes()).unwrap();
        let header =
            format!(r#"keyId="{KEY_ID}",{extra}headers="{covered}",signature="{signature}""#);
        self.with("signature", &header)
    }

    fn edited(self, edit: impl Fn(&str) -> String) -> Self {
        let header = edit(self.headers["signature"].to_str().unwrap());
        self.with("signature", &header)
    }

    fn read(&self) -> Result<Claim, Refusal> {
        let (host, base, hash) = ("wijk.test", url("https://wijk.test/"), sha256(&self.body));
        Claim::read(&self.method, &self.target, &self.headers, host, &base, &hash, now())
    }

    /// The status that the guard would give, 202 where it goes on.
    fn status(&self) -> u16 {
        match self.read() {
            Ok(claim) if claim.verified_by(&public(&KEY)) => 202,
            Ok(_) => 401,
            Err(refusal) => refusal.status,
        }
    }
}

fn created(seconds: &str) -> Sent {
    let covered = "(request-target) host (created) digest";
    let extra = format!(r#"algorithm="hs2019",created={seconds},"#);
    Sent::unsigned().signed_with(covered, &extra, &[("(created)", seconds)])
}

/// RFC 9421, by hand.
struct Rfc9421 {
    components: &'static str,
    parameters: String,
}

impl Rfc9421 {
    fn new() -> Self {
        let created = seconds(now());
        let parameters = format!(r#";created={created};keyid="{KEY_ID}";alg="rsa-v1_5-sha256""#);
        Self { components: r#""@method" "@target-uri" "content-digest""#, parameters }
    }

    fn on(&self, sent: Sent) -> Sent {
        self.signed(sent, |text| KEY.sign(text).unwrap())
    }

    fn signed(&self, sent: Sent, sign: impl Fn(&[u8]) -> String) -> Sent {
        let digest = format!("sha-256=:{}:", STANDARD.encode(sha256(&sent.body)));
        let mut sent = sent.without("signature");
        sent.headers.entry("content-digest").or_insert_with(|| digest.parse().unwrap());
        let (path, query) = sent.target.split_once('?').unwrap_or((&sent.target, ""));
        let mut text = String::new();
        for component in self.components.split(' ').filter(|component| !component.is_empty()) {
            let value = match component.trim_matches('"') {
                "@method" => sent.method.as_str().to_owned(),
                "@target-uri" => format!("https://wijk.test{}", sent.target),
                "@authority" => "wijk.test".to_owned(),
                "@path" => path.to_owned(),
                "@query" => format!("?{query}"),
                "@request-target" => sent.target.clone(),
                name => {
                    sent.headers.get(name).map_or("", |value| value.to_str().unwrap()).to_owned()
                }
            };
            text = format!("{text}{component}: {value}\n");
        }
        let input = format!("({}){}", self.components, self.parameters);
        text = format!("{text}\"@signature-params\": {input}");
        let signature = sign(text.as_bytes());
        sent.with("signature-input", &format!("sig1={input}"))
            .with("signature", &format!("sig1=:{signature}:"))
    }

    fn status(&self) -> u16 {
        self.on(Sent::unsigned()).status()
    }

    fn covering(components: &'static str) -> Self {
        Self { components, ..Self::new() }
    }

    fn saying(parameters: &str) -> Self {
        let parameters = parameters
            .replace("NOW", &seconds(now()).to_string())
            .replace("KEY", &format!(r#"keyid="{KEY_ID}""#));
        Self { parameters, ..Self::new() }
    }
}

#[test]
fn a_valid_request_is_a_claim_that_its_key_proves() {
    let claim = Sent::valid().read().unwrap();
    assert_eq!(claim.key_id.as_str(), KEY_ID);
    assert_eq!((claim.scheme, claim.signed_at), (Scheme::Cavage, now()));
    assert!(claim.verified_by(&public(&KEY)));
    let claim = Rfc9421::new().on(Sent::unsigned()).read().unwrap();
    assert_eq!(claim.key_id.as_str(), KEY_ID);
    assert_eq!((claim.scheme, claim.signed_at), (Scheme::Rfc9421, now()));
    assert!(claim.verified_by(&public(&KEY)));
}

#[test]
fn s1_no_signature() {
    assert_eq!(Sent::unsigned().status(), 401);
    let bearer = Sent::valid().headers["signature"].to_str().unwrap().to_owned();
    let elsewhere = Sent::unsigned().with("authorization", &format!("Signature {bearer}"));
    assert_eq!(elsewhere.status(), 401, "an Authorization header is no Signature header");
    assert_eq!(Sent::valid().with("authorization", "Signature x").status(), 202);
    for nonsense in ["", "x", "Signature keyId", "sig1=:YQ==:", r#"keyId="k""#] {
        assert_eq!(Sent::unsigned().with("signature", nonsense).status(), 401, "{nonsense}");
    }
    let halved = Rfc9421::new().on(Sent::unsigned());
    assert_eq!(halved.clone().without("signature").status(), 401);
    assert_eq!(halved.with("signature", "sig2=:YQ==:").status(), 401);
}

#[test]
fn s2_s3_signed_with_another_key() {
    for sent in [Sent::valid(), Rfc9421::new().on(Sent::unsigned())] {
        assert!(!sent.read().unwrap().verified_by(&public(&OTHER)));
    }
    let stripped = Sent::valid().edited(|header| {
        let (before, _) = header.split_once("signature=").unwrap();
        format!(r#"{before}signature="""#)
    });
    assert_eq!(stripped.status(), 401);
    assert_eq!(Sent::valid().edited(|header| header.replace("==", "!!")).status(), 401);
}

#[test]
fn s4_the_body_was_changed() {
    let changed = br#"{"type":"Fellow"}"#;
    assert_eq!(Sent::valid().carrying(changed).status(), 401);
    assert_eq!(Rfc9421::new().on(Sent::unsigned()).carrying(changed).status(), 401);
}

#[test]
fn s5_the_body_was_changed_and_its_digest_too() {
    let changed = br#"{"type":"Fellow"}"#;
    let digest = STANDARD.encode(sha256(changed));
    let sent = Sent::valid().carrying(changed).with("digest", &format!("SHA-256={digest}"));
    assert_eq!(sent.status(), 401);
    let sent = Rfc9421::new().on(Sent::unsigned()).carrying(changed);
    assert_eq!(sent.with("content-digest", &format!("sha-256=:{digest}:")).status(), 401);
}

#[test]
fn s6_two_digests_and_the_other_headers_that_stand_once() {
    let evil = format!("SHA-256={}", STANDARD.encode(sha256(b"evil")));
    let good = format!("SHA-256={}", STANDARD.encode(sha256(BODY)));
    assert_eq!(Sent::valid().with("digest", &evil).and("digest", &good).status(), 400);
    assert_eq!(Sent::valid().with("digest", &good).and("digest", &evil).status(), 400);
    for name in ["host", "date", "signature", "content-length", "content-type"] {
        let sent = Sent::valid().and(name, "1").and(name, "1");
        assert_eq!(sent.status(), 400, "{name}");
    }
    for name in ["content-digest", "signature-input", "signature"] {
        let sent = Rfc9421::new().on(Sent::unsigned());
        let same = sent.headers[name].to_str().unwrap().to_owned();
        assert_eq!(sent.and(name, &same).status(), 400, "{name}");
    }
}

#[test]
fn s7_the_digest_is_signed_and_sha_256() {
    let hash = STANDARD.encode(sha256(BODY));
    let with = |digest: &str| Sent::unsigned().with("digest", digest).signed(COVERED).status();
    assert_eq!(Sent::unsigned().signed("(request-target) host date content-type").status(), 401);
    assert_eq!(Sent::valid().without("digest").status(), 401);
    assert_eq!(
        Sent::unsigned().without("digest").signed("(request-target) host date").status(),
        401
    );
    for fine in ["SHA-256", "sha-256", "Sha-256"] {
        assert_eq!(with(&format!("{fine}={hash}")), 202, "{fine}");
    }
    for wrong in [
        "SHA-512=YQ==".to_owned(),
        format!("SHA-512={hash}"),
        format!("SHA-256={hash},SHA-256={hash}"),
        format!("SHA-512=YQ==,SHA-256={hash}"),
        format!("SHA-256={hash},SHA-512=YQ=="),
        format!("SHA-256 ={hash}"),
        format!("SHA-256={}", hash.trim_end_matches('=')),
        "SHA-256=".to_owned(),
        hash.clone(),
    ] {
        assert_eq!(with(&wrong), 401, "{wrong}");
    }
}

#[test]
fn s7_the_content_digest_is_signed_and_sha_256() {
    assert_eq!(Rfc9421::covering(r#""@method" "@target-uri""#).status(), 401);
    let sent = Rfc9421::new().on(Sent::unsigned());
    assert_eq!(sent.clone().without("content-digest").status(), 401);
    let hash = STANDARD.encode(sha256(BODY));
    let wrong = ["sha-512=:YQ==:", &*format!("sha-256=\"{hash}\""), &format!("sha-256=:{hash}:;x")];
    for wrong in wrong {
        assert_eq!(sent.clone().with("content-digest", wrong).status(), 401, "{wrong}");
    }
    let twice = format!("sha-256=:{hash}:, sha-256=:{hash}:");
    assert_eq!(sent.clone().with("content-digest", &twice).status(), 400);
    for other in ["sha-512=:YQ==:".to_owned(), format!("sha-256=:{hash}:, sha-512=:YQ==:")] {
        let sent = Sent::unsigned().with("content-digest", &other);
        assert_eq!(Rfc9421::new().on(sent).status(), 401, "{other}");
    }
}

#[test]
fn s8_s9_s10_target_host_and_time_are_signed() {
    for covered in [
        "host date digest content-type",
        "(request-target) date digest content-type",
        "(request-target) host digest content-type",
        "(request-target)",
        "date",
    ] {
        assert_eq!(Sent::unsigned().signed(covered).status(), 401, "{covered}");
    }
    let date_only = Sent::valid().edited(|h| h.replace(&format!(r#"headers="{COVERED}","#), ""));
    assert_eq!(date_only.status(), 401, "without `headers` too little is signed");
    for components in [r#""@method" "content-digest""#, r#""@target-uri" "content-digest""#, ""] {
        assert_eq!(Rfc9421::covering(components).status(), 401, "{components}");
    }
    assert_eq!(Rfc9421::saying(";KEY").status(), 401, "no created");
    assert_eq!(Rfc9421::saying(";created=NOW").status(), 401, "no keyid");
}

#[test]
fn s11_signed_for_another_host() {
    assert_eq!(Sent::unsigned().with("host", "other.test").signed(COVERED).status(), 401);
    assert_eq!(Sent::unsigned().with("host", "wijk.test:8080").signed(COVERED).status(), 401);
    assert_eq!(Sent::unsigned().with("host", "WIJK.test").signed(COVERED).status(), 202);
    assert_eq!(Sent::valid().without("host").status(), 401);
    assert_eq!(Rfc9421::new().on(Sent::unsigned().with("host", "other.test")).status(), 401);
}

#[test]
fn s12_signed_for_another_path_or_method() {
    assert_eq!(Sent::unsigned().to("/users/x/inbox").signed(COVERED).to("/inbox").status(), 401);
    assert_eq!(Sent::valid().to("/inbox?x=y").status(), 401, "a POST has one text");
    assert_eq!(Rfc9421::new().on(Sent::unsigned().to("/users/x/inbox")).to("/inbox").status(), 401);
    let put = Sent { method: Method::PUT, ..Rfc9421::new().on(Sent::unsigned()) };
    assert_eq!(put.status(), 401);
}

#[test]
fn s13_the_signed_time_is_recent() {
    let dated = |date: &str| Sent::unsigned().with("date", date).signed(COVERED);
    for (minutes, status) in [(-61, 401), (-59, 202), (0, 202), (4, 202), (6, 401), (60 * 24, 401)]
    {
        assert_eq!(dated(&date(minutes)).status(), status, "{minutes}");
        let seconds = (seconds(now()) + minutes * 60).to_string();
        assert_eq!(created(&seconds).status(), status, "{minutes}");
        let rfc9421 = Rfc9421::saying(&format!(";created={seconds};KEY"));
        assert_eq!(rfc9421.status(), status, "{minutes}");
    }
    for nonsense in ["yesterday", "", "Fri, 31 Dec 2099 23:59:59 GMT", "2026-11-24T09:10:00Z"] {
        assert_eq!(dated(nonsense).status(), 401, "{nonsense}");
    }
    assert_eq!(Sent::valid().and("date", &date(0)).status(), 400);
}

#[test]
fn s13_of_two_signed_times_both_are_recent() {
    let both = |date: &str, seconds: i64| {
        let (covered, seconds) =
            ("(request-target) host date (created) digest", seconds.to_string());
        let extra = format!(r#"created="{seconds}","#);
        let sent = Sent::unsigned().with("date", date);
        sent.signed_with(covered, &extra, &[("(created)", &seconds)]).status()
    };
    let fresh = seconds(now());
    assert_eq!(both(&date(0), fresh), 202);
    assert_eq!(both(&date(-61), fresh), 401);
    assert_eq!(both(&date(0), fresh - 3700), 401);
}

#[test]
fn s13_an_unsigned_time_counts_for_nothing() {
    let old = Sent::unsigned().with("date", &date(-61)).signed(COVERED);
    let claimed = old.edited(|header| format!("created={},{header}", seconds(now())));
    assert_eq!(claimed.status(), 401);
}

#[test]
fn s14_absurd_times_are_refused_and_nothing_breaks() {
    let absurd = [
        "18446744073709551615",
        "18446744073709551616",
        "253402300800",
        "-1",
        "+1",
        "abc",
        "1e3",
        "1.5",
    ];
    for seconds in absurd {
        assert_eq!(created(seconds).status(), 400, "{seconds}");
        let unsigned = Sent::valid().edited(|header| format!("created={seconds},{header}"));
        assert_eq!(unsigned.status(), 400, "{seconds}");
        let expires = Sent::valid().edited(|header| format!("expires={seconds},{header}"));
        assert_eq!(expires.status(), 400, "{seconds}");
        let rfc9421 = Rfc9421::saying(&format!(";created={seconds};KEY"));
        assert_eq!(rfc9421.status(), 400, "{seconds}");
    }
    for seconds in ["0", "253402300799"] {
        assert_eq!(created(seconds).status(), 401, "{seconds}");
    }
    assert_eq!(Sent::valid().status(), 202);
}

#[test]
fn s15_nothing_in_a_signature_stands_twice() {
    let twice = [
        r#"keyId="https://b.test/u/honest","#,
        r#"headers="date","#,
        r#"KEYID="x","#,
        "signature=\"\",",
    ];
    for parameter in twice {
        assert_eq!(
            Sent::valid().edited(|h| format!("{parameter}{h}")).status(),
            400,
            "{parameter}"
        );
        let after = parameter.trim_end_matches(',');
        assert_eq!(Sent::valid().edited(|h| format!("{h},{after}")).status(), 400, "{parameter}");
    }
    let covered = "(request-target) host date digest content-type host";
    assert_eq!(Sent::unsigned().signed(covered).status(), 400);
    for parameters in
        [";created=1;created=NOW;KEY", r#";created=NOW;keyid="x";KEY"#, ";created=NOW;KEY;KEY"]
    {
        assert_eq!(Rfc9421::saying(parameters).status(), 400, "{parameters}");
    }
    let sent = Rfc9421::new().on(Sent::unsigned());
    let input = sent.headers["signature-input"].to_str().unwrap().to_owned();
    assert_eq!(sent.with("signature-input", &format!("{input}, {input}")).status(), 400);
    assert_eq!(
        Rfc9421::covering(r#""@method" "@target-uri" "content-digest" "host" "host""#).status(),
        400
    );
}

#[test]
fn a_key_id_is_an_http_address() {
    let with = |id: &str| Sent::valid().edited(|header| header.replace(KEY_ID, id));
    for id in [
        "https://a.test/u/x#main-key",
        "https://nodebb.test/uid/1#key",
        "https://gts.test/users/x/main-key",
        "http://a.test:7001/u#k",
    ] {
        let sent = with(id);
        assert_eq!(sent.read().unwrap().key_id.as_str(), id);
        assert_eq!(sent.status(), 202, "the text does not hold the key id");
        let rfc9421 = Rfc9421::saying(&format!(r#";created=NOW;keyid="{id}""#));
        assert_eq!(rfc9421.on(Sent::unsigned()).read().unwrap().key_id.as_str(), id);
    }
    let long = format!("https://a.test/{}", "x".repeat(2000));
    for id in [
        "acct:x@a.test",
        "x",
        "",
        "https://",
        "https://user@a.test/u",
        "https://127.0.0.1/u",
        "https://[::1]/u",
        "ftp://a.test/u",
        "data:x",
        " https://a.test/u",
        &long,
    ] {
        assert_eq!(with(id).status(), 401, "{id}");
        let rfc9421 = Rfc9421::saying(&format!(r#";created=NOW;keyid="{id}""#));
        assert_eq!(rfc9421.status(), 401, "{id}");
    }
}

#[test]
fn algorithms_are_rsa_with_sha_256() {
    let with = |extra: &str| Sent::unsigned().signed_with(COVERED, extra, &[]).status();
    for fine in ["", r#"algorithm="rsa-sha256","#, r#"algorithm="hs2019","#, r#"unheard="of","#] {
        assert_eq!(with(fine), 202, "{fine}");
    }
    for wrong in ["rsa-sha1", "rsa-sha512", "hmac-sha256", "ed25519", "none", ""] {
        assert_eq!(with(&format!(r#"algorithm="{wrong}","#)), 401, "{wrong}");
        let rfc9421 = Rfc9421::saying(&format!(r#";created=NOW;KEY;alg="{wrong}""#));
        assert_eq!(rfc9421.status(), 401, "{wrong}");
    }
    let seconds = seconds(now()).to_string();
    let extra = format!(r#"algorithm="rsa-sha256",created={seconds},"#);
    let covered = "(request-target) host (created) digest";
    let old = Sent::unsigned().signed_with(covered, &extra, &[("(created)", &seconds)]);
    assert_eq!(old.status(), 401, "§2.3: rsa-sha256 knows no (created)");
    assert_eq!(created(&seconds).status(), 202);
}

#[test]
fn ed25519_is_read_in_the_newer_dialect_and_never_taken_for_rsa() {
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
    let pair = Ed25519KeyPair::generate().unwrap();
    let multikey = [&[0xed, 0x01], pair.public_key().as_ref()].concat();
    let key = format!("z{}", bs58::encode(multikey).into_string());
    let key = VerifyingKey::read(&key).unwrap();
    let sign = |text: &[u8]| STANDARD.encode(pair.sign(text));
    for (says, holds) in [
        (r#";created=NOW;KEY;alg="ed25519""#, true),
        (";created=NOW;KEY", true),
        (r#";created=NOW;KEY;alg="rsa-v1_5-sha256""#, false),
    ] {
        let claim = Rfc9421::saying(says).signed(Sent::unsigned(), sign).read().unwrap();
        assert_eq!(claim.verified_by(&key), holds, "{says}");
        assert!(!claim.verified_by(&public(&KEY)), "{says}");
    }
    let mixed = Rfc9421::saying(r#";created=NOW;KEY;alg="ed25519""#).on(Sent::unsigned());
    assert_eq!(mixed.status(), 401, "an RSA key under the name of the other algorithm");
}

#[test]
fn what_has_expired_is_refused() {
    let expiring = |seconds: i64| {
        let (covered, expires) =
            ("(request-target) host date (expires) digest", seconds.to_string());
        let extra = format!("expires={expires},");
        Sent::unsigned().signed_with(covered, &extra, &[("(expires)", &expires)]).status()
    };
    let fresh = seconds(now());
    assert_eq!(
        (expiring(fresh + 60), expiring(fresh - 299), expiring(fresh - 301)),
        (202, 202, 401)
    );
    let rfc9421 =
        |by: i64| Rfc9421::saying(&format!(";created=NOW;KEY;expires={}", fresh + by)).status();
    assert_eq!((rfc9421(60), rfc9421(-301)), (202, 401));
}

#[test]
fn what_is_signed_is_there() {
    let covered = "(request-target) host date digest content-type";
    assert_eq!(Sent::unsigned().signed(covered).without("content-type").status(), 401);
    let claim =
        |covered: &str| Sent::valid().edited(|header| header.replace(COVERED, covered)).status();
    for covered in [
        "(created)",
        "(expires)",
        "signature",
        "authorization",
        "Host",
        "x-missing",
        "(unheard)",
        "ho:st",
    ] {
        assert_eq!(claim(&format!("{COVERED} {covered}")), 401, "{covered}");
    }
    assert_eq!(claim(&format!("{COVERED} {}", "x ".repeat(99))), 400);
}

#[test]
fn an_authorization_header_cannot_say_what_is_signed() {
    // http-signature-normalization reads it before `Signature`, also when it is only among the signed headers.
    let sent = Sent::unsigned().signed("host").edited(|header| {
        header.replace(r#"headers="host""#, &format!(r#"headers="{COVERED} authorization""#))
    });
    let sent = sent.with("authorization", r#"Signature keyId="k",headers="host",signature="x""#);
    assert_eq!(sent.status(), 401);
}

#[test]
fn repeated_headers_are_joined_as_the_signer_joined_them() {
    let sent = Sent::unsigned().with("x-a", "1, 2").signed(&format!("{COVERED} x-a"));
    assert_eq!(sent.with("x-a", "1").and("x-a", "2").status(), 202);
}

#[test]
fn a_blank_after_a_comma_is_nothing() {
    assert_eq!(Sent::valid().edited(|header| header.replace("\",", "\", ")).status(), 202);
    assert_eq!(Sent::valid().edited(|header| header.replace("\",", "\" ,\t")).status(), 202);
}

#[test]
fn mastodon_as_it_writes() {
    // app/lib/http_signature_draft.rb: this order of parameters and headers.
    let covered = "host date digest content-type (request-target)";
    let sent =
        Sent::unsigned().with("user-agent", "Mastodon/4.5.0 (http.rb/5.3.1; +https://m.test/)");
    assert_eq!(sent.signed(covered).status(), 202);
}

#[test]
fn gotosocial_as_it_writes() {
    // superseriousbusiness/httpsig: blankless, hs2019, a key id without fragment; it signs GETs too.
    let covered = "(request-target) host date digest";
    let sent = Sent::unsigned().signed_with(covered, r#"algorithm="hs2019","#, &[]);
    assert_eq!(sent.status(), 202);
    let covered = "(request-target) host date";
    let sent = Sent::get("/wijken/oost").signed_with(covered, r#"algorithm="hs2019","#, &[]);
    assert_eq!(sent.status(), 202);
}

#[test]
fn fedify_as_it_writes() {
    // packages/fedify/src/sig/http.ts, signRequestRfc9421.
    let components = r#""@method" "@target-uri" "@authority" "host" "date" "content-digest""#;
    let parameters = r#";alg="rsa-v1_5-sha256";created=NOW;KEY"#;
    let written = Rfc9421 { components, ..Rfc9421::saying(parameters) };
    assert_eq!(written.status(), 202);
}

#[test]
fn a_get_is_signed_with_its_query_or_without() {
    let covered = "(request-target) host date";
    assert_eq!(Sent::get("/outbox?page=1").signed(covered).status(), 202);
    assert_eq!(Sent::get("/outbox").signed(covered).to("/outbox?page=1").status(), 202);
    assert_eq!(Sent::get("/outbox?page=1").signed(covered).to("/outbox?page=2").status(), 401);
    assert_eq!(Sent::get("/outbox?page=1").signed(covered).to("/outbox").status(), 401);
    assert_eq!(Sent::get("/outbox").signed("host date").status(), 401);
    let rfc9421 = Rfc9421::covering(r#""@method" "@target-uri""#);
    assert_eq!(rfc9421.on(Sent::get("/outbox?page=1")).status(), 202);
    assert_eq!(rfc9421.on(Sent::get("/outbox")).to("/outbox?page=1").status(), 401);
}

#[test]
fn rfc9421_covers_more_where_it_is_known() {
    let more = Rfc9421::covering(
        r#""@method" "@target-uri" "@authority" "@path" "@query" "@request-target" "content-digest" "content-type""#,
    );
    assert_eq!(more.status(), 202);
    assert_eq!(more.on(Sent::unsigned().to("/inbox?a=b")).status(), 202);
    assert_eq!(Rfc9421::saying(r#";created=NOW;KEY;nonce="n";tag="t""#).status(), 202);
    for component in
        ["@unheard", "@status", "@signature-params", "x-missing", "signature", "signature-input"]
    {
        let sent = Rfc9421::new().on(Sent::unsigned());
        let input = sent.headers["signature-input"].to_str().unwrap().to_owned();
        let input = input.replace(')', &format!(" \"{component}\")"));
        assert_eq!(sent.with("signature-input", &input).status(), 401, "{component}");
    }
    for parameter in [";sf", ";bs", ";req", ";tr", ";key=\"a\""] {
        let sent = Rfc9421::new().on(Sent::unsigned());
        let input = sent.headers["signature-input"].to_str().unwrap().to_owned();
        let input = input.replace("digest\"", &format!("digest\"{parameter}"));
        assert_eq!(sent.with("signature-input", &input).status(), 401, "{parameter}");
    }
    assert_eq!(Rfc9421::saying(";created=NOW;KEY;unheard=1").status(), 401);
}

#[test]
fn of_several_signatures_the_first_that_we_take_counts() {
    let sent = Rfc9421::new().on(Sent::unsigned());
    let [input, signature] =
        ["signature-input", "signature"].map(|n| sent.headers[n].to_str().unwrap().to_owned());
    let ed25519 = r#"proxy=("@method");created=1;keyid="k";alg="ed25519""#;
    let sent = sent
        .with("signature-input", &format!("{ed25519}, {input}"))
        .with("signature", &format!("proxy=:YQ==:, {signature}"));
    assert_eq!(sent.status(), 202);
}

#[test]
fn where_both_dialects_are_spoken_the_newer_counts() {
    let sent = Sent::valid().with("signature-input", "sig1=()");
    assert_eq!(sent.status(), 400);
    assert_eq!(Rfc9421::new().on(Sent::valid()).read().unwrap().scheme, Scheme::Rfc9421);
}

#[test]
fn what_we_sign_we_would_accept() {
    let inbox = url("https://wijk.test/inbox?a=b#c");
    let sent = |method, headers: Result<HeaderMap>, body: &[u8]| {
        let (target, body) = ("/inbox?a=b".to_owned(), body.to_vec());
        Sent { method, target, headers: headers.unwrap(), body }
    };
    let post = sent(Method::POST, sign_post(&KEY, KEY_ID, &inbox, BODY, now()), BODY);
    let get = sent(Method::GET, sign_get(&KEY, KEY_ID, &inbox, now()), b"");
    let post9421 = sent(Method::POST, sign_post_rfc9421(&KEY, KEY_ID, &inbox, BODY, now()), BODY);
    let get9421 = sent(Method::GET, sign_get_rfc9421(&KEY, KEY_ID, &inbox, now()), b"");
    for sent in [&post, &get, &post9421, &get9421] {
        assert_eq!(sent.status(), 202, "{:?}", sent.headers);
    }
    assert_eq!(post.clone().carrying(b"x").status(), 401);
    assert_eq!(post9421.clone().carrying(b"x").status(), 401);
    assert_eq!(post9421.to("/inbox?a=c").status(), 401);
}

#[test]
fn a_post_is_written_as_the_profile_says() {
    let headers = sign_post(&KEY, KEY_ID, &url("http://b.test:7001/inbox"), BODY, now()).unwrap();
    assert_eq!(headers["host"], "b.test:7001");
    assert_eq!(headers["date"], "Tue, 24 Nov 2026 09:10:00 GMT");
    let digest = format!("SHA-256={}", STANDARD.encode(sha256(BODY)));
    assert_eq!(headers["digest"], digest);
    let begin =
        format!(r#"keyId="{KEY_ID}",algorithm="rsa-sha256",headers="{COVERED}",signature=""#);
    assert!(headers["signature"].to_str().unwrap().starts_with(&begin));
    let sent = Sent { headers: headers.clone(), ..Sent::unsigned() }.signed(COVERED);
    assert_eq!(
        headers["signature"], sent.headers["signature"],
        "the text is the one put together by hand"
    );
    let get = sign_get(&KEY, KEY_ID, &url("https://b.test/x?y"), now()).unwrap();
    assert!(get["signature"].to_str().unwrap().contains(r#"headers="(request-target) host date""#));
}

#[test]
fn a_second_knock_is_written_as_mastodon_reads_it() {
    let headers =
        sign_post_rfc9421(&KEY, KEY_ID, &url("https://b.test/inbox"), BODY, now()).unwrap();
    let input = format!(
        r#"sig1=("@method" "@target-uri" "content-digest" "content-type");created=1795511400;keyid="{KEY_ID}";alg="rsa-v1_5-sha256""#
    );
    assert_eq!(headers["signature-input"], input);
    let digest = format!("sha-256=:{}:", STANDARD.encode(sha256(BODY)));
    assert_eq!(headers["content-digest"], digest);
    assert!(headers["signature"].to_str().unwrap().starts_with("sig1=:"));
}
