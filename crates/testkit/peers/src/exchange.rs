//! What went over the wire between Watchkeeper and a peer.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::Vendor;

/// One request, and the answer to it where there was one.
#[derive(Debug, Clone, Deserialize)]
pub struct Exchange {
    /// Whose document holds.
    pub vendor: Vendor,
    /// For example `POST`.
    pub method: String,
    /// Path and query as sent, percent-encoded.
    pub target: String,
    /// Header names are lowercase.
    pub headers: BTreeMap<String, String>,
    /// Empty when there is none.
    pub body: String,
    /// Absent when the peer kept silent, hung up, or is meant to misbehave.
    pub answer: Option<Answer>,
}

/// What the peer answered.
#[derive(Debug, Clone, Deserialize)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Empty when there is none.
    pub body: String,
}
