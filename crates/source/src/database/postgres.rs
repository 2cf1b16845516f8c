//! PostgreSQL: read-only sessions, statements with a time limit that the server keeps, and rows as they arrive.

mod fault;
mod scan;
mod session;
mod tls;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::{StreamExt, pin_mut};
use secrecy::ExposeSecret;
use tokio_postgres::types::{Kind, Type};
use tokio_postgres::{Client, Config, Row, Statement};
use watchkeeper_engine::ports::frame::{FieldKind, FrameError, Scan};
use watchkeeper_model::Secret;
use watchkeeper_secret::SecretReader;

use super::column::{Cell, Form, Native};
use crate::fault::{fault, nearest};
use fault::{Place, explain, is_missing_table};
use scan::PostgresScan;
use session::Session;
use tls::Tls;

/// How long connecting may take, at most.
const CONNECT: Duration = Duration::from_secs(10);

/// The server ends a statement at its limit; a server that does not answer even then is given up this much later.
const GRACE: Duration = Duration::from_secs(5);

/// Connections that wait for the next statement.
const IDLE_MAX: usize = 4;

/// Every relation that a query may read without naming its schema.
const TABLES: &str = "SELECT c.relname::text FROM pg_catalog.pg_class c WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f') \
                      AND pg_catalog.pg_table_is_visible(c.oid) AND c.relnamespace <> 'pg_catalog'::regnamespace \
                      ORDER BY 1 LIMIT 500";

/// A PostgreSQL database, as one source speaks to it.
#[derive(Debug)]
pub(crate) struct Postgres {
    source: String,
    url: Secret,
    secrets: SecretReader,
    timeout: Duration,
    idle: Mutex<Vec<Arc<Client>>>,
}

impl Postgres {
    /// Nothing is opened, and the secret is not read, until something is asked.
    pub(crate) fn new(source: &str, url: Secret, secrets: SecretReader, timeout: Duration) -> Self {
        Self { source: source.to_owned(), url, secrets, timeout, idle: Mutex::default() }
    }

    /// Where its address is kept.
    pub(crate) fn url(&self) -> &Secret {
        &self.url
    }

    /// The columns of a table, or the names of the tables that there are.
    pub(crate) async fn columns_of_table(self: &Arc<Self>, table: &str) -> Result<Vec<Native>, FrameError> {
        let from = super::Dialect::Postgres.quote_path(table);
        match self.columns(&format!("SELECT * FROM {from} LIMIT 0"), true).await {
            Err(Unread::NoTable) => {
                let tables = self.tables().await.unwrap_or_default();
                let near = nearest(table, tables.iter().map(String::as_str));
                Err(fault(&self.source, format!("there is no table `{table}` in its database{near}")))
            }
            other => other.map_err(|error| self.fault(error)),
        }
    }

    /// The columns of a query.
    pub(crate) async fn columns_of_query(self: &Arc<Self>, query: &str) -> Result<Vec<Native>, FrameError> {
        let columns = self.columns(&format!("SELECT * FROM ({query}\n) AS source_rows LIMIT 0"), false).await;
        columns.map_err(|error| self.fault(error))
    }

    /// The one row of a statement.
    pub(crate) async fn row(self: &Arc<Self>, sql: &str) -> Result<Vec<Cell>, FrameError> {
        let rows = self.rows(sql).await.map_err(|error| self.fault(error))?;
        let row = rows.first().ok_or_else(|| fault(&self.source, "the database gave no row for an aggregate"))?;
        (0..row.len()).map(|index| cell(row, index)).collect::<Result<_, _>>().map_err(|error| self.fault(error.into()))
    }

    /// The rows of a statement as they arrive; the limit is for the whole of them.
    pub(crate) async fn scan(self: &Arc<Self>, sql: &str, kinds: Vec<FieldKind>) -> Result<Box<dyn Scan>, FrameError> {
        let started = self.within(async {
            let session = self.session().await?;
            let rows = session.client().query_typed_raw(sql, Vec::<(String, Type)>::new()).await?;
            Ok((session, rows))
        });
        let (session, rows) = started.await.map_err(|error| self.fault(error))?;
        Ok(Box::new(PostgresScan::new(Arc::clone(self), session, rows, kinds)))
    }

    async fn columns(self: &Arc<Self>, sql: &str, of_table: bool) -> Result<Vec<Native>, Unread> {
        self.within(async {
            let session = self.session().await?;
            let statement = session.client().prepare(sql).await?;
            let types = session.client().query_typed(&type_names(&statement), &[]).await?;
            let columns = statement.columns().iter().zip(&types).map(|(column, named)| {
                Ok(Native {
                    name: column.name().to_owned(),
                    type_name: named.try_get(0)?,
                    nullable: !(of_table && named.try_get::<_, bool>(1)?),
                    form: form(column.type_()),
                })
            });
            let columns = columns.collect::<Result<_, tokio_postgres::Error>>()?;
            drop(statement);
            session.settle().await?;
            Ok(columns)
        })
        .await
    }

    async fn tables(self: &Arc<Self>) -> Result<Vec<String>, Unread> {
        let rows = self.rows(TABLES).await?;
        Ok(rows.iter().filter_map(|row| row.try_get(0).ok()).collect())
    }

