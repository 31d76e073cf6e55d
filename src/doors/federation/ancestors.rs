//! What an answer answers, where it came before that: read from where it lives, up to a post that is known here.

use activitypub_federation::config::Data;
use tokio::time::timeout;

use super::failure::Failure;
use super::fetching::Trouble;
use super::lookup;
use super::objects::actor::RemoteActor;
use super::objects::note::RemotePost;
use crate::foundation::app::App;
use crate::foundation::database::Connection;
use crate::foundation::error::Result;
use crate::foundation::uri::Uri;
use crate::neighbourhood::actors::Actor;
use crate::neighbourhood::posts::receive::Received;
use crate::neighbourhood::posts::store as posts_store;

/// TRUST.md §4.
const MOST: usize = 3;

/// The posts between an answer and the first one known here, the topmost first; none where there is no way up to a
/// conversation of ours.
///
/// # Errors
/// Of an answer that names nobody here, [`Failure::may_pass`] where a server on the way does not answer now. One that
/// names somebody has its place without them.
pub async fn above(data: &Data<App>, answer: &Received) -> Result<Vec<(Actor, Received)>, Failure> {
    // The arrival itself needs what time is left.
    let within = data.config.limits.arrival_time() / 2;
    let found = timeout(within, climb(data, answer)).await.unwrap_or_else(|_| {
        Err(Trouble::NoAnswer("reading what it answers took too long".to_owned()).into())
    });
    match found {
        Err(failure) if failure.may_pass() && !names_us(data, answer) => Err(failure),
        Err(failure) => {
            tracing::debug!(post = %answer.uri, %failure, "what it answers cannot be had");
            Ok(Vec::new())
        }
        Ok(above) => Ok(above),
    }
}

async fn climb(data: &Data<App>, answer: &Received) -> Result<Vec<(Actor, Received)>, Failure> {
    let Some(posts) = way_up(data, answer).await? else { return Ok(Vec::new()) };
    let mut above = Vec::with_capacity(posts.len());
    for post in posts.into_iter().rev() {
        let author = RemoteActor::at(&post.author)?.dereference(data).await?;
        above.push((lookup::with_handle(data, author.0).await?, post.received));
    }
    Ok(above)
}

/// From the answer upwards. Authors are asked after only where it leads somewhere.
async fn way_up(data: &Data<App>, answer: &Received) -> Result<Option<Vec<RemotePost>>, Failure> {
    if !answer.visibility.is_public() {
        return Ok(None);
    }
    let mut posts: Vec<RemotePost> = Vec::new();
    let mut next = unknown(data, answer.in_reply_to.as_ref()).await?;
    while let Some(uri) = next {
        if posts.len() == MOST || data.links.is_ours(&uri) {
            return Ok(None);
        }
        let post = RemotePost::at(&uri)?.dereference_forced(data).await?;
        if !post.received.visibility.is_public() {
            return Ok(None);
        }
        next = unknown(data, post.received.in_reply_to.as_ref()).await?;
        posts.push(post);
    }
    let leads_here = posts.last().is_some_and(|top| {
        top.received.in_reply_to.is_some()
            || posts.iter().any(|post| names_us(data, &post.received))
    });
    Ok(leads_here.then_some(posts))
}

/// What is answered, where it is not known here.
async fn unknown(data: &Data<App>, answered: Option<&Uri>) -> Result<Option<Uri>, Failure> {
    let Some(uri) = answered.cloned() else { return Ok(None) };
    let read = move |c: &mut Connection| {
        Ok(if posts_store::by_uri(c, &uri)?.is_none() { Some(uri) } else { None })
    };
    Ok(data.database.read(read).await?)
}

fn names_us(data: &Data<App>, post: &Received) -> bool {
    post.addressed.iter().any(|uri| data.links.is_ours(uri))
}
