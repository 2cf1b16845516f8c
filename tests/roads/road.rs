//! The roads: the same named rows, wherever they are kept.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    path::Path,
    time::Duration,
};

use datafusion::arrow::array::RecordBatch;
use datafusion::parquet::arrow::ArrowWriter;
use rusqlite::Connection;
use tempfile::TempDir;
use watchkeeper_model::{
    DatabaseRows, DatabaseServer, DatabaseSource, FilesSource, Name, Secret, Source, SourceKind, ViewSource,
};
use watchkeeper_source::DataSources;
use watchkeeper_testkit::Postgres;

use crate::tables;

/// Where rows are kept and how they get to a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Road {
    Memory,
    Streamed,
    View,
    Sqlite,
    Postgres,
}

impl Road {
    pub(crate) const ALL: [Self; 5] = [Self::Memory, Self::Streamed, Self::View, Self::Sqlite, Self::Postgres];
}

/// Named rows, and the column that windows are cut on.
pub(crate) struct Rows {
    pub(crate) name: String,
    pub(crate) batch: RecordBatch,
    pub(crate) time_column: Option<String>,
}

/// A view over some of the rows.
pub(crate) struct View {
    pub(crate) name: String,
    pub(crate) inputs: Vec<String>,
    pub(crate) sql: String,
    pub(crate) time_column: Option<String>,
}

/// The rows on every road.
pub(crate) struct Roads {
    sources: BTreeMap<Road, DataSources>,
    _folder: TempDir,
}

impl Roads {
    /// Writes the rows to files and tables; the server is the test's own.
    pub(crate) fn of(rows: &[Rows], views: &[View], server: &Postgres) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("url"), server.url()).expect("written");
        let mut file = Connection::open(folder.path().join("rows.db")).expect("a database");
        let exact =
            |context: &rusqlite::functions::Context<'_>| Ok(f64::from_bits(context.get::<i64>(0)?.cast_unsigned()));
        let flags = rusqlite::functions::FunctionFlags::SQLITE_DETERMINISTIC;
        file.create_scalar_function("exact", 1, flags, exact).expect("a function");
        let transaction = file.transaction().expect("a transaction");
        let mut script = String::new();
        for rows in rows {
            write(&folder.path().join(format!("{}.parquet", rows.name)), &rows.batch);
            transaction.execute_batch(&tables::sqlite(&rows.name, &rows.batch)).expect("SQL that SQLite takes");
            script.push_str(&tables::postgres(&rows.name, &rows.batch));
        }
        transaction.commit().expect("committed");
        server.run(&script);
        let sources = Road::ALL.map(|road| (road, sources(road, folder.path(), rows, views)));
        Self { sources: sources.into(), _folder: folder }
    }

    pub(crate) fn sources(&self, road: Road) -> &DataSources {
        &self.sources[&road]
    }
}

fn write(path: &Path, batch: &RecordBatch) {
    let file = File::create(path).expect("a file");
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).expect("a writer");
    writer.write(batch).expect("written");
    writer.close().expect("closed");
}

fn sources(road: Road, folder: &Path, rows: &[Rows], views: &[View]) -> DataSources {
    let mut sources = BTreeMap::new();
    for rows in rows {
        let time_column = rows.time_column.clone();
        let file = SourceKind::Files(FilesSource { path: format!("{}.parquet", rows.name), ..FilesSource::default() });
        let kind = match road {
            Road::Memory | Road::Streamed => file,
            Road::View => {
                let under = format!("{}-under", rows.name);
                sources.insert(named(&under), Source { time_column: None, kind: file });
                let sql = format!("select * from \"{under}\"");
                SourceKind::View(ViewSource { sql, inputs: vec![named(&under)] })
            }
            Road::Sqlite => table(DatabaseServer::Sqlite("rows.db".into()), &rows.name),
            Road::Postgres => table(DatabaseServer::Postgres(Secret::File("url".into())), &rows.name),
        };
        sources.insert(named(&rows.name), Source { time_column, kind });
    }
    for View { name, inputs, sql, time_column } in views {
        let inputs = inputs.iter().map(|input| named(input)).collect();
        let kind = SourceKind::View(ViewSource { sql: sql.clone(), inputs });
        sources.insert(named(name), Source { time_column: time_column.clone(), kind });
    }
    let sources = DataSources::new(folder, sources);
    if road == Road::Streamed { sources.with_memory_limit(0) } else { sources }
}

fn table(server: DatabaseServer, name: &str) -> SourceKind {
    let rows = DatabaseRows::Table(name.to_owned());
    SourceKind::Database(DatabaseSource { server, rows, timeout: Duration::from_secs(30) })
}

pub(crate) fn named(name: &str) -> Name {
    Name::parse(name).expect("a name")
}
