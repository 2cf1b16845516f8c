//! How many files the daemon may have open, connections included: checks must not find that visitors have taken them all.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use watchkeeper_server::CONNECTIONS_MAX;

/// More than the daemon ever has open.
const WANTED: u64 = 16_384;
/// Of what is allowed, connections get this part.
const CONNECTIONS_PART: u64 = 4;

/// Raises the usual soft limit of 1,024 as far as this process may. One that cannot be raised is lived with.
pub(super) fn raise_limit() {
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.map_or(WANTED, |hard| hard.min(WANTED));
    let raised = Rlimit { current: Some(wanted), maximum: limit.maximum };
    if limit.current.is_some_and(|soft| soft < wanted)
        && let Err(error) = setrlimit(Resource::Nofile, raised)
    {
        tracing::warn!(%error, "the limit of open files cannot be raised");
    }
}

/// How many connections leave enough files for work.
pub(super) fn connections_max() -> usize {
    let soft = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    usize::try_from(soft / CONNECTIONS_PART).map_or(CONNECTIONS_MAX, |part| part.clamp(1, CONNECTIONS_MAX))
}
