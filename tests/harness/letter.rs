//! A POST to an inbox, signed as Mastodon signs (draft-cavage): TRUST.md's valid request V, with
//! every part open to one change. Change a `Letter` before it is signed, its `Request` after.

use std::time::Duration;

use super::http::{ACTIVITY_JSON, Headers, Request, header};
use super::keys::{Key, digest};
use super::surroundings::now;

#[derive(Clone, Debug)]
pub(crate) struct Letter {
    pub(crate) key: Key,
    pub(crate) key_id: String,
    pub(crate) algorithm: &'static str,
    /// What is signed, in this order.
    pub(crate) signed: Vec<&'static str>,
    /// Sent to this path …
    pub(crate) path: String,
    /// … and signed for this one.
    pub(crate) signed_path: String,
    pub(crate) headers: Headers,
    /// `created=` of the signature.
    pub(crate) created: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl Letter {
    pub(crate) fn new(key: Key, key_id: String, host: &str, path: &str, body: Vec<u8>) -> Letter {
        let headers = vec![
            ("Host".to_owned(), host.to_owned()),
            ("User-Agent".to_owned(), "Mastodon/4.5.2 (http.rb/5.3.1; +http://a.test/)".to_owned()),
            ("Date".to_owned(), httpdate::fmt_http_date(now())),
            ("Digest".to_owned(), digest(&body)),
            ("Content-Type".to_owned(), ACTIVITY_JSON.to_owned()),
        ];
        Letter {
            key,
            key_id,
            algorithm: "rsa-sha256",
            signed: vec!["(request-target)", "host", "date", "digest", "content-type"],
            path: path.to_owned(),
            signed_path: path.to_owned(),
            headers,
            created: None,
            body,
        }
    }

    /// The same with a header's value changed.
    pub(crate) fn set(mut self, name: &str, value: impl Into<String>) -> Letter {
        let value = value.into();
        for header in self.headers.iter_mut().filter(|(n, _)| n.eq_ignore_ascii_case(name)) {
            header.1.clone_from(&value);
        }
        self
    }

    /// The same with a header left out.
    pub(crate) fn without(mut self, name: &str) -> Letter {
        self.headers.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
        self.unsigned(name)
    }

    /// The same with something not among what is signed.
    pub(crate) fn unsigned(mut self, name: &str) -> Letter {
        self.signed.retain(|n| *n != name);
        self
    }

    /// Dated so many minutes from now.
    pub(crate) fn dated(self, minutes: i64) -> Letter {
        let shift = Duration::from_secs(minutes.unsigned_abs() * 60);
        let date = if minutes < 0 { now() - shift } else { now() + shift };
        self.set("date", httpdate::fmt_http_date(date))
    }

    /// Signed; what is changed from here on, the signature does not know.
    pub(crate) fn sealed(&self) -> Request {
        let signature = self.key.sign(&self.text_to_sign());
        let created = self.created.as_ref().map(|c| format!(",created={c}")).unwrap_or_default();
        let value = format!(
            "keyId=\"{}\",algorithm=\"{}\"{created},headers=\"{}\",signature=\"{signature}\"",
            self.key_id,
            self.algorithm,
            self.signed.join(" ")
        );
        let mut headers = self.headers.clone();
        headers.push(("Signature".to_owned(), value));
        let (method, path) = ("POST".to_owned(), self.path.clone());
        Request { method, path, headers, body: self.body.clone() }
    }

    fn text_to_sign(&self) -> String {
        let lines = self.signed.iter().map(|name| match *name {
            "(request-target)" => format!("(request-target): post {}", self.signed_path),
            "(created)" => format!("(created): {}", self.created.as_deref().unwrap_or_default()),
            name => format!("{name}: {}", header(&self.headers, name).unwrap_or_default()),
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// Changes a request that was signed already.
impl Request {
    /// One more header line, before all others (so that it is the first of two) …
    pub(crate) fn preceded_by(mut self, name: &str, value: impl Into<String>) -> Request {
        self.headers.insert(0, (name.to_owned(), value.into()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Request {
        self.headers.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
        self
    }

    pub(crate) fn edit(mut self, name: &str, change: impl Fn(&str) -> String) -> Request {
        for header in self.headers.iter_mut().filter(|(n, _)| n.eq_ignore_ascii_case(name)) {
            header.1 = change(&header.1);
        }
        self
    }

    pub(crate) fn with_body(mut self, body: Vec<u8>) -> Request {
        self.body = body;
        self
    }
}
