//! One read-only transaction on a connection; dropped before it is settled, its statement is cancelled on the server.

use std::sync::Arc;
use std::time::Duration;

use tokio_postgres::{Client, Error};

use super::Postgres;
use super::tls::Tls;

/// A connection within a transaction.
pub(super) struct Session {
    home: Arc<Postgres>,
    client: Arc<Client>,
    settled: bool,
}

impl Session {
    /// Begins a transaction that can only read, whose statements the server itself ends at their limit.
    pub(super) async fn begin(home: Arc<Postgres>, client: Arc<Client>, limit: Duration) -> Result<Self, Error> {
        let milliseconds = limit.as_millis().clamp(1, i32::MAX as u128);
        let begin = format!(
            "START TRANSACTION READ ONLY; SET LOCAL statement_timeout = {milliseconds}; SET LOCAL timezone = 'UTC'; \
             SET LOCAL extra_float_digits = 1"
        );
        client.batch_execute(&begin).await?;
        Ok(Self { home, client, settled: false })
    }

    /// The connection.
    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// Ends the transaction and keeps the connection for the next.
    pub(super) async fn settle(mut self) -> Result<(), Error> {
        self.client.batch_execute("COMMIT").await?;
        self.settled = true;
        Ok(())
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.client.is_closed() {
            return;
        }
        if self.settled {
            return self.home.keep_idle(Arc::clone(&self.client));
        }
        let cancel = self.client.cancel_token();
        if let (Ok(runtime), Ok(tls)) = (tokio::runtime::Handle::try_current(), Tls::new()) {
            // Nobody is left to tell when even this fails; the server's own limit still holds.
            runtime.spawn(async move { drop(cancel.cancel_query(tls).await) });
        }
    }
}
