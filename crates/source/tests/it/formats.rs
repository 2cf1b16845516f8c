//! Every format, a folder, a glob, and files without rows.

use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BooleanArray, Decimal128Array, DictionaryArray, Int32Array, LargeStringArray, TimestampMillisecondArray,
};
use datafusion::arrow::datatypes::Int32Type;
use watchkeeper_engine::ports::frame::{Aggregate, Answer, FieldKind};

use crate::workspace::{Workspace, ask, count, integers, open, refused, span};

fn kinds(frame: &Arc<dyn watchkeeper_engine::ports::frame::Frame>) -> Vec<(&str, FieldKind, &str)> {
    frame.fields().iter().map(|field| (field.name.as_str(), field.kind, field.data_type.as_str())).collect()
}

#[tokio::test]
async fn csv_columns_get_their_types_from_all_rows() {
    let workspace = Workspace::new().files("loans", "loans.csv", Some("at"));
    workspace.write(
        "loans.csv",
        "id,income,ok,at,note\n1,2,true,2024-01-01 00:00:00,\"a,\nb\"\n2,2.5,false,2024-01-02 00:00:00,\n",
    );
    let frame = open(&workspace.held(), "loans").await;
    assert_eq!(
        kinds(&frame),
        [
            ("id", FieldKind::Integer, "Int64"),
            ("income", FieldKind::Number, "Float64"),
            ("ok", FieldKind::Flag, "Boolean"),
            ("at", FieldKind::Time, "Timestamp(s)"),
            ("note", FieldKind::Text, "Utf8"),
        ]
    );
    assert_eq!(frame.time_column(), Some("at"));
    assert_eq!(ask(&frame, Aggregate::Nulls("note".into())).await, Answer::Count(1));
    assert_eq!(ask(&frame, Aggregate::Top("note".into(), 9)).await, Answer::Groups(vec![("a,\nb".into(), 1)]));
}

#[tokio::test]
async fn json_lines_and_parquet_read_alike() {
    let workspace = Workspace::new().files("a", "a.jsonl", Some("at")).files("b", "b.parquet", Some("at"));
    workspace.write("a.jsonl", "{\"id\":1,\"at\":\"2024-01-01T00:00:00Z\",\"extra\":{\"x\":1}}\n{\"id\":2,\"at\":\"2024-01-01T02:00:00+01:00\"}\n");
    let ids: ArrayRef = Arc::new(Int32Array::from(vec![1, 2]));
    let at: ArrayRef =
        Arc::new(TimestampMillisecondArray::from(vec![1_704_067_200_000, 1_704_070_800_000]).with_timezone("+02:00"));
    workspace.parquet("b.parquet", vec![("id", ids), ("at", at)]);
    for sources in [workspace.held(), workspace.streamed()] {
        for name in ["a", "b"] {
            let frame = sources_open(&sources, name, span("2024-01-01T01:00:00Z", "")).await;
            assert_eq!(integers(&frame, "id").await, [2], "{name}");
        }
        let frame = open(&sources, "a").await;
        assert_eq!(
            frame.fields().iter().find(|field| field.name == "extra").map(|field| field.kind),
            Some(FieldKind::Other)
        );
        assert_eq!(ask(&frame, Aggregate::Nulls("extra".into())).await, Answer::Count(1));
    }
}

async fn sources_open(
    sources: &watchkeeper_source::DataSources,
    name: &str,
    span: watchkeeper_engine::ports::frame::Span,
) -> Arc<dyn watchkeeper_engine::ports::frame::Frame> {
    use watchkeeper_engine::ports::frame::Sources;
    sources.open(&crate::workspace::named(name), span).await.expect("opened")
}

#[tokio::test]
async fn less_common_arrow_types_are_read_by_kind() {
    let workspace = Workspace::new().files("types", "types.parquet", None);
    let cents: ArrayRef =
        Arc::new(Decimal128Array::from(vec![Some(150), None]).with_precision_and_scale(9, 2).expect("a decimal"));
    let city: ArrayRef = Arc::new(DictionaryArray::<Int32Type>::from_iter(["Ulm", "Bonn"]));
    let large: ArrayRef = Arc::new(LargeStringArray::from(vec!["x", "x"]));
    let flags: ArrayRef = Arc::new(BooleanArray::from(vec![true, false]));
    workspace.parquet("types.parquet", vec![("cents", cents), ("city", city), ("large", large), ("flag", flags)]);
    let frame = open(&workspace.held(), "types").await;
    let found: Vec<FieldKind> = frame.fields().iter().map(|field| field.kind).collect();
    assert_eq!(found, [FieldKind::Number, FieldKind::Text, FieldKind::Text, FieldKind::Flag]);
    assert_eq!(ask(&frame, Aggregate::Mean("cents".into())).await, Answer::Number(Some(1.5)));
    assert_eq!(ask(&frame, Aggregate::Mean("flag".into())).await, Answer::Number(Some(0.5)));
    assert_eq!(ask(&frame, Aggregate::Distinct("city".into())).await, Answer::Count(2));
    assert_eq!(ask(&frame, Aggregate::Distinct("large".into())).await, Answer::Count(1));
}

#[tokio::test]
async fn a_glob_and_a_folder_join_files_in_the_order_of_their_paths() {
    let workspace = Workspace::new().files("glob", "in/2024-*.csv", None).files("folder", "in", None);
    workspace.write("in/2024-02.csv", "id,x\n3,1.5\n").write("in/2024-01.csv", "id,x\n1,1\n2,2\n");
    workspace.write("in/2023-01.csv", "id,x\n0,9\n").write("in/_hidden.csv", "id,x\n7,7\n").write("in/readme.txt", "-");
    workspace.write("in/2024-03.csv", "");
    for sources in [workspace.held(), workspace.streamed()] {
        let frame = open(&sources, "glob").await;
        assert_eq!(integers(&frame, "id").await, [1, 2, 3]);
        assert_eq!(frame.fields()[1].data_type, "Float64", "whole numbers in one file, fractions in another");
        assert_eq!(integers(&open(&sources, "folder").await, "id").await, [0, 1, 2, 3]);
    }
}

#[tokio::test]
async fn an_odd_file_name_is_only_a_name() {
    let workspace = Workspace::new().files("odd", "a b+c=ü.csv", None);
    workspace.write("a b+c=ü.csv", "id\n1\n");
    assert_eq!(count(&open(&workspace.held(), "odd").await).await, 1);
    assert_eq!(count(&open(&workspace.streamed(), "odd").await).await, 1);
}

#[tokio::test]
async fn a_header_without_rows_is_a_table_without_rows() {
    let workspace = Workspace::new().files("none", "none.csv", Some("at")).files("void", "void.csv", None);
    workspace.write("none.csv", "id,at\n").write("void.csv", "");
    for sources in [workspace.held(), workspace.streamed()] {
        let frame = sources_open(&sources, "none", span("2024-01-01T00:00:00Z", "2024-02-01T00:00:00Z")).await;
        let asks = [Aggregate::Rows, Aggregate::Distinct("id".into()), Aggregate::Top("id".into(), 3)];
        let answers = frame.aggregate(&asks).await.expect("answers");
        assert_eq!(answers, [Answer::Count(0), Answer::Count(0), Answer::Groups(vec![])]);
        let error = refused(&sources, "void", span("", "")).await;
        assert!(error.contains("void.csv is empty, so its columns are unknown"), "{error}");
    }
}
