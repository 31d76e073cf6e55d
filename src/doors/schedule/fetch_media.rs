//! Wanted pictures → copies of ours: a few at once, one of a host at a time, in the end or never.

use axum::http::{HeaderMap, HeaderValue, header};
use bytes::Bytes;
use tokio::task::JoinSet;
use url::Url;

use super::{Stop, something_new};
use crate::doors::federation::context::Federation;
use crate::foundation::app::App;
use crate::foundation::domain::Domain;
use crate::foundation::error::{Error, Result};
use crate::foundation::http_client::{FetchError, FetchRules};
use crate::foundation::images;
use crate::neighbourhood::blocks::Blocklist;
use crate::neighbourhood::media::fetch::{self, Wanted};
use crate::neighbourhood::media::store;

/// Fetched at once: up to 5 MB each are in memory.
const AT_ONCE: usize = 4;

pub(super) async fn run(federation: Federation, mut stop: Stop) {
    let mut commits = federation.app.database.watch_commits();
    let mut at_work = JoinSet::new();
    while !stop.is_now() {
        commits.mark_unchanged();
        for wanted in claim(&federation.app, AT_ONCE - at_work.len()).await {
            at_work.spawn(settle(federation.app.clone(), wanted));
        }
        tokio::select! {
            Some(_) = at_work.join_next() => {}
            () = something_new(&mut commits, &mut stop) => {}
        }
    }
    // What was on its way is cut off; its leases run out, and it is fetched again.
}

async fn claim(app: &App, free: usize) -> Vec<Wanted> {
    let now = app.clock.now();
    let claimed = async {
        if free == 0 || !app.database.read(move |c| fetch::any_due(c, now)).await? {
            return Ok(Vec::new());
        }
        let most = i64::try_from(free).unwrap_or(1);
        app.database.write(move |c| fetch::claim(c, most, now)).await
    };
    claimed.await.unwrap_or_else(|error: Error| {
        tracing::error!(%error, "wanted pictures could not be claimed");
        Vec::new()
    })
}

/// Why there is no copy.
enum Trouble {
    /// Asking again is of no use.
    Refused(String),
    NoAnswer(String),
}

async fn settle(app: App, wanted: Wanted) {
    let outcome = match fetched(&app, &wanted.url).await {
        Ok(bytes) => images::store(&app.files, bytes).await.map_err(Trouble::from),
        Err(trouble) => Err(trouble),
    };
    let (url, scale, now) = (wanted.url.clone(), app.config.retry_scale, app.clock.now());
    let noted = match outcome {
        Ok(stored) => app.database.write(move |c| fetch::arrived(c, &wanted, &stored)).await,
        Err(Trouble::Refused(problem)) => {
            tracing::info!(url, problem, "a picture stays a link");
            app.database.write(move |c| store::refuse(c, wanted.id)).await
        }
        Err(Trouble::NoAnswer(problem)) => {
            tracing::info!(url, problem, "a picture will be asked for again");
            app.database.write(move |c| fetch::failed(c, &wanted, scale, now)).await
        }
    };
    match noted {
        Ok(()) => {}
        // Its files belong to nobody and are swept.
        Err(Error::Conflict(why)) => tracing::info!(url, why, "a picture came too late"),
        Err(error) => tracing::error!(%error, url, "what became of a picture could not be noted"),
    }
}

/// The bytes at `url`, after at most one redirect, which is judged like the first address.
async fn fetched(app: &App, url: &str) -> Result<Bytes, Trouble> {
    let url = Url::parse(url).map_err(|e| Trouble::Refused(e.to_string()))?;
    let rules =
        FetchRules::new(app.config.limits.remote_image_bytes, app.config.limits.fetch_time());
    let mut headers = HeaderMap::new();
    headers.insert(header::ACCEPT, HeaderValue::from_static("image/*"));
    let first = app.http.get(&url, headers.clone(), rules).await?;
    let last = match first.redirect()? {
        Some(target) if is_heard(app, &target).await? => {
            app.http.get(&target, headers, rules).await?
        }
        Some(target) => return Err(Trouble::Refused(format!("we do not go to {target}"))),
        None => first,
    };
    match last.status.as_u16() {
        200 => Ok(last.body),
        status @ (408 | 425 | 429 | 500..) => Err(Trouble::NoAnswer(format!("status {status}"))),
        status => Err(Trouble::Refused(format!("status {status}"))),
    }
}

/// Blocked servers are not asked, wherever their name came from.
async fn is_heard(app: &App, url: &Url) -> Result<bool, Trouble> {
    let Ok(domain) = Domain::of(url) else { return Ok(false) };
    let blocklist = app.database.read(Blocklist::read).await?;
    Ok(!blocklist.refuses_domain(&domain))
}

impl From<FetchError> for Trouble {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::Forbidden(_) | FetchError::TooLarge | FetchError::Encoding(_) => {
                Self::Refused(error.to_string())
            }
            _ => Self::NoAnswer(error.to_string()),
        }
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        match error {
            Error::Invalid { problem, .. } => Self::Refused(problem),
            error => Self::NoAnswer(error.to_string()),
        }
    }
}
