//! What another server answers, as a test scripts it.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::response::Response;
use serde::Serialize;

use super::http::ACTIVITY_JSON;

#[derive(Clone, Debug)]
pub(crate) struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    pace: Pace,
}

#[derive(Clone, Copy, Debug)]
enum Pace {
    AtOnce,
    After(Duration),
    Dripping,
    Endless,
}

impl Answer {
    pub(crate) fn status(status: u16) -> Answer {
        Answer { status, headers: Vec::new(), body: Vec::new(), pace: Pace::AtOnce }
    }

    pub(crate) fn document(content_type: &str, body: impl Into<Vec<u8>>) -> Answer {
        let headers = vec![("content-type", content_type.to_owned())];
        Answer { headers, body: body.into(), ..Answer::status(200) }
    }

    /// As Mastodon serves an object or an actor.
    pub(crate) fn activity(object: &impl Serialize) -> Answer {
        let body = serde_json::to_vec(object).expect("an object is JSON");
        Answer::document(&format!("{ACTIVITY_JSON}; charset=utf-8"), body)
    }

    pub(crate) fn redirect(to: &str) -> Answer {
        Answer { headers: vec![("location", to.to_owned())], ..Answer::status(302) }
    }

    pub(crate) fn after(self, delay: Duration) -> Answer {
        Answer { pace: Pace::After(delay), ..self }
    }

    /// One byte a second.
    pub(crate) fn dripping(self) -> Answer {
        Answer { pace: Pace::Dripping, ..self }
    }

    /// The body over and over, as long as somebody reads.
    pub(crate) fn endless(self) -> Answer {
        Answer { pace: Pace::Endless, ..self }
    }

    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Answer {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(super) async fn spoken(self) -> Response {
        let mut response = Response::builder().status(self.status);
        for (name, value) in self.headers {
            response = response.header(name, value);
        }
        let body = match self.pace {
            Pace::AtOnce => Body::from(self.body),
            Pace::After(delay) => {
                tokio::time::sleep(delay).await;
                Body::from(self.body)
            }
            Pace::Dripping => dripping(self.body),
            Pace::Endless => endless(self.body),
        };
        response.body(body).expect("a scripted answer is an answer")
    }
}

fn dripping(body: Vec<u8>) -> Body {
    Body::from_stream(futures_util::stream::unfold(body.into_iter(), |mut rest| async move {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let byte = rest.next()?;
        Some((Ok::<_, std::io::Error>(Bytes::from(vec![byte])), rest))
    }))
}

fn endless(body: Vec<u8>) -> Body {
    let body = Bytes::from(body);
    Body::from_stream(futures_util::stream::repeat_with(move || {
        Ok::<_, std::io::Error>(body.clone())
    }))
}
