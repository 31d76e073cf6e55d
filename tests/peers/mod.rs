//! Outsiders that nobody here wrote: other implementations of ActivityPub, each a process of its own.

mod fedify;
mod stories_on_fedify;
