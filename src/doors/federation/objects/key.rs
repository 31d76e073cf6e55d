//! The keys that another server's actor document names: in it or at an address of their own, one or several, in PEM or as
//! Multikeys.

use activitypub_federation::config::Data;
use activitypub_federation::fetch::fetch_object_http;
use serde::Deserialize;
use url::Url;

use crate::doors::federation::failure::Failure;
use crate::doors::federation::values::{LONGEST_URL, Many};
use crate::foundation::app::App;
use crate::foundation::error::Error;
use crate::foundation::keys::VerifyingKey;
use crate::foundation::uri::Uri;
use crate::neighbourhood::actors::keys::PublicKey;

/// Keys of one actor that are kept, and links to keys that are followed.
const MOST_KEYS: usize = 10;
const MOST_LINKS: usize = 2;

/// Where a document may name keys.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeysJson {
    #[serde(default)]
    public_key: Many<Named>,
    /// Misskey puts the Ed25519 one here. Source: specimens/misskey/actor.json.
    #[serde(default)]
    additional_public_keys: Many<Named>,
    /// FEP-521a. Source: specimens/fedify/actor.json.
    #[serde(default)]
    assertion_method: Many<Named>,
}

/// A key, or where it stands.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Named {
    Key(KeyJson),
    At(Url),
}

#[derive(Debug, Clone, Deserialize)]
struct KeyJson {
    id: Url,
    #[serde(alias = "controller")]
    owner: Uri,
    #[serde(rename = "publicKeyPem", alias = "publicKeyMultibase")]
    text: String,
}

impl KeysJson {
    /// The keys that are `owner`'s, live where it lives and can be read, by their ids. What stands at an address of its
    /// own is fetched.
    ///
    /// # Errors
    /// `Invalid` where there is none; `Elsewhere` where one is not to be had now.
    pub async fn of(&self, owner: &Uri, data: &Data<App>) -> Result<Vec<PublicKey>, Failure> {
        let mut keys = Vec::new();
        let mut links = 0;
        for named in self.all().take(MOST_KEYS) {
            match named {
                Named::Key(key) => keys.extend(key.of(owner)),
                Named::At(url) if links < MOST_LINKS && is_apart(url, owner) => {
                    links += 1;
                    keys.extend(fetched(url, data).await?.and_then(|key| key.of(owner)));
                }
                Named::At(_) => {}
            }
        }
        keys.sort_by(|one, other| one.key_id.cmp(&other.key_id));
        keys.dedup_by(|one, other| one.key_id == other.key_id);
        if keys.is_empty() {
            return Err(
                Error::invalid("publicKey", "holds no key of this actor that we read").into()
            );
        }
        Ok(keys)
    }

    fn all(&self) -> impl Iterator<Item = &Named> {
        let further = self.additional_public_keys.0.iter().chain(&self.assertion_method.0);
        self.public_key.0.iter().chain(further)
    }
}

/// At the actor's own address stands its document, which names the key and does not hold it.
fn is_apart(url: &Url, owner: &Uri) -> bool {
    let mut document = url.clone();
    document.set_fragment(None);
    owner.is_origin_of(url) && *owner != document.as_str()
}

async fn fetched(url: &Url, data: &Data<App>) -> Result<Option<KeyJson>, Failure> {
    match fetch_object_http::<_, KeyJson>(url, data).await.map_err(Failure::from) {
        Ok(found) => Ok(Some(found.object)),
        Err(failure) if failure.may_pass() => Err(failure),
        Err(_) => Ok(None),
    }
}

impl KeyJson {
    fn of(&self, owner: &Uri) -> Option<PublicKey> {
        let is_theirs = self.owner == *owner && owner.is_origin_of(&self.id);
        let is_kept =
            self.id.as_str().len() <= LONGEST_URL && VerifyingKey::read(&self.text).is_ok();
        (is_theirs && is_kept)
            .then(|| PublicKey { key_id: self.id.to_string(), public_key: self.text.clone() })
    }
}
