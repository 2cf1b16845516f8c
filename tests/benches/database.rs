//! PostgreSQL with two million rows and an index on time: what freshness and a null-rate of one hour ask, as ratios to the
//! plain statement, which is prepared and runs on a connection that is open. Medians of many runs, in turn.
#![expect(clippy::expect_used, clippy::print_stdout, reason = "it stops at the first thing that is not so, and prints")]
#![expect(clippy::disallowed_methods, reason = "it measures by the clock on the wall")]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use tokio_postgres::{Client, NoTls};
use watchkeeper_engine::ports::frame::{Aggregate, Sources, Span};
use watchkeeper_model::{DatabaseRows, DatabaseServer, DatabaseSource, Name, Secret, Source, SourceKind, Time};
use watchkeeper_source::DataSources;
use watchkeeper_testkit::Postgres;

const ROWS: u32 = 2_000_000;
const RUNS: usize = 101;

fn sources(folder: &std::path::Path, server: &Postgres) -> DataSources {
    std::fs::write(folder.join("url"), server.url() + "?sslmode=disable").expect("written");
    let kind = SourceKind::Database(DatabaseSource {
        server: DatabaseServer::Postgres(Secret::File("url".into())),
        rows: DatabaseRows::Table("rides".to_owned()),
        timeout: Duration::from_secs(30),
    });
    let name = Name::parse("rides").expect("a name");
    DataSources::new(folder, BTreeMap::from([(name, Source { time_column: Some("at".to_owned()), kind })]))
}

/// All that an evaluation asks of its source, from its beginning to its end.
async fn evaluated(sources: &DataSources, span: Span, asks: &[Aggregate]) {
    let moment = sources.moment();
    let frame = moment.open(&Name::parse("rides").expect("a name"), span).await.expect("opened");
    frame.aggregate(asks).await.expect("answered");
    frame.count_to(1).await.expect("counted");
    moment.end();
}

async fn plain(client: &Client, sql: &str) {
    client.query_one(sql, &[]).await.expect("a row");
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

async fn compare(name: &str, client: &Client, sql: &str, sources: &DataSources, span: Span, asks: &[Aggregate]) {
    let (mut ours, mut plains) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let start = Instant::now();
        plain(client, sql).await;
        plains.push(start.elapsed());
        let start = Instant::now();
        evaluated(sources, span, asks).await;
        ours.push(start.elapsed());
    }
    let (ours, plain) = (median(ours), median(plains));
    println!("{name}: {ours:?}, plain {plain:?}, ratio {:.2}", ours.as_secs_f64() / plain.as_secs_f64());
}

#[tokio::main]
async fn main() {
    let server = Postgres::start();
    server.run(&format!(
        "create table rides as select i as id, '2024-01-01Z'::timestamptz + i * interval '1 second' as at, case when i % 9 \
         > 0 then i % 97 end::float8 as fare from generate_series(1, {ROWS}) i; create index on rides (at); vacuum analyze rides"
    ));
    let folder = std::env::temp_dir().join(format!("watchkeeper-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let sources = sources(&folder, &server);
    let (client, connection) = tokio_postgres::connect(&server.url(), NoTls).await.expect("connected");
    tokio::spawn(connection);
    let newest = [Aggregate::Maximum("at".to_owned())];
    compare("freshness", &client, "select max(at) from rides", &sources, Span::default(), &newest).await;
    let time = |text: &str| text.parse::<Time>().ok();
    for (name, end) in
        [("null-rate of an hour", "2024-01-11T01:00:00Z"), ("null-rate of a day", "2024-01-12T00:00:00Z")]
    {
        let span = Span { start: time("2024-01-11T00:00:00Z"), end: time(end) };
        let asks = [Aggregate::Rows, Aggregate::Nulls("fare".to_owned()), Aggregate::Nans("fare".to_owned())];
        let sql = format!("select count(*) from rides where at >= '2024-01-11Z' and at < '{end}'");
        compare(name, &client, &sql, &sources, span, &asks).await;
    }
    std::fs::remove_dir_all(folder).expect("removed");
}
