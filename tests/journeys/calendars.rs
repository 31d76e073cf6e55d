//! Calendar apps ask again and again: they are told in one line that nothing changed, and at once what did.

use std::time::Duration;

use likejewijk::foundation::error::Error;
use likejewijk::foundation::uri::Uri;
use likejewijk::neighbourhood::posts::event::EventStatus;
use likejewijk::neighbourhood::posts::{Kind, Shown, store as posts_store};
use likejewijk::neighbourhood::submissions::{arrive, withdraw};

use super::lists::{NOW, SITE, Street, event};
use crate::harness::{Request, Response, each_database};

/// An app that keeps what it was given.
struct Calendar<'a> {
    street: &'a Street,
    path: String,
    tag: String,
}

impl<'a> Calendar<'a> {
    async fn subscribes(street: &'a Street, path: &str) -> Calendar<'a> {
        let path = path.strip_prefix(SITE).unwrap_or(path).to_owned();
        let mut app = Calendar { street, path, tag: "\"never seen\"".to_owned() };
        let answer = app.asks().await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.header("content-type"), Some("text/calendar; charset=utf-8"));
        let name = answer.header("content-disposition").unwrap_or_default();
        assert!(name.ends_with(".ics\""), "{name}");
        app.tag = answer.header("etag").expect("an ETag").to_owned();
        app
    }

    async fn asks(&self) -> Response {
        let request = Request::get("wijk.example", &self.path, "text/calendar");
        let request = request.with("If-None-Match", self.tag.clone());
        let answer = request.send(self.street.running.address).await.unwrap();
        if answer.status < 400 {
            // Whoever keeps it asks each time before showing it: what is gone is gone there too.
            let holds = answer.header("cache-control").unwrap_or_default();
            assert_eq!(holds, "private, max-age=0, must-revalidate");
        }
        answer
    }

    async fn hears_nothing_new(&self) {
        let answer = self.asks().await;
        assert_eq!((answer.status, answer.body.len()), (304, 0), "{}", self.path);
        assert_eq!(answer.header("etag"), Some(self.tag.as_str()));
    }
}

each_database! {
    async fn a_calendar_is_given_again_when_it_changed(db: TestDatabase) {
        let street = Street::open(db).await;
        let ids = street.writes(Kind::Event, (0..3).map(event).collect()).await;
        let agenda = Calendar::subscribes(&street, "/wijken/bloemhof/agenda.ics").await;
        let one = Calendar::subscribes(&street, &format!("{}/activiteit.ics", ids[1])).await;
        agenda.hears_nothing_new().await;
        one.hears_nothing_new().await;

        let id = Uri::parse(&ids[1]).unwrap();
        let mut cancelled = event(1);
        if let Some(event) = &mut cancelled.event {
            event.status = EventStatus::Cancelled;
        }
        street.write(move |c| change(c, &id, &cancelled)).await;
        for calendar in [&agenda, &one] {
            let answer = calendar.asks().await;
            assert_eq!(answer.status, 200);
            assert!(answer.text().contains("STATUS:CANCELLED"), "{}", answer.text());
        }

        let id = Uri::parse(&ids[1]).unwrap();
        street
            .write(move |c| {
                let post = posts_store::by_uri(c, &id)?.ok_or(Error::NotFound)?;
                withdraw::by_author(c, post.id, None, NOW)
            })
            .await;
        assert!(!agenda.asks().await.text().contains("Stuk 001"), "it was taken back");
        assert_eq!(one.asks().await.status, 410);

        // Time alone takes what is over off the agenda.
        let agenda = Calendar::subscribes(&street, "/wijken/bloemhof/agenda.ics").await;
        agenda.hears_nothing_new().await;
        street.app.clock.advance(Duration::from_hours(24));
        let answer = agenda.asks().await;
        assert_eq!(answer.status, 200);
        assert!(!answer.text().contains("BEGIN:VEVENT"), "{}", answer.text());
    }
}

fn change(
    c: &mut likejewijk::foundation::database::Connection,
    id: &Uri,
    shown: &Shown,
) -> likejewijk::foundation::error::Result<()> {
    let post = posts_store::by_uri(c, id)?.ok_or(Error::NotFound)?;
    arrive::changed_here(c, post.id, shown, NOW)
}
