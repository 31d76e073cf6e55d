//! Other servers, in ActivityPub: their requests come in through `guard`, are kept, and acted on by `inbox`; what
//! must leave gets its form in `outbox` and goes out through `deliver`.

pub mod signatures;
pub mod fetching;
pub mod values;
pub mod keys;
pub mod objects;
pub mod activities;
pub mod inbox;
pub mod budgets;
pub mod memory;
pub mod letters;
pub mod context;
pub mod shape;
pub mod signer;
pub mod guard;
pub mod in_pages;
pub mod responses;
pub mod telling;
pub mod saying;
pub mod outbox;
pub mod whereabouts;
pub mod deliver;
pub mod lookup;
pub mod ancestors;
pub mod nodeinfo;
pub mod collections;
pub mod discovery;
pub mod failure;
pub mod routes;
