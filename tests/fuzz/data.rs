//! Files of data: Parquet, CSV and JSON lines.

use std::{collections::BTreeMap, fs, panic::AssertUnwindSafe, sync::Arc};

use datafusion::{
    arrow::{
        array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray},
        datatypes::Schema,
    },
    parquet::{arrow::ArrowWriter, basic::Compression, file::properties::WriterProperties},
};
use tokio::runtime::Runtime;
use watchkeeper_engine::ports::frame::{Aggregate, FrameError, Sources, Span};
use watchkeeper_model::{FilesSource, Name, Source, SourceKind};
use watchkeeper_source::DataSources;

use crate::fuzz;

/// Reads everything there is.
async fn read(sources: &DataSources, name: &Name) -> Result<(), FrameError> {
    let frame = sources.open(name, Span::default()).await?;
    frame.aggregate(&[Aggregate::Rows]).await?;
    let columns: Vec<String> = frame.fields().iter().map(|field| field.name.clone()).collect();
    let mut scan = frame.scan(&columns).await?;
    while scan.next().await?.is_some() {}
    Ok(())
}

fn mutate_files(name: &'static str, file: &str, inputs: &[Vec<u8>], words: &'static [&'static str]) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let source = Name::parse("a").expect("a name");
    let kind = SourceKind::Files(FilesSource { path: file.to_owned(), ..FilesSource::default() });
    let sources = BTreeMap::from([(source.clone(), Source { time_column: None, kind })]);
    let runtime = Runtime::new().expect("a runtime");
    fuzz(name, inputs, words, |bytes| {
        fs::write(folder.path().join(file), bytes).expect("written");
        for limit in [0, 1 << 20] {
            let sources = DataSources::new(folder.path(), sources.clone()).with_memory_limit(limit);
            // Refused or read; a panic would go through here.
            let ended = std::panic::catch_unwind(AssertUnwindSafe(|| runtime.block_on(read(&sources, &source))));
            if let Err(FrameError { message, .. }) = ended.expect("no panic leaves a source") {
                assert!(message.starts_with("source `a`: ") && !message.contains('\n'), "{message}");
            }
        }
    });
}

fn batch() -> RecordBatch {
    let columns: [(&str, ArrayRef); 3] = [
        ("id", Arc::new(Int64Array::from_iter_values(0..50))),
        ("x", Arc::new(Float64Array::from_iter((0..50).map(|i| (i % 7 > 0).then_some(f64::from(i)))))),
        ("city", Arc::new(StringArray::from_iter_values((0..50).map(|i| format!("city {}", i % 3))))),
    ];
    RecordBatch::try_from_iter(columns).expect("columns of one length")
}

fn parquet(compression: Compression) -> Vec<u8> {
    let (mut bytes, batch) = (Vec::new(), batch());
    let properties = WriterProperties::builder().set_compression(compression).build();
    let schema: Arc<Schema> = batch.schema();
    let mut writer = ArrowWriter::try_new(&mut bytes, schema, Some(properties)).expect("opened");
    writer.write(&batch).expect("written");
    writer.close().expect("closed");
    bytes
}

#[test]
fn parquet_files() {
    let inputs = [Compression::UNCOMPRESSED, Compression::ZSTD(Default::default())].map(parquet);
    mutate_files("parquet", "a.parquet", &inputs, &["PAR1", "\u{0}\u{0}\u{0}\u{0}", "\u{7f}", "city"]);
}

#[test]
fn csv_files() {
    let inputs = ["id,x,city,at\n1,2.5,a,2026-01-01\n2,,\"b, c\",2026-01-02T00:00:00Z\n".into()];
    mutate_files(
        "csv",
        "a.csv",
        &inputs,
        &["\"", "\"\"", ",", "\n", "\r\n", "\u{feff}", "nan", "1e999", "\u{0}", "é", ";"],
    );
}

#[test]
fn json_lines() {
    let inputs =
        ["{\"id\":1,\"x\":2.5,\"city\":\"a\"}\n{\"id\":2,\"x\":null,\"tags\":[1,2],\"o\":{\"k\":true}}\n".into()];
    mutate_files(
        "jsonl",
        "a.jsonl",
        &inputs,
        &["{", "}", "[", "]", "\"", ":", ",", "null", "1e999", "\\ud800", "\n", "\u{0}"],
    );
}
