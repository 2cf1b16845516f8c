//! `config/sources.toml`: where data comes from.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    leaf::{ColumnWord, DecimalMark, DurationText, EncodingWord, FormatWord, LogStyle, Mark, UrlText},
    watchkeeper::SecretTable,
};

/// Sources: named places that data comes from.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SourcesFile {
    /// Sources by name, kebab-case.
    #[serde(default)]
    #[schemars(extend("propertyNames" = {"format": "name"}))]
    pub(crate) source: BTreeMap<String, Source>,
}

/// A named place that data comes from.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [
    {"required": ["files"]}, {"required": ["view"]}, {"required": ["postgres"]}, 
    {"required": ["sqlite"]}, {"required": ["prometheus"]}, {"required": ["http"]},
]))]
pub(crate) struct Source {
    /// The column that windows are cut on.
    pub(crate) time_column: Option<String>,
    /// Files of one format and one schema.
    pub(crate) files: Option<Files>,
    /// SQL over other sources.
    pub(crate) view: Option<View>,
    /// Rows of a PostgreSQL database.
    pub(crate) postgres: Option<Server>,
    /// Rows of a SQLite file.
    pub(crate) sqlite: Option<SqliteFile>,
    /// What a Prometheus query gives.
    pub(crate) prometheus: Option<Prometheus>,
    /// A JSON document behind a URL.
    pub(crate) http: Option<Http>,
}

/// Files of one format and one schema.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Files {
    /// A path relative to the workspace, or absolute; `*` matches within a folder.
    pub(crate) path: String,
    /// Told by the file's extension when absent.
    pub(crate) format: Option<FormatWord>,
    /// Types of columns of text files, by name; those of the others are told by their values.
    #[serde(default)]
    pub(crate) columns: BTreeMap<String, ColumnWord>,
    /// How CSV is written; what is not said is told by the files.
    pub(crate) csv: Option<Csv>,
    /// How lines of a log become columns.
    pub(crate) log: Option<Log>,
}

/// How CSV is written.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Csv {
    /// What stands between fields, as `";"` or `"\t"`.
    pub(crate) delimiter: Option<Mark>,
    /// What stands around fields that hold delimiters or line ends.
    pub(crate) quote: Option<Mark>,
    /// What stands before a quote within a field, where quotes are not doubled.
    pub(crate) escape: Option<Mark>,
    /// What a line begins with that is no row.
    pub(crate) comment: Option<Mark>,
    /// What stands before decimals.
    pub(crate) decimal: Option<DecimalMark>,
    /// Words for no value, instead of NA, N/A, n/a, NULL, null, \N, nan, NaN and a hyphen; an empty field is one always.
    pub(crate) nulls: Option<Vec<String>>,
    /// Whether the first row holds the names.
    pub(crate) header: Option<bool>,
    /// The names of the columns, in order; in the place of a header's, where there is one.
    #[serde(default)]
    pub(crate) names: Vec<String>,
    /// How characters are written as bytes.
    pub(crate) encoding: Option<EncodingWord>,
}

/// How lines of a log become columns.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["pattern"]}, {"required": ["style"]}]))]
pub(crate) struct Log {
    /// A regular expression whose named groups are the columns, as in `^(?<at>\S+) (?<level>\w+) (?<message>.*)$`.
    pub(crate) pattern: Option<String>,
    /// `logfmt`: key=value pairs.
    pub(crate) style: Option<LogStyle>,
}

/// A read-only query over other sources.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct View {
    /// Other sources stand in it by name, double-quoted where they contain a hyphen.
    pub(crate) sql: String,
}

/// Rows of a database server.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["table"]}, {"required": ["query"]}]))]
pub(crate) struct Server {
    /// The connection URL with user and password, such as `postgres://watch:…@db.example.com/shop`.
    pub(crate) url: SecretTable,
    /// A table or view; a schema may stand before a dot.
    pub(crate) table: Option<String>,
    /// One query in the database's own SQL.
    pub(crate) query: Option<String>,
    /// How long one statement may take; "30s" when absent.
    pub(crate) timeout: Option<DurationText>,
}

/// Rows of a SQLite file.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["table"]}, {"required": ["query"]}]))]
pub(crate) struct SqliteFile {
    /// The file, relative to the workspace, or absolute.
    pub(crate) path: String,
    /// A table or view.
    pub(crate) table: Option<String>,
    /// One query in SQLite's own SQL.
    pub(crate) query: Option<String>,
    /// How long one statement may take; "30s" when absent.
    pub(crate) timeout: Option<DurationText>,
}

/// What a Prometheus query gives: the columns `time`, `value` and one a label.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Prometheus {
    /// The server's base URL, such as `http://prometheus:9090`; its host must be allowed in watchkeeper.toml.
    pub(crate) url: UrlText,
    /// In PromQL.
    pub(crate) query: String,
    /// The time between two evaluations over the window; one at the window's end when absent.
    pub(crate) step: Option<DurationText>,
    /// Sent as a bearer token.
    pub(crate) token: Option<SecretTable>,
    /// How long a request may take; "30s" when absent.
    pub(crate) timeout: Option<DurationText>,
}

/// A JSON document behind a URL, of which an array of objects is the rows.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Http {
    /// The document's URL; its host must be allowed in watchkeeper.toml.
    pub(crate) url: UrlText,
    /// A JSON pointer to the array, such as `/data/items`; the whole document when absent.
    pub(crate) pointer: Option<String>,
    /// Types of columns, by name: those are there even where the array is empty.
    #[serde(default)]
    pub(crate) columns: BTreeMap<String, ColumnWord>,
    /// Where the next page of the document is.
    pub(crate) pages: Option<Pages>,
    /// Sent as a bearer token.
    pub(crate) token: Option<SecretTable>,
    /// How long the request may take; "30s" when absent.
    pub(crate) timeout: Option<DurationText>,
}

/// Where the next page of a document is.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["link"]}, {"required": ["next"]}, {"required": ["cursor"]}]))]
pub(crate) struct Pages {
    /// The answer's header `Link` with `rel="next"` tells it.
    pub(crate) link: Option<bool>,
    /// A JSON pointer to its URL.
    pub(crate) next: Option<String>,
    /// A JSON pointer to a cursor, which goes into `param`.
    pub(crate) cursor: Option<String>,
    /// The URL's parameter that takes the cursor; "cursor" when absent.
    pub(crate) param: Option<String>,
    /// Pages that are asked for, at most; 100 when absent.
    #[schemars(range(min = 1, max = 10_000))]
    pub(crate) max: Option<u32>,
}
