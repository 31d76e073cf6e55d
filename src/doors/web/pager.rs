//! The ways from a page of a list to those beside it: plain links, by the key of an item.

use std::fmt::Display;
use std::str::FromStr;

use serde::Deserialize;

use crate::foundation::error::{Error, Result};
use crate::foundation::paging::{Page, Span};

/// Of a query: only what stands before or after a key in time.
#[derive(Deserialize)]
pub(super) struct Asked {
    voor: Option<String>,
    na: Option<String>,
}

impl Asked {
    /// # Errors
    /// `NotFound` for a key that we never wrote.
    pub(super) fn span<K: FromStr<Err = Error>>(&self) -> Result<Span<K>> {
        Ok(match (&self.voor, &self.na) {
            (None, None) => Span::First,
            (Some(key), None) => Span::Before(key.parse()?),
            (None, Some(key)) => Span::After(key.parse()?),
            (Some(_), Some(_)) => return Err(Error::NotFound),
        })
    }
}

/// The same page, from there.
pub(super) fn address<K: Display>(here: &str, span: Span<K>) -> String {
    let mark = if here.contains('?') { '&' } else { '?' };
    match span {
        Span::First => here.to_owned(),
        Span::Before(key) => format!("{here}{mark}voor={key}"),
        Span::After(key) => format!("{here}{mark}na={key}"),
    }
}

/// What lists are of: how their ways are called.
#[derive(Clone, Copy)]
pub(super) enum List {
    /// The newest first.
    Posts,
    /// The first to begin first.
    Agenda,
    /// The oldest first.
    Replies,
}

impl List {
    /// Names of messages: of the ways together, of the way to what is earlier, and to what is later.
    fn words(self) -> [&'static str; 3] {
        match self {
            Self::Posts => ["pager-label", "pager-older", "pager-newer"],
            Self::Agenda => ["pager-agenda", "pager-agenda-earlier", "pager-agenda-later"],
            Self::Replies => ["pager-replies", "pager-replies-earlier", "pager-replies-later"],
        }
    }
}

/// See `parts/pager.html`.
pub(super) struct Pager {
    pub(super) label: &'static str,
    /// The list begins here.
    pub(super) is_first: bool,
    pub(super) back: Option<Way>,
    pub(super) onward: Option<Way>,
}

pub(super) struct Way {
    pub(super) url: String,
    /// A message.
    pub(super) words: &'static str,
}

impl Pager {
    /// Around the page that was asked for by `span`, of a list at `here` below the heading `part` of it.
    pub(super) fn new<T, K: Display + Copy + PartialEq>(
        list: List,
        (here, part): (&str, &str),
        span: Span<K>,
        page: &Page<T, K>,
    ) -> Self {
        let [label, earlier, later] = list.words();
        let way = |span, words| Way { url: format!("{}#{part}", address(here, span)), words };
        let earlier = page.earlier.map(|key| way(Span::Before(key), earlier));
        let later = page.later.map(|key| way(Span::After(key), later));
        let (back, onward) =
            if matches!(list, List::Posts) { (later, earlier) } else { (earlier, later) };
        let is_first = span == Span::First;
        let is_nowhere = !is_first && back.is_none() && onward.is_none();
        let start = is_nowhere.then(|| way(Span::First, "pager-start"));
        Self { label, is_first, back: back.or(start), onward }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_key_is_asked_for_or_none() {
        let asked = |voor: Option<&str>, na: Option<&str>| {
            let asked = Asked { voor: voor.map(str::to_owned), na: na.map(str::to_owned) };
            asked.span::<crate::foundation::ids::PostId>().ok()
        };
        assert_eq!(asked(None, None), Some(Span::First));
        assert!(matches!(asked(Some("7"), None), Some(Span::Before(id)) if id.0 == 7));
        assert!(matches!(asked(None, Some("7")), Some(Span::After(id)) if id.0 == 7));
        assert_eq!(asked(Some("7"), Some("8")), None);
        assert_eq!(asked(Some("x"), None), None);
    }

    #[test]
    fn ways_are_called_after_time_and_lead_on_in_the_order_of_the_list() {
        let page = Page { items: vec![5, 4], earlier: Some(4), later: Some(5) };
        let pager = Pager::new(List::Posts, ("/tags/x", "list"), Span::Before(6), &page);
        let urls = |pager: &Pager| {
            [&pager.back, &pager.onward].map(|way| way.as_ref().map(|way| way.url.clone()))
        };
        let [newer, older] = ["/tags/x?na=5#list", "/tags/x?voor=4#list"].map(str::to_owned);
        assert_eq!(urls(&pager), [Some(newer), Some(older)]);
        let agenda = Pager::new(List::Agenda, ("/a?wijk=b", "list"), Span::After(3), &page);
        let [earlier, later] = ["/a?wijk=b&voor=4#list", "/a?wijk=b&na=5#list"].map(str::to_owned);
        assert_eq!(urls(&agenda), [Some(earlier), Some(later)]);
    }

    #[test]
    fn from_where_nothing_is_there_is_a_way_back() {
        let nothing = Page { items: Vec::<i64>::new(), earlier: None, later: None };
        let pager = Pager::new(List::Posts, ("/tags/x", "list"), Span::Before(1), &nothing);
        assert_eq!(pager.back.map(|way| way.url), Some("/tags/x#list".to_owned()));
        assert!(Pager::new(List::Posts, ("/", "list"), Span::First, &nothing).back.is_none());
    }
}
