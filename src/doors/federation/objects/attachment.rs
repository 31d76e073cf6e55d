//! What hangs on a post: pictures, and whatever else other servers attach.

use serde_json::{Map, Value};

use crate::doors::federation::values::page_address;
use crate::foundation::config::Limits;
use crate::foundation::text::plain_line;
use crate::neighbourhood::posts::Attachment;

/// Alt text is read where Mastodon and GoToSocial read it: `summary`, then `name`.
#[must_use]
pub fn read(json: &Map<String, Value>, limits: &Limits) -> Option<Attachment> {
    let url = page_address(json.get("url").or_else(|| json.get("href"))?)?;
    let text = |key: &str| json.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let alt = text("summary").or_else(|| text("name")).unwrap_or_default();
    Some(Attachment {
        url: url.to_string(),
        media_type: plain_line(text("mediaType").unwrap_or_default(), 100),
        alt: plain_line(alt, limits.alt_text_characters),
    })
}
