//! An account is a person who signs in. It has no actor; it holds seats: moderator of a wijk, editor of a redactie or
//! a partner. Several editors on one organisation, and volunteers without a name in public, follow from that.

pub mod seats;

pub use seats::Moderator;
