//! Where plugins come from and go to: files, HTTPS, and OCI registries.
//!
//! What is fetched is bytes; nothing here looks into them, and nothing is run.

mod fetch;
mod oci;
mod origin;

use std::{io, path::PathBuf};

pub use fetch::{Fetched, fetch};
pub use oci::push;
pub use origin::Origin;

/// Larger than any component that the host would load.
const COMPONENT_BYTES_MAX: u64 = 256 << 20;
/// A signature is four short lines.
const SIGNATURE_BYTES_MAX: u64 = 16 << 10;

/// Why a plugin could not be fetched or pushed.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The text names no place.
    #[error("`{0}` is neither a file, an https:// URL nor an oci:// reference: {1}")]
    NoOrigin(String, String),
    /// The file cannot be read.
    #[error("cannot read {}: {}", .0.display(), .1)]
    File(PathBuf, #[source] io::Error),
    /// The server did not give it.
    #[error("cannot fetch {0}: {1}")]
    Http(String, String),
    /// The registry refused, or cannot be reached.
    #[error("the registry {0}: {1}")]
    Registry(String, String),
    /// There is too much of it.
    #[error("{0} is larger than 256 MiB")]
    TooLarge(String),
}

/// Says once what encrypts; where somebody said so before, nothing changes.
fn choose_cryptography() {
    drop(rustls::crypto::ring::default_provider().install_default());
}
