//! Where a login comes from, and networks that it may be held to.

use std::net::IpAddr;

use super::dn::Dn;

/// Where a login comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// The address, if it comes over a network.
    pub address: Option<IpAddr>,
    /// The name that the client's certificate stands for, if it has shown one.
    pub certificate: Option<Dn>,
    /// The scope of keys that are taken in the place of a password there; without it none are.
    pub scope: Option<&'static str>,
}

impl Source {
    /// What counts as one source: an address, of IPv6 a network of 64 bits, since whoever has one of its addresses has all
    /// of them; or everything that comes over no network.
    pub fn key(&self) -> Vec<u8> {
        match self.address.map(|address| address.to_canonical()) {
            None => vec![0],
            Some(IpAddr::V4(address)) => [&[4], address.octets().as_slice()].concat(),
            Some(IpAddr::V6(address)) => {
                let network = address.to_bits() >> 64;
                [&[6], network.to_be_bytes().as_slice()].concat()
            }
        }
    }
}

impl From<Option<IpAddr>> for Source {
    fn from(address: Option<IpAddr>) -> Source {
        Source {
            address,
            ..Source::default()
        }
    }
}

/// A network of IPv4 or IPv6: an address and how many of its bits are the network's (RFC 4632, RFC 4291).
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    length: u8,
}

impl Network {
    /// Reads `192.0.2.0/24`, or an address alone; `None` when it is neither, or bits behind the length are set.
    pub fn parse(text: &str) -> Option<Network> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let length = match length {
            Some(length) if length.bytes().all(|byte| byte.is_ascii_digit()) => {
                length.parse().ok()?
            }
            Some(_) => return None,
            None => most,
        };
        let network = Network { address, length };
        (length <= most && network.prefix(address) == Some(bits(address))).then_some(network)
    }

    /// Whether an address is in the network; an IPv4 address is the same however it is written.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.address.is_ipv4()
            && self.prefix(address) == self.prefix(self.address)
    }

    /// The bits of an address with those behind the length cleared.
    fn prefix(&self, address: IpAddr) -> Option<u128> {
        let most: u32 = if address.is_ipv4() { 32 } else { 128 };
        let behind = most.checked_sub(self.length.into())?;
        let all = u128::MAX.checked_shl(behind).unwrap_or(0);
        Some(bits(address) & all)
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.address, self.length)
    }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_bits().into(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_contains_its_addresses_and_no_others() {
        for (network, inside, outside) in [
            ("192.0.2.0/24", "192.0.2.255", "192.0.3.0"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.6"),
            ("192.0.2.0/24", "::ffff:192.0.2.1", "::192.0.2.1"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
            ("0.0.0.0/0", "203.0.113.1", "2001:db8::1"),
            ("::/0", "2001:db8::1", "203.0.113.1"),
        ] {
            let network = Network::parse(network).unwrap();
            assert!(
                network.contains(inside.parse().unwrap()),
                "{network} {inside}"
            );
            assert!(
                !network.contains(outside.parse().unwrap()),
                "{network} {outside}"
            );
            assert_eq!(Network::parse(&network.to_string()), Some(network));
        }
    }

    #[test]
    fn what_is_no_network_is_not_read() {
        for text in [
            "",
            "/",
            "/8",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.1/8",
            "10.0.0.0/+8",
            "10.0.0.0/-1",
            "::/129",
            "10.0.0.0/8/8",
            "10.0.0/8",
            "host",
            "2001:db8::1/64",
            "10.0.0.0/256",
        ] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }
}
