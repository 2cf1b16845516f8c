//! One evaluation's transaction on a server: read-only, and all that it reads is of one state of the data.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;
use tokio_postgres::{CancelToken, Client};

use super::Unread;
use super::server::Server;
use super::tls::Tls;

/// The server ends a statement at its limit; a server that does not answer even then is given up this much later.
const GRACE: Duration = Duration::from_secs(5);

/// A transaction that begins with its first statement. Once it is over, each statement is a transaction by itself.
pub(crate) struct Session {
    server: Arc<Server>,
    held: tokio::sync::Mutex<Held>,
    /// What cancels the statement that runs.
    running: Mutex<Option<CancelToken>>,
    over: AtomicBool,
}

/// The transaction between two statements.
#[derive(Debug)]
enum Held {
    NotYet,
    Open(Open),
    /// A statement was given up, or the connection is gone: what is read now would be of another state.
    Lost,
}

/// A connection within a transaction.
#[derive(Debug)]
struct Open {
    client: Client,
    /// How long the server lets a statement run.
    limit: Duration,
    place: Option<OwnedSemaphorePermit>,
}

/// A statement that runs; dropped, it is cancelled on the server.
struct Running<'a>(&'a Session);

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("server", &self.server).field("over", &self.over).finish_non_exhaustive()
    }
}

impl Session {
    /// Nothing is asked yet.
    pub(crate) fn new(server: Arc<Server>) -> Self {
        Self { server, held: Held::NotYet.into(), running: Mutex::default(), over: AtomicBool::new(false) }
    }

    /// The server.
    pub(crate) fn server(&self) -> &Arc<Server> {
        &self.server
    }

    /// Whether its evaluation has ended.
    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    /// Runs statements, one caller after another.
    pub(super) async fn run<T>(
        &self,
        limit: Duration,
        work: impl AsyncFnOnce(&Client) -> Result<T, Unread>,
    ) -> Result<T, Unread> {
        let mut held = self.held.lock().await;
        // A place is for an evaluation; a read after its end is short, and waits for nobody.
        let place = match *held {
            Held::NotYet if !self.is_over() => Some(self.server.place(limit).await?),
            _ => None,
        };
        let whole = async {
            let open = match std::mem::replace(&mut *held, Held::Lost) {
                Held::Open(open) => open.limited(limit).await?,
                Held::NotYet => self.begin(place, limit).await?,
                // There is no state any more to keep to.
                Held::Lost if self.is_over() => self.begin(None, limit).await?,
                Held::Lost => return Err(Unread::Lost),
            };
            *self.running.lock().unwrap_or_else(PoisonError::into_inner) = Some(open.client.cancel_token());
            let running = Running(self);
            let done = work(&open.client).await;
            running.ended();
            *held = self.after(open, done.is_ok()).await;
            done
        };
        tokio::time::timeout(limit.saturating_add(GRACE), whole).await.unwrap_or(Err(Unread::Silent))
    }

    /// The evaluation has ended: what runs is cancelled, and the connection waits for the next one.
    pub(crate) fn end(&self) {
        self.over.store(true, Ordering::Release);
        match self.held.try_lock() {
            Ok(mut held) => {
                if let Held::Open(open) = std::mem::replace(&mut *held, Held::NotYet) {
                    give_back(Arc::clone(&self.server), open);
                }
            }
            Err(_) => self.cancel(),
        }
    }

    async fn begin(&self, place: Option<OwnedSemaphorePermit>, limit: Duration) -> Result<Open, Unread> {
        while let Some(client) = self.server.take_idle() {
            if begun(&client, limit).await.is_ok() {
                return Ok(Open { client, limit, place });
            }
        }
        let client = self.server.connect(limit).await?;
        begun(&client, limit).await?;
        Ok(Open { client, limit, place })
    }

    /// What a statement leaves behind: one that failed is undone, so that the state is still the one of the beginning.
    async fn after(&self, open: Open, succeeded: bool) -> Held {
        if !succeeded && open.client.batch_execute("ROLLBACK TO SAVEPOINT beginning").await.is_err() {
            return Held::Lost;
        }
        if !self.is_over() {
            return Held::Open(open);
        }
        give_back(Arc::clone(&self.server), open);
        Held::NotYet
    }

    fn cancel(&self) {
        let token = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        // Certificates are read for a statement that is cancelled only.
        let Some(token) = token else { return };
        let (Ok(runtime), Ok(tls)) = (tokio::runtime::Handle::try_current(), Tls::new()) else { return };
        // Nobody is left to tell when even this fails; the server's own limit still holds.
        runtime.spawn(async move { drop(token.cancel_query(tls).await) });
    }
}

impl Running<'_> {
    fn ended(self) {
        self.0.running.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

impl Open {
    /// With another limit for the statements from now on.
    async fn limited(mut self, limit: Duration) -> Result<Self, Unread> {
        if self.limit != limit {
            self.client.batch_execute(&format!("SET LOCAL statement_timeout = {}", milliseconds(limit))).await?;
            self.limit = limit;
        }
        Ok(self)
    }
}

/// Begins a transaction that can only read, whose statements the server itself ends at their limit.
async fn begun(client: &Client, limit: Duration) -> Result<(), tokio_postgres::Error> {
    let begin = format!(
        "START TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = {}; SET LOCAL \
         timezone = 'UTC'; SET LOCAL extra_float_digits = 1; SET LOCAL standard_conforming_strings = on; SAVEPOINT \
         beginning",
        milliseconds(limit)
    );
    client.batch_execute(&begin).await
}

fn milliseconds(limit: Duration) -> u128 {
    limit.as_millis().clamp(1, i32::MAX as u128)
}

/// Ends the transaction in the background, and gives its place to the next one after that; without a runtime the
/// connection just ends.
fn give_back(server: Arc<Server>, Open { client, place, .. }: Open) {
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        runtime.spawn(async move {
            if client.batch_execute("COMMIT").await.is_ok() {
                server.keep_idle(client);
            }
            drop(place);
        });
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.end();
    }
}
