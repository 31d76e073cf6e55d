//! The limits of this server. They may be set lower, never higher: what is safe to raise is not a limit.

use std::time::Duration;

use serde::Deserialize;

use crate::foundation::error::{Error, Result};

macro_rules! limits {
    ($($name:ident: $kind:ty = $default:expr, $unit:literal, $meaning:literal;)+) => {
        #[derive(Debug, Clone)]
        pub struct Limits { $(#[doc = concat!($meaning, " (", $unit, ")")] pub $name: $kind,)+ }

        #[derive(Deserialize, Default)]
        #[serde(deny_unknown_fields)]
        struct Written { $($name: Option<u64>,)+ }

        impl Default for Limits {
            fn default() -> Self {
                Self { $($name: $default,)+ }
            }
        }

        impl Limits {
            pub(super) fn knows(name: &str) -> bool {
                [$(stringify!($name)),+].contains(&name)
            }

            pub(super) fn parse(table: toml::Table) -> Result<Self> {
                let written = Written::deserialize(table).map_err(|e| {
                    Error::invalid("limits", e.message().split_whitespace().collect::<Vec<_>>().join(" "))
                })?;
                let mut limits = Self::default();
                $(if let Some(value) = written.$name {
                    if value == 0 || <$kind>::try_from(value).is_err() || <$kind>::try_from(value).is_ok_and(|value| value > limits.$name) {
                        return Err(Error::invalid("limits", format!(
                            "{} is at least 1 and at most {} {}", stringify!($name), limits.$name, $unit
                        )));
                    }
                    limits.$name = <$kind>::try_from(value).unwrap_or(limits.$name);
                })+
                Ok(limits)
            }

            pub(super) fn sample() -> String {
                let limits = Self::default();
                let mut text = String::new();
                $(text.push_str(&format!(
                    "\n# {} ({})\n# {} = {}\n", $meaning, $unit, stringify!($name), limits.$name
                ));)+
                text
            }

            /// Name, value and unit, for `likejewijk check`.
            #[must_use]
            pub fn effective(&self) -> Vec<(&'static str, String)> {
                vec![$((stringify!($name), format!("{} {}", self.$name, $unit))),+]
            }
        }
    };
}

limits! {
    inbox_bytes: usize = 1_048_576, "bytes", "Body of a POST to an inbox";
    fetch_bytes: usize = 524_288, "bytes", "A fetched ActivityPub object";
    fetches_per_arrival: u32 = 10, "requests", "What one arrival may make this server fetch";
    arrival_seconds: u64 = 20, "seconds", "Acting on one arrival, fetches included";
    connect_seconds: u64 = 5, "seconds", "Connecting to another server";
    fetch_seconds: u64 = 10, "seconds", "A whole fetch";
    delivery_seconds: u64 = 15, "seconds", "A whole delivery";
    inbox_per_address: u32 = 3_000, "requests in 5 minutes", "POSTs to inboxes from one address whose hosts we know";
    inbox_per_strange_address: u32 = 120, "requests in 5 minutes", "POSTs to inboxes from one address for hosts we never heard of, or that failed";
    inbox_per_domain: u32 = 3_000, "requests in 5 minutes", "Verified POSTs of one server";
    fetches_per_strange_address: u32 = 10, "requests a minute", "Keys of hosts never heard of that one address may make us fetch";
    fetches_per_host: u32 = 120, "requests a minute", "Keys fetched from one host";
    follows_per_host: u32 = 60, "requests a minute", "Follows from one server";
    reports_per_host: u32 = 30, "requests a minute", "Reports from one server";
    reports_per_address: u32 = 5, "reports in 5 minutes", "What one address may report on our own pages";
    pages_per_address: u32 = 300, "requests in 5 minutes", "Pages, and as many answers to other servers, that must be computed for one address";
    sign_ins_per_address: u32 = 10, "tries in 5 minutes", "Signing in from one address";
    sign_ins_per_account: u32 = 10, "tries an hour", "Signing in to one account";
    post_characters: usize = 5_000, "characters", "A post written here";
    title_characters: usize = 200, "characters", "A title written here";
    remote_post_characters: usize = 20_000, "characters", "What is kept of a post written elsewhere";
    attachments: usize = 6, "pictures", "Attachments used of one post";
    image_bytes: usize = 10_485_760, "bytes", "A picture given to us here";
    remote_image_bytes: usize = 5_242_880, "bytes", "A picture fetched from another server";
    alt_text_characters: usize = 1_500, "characters", "Alt text kept";
    deliveries_at_once: usize = 128, "hosts", "Hosts delivered to at once";
    header_seconds: u64 = 10, "seconds", "Waiting for a request's headers";
    body_seconds: u64 = 30, "seconds", "Waiting for a request's body";
}

impl Limits {
    #[must_use]
    pub fn fetch_time(&self) -> Duration {
        Duration::from_secs(self.fetch_seconds)
    }

    #[must_use]
    pub fn delivery_time(&self) -> Duration {
        Duration::from_secs(self.delivery_seconds)
    }

    #[must_use]
    pub fn arrival_time(&self) -> Duration {
        Duration::from_secs(self.arrival_seconds)
    }
}
