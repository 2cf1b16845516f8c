//! PostgreSQL: everything that goes wrong is one sentence that says what to do, and never the password.

use std::time::Duration;

use watchkeeper_engine::ports::frame::{Aggregate, FrameError, Span};
use watchkeeper_model::{DatabaseRows, DatabaseServer, Secret};
use watchkeeper_testkit::{POSTGRES_PASSWORD, Postgres};

use crate::workspace::{Workspace, named, open, refused, span};
use watchkeeper_engine::ports::frame::Sources;

const TABLES: &str = "create table payments (amount numeric, kind text, at timestamptz);
                      insert into payments values (1, 'card', now()), (2, 'cash', now());
                      create table refunds (amount numeric);";

fn table(name: &str) -> DatabaseRows {
    DatabaseRows::Table(name.to_owned())
}

fn query(sql: &str) -> DatabaseRows {
    DatabaseRows::Query(sql.to_owned())
}

/// The error of opening a source over these rows, or of counting them.
async fn error(server: &Postgres, rows: DatabaseRows, time: Option<&str>) -> String {
    let workspace =
        Workspace::new().postgres("payments", server, rows, time).limited("payments", Duration::from_millis(400));
    let opened = workspace.held().open(&named("payments"), Span::default()).await;
    let error = match opened {
        Err(FrameError { message: error, .. }) => error,
        Ok(frame) => frame.aggregate(&[Aggregate::Rows]).await.expect_err("a fault").message,
    };
    assert!(error.starts_with("source `payments`: ") && !error.contains('\n'), "{error}");
    assert!(!error.contains(POSTGRES_PASSWORD), "{error}");
    error
}

#[tokio::test]
async fn what_is_missing_is_named_with_what_is_near() {
    let server = Postgres::start();
    server.run(TABLES);
    let found = error(&server, table("payment"), None).await;
    assert!(found.contains("there is no table `payment` in its database; did you mean `payments`"), "{found}");
    let found = error(&server, table("payments"), Some("paid_at")).await;
    assert!(found.contains("its `time_column` names `paid_at`, which is not a column"), "{found}");
    let found = error(&server, table("payments"), Some("amount")).await;
    assert!(found.contains("its time column `amount` is Float64, not a time"), "{found}");
    let found = error(&server, query("select amunt from payments"), None).await;
    assert!(found.contains("column \"amunt\" does not exist; check the columns in the SQL"), "{found}");
    let workspace = Workspace::new().postgres("payments", &server, table("payments"), None);
    let frame = open(&workspace.held(), "payments").await;
    let found = frame.aggregate(&[Aggregate::Mean("amunt".into())]).await.expect_err("no column").message;
    assert!(found.contains("there is no column `amunt`; did you mean `amount`?"), "{found}");
    let found = frame.aggregate(&[Aggregate::Mean("kind".into())]).await.expect_err("no numbers").message;
    assert!(found.contains("a mean of `kind` needs numbers, but the column is text"), "{found}");
    let found = refused(&workspace.held(), "payments", span("2024-01-01T00:00:00Z", "")).await;
    assert!(found.contains("a window is asked of it, but it has no time column"), "{found}");
}

#[tokio::test]
async fn nothing_can_be_written() {
    let server = Postgres::start();
    server.run(TABLES);
    server.run("create function spend() returns int language sql as 'delete from payments returning 1'");
    let found = error(&server, query("select spend() as n"), None).await;
    assert!(found.contains("read-only transaction; a source only reads; take out what writes"), "{found}");
    let found = error(&server, query("delete from payments returning amount"), None).await;
    assert!(found.contains("the database refused the statement"), "{found}");
    let found =
        error(&server, query("select 1 as n) as a; delete from payments; select * from (select 1 as n"), None).await;
    assert!(found.contains("cannot insert multiple commands into a prepared statement"), "{found}");
    let workspace = Workspace::new().postgres("payments", &server, table("payments"), None);
    let frame = open(&workspace.held(), "payments").await;
    for sql in
        ["delete from input", "select * from refunds", "select pg_sleep(1) from input", "select now() from input"]
    {
        let Err(FrameError { message: found, .. }) = frame.query(sql).await else { panic!("`{sql}` was run") };
        assert!(found.starts_with("source `payments`: the SQL "), "{sql}: {found}");
    }
    let Err(FrameError { message: found, .. }) = frame.query("select median(amount) as m from input").await else {
        panic!("it was run")
    };
    assert!(found.contains("PostgreSQL has no equal for median; use plainer SQL"), "{found}");
    assert_eq!(server.run("select count(*) from payments"), "2");
}

