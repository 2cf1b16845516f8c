//! Files that change: from one to the next, under a reader, and in the middle of a line.

use std::fs::OpenOptions;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use datafusion::arrow::array::{
    ArrayRef, Float64Array, Int32Array, Int64Array, StringArray, TimestampMicrosecondArray,
};
use watchkeeper_engine::ports::frame::{Aggregate, Answer, Frame, FrameError, FrameFault, Sources, Span};

use crate::workspace::{Workspace, ask, count, integers, named, open, span};

const DAY: i64 = 86_400_000_000;

/// Midnights of some days from 2024-01-01 on.
fn days(days: std::ops::Range<i64>) -> ArrayRef {
    let at = days.map(|day| Some(1_704_067_200_000_000 + day * DAY)).collect::<TimestampMicrosecondArray>();
    Arc::new(at.with_timezone("UTC"))
}

fn columns(frame: &Arc<dyn Frame>) -> Vec<(String, String)> {
    frame.fields().iter().map(|field| (field.name.clone(), field.data_type.clone())).collect()
}

/// January has an income as a number; February none; March one as a text and a wider identifier.
fn three_months() -> Workspace {
    let workspace = Workspace::new().files("loans", "*.parquet", Some("at"));
    let numbers = |values: [i32; 2]| -> ArrayRef { Arc::new(Int32Array::from(values.to_vec())) };
    let income: ArrayRef = Arc::new(Float64Array::from(vec![1.5, 2.5]));
    workspace.parquet("a.parquet", vec![("id", numbers([1, 2])), ("at", days(0..2)), ("income", income)]);
    workspace.parquet("b.parquet", vec![("id", numbers([3, 4])), ("at", days(31..33))]);
    let (wide, text): (ArrayRef, ArrayRef) =
        (Arc::new(Int64Array::from(vec![5, 6])), Arc::new(StringArray::from(vec!["7", "n/k"])));
    workspace.parquet("c.parquet", vec![("id", wide), ("at", days(60..62)), ("income", text)]);
    workspace
}

#[tokio::test]
async fn the_newest_file_of_a_window_says_which_columns_there_are() {
    let workspace = three_months();
    for sources in [workspace.held(), workspace.streamed()] {
        let opened = async |from: &str, to: &str| sources.open(&named("loans"), span(from, to)).await.expect("opened");
        let january = opened("2024-01-01T00:00:00Z", "2024-02-01T00:00:00Z").await;
        let names: Vec<_> = columns(&january).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["id", "at", "income"]);
        assert_eq!(ask(&january, Aggregate::Mean("income".into())).await, Answer::Number(Some(2.0)));

        // A column that is gone from the newest file is gone.
        let february = opened("2024-01-15T00:00:00Z", "2024-02-03T00:00:00Z").await;
        assert_eq!(columns(&february).len(), 2, "{:?}", columns(&february));
        // One of another type is of that type, and the rows before it are read as it.
        let all = opened("2024-01-01T00:00:00Z", "2024-04-01T00:00:00Z").await;
        let all_columns = columns(&all);
        assert_eq!(all_columns[0], ("id".to_owned(), "Int64".to_owned()));
        assert_eq!(all_columns[2], ("income".to_owned(), "Utf8".to_owned()));
        assert_eq!(integers(&all, "id").await, [1, 2, 3, 4, 5, 6]);
        assert_eq!(ask(&all, Aggregate::Nulls("income".into())).await, Answer::Count(2));
        let top = ask(&all, Aggregate::Top("income".into(), 1)).await;
        assert_eq!(top, Answer::Groups(vec![("1.5".to_owned(), 1)]));
        // Without a window, the newest rows' file.
        let whole = open(&sources, "loans").await;
        assert_eq!(columns(&whole), all_columns);
    }
}

#[tokio::test]
async fn what_cannot_be_read_as_the_newest_type_is_a_matter_of_its_column() {
    let workspace = Workspace::new().files("a", "*.jsonl", None);
    workspace.write("1.jsonl", "{\"id\": 1, \"user\": \"u1\", \"n\": 4}\n");
    workspace.write("2.jsonl", "{\"id\": 2, \"user\": 7, \"n\": 5}\n{\"id\": 3, \"user\": 8, \"n\": 6}\n");
    for sources in [workspace.held(), workspace.streamed()] {
        let frame = open(&sources, "a").await;
        assert_eq!(ask(&frame, Aggregate::Mean("n".into())).await, Answer::Number(Some(5.0)));
        assert_eq!(integers(&frame, "id").await, [1, 2, 3]);
        let error = frame.aggregate(&[Aggregate::Mean("user".into())]).await.expect_err("a text");
        assert_eq!(error.fault, FrameFault::Malformed);
        assert!(error.message.contains("u1"), "{error}");
    }
}

