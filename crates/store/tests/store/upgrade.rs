//! A store that the version before left behind is read whole.

use std::{collections::BTreeMap, path::Path, time::Duration};

use sqlx::{Connection as _, SqliteConnection, migrate::Migrator};
use tempfile::tempdir;
use watchkeeper_engine::ports::store::{Begun, Store as _};
use watchkeeper_model::{Budget, Cause, Guard, Labels, Standing, Subject, Withheld};
use watchkeeper_store::{IncidentFilter, OpenError, SqlStore};

use crate::fixture::{at, begin, end, guard, incident, name, open_incident};

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

/// A store as the version before the replicas left it: incidents in every state, a step in INTENT, one that waits for an
/// approval, a ledger. Its last row's hash was written down then.
const KEPT: &[u8] = include_bytes!("../kept/tables-0008.db");
const KEPT_HEAD: &str = "cf864cbeabdb85554cadd509061762e4051d66fe3605d2413e7a139255cbbbfb";

fn kept() -> tempfile::TempDir {
    let folder = tempdir().unwrap();
    std::fs::write(folder.path().join("watchkeeper.db"), KEPT).unwrap();
    folder
}

/// Goes on with a store that was kept: every incident is read, the step in INTENT is settled, a new incident is opened.
pub(crate) async fn goes_on(store: &SqlStore) {
    assert_eq!(store.verify_ledger(Some(KEPT_HEAD)).await.unwrap().rows, 35);
    assert_eq!(store.check().await.unwrap(), [""; 0]);
    let incidents = store.incidents(&IncidentFilter::default()).await.unwrap();
    let mut states: Vec<_> = incidents.iter().map(|incident| incident.state).collect();
    states.sort_unstable();
    assert_eq!(states, ["acknowledged", "open", "open", "resolved"]);
    let runs = store.runs(&name("restarts"), None, 100).await.unwrap();
    assert_eq!(runs[0]["series"][0]["value"].as_f64(), Some(5.0 / 56.0), "an evaluation is read as it was printed");
    let unfinished = store.unfinished_steps(at(0)).await.unwrap();
    assert_eq!(unfinished.len(), 1, "the step that was under way");
    let step = store.take_step(&unfinished[0].step).await.unwrap();
    let unknown = end(&step, watchkeeper_model::Outcome::Unknown, at(1));
    store.end_step(&step, &unknown).await.unwrap();
    assert_eq!(store.asked_steps().await.unwrap().len(), 4, "three wait for people, and one wants settling");
    let new = open_incident(store, &incident("ee55", "latency"), 10).await;
    store.begin_step(&new, &begin(guard(), at(11))).await.unwrap();
    store.verify_ledger(Some(KEPT_HEAD)).await.unwrap();
}

#[tokio::test]
async fn a_kept_store_is_copied_brought_up_to_date_and_gone_on_with() {
    let folder = kept();
    let store = SqlStore::open(folder.path()).await.unwrap();
    goes_on(&store).await;
    let copy = std::fs::read_dir(folder.path()).unwrap().find_map(|entry| {
        let name = entry.unwrap().file_name().into_string().unwrap();
        name.starts_with("before-").then_some(name)
    });
    assert_eq!(copy.as_deref(), Some("before-0008.db"), "as it was before");
    let before = rusqlite::Connection::open(folder.path().join("before-0008.db")).unwrap();
    let newest: i64 = before.query_row("SELECT MAX(version) FROM _sqlx_migrations", [], |row| row.get(0)).unwrap();
    assert_eq!(newest, 8);
}

#[tokio::test]
async fn a_kept_store_is_moved_to_a_server_and_gone_on_with_there() {
    let (folder, server) = (kept(), watchkeeper_testkit::Postgres::start());
    let from = SqlStore::open(folder.path()).await.unwrap();
    let to = SqlStore::connect(&server.url()).await.unwrap();
    let copied = from.copy_to(&to).await.unwrap();
    assert_eq!((copied.ledger, copied.head.as_str()), (35, KEPT_HEAD));
    assert_eq!(to.status().await.unwrap().rows, from.status().await.unwrap().rows);
    goes_on(&to).await;
    let again = from.copy_to(&to).await.unwrap_err();
    assert!(matches!(again, watchkeeper_store::CopyError::NotEmpty { .. }), "{again}");
}

#[tokio::test]
async fn a_newer_store_is_worked_with_unless_its_floor_is_above() {
    let folder = tempdir().unwrap();
    SqlStore::open(folder.path()).await.unwrap().close().await;
    let newer = |sql: &str| {
        let file = rusqlite::Connection::open(folder.path().join("watchkeeper.db")).unwrap();
        file.execute_batch(sql).unwrap();
    };
    newer(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
           VALUES (99, 'of a newer version', TRUE, x'00', 0); ALTER TABLE gate ADD COLUMN color TEXT;",
    );
    let store = SqlStore::open(folder.path()).await.unwrap();
    store.set_gate(&name("loans"), watchkeeper_model::GateState::Paused, "ana", "because", at(1)).await.unwrap();
    store.close().await;
    newer("UPDATE store_floor SET version = 99");
    for refused in
        [SqlStore::open(folder.path()).await.unwrap_err(), SqlStore::open_to_read(folder.path()).await.unwrap_err()]
    {
        assert!(matches!(refused, OpenError::Newer { found: 99, floor: 99, .. }), "{refused}");
    }
}

/// The tables of both databases: every column with its type and whether it may be absent, and every index.
#[tokio::test]
async fn both_databases_have_the_same_tables_columns_and_indexes() {
    let (folder, server) = (tempdir().unwrap(), watchkeeper_testkit::Postgres::start());
    SqlStore::open(folder.path()).await.unwrap().close().await;
    SqlStore::connect(&server.url()).await.unwrap().close().await;
    let file = rusqlite::Connection::open(folder.path().join("watchkeeper.db")).unwrap();
    let of_file = |sql: &str| {
        let mut query = file.prepare(sql).unwrap();
        let rows = query.query_map([], |row| row.get::<_, String>(0)).unwrap();
        rows.collect::<Result<std::collections::BTreeSet<_>, _>>().unwrap()
    };
    let of_server = |sql: &str| server.run(sql).lines().map(str::to_owned).collect::<std::collections::BTreeSet<_>>();
    let columns = of_file(
        "SELECT t.name || ' ' || c.name || ' ' || c.type || CASE WHEN c.\"notnull\" OR c.pk > 0 THEN ' needed' ELSE '' END
         FROM sqlite_master AS t JOIN pragma_table_info(t.name) AS c
         WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%' AND t.name NOT LIKE '%migrations'",
    );
    let there = of_server(
        "SELECT table_name || ' ' || column_name || ' '
             || CASE data_type WHEN 'bigint' THEN 'INTEGER' WHEN 'text' THEN 'TEXT' WHEN 'bytea' THEN 'BLOB' END
             || CASE is_nullable WHEN 'NO' THEN ' needed' ELSE '' END
         FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '%migrations'",
    );
    assert_eq!(columns, there);
    let indexes = of_file("SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL");
    let there = of_server(
        "SELECT indexname FROM pg_indexes WHERE schemaname = 'public' AND indexname NOT LIKE '%_pkey'
             AND indexname NOT LIKE '%_key'",
    );
    assert_eq!(indexes, there);
}
