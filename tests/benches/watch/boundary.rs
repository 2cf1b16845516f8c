//! Boundary: what a check costs beside its data, each beside wasmtime alone doing the least that would do.

mod bare;
mod frame;
mod languages;

use std::{
    fs,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::runtime::Runtime;
use watchkeeper_engine::ports::{
    checker::{CheckOutcome, CheckRequest, Checker as _},
    history::NoHistory,
    memory::Memory,
};
use watchkeeper_model::Name;
use watchkeeper_plugin_host::Host;
use watchkeeper_testkit::guests;

use self::frame::Numbers;
use crate::{
    data,
    options::Options,
    report::{Figure, median},
    within,
};

const GROUP: &str = "boundary";
/// Chunks that a guest reads, and the rows of each.
const CHUNKS: usize = 200;
const CHUNK_ROWS: usize = 65_536;
/// Calls to the host within one run of a guest.
const CALLS: u32 = 100_000;
/// Runs of a guest that does nothing.
const INSTANCES: usize = 1_000;
/// A component that is compiled and loaded.
const COMPONENT: &str = "null-rate";
const RUNS: usize = 5;

pub(crate) fn run(options: &Options) {
    fs::create_dir_all(&options.folder).expect("a folder");
    let folder = tempfile::tempdir_in(&options.folder).expect("a folder");
    let of = |name: &str, wasm: Vec<u8>| fs::write(folder.path().join(name), wasm).expect("it is written");
    of("scanning.wasm", guests::scanning());
    of("asking.wasm", guests::asking(CALLS));
    of("measuring.wasm", guests::measuring("1"));
    let cache = folder.path().join("cache");
    let ours = Ours { runtime: Runtime::new().expect("a runtime"), host: within::host(options, &cache, folder.path()) };
    let bare = bare::Bare::new();

    let bytes = (CHUNKS * CHUNK_ROWS * size_of::<f64>()) as f64;
    let chunk = vec![1.0; CHUNK_ROWS];
    alternate(
        &Line {
            work: "8 B numbers through the boundary",
            unit: "GB/s",
            beside: "wasmtime, memory written",
            rate: true,
        },
        || (bytes / ours.check("scanning.wasm", CHUNKS) / 1e9, bytes / bare.write(&chunk, CHUNKS) / 1e9),
    );
    alternate(
        &Line { work: "a call to the host", unit: "us", beside: "wasmtime, a function of two words", rate: false },
        || {
            let calls = f64::from(CALLS);
            (ours.check("asking.wasm", 0) / calls * 1e6, bare.call(CALLS) / calls * 1e6)
        },
    );
    alternate(
        &Line {
            work: "a check that does nothing, from start to end",
            unit: "us",
            beside: "wasmtime, a module's instance",
            rate: false,
        },
        || {
            let each = |seconds: f64| seconds / INSTANCES as f64 * 1e6;
            let start = Instant::now();
            let _each: f64 = (0..INSTANCES).map(|_| ours.check("measuring.wasm", 0)).sum();
            (each(start.elapsed().as_secs_f64()), each(bare.instances(INSTANCES)))
        },
    );
    languages::run(&ours.runtime, &ours.host);
    let wasm = bare::component(COMPONENT);
    alternate(
        &Line { work: "compile a standard check", unit: "ms", beside: "wasmtime, within the process", rate: false },
        || {
            let empty = tempfile::tempdir_in(folder.path()).expect("a folder");
            (
                first(&ours.runtime, &within::host(options, &empty.path().join("cache"), folder.path())) * 1e3,
                bare.compile(&wasm) * 1e3,
            )
        },
    );
    let compiled = bare.compiled(&wasm);
    alternate(
        &Line {
            work: "load a compiled check and ask what it is",
            unit: "ms",
            beside: "wasmtime, loaded alone",
            rate: false,
        },
        || {
            let cache = options.folder.join("plugins");
            (first(&ours.runtime, &within::host(options, &cache, folder.path())) * 1e3, bare.load(&compiled) * 1e3)
        },
    );
}

/// What is measured, and beside what.
struct Line {
    work: &'static str,
    unit: &'static str,
    beside: &'static str,
    rate: bool,
}

/// Measures both in turn; the first time warms.
fn alternate(line: &Line, mut both: impl FnMut() -> (f64, f64)) {
    both();
    let (ours, theirs): (Vec<f64>, Vec<f64>) = (0..RUNS).map(|_| both()).unzip();
    let beside = Some((median(theirs), line.beside));
    let (work, unit, more_is_better) = (line.work, line.unit, line.rate);
    Figure { group: GROUP, work, unit, ours: median(ours), beside, more_is_better }.print();
}

/// Seconds until a new host knows what a standard check is.
fn first(runtime: &Runtime, host: &Host) -> f64 {
    let start = Instant::now();
    runtime.block_on(host.manual(COMPONENT)).expect("it is a check");
    start.elapsed().as_secs_f64()
}

/// A host, and the runtime that it runs on.
struct Ours {
    runtime: Runtime,
    host: Host,
}

impl Ours {
    /// Seconds of one run over so many chunks.
    fn check(&self, plugin: &str, chunks: usize) -> f64 {
        let at = data::END.parse().expect("a time");
        let request = CheckRequest {
            monitor: Name::parse("bench").expect("a name"),
            plugin: plugin.to_owned(),
            scheduled_at: at,
            window: (at, at),
            params: Vec::new(),
            timeout: Duration::from_secs(60),
            memory: Memory::new(64 << 20),
            log: Arc::default(),
            current: Arc::new(Numbers { chunks, chunk_rows: CHUNK_ROWS }),
            baseline: None,
            history: Arc::new(NoHistory),
        };
        let start = Instant::now();
        let outcome = self.runtime.block_on(self.host.check(request));
        assert!(matches!(outcome, CheckOutcome::Measured(_)), "{outcome:?}");
        start.elapsed().as_secs_f64()
    }
}
