//! Baselines: computed once, remembered, and frozen in the store so that they never change unseen.
//!
//! A fixed baseline (a whole source or a range) is frozen by the first tick that is judged with it, or by command. From
//! then on a check is answered from the digest; what the digest does not hold is read from the data, as long as that
//! is still the data that was frozen. One that moves with the window (`offset`) is read anew every time.

mod digest;
mod fingerprint;
mod freeze;
mod known;
mod memory;
mod origin;
mod remembered;
mod replay;
mod state;

pub use digest::{BaselineDigest, Fingerprint, FrameDigest, KeptBaseline, MeasuredBaseline};
pub use freeze::BaselineError;
pub(crate) use known::KnownBaseline;
pub use state::BaselineState;
