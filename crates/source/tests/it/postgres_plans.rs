//! PostgreSQL: statements are written so that its planner can do them well, as its own EXPLAIN shows.

use watchkeeper_engine::ports::frame::{Aggregate, Sources, Span};
use watchkeeper_model::DatabaseRows;
use watchkeeper_testkit::Postgres;

use crate::workspace::{Workspace, named, span};

const HOUR: (&str, &str) = ("2024-01-02T00:00:00Z", "2024-01-02T01:00:00Z");

fn workspace(server: &Postgres, time_type: &str) -> Workspace {
    server.run(&format!(
        "create table rides (id bigint, at {time_type}, fare float8, tip float8, kind text);
         insert into rides select i, ('2024-01-01Z'::timestamptz + i * interval '10 seconds')::{time_type}, i % 97, i % 13,
           'kind ' || i % 7 from generate_series(1, 60000) i;
         create index on rides (at); analyze rides;"
    ));
    let table = DatabaseRows::Table("rides".to_owned());
    Workspace::new().postgres("rides", server, table, Some("at"))
}

/// The plan of the last statement that read the table.
fn plan(server: &Postgres) -> String {
    let statements = server.statements("watchkeeper");
    let reads = |sql: &&String| sql.contains("FROM \"rides\"") && !sql.starts_with("DECLARE");
    let statement = statements.iter().rev().find(reads).expect("the table was read");
    server.run(&format!("set timezone = 'UTC'; explain (costs off) {}", statement.replace('\t', "\n")))
}

async fn asked(workspace: &Workspace, span: Span, asks: &[Aggregate]) {
    let frame = workspace.held().open(&named("rides"), span).await.expect("opened");
    frame.aggregate(asks).await.expect("answered");
}

#[tokio::test]
async fn the_newest_row_is_the_end_of_an_index() {
    for time_type in ["timestamptz", "timestamp", "date"] {
        let server = Postgres::start();
        let workspace = workspace(&server, time_type);
        asked(&workspace, Span::default(), &[Aggregate::Maximum("at".into())]).await;
        let plan = plan(&server);
        assert!(plan.contains("Index Only Scan Backward") && !plan.contains("Seq Scan"), "{time_type}:\n{plan}");
    }
}

#[tokio::test]
async fn a_window_is_a_range_of_an_index() {
    for time_type in ["timestamptz", "timestamp", "date"] {
        let server = Postgres::start();
        let workspace = workspace(&server, time_type);
        let asks = [Aggregate::Rows, Aggregate::Nulls("fare".into()), Aggregate::Nans("fare".into())];
        asked(&workspace, span(HOUR.0, HOUR.1), &asks).await;
        let plan = plan(&server);
        assert!(plan.contains("Index Cond") && !plan.contains("Seq Scan"), "{time_type}:\n{plan}");
    }
}

#[tokio::test]
async fn a_table_is_read_once_whatever_is_asked() {
    let server = Postgres::start();
    let workspace = workspace(&server, "timestamptz");
    let mut asks = vec![Aggregate::Rows];
    for column in ["fare", "tip"] {
        let column = || column.to_owned();
        asks.extend([Aggregate::Nulls(column()), Aggregate::Mean(column()), Aggregate::Deviation(column())]);
        asks.extend([Aggregate::Minimum(column()), Aggregate::Maximum(column()), Aggregate::Distinct(column())]);
        asks.extend([0.1, 0.5, 0.9].map(|share| Aggregate::Quantile(column(), share)));
        asks.extend([vec![1.0, 5.0], vec![2.0, 3.0, 4.0]].map(|edges| Aggregate::Histogram(column(), edges)));
    }
    asks.push(Aggregate::Top("kind".to_owned(), 3));
    asked(&workspace, Span::default(), &asks).await;
    let whole = plan(&server);
    assert_eq!(whole.matches("Scan on rides").count(), 1, "{whole}");

    // Counts of bins alone are one pass over it, with nothing kept in between.
    let bins: Vec<_> = ["fare", "tip"].map(|column| Aggregate::Histogram(column.into(), vec![1.0, 5.0, 9.0])).into();
    asked(&workspace, Span::default(), &bins).await;
    let bins = plan(&server);
    assert!(bins.matches("Scan").count() == 1 && !bins.contains("CTE"), "{bins}");
}

