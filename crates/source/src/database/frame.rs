//! A frame over rows in a database: what is asked of it becomes statements that run there.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use watchkeeper_engine::ports::frame::{Aggregate, Answer, Field, Frame, FrameError, RowCount, Scan, Span};
use watchkeeper_engine::ports::memory::Memory;

use super::answers;
use super::asks::{Statement, grouped};
use super::pushed::{Input, translate};
use super::relation::Opened;
use crate::aggregate::Questions;
use crate::session::Sessions;
use crate::sql::deeper;

/// So many rows are looked for one by one.
const ENOUGH_MAX: u64 = 100_000;

/// The name that a frame goes by in SQL.
const INPUT: &str = "input";

/// The rows of a source in a database within a span, or the rows of a query over them.
pub(crate) struct DatabaseFrame {
    opened: Opened,
    span: Span,
    sessions: Arc<Sessions>,
    /// How many there are; every statement of asks counts them on the way.
    rows: OnceLock<u64>,
    /// Of so many queries over one another.
    depth: usize,
}

impl DatabaseFrame {
    /// The rows within a span, which needs a time column unless it is unbounded.
    pub(crate) fn new(opened: Opened, span: Span, sessions: Arc<Sessions>) -> Result<Self, FrameError> {
        if span != Span::default() && opened.relation.time.is_none() {
            return Err(opened.shape.windowless());
        }
        Ok(Self { opened, span, sessions, rows: OnceLock::new(), depth: 0 })
    }

    async fn ask(&self, asks: &[Aggregate]) -> Result<Vec<Answer>, FrameError> {
        let Opened { database, shape, relation } = &self.opened;
        let statement = Statement::new(database.dialect(), shape, relation, self.span, asks)?;
        let row = database.row(&statement.sql).await?;
        if let Some(rows) = statement.rows(&row) {
            self.rows.get_or_init(|| rows);
        }
        statement.answers(&row).map_err(|what| shape.malformed(what))
    }
}

#[async_trait]
impl Frame for DatabaseFrame {
    fn fields(&self) -> &[Field] {
        &self.opened.shape.fields
    }

    fn time_column(&self) -> Option<&str> {
        self.opened.relation.time.map(|index| self.opened.relation.columns[index].name.as_str())
    }

    async fn aggregate(&self, asks: &[Aggregate]) -> Result<Vec<Answer>, FrameError> {
        // The same rules as in process on what may be asked of which column.
        Questions::new(&self.opened.shape, asks)?;
        let mut answers = Vec::with_capacity(asks.len());
        for asks in grouped(asks) {
            answers.extend(self.ask(asks).await?);
        }
        Ok(answers)
    }

    /// The database has the rows, so nothing is held here.
    async fn query_in(&self, sql: &str, _: &Arc<Memory>) -> Result<Arc<dyn Frame>, FrameError> {
        let depth = deeper(self.depth).map_err(|what| self.opened.shape.refused(what))?;
        let Opened { database, shape, relation } = &self.opened;
        let query = relation.select_all(database.dialect(), self.span);
        let input = Input { name: INPUT, columns: &relation.columns, query };
        let translated = translate(&self.sessions, database.dialect(), &[input], sql).await;
        let translated = translated.map_err(|what| shape.refused(what))?;
        // What the database does not understand is said now, not when the rows are read.
        database.columns_of_query(&translated.query).await?;
        let opened = Opened::of_planned(&shape.source, None, translated, database)?;
        Ok(Arc::new(Self { depth, ..Self::new(opened, Span::default(), Arc::clone(&self.sessions))? }))
    }

    /// A whole table is not counted where nobody asked for its rows.
    async fn count_to(&self, enough: u64) -> Result<RowCount, FrameError> {
        if self.rows.get().is_none() && self.span == Span::default() && enough <= ENOUGH_MAX {
            let Opened { database, shape, relation } = &self.opened;
            let some = format!(
                "SELECT count(*) FROM (SELECT 1 FROM {} AS source_rows LIMIT {enough}) AS looked",
                relation.from
            );
            let row = database.row(&some).await?;
            let rows = answers::count(row.first()).map_err(|what| shape.malformed(what))?;
            return Ok(RowCount { rows: (rows < enough).then_some(rows), enough: rows >= enough });
        }
        let rows = match self.rows.get() {
            Some(rows) => *rows,
            None => self.count().await?,
        };
        Ok(RowCount { rows: Some(rows), enough: rows >= enough })
    }

    async fn scan(&self, columns: &[String]) -> Result<Box<dyn Scan>, FrameError> {
        let Opened { database, shape, relation } = &self.opened;
        let wanted = columns.iter().map(|column| shape.readable(column)).collect::<Result<Vec<_>, _>>()?;
        if wanted.is_empty() {
            return Err(shape.refused("a scan names no column; name at least one"));
        }
        let dialect = database.dialect();
        let named: Vec<(usize, String)> =
            wanted.iter().enumerate().map(|(k, index)| (*index, format!("k{k}"))).collect();
        let wire = named.iter().map(|(index, name)| dialect.wire(relation.columns[*index].form, name));
        let wire = wire.collect::<Vec<_>>().join(", ");
        let sql = format!("WITH input AS ({}) SELECT {wire} FROM input", relation.select(dialect, &named, self.span));
        database.scan(&sql, wanted.iter().map(|index| shape.fields[*index].kind).collect()).await
    }
}
