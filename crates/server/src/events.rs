//! Events: the tail of the ledger as a stream. An event is its number, kind and subject and no data, so that nothing needs
//! a second authorisation. One task looks at the store while anybody listens.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    extract::{Request, State},
    http::HeaderName,
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures::{Stream, StreamExt as _, stream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};
use watchkeeper_model::LedgerEntry;

use crate::{House, problem::Problem};

/// Streams at once, at most.
pub const STREAMS_MAX: usize = 500;
/// How often the store is looked at while somebody listens.
const LOOK_EVERY: Duration = Duration::from_millis(400);
/// Ticks are told once in so many looks.
const TICKS_EVERY: u32 = 5;
/// A comment goes out when nothing else has for so long.
const ALIVE_EVERY: Duration = Duration::from_secs(15);
/// Rows that a listener may be behind; one that is further behind looks at everything again.
const BEHIND_MAX: usize = 256;
/// Rows that a listener who comes back is told of, at most.
const CATCH_UP_MAX: u32 = 200;

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

/// `GET /v1/events`.
pub(crate) async fn stream(State(house): State<House>, request: Request) -> Response {
    let Ok(place) = Arc::clone(&house.events().room).try_acquire_owned() else {
        return Problem::too_many("as many streams are open as there may be: 500").into_response();
    };
    let last = request.headers().get("last-event-id").and_then(|id| id.to_str().ok()).and_then(|id| id.parse().ok());
    match listen(&house, last, place).await {
        Ok(events) => {
            let unbuffered = [(HeaderName::from_static("x-accel-buffering"), "no")];
            (unbuffered, Sse::new(events).keep_alive(KeepAlive::new().interval(ALIVE_EVERY))).into_response()
        }
        Err(problem) => problem.into_response(),
    }
}

async fn listen(
    house: &House,
    last: Option<u64>,
    place: OwnedSemaphorePermit,
) -> Result<impl Stream<Item = Result<Event, Infallible>> + use<>, Problem> {
    let receiver = house.events().sender.subscribe();
    begin_looking(house);
    let missed = match last {
        Some(last) => house.store().ledger(last.saturating_add(1), CATCH_UP_MAX).await.map_err(Problem::store)?,
        None => Vec::new(),
    };
    let missed = stream::iter(missed.into_iter().map(|row| Ok(event(&row))));
    let coming = stream::unfold((receiver, place), async |(mut receiver, place)| {
        let event = match receiver.recv().await {
            Ok(Told::Row(row)) => event(&row),
            // Whoever fell behind looks at everything again.
            Ok(Told::Ticks) | Err(broadcast::error::RecvError::Lagged(_)) => Event::default().event("ticks").data("{}"),
            Err(broadcast::error::RecvError::Closed) => return None,
        };
        Some((Ok(event), (receiver, place)))
    });
    let begin = stream::once(async { Ok(Event::default().comment("listening")) });
    Ok(begin.chain(missed).chain(coming))
}

fn event(row: &LedgerEntry) -> Event {
    let data = serde_json::json!({ "seq": row.seq, "kind": row.kind, "subject": row.subject });
    Event::default().id(row.seq.to_string()).data(data.to_string())
}

/// One task looks for as long as anybody listens.
fn begin_looking(house: &House) {
    if house.events().looking.swap(true, Ordering::AcqRel) {
        return;
    }
    let house = house.clone();
    tokio::spawn(async move {
        let mut known = house.store().ledger_length().await.unwrap_or(0);
        let mut ticked = house.store().newest_tick().await.ok().flatten();
        let mut looks = 0_u32;
        while house.events().sender.receiver_count() > 0 {
            tokio::time::sleep(LOOK_EVERY).await;
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
            begin_looking(&house);
        }
    });
}
