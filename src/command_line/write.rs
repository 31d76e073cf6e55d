//! `post`: the wijk's redactie or a local partner writes, and offers it to the wijk.

use likejewijk::foundation::app::App;
use likejewijk::foundation::clock::Time;
use likejewijk::foundation::config::Limits;
use likejewijk::foundation::database::Connection;
use likejewijk::foundation::error::{Error, Result};
use likejewijk::foundation::images::Stored;
use likejewijk::foundation::links::Links;
use likejewijk::foundation::text::{SafeHtml, plain_line};
use likejewijk::neighbourhood::actors::{Actor, store as actors_store};
use likejewijk::neighbourhood::media::keep as media;
use likejewijk::neighbourhood::partners::{self, StoredState};
use likejewijk::neighbourhood::posts::{self, Shown, publish};
use likejewijk::neighbourhood::submissions::arrive::{self, Offer};
use likejewijk::neighbourhood::wijken::Wijk;
use serde::Serialize;

use super::arguments::Post;
use super::failure::{Named, Outcome};
use super::pictures::{self, Taken};
use super::print::Printer;
use super::values::within;
use super::wijken;

#[derive(Serialize)]
struct Made {
    id: String,
    url: String,
}

pub(super) async fn post(app: App, print: Printer, written: Post) -> Outcome {
    let (links, now) = (app.links.clone(), app.clock.now());
    let shown = understood(&written, &app.config.limits)?;
    let Taken { attachments, stored } =
        pictures::take(&app, &written.images, &written.alts).await?;
    let shown = Shown { attachments, ..shown };
    let published = move |conn: &mut Connection| {
        let wijk = wijken::named(conn, &written.wijk)?;
        let author = author(conn, &wijk, &written.author)?;
        let shown = Shown { language: Some(wijk.row.language.clone()), ..shown.clone() };
        publish_and_offer(conn, &links, &wijk, &author, &shown, &stored, now)
    };
    let made = app.database.write(published).await?;
    print.made(&made, &made.url)
}

fn understood(written: &Post, limits: &Limits) -> Result<Shown> {
    let text = within("text", &written.text, limits.post_characters)?;
    let title = written
        .title
        .as_deref()
        .map(|title| within("title", title, limits.title_characters))
        .transpose()?;
    Ok(Shown {
        title: title.map(|title| plain_line(&title, limits.title_characters)),
        content: SafeHtml::from_plain(&text),
        ..Shown::default()
    })
}

/// Who may write for this wijk from here: its redactie, and its local partners.
fn author(conn: &mut Connection, wijk: &Wijk, name: &str) -> Result<Actor> {
    let look = "partner list --wijk SLUG";
    let actor = actors_store::local(conn, name).named("as", name, look)?;
    let partner = partners::of_actor(conn, wijk.id(), actor.id)?;
    let is_partner = partner.is_some_and(|partner| partner.row.state != StoredState::Revoked);
    if actor.id == wijk.row.redactie_id || is_partner {
        return Ok(actor);
    }
    let problem = format!(
        "«{name}» does not write for {}; name {0}_redactie or a local partner of it",
        wijk.slug()
    );
    Err(Error::invalid("as", problem))
}

fn publish_and_offer(
    conn: &mut Connection,
    links: &Links,
    wijk: &Wijk,
    author: &Actor,
    shown: &Shown,
    pictures: &[Stored],
    now: Time,
) -> Result<Made> {
    let (post, version) = publish::publish(conn, links, author, shown, now)?;
    let version = posts::store::version(conn, version)?;
    media::own(conn, &version, pictures, now)?;
    let offer = Offer { author, post: &post, version: &version, wijken_named: 1 };
    arrive::by_mention(conn, wijk, &offer, now)?;
    Ok(Made { id: post.uri, url: post.url })
}
