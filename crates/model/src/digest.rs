//! Digests that identify things: SHA-256 in lower-case hex.

use sha2::{Digest, Sha256};

/// SHA-256 of length-prefixed parts, as 64 hex digits; the prefixes keep `["ab", "c"]` apart from `["a", "bc"]`.
pub fn digest_of(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The first 10 hex digits of [`digest_of`]: what people type for an incident or a run.
pub fn short_id(parts: &[&str]) -> String {
    let mut id = digest_of(parts);
    id.truncate(10);
    id
}
