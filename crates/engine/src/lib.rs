//! Schedule, evaluate, decide, act, notify, record: the durable protocol and the ports it speaks through.
//!
//! Architecture invariant: no record, no act. Every effect on the outside has an intent committed before it, and
//! every decision is a value before anything happens. Every moving part has one owner: `watch` the loops, `steps` what
//! acts, `outbox` what is told, `baseline` what is compared with; imports run that way and never back.

mod baseline;
mod clock;
mod compose;
mod decide;
mod drill;
mod engine;
mod error;
mod evaluate;
mod evaluation;
mod health;
mod in_hand;
mod kept_run;
mod outbox;
mod reads;
mod retry;
mod simulate;
mod steps;
mod supervise;
mod trend;
mod verify;
mod watch;
mod watched;

pub mod fault_points;
pub mod ports;

pub use baseline::{BaselineError, BaselineState};
pub use clock::SimulatedClock;
pub use compose::{acknowledged, assigned, digest_messages, left_behind, resolved};
pub use decide::decide;
pub use engine::{Engine, Ports, Process};
pub use error::EngineError;
pub use evaluate::{Rehearsed, spans};
pub use evaluation::{Evaluation, EvaluationDigests, Window};
pub use health::{Health, with_causes};
pub use kept_run::run_again;
pub use ports::{
    baseline::{BaselineDigest, Fingerprint, FrameDigest, KeptBaseline, MeasuredBaseline},
    store::Trouble,
};
pub use simulate::{Tick, ticks_between};
pub use supervise::Stop;
pub use watched::Watched;
