//! The standard checks, embedded in the binary.

use std::sync::LazyLock;

use crate::origin::sha256_hex;

/// Name and component, in name order.
static TABLE: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/standard.rs"));

/// Digests of [`TABLE`], in its order.
static DIGESTS: LazyLock<Vec<String>> = LazyLock::new(|| TABLE.iter().map(|(_, wasm)| sha256_hex(wasm)).collect());

/// Those that fail without a baseline. A component cannot say so of itself, so it stands here, and a test runs them all.
const COMPARING: [&str; 2] = ["drift", "schema"];

/// Whether this is a standard check that fails without a baseline.
pub(crate) fn needs_baseline(name: &str) -> bool {
    COMPARING.contains(&name)
}

/// The names of the standard checks, in order.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|(name, _)| *name)
}

/// A standard check's component and its SHA-256.
pub(crate) fn find(name: &str) -> Option<(&'static [u8], &'static str)> {
    let index = TABLE.iter().position(|(known, _)| *known == name)?;
    Some((TABLE.get(index)?.1, DIGESTS.get(index)?))
}
