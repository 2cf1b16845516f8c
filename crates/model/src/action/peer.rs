//! Where a peer is that speaks HTTP, and who asks it.

use serde::{Deserialize, Serialize};

use super::{ActionFault, faults::of_url};
use crate::Secret;

/// A server, and what it is asked with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Connection {
    /// Its base URL.
    pub url: String,
    /// Who asks, where a user and a password are wanted; a bearer token is sent when absent.
    #[serde(default)]
    pub user: Option<String>,
    /// The password or the token; nothing is sent when absent.
    #[serde(default)]
    pub token: Option<Secret>,
    /// A file of certificates in PEM that the server's is signed by; the machine's own when absent.
    #[serde(default)]
    pub ca: Option<String>,
}

impl Connection {
    pub(super) fn faults(&self) -> Vec<ActionFault> {
        of_url("url", &self.url)
    }
}
