//! How others find us: WebFinger (RFC 7033), NodeInfo 2.0 and 2.1, host-meta.

use std::time::Duration;

use serde_json::{Value, json};
use url::Url;

use crate::foundation::clock::Time;
use crate::foundation::config::Config;
use crate::foundation::database::Connection;
use crate::foundation::error::{Error, Result};
use crate::foundation::links::Links;
use crate::foundation::uri::Uri;
use crate::neighbourhood::actors::{Actor, ActorKind, Handle, store};
use crate::neighbourhood::{timelines, wijken};

/// How long a reader may believe security.txt: it is made anew each time.
const YEAR: Duration = Duration::from_hours(365 * 24);

/// The document for `acct:name@host`, an actor's id, or the site's own address.
///
/// # Errors
/// `NotFound` for whom we do not know, `Gone` for a closed wijk.
pub fn webfinger(conn: &mut Connection, links: &Links, resource: &str) -> Result<Value> {
    let actor = named(conn, links, resource)?;
    if actor.kind == ActorKind::Group {
        wijken::open(conn, &actor.username)?;
    }
    Ok(document(&actor))
}

fn named(conn: &mut Connection, links: &Links, resource: &str) -> Result<Actor> {
    if let Some(acct) = resource.strip_prefix("acct:") {
        let handle = Handle::parse(acct).map_err(|_| Error::NotFound)?;
        if handle.domain != *links.domain() {
            return Err(Error::NotFound);
        }
        // Mobilizon falls back to this name for a server's own actor.
        let name =
            if handle.username == "relay" { links.domain().host() } else { &handle.username };
        return store::local(conn, &name.to_ascii_lowercase());
    }
    let url = Url::parse(resource).map_err(|_| Error::NotFound)?;
    let uri = Uri::typed(resource).map_err(|_| Error::NotFound)?;
    if !links.is_ours(&uri) {
        return Err(Error::NotFound);
    }
    if url.path() == "/" {
        return store::local(conn, links.domain().host());
    }
    if let Some(name) = url.path().strip_prefix("/@") {
        return store::local(conn, name);
    }
    store::by_uri(conn, &uri)?.filter(|actor| actor.is_local).ok_or(Error::NotFound)
}

fn document(actor: &Actor) -> Value {
    let mut aliases = vec![actor.uri.to_string()];
    if !matches!(actor.kind, ActorKind::Application)
        && let Ok(url) = actor.uri.url()
    {
        aliases.push(format!("{}/@{}", url.origin().ascii_serialization(), actor.username));
    }
    json!({
        "subject": format!("acct:{}@{}", actor.username, actor.domain),
        "aliases": aliases,
        "links": [
            {"rel": "http://webfinger.net/rel/profile-page", "type": "text/html", "href": actor.url},
            {
                "rel": "self",
                "type": "application/activity+json",
                "href": actor.uri,
                "properties": {"https://www.w3.org/ns/activitystreams#type": actor.kind},
            },
        ],
    })
}

/// 2.0 stands first: Gancio takes the first link.
#[must_use]
pub fn nodeinfo_links(links: &Links) -> Value {
    json!({"links": [
        {"rel": "http://nodeinfo.diaspora.software/ns/schema/2.0", "href": links.at("nodeinfo/2.0")},
        {"rel": "http://nodeinfo.diaspora.software/ns/schema/2.1", "href": links.at("nodeinfo/2.1")},
        {"rel": "https://www.w3.org/ns/activitystreams#Application", "href": links.instance_actor()},
    ]})
}

pub fn nodeinfo(conn: &mut Connection, config: &Config, version: &str) -> Result<Value> {
    let totals = timelines::totals(conn)?;
    let mut metadata = json!({"nodeName": "LikeJeWijk"});
    if let (Some(email), Some(metadata)) = (&config.admin_email, metadata.as_object_mut()) {
        metadata.insert("adminEmail".to_owned(), json!(email));
    }
    Ok(json!({
        "version": version,
        "software": {"name": "likejewijk", "version": env!("CARGO_PKG_VERSION")},
        "protocols": ["activitypub"],
        "services": {"inbound": [], "outbound": []},
        "openRegistrations": false,
        "usage": {"users": {"total": totals.wijken}, "localPosts": totals.local_posts},
        "metadata": metadata,
    }))
}

/// Who hears of a weakness (RFC 9116); `None` where the administrator names no address.
#[must_use]
pub fn security(config: &Config, links: &Links, now: Time) -> Option<String> {
    let email = config.admin_email.as_deref()?;
    Some(format!(
        "Contact: mailto:{email}\nExpires: {}\nPreferred-Languages: nl, en\nCanonical: {}\n",
        now.plus(YEAR).rfc3339(),
        links.at(".well-known/security.txt"),
    ))
}

#[must_use]
pub fn host_meta(links: &Links) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<XRD xmlns=\"http://docs.oasis-open.org/ns/xri/xrd-1.0\">\
         <Link rel=\"lrdd\" template=\"{}?resource={{uri}}\"/></XRD>\n",
        links.at(".well-known/webfinger")
    )
}
