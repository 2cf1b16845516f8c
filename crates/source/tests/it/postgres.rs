//! PostgreSQL: the same answers as from a file of the same rows, with the work done in the server.

use std::sync::Arc;

use chrono::DateTime;
use watchkeeper_engine::ports::frame::{Aggregate, Answer, ClassColumns, FieldKind, Frame, Sources, Span};
use watchkeeper_model::DatabaseRows;
use watchkeeper_testkit::Postgres;

use crate::database_rows::{agree, questions, rows, values, with_file};
use crate::workspace::{Workspace, ask, chunks, integers, named, open, span};

const TABLE: &str =
    "create table payments (x float8, m float8, n int8, f bool, s text, p float8, at timestamptz not null)";

/// The rows in a file and in a table, and the server that holds the table.
fn both() -> (Workspace, Postgres) {
    let server = Postgres::start();
    let rows = rows(true);
    let time = |micros: i64| format!("'{}'", DateTime::from_timestamp_micros(micros).expect("a time").to_rfc3339());
    server.run(&format!("{TABLE};\ninsert into payments values\n{};", values(&rows, time)));
    let workspace = with_file(Workspace::new(), &rows);
    let workspace = workspace.postgres("payments", &server, DatabaseRows::Table("payments".into()), Some("at"));
    (workspace, server)
}

async fn pair(workspace: &Workspace, span: Span) -> (Arc<dyn Frame>, Arc<dyn Frame>) {
    let sources = workspace.held();
    let file = sources.open(&named("file"), span).await.expect("the file");
    (file, sources.open(&named("payments"), span).await.expect("the table"))
}

#[tokio::test]
async fn every_answer_is_that_of_the_file() {
    let (workspace, server) = both();
    for span in [
        Span::default(),
        span("2024-01-03T00:00:00Z", "2024-01-10T12:00:00.123456Z"),
        span("2024-01-20T00:00:00.000000001Z", ""),
        span("2030-01-01T00:00:00Z", ""),
    ] {
        let (file, table) = pair(&workspace, span).await;
        agree(&file, &table, &questions()).await;
        for ask in [Aggregate::Histogram("x".into(), vec![0.0]), Aggregate::Top("n".into(), 3)] {
            agree(&file, &table, &[ask]).await;
        }
    }
    for sql in [
        "select n, count(*) as rows, avg(m) as m, sum(n) as total from input where f group by n order by n limit 9",
        "select s, min(s) as least, max(at) as newest from input group by s order by s nulls first",
        "select cast(m / 3 as bigint) as third, n / 2 as half, x > 0 as up from input where not isnan(x) order by at limit 50",
        "with days as (select date_trunc('day', at) as day, avg(n) as n from input group by 1) select max(day) as day, stddev(n) as n from days",
        "select case when isnan(x) then null else x end as x from input where s is not null",
    ] {
        let (file, table) = pair(&workspace, Span::default()).await;
        let (file, table) = (file.query(sql).await.expect(sql), table.query(sql).await.expect(sql));
        let mut asks = vec![Aggregate::Rows];
        for (wanted, found) in file.fields().iter().zip(table.fields()) {
            assert_eq!((&wanted.name, wanted.kind), (&found.name, found.kind), "{sql}");
            let name = || wanted.name.clone();
            asks.extend([Aggregate::Distinct(name()), Aggregate::Nulls(name()), Aggregate::Top(name(), 30)]);
            if wanted.kind == FieldKind::Number {
                asks.retain(|ask| !matches!(ask, Aggregate::Top(column, _) if *column == wanted.name));
                asks.extend([Aggregate::Mean(name()), Aggregate::Quantile(name(), 0.3)]);
            }
        }
        agree(&file, &table, &asks).await;
    }
    drop(server);
}

#[tokio::test]
async fn a_scan_gives_the_same_columns() {
    let (workspace, server) = both();
    let (file, table) = pair(&workspace, span("2024-01-05T00:00:00Z", "2024-01-18T00:00:00Z")).await;
    let columns = ["at", "n", "f", "s", "m", "n"];
    let ordered =
        |frame: Arc<dyn Frame>| async move { frame.query("select * from input order by at").await.expect("ordered") };
    let wanted = chunks(&ordered(file).await, &columns).await;
    assert!(!wanted.is_empty() && wanted[0].len() == columns.len());
    assert_eq!(wanted, chunks(&ordered(table).await, &columns).await);
    let (_, nothing) = pair(&workspace, span("2030-01-01T00:00:00Z", "")).await;
    assert!(chunks(&nothing, &["n"]).await.is_empty());
    drop(server);
}

