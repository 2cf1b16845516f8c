//! State that survives: occurrences, incidents, runs, outbox, gates and the ledger, on SQLite or PostgreSQL.
//!
//! Architecture invariant: every write that follows a claim or a step names the fencing epoch it was taken with, in
//! the transaction that writes. A lock is never what keeps two owners apart.

mod access;
mod ahead;
mod answer;
mod baseline;
mod bells;
mod care;
mod check;
mod columns;
mod comment;
mod copy;
mod database;
mod digest;
mod ending;
mod enqueue;
mod evaluation;
mod fault;
mod find;
mod follow_up;
mod gate;
mod guard;
mod hold;
mod incident;
mod kept_run;
mod ledger;
mod listen;
mod lock;
mod me;
mod membership;
mod occurrence;
mod open;
mod outbox;
mod people;
mod place;
mod port;
mod prune;
mod read;
mod refusal;
mod remedy;
mod repeated;
mod replica;
mod risk;
mod settle;
mod silence;
mod step;
mod store;
mod together;
mod trouble;
mod undo;
mod unreadable;
mod verify;
mod waiting;
mod watch;

pub use access::{Session, Token};
pub use answer::Reply;
pub use care::{BackupError, StoreStatus};
pub use comment::Comment;
pub use copy::{Copied, CopyError};
pub use gate::{GateRecord, LeftPaused};
pub use hold::{Hold, HoldScope};
pub use listen::{GatesMark, Rang};
pub use lock::{DaemonLock, LockError};
pub use open::OpenError;
pub use people::Closed;
pub use place::PlaceError;
pub use prune::Pruned;
pub use read::{
    AskedStep, Delivery, FirstStep, Handoff, IncidentDetail, IncidentFilter, IncidentRecord, LastVerdict, LedgerFilter,
    Notification, OpenCounts, OpenIncidents, RemedyRate, StepDetail, Ticks, Undelivered, UnderWay, Waiting,
};
pub use refusal::PeopleError;
pub use replica::{LEASE, Replica};
pub use silence::NewSilence;
pub use store::SqlStore;
pub use verify::{Verified, VerifyError};
pub use watch::{OnWatch, TakenWatch};
