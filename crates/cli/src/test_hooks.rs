//! What a build for tests can be told by its environment: to die or stop at a fault point, and what time it is. A release
//! build has none of this.
//!
//! - `WATCHKEEPER_FAULT=step.intent.before:2:kill` ends the process, as `kill -9` does, when it comes to that place for
//!   the second time; `stop` instead of `kill` stops it until it gets a SIGCONT.
//! - `WATCHKEEPER_LEASE=1500` makes a replica's lease last so many milliseconds.
//! - `WATCHKEEPER_CLOCK=FILE` adds the milliseconds that stand in the file to the wall clock, read anew each time.

use std::{
    env,
    ffi::OsString,
    fs,
    path::Path,
    sync::{
        LazyLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use chrono::TimeDelta;
use rustix::process::{Signal, getpid, kill_process};
use watchkeeper_engine::fault_points::{Point, Side, on_reach};

use crate::failure::Failure;

/// How soon a clock that is set by a file is looked at again.
pub(crate) const NAP_MAX: Duration = Duration::from_millis(10);

static CLOCK: LazyLock<Option<OsString>> = LazyLock::new(|| env::var_os("WATCHKEEPER_CLOCK"));

/// How long a replica's lease lasts, where the environment says so.
pub(crate) fn lease() -> Option<Duration> {
    Some(Duration::from_millis(env::var("WATCHKEEPER_LEASE").ok()?.parse().ok()?))
}

/// Has the fault happen that the environment asks for.
pub(crate) fn install() -> Result<(), Failure> {
    let Some(fault) = env::var_os("WATCHKEEPER_FAULT") else { return Ok(()) };
    let fault = fault.to_string_lossy();
    let Some((place, nth, signal)) = parse(&fault) else {
        return Err(Failure::usage(format!(
            "WATCHKEEPER_FAULT is `{fault}`: expected PLACE:NTH:kill or PLACE:NTH:stop"
        )));
    };
    let reached = AtomicU32::new(0);
    on_reach(move |point, side| {
        if (point, side) == place && reached.fetch_add(1, Ordering::SeqCst) + 1 == nth {
            // A process may always send these to itself.
            let _ = kill_process(getpid(), signal);
        }
    });
    Ok(())
}

fn parse(fault: &str) -> Option<((Point, Side), u32, Signal)> {
    let mut parts = fault.split(':');
    let (point, side) = parts.next()?.rsplit_once('.')?;
    let point = Point::ALL.into_iter().find(|known| known.as_str() == point)?;
    let side = [Side::Before, Side::After].into_iter().find(|known| known.to_string() == side)?;
    let nth = parts.next()?.parse().ok()?;
    let signal = match parts.next()? {
        "kill" => Signal::KILL,
        "stop" => Signal::STOP,
        _ => return None,
    };
    parts.next().is_none().then_some(((point, side), nth, signal))
}

/// Whether a file sets the clock.
pub(crate) fn sets_clock() -> bool {
    CLOCK.is_some()
}

/// What is added to the wall clock. A file that is not there, or is being written, adds nothing.
pub(crate) fn clock_offset() -> TimeDelta {
    let text = CLOCK.as_ref().and_then(|file| fs::read_to_string(Path::new(file)).ok());
    text.and_then(|text| TimeDelta::try_milliseconds(text.trim().parse().ok()?)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_has_a_place_a_count_and_a_signal() {
        let expected = ((Point::StepIntent, Side::Before), 2, Signal::KILL);
        assert_eq!(parse("step.intent.before:2:kill"), Some(expected));
        for wrong in ["", "step.intent:2:kill", "step.intent.before:x:kill", "step.intent.before:1:burn", "a.b:1:stop:"]
        {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
