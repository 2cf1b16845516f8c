//! Windows at their edges, and files that change between opens.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Date32Array, Int64Array, TimestampNanosecondArray, TimestampSecondArray};
use watchkeeper_engine::ports::frame::{Sources, Span};

use crate::workspace::{Workspace, count, integers, named, open, refused, span};

const DAY: i64 = 86_400;

#[tokio::test]
async fn a_window_holds_its_start_and_not_its_end() {
    let workspace = Workspace::new()
        .files("text", "text.jsonl", Some("at"))
        .files("second", "second.parquet", Some("at"))
        .files("nano", "nano.parquet", Some("at"))
        .files("day", "day.parquet", Some("at"));
    workspace.write(
        "text.jsonl",
        "{\"id\":3,\"at\":\"1970-01-04\"}\n{\"id\":1,\"at\":\"1970-01-02 00:00:00\"}\n{\"id\":9}\n{\"id\":2,\"at\":\"1970-01-03T00:00:00Z\"}\n",
    );
    let ids: ArrayRef = Arc::new(Int64Array::from(vec![3, 1, 9, 2]));
    let days = [Some(3_i64), Some(1), None, Some(2)];
    let second: ArrayRef = Arc::new(TimestampSecondArray::from_iter(days.map(|day| day.map(|day| day * DAY))));
    let nano: ArrayRef =
        Arc::new(TimestampNanosecondArray::from_iter(days.map(|day| day.map(|day| day * DAY * 1_000_000_000))));
    let day: ArrayRef = Arc::new(Date32Array::from_iter(days.map(|day| day.map(|day| day as i32))));
    for (file, at) in [("second.parquet", second), ("nano.parquet", nano), ("day.parquet", day)] {
        workspace.parquet(file, vec![("id", Arc::clone(&ids)), ("at", at)]);
    }
    for sources in [workspace.held(), workspace.streamed()] {
        for name in ["text", "second", "nano", "day"] {
            for (span, wanted) in [
                (span("1970-01-02T00:00:00Z", "1970-01-04T00:00:00Z"), vec![1, 2]),
                (span("1970-01-02T00:00:00.000001Z", ""), vec![2, 3]),
                (span("", "1970-01-03T00:00:00.000001Z"), vec![1, 2]),
                (span("1970-01-04T00:00:00Z", "1970-01-02T00:00:00Z"), vec![]),
                (Span::default(), vec![1, 2, 3, 9]),
            ] {
                let frame = sources.open(&named(name), span).await.expect("opened");
                let mut ids = integers(&frame, "id").await;
                ids.sort_unstable();
                assert_eq!(ids, wanted, "{name} {span:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_window_over_a_folder_holds_the_same_rows_whichever_files_it_opens() {
    let mut workspace = Workspace::new();
    // Hours out of order, an overlap, an empty file, nanoseconds between two microseconds; and one without a time.
    let hour = 3_600_000_000_000_i64;
    let files: [(&str, Vec<Option<i64>>); 6] = [
        ("a", vec![Some(5 * hour), Some(6 * hour - 1)]),
        ("b", vec![Some(0), Some(1), Some(hour - 1)]),
        ("c", vec![]),
        ("d", vec![Some(hour), Some(3 * hour - 999)]),
        ("e", vec![Some(2 * hour + 500), Some(4 * hour)]),
        ("f", vec![Some(7 * hour), Some(8 * hour)]),
    ];
    for folder in ["timed", "gap"] {
        std::fs::create_dir(workspace.path(folder)).expect("made");
        workspace = workspace.files(folder, folder, Some("at"));
        for (place, (file, times)) in (0..).zip(&files) {
            let mut times = times.clone();
            times.extend((folder == "gap" && *file == "d").then_some(None));
            let ids: ArrayRef =
                Arc::new(Int64Array::from_iter_values((0..).take(times.len()).map(|row| place * 10 + row)));
            let at: ArrayRef = Arc::new(TimestampNanosecondArray::from(times));
            workspace.parquet(&format!("{folder}/{file}.parquet"), vec![("id", ids), ("at", at)]);
        }
    }
    let edges = ["", "1970-01-01T00:00:00Z", "1970-01-01T01:00:00Z", "1970-01-01T02:00:00.000001Z"];
    let edges = [&edges[..], &["1970-01-01T03:00:00Z", "1970-01-01T04:00:00Z", "1970-01-01T06:00:00Z"]].concat();
    let edges = [&edges[..], &["1970-01-01T06:30:00Z", "1970-01-01T08:00:00Z", "1970-01-01T09:00:00Z"]].concat();
    let (held, streamed) = (workspace.held(), workspace.streamed());
    for (start, end) in edges.iter().flat_map(|start| edges.iter().map(move |end| (start, end))) {
        for folder in ["timed", "gap"] {
            let mut seen = Vec::new();
            for sources in [&held, &streamed] {
                let frame = sources.open(&named(folder), span(start, end)).await.expect("opened");
                let mut ids = integers(&frame, "id").await;
                ids.sort_unstable();
                assert_eq!(count(&frame).await, ids.len() as u64, "{folder} [{start}, {end})");
                seen.push(ids);
            }
            assert_eq!(seen[0], seen[1], "{folder} [{start}, {end})");
        }
    }
}

#[tokio::test]
async fn rows_held_in_memory_come_by_time_and_then_as_the_file_gives_them() {
    let workspace = Workspace::new().files("log", "log.csv", Some("at"));
    workspace.write("log.csv", "id,at\n5,2024-01-03\n1,2024-01-02\n9,\n2,2024-01-02\n0,2024-01-01\n");
    assert_eq!(integers(&open(&workspace.held(), "log").await, "id").await, [0, 1, 2, 5, 9]);
}

#[tokio::test]
async fn a_file_replaced_between_opens_is_seen() {
    let workspace = Workspace::new().files("log", "log.csv", None).files("all", "in/*.csv", None).view(
        "both",
        &["log", "all"],
        "select id from log union all select id from \"all\"",
        None,
    );
    workspace.write("log.csv", "id\n1\n").write("in/a.csv", "id\n2\n");
    for sources in [workspace.held(), workspace.streamed()] {
        workspace.write("log.csv", "id\n1\n").write("in/a.csv", "id\n2\n");
        std::fs::remove_file(workspace.path("in/b.csv")).ok();
        let before = open(&sources, "both").await;
        assert_eq!(integers(&before, "id").await, [1, 2]);
        std::fs::rename(workspace.write("new", "id\n7\n").path("new"), workspace.path("log.csv")).expect("renamed");
        workspace.write("in/b.csv", "id\n3\n");
        assert_eq!(integers(&open(&sources, "log").await, "id").await, [7]);
        assert_eq!(integers(&open(&sources, "all").await, "id").await, [2, 3]);
        assert_eq!(integers(&open(&sources, "both").await, "id").await, [7, 2, 3]);
    }
}

#[tokio::test]
async fn a_window_needs_a_time_column_that_holds_times() {
    let workspace = Workspace::new()
        .files("none", "a.csv", None)
        .files("number", "a.csv", Some("id"))
        .files("absent", "a.csv", Some("a"))
        .files("words", "a.csv", Some("word"));
    workspace.write("a.csv", "id,at,word\n1,2024-01-01,soon\n");
    let day = span("2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z");
    let sources = workspace.held();
    let error = refused(&sources, "none", day).await;
    assert_eq!(error, "source `none`: a window is asked of it, but it has no time column; set its `time_column`");
    let error = refused(&sources, "number", day).await;
    assert!(error.starts_with("source `number`: its time column `id` is Int64, not a time; store it as"), "{error}");
    let error = refused(&sources, "absent", day).await;
    assert!(error.contains("its `time_column` names `a`, which is not a column; "), "{error}");
    let error = refused(&sources, "words", day).await;
    assert!(error.contains("its time column `word` holds what is not a time"), "{error}");
    let frame = workspace.streamed().open(&named("words"), day).await.expect("not read yet");
    let error = frame.aggregate(&[watchkeeper_engine::ports::frame::Aggregate::Rows]).await.expect_err("words");
    assert!(error.message.contains("soon"), "{error}");
}
