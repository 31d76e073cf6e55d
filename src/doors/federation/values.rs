//! How other servers write one thing: a link as string or object, one or many, a time, the public collection.

use serde::de::{Deserialize, DeserializeOwned, Deserializer};
use serde_json::Value;
use url::Url;

use crate::foundation::uri::Uri;

/// The collection of everybody, in its three spellings.
pub const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";

/// Longer addresses are nobody's (TRUST.md §4).
pub const LONGEST_URL: usize = Uri::LONGEST;

/// More of one field are not read.
const MOST: usize = 100;

#[must_use]
pub fn is_public(link: &str) -> bool {
    matches!(link, PUBLIC | "as:Public" | "Public")
}

/// The id that a string or an object with `id` (or a Link with `href`) names.
#[must_use]
pub fn id_of(value: &Value) -> Option<&str> {
    let id = match value {
        Value::String(id) => Some(id.as_str()),
        Value::Object(object) => {
            object.get("id").or_else(|| object.get("href")).and_then(Value::as_str)
        }
        _ => None,
    };
    // U+0000 is text to no database.
    id.filter(|id| !id.contains('\0'))
}

/// One or many of what [`id_of`] reads; what it cannot read is left out. `"to": "…"`, `"to": ["…", {"id": "…"}]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ids(pub Vec<String>);

impl Ids {
    /// Those that are ids: the public collection under its short names is none.
    pub fn uris(&self) -> impl Iterator<Item = Uri> + '_ {
        self.0.iter().filter_map(|id| Uri::parse(id).ok())
    }
}

/// What [`id_of`] reads, where it is an id.
#[must_use]
pub fn uri_of(value: &Value) -> Option<Uri> {
    Uri::parse(id_of(value)?).ok()
}

impl<'de> Deserialize<'de> for Ids {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let many = Many::<Value>::deserialize(from)?;
        Ok(Self(many.0.iter().filter_map(id_of).map(ToOwned::to_owned).collect()))
    }
}

/// One or many of `T`; those that are no `T` are left out, as is everything behind the hundredth.
#[derive(Debug, Clone)]
pub struct Many<T>(pub Vec<T>);

impl<T> Default for Many<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Many<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let values = match Value::deserialize(from)? {
            Value::Null => Vec::new(),
            Value::Array(values) => values,
            one => vec![one],
        };
        let read =
            values.into_iter().take(MOST).filter_map(|value| serde_json::from_value(value).ok());
        Ok(Self(read.collect()))
    }
}

/// An optional field that is not worth refusing the whole object for: `None` where it is of another type.
pub fn loose<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    from: D,
) -> Result<Option<T>, D::Error> {
    Ok(serde_json::from_value(Value::deserialize(from)?).ok())
}

/// An http(s) address fit for a link on a page.
#[must_use]
pub fn web_address(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    (matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.as_str().len() <= LONGEST_URL)
        .then_some(url)
}

/// The first page that a string, a Link or a list of these leads to.
#[must_use]
pub fn page_address(value: &Value) -> Option<Url> {
    match value {
        Value::String(text) => web_address(text),
        Value::Object(link) => link.get("href").and_then(Value::as_str).and_then(web_address),
        Value::Array(values) => values.iter().find_map(page_address),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_or_many_links_are_read_as_many() {
        let read = |json: &str| serde_json::from_str::<Ids>(json).unwrap().0;
        assert_eq!(read(r#""https://a.test/1""#), ["https://a.test/1"]);
        assert_eq!(
            read(r#"[{"id":"https://a.test/1"},"https://a.test/2",3,null]"#),
            ["https://a.test/1", "https://a.test/2"]
        );
        assert_eq!(read("null"), Vec::<String>::new());
        let many = format!("[{}]", vec!["\"x\""; 500].join(","));
        assert_eq!(read(&many).len(), 100);
    }
}
