//! How many bytes of a file are read, to the byte: a binary of its own with one test, because what counts is the process.
#![expect(clippy::expect_used, reason = "a broken fixture stops the test")]

use std::{collections::BTreeMap, fs, fs::File, ops::Range, path::Path, sync::Arc};

use datafusion::{
    arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray},
    parquet::{
        arrow::ArrowWriter,
        file::{
            properties::WriterProperties,
            reader::{FileReader as _, SerializedFileReader},
        },
    },
};
use watchkeeper_engine::ports::frame::{Aggregate, Answer, Frame, Sources as _, Span};
use watchkeeper_model::{FilesSource, Name, Source, SourceKind, Time};
use watchkeeper_source::DataSources;

const ROWS: u32 = 300_000;
const GROUP_ROWS: usize = 50_000;
/// Beyond the columns themselves: the footer, and the pages' ends that lie in one read with them.
const SPARE: f64 = 1.02;

/// One row a second, numbers that do not compress.
fn write(path: &Path, rows: Range<u32>) {
    let numbers = |seed: u64| -> ArrayRef {
        let mut state = seed;
        let next = rows.clone().map(move |_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64
        });
        Arc::new(Float64Array::from_iter_values(next))
    };
    let columns: Vec<(&str, ArrayRef)> = vec![
        (
            "at",
            Arc::new(TimestampMicrosecondArray::from_iter_values(rows.clone().map(|row| i64::from(row) * 1_000_000))),
        ),
        ("a", numbers(1)),
        ("b", numbers(2)),
        ("whole", Arc::new(Int64Array::from_iter(rows.clone().map(|row| (row % 3 > 0).then_some(i64::from(row)))))),
        ("text", Arc::new(StringArray::from_iter(rows.clone().map(|row| (row % 5 > 0).then(|| format!("row {row}")))))),
    ];
    let batch = RecordBatch::try_from_iter(columns).expect("columns of one length");
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(GROUP_ROWS)).build();
    let file = File::create(path).expect("made");
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).expect("a writer");
    writer.write(&batch).expect("written");
    writer.close().expect("closed");
}

/// The bytes of a column in all row groups.
fn bytes_of(path: &Path, columns: &[usize]) -> i64 {
    let file = SerializedFileReader::new(File::open(path).expect("a file")).expect("Parquet");
    let groups = file.metadata().row_groups().iter();
    groups.flat_map(|group| columns.iter().map(|column| group.column(*column).compressed_size())).sum()
}

/// The bytes that this process has read so far.
fn read_so_far() -> u64 {
    let said = std::fs::read_to_string("/proc/self/io").expect("Linux says it");
    let line = said.lines().find_map(|line| line.strip_prefix("rchar: ")).expect("a line");
    line.parse().expect("a number")
}

async fn asked(frame: &Arc<dyn Frame>, asks: &[Aggregate]) -> (Vec<Answer>, f64) {
    let before = read_so_far();
    let answers = frame.aggregate(asks).await.expect("answered");
    let own = std::fs::read("/proc/self/io").expect("Linux says it").len() as u64;
    (answers, (read_so_far() - before - 2 * own) as f64)
}

