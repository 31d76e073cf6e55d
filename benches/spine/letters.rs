//! Activities as they go over the wire: made, signed as Mastodon signs (draft-cavage), and written
//! out to the last byte before anything is measured.

use std::thread;
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::Outcome;
use crate::keys::Key;
use crate::mastodon::{self, Author, Form};
use crate::server::HOST;

/// A request, ready to be written to a connection.
pub(crate) type Letter = Vec<u8>;

pub(crate) struct Writer {
    key: Key,
    create: Form,
    follow: Form,
    next_number: u64,
}

impl Writer {
    pub(crate) fn new(key: Key) -> Writer {
        let next_number = 115_000_000_000_000_000;
        Writer { key, create: mastodon::create(), follow: mastodon::follow(), next_number }
    }

    pub(crate) fn key(&self) -> &Key {
        &self.key
    }

    /// So many new posts that mention a wijk, of each author in turn.
    pub(crate) fn posts(
        &mut self,
        authors: &[Author],
        count: usize,
        slug: &str,
    ) -> Outcome<Vec<Letter>> {
        let turns = authors.iter().cycle().take(count).collect();
        let first = self.draw(count);
        self.sealed(turns, |author, place| {
            self.create.fill(&author.host, &author.name, first + place, slug)
        })
    }

    /// Each author asks to follow a wijk.
    pub(crate) fn follows(&mut self, authors: &[Author], slug: &str) -> Outcome<Vec<Letter>> {
        let first = self.draw(authors.len());
        self.sealed(authors.iter().collect(), |author, place| {
            self.follow.fill(&author.host, &author.name, first + place, slug)
        })
    }

    /// The first of so many numbers that no activity has yet.
    fn draw(&mut self, count: usize) -> u64 {
        let first = self.next_number;
        self.next_number += u64::try_from(count).unwrap_or_default();
        first
    }

    /// Signing takes longer than anything else here: on all cores.
    fn sealed(
        &self,
        authors: Vec<&Author>,
        body: impl Fn(&Author, u64) -> String + Sync,
    ) -> Outcome<Vec<Letter>> {
        let date = today();
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let share = authors.len().div_ceil(cores).max(1);
        let numbered: Vec<(&Author, u64)> = authors.into_iter().zip(0..).collect();
        let seal = |part: &[(&Author, u64)]| -> Outcome<Vec<Letter>> {
            let sealed = |(author, place): &(&Author, u64)| {
                seal(&self.key, author, &date, body(author, *place).as_bytes())
            };
            part.iter().map(sealed).collect()
        };
        let seal = &seal;
        let parts = thread::scope(|scope| {
            let workers: Vec<_> =
                numbered.chunks(share).map(|part| scope.spawn(move || seal(part))).collect();
            let ended = |worker: thread::ScopedJoinHandle<'_, Outcome<Vec<Letter>>>| {
                worker.join().unwrap_or_else(|_| Err("signing panicked".into()))
            };
            workers.into_iter().map(ended).collect::<Outcome<Vec<_>>>()
        });
        Ok(parts?.concat())
    }
}

fn seal(key: &Key, author: &Author, date: &str, body: &[u8]) -> Outcome<Letter> {
    let sum = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, body);
    let digest = format!("SHA-256={}", BASE64.encode(sum));
    let text = format!(
        "(request-target): post /inbox\nhost: {HOST}\ndate: {date}\ndigest: {digest}\n\
         content-type: application/activity+json"
    );
    let signature = BASE64.encode(key.sign(text.as_bytes())?);
    let head = format!(
        "POST /inbox HTTP/1.1\r\nHost: {HOST}\r\n\
         User-Agent: Mastodon/4.5.2 (http.rb/5.3.1; +http://{host}/)\r\nDate: {date}\r\n\
         Accept-Encoding: gzip\r\nDigest: {digest}\r\nContent-Type: application/activity+json\r\n\
         Signature: keyId=\"{id}#main-key\",algorithm=\"rsa-sha256\",\
         headers=\"(request-target) host date digest content-type\",signature=\"{signature}\"\r\n\
         Content-Length: {length}\r\n\r\n",
        host = author.host,
        id = author.id(),
        length = body.len(),
    );
    Ok([head.as_bytes(), body].concat())
}

#[expect(clippy::disallowed_methods, reason = "other servers live by the real clock")]
fn today() -> String {
    httpdate::fmt_http_date(SystemTime::now())
}
