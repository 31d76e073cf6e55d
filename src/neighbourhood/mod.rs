//! What a neighbourhood is and does, in floor order: a room uses only the rooms above its line.
//!
//! Rooms are synchronous and know no network: a function takes `&mut Connection`, values and `now`. They never send;
//! they write down what must leave (`outgoing`).

pub mod epochs;
pub mod actors;
pub mod site;
pub mod blocks;
pub mod arrivals;
pub mod outgoing;
pub mod instances;
pub mod wijken;
pub mod rotation;
pub mod follows;
pub mod lost_followers;
pub mod accounts;
pub mod posts;
pub mod moderation;
pub mod partners;
pub mod announcements;
pub mod polls;
pub mod timelines;
pub mod reactions;
pub mod media;
pub mod submissions;
pub mod reports;
pub mod stale_actors;