#[tokio::test]
async fn a_field_of_two_kinds_concerns_nobody_who_does_not_ask_for_it() {
    let workspace = Workspace::new().files("a", "a.jsonl", None);
    workspace.write("a.jsonl", "{\"user\": 12, \"ms\": 1}\n{\"user\": \"u12\", \"ms\": 3}\n");
    for sources in [workspace.held(), workspace.streamed()] {
        let frame = open(&sources, "a").await;
        assert_eq!(ask(&frame, Aggregate::Mean("ms".into())).await, Answer::Number(Some(2.0)));
        let error = frame.aggregate(&[Aggregate::Distinct("user".into())]).await.expect_err("two kinds");
        assert!(error.message.contains("line 1 of ") && error.message.contains("a.jsonl"), "{error}");
        assert!(error.message.contains("`user`") && error.message.contains("12"), "{error}");
    }
}

#[tokio::test]
async fn integers_beyond_the_signed_ones_are_read_where_they_can_be() {
    let workspace = Workspace::new().files("a", "a.parquet", None);
    let id = datafusion::arrow::array::UInt64Array::from(vec![7, u64::MAX, 9_223_372_036_854_775_813, u64::MAX]);
    let x: ArrayRef = Arc::new(Float64Array::from(vec![1.0, 2.0, 3.0, 6.0]));
    workspace.parquet("a.parquet", vec![("id", Arc::new(id)), ("x", x)]);
    for sources in [workspace.held(), workspace.streamed()] {
        let frame = open(&sources, "a").await;
        assert_eq!(ask(&frame, Aggregate::Nulls("id".into())).await, Answer::Count(0));
        assert_eq!(ask(&frame, Aggregate::Mean("x".into())).await, Answer::Number(Some(3.0)));
        assert_eq!(ask(&frame, Aggregate::Distinct("id".into())).await, Answer::Count(3));
        let top = ask(&frame, Aggregate::Top("id".into(), 2)).await;
        assert_eq!(top, Answer::Groups(vec![(u64::MAX.to_string(), 2), ("7".to_owned(), 1)]));
        assert_eq!(ask(&frame, Aggregate::Maximum("id".into())).await, Answer::Number(Some(u64::MAX as f64)));
        let mut scan = frame.scan(&["id".into()]).await.expect("a scan");
        let error = scan.next().await.expect_err("no signed integer");
        assert!(error.message.contains("18446744073709551615, which is beyond 2^63"), "{error}");
    }
}

#[tokio::test]
async fn a_time_without_a_zone_is_utc_beside_one_of_any_zone() {
    let workspace = Workspace::new().files("a", "a.parquet", Some("at"));
    let at = [0, 1, 2].map(|day| Some(1_704_067_200_000_000 + day * DAY));
    let at = at.into_iter().collect::<TimestampMicrosecondArray>().with_timezone("Asia/Tokyo");
    workspace.parquet("a.parquet", vec![("at", Arc::new(at))]);
    for sources in [workspace.held(), workspace.streamed()] {
        let frame = open(&sources, "a").await;
        let later = frame.query("select at from input where at >= '2024-01-02T00:00:00'").await.expect("a query");
        assert_eq!(count(&later).await, 2);
        let windowed = sources.open(&named("a"), span("2024-01-02T00:00:00Z", "")).await.expect("opened");
        assert_eq!(count(&windowed).await, 2);
    }
}

#[tokio::test]
async fn days_that_are_none_and_days_far_away_concern_nobody_else() {
    let workspace = Workspace::new().files("a", "a.csv", Some("at"));
    let rows = "at,born,until,x\n2024-01-01T00:00:00Z,0000-00-00,9999-12-31T23:59:59.123456789,1\n\
                2024-01-02T00:00:00Z,1990-01-01,2024-01-02T00:00:00.123456789,3\n";
    workspace.write("a.csv", rows);
    for sources in [workspace.held(), workspace.streamed()] {
        let frame =
            sources.open(&named("a"), span("2024-01-01T00:00:00Z", "2024-02-01T00:00:00Z")).await.expect("opened");
        assert_eq!(ask(&frame, Aggregate::Mean("x".into())).await, Answer::Number(Some(2.0)));
        let error = frame.aggregate(&[Aggregate::Distinct("born".into())]).await.expect_err("no day");
        assert!(error.message.contains("a.csv is time: line 2 of it holds `0000-00-00`"), "{error}");
    }
}

