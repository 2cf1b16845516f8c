//! The bare databases: the same two commits a tick, as many ticks together as the store commits at once.

use std::{path::Path, time::Instant};

use rusqlite::Connection;
use tokio_postgres::NoTls;
use watchkeeper_model::Time;
use watchkeeper_testkit::Postgres;

use super::ticks::quiet;

/// Ticks that are committed together.
const TOGETHER: usize = 256;

fn evaluation() -> String {
    quiet(None, Time::UNIX_EPOCH).evaluation.to_string()
}

fn names(monitors: usize) -> Vec<String> {
    (0..monitors).map(|number| format!("monitor-{number}")).collect()
}

pub(super) fn sqlite(path: &Path, monitors: usize) -> f64 {
    let db = Connection::open(path).expect("a database");
    db.pragma_update(None, "journal_mode", "wal").expect("it is set");
    db.pragma_update(None, "synchronous", "full").expect("it is set");
    db.execute_batch(
        "create table tick (monitor text, at integer, status text, evaluation text, unique (monitor, at));
         create table mark (monitor text primary key, at integer)",
    )
    .expect("made");
    let (evaluation, names) = (evaluation(), names(monitors));
    let start = Instant::now();
    let mut insert = db.prepare("insert into tick values (?, 1, 'claimed', null)").expect("a statement");
    let mut mark = db.prepare("insert or replace into mark values (?, 1)").expect("a statement");
    let update = "update tick set status = 'finished', evaluation = ? where monitor = ? and at = 1";
    let mut update = db.prepare(update).expect("a statement");
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
    monitors as f64 / start.elapsed().as_secs_f64()
}

pub(super) fn postgres(monitors: usize) -> f64 {
    let (server, runtime) = (Postgres::durable(), tokio::runtime::Runtime::new().expect("a runtime"));
    server.run(
        "create table tick (monitor text, at bigint, status text, evaluation text, unique (monitor, at));
         create table mark (monitor text primary key, at bigint)",
    );
    runtime.block_on(async {
        let (mut client, connection) = tokio_postgres::connect(&server.url(), NoTls).await.expect("connected");
        tokio::spawn(connection);
        let insert = "insert into tick select name, 1, 'claimed', null from unnest($1::text[]) as name";
        let mark = "insert into mark select name, 1 from unnest($1::text[]) as name";
        let update = "update tick set status = 'finished', evaluation = $2 where at = 1 and monitor = any($1)";
        let insert = client.prepare(insert).await.expect("a statement");
        let mark = client.prepare(mark).await.expect("a statement");
        let update = client.prepare(update).await.expect("a statement");
        let (evaluation, names) = (evaluation(), names(monitors));
        let start = Instant::now();
        for together in names.chunks(TOGETHER) {
            let together = together.to_vec();
            let commit = client.transaction().await.expect("begun");
            commit.execute(&insert, &[&together]).await.expect("inserted");
            commit.execute(&mark, &[&together]).await.expect("marked");
            commit.commit().await.expect("committed");
            let commit = client.transaction().await.expect("begun");
            commit.execute(&update, &[&together, &evaluation]).await.expect("updated");
            commit.commit().await.expect("committed");
        }
        monitors as f64 / start.elapsed().as_secs_f64()
    })
}
