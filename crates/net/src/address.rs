//! Which addresses are never reached, whatever a name resolves to.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Peers that hand out a machine's credentials, outside the link-local ranges.
const METADATA: [IpAddr; 5] = [
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V6(Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)),
];

/// Why an address is refused; `None` when it may be reached. `named_local`: whoever wrote the host meant this machine.
pub(crate) fn refusal(address: IpAddr, named_local: bool) -> Option<&'static str> {
    let address = unwrapped(address);
    match address {
        _ if METADATA.contains(&address) => Some("a metadata address"),
        _ if address.is_multicast() => Some("a multicast address"),
        _ if address.is_loopback() => (!named_local).then_some("a loopback address"),
        IpAddr::V4(v4) if v4.is_link_local() => Some("a link-local address"),
        IpAddr::V4(v4) if v4.octets()[0] == 0 || v4.is_broadcast() => Some("no host's address"),
        IpAddr::V6(v6) if v6.is_unicast_link_local() => Some("a link-local address"),
        IpAddr::V6(v6) if v6.is_unspecified() => Some("no host's address"),
        _ => None,
    }
}

/// The IPv4 address that an IPv6 address stands for: mapped, or translated by NAT64.
fn unwrapped(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) if v6.segments()[..6] == [0x64, 0xff9b, 0, 0, 0, 0] => {
            let [.., a, b, c, d] = v6.octets();
            IpAddr::V4(Ipv4Addr::new(a, b, c, d))
        }
        canonical => canonical,
    }
}

/// The system's resolver without the addresses that are refused. A client connects to an address in its URL without asking, so those are
/// looked at by [`permitted`](crate::permitted) and [`checked`](crate::checked).
#[derive(Debug, Clone, Copy)]
pub struct GuardedResolver;

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let name = name.as_str().to_owned();
            let addresses: Addrs = Box::new(resolve(&name).await?.into_iter());
            Ok(addresses)
        })
    }
}

/// The addresses of a host, a name or an address itself, that may be reached; their port is 0. Of a host that has only
/// others it fails with [`Refused`] as the cause.
pub async fn resolve(host: &str) -> io::Result<Vec<SocketAddr>> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let found = match bare.parse::<IpAddr>() {
        Ok(address) => vec![SocketAddr::new(address, 0)],
        Err(_) => tokio::net::lookup_host((host, 0)).await?.collect(),
    };
    permitted(host, found).map_err(|refused| io::Error::new(io::ErrorKind::PermissionDenied, refused))
}

/// Why a name leads nowhere.
#[derive(Debug, thiserror::Error)]
#[error("{name} resolves to {address}, {reason}: it is never connected to")]
pub struct Refused {
    name: String,
    address: IpAddr,
    reason: &'static str,
}

/// The addresses that may be reached; an error when there is none because of a refusal.
fn permitted(name: &str, found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, Refused> {
    let literal = found.iter().any(|at| name.trim_matches(['[', ']']).parse() == Ok(at.ip()));
    let named_local = literal || name == "localhost" || name.ends_with(".localhost");
    let refused = found.iter().find_map(|at| refusal(at.ip(), named_local).map(|reason| (at.ip(), reason)));
    let kept: Vec<SocketAddr> = found.into_iter().filter(|at| refusal(at.ip(), named_local).is_none()).collect();
    match refused {
        Some((address, reason)) if kept.is_empty() => Err(Refused { name: name.to_owned(), address, reason }),
        _ => Ok(kept),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_and_link_local_addresses_are_refused_in_every_disguise() {
        for address in [
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "fe80::1",
            "fd00:ec2::254",
            "100.100.100.200",
            "0.0.0.0",
            "::",
            "224.0.0.1",
            "ff02::1",
            "255.255.255.255",
        ] {
            assert!(refusal(address.parse().unwrap(), true).is_some(), "{address}");
        }
    }

    #[test]
    fn private_and_public_addresses_may_be_reached() {
        for address in ["10.1.2.3", "192.168.0.9", "93.184.216.34", "2606:2800:220:1::1", "fd12::9"] {
            assert_eq!(refusal(address.parse().unwrap(), false), None, "{address}");
        }
    }

    #[test]
    fn a_name_that_turns_to_this_machine_is_refused_but_localhost_is_not() {
        let loopback: Vec<SocketAddr> = vec!["127.0.0.1:0".parse().unwrap()];
        let error = permitted("jira.example.com", loopback.clone()).err().unwrap();
        assert!(error.to_string().starts_with("jira.example.com resolves to 127.0.0.1, a loopback address"));
        assert_eq!(permitted("localhost", loopback.clone()).unwrap().len(), 1);
        assert_eq!(permitted("127.0.0.1", loopback).unwrap().len(), 1);
    }

    #[test]
    fn one_good_address_is_enough() {
        let mixed = vec!["169.254.1.1:0".parse().unwrap(), "10.0.0.1:0".parse().unwrap()];
        let kept = permitted("x", mixed).unwrap();
        assert_eq!(kept, ["10.0.0.1:0".parse::<SocketAddr>().unwrap()]);
    }
}
