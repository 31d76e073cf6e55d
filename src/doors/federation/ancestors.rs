//! What an answer answers, where it came before that: read from where it lives, up to a post that is known here.

use activitypub_federation::config::Data;
use tokio::time::timeout;

use super::failure::Failure;
use super::fetching::Trouble;
use super::objects::actor::RemoteActor;
use super::objects::note::RemotePost;
use crate::foundation::app::App;
use crate::foundation::database::Connection;
use crate::foundation::error::Result;
use crate::foundation::uri::Uri;
use crate::neighbourhood::posts::receive::Received;
use crate::neighbourhood::posts::store as posts_store;
use crate::neighbourhood::submissions::arrive;

/// TRUST.md §4.
const MOST: usize = 3;

/// Offers the posts between an answer and the first one known here, the topmost first; none where there is no way up to
/// a conversation of ours. `may_wait`: whether the answer is tried again.
///
/// # Errors
/// [`Failure::may_pass`], of an answer that names nobody here and may wait, where a server on the way does not answer
/// now. One that names somebody has its place without them.
pub async fn bring(data: &Data<App>, answer: &Received, may_wait: bool) -> Result<(), Failure> {
    let within = data.config.limits.arrival_time() / 2;
    let brought = timeout(within, climb(data, answer)).await.unwrap_or_else(|_| {
        Err(Trouble::NoAnswer("reading what it answers took too long".to_owned()).into())
    });
    match brought {
        Err(failure) if failure.may_pass() && may_wait && !names_us(data, answer) => Err(failure),
        Err(failure) => {
            tracing::debug!(post = %answer.uri, %failure, "what it answers cannot be had");
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

/// Each is kept by itself: what is wrong with one takes nothing from the answer.
async fn climb(data: &Data<App>, answer: &Received) -> Result<(), Failure> {
    let now = data.clock.now();
    for RemotePost { author, received, .. } in way_up(data, answer).await?.into_iter().rev() {
        let author = RemoteActor::at(&author)?.dereference(data).await?.0;
        let offer = move |c: &mut Connection| arrive::received(c, &author, &received, now);
        data.database.write(offer).await?;
    }
    Ok(())
}

/// From the answer upwards; empty where that leads nowhere.
async fn way_up(data: &Data<App>, answer: &Received) -> Result<Vec<RemotePost>, Failure> {
    let nowhere = Ok(Vec::new());
    if !answer.visibility.is_public() {
        return nowhere;
    }
    let mut posts: Vec<RemotePost> = Vec::new();
    let mut next = unknown(data, answer.in_reply_to.as_ref()).await?;
    // An edit of what is here already has its place.
    if next.is_some() && unknown(data, Some(&answer.uri)).await?.is_none() {
        return nowhere;
    }
    while let Some(uri) = next {
        if posts.len() == MOST || data.links.is_ours(&uri) {
            return nowhere;
        }
        let post = RemotePost::at(&uri)?.dereference_forced(data).await?;
        if !post.received.visibility.is_public() {
            return nowhere;
        }
        next = unknown(data, post.received.in_reply_to.as_ref()).await?;
        posts.push(post);
    }
    let leads_here = posts.last().is_some_and(|top| {
        top.received.in_reply_to.is_some()
            || posts.iter().any(|post| names_us(data, &post.received))
    });
    if leads_here { Ok(posts) } else { nowhere }
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
