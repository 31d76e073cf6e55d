//! Collections that stand whole at their own address as long as they fit on one page: most readers look no further.
//! Longer ones begin there with their first page, and go on from key to key.

use std::collections::HashMap;
use std::fmt::Display;
use std::str::FromStr;

use serde_json::{Value, json};

use crate::foundation::error::{Error, Result};
use crate::foundation::paging::Span;

const CONTEXT: &str = "https://www.w3.org/ns/activitystreams";

/// The collection itself, or one of its pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked<K> {
    Whole,
    Page(Span<K>),
}

impl<K: Copy + FromStr<Err = Error>> Asked<K> {
    /// Of `?page=`, with `&after=` or, where the newest come first, `&max_id=` where it is not the first.
    ///
    /// # Errors
    /// `NotFound` for a key that we never wrote.
    pub fn of(query: &HashMap<String, String>) -> Result<Self> {
        if !query.contains_key("page") {
            return Ok(Self::Whole);
        }
        Ok(Self::Page(match (query.get("after"), query.get("max_id")) {
            (Some(key), _) => Span::After(key.parse()?),
            (None, Some(key)) => Span::Before(key.parse()?),
            (None, None) => Span::First,
        }))
    }
}

impl<K: Copy> Asked<K> {
    pub const fn span(self) -> Span<K> {
        match self {
            Self::Whole => Span::First,
            Self::Page(span) => span,
        }
    }
}

/// How a collection and its pages are called.
pub struct InPages {
    id: String,
    is_ordered: bool,
}

impl InPages {
    #[must_use]
    pub const fn ordered(id: String) -> Self {
        Self { id, is_ordered: true }
    }

    #[must_use]
    pub const fn unordered(id: String) -> Self {
        Self { id, is_ordered: false }
    }

    /// `later`: where it goes on after these items.
    pub fn answer<K: Display>(&self, asked: Asked<K>, items: &[Value], later: Option<K>) -> Value {
        let mut json = json!({"@context": CONTEXT});
        let said = match (asked, later) {
            (Asked::Page(span), later) => self.page(span, items, later),
            (Asked::Whole, None) => self.whole(items),
            (Asked::Whole, later) => json!({
                "id": self.id,
                "type": self.kind(),
                "first": self.page(Span::First, items, later),
            }),
        };
        if let (Some(json), Value::Object(said)) = (json.as_object_mut(), said) {
            json.extend(said);
        }
        json
    }

    fn whole(&self, items: &[Value]) -> Value {
        let mut whole = json!({"id": self.id, "type": self.kind(), "totalItems": items.len()});
        whole[self.items()] = items.into();
        whole
    }

    fn page<K: Display>(&self, span: Span<K>, items: &[Value], later: Option<K>) -> Value {
        let mut page = json!({
            "id": self.address(span),
            "type": format!("{}Page", self.kind()),
            "partOf": self.id,
        });
        page[self.items()] = items.into();
        if let Some(later) = later {
            page["next"] = self.address(Span::After(later)).into();
        }
        page
    }

    fn address<K: Display>(&self, span: Span<K>) -> String {
        address(&self.id, "page=1", span)
    }

    const fn kind(&self) -> &'static str {
        if self.is_ordered { "OrderedCollection" } else { "Collection" }
    }

    const fn items(&self) -> &'static str {
        if self.is_ordered { "orderedItems" } else { "items" }
    }
}

/// `page`: how the first one is asked for.
pub fn address<K: Display>(collection: &str, page: &str, span: Span<K>) -> String {
    match span {
        Span::First => format!("{collection}?{page}"),
        Span::After(key) => format!("{collection}?{page}&after={key}"),
        Span::Before(key) => format!("{collection}?{page}&max_id={key}"),
    }
}
