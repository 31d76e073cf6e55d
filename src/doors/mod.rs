//! Where the world comes in; one idiom each. Doors do not know each other, with two exceptions: `schedule` rings
//! `federation`, and any door may ask `federation::lookup` for a remote actor.

pub mod address;
pub mod federation;
pub mod schedule;
pub mod web;