#[tokio::test]
async fn a_question_costs_the_bytes_of_its_columns_once_and_what_the_footer_says_costs_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("rows.parquet");
    write(&path, 0..ROWS);
    let (rows, name) = (u64::from(ROWS), Name::parse("rows").expect("a name"));
    let kind = SourceKind::Files(FilesSource { path: "rows.parquet".to_owned(), ..FilesSource::default() });
    let source = Source { time_column: Some("at".to_owned()), kind };
    let sources = DataSources::new(folder.path(), BTreeMap::from([(name.clone(), source)])).with_memory_limit(0);
    let time = |second: u32| Time::from_timestamp(i64::from(second), 0);
    let all = Span { start: time(0), end: time(ROWS) };
    let column = |name: &str| name.to_owned();

    let frame = sources.open(&name, all).await.expect("opened");
    let said = [
        Aggregate::Rows,
        Aggregate::Nulls(column("whole")),
        Aggregate::Nulls(column("text")),
        Aggregate::Nans(column("whole")),
    ];
    let (answers, read) = asked(&frame, &said).await;
    assert_eq!(answers, [rows, rows / 3, rows / 5, 0].map(Answer::Count));
    assert_eq!(frame.count_to(1).await.expect("counted").rows, Some(rows));
    assert!(read < 1_000.0, "{read} bytes for what the footer says");

    let asks =
        [Aggregate::Rows, Aggregate::Nulls(column("a")), Aggregate::Nans(column("a")), Aggregate::Mean(column("a"))];
    let (_, read) = asked(&frame, &asks).await;
    let needed = bytes_of(&path, &[1]) as f64;
    assert!(read <= needed * SPARE, "{read} bytes for a column of {needed}, in a window that holds the file");

    // A window that cuts the file needs the times as well.
    let cut = Span { start: time(25_000), end: time(ROWS - 25_000) };
    let frame = sources.open(&name, cut).await.expect("opened");
    let (answers, read) = asked(&frame, &[Aggregate::Rows, Aggregate::Mean(column("a"))]).await;
    assert_eq!(answers[0], Answer::Count(rows - 50_000));
    let needed = bytes_of(&path, &[0, 1]) as f64;
    assert!(read <= needed * SPARE, "{read} bytes for two columns of {needed}");
    let before = read_so_far();
    assert_eq!(frame.count_to(1).await.expect("counted").rows, Some(rows - 50_000));
    assert!(read_so_far() - before < 1_000, "they were counted on the way");

    // Many that look at the same rows at the same time read them once.
    let mut frames = Vec::new();
    for _ in 0..6 {
        frames.push(sources.open(&name, all).await.expect("opened"));
    }
    let asks = [["a", "a"], ["a", "b"], ["b", "b"]].map(|columns| columns.map(|name| Aggregate::Mean(column(name))));
    let before = read_so_far();
    let asking = frames.iter().zip(asks.iter().cycle()).map(|(frame, asks)| frame.aggregate(asks));
    let answers = futures::future::try_join_all(asking).await.expect("answered");
    let read = (read_so_far() - before) as f64;
    assert_eq!((&answers[1][0], &answers[1][1]), (&answers[0][0], &answers[2][0]));
    let needed = bytes_of(&path, &[1, 2]) as f64;
    assert!(read <= needed * SPARE, "{read} bytes by six for two columns of {needed}");

    a_window_opens_the_files_that_it_needs(folder.path()).await;
}

/// A folder of a file an hour, of which a window holds some, cuts one at either end, and needs no others.
async fn a_window_opens_the_files_that_it_needs(workspace: &Path) {
    const HOURS: u32 = 12;
    let folder = workspace.join("hours");
    fs::create_dir(&folder).expect("made");
    let file = |hour: u32| folder.join(format!("{hour:02}.parquet"));
    (0..HOURS).for_each(|hour| write(&file(hour), hour * 3_600..(hour + 1) * 3_600));
    let name = Name::parse("hours").expect("a name");
    let kind = SourceKind::Files(FilesSource { path: "hours".to_owned(), ..FilesSource::default() });
    let source = Source { time_column: Some("at".to_owned()), kind };
    let sources = DataSources::new(workspace, BTreeMap::from([(name.clone(), source)])).with_memory_limit(0);
    let time = |second: u32| Time::from_timestamp(i64::from(second), 0);
    let asks = [Aggregate::Rows, Aggregate::Nulls("whole".to_owned()), Aggregate::Mean("a".to_owned())];
    // The first look learns what each file says.
    drop(sources.open(&name, Span::default()).await.expect("opened"));

    let whole_hours = Span { start: time(3 * 3_600), end: time(6 * 3_600) };
    let frame = sources.open(&name, whole_hours).await.expect("opened");
    let (answers, read) = asked(&frame, &asks[..2]).await;
    assert_eq!(answers, [3 * 3_600, 3_600].map(Answer::Count));
    assert!(read < 1_000.0, "{read} bytes for what the footers say");
    let (_, read) = asked(&frame, &asks).await;
    let needed: i64 = (3..6).map(|hour| bytes_of(&file(hour), &[1])).sum();
    let footers: u64 = (3..6).map(|hour| footer_bytes(&file(hour))).sum();
    assert!(read <= (needed as u64 + footers) as f64 * SPARE, "{read} bytes for a column of {needed} in three files");

    let cut = Span { start: time(3 * 3_600 - 600), end: time(6 * 3_600 + 60) };
    let frame = sources.open(&name, cut).await.expect("opened");
    let (answers, read) = asked(&frame, &asks).await;
    let rows = u64::from(3 * 3_600_u32 + 660);
    assert_eq!(answers[..2], [rows, rows / 3].map(Answer::Count));
    let needed = needed + [2, 6].map(|hour| bytes_of(&file(hour), &[0, 1, 3])).iter().sum::<i64>();
    let needed = needed + (3..6).map(|hour| bytes_of(&file(hour), &[3])).sum::<i64>();
    let footers: u64 = (2..7).map(|hour| footer_bytes(&file(hour))).sum();
    assert!(read <= (needed as u64 + footers) as f64 * SPARE, "{read} bytes where {needed} are needed, and {footers}");
}

/// What a file's end is read with: its last half MiB, so all of a small file.
fn footer_bytes(path: &Path) -> u64 {
    fs::metadata(path).expect("it is there").len().min(512 * 1024)
}
