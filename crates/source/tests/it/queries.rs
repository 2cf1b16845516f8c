//! SQL over a frame: its window only, and nothing but reading.

use std::sync::Arc;
use std::time::Duration;

use watchkeeper_engine::ports::frame::{Aggregate, Answer, Sources};
use watchkeeper_engine::ports::memory::Memory;

use crate::workspace::{Workspace, ask, integers, named, open, span};

fn days() -> Workspace {
    let workspace = Workspace::new().files("days", "days.csv", Some("at"));
    workspace.write("days.csv", "id,Kind,at\n1,a,2024-01-01\n2,b,2024-01-02\n3,a,2024-01-03\n");
    workspace
}

#[tokio::test]
async fn a_query_sees_the_window_and_nothing_else() {
    let workspace = days();
    for sources in [workspace.held(), workspace.streamed()] {
        let frame = sources.open(&named("days"), span("2024-01-02T00:00:00Z", "")).await.expect("opened");
        let sum = frame.query("with kinds as (select Kind, SUM(id) as total from input group by Kind) select total from kinds order by total").await.expect("a query");
        assert_eq!(integers(&sum, "total").await, [2, 3]);
        assert_eq!(sum.time_column(), None);
        let again = sum.query("select max(total) as most from input").await.expect("a query of a query");
        assert_eq!(ask(&again, Aggregate::Maximum("most".into())).await, Answer::Number(Some(3.0)));
    }
}

#[tokio::test]
async fn a_query_can_only_read_its_input() {
    let workspace = days();
    let secret = workspace.write("secret.csv", "id\n1\n").path("secret.csv");
    let frame = open(&workspace.held(), "days").await;
    let file = secret.display();
    for sql in [
        "drop table input".to_owned(),
        "create table t as select 1".to_owned(),
        "insert into input values (1, 'a', '2024-01-01')".to_owned(),
        format!("copy input to '{file}.out'"),
        format!("create external table t stored as csv location '{file}'"),
        format!("select * from '{file}'"),
        format!("select * from \"{file}\""),
        format!("select * from read_csv('{file}')"),
        "select * from days".to_owned(),
        "select * from information_schema.tables".to_owned(),
        "show tables".to_owned(),
        "explain select 1".to_owned(),
        "set datafusion.execution.batch_size = 1".to_owned(),
        "select random() from input".to_owned(),
        "select current_date from input".to_owned(),
        "select 1; drop table input".to_owned(),
        String::new(),
    ] {
        let Err(error) = frame.query(&sql).await else { panic!("`{sql}` was run") };
        assert!(
            error.message.starts_with("source `days`: the SQL ") && !error.message.contains('\n'),
            "{sql}: {error}"
        );
    }
    assert!(!workspace.path("secret.csv.out").exists());
}

#[tokio::test]
async fn a_query_that_fails_on_the_rows_says_why() {
    let frame = open(&days().held(), "days").await;
    let Err(error) = frame.query("select cast(Kind as int) as n from input").await else {
        panic!("letters are no numbers")
    };
    assert!(error.message.contains("the SQL failed: ") && error.message.contains("'a'"), "{error}");
}

#[tokio::test]
async fn a_query_without_an_end_stops_with_its_run() {
    let frame = open(&days().held(), "days").await;
    let memory = Memory::new(64 << 20);
    let endless = "with recursive t as (select 1 as n union all select n + 1 from t) select max(n) as most from t";
    let asked = tokio::spawn({
        let memory = Arc::clone(&memory);
        async move { frame.query_in(endless, &memory).await.map(drop) }
    });
    let under_way = async {
        while memory.held() == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), under_way).await.expect("it holds something");
    memory.close();
    let ended = tokio::time::timeout(Duration::from_secs(20), asked).await.expect("it stops").expect("no panic");
    assert!(ended.is_err_and(|error| error.message.contains("is over")));
}

#[tokio::test]
async fn queries_over_queries_go_so_deep_and_no_deeper() {
    let mut frame = open(&days().held(), "days").await;
    for _ in 0..16 {
        frame = frame.query("select * from input").await.expect("a query of a query");
    }
    let Err(error) = frame.query("select * from input").await else { panic!("it goes on") };
    assert!(error.message.contains("a query over 16 queries"), "{error}");
}
