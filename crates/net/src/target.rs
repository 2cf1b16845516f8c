//! Whether a URL may be reached: its scheme, its host on the allow-list, its address when it is one.

use std::{collections::BTreeSet, net::IpAddr};

use url::{Host, Url};

use crate::address;

/// Why a URL may not be reached.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// It cannot be read.
    #[error("`{url}` is not a URL")]
    NotUrl {
        /// As it was written.
        url: String,
        /// What the parser says.
        source: url::ParseError,
    },
    /// Neither http nor https, or without a host.
    #[error("`{url}` is not an http or https URL")]
    Scheme {
        /// As it was written.
        url: String,
    },
    /// It carries a user name or a password.
    #[error("the URL of {host} carries credentials: name them as a secret")]
    Credentials {
        /// Its host.
        host: String,
    },
    /// Its host is not listed.
    #[error("{host}:{port} is not in `allow.hosts` of watchkeeper.toml")]
    NotAllowed {
        /// Its host.
        host: String,
        /// Its port, the scheme's own where it names none.
        port: u16,
    },
    /// Its address is refused.
    #[error("{address} is {reason}: it is never connected to")]
    Refused {
        /// The address.
        address: IpAddr,
        /// What it is.
        reason: &'static str,
    },
}

/// The URL, when its host is listed and it may be reached. An entry without a port allows every port of its host.
pub fn permitted(url: &str, hosts: &BTreeSet<String>) -> Result<Url, TargetError> {
    let parsed = Url::parse(url).map_err(|source| TargetError::NotUrl { url: url.to_owned(), source })?;
    let (Some(host), Some(port), "http" | "https") =
        (parsed.host_str(), parsed.port_or_known_default(), parsed.scheme())
    else {
        return Err(TargetError::Scheme { url: url.to_owned() });
    };
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Err(TargetError::Credentials { host: host.to_owned() });
    }
    let with_port = format!("{host}:{port}");
    if !hosts.iter().any(|entry| entry.eq_ignore_ascii_case(host) || entry.eq_ignore_ascii_case(&with_port)) {
        return Err(TargetError::NotAllowed { host: host.to_owned(), port });
    }
    refuse_literal(&parsed)?;
    Ok(parsed)
}

/// Refuses the URL of a peer that no list names, such as a channel's, where its host is an address that is never reached.
pub fn checked(url: &Url) -> Result<(), TargetError> {
    refuse_literal(url)
}

/// A client connects to an IP literal without asking its resolver, so literals are looked at here. Loopback is fine:
/// the list names it.
fn refuse_literal(url: &Url) -> Result<(), TargetError> {
    let address = match url.host() {
        Some(Host::Ipv4(v4)) => IpAddr::V4(v4),
        Some(Host::Ipv6(v6)) => IpAddr::V6(v6),
        Some(Host::Domain(_)) | None => return Ok(()),
    };
    match address::refusal(address, true) {
        Some(reason) => Err(TargetError::Refused { address, reason }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(url: &str, hosts: &[&str]) -> Result<(), String> {
        let hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
        permitted(url, &hosts).map(drop).map_err(|error| error.to_string())
    }

    #[test]
    fn a_host_is_listed_with_or_without_its_port() {
        assert_eq!(verdict("https://jira.example.com/x", &["Jira.example.com"]), Ok(()));
        assert_eq!(verdict("https://jira.example.com/x", &["jira.example.com:443"]), Ok(()));
        assert_eq!(verdict("http://[::1]:8080/", &["[::1]:8080"]), Ok(()));
        let error = verdict("https://jira.example.com:8443/", &["jira.example.com:443"]).unwrap_err();
        assert_eq!(error, "jira.example.com:8443 is not in `allow.hosts` of watchkeeper.toml");
        assert!(verdict("https://jira.example.com.evil.test/", &["jira.example.com"]).is_err());
    }

    #[test]
    fn loopback_is_reached_only_when_it_is_listed() {
        assert_eq!(verdict("http://127.0.0.1:9/", &["127.0.0.1"]), Ok(()));
        assert!(verdict("http://127.0.0.1:9/", &["localhost"]).is_err());
    }

    #[test]
    fn the_metadata_service_is_refused_even_when_it_is_listed() {
        let error = verdict("http://0xA9FEA9FE/latest", &["169.254.169.254"]).unwrap_err();
        assert_eq!(error, "169.254.169.254 is a link-local address: it is never connected to");
    }

    #[test]
    fn other_schemes_and_embedded_credentials_are_refused() {
        assert!(verdict("file:///etc/passwd", &[""]).is_err());
        assert!(verdict("ftp://host/", &["host"]).is_err());
        let error = verdict("https://me:pw@host/", &["host"]).unwrap_err();
        assert_eq!(error, "the URL of host carries credentials: name them as a secret");
    }
}