#[tokio::test]
async fn counting_is_no_statement_of_its_own() {
    let server = Postgres::start();
    let workspace = workspace(&server, "timestamptz");
    let moment = workspace.held().moment();
    let frame = moment.open(&named("rides"), span(HOUR.0, HOUR.1)).await.expect("opened");
    frame.aggregate(&[Aggregate::Nulls("fare".into())]).await.expect("answered");
    let counted = frame.count_to(1).await.expect("counted");
    assert_eq!((counted.rows, counted.enough), (Some(360), true));
    moment.end();
    let reads = server.statements("watchkeeper").iter().filter(|sql| sql.contains("FROM \"rides\"")).count();
    assert_eq!(reads, 1);

    // Of a whole table, nobody needs to know how many rows there are, but whether there are some.
    let whole = workspace.held().open(&named("rides"), Span::default()).await.expect("opened");
    let counted = whole.count_to(10).await.expect("counted");
    assert_eq!((counted.rows, counted.enough), (None, true));
    assert!(!plan(&server).contains("Aggregate  (") && plan(&server).contains("Limit"), "{}", plan(&server));
}

#[tokio::test]
async fn one_evaluation_is_one_state_and_one_connection() {
    let server = Postgres::start();
    let workspace = workspace(&server, "timestamptz");
    let sources = workspace.held();
    let moment = sources.moment();
    let one = moment.open(&named("rides"), Span::default()).await.expect("opened");
    let rows = one.count().await.expect("counted");
    server.run("delete from rides where id % 2 = 0");
    let other = moment.open(&named("rides"), Span::default()).await.expect("opened");
    assert_eq!((one.count().await, other.count().await), (Ok(rows), Ok(rows)), "both in the state of the beginning");
    let queried = other.query("select count(*) as n from input").await.expect("a query");
    assert_eq!(crate::workspace::integers(&queried, "n").await, [rows as i64]);
    let connections = "select count(*) from pg_stat_activity where datname = current_database() and application_name = \
                       'watchkeeper'";
    assert_eq!(server.run(connections), "1");
    // A statement that fails does not end the state.
    assert!(one.query("select nothing from input").await.is_err());
    assert!(one.aggregate(&[Aggregate::Mean("kind".into())]).await.is_err());
    assert_eq!(one.count().await, Ok(rows));
    moment.end();
    assert_eq!(one.count().await, Ok(rows / 2), "a frame that is kept reads what is there now");
    moment.unmoved().await.expect("a transaction cannot be moved");
}

#[tokio::test]
async fn evaluations_share_a_few_connections() {
    let server = Postgres::start();
    let mut workspace = workspace(&server, "timestamptz");
    for number in 0..30 {
        workspace = workspace.postgres(&format!("r{number}"), &server, DatabaseRows::Table("rides".into()), Some("at"));
    }
    let sources = workspace.held();
    let counted = (0..30).map(|number| {
        let moment = sources.moment();
        async move {
            let frame = moment.open(&named(&format!("r{number}")), Span::default()).await.expect("opened");
            let rows = frame.count().await;
            moment.end();
            rows
        }
    });
    assert!(futures::future::join_all(counted).await.into_iter().all(|rows| rows == Ok(60_000)));
    let most = server.run(
        "select count(*) from pg_stat_activity where datname = current_database() and application_name = 'watchkeeper'",
    );
    assert!(most.parse::<u32>().is_ok_and(|most| most <= 8), "{most} connections");
}
