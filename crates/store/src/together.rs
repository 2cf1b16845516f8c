//! Together: claims and quiet checks that wait at the same time become durable in one commit. What acts, or is to be
//! told, is committed alone.

mod claims;
mod quiet;

use tokio::sync::oneshot;
use watchkeeper_engine::{
    fault_points::{Point, Side, reach},
    ports::store::{CheckRecord, Claim, Recorded},
};
use watchkeeper_model::{Name, Time};

use crate::{
    fault::Fault,
    store::SqlStore,
    waiting::{Quiet, Tick, Wanted},
};

/// Takes a tick that lies after the high-water mark; a clock that went back repeats none.
pub(crate) async fn claim(
    store: &SqlStore,
    monitor: &Name,
    scheduled_at: Time,
    now: Time,
) -> Result<Option<Claim>, Fault> {
    let (reply, answer) = oneshot::channel();
    let tick = Tick { monitor: monitor.clone(), scheduled_at, now };
    committed(store, Wanted::Claim(tick, reply), answer).await
}

/// Records a check that nothing follows from, with its evaluation as it is kept.
pub(crate) async fn record_quiet(
    store: &SqlStore,
    claim: &Claim,
    record: &CheckRecord,
    evaluation: String,
) -> Result<Recorded, Fault> {
    let (reply, answer) = oneshot::channel();
    let CheckRecord { verdict, newest, states, at, .. } = record.clone();
    let quiet = Quiet { claim: claim.clone(), verdict, evaluation, newest, states, at };
    committed(store, Wanted::Quiet(Box::new(quiet), reply), answer).await
}

/// Waits until somebody has committed it, or takes the turn and commits all that wait.
async fn committed<T>(
    store: &SqlStore,
    wanted: Wanted,
    mut answer: oneshot::Receiver<Result<T, Fault>>,
) -> Result<T, Fault> {
    let waiting = store.waiting();
    waiting.push(wanted);
    loop {
        tokio::select! {
            biased;
            answered = &mut answer => return answered.unwrap_or(Err(Fault::Interrupted)),
            _turn = waiting.turn.lock() => commit_waiting(store).await,
        }
    }
}

/// Commits what waits. Where all of it together cannot be, each is tried by itself: one that cannot be written is no
/// matter of the others.
async fn commit_waiting(store: &SqlStore) {
    let batch = store.waiting().next();
    let (mut ticks, mut quiets) = (Vec::new(), Vec::new());
    for wanted in batch {
        match wanted {
            Wanted::Claim(tick, reply) => ticks.push((tick, reply)),
            Wanted::Quiet(quiet, reply) => quiets.push((*quiet, reply)),
        }
    }
    let all: (Vec<&Tick>, Vec<&Quiet>) =
        (ticks.iter().map(|(tick, _)| tick).collect(), quiets.iter().map(|(quiet, _)| quiet).collect());
    match write(store, &all.0, &all.1).await {
        Ok((claims, recorded)) => {
            for ((_, reply), claim) in ticks.into_iter().zip(claims) {
                drop(reply.send(Ok(claim)));
            }
            for ((_, reply), recorded) in quiets.into_iter().zip(recorded) {
                drop(reply.send(recorded));
            }
        }
        Err(fault) if ticks.len() + quiets.len() == 1 => match (ticks.pop(), quiets.pop()) {
            (Some((_, reply)), _) => drop(reply.send(Err(fault))),
            (None, Some((_, reply))) => drop(reply.send(Err(fault))),
            (None, None) => {}
        },
        Err(_) => {
            for (tick, reply) in ticks {
                let alone = write(store, &[&tick], &[]).await;
                drop(reply.send(alone.map(|(mut claims, _)| claims.pop().flatten())));
            }
            for (quiet, reply) in quiets {
                let alone = write(store, &[], &[&quiet]).await;
                drop(reply.send(alone.and_then(|(_, mut recorded)| recorded.pop().unwrap_or(Err(Fault::Fenced)))));
            }
        }
    }
}

type Written = (Vec<Option<Claim>>, Vec<Result<Recorded, Fault>>);

/// One transaction; the answers are in the order of what was wanted.
async fn write(store: &SqlStore, ticks: &[&Tick], quiets: &[&Quiet]) -> Result<Written, Fault> {
    let points = [(Point::TickClaim, ticks.is_empty()), (Point::TickRecord, quiets.is_empty())];
    let here = |side: Side| points.iter().filter(|(_, none)| !none).for_each(|(point, _)| reach(*point, side));
    let mut tx = store.write_beside().await?;
    let claims = claims::write(&mut tx, store.me(), ticks).await?;
    let recorded = quiet::write(&mut tx, quiets).await?;
    here(Side::Before);
    tx.commit().await?;
    here(Side::After);
    Ok((claims, recorded))
}
