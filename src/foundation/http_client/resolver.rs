//! From a name to the addresses that are dialled: judged here and nowhere else, so that what was judged is what is
//! dialled (TRUST.md T14: a look-up of its own before connecting is answered differently the second time).

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::Semaphore;

use super::addresses::is_global_unicast;
use crate::foundation::config::LabHosts;

/// Look-ups at the same time. Each holds a thread for as long as a silent name server likes, and the database works
/// on threads of the same pool.
const LOOKUPS: usize = 128;

/// What stands behind a name that is dialled in the lab. `invalid` never resolves (RFC 6761 §6.4), and `HttpClient`
/// accepts no URL that ends in it: only `lab_name` makes such names.
const LAB: &str = ".lab.invalid";

/// At least one of a name's addresses is not on the public internet.
#[derive(Debug, thiserror::Error)]
#[error("«{0}» leads to an address that is not public")]
pub(super) struct NotPublic(String);

pub(super) struct Resolver {
    lab: LabHosts,
    lookup: Lookup,
    free: Arc<Semaphore>,
}

type Lookup = fn(&str) -> io::Result<Vec<SocketAddr>>;

/// The name under which `host` at `port` of the lab is dialled. The connector dials an explicit port of a URL instead
/// of the resolver's, so the port has to travel inside the name.
pub(super) fn lab_name(host: &str, port: Option<u16>) -> String {
    format!("{host}.{}{LAB}", port.unwrap_or(0))
}

impl Resolver {
    /// By the machine's own resolver (`getaddrinfo`).
    pub(super) fn new(lab: LabHosts) -> Self {
        Self::with_lookup(lab, |host| Ok((host, 0).to_socket_addrs()?.collect()))
    }

    fn with_lookup(lab: LabHosts, lookup: Lookup) -> Self {
        Self { lab, lookup, free: Arc::new(Semaphore::new(LOOKUPS)) }
    }

    fn in_lab(&self, name: &str) -> Option<SocketAddr> {
        let (host, port) = name.strip_suffix(LAB)?.rsplit_once('.')?;
        let port: u16 = port.parse().ok()?;
        self.lab.address(host, (port != 0).then_some(port))
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        if let Some(address) = self.in_lab(name.as_str()) {
            return Box::pin(async move { Ok(Box::new(std::iter::once(address)) as Addrs) });
        }
        let (name, lookup, free) = (name.as_str().to_owned(), self.lookup, Arc::clone(&self.free));
        Box::pin(async move {
            let permit = free.acquire_owned().await?;
            let found = tokio::task::spawn_blocking(move || {
                let _until_the_thread_is_free = permit;
                public(&name, lookup(&name)?)
            });
            Ok(Box::new(found.await??.into_iter()) as Addrs)
        })
    }
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// All or nothing (F3): a name with one public and one private address is out to reach the private one. Port 0 lets
/// the connector take the scheme's own.
fn public(name: &str, found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, BoxError> {
    if found.iter().all(|address| is_global_unicast(address.ip())) {
        Ok(found)
    } else {
        Err(Box::new(NotPublic(name.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    async fn ask(lookup: Lookup, name: &str) -> Result<Vec<SocketAddr>, BoxError> {
        let lab = LabHosts::parse("a.test=127.0.0.1:9,b.test:7001=127.0.0.1:8").unwrap();
        let resolver = Resolver::with_lookup(lab, lookup);
        resolver.resolve(name.parse().unwrap()).await.map(Iterator::collect)
    }

    fn addresses(ips: &[&str]) -> Vec<SocketAddr> {
        ips.iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), 0)).collect()
    }

    #[tokio::test]
    async fn f3_a_set_with_one_private_address_is_refused_whole() {
        let mixed = ask(|_| Ok(addresses(&["8.8.8.8", "192.168.1.1"])), "mixed.example").await;
        assert!(mixed.unwrap_err().is::<NotPublic>());
        let public =
            ask(|_| Ok(addresses(&["8.8.8.8", "2606:4700::1111"])), "public.example").await;
        assert_eq!(public.unwrap(), addresses(&["8.8.8.8", "2606:4700::1111"]));
    }

    #[tokio::test]
    async fn f3_a_name_is_judged_each_time_it_is_dialled() {
        static ASKED: AtomicUsize = AtomicUsize::new(0);
        let rebinding: Lookup = |_| {
            let first = ASKED.fetch_add(1, Ordering::SeqCst) == 0;
            Ok(addresses(&[if first { "8.8.8.8" } else { "127.0.0.1" }]))
        };
        assert!(ask(rebinding, "rebinding.example").await.is_ok());
        assert!(ask(rebinding, "rebinding.example").await.unwrap_err().is::<NotPublic>());
    }

    #[tokio::test]
    async fn a_name_of_the_lab_leads_to_its_address_and_only_as_lab_name() {
        let nowhere: Lookup = |_| Ok(addresses(&["127.0.0.1"]));
        let dialled = ask(nowhere, &lab_name("b.test", Some(7001))).await.unwrap();
        assert_eq!(dialled, ["127.0.0.1:8".parse().unwrap()]);
        let dialled = ask(nowhere, &lab_name("a.test", None)).await.unwrap();
        assert_eq!(dialled, ["127.0.0.1:9".parse().unwrap()]);
        for name in ["a.test", "b.test", "a.test.7001.lab.invalid", "a.test.x.lab.invalid"] {
            assert!(ask(nowhere, name).await.unwrap_err().is::<NotPublic>(), "{name}");
        }
    }
}
