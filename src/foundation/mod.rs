//! What everything stands on: the names, the tools, the means of transport. Imports nothing from above.

pub mod error;
pub mod clock;
pub mod ids;
pub mod domain;
pub mod uri;
pub mod paging;
pub mod config;
pub mod secret;
pub mod keys;
pub mod database;
pub mod links;
pub mod text;
pub mod i18n;
pub mod http_client;
pub mod file_storage;
pub mod images;
pub mod measures;
pub mod app;
