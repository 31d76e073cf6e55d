//! `queue list`, `approve` and `refuse`; `announcement withdraw`: what a moderator does, done by the operator.

use likejewijk::foundation::app::App;
use likejewijk::foundation::database::Connection;
use likejewijk::foundation::error::{Error, Result};
use likejewijk::foundation::ids::SubmissionId;
use likejewijk::foundation::text::plain_line;
use likejewijk::foundation::uri::Uri;
use likejewijk::neighbourhood::accounts::Moderator;
use likejewijk::neighbourhood::posts;
use likejewijk::neighbourhood::submissions::{
    Card, State, Submission, Why, decide, store, withdraw,
};
use serde::Serialize;

use super::arguments::{AnnouncementCommand, QueueCommand};
use super::failure::{Named, Outcome};
use super::print::{Column, Printer};
use super::values::Moment;
use super::wijken;

#[derive(Serialize)]
struct Line {
    id: SubmissionId,
    post: Uri,
    author: Uri,
    handle: String,
    text: String,
    received_at: Moment,
    why: Why,
}

#[derive(Serialize)]
struct Decided {
    id: SubmissionId,
    state: State,
}

#[derive(Serialize)]
struct Withdrawn {
    post: Uri,
    state: State,
}

const COLUMNS: [Column<Line>; 5] = [
    ("id", |line| line.id.to_string()),
    ("received", |line| line.received_at.to_string()),
    ("why", |line| line.why.to_string()),
    ("author", |line| line.handle.clone()),
    ("text", |line| plain_line(&line.text, 120)),
];

pub(super) async fn queue(app: App, print: Printer, command: QueueCommand) -> Outcome {
    let now = app.clock.now();
    match command {
        QueueCommand::List { wijk, replies } => list(app, print, wijk, replies).await,
        QueueCommand::Approve { id } => {
            decided(app, print, id, move |conn, id, by| decide::approve(conn, id, None, by, now))
                .await
        }
        QueueCommand::Refuse { id, reason } => {
            decided(app, print, id, move |conn, id, by| {
                decide::refuse(conn, id, None, by, &reason, now)
            })
            .await
        }
    }
}

async fn list(app: App, print: Printer, slug: String, replies: bool) -> Outcome {
    let read = move |conn: &mut Connection| {
        let wijk = wijken::named(conn, &slug)?;
        Ok(store::waiting(conn, wijk.id(), replies)?
            .into_iter()
            .map(Line::from)
            .collect::<Vec<_>>())
    };
    print.list(&app.database.read(read).await?, &COLUMNS)
}

async fn decided(
    app: App,
    print: Printer,
    id: String,
    decision: impl Fn(&mut Connection, SubmissionId, &Moderator) -> Result<Submission> + Send + 'static,
) -> Outcome {
    let look = "queue list --wijk SLUG";
    let parsed = id.parse::<SubmissionId>().named("submission", &id, look)?;
    let decide = move |conn: &mut Connection| {
        let card = store::card(conn, parsed).named("submission", &id, look)?;
        decision(conn, parsed, &Moderator::operator(card.submission.wijk_id))
    };
    let submission = app.database.write(decide).await?;
    print.made(&Decided { id: submission.id, state: submission.state }, submission.state.as_str())
}

pub(super) async fn announcement(
    app: App,
    print: Printer,
    command: AnnouncementCommand,
) -> Outcome {
    let AnnouncementCommand::Withdraw { post, wijk: slug, reason } = command;
    let uri = Uri::typed(&post).map_err(|_| unknown_post())?;
    let (post, now) = (uri.clone(), app.clock.now());
    let taken_back = move |conn: &mut Connection| {
        let by = Moderator::operator(wijken::named(conn, &slug)?.id());
        let post = posts::store::by_uri(conn, &post)?.ok_or_else(unknown_post)?;
        withdraw::by_moderator(conn, &post, &by, &reason, now)
    };
    app.database.write(taken_back).await?;
    print.made(&Withdrawn { post: uri, state: State::Withdrawn }, State::Withdrawn.as_str())
}

fn unknown_post() -> Error {
    Error::invalid(
        "post",
        "no such post came to this server; give its ActivityPub id, where it was written",
    )
}

impl From<Card> for Line {
    fn from(card: Card) -> Self {
        Self {
            id: card.submission.id,
            handle: card.author.handle(),
            text: card.version.shown().plain(),
            post: card.post.uri,
            author: card.author.uri,
            received_at: Moment(card.submission.received_at),
            why: card.submission.why,
        }
    }
}
