//! Schedule, evaluate, decide, act, notify, record: the durable protocol and the ports it speaks through.
//!
//! Architecture invariant: no record, no act. Every effect on the outside has an intent committed before it, and
//! every decision is a value before anything happens.

mod act;
mod baseline;
mod clock;
mod compose;
mod decide;
mod deliver;
mod drill;
mod engine;
mod evaluate;
mod evaluation;
mod insist;
mod people;
mod recover;
mod simulate;
mod trend;
mod watch;

pub mod ports;
pub mod secret;

pub use baseline::{
    BaselineDigest, BaselineError, BaselineState, Fingerprint, FrameDigest, KeptBaseline, MeasuredBaseline,
};
pub use clock::SimulatedClock;
pub use decide::decide;
pub use engine::{Engine, EngineError, Ports};
pub use evaluation::{Evaluation, EvaluationDigests, SeriesVerdict, Window};
pub use simulate::{Tick, ticks_between};
pub use watch::{Start, Stop};