#[tokio::test]
async fn types_are_read_for_what_they_are() {
    let server = Postgres::start();
    server.run(
        "create type mood as enum ('glad', 'sad'); create domain share as numeric check (value >= 0);
         create schema \"Sales\"; create table \"Sales\".\"Odd names\" (\"a \"\"b\"\"\" int2 primary key, price numeric(10, 2),
         small float4, mood mood, share share, id uuid, day date, moment timestamp, doc jsonb, list int[]);
         insert into \"Sales\".\"Odd names\" values (1, 1.25, 0.5, 'sad', 0.1, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
         '1969-12-31', 'infinity', '{\"k\": 1}', '{1,2}'), (2, 'NaN', null, 'glad', 3, null, null, '2024-01-01', null, null);",
    );
    let rows = DatabaseRows::Table("Sales.Odd names".into());
    let workspace = Workspace::new().postgres("odd", &server, rows, Some("moment"));
    let frame = open(&workspace.held(), "odd").await;
    let fields: Vec<(&str, FieldKind, &str, bool)> = frame
        .fields()
        .iter()
        .map(|field| (field.name.as_str(), field.kind, field.data_type.as_str(), field.nullable))
        .collect();
    use FieldKind::{Integer, Number, Other, Text, Time};
    assert_eq!(
        fields,
        [
            ("a \"b\"", Integer, "smallint", false),
            ("price", Number, "numeric(10,2)", true),
            ("small", Number, "real", true),
            ("mood", Text, "mood", true),
            ("share", Number, "numeric", true),
            ("id", Text, "uuid", true),
            ("day", Time, "date", true),
            ("moment", Time, "timestamp without time zone", true),
            ("doc", Other, "jsonb", true),
            ("list", Other, "integer[]", true),
        ]
    );
    let of = |column: &str| column.to_owned();
    assert_eq!(ask(&frame, Aggregate::Nans(of("price"))).await, Answer::Count(1));
    assert_eq!(ask(&frame, Aggregate::Maximum(of("price"))).await, Answer::Number(Some(1.25)));
    assert_eq!(ask(&frame, Aggregate::Minimum(of("day"))).await, Answer::Number(Some(-86_400_000_000.0)));
    assert_eq!(ask(&frame, Aggregate::Maximum(of("moment"))).await, Answer::Number(Some(i64::MAX as f64)));
    assert_eq!(ask(&frame, Aggregate::Nulls(of("doc"))).await, Answer::Count(1));
    assert_eq!(ask(&frame, Aggregate::Top(of("doc"), 1)).await, Answer::Groups(vec![("{\"k\": 1}".into(), 1)]));
    assert_eq!(integers(&frame, "a \"b\"").await, [1, 2]);
    let windowed = workspace.held().open(&named("odd"), span("2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z")).await;
    assert_eq!(ask(&windowed.expect("opened"), Aggregate::Rows).await, Answer::Count(1));
}

#[tokio::test]
async fn nothing_but_answers_crosses_the_wire() {
    let (workspace, server) = both();
    server.run("create extension pg_stat_statements");
    let (_, table) = pair(&workspace, span("2024-01-03T00:00:00Z", "")).await;
    table.aggregate(&questions()).await.expect("answers");
    let grouped = table.query("select s, count(*) as n from input group by s").await.expect("a query");
    assert_eq!(chunks(&grouped, &["s", "n"]).await[0][0].validity.as_ref().map(Vec::len), Some(1));

    let statements = server.statements("watchkeeper");
    let reading: Vec<&String> = statements.iter().filter(|statement| statement.contains("payments")).collect();
    // All the answers in one statement, and the query; looking at columns prepares a statement and runs none.
    assert_eq!(reading.len(), 2, "{reading:#?}");
    let most = server.run(
        "select max(rows / greatest(calls, 1)) from pg_stat_statements where (query ilike '%payments%' or query like \
         'FETCH%') and query not ilike 'insert%' and query not ilike '%pg_stat_statements%' and dbid = (select oid from pg_database where datname = current_database())",
    );
    assert_eq!(most, "8", "seven texts and null are the most rows that any statement returned");
}

#[tokio::test]
async fn a_view_joins_within_the_database() {
    let (workspace, server) = both();
    server
        .run("create table labels (n int8, label text); insert into labels values (1, 'one'), (2, 'two'), (3, null);");
    let workspace =
        workspace.postgres("loan-labels", &server, DatabaseRows::Query("select * from labels -- all".into()), None);
    let sql = "select p.at as at, p.m as m, l.label as label from payments p join \"loan-labels\" l on p.n = l.n";
    let workspace = workspace.view("labelled", &["loan-labels", "payments"], sql, Some("at"));
    let mixed = "select * from payments p join file f on p.n = f.n";
    let workspace = workspace.view("mixed", &["file", "payments"], mixed, None);
    let frame = workspace.held().open(&named("labelled"), span("2024-01-05T00:00:00Z", "")).await.expect("opened");
    let counted = server.run("select count(*) from payments join labels using (n) where at >= '2024-01-05Z'");
    let Answer::Count(rows) = ask(&frame, Aggregate::Rows).await else { panic!("a count") };
    assert_eq!(rows.to_string(), counted);
    assert!(rows > 0);
    let error = crate::workspace::refused(&workspace.held(), "mixed", Span::default()).await;
    assert!(error.contains("joins `payments`, which is in a database, with `file`, which is not"), "{error}");
}

#[tokio::test]
async fn hundreds_of_asks_are_several_statements() {
    let (workspace, _server) = both();
    let (file, table) = pair(&workspace, Span::default()).await;
    let classes = |threshold: u32| {
        let (label, score) = ("f".to_owned(), "p".to_owned());
        let threshold = f64::from(threshold) / 140.0;
        Aggregate::Classes(ClassColumns { label, score, decision: None, threshold })
    };
    let asks: Vec<Aggregate> = (0..140).map(classes).chain((0..900).map(|_| Aggregate::Mean("m".into()))).collect();
    agree(&file, &table, &asks).await;
    agree(&file, &table, &[]).await;
}
