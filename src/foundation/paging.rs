//! Lists in pages, by keyset: a page begins beside an item, so that what comes and goes meanwhile moves nothing.

use std::fmt;
use std::str::FromStr;

use super::clock::Time;
use super::error::{Error, Result};

/// Which page of a list: the one it begins with, or the one before or after a key in time.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Span<K> {
    #[default]
    First,
    Before(K),
    After(K),
}

/// How a list is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    NewestFirst,
    OldestFirst,
}

/// Where the database begins to read a page, and which way; one item more than a page holds tells whether it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach<K> {
    /// Below this key, the greatest first.
    Down(Option<K>),
    /// Above this key, the least first.
    Up(Option<K>),
}

/// A page of a list, in its order, and from where the pages beside it are read.
#[derive(Debug, PartialEq, Eq)]
pub struct Page<T, K> {
    pub items: Vec<T>,
    pub earlier: Option<K>,
    pub later: Option<K>,
}

impl<K: Copy + Ord> Span<K> {
    pub fn reach(self, order: Order) -> Reach<K> {
        match (self, order) {
            (Self::First, Order::NewestFirst) => Reach::Down(None),
            (Self::First, Order::OldestFirst) => Reach::Up(None),
            (Self::Before(key), _) => Reach::Down(Some(key)),
            (Self::After(key), _) => Reach::Up(Some(key)),
        }
    }

    /// `rows` as they were read within its reach, up to one more than `most`.
    pub fn page<T>(
        self,
        order: Order,
        mut rows: Vec<T>,
        most: usize,
        key: impl Fn(&T) -> K,
    ) -> Page<T, K> {
        let goes_on = rows.len() > most;
        rows.truncate(most);
        let onward = rows.last().map(&key).filter(|_| goes_on);
        let back = rows.first().map(&key).filter(|_| self != Self::First);
        let (is_down, earlier, later) = match self.reach(order) {
            Reach::Down(_) => (true, onward, back),
            Reach::Up(_) => (false, back, onward),
        };
        if is_down != (order == Order::NewestFirst) {
            rows.reverse();
        }
        Page { items: rows, earlier, later }
    }

    /// A page of a list that was read whole, the oldest first.
    pub fn page_of<T>(self, mut all: Vec<T>, most: usize, key: impl Fn(&T) -> K) -> Page<T, K> {
        match self.reach(Order::OldestFirst) {
            Reach::Down(below) => {
                all.retain(|item| below.is_none_or(|below| key(item) < below));
                all.reverse();
            }
            Reach::Up(above) => all.retain(|item| above.is_none_or(|above| key(item) > above)),
        }
        all.truncate(most.saturating_add(1));
        self.page(Order::OldestFirst, all, most, key)
    }
}

impl<T, K> Page<T, K> {
    /// Of the same page: what is left of it, or what became of it.
    pub fn with<U>(self, change: impl FnOnce(Vec<T>) -> Result<Vec<U>>) -> Result<Page<U, K>> {
        Ok(Page { items: change(self.items)?, earlier: self.earlier, later: self.later })
    }
}

/// A key of what stands in the order of a time; the id tells apart what stands at the same one. Written `millis-id`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct At<I> {
    pub time: Time,
    pub id: I,
}

impl<I: fmt::Display> fmt::Display for At<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.time.millis(), self.id)
    }
}

impl<I: FromStr<Err = Error>> FromStr for At<I> {
    type Err = Error;

    /// Only what we write ourselves is a key.
    fn from_str(text: &str) -> Result<Self> {
        let (millis, id) = text.split_once('-').ok_or(Error::NotFound)?;
        let is_plain = !millis.is_empty() && millis.bytes().all(|b| b.is_ascii_digit());
        let millis = millis.parse().ok().filter(|_| is_plain).ok_or(Error::NotFound)?;
        Ok(Self { time: Time::from_millis(millis), id: id.parse()? })
    }
}

#[cfg(test)]
mod tests {
    use super::super::ids::PostId;
    use super::*;

    const ALL: [i64; 7] = [1, 2, 3, 4, 5, 6, 7];

    /// As a database reads it.
    fn read(span: Span<i64>, order: Order, most: usize) -> Page<i64, i64> {
        let mut rows: Vec<i64> = ALL.into();
        match span.reach(order) {
            Reach::Down(below) => {
                rows.retain(|key| below.is_none_or(|below| *key < below));
                rows.reverse();
            }
            Reach::Up(above) => rows.retain(|key| above.is_none_or(|above| *key > above)),
        }
        rows.truncate(most + 1);
        span.page(order, rows, most, |key| *key)
    }

    fn page(items: &[i64], earlier: Option<i64>, later: Option<i64>) -> Page<i64, i64> {
        Page { items: items.into(), earlier, later }
    }

    #[test]
    fn the_newest_first_from_end_to_end_and_back() {
        let read = |span| read(span, Order::NewestFirst, 3);
        assert_eq!(read(Span::First), page(&[7, 6, 5], Some(5), None));
        assert_eq!(read(Span::Before(5)), page(&[4, 3, 2], Some(2), Some(4)));
        assert_eq!(read(Span::Before(2)), page(&[1], None, Some(1)));
        assert_eq!(read(Span::After(1)), page(&[4, 3, 2], Some(2), Some(4)));
        assert_eq!(read(Span::After(4)), page(&[7, 6, 5], Some(5), None));
    }

    #[test]
    fn the_oldest_first_from_end_to_end_and_back() {
        let read = |span| read(span, Order::OldestFirst, 3);
        assert_eq!(read(Span::First), page(&[1, 2, 3], None, Some(3)));
        assert_eq!(read(Span::After(3)), page(&[4, 5, 6], Some(4), Some(6)));
        assert_eq!(read(Span::After(6)), page(&[7], Some(7), None));
        assert_eq!(read(Span::Before(4)), page(&[1, 2, 3], None, Some(3)));
        assert_eq!(read(Span::Before(7)), page(&[4, 5, 6], Some(4), Some(6)));
    }

    #[test]
    fn a_list_that_was_read_whole_has_the_same_pages() {
        for span in [Span::First, Span::After(3), Span::After(6), Span::Before(4), Span::After(7)] {
            let whole = span.page_of(ALL.into(), 3, |key| *key);
            assert_eq!(whole, read(span, Order::OldestFirst, 3), "{span:?}");
        }
    }

    #[test]
    fn a_page_that_is_just_full_is_the_last() {
        assert_eq!(read(Span::First, Order::NewestFirst, 7).earlier, None);
        assert_eq!(read(Span::First, Order::OldestFirst, 7).later, None);
    }

    #[test]
    fn a_key_is_read_as_it_is_written() {
        let key = At { time: Time::from_millis(1_795_510_800_000), id: PostId(42) };
        assert_eq!(key.to_string(), "1795510800000-42");
        assert_eq!("1795510800000-42".parse::<At<PostId>>().unwrap(), key);
        for wrong in ["", "42", "-42", "+1-42", "1--42", "1-042", "x-42", "1-"] {
            assert!(wrong.parse::<At<PostId>>().is_err(), "{wrong}");
        }
    }
}
