//! Outsiders that nobody here wrote: other implementations of ActivityPub, each a process of its own.

mod peer;
mod street;
mod stories_on_fedify;
mod stories_among_bots;
mod changes;
mod polls;
mod events;
mod reports;
mod keys;
