//! Objects: their JSON and our rows.

pub mod actor;
pub mod attachment;
pub mod note;
