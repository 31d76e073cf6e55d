//! Objects: their JSON and our rows.

pub mod key;
pub mod actor;
pub mod attachment;
pub mod policy;
pub mod event;
pub mod question;
pub mod note;
pub mod page;
pub mod raw;
