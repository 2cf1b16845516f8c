//! Events: the tail of the ledger as a stream. An event is its number, kind and subject and no data, so that nothing needs
//! a second authorisation. One task looks at the store while anybody listens.

use std::{
    collections::VecDeque,
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    http::HeaderName,
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures::{StreamExt as _, stream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};
use watchkeeper_model::LedgerEntry;

use crate::{
    House,
    problem::Problem,
    routes::{Ask, Field, Kind},
};

/// Streams at once, at most.
pub const STREAMS_MAX: usize = 500;
/// How often the store is looked at while somebody listens.
const LOOK_EVERY: Duration = Duration::from_millis(400);
/// Ticks are told once in so many looks.
const TICKS_EVERY: u32 = 5;
/// A comment goes out when nothing else has for so long.
const ALIVE_EVERY: Duration = Duration::from_secs(15);
/// Rows that a listener may be behind; one that is further behind reads them from the store.
const BEHIND_MAX: usize = 256;
/// Rows that are read from the store at once, at most.
const CATCH_UP_MAX: u32 = 200;

/// What it may be asked.
pub(crate) const FIELDS: &[Field] =
    &[Field::optional("after", Kind::Row, "Rows after this one, where no `Last-Event-ID` says more")];

#[derive(Debug, Clone)]
enum Told {
    Row(Arc<LedgerEntry>),
    Ticks,
}

/// Who is told of what.
pub(crate) struct Events {
    sender: broadcast::Sender<Told>,
    room: Arc<Semaphore>,
    looking: Arc<AtomicBool>,
}

impl Default for Events {
    fn default() -> Self {
        let (sender, _) = broadcast::channel(BEHIND_MAX);
        Self { sender, room: Arc::new(Semaphore::new(STREAMS_MAX)), looking: Arc::default() }
    }
}

/// One who listens.
struct Listener {
    house: House,
    receiver: broadcast::Receiver<Told>,
    /// Up to this row they know.
    known: u64,
    /// Rows that they missed, read and not told yet.
    missed: VecDeque<LedgerEntry>,
    /// Whether the store may hold more of those.
    is_behind: bool,
    _place: OwnedSemaphorePermit,
}

/// `GET /v1/events`: from the row after `Last-Event-ID`, else after the field `after`, else from now on.
pub(crate) async fn listen(ask: Ask) -> Result<Response, Problem> {
    let full = || Problem::unavailable(format!("as many streams are open as there may be: {STREAMS_MAX}"));
    let place = Arc::clone(&ask.house.events().room).try_acquire_owned().map_err(|_| full())?;
    let heard = ask.heard.as_deref().and_then(|row| row.parse().ok());
    let after = match heard {
        Some(row) => Some(row),
        None => ask.parsed("after", "the number of a row", |row| row.parse().ok())?,
    };
    let listener = Listener::new(&ask.house, after, place).await?;
    let unbuffered = [(HeaderName::from_static("x-accel-buffering"), "no")];
    let begin = stream::once(async { Ok::<_, Infallible>(Event::default().comment("listening")) });
    let told = stream::unfold(listener, async |mut listener| Some((Ok(listener.next().await?), listener)));
    let events = Sse::new(begin.chain(told)).keep_alive(KeepAlive::new().interval(ALIVE_EVERY));
    Ok((unbuffered, events).into_response())
}

impl Listener {
    async fn new(house: &House, after: Option<u64>, place: OwnedSemaphorePermit) -> Result<Self, Problem> {
        let receiver = house.events().sender.subscribe();
        // Read after that: what is appended from here on is either counted here or told.
        let newest = house.store().ledger_length().await.map_err(Problem::store)?;
        begin_looking(house, newest);
        let (known, is_behind) = (after.map_or(newest, |after| after.min(newest)), after.is_some());
        let missed = VecDeque::new();
        Ok(Self { house: house.clone(), receiver, known, missed, is_behind, _place: place })
    }

    /// What they are told next; nothing when the stream is over, and the client comes back.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(row) = self.missed.pop_front() {
                self.known = row.seq;
                return Some(event(&row));
            }
            if self.is_behind {
                self.missed = self.house.store().ledger(self.known + 1, CATCH_UP_MAX).await.ok()?.into();
                self.is_behind = !self.missed.is_empty();
                continue;
            }
            match self.receiver.recv().await {
                Ok(Told::Row(row)) if row.seq <= self.known => {}
                Ok(Told::Row(row)) => {
                    self.known = row.seq;
                    return Some(event(&row));
                }
                Ok(Told::Ticks) => return Some(Event::default().event("ticks").data("{}")),
                Err(broadcast::error::RecvError::Lagged(_)) => self.is_behind = true,
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }
}

fn event(row: &LedgerEntry) -> Event {
    let data = serde_json::json!({ "seq": row.seq, "kind": row.kind, "subject": row.subject });
    Event::default().id(row.seq.to_string()).data(data.to_string())
}

/// One task looks for as long as anybody listens. It has to look: commands write to the store from other processes.
fn begin_looking(house: &House, newest: u64) {
    if house.events().looking.swap(true, Ordering::AcqRel) {
        return;
    }
    let house = house.clone();
    tokio::spawn(async move {
        let mut known = newest;
        let mut ticked = house.store().newest_tick().await.ok().flatten();
        let mut looks = 0_u32;
        while house.events().sender.receiver_count() > 0 {
            // A gate is told at once; everything else is told soon.
            let _ = tokio::time::timeout(LOOK_EVERY, house.store().gates_rung()).await;
            looks = looks.wrapping_add(1);
            // A store that is away is looked at again.
            for row in house.store().ledger(known + 1, CATCH_UP_MAX).await.unwrap_or_default() {
                known = row.seq;
                let _ = house.events().sender.send(Told::Row(Arc::new(row)));
            }
            if looks.is_multiple_of(TICKS_EVERY) {
                let newest = house.store().newest_tick().await.ok().flatten();
                if newest != ticked {
                    ticked = newest;
                    let _ = house.events().sender.send(Told::Ticks);
                }
            }
        }
        house.events().looking.store(false, Ordering::Release);
        // Somebody may have come between the last look and this.
        if house.events().sender.receiver_count() > 0 {
            begin_looking(&house, known);
        }
    });
}
