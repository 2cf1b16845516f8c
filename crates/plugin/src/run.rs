//! One run of one guest, on a thread of its own: a fresh instance, one call, and out.

use std::sync::Arc;

use tokio::runtime::Handle;
use wasmtime::{Engine, Store, component::Resource};
use watchkeeper_engine::ports::{
    checker::CheckRequest,
    checker::Manual,
    frame::{Frame, FrameFault},
    history::NoHistory,
    memory::Memory,
};
use watchkeeper_model::{Measurement, digest_of};

use crate::{
    bindings::{CheckPre, types},
    data::OpenFrame,
    fault::Fault,
    log::RunLog,
    output,
    sandbox::{Deadline, Sandbox},
    translate,
};

/// What describing itself may cost a plugin.
const MANUAL_MEMORY_BYTES_MAX: u64 = 256 << 20;

/// Runs the check. Blocks until the guest returns or its deadline passes.
pub(crate) fn check(
    engine: &Engine,
    guest: &CheckPre<Sandbox>,
    request: CheckRequest,
    deadline: Deadline,
    runtime: Handle,
) -> Result<Vec<Measurement>, Fault> {
    let log = RunLog::new(request.monitor.as_str(), &request.plugin).kept_in(&request.log);
    let mut store = Sandbox::store(engine, &request.memory, deadline, log, Arc::clone(&request.history), runtime);
    let called = call_check(&mut store, guest, request);
    let answer =
        called.map_err(|error| Fault::from_run(&error, deadline.allowed, store.data_mut().log.take_errors()))?;
    match answer {
        Ok(measured) => output::measurements(measured),
        Err(types::Failure::Config(reason)) => Err(Fault::Config(shown(&reason))),
        Err(types::Failure::NoData(reason)) => Err(Fault::NoData(shown(&reason))),
        Err(types::Failure::Retry(reason)) => Err(match store.data().unread {
            Some(FrameFault::Unreachable | FrameFault::Moved) => Fault::Unread(shown(&reason)),
            // What cannot change by itself is not promised another try.
            Some(_) => Fault::Unfit(shown(&reason)),
            None => Fault::Retry(shown(&reason)),
        }),
    }
}

/// Asks the plugin what it is. Blocks until the guest returns or its deadline passes.
pub(crate) fn manual(
    engine: &Engine,
    guest: &CheckPre<Sandbox>,
    plugin: &str,
    deadline: Deadline,
    runtime: Handle,
) -> Result<Manual, Fault> {
    let (memory, log) = (Memory::new(MANUAL_MEMORY_BYTES_MAX), RunLog::new("", plugin));
    let mut store = Sandbox::store(engine, &memory, deadline, log, Arc::new(NoHistory), runtime);
    let called =
        guest.instantiate(&mut store).and_then(|guest| guest.watchkeeper_check_plugin().call_describe(&mut store));
    called
        .map(translate::manual)
        .map_err(|error| Fault::from_run(&error, deadline.allowed, store.data_mut().log.take_errors()))
}

type Answer = Result<Vec<types::Measurement>, types::Failure>;

fn call_check(
    store: &mut Store<Sandbox>,
    guest: &CheckPre<Sandbox>,
    request: CheckRequest,
) -> wasmtime::Result<Answer> {
    let guest = guest.instantiate(&mut *store)?;
    let run = run_record(&request);
    let current = lend(store, request.current)?;
    let baseline = request.baseline.map(|baseline| lend(store, baseline)).transpose()?;
    guest.watchkeeper_check_plugin().call_check(store, &run, current, baseline)
}

/// Opens a frame for the guest to borrow; it stays ours and goes with the store.
fn lend(store: &mut Store<Sandbox>, frame: Arc<dyn Frame>) -> wasmtime::Result<Resource<OpenFrame>> {
    let owned = store.data_mut().open.push(OpenFrame(frame))?;
    Ok(Resource::new_borrow(owned.rep()))
}

fn run_record(request: &CheckRequest) -> types::Run {
    let scheduled_at = request.scheduled_at.timestamp_micros();
    types::Run {
        scheduled_at,
        window_start: request.window.0.timestamp_micros(),
        window_end: request.window.1.timestamp_micros(),
        seed: seed(request.monitor.as_str(), scheduled_at),
        time_column: request.current.time_column().map(str::to_owned),
        params: request.params.iter().map(|(name, value)| (name.clone(), translate::param(value.clone()))).collect(),
    }
}

/// The same for the same monitor and tick, so that a replay draws the same numbers.
fn seed(monitor: &str, scheduled_at: i64) -> u64 {
    let digest = digest_of(&[monitor, &scheduled_at.to_string()]);
    digest.bytes().take(16).fold(0, |seed, digit| (seed << 4) | u64::from((digit as char).to_digit(16).unwrap_or(0)))
}

fn shown(reason: &str) -> String {
    crate::text::one_line(reason, 1_000)
}