fn age(workspace: &Workspace, file: &str, seconds: u64) {
    let file = OpenOptions::new().append(true).open(workspace.path(file)).expect("a file");
    let then = file.metadata().and_then(|it| it.modified()).expect("a time") - Duration::from_secs(seconds);
    file.set_modified(then).expect("set");
}

#[tokio::test]
async fn a_line_that_is_being_written_is_no_value_yet() {
    for (file, whole, torn) in
        [("a.csv", "id,ms\n1,2130\n", "2,12"), ("a.jsonl", "{\"id\": 1, \"ms\": 2130}\n", "{\"id\": 2, \"ms\": 12")]
    {
        let workspace = Workspace::new().files("a", file, None);
        workspace.write(file, format!("{whole}{torn}"));
        for sources in [workspace.held(), workspace.streamed()] {
            let frame = open(&sources, "a").await;
            assert_eq!(ask(&frame, Aggregate::Minimum("ms".into())).await, Answer::Number(Some(2_130.0)), "{file}");
            assert_eq!(count(&frame).await, 1);
        }
    }
    // What nobody writes to any more ends where it ends.
    let workspace = Workspace::new().files("a", "a.csv", None);
    workspace.write("a.csv", "id,ms\n1,2130\n2,12");
    let sources = workspace.held();
    assert_eq!(count(&open(&sources, "a").await).await, 1);
    age(&workspace, "a.csv", 60);
    assert_eq!(count(&open(&sources, "a").await).await, 2);
}

#[tokio::test]
async fn a_streamed_log_is_read_as_far_as_it_was_when_it_was_opened() {
    let workspace = Workspace::new().files("a", "a.csv", None);
    workspace.write("a.csv", "id\n1\n2\n");
    let sources = workspace.streamed();
    let moment = sources.moment();
    let frame = moment.open(&named("a"), Span::default()).await.expect("opened");
    assert_eq!(count(&frame).await, 2);
    let mut log = OpenOptions::new().append(true).open(workspace.path("a.csv")).expect("a file");
    log.write_all(b"3\n4\n").expect("written");
    assert_eq!(count(&frame).await, 2, "what is written later is another state");
    moment.unmoved().await.expect("a log that grows is what it was");
    assert_eq!(count(&open(&sources, "a").await).await, 4);
}

#[tokio::test]
async fn a_file_that_is_replaced_or_gone_while_it_is_read_is_said() {
    for gone in [false, true] {
        let workspace = Workspace::new().files("a", "*.csv", None);
        workspace.write("a.csv", "id\n1\n2\n").write("b.csv", "id\n3\n");
        let sources = workspace.streamed();
        let moment = sources.moment();
        let frame = moment.open(&named("a"), Span::default()).await.expect("opened");
        assert_eq!(count(&frame).await, 3);
        if gone {
            std::fs::remove_file(workspace.path("b.csv")).expect("removed");
        } else {
            workspace.write("new", "id\n3\n4\n5\n");
            std::fs::rename(workspace.path("new"), workspace.path("b.csv")).expect("moved");
        }
        let greatest = [Aggregate::Maximum("id".to_owned())];
        let FrameError { fault, message } = frame.aggregate(&greatest).await.expect_err("moved");
        assert_eq!(fault, FrameFault::Moved, "{message}");
        assert!(message.contains("b.csv changed while it was read"), "{message}");
        assert_eq!(moment.unmoved().await.expect_err("moved").fault, FrameFault::Moved);
    }
}

#[tokio::test]
async fn a_sqlite_file_that_is_written_while_it_is_read_is_one_state_or_said() {
    for journal in ["wal", "delete"] {
        let workspace = Workspace::new().database(
            "a",
            watchkeeper_model::DatabaseServer::Sqlite("a.db".into()),
            watchkeeper_model::DatabaseRows::Table("t".into()),
            None,
        );
        let writer = rusqlite::Connection::open(workspace.path("a.db")).expect("a file");
        writer
            .execute_batch(&format!(
                "pragma journal_mode = {journal}; create table t (a int); insert into t values (1)"
            ))
            .expect("a table");
        let sources = workspace.held();
        let moment = sources.moment();
        let frame = moment.open(&named("a"), Span::default()).await.expect("opened");
        assert_eq!(count(&frame).await, 1);
        writer.execute_batch("insert into t values (2)").expect("no reader keeps a writer out");
        match journal {
            "wal" => {
                assert_eq!(count(&frame).await, 1);
                moment.unmoved().await.expect("a transaction sees one state");
            }
            _ => {
                let moved = moment.unmoved().await.expect_err("moved");
                assert_eq!(moved.fault, FrameFault::Moved);
                assert!(moved.message.contains("a.db changed while it was read"), "{moved}");
            }
        }
        moment.end();
        assert_eq!(count(&frame).await, 2);
    }
}
