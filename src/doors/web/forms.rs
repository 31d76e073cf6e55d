//! Forms: sent from a page of ours, with the token of the visitor it was shown to.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::body::{Body, to_bytes};
use axum::extract::{Form, FromRequest, FromRequestParts, Request};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::de::DeserializeOwned;

use super::Web;
use super::failure::Failure;
use super::visitor::Visitor;
use crate::foundation::error::{Error, Reason};

/// A form here is a few words.
const FORM_BYTES: usize = 64 * 1024;

/// Whether a browser says that this request comes from a page of ours. Who sends neither header is no browser, and no
/// browser's cookies are at stake; the token in the form decides then.
pub(super) fn is_from_here(headers: &HeaderMap, base: &str) -> bool {
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    let origin = headers.get(header::ORIGIN).map(HeaderValue::as_bytes);
    site.is_none_or(|site| matches!(site, b"same-origin" | b"none"))
        && origin.is_none_or(|origin| origin == base.as_bytes())
}

/// A form that we showed to this very visitor.
pub(super) struct Posted<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Web> for Posted<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, web: &Web) -> Result<Self, Failure> {
        let (mut parts, body) = request.into_parts();
        let visitor = Visitor::from_request_parts(&mut parts, web).await?;
        let too_large = |_| Failure::of(StatusCode::PAYLOAD_TOO_LARGE);
        let bytes = to_bytes(body, FORM_BYTES).await.map_err(too_large)?;
        let token = url::form_urlencoded::parse(&bytes).find(|(name, _)| name == "csrf");
        if !token.is_some_and(|(_, token)| is_of(&visitor, web, &token)) {
            return Err(Error::Forbidden(Reason::StaleForm).into());
        }
        let request = Request::from_parts(parts, Body::from(bytes));
        let form = Form::<T>::from_request(request, web).await;
        form.map(|Form(form)| Self(form)).map_err(|refusal| Failure::of(refusal.status()))
    }
}

fn is_of(visitor: &Visitor, web: &Web, token: &str) -> bool {
    let known = visitor.known_form_token(&web.app);
    known.is_some_and(|known| verify_slices_are_equal(known.as_bytes(), token.as_bytes()).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn a_form_comes_from_a_page_of_ours() {
        let base = "https://wijk.example";
        let from = |pairs: &[(&'static str, &str)]| is_from_here(&headers(pairs), base);
        assert!(from(&[]));
        assert!(from(&[("origin", base), ("sec-fetch-site", "same-origin")]));
        assert!(from(&[("origin", base)]));
        for wrong in [
            "null",
            "http://wijk.example",
            "https://wijk.example.evil.test",
            "https://x.wijk.example",
            "",
        ] {
            assert!(!from(&[("origin", wrong)]), "{wrong}");
        }
        for wrong in ["cross-site", "same-site", ""] {
            assert!(!from(&[("origin", base), ("sec-fetch-site", wrong)]), "{wrong}");
        }
    }
}
