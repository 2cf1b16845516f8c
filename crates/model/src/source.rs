//! Sources: named places that data comes from.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::{Name, Secret};

/// A named place that data comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// The column that windows are cut on.
    pub time_column: Option<String>,
    /// Where the rows are.
    pub kind: SourceKind,
}

/// Where a source's rows are; a closed set, one table each in TOML.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// Files, local or in an object store.
    Files(FilesSource),
    /// SQL over other sources.
    View(ViewSource),
    /// Rows of a database, which are added up there.
    Database(DatabaseSource),
    /// What a Prometheus query gives.
    Prometheus(PrometheusSource),
    /// A JSON document behind a URL.
    Http(HttpSource),
}

/// What a Prometheus query gives: the columns `time`, `value` and one a label.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PrometheusSource {
    /// The server's base URL.
    pub url: String,
    /// In PromQL.
    pub query: String,
    /// Seconds between two evaluations over the window; one at its end when absent.
    pub step: Option<Duration>,
    /// Sent as a bearer token.
    pub token: Option<Secret>,
    /// How long a request may take.
    pub timeout: Duration,
}

/// A JSON document behind a URL, of which an array of objects is the rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HttpSource {
    /// The document's absolute URL.
    pub url: String,
    /// A JSON pointer to the array; the whole document when empty.
    pub pointer: String,
    /// Types of columns, which are there even where no object has them.
    pub columns: BTreeMap<String, ColumnType>,
    /// Where the next page is; a single document when absent.
    pub pages: Option<Pages>,
    /// Sent as a bearer token.
    pub token: Option<Secret>,
    /// How long the request may take.
    pub timeout: Duration,
}

/// A document that goes on at other URLs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pages {
    /// What tells the next one.
    pub next: NextPage,
    /// Pages that are asked for, at most.
    pub max: u32,
}

/// What tells the next page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NextPage {
    /// The header `Link` with `rel="next"` (RFC 8288).
    Link,
    /// A JSON pointer to its URL.
    Url(String),
    /// A JSON pointer to a cursor, and the parameter of the URL that it goes into.
    Cursor(String, String),
}

/// Rows of a database.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DatabaseSource {
    /// Where the database is.
    pub server: DatabaseServer,
    /// Which rows.
    pub rows: DatabaseRows,
    /// How long one statement may take.
    pub timeout: Duration,
}

/// A kind of database and where it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DatabaseServer {
    /// PostgreSQL, by a URL that may hold a password.
    Postgres(Secret),
    /// A SQLite file, relative to the workspace or absolute.
    Sqlite(PathBuf),
}

/// Which rows of a database.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DatabaseRows {
    /// A table or view; a schema may stand before a dot.
    Table(String),
    /// One query in the database's own SQL.
    Query(String),
}

/// Files of one format and one schema.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct FilesSource {
    /// A path relative to the workspace, an absolute path or a URL; `*` matches within a folder.
    pub path: String,
    /// The format; told by the file's extension when absent.
    pub format: Option<FileFormat>,
    /// Folders outside the workspace that local files may lie in.
    pub folders: BTreeSet<PathBuf>,
    /// Types of columns of text files; those of the others are told by their values.
    pub columns: BTreeMap<String, ColumnType>,
    /// How CSV is written, as far as it is said; the rest is told by the files.
    pub csv: CsvOptions,
    /// How lines of a log become columns.
    pub log: Option<LogLines>,
}

/// How CSV is written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CsvOptions {
    /// What stands between fields.
    pub delimiter: Option<char>,
    /// What stands around fields that hold delimiters or line ends.
    pub quote: Option<char>,
    /// What stands before a quote within a field, where quotes are not doubled.
    pub escape: Option<char>,
    /// What a line begins with that is no row.
    pub comment: Option<char>,
    /// What stands before decimals: a point or a comma.
    pub decimal: Option<char>,
    /// Words that mean that there is no value.
    pub nulls: Option<Vec<String>>,
    /// Whether the first row holds the names.
    pub header: Option<bool>,
    /// The names of the columns, in order.
    pub names: Vec<String>,
    /// How characters are written as bytes.
    pub encoding: Option<Encoding>,
}

/// How characters are written as bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Encoding {
    /// UTF-8.
    #[serde(rename = "utf-8")]
    Utf8,
    /// UTF-16; the byte order is told by the file.
    #[serde(rename = "utf-16")]
    Utf16,
    /// ISO 8859-1, with the letters of Windows-1252.
    #[serde(rename = "latin-1")]
    Latin1,
}

/// The type of a text file's column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnType {
    /// As it is written.
    Text,
    /// With decimals.
    Number,
    /// Whole.
    Integer,
    /// `true` or `false`.
    Flag,
    /// A date, or a date and a time.
    Time,
}

/// How lines of a log become columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLines {
    /// A regular expression whose named groups are the columns.
    Pattern(String),
    /// `key=value` pairs.
    Logfmt,
}

/// A file format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileFormat {
    /// Comma-separated, with a header line.
    Csv,
    /// Apache Parquet.
    Parquet,
    /// One JSON object a line.
    Jsonl,
    /// Lines of text, which a pattern takes apart.
    Log,
}

/// A read-only query over other sources.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ViewSource {
    /// The query; other sources stand in it by name, double-quoted where they contain a hyphen.
    pub sql: String,
    /// The sources that the query names.
    pub inputs: Vec<Name>,
}
