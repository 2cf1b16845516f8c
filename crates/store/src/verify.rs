//! Verifying the ledger: every row from the first on, and a head that somebody kept.

use sqlx::AnyConnection;
use watchkeeper_engine::ports::store::StoreError;
use watchkeeper_model::{LedgerEntry, LedgerFault, verify_chain_after};

use crate::{fault::Fault, ledger::page, store::SqlStore};

/// Rows read at once.
const PAGE: u32 = 1000;

/// A ledger without a fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// How many rows it has.
    pub rows: u64,
    /// The hash of the newest; 64 zeros when there is none.
    pub head: String,
}

/// What is wrong with a ledger.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The first bad row.
    #[error(transparent)]
    Fault(#[from] LedgerFault),
    /// The chain is whole, but it is not the one the head was taken from.
    #[error("no row has the hash {head}: the ledger was cut or rewritten after that head went out")]
    HeadMissing {
        /// The head that somebody kept.
        head: String,
    },
    /// The ledger cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SqlStore {
    /// Walks the whole chain. A `head` that was kept from a message must be the hash of one of its rows.
    pub async fn verify_ledger(&self, head: Option<&str>) -> Result<Verified, VerifyError> {
        let failed = |fault: Fault| fault.doing("read the ledger");
        let mut tx = self.read().await.map_err(failed)?;
        let mut verified = Verified { rows: 0, head: LedgerEntry::GENESIS.to_owned() };
        let mut found = head.is_none_or(|head| head == LedgerEntry::GENESIS);
        loop {
            let rows = next_page(&mut tx, &verified).await.map_err(failed)?;
            let Some(last) = rows.last() else { break };
            verify_chain_after((verified.rows, &verified.head), &rows)?;
            found |= rows.iter().any(|row| Some(row.hash.as_str()) == head);
            verified = Verified { rows: last.seq, head: last.hash.clone() };
        }
        match head.filter(|_| !found) {
            Some(head) => Err(VerifyError::HeadMissing { head: head.to_owned() }),
            None => Ok(verified),
        }
    }

    /// Goes on from a row that is known to be whole, one page after another, each in a transaction of its own.
    pub async fn verify_ledger_after(&self, from: Option<Verified>) -> Result<Verified, VerifyError> {
        let none = || Verified { rows: 0, head: LedgerEntry::GENESIS.to_owned() };
        let mut verified = from.unwrap_or_else(none);
        loop {
            let rows = self.ledger(verified.rows + 1, PAGE).await?;
            let Some(last) = rows.last() else { return Ok(verified) };
            verify_chain_after((verified.rows, &verified.head), &rows)?;
            verified = Verified { rows: last.seq, head: last.hash.clone() };
        }
    }
}

async fn next_page(db: &mut AnyConnection, after: &Verified) -> Result<Vec<LedgerEntry>, Fault> {
    page(db, after.rows + 1, PAGE).await
}
