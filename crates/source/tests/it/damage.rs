//! Damaged files: what their readers give up on is an error of the source.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Int64Array, StringArray};
use futures::FutureExt;
use watchkeeper_engine::ports::frame::{Aggregate, Answer, FrameError, Sources, Span};
use watchkeeper_source::DataSources;

use crate::workspace::{Workspace, ask, named, open};

/// Reads everything there is, in every way there is.
async fn read(sources: &DataSources) -> Result<(), FrameError> {
    let frame = sources.open(&named("a"), Span::default()).await?;
    frame.aggregate(&[Aggregate::Rows]).await?;
    let columns: Vec<String> = frame.fields().iter().map(|field| field.name.clone()).collect();
    let mut scan = frame.scan(&columns).await?;
    while scan.next().await?.is_some() {}
    frame.query("SELECT count(*) AS n FROM input").await?;
    Ok(())
}

#[tokio::test]
async fn no_byte_of_a_parquet_file_can_end_the_process() {
    let workspace = Workspace::new().files("a", "a.parquet", None);
    let columns: [(&str, ArrayRef); 2] = [
        ("id", Arc::new(Int64Array::from_iter_values(0..40))),
        ("city", Arc::new(StringArray::from_iter_values((0..40).map(|i| format!("city {}", i % 3))))),
    ];
    workspace.parquet("a.parquet", columns.into());
    let whole = std::fs::read(workspace.path("a.parquet")).expect("it was written");
    let mut gave_up = 0;
    for place in 0..whole.len() {
        for damage in [0x63, 0xff] {
            let mut bytes = whole.clone();
            bytes[place] ^= damage;
            workspace.write("a.parquet", bytes);
            for sources in [workspace.held(), workspace.streamed()] {
                let ended = AssertUnwindSafe(read(&sources)).catch_unwind().await;
                let ended = ended.unwrap_or_else(|_| panic!("byte {place} xor {damage:#x} ends the process"));
                gave_up += usize::from(ended.is_err_and(|error| error.message.contains("its reader gave up")));
            }
        }
    }
    assert!(gave_up > 0, "the readers have become careful: is the guard still needed?");
}

/// Forty numbers, 0 to 58.5, in pages with checksums.
const CHECKSUMS: &[u8] = include_bytes!("../data/checksums.parquet");

#[tokio::test]
async fn a_page_that_is_not_what_its_checksum_says_is_an_error() {
    let workspace = Workspace::new().files("a", "a.parquet", None);
    workspace.write("a.parquet", CHECKSUMS);
    let whole = open(&workspace.streamed(), "a").await;
    assert_eq!(ask(&whole, Aggregate::Maximum("x".into())).await, Answer::Number(Some(58.5)));
    let mut bytes = CHECKSUMS.to_vec();
    let place = bytes.windows(8).position(|value| value == 30.0_f64.to_le_bytes()).expect("a value");
    bytes[place] ^= 1;
    workspace.write("a.parquet", bytes);
    for sources in [workspace.held(), workspace.streamed()] {
        let frame = open(&sources, "a").await;
        let error = frame.aggregate(&[Aggregate::Mean("x".into())]).await.expect_err("a bit is wrong");
        assert!(error.message.to_lowercase().contains("crc"), "{error}");
    }
}