    async fn rows(self: &Arc<Self>, sql: &str) -> Result<Vec<Row>, Unread> {
        self.within(async {
            let session = self.session().await?;
            let stream = session.client().query_typed_raw(sql, Vec::<(String, Type)>::new()).await?;
            pin_mut!(stream);
            let mut rows = Vec::new();
            while let Some(row) = stream.next().await {
                rows.push(row?);
            }
            session.settle().await?;
            Ok(rows)
        })
        .await
    }

    /// A session in a read-only transaction. A connection that was left idle may have been closed meanwhile.
    async fn session(self: &Arc<Self>) -> Result<Session, Unread> {
        while let Some(client) = self.take_idle() {
            if let Ok(session) = Session::begin(Arc::clone(self), client, self.timeout).await {
                return Ok(session);
            }
        }
        let client = Arc::new(self.connect().await?);
        Ok(Session::begin(Arc::clone(self), client, self.timeout).await?)
    }

    async fn connect(&self) -> Result<Client, Unread> {
        let url = self.secrets.resolve(&self.url).map_err(|error| Unread::Setting(error.to_string()))?;
        let mut config: Config = url.expose_secret().parse().map_err(|_| Unread::Setting(malformed()))?;
        config.application_name("watchkeeper").connect_timeout(CONNECT.min(self.timeout));
        let place = Place::of(&config);
        let tls = Tls::new().map_err(Unread::Setting)?;
        let connected = config.connect(tls).await;
        let (client, connection) = connected.map_err(|error| Unread::Connect(place.refused(&error)))?;
        // It ends with its client; what goes wrong on it is told to whoever waits for an answer.
        tokio::spawn(connection);
        Ok(client)
    }

    fn take_idle(&self) -> Option<Arc<Client>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn keep_idle(&self, client: Arc<Client>) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if !client.is_closed() && idle.len() < IDLE_MAX {
            idle.push(client);
        }
    }

    /// Gives up when the server does not answer long after its own limit; what runs there is cancelled by the session.
    async fn within<T>(&self, work: impl Future<Output = Result<T, Unread>>) -> Result<T, Unread> {
        tokio::time::timeout(self.timeout.saturating_add(GRACE), work).await.unwrap_or(Err(Unread::Silent))
    }

    fn fault(&self, error: Unread) -> FrameError {
        let what = match error {
            Unread::Setting(what) | Unread::Connect(what) => what,
            Unread::Silent => format!(
                "the database did not answer within {:?}; look at its load and at the network between",
                self.timeout
            ),
            Unread::NoTable => "there is no such table in its database".to_owned(),
            Unread::Failed(error) => explain(&error, self.timeout),
        };
        fault(&self.source, what)
    }
}

/// Why nothing was read.
enum Unread {
    Setting(String),
    Connect(String),
    Silent,
    NoTable,
    Failed(tokio_postgres::Error),
}

impl From<tokio_postgres::Error> for Unread {
    fn from(error: tokio_postgres::Error) -> Self {
        if is_missing_table(&error) { Self::NoTable } else { Self::Failed(error) }
    }
}

fn malformed() -> String {
    "its `url` is not a PostgreSQL URL; write postgres://user:password@host:5432/database".to_owned()
}

/// The names of a statement's types as people write them, and whether a table forbids nulls.
fn type_names(statement: &Statement) -> String {
    let list = |number: &dyn Fn(&tokio_postgres::Column) -> String| {
        statement.columns().iter().map(number).collect::<Vec<_>>().join(",")
    };
    format!(
        "SELECT pg_catalog.format_type(c.type, c.modifier), coalesce(a.attnotnull, false) FROM unnest('{{{}}}'::oid[], \
         '{{{}}}'::int4[], '{{{}}}'::oid[], '{{{}}}'::int2[]) WITH ORDINALITY AS c(type, modifier, relation, number, \
         place) LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.relation AND a.attnum = c.number ORDER BY c.place",
        list(&|column| column.type_().oid().to_string()),
        list(&|column| column.type_modifier().to_string()),
        list(&|column| column.table_oid().unwrap_or(0).to_string()),
        list(&|column| column.column_id().unwrap_or(0).to_string()),
    )
}

fn form(of: &Type) -> Form {
    match of.kind() {
        Kind::Enum(_) => return Form::Text,
        Kind::Domain(inner) => return form(inner),
        _ => {}
    }
    match *of {
        Type::FLOAT4 | Type::FLOAT8 | Type::NUMERIC => Form::Number,
        Type::INT2 | Type::INT4 | Type::INT8 => Form::Integer,
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UUID | Type::CHAR => Form::Text,
        Type::BOOL => Form::Flag,
        Type::TIMESTAMPTZ => Form::Zoned,
        Type::TIMESTAMP => Form::Naive,
        Type::DATE => Form::Date,
        _ => Form::Other,
    }
}

fn cell(row: &Row, index: usize) -> Result<Cell, tokio_postgres::Error> {
    let cell = match *row.columns()[index].type_() {
        Type::INT8 => row.try_get::<_, Option<i64>>(index)?.map(Cell::Integer),
        Type::INT4 => row.try_get::<_, Option<i32>>(index)?.map(|number| Cell::Integer(i64::from(number))),
        Type::FLOAT8 => row.try_get::<_, Option<f64>>(index)?.map(Cell::Number),
        _ => row.try_get::<_, Option<String>>(index)?.map(Cell::Text),
    };
    Ok(cell.unwrap_or(Cell::Null))
}
