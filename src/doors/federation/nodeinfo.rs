//! Which software another server runs: its NodeInfo, by way of the address where every server keeps it (FEP-f1d5).

use axum::http::{HeaderMap, HeaderValue, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use super::context::Federation;
use super::fetching::Trouble;
use super::values::Many;
use crate::foundation::domain::Domain;
use crate::foundation::http_client::FetchRules;
use crate::neighbourhood::instances::Software;

const SCHEMA: &str = "http://nodeinfo.diaspora.software/ns/schema/2.";
const LONGEST: usize = 100;

#[derive(Deserialize)]
struct Directory {
    links: Many<Link>,
}

#[derive(Deserialize)]
struct Link {
    rel: String,
    href: Url,
}

#[derive(Deserialize)]
struct NodeInfo {
    software: Named,
}

#[derive(Deserialize)]
struct Named {
    name: String,
    #[serde(default)]
    version: String,
}

/// What `host` says it runs.
pub async fn software_of(federation: &Federation, host: &Domain) -> Result<Software, Trouble> {
    let scheme = if federation.app.config.is_lab() { "http" } else { "https" };
    let address = Url::parse(&format!("{scheme}://{host}/.well-known/nodeinfo"));
    let address = address.map_err(|e| Trouble::Refused(e.to_string()))?;
    let directory: Directory = fetched(federation, &address).await?;
    let newest = directory.links.0.into_iter().filter(|link| link.rel.starts_with(SCHEMA));
    let newest = newest.max_by(|one, other| one.rel.cmp(&other.rel));
    let link = newest.ok_or_else(|| Trouble::Refused(format!("{address} links to none")))?;
    let info: NodeInfo = fetched(federation, &link.href).await?;
    plain(&info.software, &link.href)
}

fn plain(named: &Named, address: &Url) -> Result<Software, Trouble> {
    let name = named.name.to_ascii_lowercase();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || name.len() > LONGEST || !name.chars().all(is_plain) {
        return Err(Trouble::Refused(format!("{address} names no software")));
    }
    let version = named.version.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
    Ok(Software { name, version })
}

async fn fetched<T: DeserializeOwned>(federation: &Federation, url: &Url) -> Result<T, Trouble> {
    federation.fetch.allows(url).await?;
    let mut headers = HeaderMap::new();
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    let rules = FetchRules::object(&federation.app.config.limits);
    let fetched = federation.app.http.get(url, headers, rules).await?;
    match fetched.status.as_u16() {
        200 => serde_json::from_slice(&fetched.body)
            .map_err(|e| Trouble::Refused(format!("{url}: {e}"))),
        404 | 410 => Err(Trouble::NotFound),
        status => Err(Trouble::NoAnswer(format!("{url} answered {status}"))),
    }
}
