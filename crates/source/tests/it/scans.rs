//! Chunks: their size, order, values and validity.

use std::fmt::Write;

use watchkeeper_engine::ports::frame::Values;

use crate::workspace::{Workspace, chunks, integers, open};

#[tokio::test]
async fn chunks_hold_at_most_65_536_rows_in_order() {
    let workspace = Workspace::new().files("long", "long.csv", None);
    let mut text = "id\n".to_owned();
    (0..70_000).for_each(|id| writeln!(text, "{id}").expect("written"));
    workspace.write("long.csv", text);
    for sources in [workspace.held(), workspace.streamed()] {
        let frame = open(&sources, "long").await;
        let wanted: Vec<i64> = (0..70_000).collect();
        assert_eq!(integers(&frame, "id").await, wanted);
        for chunk in chunks(&frame, &["id"]).await {
            let Values::Integers(values) = &chunk[0].values else { panic!("integers") };
            assert!((1..=65_536).contains(&values.len()));
            assert_eq!(chunk[0].validity, None);
        }
    }
}

#[tokio::test]
async fn columns_come_as_asked_even_twice_and_nulls_as_defaults() {
    let workspace = Workspace::new().files("t", "t.csv", None);
    workspace.write("t.csv", "a,b,c,d,e\n1,x,true,2024-01-01,\n,,,,2.5\n3,y,false,2024-01-02,1.5\n");
    for sources in [workspace.held(), workspace.streamed()] {
        let frame = open(&sources, "t").await;
        let found = chunks(&frame, &["e", "a", "e", "b", "c", "d"]).await;
        assert_eq!(found.len(), 1);
        let values: Vec<&Values> = found[0].iter().map(|column| &column.values).collect();
        assert_eq!(*values[0], Values::Numbers(vec![0.0, 2.5, 1.5]));
        assert_eq!(*values[1], Values::Integers(vec![1, 0, 3]));
        assert_eq!(values[2], values[0]);
        assert_eq!(*values[3], Values::Texts(vec!["x".into(), String::new(), "y".into()]));
        assert_eq!(*values[4], Values::Booleans(vec![true, false, false]));
        assert_eq!(*values[5], Values::Times(vec![1_704_067_200_000_000, 0, 1_704_153_600_000_000]));
        assert_eq!(found[0][0].validity, Some(vec![0b110]));
        assert_eq!(found[0][1].validity, Some(vec![0b101]));
    }
}

#[tokio::test]
async fn only_columns_that_are_there_and_readable_are_scanned() {
    let workspace = Workspace::new().files("t", "t.jsonl", None);
    workspace.write("t.jsonl", "{\"income\":1,\"list\":[1,2]}\n");
    let frame = open(&workspace.held(), "t").await;
    for (columns, wanted) in [
        (vec!["incom".to_owned()], "source `t`: there is no column `incom`; did you mean `income`?"),
        (vec!["list".to_owned()], "which can only be counted, not read; convert it in a view"),
        (vec![], "source `t`: a scan names no column; name at least one"),
    ] {
        let Err(error) = frame.scan(&columns).await else { panic!("scanned {columns:?}") };
        assert!(error.message.contains(wanted), "{error}");
    }
}
