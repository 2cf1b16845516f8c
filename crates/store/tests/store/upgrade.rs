//! A store that the version before left behind is read whole.

use std::{collections::BTreeMap, path::Path};

use sqlx::{Connection as _, SqliteConnection, migrate::Migrator};
use tempfile::tempdir;
use watchkeeper_engine::ports::store::Store as _;
use watchkeeper_model::{Cause, Labels, Standing, Subject};
use watchkeeper_store::{IncidentFilter, OpenError, SqliteStore};

use crate::fixture::{at, name};

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
    let scripts = tempdir().unwrap();
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    for script in ["0001_state.sql", "0002_baseline.sql"] {
        std::fs::copy(all.join(script), scripts.path().join(script)).unwrap();
    }
    let file = format!("sqlite://{}?mode=rwc", folder.join("watchkeeper.db").display());
    let mut store = SqliteConnection::connect(&file).await.unwrap();
    Migrator::new(scripts.path()).await.unwrap().run(&mut store).await.unwrap();
    for row in ROWS {
        sqlx::query(*row).execute(&mut store).await.unwrap();
    }
    store.close().await.unwrap();
}

#[tokio::test]
async fn what_could_not_be_measured_is_read_as_such_and_one_incident_a_group_stays_open() {
    let folder = tempdir().unwrap();
    before(folder.path()).await;
    let store = SqliteStore::open(folder.path()).await.unwrap();
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
    assert!(matches!(SqliteStore::open_to_read(folder.path()).await, Err(OpenError::OtherVersion { .. })));
    assert_eq!(std::fs::read(&file).unwrap(), as_it_was);
    SqliteStore::open(folder.path()).await.unwrap().close().await;
    assert!(SqliteStore::open_to_read(folder.path()).await.unwrap().is_some());
}

#[tokio::test]
async fn where_there_is_no_store_nothing_is_made() {
    let folder = tempdir().unwrap();
    assert!(SqliteStore::open_to_read(&folder.path().join("state")).await.unwrap().is_none());
    assert!(!folder.path().join("state").exists());
}