#[tokio::test]
async fn a_statement_past_its_limit_is_cancelled_on_the_server() {
    let server = Postgres::start();
    let found =
        error(&server, query("select a, pg_sleep(20)::text as b from generate_series(1, 5) a offset 0"), None).await;
    assert!(found.contains("cancelled the statement after 400ms") && found.contains("raise its `timeout`"), "{found}");
    nothing_runs(&server);

    let rows = query("select a, repeat('x', 500) as b from generate_series(1, 20000000) a");
    let workspace = Workspace::new().postgres("payments", &server, rows, None);
    let frame = open(&workspace.held(), "payments").await;
    let mut scan = frame.scan(&["a".into(), "b".into()]).await.expect("a scan");
    assert!(scan.next().await.expect("a chunk").is_some());
    drop(scan);
    tokio::task::yield_now().await;
    tokio::task::spawn_blocking(move || nothing_runs(&server)).await.expect("looked");
}

/// Looks until no statement of ours runs any more.
fn nothing_runs(server: &Postgres) {
    let running = "select count(*) from pg_stat_activity where datname = current_database() and \
                   application_name = 'watchkeeper' and state = 'active'";
    let ended = (0..400).any(|_| server.run(running) == "0");
    assert!(ended, "a statement still runs on the server");
}

#[tokio::test]
async fn a_connection_that_breaks_within_a_scan_is_an_error() {
    let server = Postgres::start();
    let rows = query("select a, repeat('x', 100) as b from generate_series(1, 20000000) a");
    let workspace = Workspace::new().postgres("payments", &server, rows, None);
    let sources = workspace.held();
    let frame = open(&sources, "payments").await;
    let mut scan = frame.scan(&["a".into(), "b".into()]).await.expect("a scan");
    assert!(scan.next().await.expect("a chunk").is_some());
    server.run("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'watchkeeper'");
    let broken = loop {
        match scan.next().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("the scan ended as if it were whole"),
            Err(FrameError { message: error, .. }) => break error,
        }
    };
    assert!(broken.contains("the next tick tries again"), "{broken}");
    // The next statement has a connection of its own.
    open(&sources, "payments").await;
}

#[tokio::test]
async fn a_database_that_cannot_be_reached_says_so() {
    let server = Postgres::start();
    let (port, database) = (server.port(), server.database());
    for (url, wanted) in [
        (
            format!("postgres://watch:not-{POSTGRES_PASSWORD}@127.0.0.1:{port}/{database}"),
            "refuses the user `watch`; check the user and the password",
        ),
        (
            format!("postgres://watch:{POSTGRES_PASSWORD}@127.0.0.1:{port}/shpo"),
            "there is no database `shpo` at 127.0.0.1",
        ),
        (
            format!("postgres://watch:{POSTGRES_PASSWORD}@127.0.0.1:1/shop"),
            "at 127.0.0.1:1 cannot be reached: Connection refused",
        ),
        (
            format!("postgres://watch:{POSTGRES_PASSWORD}@127.0.0.1:{port}/{database}?sslmode=require"),
            "cannot be reached",
        ),
        (
            format!("mysql:{POSTGRES_PASSWORD}"),
            "its `url` is not a PostgreSQL URL; write postgres://user:password@host",
        ),
    ] {
        let workspace = Workspace::new();
        workspace.write("url", url);
        let place = DatabaseServer::Postgres(Secret::File("url".into()));
        let workspace = workspace.database("payments", place, table("payments"), None);
        let found = refused(&workspace.held(), "payments", Span::default()).await;
        assert!(found.contains(wanted), "{found}");
        assert!(!found.contains(POSTGRES_PASSWORD) && !found.contains('\n'), "{found}");
    }
    let gone = Workspace::new().database("a", DatabaseServer::Postgres(Secret::File("gone".into())), table("t"), None);
    assert!(refused(&gone.held(), "a", Span::default()).await.contains("cannot read the secret in"));
}
