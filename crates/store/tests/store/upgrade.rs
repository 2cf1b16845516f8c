//! A store that the version before left behind is read whole.

use std::{collections::BTreeMap, path::Path, time::Duration};

use sqlx::{Connection as _, SqliteConnection, migrate::Migrator};
use tempfile::tempdir;
use watchkeeper_engine::ports::store::{Begun, Store as _};
use watchkeeper_model::{Budget, Cause, Guard, Labels, Standing, Subject, Withheld};
use watchkeeper_store::{IncidentFilter, OpenError, SqlStore};

use crate::fixture::{at, begin, guard, incident, name, open_incident};

/// What the version before wrote: a monitor whose check failed, with two open incidents of one group.
const ROWS: &[&str] = &[
    r#"INSERT INTO occurrence (monitor, scheduled_at, status, epoch, verdict, evaluation, claimed_at, finished_at)
       VALUES ('nulls', 1767225600000001, 'finished', 1, 'error', '{"at": 1}', 0, 0)"#,
    r#"INSERT INTO group_state (monitor, labels, state) VALUES ('nulls', '{}',
       '{"standings":[[{"metric":"error","labels":{}},{"breaching":0}]],"warned":true}')"#,
    r#"INSERT INTO incident (id, monitor, labels, layer, severity, owner, runbook, opened_at, state, series, drill)
       VALUES ('aa11', 'nulls', '{}', 'data', 'critical', 'data-engineering', 'pause', 1, 'open', '[]', 0)"#,
    r#"INSERT INTO incident (id, monitor, labels, layer, severity, owner, runbook, opened_at, state, series, drill)
       VALUES ('bb22', 'nulls', '{}', 'data', 'critical', 'data-engineering', 'pause', 2, 'open',
       '[{"series":{"metric":"error","labels":{}},"value":null,"baseline":null,"verdict":"error","limit":"","excess":null,"detail":"no file"}]', 0)"#,
];

/// Makes the tables of the version before, and its rows.
async fn before(folder: &Path) {
    written(folder, &["0001_state.sql", "0002_baseline.sql"], ROWS).await;
}

async fn written(folder: &Path, tables: &[&str], rows: &[&'static str]) {
    let scripts = tempdir().unwrap();
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/sqlite");
    for script in tables {
        std::fs::copy(all.join(script), scripts.path().join(script)).unwrap();
    }
    let file = format!("sqlite://{}?mode=rwc", folder.join("watchkeeper.db").display());
    let mut store = SqliteConnection::connect(&file).await.unwrap();
    Migrator::new(scripts.path()).await.unwrap().run(&mut store).await.unwrap();
    for row in rows {
        sqlx::query(*row).execute(&mut store).await.unwrap();
    }
    store.close().await.unwrap();
}

#[tokio::test]
async fn what_could_not_be_measured_is_read_as_such_and_one_incident_a_group_stays_open() {
    let folder = tempdir().unwrap();
    before(folder.path()).await;
    let store = SqlStore::open(folder.path()).await.unwrap();
    let groups = store.groups(&name("nulls")).await.unwrap();
    let standings = BTreeMap::from([(Subject::Unmeasured(Cause::Error), Standing::Breaching(0))]);
    assert_eq!(groups.states[&Labels::new()].standings, standings);
    assert_eq!(groups.newest, Some(at(0)));
    let incident = &groups.open[&Labels::new()];
    assert_eq!((incident.id.as_str(), incident.series[0].unmeasured()), ("bb22", Some("no file")));
    let all = store.incidents(&IncidentFilter::default()).await.unwrap();
    let states: Vec<_> = all.iter().map(|one| (one.id.as_str(), one.state)).collect();
    assert_eq!(states, [("bb22", "open"), ("aa11", "resolved")]);
    assert!(store.unreadable().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_store_of_another_version_is_not_read_and_not_changed() {
    let folder = tempdir().unwrap();
    before(folder.path()).await;
    let file = folder.path().join("watchkeeper.db");
    let as_it_was = std::fs::read(&file).unwrap();
    assert!(matches!(SqlStore::open_to_read(folder.path()).await, Err(OpenError::Older { .. })));
    assert_eq!(std::fs::read(&file).unwrap(), as_it_was);
    SqlStore::open(folder.path()).await.unwrap().close().await;
    assert!(SqlStore::open_to_read(folder.path()).await.unwrap().is_some());
}

#[tokio::test]
async fn where_there_is_no_store_nothing_is_made() {
    let folder = tempdir().unwrap();
    assert!(SqlStore::open_to_read(&folder.path().join("state")).await.unwrap().is_none());
    assert!(!folder.path().join("state").exists());
}

/// A gate that a step paused a minute ago, a step that people started, and one that cannot be read.
const ACTS: &[&str] = &[
    r#"INSERT INTO incident (id, monitor, labels, layer, severity, owner, runbook, opened_at, state, series, drill)
       VALUES ('aa11', 'nulls', '{}', 'data', 'critical', 'data-engineering', 'pause', 1, 'open', '[]', 0)"#,
    r#"INSERT INTO step (run, step, incident, position, arguments, target, runbook, runbook_digest, facts, status, epoch,
           attempt, started_at, asked_at)
       VALUES ('raa11', 'pause', 'aa11', 0, '{"action":{"gate":{"gate":"loans","state":"paused"}}}', 'gate:loans', 'pause',
           'd', '{}', 'done', 1, 1, 1767225600000001, NULL),
       ('raa11', 'open', 'aa11', 1, '{"action":{"gate":{"gate":"loans","state":"open"}}}', 'gate:loans', 'pause', 'd',
           '{}', 'done', 1, 1, 1767225600000001, 5),
       ('raa11', 'bad', 'aa11', 2, 'damaged', 'gate:loans', 'pause', 'd', '{}', 'done', 1, 1, 1767225600000001, NULL)"#,
    r#"INSERT INTO gate (name, state, since, set_by, reason)
       VALUES ('loans', 'paused', 1, 'run raa11, step pause', 'incident aa11 of nulls')"#,
];

#[tokio::test]
async fn acts_of_the_version_before_count_for_budgets_and_its_gates_know_their_incident() {
    let folder = tempdir().unwrap();
    written(folder.path(), &["0001_state.sql", "0002_baseline.sql", "0003_owners.sql"], ACTS).await;
    let store = SqlStore::open(folder.path()).await.unwrap();
    let budget = Some(Budget { max: 1, per: Duration::from_secs(3600) });
    let limited = Guard { per_target: budget, ..guard() };
    let step = open_incident(&store, &incident("bb22", "latency"), 10).await;
    let refused = store.begin_step(&step, &begin(limited, at(11))).await.unwrap();
    assert_eq!(refused, Begun::Withheld(Withheld::PerTarget(1)));
    store.resolve("aa11", "ana", at(12)).await.unwrap();
    assert_eq!(store.left_paused().await.unwrap()[0].incident, "aa11");
}
