//! The files the pages need, built in: one style sheet, put together from `frontend/styles`, and `frontend/public`.

use std::borrow::Cow;
use std::sync::LazyLock;

use axum::Router;
use axum::extract::{Path, RawQuery};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use rust_embed::{EmbeddedFile, RustEmbed};

use super::Web;
use crate::foundation::secret::sha256;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/frontend/public"]
struct Public;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/frontend/styles"]
struct Styles;

/// The order counts: a later file may refine an earlier one.
const SHEETS: [&str; 10] =
    ["tokens", "layout", "plate", "door", "post", "picture", "agenda", "form", "desk", "print"];

const STYLESHEET: &str = "stijl.css";
/// Of an address that carries the hash of what it gives: it never changes.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
const AN_HOUR: &str = "public, max-age=3600";

struct Sheet {
    css: Bytes,
    hash: String,
    address: String,
}

static SHEET: LazyLock<Sheet> = LazyLock::new(|| {
    let mut css = Vec::new();
    for name in SHEETS {
        if let Some(file) = Styles::get(&format!("{name}.css")) {
            css.extend_from_slice(&file.data);
        }
    }
    let hash = short(&sha256(&css));
    Sheet { css: css.into(), address: format!("/static/{STYLESHEET}?v={hash}"), hash }
});

/// The address of the one style sheet, with its version.
pub(super) fn stylesheet() -> &'static str {
    &SHEET.address
}

pub(super) fn routes() -> Router<Web> {
    Router::new().route("/static/{name}", get(file)).route("/robots.txt", get(robots))
}

async fn robots(headers: HeaderMap) -> Response {
    give("robots.txt", None, &headers)
}

async fn file(Path(name): Path<String>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    give(&name, query.as_deref(), &headers)
}

fn give(name: &str, query: Option<&str>, asked: &HeaderMap) -> Response {
    let Some((bytes, hash)) = find(name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let is_pinned = query.and_then(|query| query.strip_prefix("v=")) == Some(hash.as_str());
    let tag = format!("\"{hash}\"");
    let is_known =
        asked.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(content_type(name))),
        (
            header::CACHE_CONTROL,
            HeaderValue::from_static(if is_pinned { FOR_EVER } else { AN_HOUR }),
        ),
        (header::ETAG, HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("\"\""))),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    if is_known {
        (StatusCode::NOT_MODIFIED, headers).into_response()
    } else {
        (headers, bytes).into_response()
    }
}

fn find(name: &str) -> Option<(Bytes, String)> {
    if name == STYLESHEET {
        return Some((SHEET.css.clone(), SHEET.hash.clone()));
    }
    Public::get(name).map(|file: EmbeddedFile| {
        let hash = short(&file.metadata.sha256_hash());
        let bytes = match file.data {
            Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            Cow::Owned(bytes) => bytes.into(),
        };
        (bytes, hash)
    })
}

/// 72 bits are enough to tell one's own files apart.
fn short(hash: &[u8; 32]) -> String {
    URL_SAFE_NO_PAD.encode(&hash[..9])
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        Some("txt") => "text/plain; charset=utf-8",
        Some("png") => "image/png",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_style_sheet_is_whole_and_pinned() {
        assert!(SHEETS.iter().all(|name| Styles::get(&format!("{name}.css")).is_some()));
        let (_, version) = stylesheet().split_once('?').unwrap();
        let pinned = give(STYLESHEET, Some(version), &HeaderMap::new());
        assert_eq!(pinned.headers()[header::CACHE_CONTROL], FOR_EVER);
        let loose = give(STYLESHEET, Some("v=0"), &HeaderMap::new());
        assert_eq!(loose.headers()[header::CACHE_CONTROL], AN_HOUR);
    }

    #[test]
    fn what_a_browser_has_is_not_sent_again() {
        let first = give("icons.svg", None, &HeaderMap::new());
        let mut asked = HeaderMap::new();
        asked.insert(header::IF_NONE_MATCH, first.headers()[header::ETAG].clone());
        assert_eq!(give("icons.svg", None, &asked).status(), StatusCode::NOT_MODIFIED);
    }

    #[test]
    fn nothing_outside_the_folder_is_given() {
        for name in ["../styles/tokens.css", "../../Cargo.toml", "/etc/passwd", "none.svg"] {
            assert_eq!(
                give(name, None, &HeaderMap::new()).status(),
                StatusCode::NOT_FOUND,
                "{name}"
            );
        }
    }
}
