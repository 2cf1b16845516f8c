//! The place that somebody names.

use std::{fmt, path::PathBuf};

use oci_client::Reference;
use url::{Host, Url};

use crate::RegistryError;

const OCI: &str = "oci://";

/// A place to fetch from.
#[derive(Debug, Clone)]
pub enum Origin {
    /// A file on this machine.
    File(PathBuf),
    /// A file behind `https://`; of this machine, behind `http://` as well.
    Url(Url),
    /// An artifact in a registry, `oci://registry/repository:tag`.
    Oci(Reference),
}

impl Origin {
    /// Reads a path, a URL or a reference.
    pub fn parse(text: &str) -> Result<Self, RegistryError> {
        let refused = |why: &dyn fmt::Display| RegistryError::NoOrigin(text.to_owned(), why.to_string());
        if let Some(reference) = text.strip_prefix(OCI) {
            return reference.parse().map(Self::Oci).map_err(|error| refused(&error));
        }
        if !text.contains("://") {
            return Ok(Self::File(text.into()));
        }
        let url: Url = text.parse().map_err(|error| refused(&error))?;
        match url.scheme() {
            "https" => Ok(Self::Url(url)),
            "http" if is_this_machine(&url) => Ok(Self::Url(url)),
            "http" => Err(refused(&"http:// would let anybody on the way change it")),
            scheme => Err(refused(&format!("{scheme}:// is not known"))),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Url(url) => write!(f, "{url}"),
            Self::Oci(reference) => write!(f, "{OCI}{reference}"),
        }
    }
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Whether a registry is spoken to without encryption: only this machine's is.
pub(crate) fn is_plain(registry: &str) -> bool {
    Url::parse(&format!("http://{registry}/")).is_ok_and(|url| is_this_machine(&url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_told_apart_and_written_as_they_are_read() {
        for text in ["plugins/gini.wasm", "https://example.com/gini.wasm", "oci://127.0.0.1:5000/checks/gini:1.2"] {
            assert_eq!(Origin::parse(text).expect("a place").to_string(), text);
        }
        assert!(Origin::parse("http://127.0.0.1:8080/gini.wasm").is_ok());
        for (text, why) in [("http://example.com/a", "anybody on the way"), ("ftp://a/b", "not known"), ("oci://", "")]
        {
            assert!(Origin::parse(text).is_err_and(|error| error.to_string().contains(why)), "{text}");
        }
        assert!(is_plain("localhost:5000") && !is_plain("registry.example.com"));
    }
}
