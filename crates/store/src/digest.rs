//! Digests: reports on their way out, each put into the outbox once.

use serde_json::json;
use watchkeeper_engine::ports::store::{NewMessage, StoreError};

use crate::{enqueue, fault::Fault, ledger, store::SqlStore};

impl SqlStore {
    /// Puts the messages of a digest into the outbox, unless those of this `note` were put there before; gives whether
    /// they were put there now.
    pub async fn add_digest(&self, note: &str, messages: &[NewMessage]) -> Result<bool, StoreError> {
        let work = async {
            let mut tx = self.write().await?;
            let before: Option<i64> = sqlx::query_scalar("SELECT id FROM outbox WHERE note = $1 LIMIT 1")
                .bind(note)
                .fetch_optional(&mut *tx)
                .await?;
            let (Some(first), None) = (messages.first(), before) else { return Ok(false) };
            let facts = &first.message.facts;
            let body = json!({ "note": note, "at": facts.at, "says": facts.description });
            ledger::append_one(&mut tx, first.not_before, "digest.sent", facts.monitor.as_str(), &body).await?;
            let head = ledger::head(&mut tx).await?;
            for message in messages {
                enqueue::one(&mut tx, message, note, &head).await?;
            }
            tx.commit().await?;
            Ok(true)
        };
        work.await.map_err(|fault: Fault| fault.doing("put a digest into the outbox"))
    }
}
