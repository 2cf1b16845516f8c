//! SQLite: the same answers as from a file of the same rows, strictly read, never written.

use std::time::Duration;

use chrono::DateTime;
use rusqlite::Connection;
use watchkeeper_engine::ports::frame::{Aggregate, Answer, FieldKind, FrameError, Sources, Span};
use watchkeeper_model::{DatabaseRows, DatabaseServer};

use crate::database_rows::{agree, questions, rows, values, with_file};
use crate::workspace::{Workspace, ask, chunks, named, open, refused, span};

fn with_sqlite(workspace: Workspace, script: &str, rows: DatabaseRows, time: Option<&str>) -> Workspace {
    let file = Connection::open(workspace.path("shop.db")).expect("a file");
    file.execute_batch(script).expect("a script that SQLite takes");
    workspace.database("payments", DatabaseServer::Sqlite("shop.db".into()), rows, time)
}

fn table(name: &str) -> DatabaseRows {
    DatabaseRows::Table(name.to_owned())
}

fn both() -> Workspace {
    let rows = rows(false);
    let time = |micros: i64| {
        let time = DateTime::from_timestamp_micros(micros).expect("a time");
        format!("'{}'", time.format("%Y-%m-%dT%H:%M:%S%.6fZ"))
    };
    let script = format!(
        "create table payments (x double, m real, n bigint, f boolean, s varchar(40), p real, at timestamp not null);\n\
         insert into payments values\n{};",
        values(&rows, time)
    );
    with_sqlite(with_file(Workspace::new(), &rows), &script, table("payments"), Some("at"))
}

#[tokio::test]
async fn every_answer_is_that_of_the_file() {
    let workspace = both();
    let sources = workspace.held();
    for span in
        [Span::default(), span("2024-01-03T00:00:00Z", "2024-01-10T12:00:00.123456Z"), span("2030-01-01T00:00:00Z", "")]
    {
        let file = sources.open(&named("file"), span).await.expect("the file");
        let table = sources.open(&named("payments"), span).await.expect("the table");
        agree(&file, &table, &questions()).await;
        for ask in [Aggregate::Histogram("x".into(), vec![0.0]), Aggregate::Top("n".into(), 3)] {
            agree(&file, &table, &[ask]).await;
        }
    }
    let sql = "select n, count(*) as rows, avg(m) as m, n / 2 as half, cast(m / 3 as bigint) as third from input \
               where f and not isnan(x) group by n, m order by n, m limit 40";
    let file = open(&sources, "file").await.query(sql).await.expect("a query");
    let table = open(&sources, "payments").await.query(sql).await.expect("a query");
    let asks: Vec<Aggregate> = ["n", "rows", "half", "third"].map(|column| Aggregate::Top(column.into(), 50)).into();
    agree(&file, &table, &asks).await;
}

#[tokio::test]
async fn a_scan_gives_the_same_columns() {
    let workspace = both();
    let sources = workspace.held();
    let span = span("2024-01-05T00:00:00Z", "2024-01-18T00:00:00Z");
    let file = sources.open(&named("file"), span).await.expect("the file");
    let table = sources.open(&named("payments"), span).await.expect("the table");
    let columns = ["at", "n", "f", "s", "x"];
    let wanted = chunks(&file, &columns).await;
    assert!(!wanted.is_empty());
    assert_eq!(wanted, chunks(&table, &columns).await);
    let nothing = sources.open(&named("payments"), crate::workspace::span("2030-01-01T00:00:00Z", "")).await;
    assert!(chunks(&nothing.expect("opened"), &["n"]).await.is_empty());
}

#[tokio::test]
async fn a_query_of_its_own_tells_its_types() {
    let script = "create table t (a int primary key, at int); insert into t values (1, 0), (2, 86400);";
    let rows = DatabaseRows::Query(
        "select a, a * 0.5 as half, 'x' || a as name, datetime(at, 'unixepoch') as at from t".into(),
    );
    let workspace = with_sqlite(Workspace::new(), script, rows, Some("at"));
    let frame = open(&workspace.held(), "payments").await;
    let kinds: Vec<FieldKind> = frame.fields().iter().map(|field| field.kind).collect();
    assert_eq!(kinds, [FieldKind::Integer, FieldKind::Number, FieldKind::Text, FieldKind::Text]);
    assert_eq!(ask(&frame, Aggregate::Maximum("half".into())).await, Answer::Number(Some(1.0)));
    let windowed = workspace.held().open(&named("payments"), span("1970-01-02T00:00:00Z", "")).await.expect("opened");
    assert_eq!(ask(&windowed, Aggregate::Rows).await, Answer::Count(1));
}

#[tokio::test]
async fn what_cannot_be_read_is_an_error() {
    let script = "create table payments (amount real, at timestamp); insert into payments values ('much', 'soon');";
    let workspace = with_sqlite(Workspace::new(), script, table("payments"), Some("at"));
    let frame = open(&workspace.held(), "payments").await;
    let FrameError { message: found, .. } =
        frame.aggregate(&[Aggregate::Mean("amount".into())]).await.expect_err("a text");
    assert!(found.contains("the value `much` stands in its column, which is not a number"), "{found}");
    let FrameError { message: found, .. } =
        frame.aggregate(&[Aggregate::Maximum("at".into())]).await.expect_err("a text");
    assert!(found.contains("the value `soon` stands in its column, which is not a time"), "{found}");

    let workspace = with_sqlite(Workspace::new(), script, table("payment"), None);
    let found = refused(&workspace.held(), "payments", Span::default()).await;
    assert!(found.contains("there is no table `payment` in ") && found.contains("did you mean `payments`?"), "{found}");
    let workspace = Workspace::new().database("payments", DatabaseServer::Sqlite("gone.db".into()), table("t"), None);
    assert!(refused(&workspace.held(), "payments", Span::default()).await.contains("there is no file at "));
    workspace.write("gone.db", "this is no database, only a text that is long enough to be looked at as one");
    let found = refused(&workspace.held(), "payments", Span::default()).await;
    assert!(found.contains("is not a whole SQLite file: "), "{found}");
}

#[tokio::test]
async fn an_endless_statement_is_interrupted_and_nothing_is_written() {
    let endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) as i from n";
    let workspace = with_sqlite(Workspace::new(), "", DatabaseRows::Query(endless.into()), None);
    let workspace = workspace.limited("payments", Duration::from_millis(300));
    let found = refused(&workspace.held(), "payments", Span::default()).await;
    assert!(found.contains("was interrupted after 300ms"), "{found}");
    let script = "create table t (a int); insert into t values (1);";
    let workspace =
        with_sqlite(Workspace::new(), script, DatabaseRows::Query("delete from t returning a".into()), None);
    assert!(refused(&workspace.held(), "payments", Span::default()).await.contains("SQLite refused the statement"));
}
