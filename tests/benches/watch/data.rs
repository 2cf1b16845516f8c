//! The data of the benchmarks: seeded, so that it is the same everywhere, and kept, so that it is written once.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use datafusion::{
    arrow::{
        array::{ArrayRef, BooleanArray, Float64Array, RecordBatch, StringArray, TimestampMicrosecondArray},
        datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit},
    },
    parquet::{
        arrow::ArrowWriter,
        basic::{Compression, ZstdLevel},
        file::properties::WriterProperties,
    },
};

use crate::checks;

pub(crate) const NUMBERS: usize = 16;
pub(crate) const TEXTS: usize = 4;
/// Rows of what is compared with.
pub(crate) const BASELINE_ROWS: u64 = 1_000_000;
/// As DuckDB writes them.
const GROUP_ROWS: usize = 122_880;
/// The first row's time: 2026-01-01 UTC, in microseconds.
const START: i64 = 1_767_225_600_000_000;
/// The window that holds all rows, whatever their number.
pub(crate) const DAYS: i64 = 7;
/// Its end.
pub(crate) const END: &str = "2026-01-08T00:00:00Z";

/// What a child is told that writes a file: what a process has once used counts as its children's as well.
pub(crate) const CHILD: &str = "write";

/// The file of so many rows, written unless it is there; the seed makes it another sample of the same.
pub(crate) fn parquet(folder: &Path, name: &str, rows: u64, seed: u64) -> PathBuf {
    let path = folder.join(format!("{name}-{rows}.parquet"));
    if path.is_file() {
        return path;
    }
    eprintln!("writing {}", path.display());
    fs::create_dir_all(folder).expect("a folder");
    let unfinished = path.with_extension("unfinished");
    let own = std::env::current_exe().expect("this binary has a path");
    let mut child = Command::new(own);
    child.arg(CHILD).arg(&unfinished).args([rows.to_string(), seed.to_string()]);
    assert!(child.status().expect("it starts").success(), "{} is not written", path.display());
    fs::rename(&unfinished, &path).expect("it is renamed");
    path
}

/// The child: a path, the rows and the seed.
pub(crate) fn child(arguments: &[String]) {
    let [path, rows, seed] = arguments else { panic!("a path, the rows and the seed") };
    write(path.as_ref(), rows.parse().expect("a number"), seed.parse().expect("a number"));
}

fn write(path: &Path, rows: u64, seed: u64) {
    let mut properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(GROUP_ROWS))
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3).expect("a level")))
        // Numbers that are all different gain nothing by a dictionary; DuckDB writes them without one.
        .set_dictionary_enabled(false);
    for text in checks::texts() {
        properties = properties.set_column_dictionary_enabled(text.into(), true);
    }
    let properties = properties.build();
    let file = File::create(path).expect("it is made");
    let schema = schema();
    let mut writer = ArrowWriter::try_new(file, Arc::clone(&schema), Some(properties)).expect("a writer");
    let mut random = fastrand::Rng::with_seed(seed);
    let step = DAYS * 86_400_000_000 / i64::try_from(rows).expect("not so many");
    let mut written = 0;
    while written < rows {
        let many = (rows - written).min(GROUP_ROWS as u64);
        let batch = batch(&schema, START + step * written.cast_signed(), step, many, &mut random);
        writer.write(&batch).expect("it is written");
        written += many;
    }
    writer.close().expect("it is finished");
}

fn schema() -> SchemaRef {
    let mut fields = vec![Field::new("at", DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), true)];
    fields.extend((0..NUMBERS).map(|place| Field::new(format!("f{place}"), DataType::Float64, true)));
    fields.extend((0..TEXTS).map(|place| Field::new(format!("t{place}"), DataType::Utf8, true)));
    fields.push(Field::new("label", DataType::Float64, true));
    fields.push(Field::new("score", DataType::Float64, true));
    fields.push(Field::new("target", DataType::Float64, true));
    fields.push(Field::new("approved", DataType::Boolean, true));
    fields.push(Field::new("ms", DataType::Float64, true));
    Arc::new(Schema::new(fields))
}

/// Rows of a model's day: features, of which every fourth column has gaps; a score that tells the classes apart; a
/// target that the score misses a little; a flag; a time that each took.
fn batch(schema: &SchemaRef, start: i64, step: i64, rows: u64, random: &mut fastrand::Rng) -> RecordBatch {
    let many = usize::try_from(rows).expect("it fits");
    let times = (0..rows.cast_signed()).map(|row| start + row * step);
    let mut columns: Vec<ArrayRef> =
        vec![Arc::new(TimestampMicrosecondArray::from_iter_values(times).with_timezone("UTC"))];
    for place in 0..NUMBERS {
        let gap = if place % 4 == 0 { 0.02 } else { 0.0 };
        let value = |random: &mut fastrand::Rng| {
            let gone = random.f64() < gap;
            // Of three, so that the middle is likelier than the ends.
            let sum = random.f64() + random.f64() + random.f64();
            (!gone).then_some(sum * (place + 1) as f64)
        };
        columns.push(Arc::new(Float64Array::from_iter((0..many).map(|_| value(random)))));
    }
    for place in 0..TEXTS {
        let kinds = 3_usize.pow(u32::try_from(place).expect("few") + 1);
        let value = |random: &mut fastrand::Rng| format!("kind {}", random.usize(..kinds).min(random.usize(..kinds)));
        columns.push(Arc::new(StringArray::from_iter_values((0..many).map(|_| value(random)))));
    }
    let scores: Vec<f64> = (0..many).map(|_| random.f64()).collect();
    let label = |score: &f64, random: &mut fastrand::Rng| f64::from(u8::from(random.f64() < *score));
    columns.push(Arc::new(Float64Array::from_iter_values(scores.iter().map(|score| label(score, random)))));
    columns.push(Arc::new(Float64Array::from(scores.clone())));
    columns.push(Arc::new(Float64Array::from_iter_values(scores.iter().map(|score| score + random.f64() * 0.1))));
    columns.push(Arc::new(BooleanArray::from_iter((0..many).map(|_| Some(random.f64() < 0.62)))));
    columns.push(Arc::new(Float64Array::from_iter_values((0..many).map(|_| 20.0 / (random.f64() + 0.01)))));
    RecordBatch::try_new(Arc::clone(schema), columns).expect("columns of one length")
}
