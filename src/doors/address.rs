//! Where a request comes from: the peer itself, or what a proxy we trust says of it. Limits count by it.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRef, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;

use crate::foundation::app::App;

const FORWARDED: &str = "x-forwarded-for";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Address(IpAddr);

impl Address {
    /// Each proxy adds at the end whom it heard: the last address that is not one of ours is the
    /// visitor's. What stands before it anybody can write, and what cannot be read counts as nothing.
    #[must_use]
    pub fn of(peer: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> Self {
        let mut seen = peer.to_canonical();
        let lines: Vec<&str> =
            headers.get_all(FORWARDED).iter().filter_map(|line| line.to_str().ok()).collect();
        for entry in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
            if !trusted.contains(&seen) {
                break;
            }
            let Some(before) = parse(entry) else { break };
            seen = before;
        }
        Self(seen)
    }

    /// A request as it stands in the router; without a known peer all share one address.
    #[must_use]
    pub fn of_parts(parts: &Parts, trusted: &[IpAddr]) -> Self {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |info| info.0.ip());
        Self::of(peer, &parts.headers, trusted)
    }

    #[must_use]
    pub fn ip(self) -> IpAddr {
        self.0
    }

    /// What limits count by: one household has a whole /64 of IPv6.
    #[must_use]
    pub fn household(self) -> IpAddr {
        match self.0 {
            IpAddr::V4(_) => self.0,
            IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & (u128::MAX << 64))),
        }
    }
}

/// `192.0.2.1`, `192.0.2.1:1234`, `2001:db8::1` or `[2001:db8::1]:1234`.
fn parse(entry: &str) -> Option<IpAddr> {
    let entry = entry.trim();
    let bare = entry.parse().ok().or_else(|| entry.parse().ok().map(|with: SocketAddr| with.ip()));
    bare.map(|ip: IpAddr| ip.to_canonical())
}

impl<S> FromRequestParts<S> for Address
where
    App: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::of_parts(parts, &App::from_ref(state).config.trusted_proxies))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, forwarded: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(FORWARDED, line.parse().unwrap());
        }
        let trusted = ["172.30.0.2".parse().unwrap(), "10.0.0.1".parse().unwrap()];
        Address::of(peer.parse().unwrap(), &headers, &trusted).ip().to_string()
    }

    #[test]
    fn only_our_own_proxy_is_believed() {
        assert_eq!(seen("198.51.100.7", &["203.0.113.1"]), "198.51.100.7");
        assert_eq!(seen("172.30.0.2", &["203.0.113.1"]), "203.0.113.1");
        assert_eq!(seen("::ffff:172.30.0.2", &["203.0.113.1"]), "203.0.113.1");
        assert_eq!(seen("172.30.0.2", &[]), "172.30.0.2");
    }

    #[test]
    fn what_the_visitor_wrote_before_it_is_not() {
        assert_eq!(seen("172.30.0.2", &["1.1.1.1, 203.0.113.1"]), "203.0.113.1");
        assert_eq!(seen("172.30.0.2", &["1.1.1.1", "203.0.113.1, 10.0.0.1"]), "203.0.113.1");
        assert_eq!(seen("172.30.0.2", &["1.1.1.1, unknown"]), "172.30.0.2");
        assert_eq!(seen("172.30.0.2", &["[2001:db8::1]:99"]), "2001:db8::1");
    }

    #[test]
    fn a_household_of_ipv6_is_one() {
        let household = |ip: &str| Address(ip.parse().unwrap()).household().to_string();
        assert_eq!(household("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(household("192.0.2.1"), "192.0.2.1");
    }
}
