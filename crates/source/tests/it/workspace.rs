//! A workspace made in the test.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use datafusion::arrow::array::{ArrayRef, RecordBatch};
use datafusion::parquet::arrow::ArrowWriter;
use tempfile::TempDir;
use watchkeeper_engine::ports::frame::{Aggregate, Answer, Column, Frame, FrameError, Sources, Span, Values};
use watchkeeper_model::{
    DatabaseRows, DatabaseServer, DatabaseSource, FilesSource, Name, Secret, Source, SourceKind, Time, ViewSource,
};
use watchkeeper_source::DataSources;
use watchkeeper_testkit::Postgres;

/// A folder with files, and sources over them.
pub(crate) struct Workspace {
    folder: TempDir,
    sources: BTreeMap<Name, Source>,
}

impl Workspace {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder"), sources: BTreeMap::new() }
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    /// Writes a file, whole.
    pub(crate) fn write(&self, file: &str, text: impl AsRef<[u8]>) -> &Self {
        let path = self.path(file);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, text).expect("written");
        self
    }

    pub(crate) fn parquet(&self, file: &str, columns: Vec<(&str, ArrayRef)>) -> &Self {
        let batch = RecordBatch::try_from_iter(columns).expect("columns of one length");
        let mut writer =
            ArrowWriter::try_new(File::create(self.path(file)).expect("made"), batch.schema(), None).expect("opened");
        writer.write(&batch).expect("written");
        writer.close().expect("closed");
        self
    }

    pub(crate) fn files(mut self, name: &str, path: &str, time_column: Option<&str>) -> Self {
        let kind = SourceKind::Files(FilesSource { path: path.to_owned(), ..FilesSource::default() });
        self.sources.insert(named(name), Source { time_column: time_column.map(str::to_owned), kind });
        self
    }

    pub(crate) fn view(mut self, name: &str, inputs: &[&str], sql: &str, time_column: Option<&str>) -> Self {
        let inputs = inputs.iter().map(|input| named(input)).collect();
        let kind = SourceKind::View(ViewSource { sql: sql.to_owned(), inputs });
        self.sources.insert(named(name), Source { time_column: time_column.map(str::to_owned), kind });
        self
    }

    /// A source in a PostgreSQL server of the test's own, whose URL is kept in a file.
    pub(crate) fn postgres(self, name: &str, server: &Postgres, rows: DatabaseRows, time: Option<&str>) -> Self {
        self.write("secrets/url", server.url());
        self.database(name, DatabaseServer::Postgres(Secret::File("secrets/url".into())), rows, time)
    }

    pub(crate) fn database(
        self,
        name: &str,
        server: DatabaseServer,
        rows: DatabaseRows,
        time_column: Option<&str>,
    ) -> Self {
        let kind = SourceKind::Database(DatabaseSource { server, rows, timeout: Duration::from_secs(20) });
        self.source(name, kind, time_column)
    }

    pub(crate) fn source(mut self, name: &str, kind: SourceKind, time_column: Option<&str>) -> Self {
        self.sources.insert(named(name), Source { time_column: time_column.map(str::to_owned), kind });
        self
    }

    /// Gives the statements of a source in a database so much time.
    pub(crate) fn limited(mut self, name: &str, limit: Duration) -> Self {
        if let Some(Source { kind: SourceKind::Database(source), .. }) = self.sources.get_mut(&named(name)) {
            source.timeout = limit;
        }
        self
    }

    /// Sources held in memory.
    pub(crate) fn held(&self) -> DataSources {
        DataSources::new(self.folder.path(), self.sources.clone())
    }

    /// Sources read from their files each time.
    pub(crate) fn streamed(&self) -> DataSources {
        self.held().with_memory_limit(0)
    }
}

pub(crate) fn named(name: &str) -> Name {
    Name::parse(name).expect("a name")
}

/// `[start, end)`; an empty text leaves an end open.
pub(crate) fn span(start: &str, end: &str) -> Span {
    let time = |text: &str| (!text.is_empty()).then(|| text.parse::<Time>().expect("a time"));
    Span { start: time(start), end: time(end) }
}

pub(crate) async fn open(sources: &DataSources, name: &str) -> Arc<dyn Frame> {
    sources.open(&named(name), Span::default()).await.expect("opened")
}

/// The error of opening a source; the frame itself has no debug form.
pub(crate) async fn refused(sources: &DataSources, name: &str, span: Span) -> String {
    match sources.open(&named(name), span).await {
        Ok(_) => panic!("`{name}` opened"),
        Err(FrameError { message, .. }) => message,
    }
}

pub(crate) async fn ask(frame: &Arc<dyn Frame>, ask: Aggregate) -> Answer {
    frame.aggregate(&[ask]).await.expect("answered").remove(0)
}

pub(crate) async fn count(frame: &Arc<dyn Frame>) -> u64 {
    match ask(frame, Aggregate::Rows).await {
        Answer::Count(rows) => rows,
        other => panic!("not a count: {other:?}"),
    }
}

pub(crate) async fn chunks(frame: &Arc<dyn Frame>, columns: &[&str]) -> Vec<Vec<Column>> {
    let columns: Vec<String> = columns.iter().map(|column| (*column).to_owned()).collect();
    let mut scan = frame.scan(&columns).await.expect("a scan");
    let mut chunks = Vec::new();
    while let Some(chunk) = scan.next().await.expect("a chunk") {
        chunks.push(chunk);
    }
    chunks
}

/// The values of an integer column in the order of the rows.
pub(crate) async fn integers(frame: &Arc<dyn Frame>, column: &str) -> Vec<i64> {
    let values = chunks(frame, &[column]).await.into_iter().flatten().map(|column| column.values);
    let whole = values.map(|values| match values {
        Values::Integers(values) | Values::Times(values) => values,
        other => panic!("not integers: {other:?}"),
    });
    whole.flatten().collect()
}
