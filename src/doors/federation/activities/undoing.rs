//! `Undo` of something that is named by its id alone: a follow, a reaction or a block of who sends it, whichever has
//! that id. Source: `specimens/mastodon/undo_by_id.json`.

use activitypub_federation::config::Data;
use async_trait::async_trait;

use super::arrived::{Arrived, Conversation};
use crate::doors::federation::failure::Failure;
use crate::foundation::app::App;
use crate::foundation::clock::Time;
use crate::foundation::database::Connection;
use crate::foundation::error::Result;
use crate::foundation::ids::ActorId;
use crate::foundation::uri::Uri;
use crate::neighbourhood::actors::store as actors_store;
use crate::neighbourhood::{blocks, follows, reactions};

#[derive(Debug)]
pub struct UndoById(pub Arrived);

#[async_trait]
impl Conversation for UndoById {
    fn arrived(&self) -> &Arrived {
        &self.0
    }

    async fn act(self, data: &Data<App>) -> Result<(), Failure> {
        let Ok(uri) = self.0.object_id() else { return self.0.ignore(data).await };
        let (actor, now) = (self.0.actor.clone(), data.clock.now());
        let settled = self.0.settle(data, move |c| {
            let Some(by) = actors_store::by_uri(c, &actor)? else { return Ok(()) };
            undo(c, by.id, &uri, now)
        });
        settled.await
    }
}

fn undo(conn: &mut Connection, by: ActorId, uri: &Uri, now: Time) -> Result<()> {
    let _ = follows::undo_by_uri(conn, by, uri, now)?
        || reactions::undo_by_uri(conn, by, uri)?
        || blocks::relent_by_uri(conn, by, uri)?;
    Ok(())
}
