//! `lab_hosts`: several servers on one machine, for tests and the demo. Exactly these names are reached over http,
//! and exactly these addresses are exempt from the address rules.

use std::net::SocketAddr;

use crate::foundation::error::{Error, Result};

#[derive(Debug, Clone, Default)]
pub struct LabHosts(Vec<LabHost>);

/// One `name[:port]=address:port`.
#[derive(Debug, Clone)]
pub struct LabHost {
    /// Lower-case; may begin with `*.`.
    name: String,
    /// `None`: the scheme's own port.
    port: Option<u16>,
    pub address: SocketAddr,
}

impl LabHosts {
    pub fn parse(text: &str) -> Result<Self> {
        text.split(',')
            .map(str::trim)
            .filter(|entry| !entry.is_empty())
            .map(LabHost::parse)
            .collect::<Result<_>>()
            .map(Self)
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Where `host` (lower-case, without port) with the URL's explicit `port` is to be dialled; `None` for a name that
    /// is not in the lab. An exact name goes before a `*.` one.
    #[must_use]
    pub fn address(&self, host: &str, port: Option<u16>) -> Option<SocketAddr> {
        let exact = self.0.iter().find(|entry| entry.port == port && entry.name == host);
        let wild = || self.0.iter().find(|entry| entry.port == port && entry.covers(host));
        exact.or_else(wild).map(|entry| entry.address)
    }
}

impl LabHost {
    fn parse(entry: &str) -> Result<Self> {
        let wrong = || {
            Error::invalid(
                "lab_hosts",
                format!("«{entry}»; write it as a.test:7001=127.0.0.1:7001"),
            )
        };
        let (name, address) = entry.split_once('=').ok_or_else(wrong)?;
        let (name, port) = match name.split_once(':') {
            Some((name, port)) => (name, Some(port.parse().map_err(|_| wrong())?)),
            None => (name, None),
        };
        let address: SocketAddr = address.parse().map_err(|_| wrong())?;
        if name.is_empty() || !address.ip().is_loopback() {
            return Err(Error::invalid(
                "lab_hosts",
                format!("«{entry}»: only loopback addresses can stand in the lab"),
            ));
        }
        Ok(Self { name: name.to_ascii_lowercase(), port, address })
    }

    fn covers(&self, host: &str) -> bool {
        self.name
            .strip_prefix('*')
            .is_some_and(|tail| host.len() > tail.len() && host.ends_with(tail))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_to_loopback_and_nowhere_else() {
        let lab =
            LabHosts::parse("a.test=127.0.0.1:1, b.test:7001=127.0.0.1:2,*.many.test=127.0.0.1:3")
                .unwrap();
        let port = |host, port| lab.address(host, port).map(|a| a.port());
        assert_eq!(port("a.test", None), Some(1));
        assert_eq!(port("a.test", Some(7001)), None);
        assert_eq!(port("b.test", Some(7001)), Some(2));
        assert_eq!(port("x.many.test", None), Some(3));
        assert_eq!(port("many.test", None), None);
        assert!(LabHosts::parse("a.test=192.168.1.1:80").is_err());
        assert!(LabHosts::parse("a.test").is_err());
    }
}
