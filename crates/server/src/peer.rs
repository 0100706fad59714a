//! Who is on the other end.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use http::HeaderMap;

/// The socket's peer, put into the request by the listener.
#[derive(Debug, Clone, Copy)]
pub struct PeerAddress(pub SocketAddr);

/// A range of addresses in CIDR notation; a single address is a range of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IpRange {
    first: IpAddr,
    prefix: u8,
}

impl IpRange {
    /// Whether `address` is in it. An IPv4 address mapped into IPv6 is that IPv4 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.first, address.to_canonical()) {
            (IpAddr::V4(first), IpAddr::V4(address)) => {
                let mask = u32::MAX
                    .checked_shl(32 - u32::from(self.prefix))
                    .unwrap_or(0);
                u32::from(first) & mask == u32::from(address) & mask
            }
            (IpAddr::V6(first), IpAddr::V6(address)) => {
                let mask = u128::MAX
                    .checked_shl(128 - u32::from(self.prefix))
                    .unwrap_or(0);
                u128::from(first) & mask == u128::from(address) & mask
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

/// Not an address or a CIDR range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotARange(String);

impl fmt::Display for NotARange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is neither an address nor a range such as 10.0.0.0/8",
            self.0
        )
    }
}

impl std::error::Error for NotARange {}

impl FromStr for IpRange {
    type Err = NotARange;

    fn from_str(text: &str) -> Result<Self, NotARange> {
        let wrong = || NotARange(text.to_owned());
        let (address, prefix) = text
            .split_once('/')
            .map_or((text, None), |(a, p)| (a, Some(p)));
        let first: IpAddr = address.parse().map_err(|_| wrong())?;
        let longest = if first.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => longest,
            Some(text) => text
                .parse()
                .ok()
                .filter(|p| *p <= longest)
                .ok_or_else(wrong)?,
        };
        Ok(Self { first, prefix })
    }
}

/// The client's address: the socket's peer, unless that is a listed proxy. Then the right-most
/// address of `X-Forwarded-For` that is not a listed proxy itself. A listed proxy's header that
/// cannot be read leaves the proxy's own address (attack PASSWORD-15).
pub(crate) fn client_address(
    peer: Option<&PeerAddress>,
    headers: &HeaderMap,
    trusted: &[IpRange],
) -> IpAddr {
    let unknown = IpAddr::V6(Ipv6Addr::UNSPECIFIED);
    let peer = peer.map_or(unknown, |peer| peer.0.ip().to_canonical());
    let is_trusted = |address: IpAddr| trusted.iter().any(|range| range.contains(address));
    if !is_trusted(peer) {
        return peer;
    }
    let mut nearest = peer;
    for header in headers.get_all("x-forwarded-for").iter().rev() {
        let Ok(text) = header.to_str() else {
            return nearest;
        };
        for hop in text.rsplit(',') {
            let Ok(address) = hop.trim().parse::<IpAddr>() else {
                return nearest;
            };
            nearest = address.to_canonical();
            if !is_trusted(nearest) {
                return nearest;
            }
        }
    }
    nearest
}

/// Whether the peer is on this machine.
pub(crate) fn is_loopback(peer: Option<&PeerAddress>) -> bool {
    peer.is_some_and(|peer| match peer.0.ip().to_canonical() {
        IpAddr::V4(address) => address.is_loopback(),
        IpAddr::V6(address) => address == Ipv6Addr::LOCALHOST,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_hold_what_they_say() {
        let table = [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.0.0.0/8", "::ffff:10.1.2.3", true),
            ("0.0.0.0/0", "192.0.2.1", true),
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.8", false),
            ("2001:db8::/32", "2001:db8:1::1", true),
            ("::/0", "192.0.2.1", false),
        ];
        for (range, address, expected) in table {
            let range: IpRange = range.parse().unwrap();
            assert_eq!(
                range.contains(address.parse().unwrap()),
                expected,
                "{range:?} {address}"
            );
        }
        for bad in ["", "10.0.0.0/33", "host", "10.0.0.0/", "::/129"] {
            assert!(bad.parse::<IpRange>().is_err(), "{bad}");
        }
    }

    #[test]
    fn forwarded_addresses_count_only_from_listed_proxies() {
        let peer = |text: &str| PeerAddress(SocketAddr::new(text.parse().unwrap(), 1));
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        let table = [
            // peer, X-Forwarded-For, client; TENANT-01, PASSWORD-15, CVE-2023-36456, CVE-2024-47070
            ("192.0.2.1", "203.0.113.9", "192.0.2.1"),
            ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
            ("10.0.0.1", "198.51.100.1, 203.0.113.9", "203.0.113.9"),
            ("10.0.0.1", "203.0.113.9, 10.0.0.2", "203.0.113.9"),
            ("10.0.0.1", "203.0.113.9, rubbish", "10.0.0.1"),
            ("10.0.0.1", "", "10.0.0.1"),
        ];
        for (socket, header, expected) in table {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", header.parse().unwrap());
            let found = client_address(Some(&peer(socket)), &headers, &trusted);
            assert_eq!(
                found,
                expected.parse::<IpAddr>().unwrap(),
                "{socket} {header}"
            );
        }
    }
}
