//! Pages and calendars for visitors without a session, kept as long as nothing they show changed. The way to a kept one
//! touches neither the database nor a thread of its own.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use tokio::sync::Mutex;

use super::Web;
use super::failure::Failure;
use super::visitor::Visitor;
use crate::foundation::app::App;
use crate::foundation::clock::Time;
use crate::foundation::error::Result;
use crate::foundation::i18n::Language;
use crate::foundation::ids::{AnnouncementId, PostId, WijkId};
use crate::foundation::paging::{At, Span};
use crate::foundation::secret::sha256;
use crate::neighbourhood::epochs::Epochs;

const PAGES: usize = 512;
const BYTES: u64 = 16 * 1024 * 1024;
/// How late a change of another process is seen.
const LATEST: Duration = Duration::from_millis(200);
/// For what no epoch tells of, such as a new name of an author or a new year.
const LONGEST: Duration = Duration::from_mins(5);
/// Pages that are made at one time.
const STRIPES: usize = 64;

const ASK_AGAIN: HeaderValue = HeaderValue::from_static("private, max-age=0, must-revalidate");

/// A page, whatever was written around its address.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Place {
    Home,
    Wijk { slug: String, span: Span<AnnouncementId> },
    Agenda { slug: String, span: Span<At<AnnouncementId>> },
    Calendar { slug: String },
    CalendarOfEvent { id: PostId },
    Post { kind: &'static str, id: PostId, span: Span<At<PostId>> },
    Tag { tag: String, span: Span<AnnouncementId> },
    Author { name: String, wijk: Option<String>, span: Span<AnnouncementId> },
}

type Key = (Place, Language);

/// A page as it was made, and what it depends on.
pub(super) struct Made {
    pub(super) body: Body,
    /// Its ActivityPub id, where it has one.
    pub(super) object: Option<String>,
    /// Whose changes it shows, besides those of the whole server.
    pub(super) wijken: Vec<WijkId>,
    /// A mark on it ends then.
    pub(super) until: Option<Time>,
}

/// What was made, and how it is to be read.
pub(super) enum Body {
    Html(String),
    /// RFC 5545; `file`: what it is called where somebody keeps it.
    Calendar {
        text: String,
        file: String,
    },
}

type Headers = [Option<(HeaderName, HeaderValue)>; 2];

impl Body {
    fn headers(&self) -> Headers {
        let (kind, name) = match self {
            Self::Html(_) => ("text/html; charset=utf-8", None),
            Self::Calendar { file, .. } => {
                let name = format!("attachment; filename=\"{file}\"");
                ("text/calendar; charset=utf-8", HeaderValue::from_str(&name).ok())
            }
        };
        let kind = (header::CONTENT_TYPE, HeaderValue::from_static(kind));
        [Some(kind), name.map(|name| (header::CONTENT_DISPOSITION, name))]
    }

    fn into_text(self) -> String {
        match self {
            Self::Html(text) | Self::Calendar { text, .. } => text,
        }
    }
}

struct Kept {
    body: Bytes,
    headers: Headers,
    tag: HeaderValue,
    link: Option<HeaderValue>,
    server: i64,
    wijken: Vec<(WijkId, i64)>,
    until: Time,
}

impl Kept {
    /// `epochs` were read before the page was: a change in between makes it old at once.
    fn new(made: Made, epochs: &Epochs, now: Time) -> Self {
        let longest = now.plus(LONGEST);
        let (headers, text) = (made.body.headers(), made.body.into_text());
        Self {
            tag: tag_of(&text),
            headers,
            link: made.object.as_deref().and_then(alternate),
            body: Bytes::from(text),
            server: epochs.server(),
            wijken: made.wijken.iter().map(|wijk| (*wijk, epochs.wijk(*wijk))).collect(),
            until: made.until.map_or(longest, |until| until.min(longest)),
        }
    }

    fn holds(&self, epochs: &Epochs, now: Time) -> bool {
        now <= self.until
            && self.server == epochs.server()
            && self.wijken.iter().all(|(wijk, epoch)| epochs.wijk(*wijk) == *epoch)
    }

    fn give(&self, asked: &HeaderMap) -> Response {
        let is_known = asked.get(header::IF_NONE_MATCH).is_some_and(|known| known == self.tag);
        let mut response = if is_known {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            said(self.headers.clone(), self.body.clone())
        };
        let headers = response.headers_mut();
        headers.insert(header::ETAG, self.tag.clone());
        headers.insert(header::CACHE_CONTROL, ASK_AGAIN);
        if let Some(link) = &self.link {
            headers.insert(header::LINK, link.clone());
        }
        response
    }
}

fn said(headers: Headers, body: impl IntoResponse) -> Response {
    let mut response = body.into_response();
    for (name, value) in headers.into_iter().flatten() {
        response.headers_mut().insert(name, value);
    }
    response
}

/// Weak: who compresses the page on its way does not change what it says.
fn tag_of(text: &str) -> HeaderValue {
    let hash = URL_SAFE_NO_PAD.encode(sha256(text.as_bytes()));
    HeaderValue::from_str(&format!("W/\"{hash}\"")).unwrap_or(HeaderValue::from_static("W/\"\""))
}

/// FEDERATION-PROFILE §1.4: where servers find the same thing.
fn alternate(object: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!(
        "<{object}>; rel=\"alternate\"; type=\"application/activity+json\""
    ))
    .ok()
}

#[derive(Clone)]
struct Weight;

