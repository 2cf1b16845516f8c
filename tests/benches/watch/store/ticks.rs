//! How many ticks a second become durable: on SQLite, and on PostgreSQL by one replica and by two.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::{runtime::Runtime, task::JoinSet};
use watchkeeper_engine::{
    SimulatedClock,
    ports::store::{CheckRecord, Store as _},
};
use watchkeeper_model::{GroupState, Labels, Name, Time, Verdict};
use watchkeeper_store::SqlStore;
use watchkeeper_testkit::Postgres;

use super::{GROUP, bare};
use crate::{
    options::Options,
    report::{Figure, median},
};

const RUNS: usize = 3;
/// Monitors that are due at once.
const MONITORS: usize = 10_000;

pub(super) fn run(options: &Options) {
    std::fs::create_dir_all(&options.folder).expect("a folder");
    let folder = tempfile::tempdir_in(&options.folder).expect("a folder");
    let runs = |one: &dyn Fn(usize) -> f64| median((0..RUNS).map(one).collect());
    let print = |what: &str, ours: f64, beside: f64, peer: &str| {
        let work = format!("durable ticks of {MONITORS} monitors due at once, {what}");
        let beside = Some((beside, peer));
        Figure { group: GROUP, work: &work, unit: "ticks/s", ours, beside, more_is_better: true }.print();
    };
    let ours = runs(&|run| on_sqlite(&folder.path().join(format!("ours-{run}"))));
    let limit = runs(&|run| bare::sqlite(&folder.path().join(format!("bare-{run}.db")), MONITORS));
    print("SQLite", ours, limit, "bare SQLite, insert and mark, then update, as many ticks a commit");
    let one = runs(&|_| on_postgres(1));
    let two = runs(&|_| on_postgres(2));
    let limit = runs(&|_| bare::postgres(MONITORS));
    print("PostgreSQL, one replica", one, limit, "bare PostgreSQL, the same on one connection");
    print("PostgreSQL, two replicas", two, limit, "bare PostgreSQL, the same on one connection");
    print("PostgreSQL, two replicas beside one", two, one, "one replica");
}

fn on_sqlite(folder: &Path) -> f64 {
    let runtime = Runtime::new().expect("a runtime");
    runtime.block_on(async { rush(vec![SqlStore::open(folder).await.expect("a store")]).await })
}

fn on_postgres(replicas: usize) -> f64 {
    let (server, runtime) = (Postgres::durable(), Runtime::new().expect("a runtime"));
    runtime.block_on(async {
        let mut stores = Vec::new();
        for number in 0..replicas {
            let store = SqlStore::connect(&server.url()).await.expect("a store");
            let clock = SimulatedClock::at(Time::UNIX_EPOCH);
            store.join(&number.to_string(), Duration::from_secs(3600), &clock).await.expect("joined");
            stores.push(store);
        }
        rush(stores).await
    })
}

/// Claims and records one quiet tick of every monitor, each in a task of its own, each by one of the stores.
async fn rush(stores: Vec<SqlStore>) -> f64 {
    let stores: Vec<Arc<SqlStore>> = stores.into_iter().map(Arc::new).collect();
    let at: Time = "2026-01-01T00:00:00Z".parse().expect("a time");
    let start = Instant::now();
    let mut ticks = JoinSet::new();
    for number in 0..MONITORS {
        let store = Arc::clone(&stores[number % stores.len()]);
        ticks.spawn(async move {
            let monitor = Name::parse(&format!("monitor-{number}")).expect("a name");
            let claim = store.claim(&monitor, at, at).await.expect("claimed").expect("it is new");
            // The first tick of a monitor asks for its groups, later ones do not.
            let record = quiet(None, at);
            store.record_check(&claim, &record).await.expect("recorded");
        });
    }
    while let Some(tick) = ticks.join_next().await {
        tick.expect("it ends well");
    }
    MONITORS as f64 / start.elapsed().as_secs_f64()
}

/// What a tick of three series leaves when nothing is the matter.
pub(super) fn quiet(newest: Option<Time>, at: Time) -> CheckRecord {
    let series = ["income", "age", "amount"].map(|column| {
        json!({ "metric": "null_rate", "labels": { "column": column }, "value": 0.01, "verdict": "ok",
            "detail": "2 of 168 rows" })
    });
    CheckRecord {
        verdict: Verdict::Ok,
        evaluation: json!({ "at": at, "verdict": "ok", "series": series }),
        newest,
        states: vec![(Labels::new(), GroupState::default())],
        incidents: Vec::new(),
        steps: Vec::new(),
        going_on: Vec::new(),
        messages: Vec::new(),
        resolved: Vec::new(),
        ledger: Vec::new(),
        at,
    }
}
