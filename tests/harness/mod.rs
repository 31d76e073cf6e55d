//! The outsiders' view: the real program in its process, other servers played in ours, and words to
//! tell stories about them. Nothing here knows how the program is made inside.

mod surroundings;
mod eventually;
mod http;
mod keys;
mod letter;
mod answer;
mod received;
mod mastodon;
mod neighbour;
mod door;
mod foreign;
mod canary;
mod database;
mod dump;
mod server;
mod page;
mod visitor;
mod town;
mod itself;
pub(crate) mod picture;

pub(crate) use answer::Answer;
pub(crate) use database::{TestDatabase, each_database};
pub(crate) use dump::dump;
pub(crate) use eventually::{eventually, holds, within};
pub(crate) use foreign::{FAR, Foreign};
pub(crate) use http::{ACTIVITY_JSON, HTML, Request, Response};
pub(crate) use keys::{Key, sha256};
pub(crate) use letter::Letter;
pub(crate) use mastodon::{Activity, Note, Object, PUBLIC, person};
pub(crate) use neighbour::Neighbour;
pub(crate) use page::Page;
pub(crate) use received::Received;
pub(crate) use server::{Said, Server, Whereabouts};
pub(crate) use surroundings::{now, this_second, variable};
pub(crate) use town::{PARTNER, Town, seen};
pub(crate) use visitor::Visitor;

/// The server under test and its wijk, as the fediverse names them.
pub(crate) const HOST: &str = "wijk.test";
pub(crate) const WIJK: &str = "http://wijk.test/wijken/bloemhof";
pub(crate) const HANDLE: &str = "@bloemhof@wijk.test";
