//! What reads a foreign text, name or header: for anything that is put before it.

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use likejewijk::doors::federation::signatures::Claim;
use likejewijk::foundation::clock::Clock;
use likejewijk::foundation::domain::Domain;
use likejewijk::foundation::keys::VerifyingKey;
use likejewijk::foundation::secret;
use likejewijk::foundation::text::{SafeHtml, plain_line};
use url::Url;

use super::chance::Chance;
use crate::harness::{HOST, Key, Letter};

/// What HTML is made of, and what breaks those who read it.
const PIECES: [&str; 78] = [
    "<p>",
    "</p>",
    "<br>",
    "<a href=\"",
    "<a href='",
    "<a href=",
    "\">",
    "'>",
    ">",
    "</a>",
    "<b>",
    "</b>",
    "<i",
    "<span class=\"",
    "h-card\">",
    "mention",
    "</span>",
    "<ul><li>",
    "</li></ul>",
    "<ol start=\"",
    "<blockquote>",
    "<pre><code>",
    "</code></pre>",
    "<script>",
    "</script>",
    "alert(1)",
    "<img src=x onerror=alert(1)>",
    " onload=alert(1) ",
    " onclick=\"",
    " style=\"",
    "<svg",
    "<svg><style>",
    "</style>",
    "<math><mtext>",
    "<mglyph>",
    "<table>",
    "<template>",
    "</template>",
    "<noscript>",
    "</noscript>",
    "<iframe srcdoc=\"",
    "<base href=//kwaad.test>",
    "<form action=//kwaad.test><input>",
    "<meta http-equiv=refresh>",
    "<!--",
    "-->",
    "--!>",
    "<![CDATA[",
    "]]>",
    "<?xml ",
    "<!DOCTYPE html>",
    "javascript:",
    "JaVa\tScRiPt:",
    "&#106;avascript:",
    "data:text/html,",
    "vbscript:",
    "https://a.test/",
    "//a.test/",
    "mailto:a@b.test",
    "&lt;script&gt;",
    "&amp;",
    "&",
    "&#0;",
    "&#x3c;",
    "&NewLine;",
    "\u{0}",
    "\u{b}",
    "\u{202e}",
    "é",
    "\u{1f469}\u{200d}\u{1f467}",
    "<",
    "</",
    "/>",
    "=",
    "\"",
    "'",
    "`",
    " ",
];

const ELEMENTS: [&str; 16] = [
    "p",
    "br",
    "a",
    "span",
    "em",
    "strong",
    "b",
    "i",
    "u",
    "del",
    "ul",
    "ol",
    "li",
    "blockquote",
    "code",
    "pre",
];

#[test]
fn sanitised_html_is_fixed_and_holds_only_what_is_allowed() {
    let seed = super::seed();
    for case in 0..20_000 {
        let chance = &mut Chance::of(seed, case);
        let html: String = (0..=chance.below(25)).map(|_| chance.word(&PIECES)).collect();
        let most = *chance.one_of(&[10, 60, 20_000]);
        let safe = SafeHtml::from_foreign(&html, most);
        let why = || format!("seed {seed}, case {case}: {html:?} → {:?}", safe.as_str());
        only_allowed(safe.as_str(), &why);
        let again = SafeHtml::from_foreign(safe.as_str(), 1_000_000);
        assert_eq!(one_spelling(again.as_str()), one_spelling(safe.as_str()), "{}", why());
        only_allowed(SafeHtml::from_plain(&html).as_str(), &why);
        let line = plain_line(&html, most);
        assert!(line.chars().count() <= most && !line.contains(char::is_control), "{}", why());
        assert_eq!(plain_line(&line, most), line, "{}", why());
    }
}

/// Every tag is one of ours, with attributes of ours, and every address one that a browser opens as a page or a letter.
fn only_allowed(html: &str, why: &impl Fn() -> String) {
    for tag in html.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').unwrap_or_else(|| panic!("an open tag; {}", why()));
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        assert!(ELEMENTS.contains(&name.trim_start_matches('/')), "<{tag}>; {}", why());
        let mut rest = attributes;
        while !rest.is_empty() {
            let (name, value) =
                rest.split_once("=\"").unwrap_or_else(|| panic!("<{tag}>; {}", why()));
            let (value, more) =
                value.split_once('"').unwrap_or_else(|| panic!("<{tag}>; {}", why()));
            assert!(["href", "start", "class", "rel"].contains(&name), "<{tag}>; {}", why());
            let is_web = ["http://", "https://", "mailto:"]
                .iter()
                .any(|scheme| value.to_lowercase().starts_with(scheme));
            assert!(name != "href" || is_web || value.starts_with("http"), "<{tag}>; {}", why());
            rest = more.trim_start();
        }
    }
}

/// Quotes need no escape in a text, and may have one.
fn one_spelling(html: &str) -> String {
    html.replace("&#39;", "'").replace("&quot;", "\"")
}

