//! DataFusion sessions: set up so that results are the same every time, and so that SQL can only read.

use std::sync::Arc;

use datafusion::catalog::MemoryCatalogProviderList;
use datafusion::dataframe::DataFrame;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::context::{SQLOptions, SessionState};
use datafusion::prelude::{SessionConfig, SessionContext};
use datafusion::sql::parser::{DFParser, Statement};
use datafusion::sql::sqlparser::ast;

use crate::fault::reason;
use crate::table::Stamp;

/// Parts a scan of files is split into. Fixed, not the number of cores, so that every machine adds up the same parts.
pub(crate) const SCAN_PARTS: usize = 4;

/// SQL runs in one part: joins of several would give rows in an order of chance.
pub(crate) const SQL_PARTS: usize = 1;

const BATCH_ROWS: usize = 16_384;

/// Rows decoded from small sources may take this many times the bytes of their files.
const DECODED_FACTOR: u64 = 4;

/// Functions that answer otherwise tomorrow; windows are the way to speak of now.
const FICKLE_FUNCTIONS: [&str; 8] =
    ["now", "current_timestamp", "current_date", "today", "current_time", "random", "uuid", "version"];

/// What all sessions share.
#[derive(Debug)]
pub(crate) struct Sessions {
    /// A session with all functions, made once: there are hundreds.
    template: SessionState,
    /// Sources of at most this size on disk are held in memory.
    memory_bytes_max: u64,
}

impl Sessions {
    /// Sessions that hold sources up to this size on disk in memory.
    pub(crate) fn new(memory_bytes_max: u64) -> Self {
        let context = SessionContext::new_with_config_rt(config(SQL_PARTS), Arc::default());
        FICKLE_FUNCTIONS.iter().for_each(|function| context.deregister_udf(function));
        Self { template: context.state(), memory_bytes_max }
    }

    /// The most bytes that decoded rows may take in memory.
    pub(crate) fn decoded_bytes_max(&self) -> usize {
        usize::try_from(self.memory_bytes_max.saturating_mul(DECODED_FACTOR)).unwrap_or(usize::MAX)
    }

    /// How much memory a source may take: none if its files are too big.
    pub(crate) fn bytes_max(&self, stamp: &Stamp) -> usize {
        if stamp.bytes() <= self.memory_bytes_max { self.decoded_bytes_max() } else { 0 }
    }

    /// A session without tables.
    pub(crate) fn context(&self, parts: usize) -> SessionContext {
        let state = SessionStateBuilder::new_from_existing(self.template.clone())
            .with_config(config(parts))
            .with_catalog_list(Arc::new(MemoryCatalogProviderList::new()));
        SessionContext::new_with_state(state.build())
    }
}

fn config(parts: usize) -> SessionConfig {
    let mut config = SessionConfig::new()
        .with_target_partitions(parts)
        .with_batch_size(BATCH_ROWS)
        .with_information_schema(false)
        .with_collect_statistics(false)
        .with_round_robin_repartition(false);
    let options = config.options_mut();
    // Columns are often named as in `MedInc`; they are found as written, without quotes.
    options.sql_parser.enable_ident_normalization = false;
    options.sql_parser.map_string_types_to_utf8view = false;
    options.execution.time_zone = Some("+00:00".to_owned());
    options.execution.parquet.schema_force_view_types = false;
    config
}

/// Plans one `SELECT` or `WITH` over the session's tables; refuses everything else.
pub(crate) async fn read_only(context: &SessionContext, sql: &str) -> Result<DataFrame, String> {
    let mut statements =
        DFParser::parse_sql(sql).map_err(|error| format!("the SQL cannot be parsed: {}", reason(&error)))?;
    let statement = match (statements.pop_front(), statements.is_empty()) {
        (Some(statement), true) if is_query(&statement) => statement,
        (Some(_), false) => return Err("the SQL holds several statements; write one SELECT".to_owned()),
        _ => return Err("the SQL is not a query; only SELECT and WITH are allowed".to_owned()),
    };
    let state = context.state();
    let planned = state
        .statement_to_plan(statement)
        .await
        .map_err(|error| format!("the SQL cannot be planned: {}", unknown_table(&reason(&error))))?;
    let only_queries = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    only_queries.verify_plan(&planned).map_err(|error| format!("the SQL does more than read: {}", reason(&error)))?;
    Ok(DataFrame::new(state, planned))
}

fn is_query(statement: &Statement) -> bool {
    matches!(statement, Statement::Statement(statement) if matches!(statement.as_ref(), ast::Statement::Query(_)))
}

/// DataFusion names a table with its catalog and schema, which users never see.
fn unknown_table(reason: &str) -> String {
    reason.replace("datafusion.public.", "")
}
