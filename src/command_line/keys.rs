//! `key rotate`.

use likejewijk::foundation::app::App;
use likejewijk::foundation::database::Connection;
use likejewijk::foundation::uri::Uri;
use likejewijk::neighbourhood::actors::keys::{self, NewKey};
use likejewijk::neighbourhood::actors::store as actors_store;
use likejewijk::neighbourhood::rotation;
use serde::Serialize;

use super::arguments::KeyCommand;
use super::failure::{Named, Outcome};
use super::print::Printer;

#[derive(Serialize)]
struct Line {
    name: String,
    actor: Uri,
    /// Of the key; the same as before.
    key: String,
}

pub(super) async fn run(app: App, print: Printer, command: KeyCommand) -> Outcome {
    let KeyCommand::Rotate { name } = command;
    let now = app.clock.now();
    let (named, look) = (name.clone(), "wijk list or partner list");
    let found = app.database.read(move |conn| actors_store::local(conn, &named)).await;
    let actor = found.named("actor", &name, look)?;
    let key = NewKey::make(&app.secret, &actor.uri)?;
    let rotated = actor.clone();
    let rotate = move |conn: &mut Connection| {
        rotation::rotate(conn, &rotated, &key, now)?;
        keys::shown(conn, rotated.id)
    };
    let key = app.database.write(rotate).await.named("actor", &name, look)?.key_id;
    print.made(&Line { name, actor: actor.uri, key: key.clone() }, &key)
}
