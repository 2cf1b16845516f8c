//! The ledger: append-only rows, each carrying the hash of the row before it.

use serde::{Deserialize, Serialize};

use crate::{Time, digest_of};

/// One row of the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerEntry {
    /// 1 for the first row, then without gaps.
    pub seq: u64,
    /// When it happened.
    pub at: Time,
    /// What happened, for example `incident.opened`.
    pub kind: String,
    /// Which incident, gate or monitor it is about.
    pub subject: String,
    /// The facts, as canonical JSON.
    pub body: String,
    /// The hash of the row before; 64 zeros for the first.
    pub previous: String,
    /// SHA-256 over all of the above, 64 hex digits.
    pub hash: String,
}

/// What is wrong with a chain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerFault {
    /// A row's number does not follow the one before it.
    #[error("row {0} is missing")]
    Missing(u64),
    /// A row does not carry the hash of the row before it.
    #[error("row {0} does not follow the row before it")]
    Broken(u64),
    /// A row's own bytes do not give its hash.
    #[error("row {0} was changed after it was written")]
    Changed(u64),
}

impl LedgerEntry {
    /// What the first row carries as the hash before it.
    pub const GENESIS: &'static str = "0000000000000000000000000000000000000000000000000000000000000000";

    /// The row that follows `previous` (sequence number and hash; none for the first row).
    pub fn after(previous: Option<(u64, &str)>, at: Time, kind: &str, subject: &str, body: &serde_json::Value) -> Self {
        let (seq, previous) = previous.map_or((1, Self::GENESIS), |(seq, hash)| (seq + 1, hash));
        let mut entry = Self {
            seq,
            at: whole_micros(at),
            kind: kind.to_owned(),
            subject: subject.to_owned(),
            body: body.to_string(),
            previous: previous.to_owned(),
            hash: String::new(),
        };
        entry.hash = entry.digest();
        entry
    }

    fn digest(&self) -> String {
        let (seq, at) = (self.seq.to_string(), self.at.timestamp_micros().to_string());
        digest_of(&[&seq, &at, &self.kind, &self.subject, &self.body, &self.previous])
    }
}

/// The store keeps microseconds, so the hash covers no more than that.
fn whole_micros(at: Time) -> Time {
    Time::from_timestamp_micros(at.timestamp_micros()).unwrap_or(at)
}

/// Walks rows in order from the first and names the first bad one.
pub fn verify_chain<'a>(rows: impl IntoIterator<Item = &'a LedgerEntry>) -> Result<(), LedgerFault> {
    verify_chain_after((0, LedgerEntry::GENESIS), rows)
}

/// Walks rows that follow a row already verified (its number and hash; 0 and the genesis hash for none).
pub fn verify_chain_after<'a>(
    (seq, hash): (u64, &str),
    rows: impl IntoIterator<Item = &'a LedgerEntry>,
) -> Result<(), LedgerFault> {
    let mut expected = (seq + 1, hash.to_owned());
    for row in rows {
        let (seq, previous) = &expected;
        if row.seq != *seq {
            return Err(LedgerFault::Missing(*seq));
        }
        if row.previous != *previous {
            return Err(LedgerFault::Broken(row.seq));
        }
        if row.hash != row.digest() {
            return Err(LedgerFault::Changed(row.seq));
        }
        expected = (row.seq + 1, row.hash.clone());
    }
    Ok(())
}