#[test]
fn a_domain_has_one_spelling_whatever_is_written() {
    const PARTS: [&str; 34] = [
        "a",
        "b",
        "wijk",
        "test",
        ".",
        "..",
        "-",
        "_",
        "xn--",
        "xn--b-0ga",
        "é",
        "ß",
        "\u{200d}",
        "。",
        "．",
        "A",
        "Ⅷ",
        "@",
        ":",
        ":443",
        ":80",
        ":99999",
        "/",
        "?",
        "#",
        "%2e",
        "%00",
        " ",
        "\t",
        "[::1]",
        "127.0.0.1",
        "0x7f",
        "1",
        "\u{ad}",
    ];
    let seed = super::seed();
    let mut read = 0;
    for case in 0..50_000 {
        let chance = &mut Chance::of(seed, case);
        let text: String = (0..=chance.below(6)).map(|_| chance.word(&PARTS)).collect();
        let Ok(domain) = Domain::parse(&text) else { continue };
        read += 1;
        let (said, why) =
            (domain.as_str(), format!("seed {seed}, case {case}: {text:?} → {domain:?}"));
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.:".contains(c);
        assert!(said.chars().all(is_plain) && !said.contains(".."), "{why}");
        assert!(!said.starts_with('.') && !domain.host().ends_with('.'), "{why}");
        assert!(domain.host().parse::<std::net::IpAddr>().is_err(), "{why}");
        assert_eq!(Domain::parse(said).expect("its own spelling"), domain, "{why}");
        let url = Url::parse(&format!("https://{said}/users/x#y")).expect("an address");
        assert_eq!(Domain::of(&url).expect("a home"), domain, "{why}");
        let below = Domain::parse(&format!("x.{said}")).expect("one below it");
        assert!(
            domain.is_within(&domain) && below.is_within(&domain) && !domain.is_within(&below),
            "{why}"
        );
    }
    assert!(read > 1_000, "only {read} were names");
}

#[test]
fn a_signature_holds_for_what_was_signed_and_nothing_else() {
    const BITS: [&str; 26] = [
        "\"",
        ",",
        "=",
        " ",
        "\\",
        "\\\"",
        "keyId=\"",
        "headers=\"",
        "signature=\"",
        "algorithm=\"hs2019\"",
        "created=1",
        "expires=99999999999",
        "(request-target)",
        "(created)",
        "host",
        "date",
        "digest",
        "content-type",
        ";",
        ":",
        "sig1=()",
        "é",
        "\t",
        "0",
        "A",
        "==",
    ];
    let seed = super::seed();
    let key = VerifyingKey::read(&Key::SHARED.public_pem()).expect("a key");
    let body = b"{\"type\":\"Follow\"}".to_vec();
    let request = Letter::new(
        Key::SHARED,
        "http://a.test/u#main-key".to_owned(),
        HOST,
        "/inbox",
        body.clone(),
    )
    .sealed();
    let base = Url::parse(&format!("http://{HOST}/")).expect("our URL");
    let (sum, now) = (secret::sha256(&body), Clock::system().now());
    let read = |target: &str, headers: &HeaderMap| {
        Claim::read(&Method::POST, target, headers, HOST, &base, &sum, now)
    };
    let whole = read("/inbox", &headers_of(&request.headers)).expect("V is well-formed");
    assert!(whole.verified_by(&key));
    let mut held = 0;
    for case in 0..20_000 {
        let chance = &mut Chance::of(seed, case);
        let mut changed = request.headers.clone();
        for _ in 0..=chance.below(3) {
            let at = chance.below(changed.len());
            let value = &mut changed[at].1;
            let places: Vec<usize> = value.char_indices().map(|(at, _)| at).collect();
            let place = if places.is_empty() { 0 } else { *chance.one_of(&places) };
            match chance.below(4) {
                0 => value.insert_str(place, chance.word(&BITS)),
                1 => value.truncate(place),
                2 if !value.is_empty() => drop(value.remove(place)),
                _ => {
                    *value = {
                        let (from, to) = (chance.word(&BITS), chance.word(&BITS));
                        value.replacen(from, to, 1)
                    }
                }
            }
        }
        let target =
            *chance.one_of(&["/inbox", "/inbox", "/inbox?x", "/INBOX", "/wijken/bloemhof/inbox"]);
        let Ok(claim) = read(target, &headers_of(&changed)) else { continue };
        if !claim.verified_by(&key) {
            continue;
        }
        held += 1;
        let why = format!("seed {seed}, case {case}: {target} {changed:?}");
        assert_eq!((target, claim.signed_at), ("/inbox", whole.signed_at), "{why}");
        for covered in ["Host", "Date", "Digest", "Content-Type"] {
            let of = |headers: &[(String, String)]| {
                headers
                    .iter()
                    .find(|(name, _)| name == covered)
                    .map(|(_, value)| value.trim().to_owned())
            };
            assert_eq!(of(&changed), of(&request.headers), "{covered}; {why}");
        }
    }
    assert!(held < 10_000, "{held} of 20000 changed nothing");
}

/// As they come through HTTP: what it does not let through is left out.
fn headers_of(written: &[(String, String)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in written {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
        if let Ok(value) = HeaderValue::from_bytes(value.trim().as_bytes()) {
            headers.append(name, value);
        }
    }
    headers
}
