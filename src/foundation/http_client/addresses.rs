//! Which addresses may be dialled: global unicast by the IANA special-purpose registries and nothing else.
//! Each incomplete list of this kind became an advisory (TRUST.md T13: CVE-2025-25194, CVE-2026-33693,
//! CVE-2026-50131, CVE-2026-22245, GHSA-xfrj, -crr4, -xx55, -vwhj), so what is not known to be public is refused.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// <https://www.iana.org/assignments/iana-ipv4-special-registry>, and multicast. Blocks that the registry calls
/// globally reachable but that hold no web server of a stranger's (AS112, AMT, anycast relays) are refused too.
const CLOSED_V4: [([u8; 4], u32); 19] = [
    ([0, 0, 0, 0], 8),      // "this network", RFC 791: 0.x.x.x is this machine on Linux
    ([10, 0, 0, 0], 8),     // private use, RFC 1918
    ([100, 64, 0, 0], 10),  // shared address space of carriers and clouds, RFC 6598
    ([127, 0, 0, 0], 8),    // loopback, RFC 1122
    ([169, 254, 0, 0], 16), // link local, RFC 3927: cloud metadata lives here
    ([172, 16, 0, 0], 12),  // private use, RFC 1918
    ([192, 0, 0, 0], 24),   // IETF protocol assignments, RFC 6890
    ([192, 0, 2, 0], 24),   // documentation, RFC 5737
    ([192, 31, 196, 0], 24), // AS112-v4, RFC 7535
    ([192, 52, 193, 0], 24), // AMT, RFC 7450
    ([192, 88, 99, 0], 24), // 6to4 relay anycast, RFC 7526
    ([192, 168, 0, 0], 16), // private use, RFC 1918
    ([192, 175, 48, 0], 24), // direct delegation AS112, RFC 7534
    ([198, 18, 0, 0], 15),  // benchmarking, RFC 2544
    ([198, 51, 100, 0], 24), // documentation, RFC 5737
    ([203, 0, 113, 0], 24), // documentation, RFC 5737
    ([224, 0, 0, 0], 4),    // multicast, RFC 5771
    ([240, 0, 0, 0], 4),    // reserved, RFC 1112
    ([255, 255, 255, 255], 32), // limited broadcast, RFC 919
];

/// Global unicast, RFC 4291 §2.4. All that lies outside is refused by that alone: `::`, `::1`, v4-compatible `::/96`
/// and v4-mapped `::ffff:0:0/96` addresses, NAT64 (`64:ff9b::/96`, `64:ff9b:1::/48`), discard-only `100::/64` and
/// `100:0:0:1::/64`, `SRv6` SIDs `5f00::/16`, `fc00::/7`, `fe80::/10`, site-local `fec0::/10`, multicast.
const OPEN_V6: ([u16; 8], u32) = ([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);

/// <https://www.iana.org/assignments/iana-ipv6-special-registry>, as far as it lies within `2000::/3`.
const CLOSED_V6: [([u16; 8], u32); 6] = [
    ([0x2001, 0, 0, 0, 0, 0, 0, 0], 23), // IETF protocol assignments: Teredo, ORCHID, benchmarking …
    ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32), // documentation, RFC 3849
    ([0x2002, 0, 0, 0, 0, 0, 0, 0], 16), // 6to4, RFC 3056: carries a v4 address
    ([0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0], 48), // direct delegation AS112, RFC 7534
    ([0x3ffe, 0, 0, 0, 0, 0, 0, 0], 16), // 6bone, given back, RFC 3701
    ([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20), // documentation, RFC 9637
];

/// Whether a stranger's public web server can live at `address`.
#[must_use]
pub fn is_global_unicast(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !CLOSED_V4.iter().any(|&block| within_v4(address, block)),
        IpAddr::V6(address) => {
            within_v6(address, OPEN_V6) && !CLOSED_V6.iter().any(|&block| within_v6(address, block))
        }
    }
}

fn within_v4(address: Ipv4Addr, (block, prefix): ([u8; 4], u32)) -> bool {
    let mask = u32::MAX << (32 - prefix);
    address.to_bits() & mask == Ipv4Addr::from(block).to_bits()
}

fn within_v6(address: Ipv6Addr, (block, prefix): ([u16; 8], u32)) -> bool {
    let mask = u128::MAX << (128 - prefix);
    address.to_bits() & mask == Ipv6Addr::from(block).to_bits()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_open(address: &str) -> bool {
        is_global_unicast(address.parse().unwrap())
    }

    #[test]
    fn f1_no_special_address_is_global() {
        let closed = "0.0.0.0 0.1.2.3 0.255.255.255 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.255 127.0.0.1 \
            127.255.255.254 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.8 192.0.0.9 192.0.0.170 192.0.2.1 \
            192.31.196.1 192.52.193.1 192.88.99.1 192.168.1.1 192.175.48.1 198.18.0.1 198.19.255.255 198.51.100.1 \
            203.0.113.1 224.0.0.1 233.252.0.1 239.255.255.255 240.0.0.1 255.255.255.254 255.255.255.255 \
            :: ::1 ::127.0.0.1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::ffff:0:8.8.8.8 64:ff9b::7f00:1 \
            64:ff9b::808:808 64:ff9b:1::1 100:: 100::1 100:0:0:1::1 1fff:ffff::1 2001:: 2001::1 2001:1::1 2001:2::1 \
            2001:3::1 2001:4:112::1 2001:10::1 2001:20::1 2001:30::1 2001:1ff:ffff::1 2001:db8::1 2002:7f00:1:: \
            2002:808:808::1 2620:4f:8000::1 3ffe::1 3fff::1 3fff:fff::1 4000::1 5f00::1 8000::1 fc00::1 fd00::1 \
            fe80::1 fec0::1 feff::1 ff02::1 ff0e::1";
        for address in closed.split_whitespace() {
            assert!(!is_open(address), "{address}");
        }
    }

    #[test]
    fn the_public_internet_is_global_up_to_the_edge_of_each_block() {
        let open = "1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 \
            169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 192.0.1.0 192.0.3.0 192.31.195.255 192.31.197.0 \
            192.52.192.255 192.52.194.0 192.88.98.255 192.88.100.0 192.167.255.255 192.169.0.0 192.175.47.255 \
            192.175.49.0 198.17.255.255 198.20.0.0 198.51.99.255 198.51.101.0 203.0.112.255 203.0.114.0 \
            223.255.255.255 2000::1 2001:200::1 2001:db7:ffff::1 2001:db9::1 2003::1 2606:4700::1111 \
            2620:4f:7fff::1 2620:4f:8001::1 2a01:4f8::1 3ffd::1 3fff:1000::1";
        for address in open.split_whitespace() {
            assert!(is_open(address), "{address}");
        }
    }
}
