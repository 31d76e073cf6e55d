//! `App`: what each door is handed. Cheap to clone.

use std::ops::Deref;
use std::sync::Arc;

use super::clock::Clock;
use super::config::Config;
use super::database::Database;
use super::error::Result;
use super::file_storage::FileStorage;
use super::http_client::HttpClient;
use super::i18n::Translations;
use super::links::Links;
use super::secret::Secret;

#[derive(Clone)]
pub struct App(Arc<Parts>);

pub struct Parts {
    pub config: Config,
    pub database: Database,
    pub clock: Clock,
    pub links: Links,
    pub secret: Secret,
    pub translations: Translations,
    pub http: HttpClient,
    pub files: FileStorage,
}

impl App {
    /// Opens the secret and the database, which is brought up to date.
    pub fn open(config: Config, clock: Clock) -> Result<Self> {
        let secret = Secret::open_or_make(&config.secret_file)?;
        let database = Database::open(&config.database_url)?;
        let links = Links::new(&config);
        let translations = Translations::load();
        let http = HttpClient::new(&config.url, config.lab_hosts.clone(), &config.limits)?;
        let files = FileStorage::in_data(&config.data);
        Ok(Self(Arc::new(Parts {
            config,
            database,
            clock,
            links,
            secret,
            translations,
            http,
            files,
        })))
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