impl Weighter<Key, Arc<Kept>> for Weight {
    fn weight(&self, _: &Key, kept: &Arc<Kept>) -> u64 {
        u64::try_from(kept.body.len()).unwrap_or(u64::MAX)
    }
}

pub(super) struct Pages {
    kept: Cache<Key, Arc<Kept>, Weight>,
    watch: Watch,
    turns: Turns,
}

impl Pages {
    pub(super) fn new() -> Self {
        Self {
            kept: Cache::with_weighter(PAGES, BYTES, Weight),
            watch: Watch::default(),
            turns: Turns::new(),
        }
    }

    /// The page at `place` as it was kept, or as `make` makes it now; for who is signed in always that.
    pub(super) async fn show(
        &self,
        web: &Web,
        visitor: &Visitor,
        place: Place,
        asked: &HeaderMap,
        make: impl Future<Output = Result<Made>>,
    ) -> Result<Response, Failure> {
        if visitor.account.is_some() {
            web.limits.pages.check(&visitor.address.household())?;
            return Ok(alone(make.await?));
        }
        let key = (place, visitor.language);
        if let Some(kept) = self.find(&web.app, &key).await? {
            return Ok(kept.give(asked));
        }
        let _turn = self.turns.of(&key).lock().await;
        if let Some(kept) = self.find(&web.app, &key).await? {
            return Ok(kept.give(asked));
        }
        web.limits.pages.check(&visitor.address.household())?;
        let epochs = self.watch.now(&web.app).await?;
        let kept = Arc::new(Kept::new(make.await?, &epochs, web.app.clock.now()));
        self.kept.insert(key, kept.clone());
        Ok(kept.give(asked))
    }

    async fn find(&self, app: &App, key: &Key) -> Result<Option<Arc<Kept>>> {
        let Some(kept) = self.kept.get(key) else { return Ok(None) };
        let epochs = self.watch.now(app).await?;
        Ok(kept.holds(&epochs, app.clock.now()).then_some(kept))
    }
}

/// One visitor makes a page; who asks for the same meanwhile waits for it.
struct Turns {
    hasher: RandomState,
    stripes: [Mutex<()>; STRIPES],
}

impl Turns {
    fn new() -> Self {
        Self { hasher: RandomState::new(), stripes: std::array::from_fn(|_| Mutex::default()) }
    }

    fn of(&self, key: &Key) -> &Mutex<()> {
        let stripe = self.hasher.hash_one(key) % STRIPES as u64;
        &self.stripes[usize::try_from(stripe).unwrap_or(0)]
    }
}

/// For one who is signed in: kept nowhere.
fn alone(made: Made) -> Response {
    let link = made.object.as_deref().and_then(alternate);
    let mut response = said(made.body.headers(), made.body.into_text());
    if let Some(link) = link {
        response.headers_mut().insert(header::LINK, link);
    }
    response
}

/// The epochs as they were read last: again after every commit of this process, and every [`LATEST`] for the others'.
#[derive(Default)]
struct Watch {
    seen: RwLock<Option<Seen>>,
    /// One reads, others wait for it.
    reading: Mutex<()>,
}

struct Seen {
    epochs: Arc<Epochs>,
    commits: u64,
    at: Instant,
}

impl Watch {
    async fn now(&self, app: &App) -> Result<Arc<Epochs>> {
        if let Some(epochs) = self.fresh(app.database.commits()) {
            return Ok(epochs);
        }
        let _reading = self.reading.lock().await;
        let (commits, at) = (app.database.commits(), Instant::now());
        if let Some(epochs) = self.fresh(commits) {
            return Ok(epochs);
        }
        let epochs = Arc::new(app.database.read(Epochs::read).await?);
        let seen = Seen { epochs: epochs.clone(), commits, at };
        *self.seen.write().unwrap_or_else(PoisonError::into_inner) = Some(seen);
        Ok(epochs)
    }

    fn fresh(&self, commits: u64) -> Option<Arc<Epochs>> {
        let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner);
        let seen =
            seen.as_ref().filter(|seen| seen.commits == commits && seen.at.elapsed() < LATEST)?;
        Some(seen.epochs.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::from_millis(1_795_000_000_000);

    fn made(until: Option<Time>) -> Made {
        let body = Body::Html("<p>oost</p>".to_owned());
        Made { body, object: None, wijken: vec![WijkId(1)], until }
    }

    #[test]
    fn a_page_ends_with_the_first_mark_on_it() {
        let epochs = Epochs::default();
        let a_minute = NOW.plus(Duration::from_mins(1));
        let kept = Kept::new(made(Some(a_minute)), &epochs, NOW);
        assert!(kept.holds(&epochs, a_minute));
        assert!(!kept.holds(&epochs, a_minute.plus(Duration::from_millis(1))));
        let lasting = Kept::new(made(None), &epochs, NOW);
        assert!(!lasting.holds(&epochs, NOW.plus(LONGEST + Duration::from_millis(1))));
    }

    #[test]
    fn a_page_that_a_browser_has_is_not_sent_again() {
        let kept = Kept::new(made(None), &Epochs::default(), NOW);
        let mut asked = HeaderMap::new();
        assert_eq!(kept.give(&asked).status(), StatusCode::OK);
        asked.insert(header::IF_NONE_MATCH, kept.tag.clone());
        assert_eq!(kept.give(&asked).status(), StatusCode::NOT_MODIFIED);
    }
}
