//! Engine: how many ticks a second become durable, beside what SQLite itself commits in the same folder.

use std::{path::Path, sync::Arc, time::Instant};

use rusqlite::Connection;
use serde_json::json;
use tokio::task::JoinSet;
use watchkeeper_engine::ports::store::{CheckRecord, Store};
use watchkeeper_model::{GroupState, Labels, Name, Time, Verdict};
use watchkeeper_store::SqlStore;

use super::GROUP;
use crate::{
    options::Options,
    report::{Figure, median},
};

const RUNS: usize = 3;
/// Monitors that are due at once.
const MONITORS: usize = 10_000;
/// Ticks that the yardstick commits together.
const TOGETHER: usize = 100;

pub(crate) fn run(options: &Options) {
    std::fs::create_dir_all(&options.folder).expect("a folder");
    let folder = tempfile::tempdir_in(&options.folder).expect("a folder");
    let (mut ours, mut limits) = (Vec::new(), Vec::new());
    for run in 0..RUNS {
        ours.push(rush(&folder.path().join(format!("ours-{run}"))));
        limits.push(bare(&folder.path().join(format!("bare-{run}.db"))));
    }
    let work = format!("durable ticks of {MONITORS} monitors due at once");
    let beside = Some((median(limits), "bare SQLite, insert and mark, then update, 100 ticks a commit"));
    Figure { group: GROUP, work: &work, unit: "ticks/s", ours: median(ours), beside, more_is_better: true }.print();
}

/// Claims and records one quiet tick of every monitor, each in a task of its own.
fn rush(folder: &Path) -> f64 {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let store: Arc<dyn Store> = Arc::new(SqlStore::open(folder).await.expect("a store"));
        let at: Time = "2026-01-01T00:00:00Z".parse().expect("a time");
        let start = Instant::now();
        let mut ticks = JoinSet::new();
        for number in 0..MONITORS {
            let store = Arc::clone(&store);
            ticks.spawn(async move {
                let monitor = Name::parse(&format!("monitor-{number}")).expect("a name");
                let claim = store.claim(&monitor, at, at).await.expect("claimed").expect("it is new");
                let groups = store.groups(&monitor).await.expect("read");
                let record = quiet(groups.newest, at);
                store.record_check(&claim, &record).await.expect("recorded");
            });
        }
        while let Some(tick) = ticks.join_next().await {
            tick.expect("it ends well");
        }
        MONITORS as f64 / start.elapsed().as_secs_f64()
    })
}

/// What a tick of three series leaves when nothing is the matter.
fn quiet(newest: Option<Time>, at: Time) -> CheckRecord {
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

/// The same two commits a tick by SQLite alone, many ticks together.
fn bare(path: &Path) -> f64 {
    let db = Connection::open(path).expect("a database");
    db.pragma_update(None, "journal_mode", "wal").expect("it is set");
    db.pragma_update(None, "synchronous", "full").expect("it is set");
    db.execute_batch(
        "create table tick (monitor text, at integer, status text, evaluation text, unique (monitor, at));
         create table mark (monitor text primary key, at integer)",
    )
    .expect("made");
    let evaluation = quiet(None, "2026-01-01T00:00:00Z".parse().expect("a time")).evaluation.to_string();
    let start = Instant::now();
    let mut insert = db.prepare("insert into tick values (?, 1, 'claimed', null)").expect("a statement");
    let mut mark = db.prepare("insert or replace into mark values (?, 1)").expect("a statement");
    let update = "update tick set status = 'finished', evaluation = ? where monitor = ? and at = 1";
    let mut update = db.prepare(update).expect("a statement");
    let names: Vec<String> = (0..MONITORS).map(|number| format!("monitor-{number}")).collect();
    for together in names.chunks(TOGETHER) {
        db.execute_batch("begin immediate").expect("begun");
        for name in together {
            insert.execute([name]).expect("inserted");
            mark.execute([name]).expect("marked");
        }
        db.execute_batch("commit; begin immediate").expect("committed");
        for name in together {
            update.execute([&evaluation, name]).expect("updated");
        }
        db.execute_batch("commit").expect("committed");
    }
    MONITORS as f64 / start.elapsed().as_secs_f64()
}
