//! Objects: their JSON and our rows.

pub mod actor;
pub mod note;
