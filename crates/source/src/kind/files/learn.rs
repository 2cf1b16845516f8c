//! What is learned of each file: its columns, and when asked the times of its rows.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::error::DataFusionError;
use datafusion::object_store::path::Path as ObjectPath;
use datafusion::object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use datafusion::prelude::SessionContext;
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use tokio::sync::Mutex;
use watchkeeper_engine::ports::frame::FrameFault;
use watchkeeper_model::{FileFormat, FilesSource};

use super::format::{is_text, reader};
use super::listed::Listed;
use super::location::Location;
use super::text::{COLUMNS_MAX, TextFile};
use super::{File, Listing};
use crate::fault::{Why, fault_of, nearest, reason};
use crate::footer::Footer;
use crate::session::{SCAN_PARTS, Sessions};

/// The mark at both ends of a Parquet file and the length of its footer.
const PARQUET_BYTES_MIN: u64 = 12;

/// Types of text files are learned from this many rows of each.
const LEARNED_ROWS_MAX: u64 = 1_000_000;

/// Files whose columns are learned at once.
const AT_ONCE: usize = 8;

/// What is known of a file as long as it stays as it was.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) file: File,
    pub(super) schema: SchemaRef,
    /// Of CSV and logs: how it is written.
    pub(super) text: Option<Arc<TextFile>>,
    /// What it says of its rows itself.
    pub(super) footer: Option<Footer>,
    /// The first and the last time of its rows, once they were asked for; `Some(None)`: it has none.
    pub(super) times: Option<Option<(f64, f64)>>,
}

/// The columns of each file that holds something, by path.
pub(super) async fn all(
    listing: &Listing,
    location: &Location,
    sessions: &Sessions,
    source: &FilesSource,
    known: &Mutex<BTreeMap<ObjectPath, Known>>,
) -> Result<Vec<Known>, Why> {
    let mut known = known.lock().await;
    known.retain(|_, known| listing.files.contains(&known.file));
    let context = sessions.context(SCAN_PARTS);
    let store: Arc<dyn ObjectStore> = Arc::new(Listed::new(Arc::clone(&location.store), &listing.files));
    let filled = listing.files.iter().filter(|file| file.end > 0 || listing.format == FileFormat::Parquet);
    let new = filled.clone().filter(|file| !known.contains_key(&file.meta.location));
    let mut learning: Vec<BoxFuture<'_, Result<Known, Why>>> = Vec::new();
    for file in new {
        learning.push(learn(&context, listing.format, &store, location, source, file).boxed());
    }
    let learned: Vec<Known> = stream::iter(learning).buffered(AT_ONCE).try_collect().await?;
    known.extend(learned.into_iter().map(|learned| (learned.file.meta.location.clone(), learned)));
    let all: Vec<Known> = filled.filter_map(|file| known.get(&file.meta.location).cloned()).collect();
    let has = |column: &String| all.iter().any(|known| known.schema.field_with_name(column).is_ok());
    if let Some(unknown) = source.columns.keys().find(|column| !all.is_empty() && !has(column)) {
        let names = all[0].schema.fields().iter().map(|field| field.name().as_str());
        let what = format!("its `columns` names `{unknown}`, which no file has{}", nearest(unknown, names));
        return Err(Why::new(FrameFault::Missing, what));
    }
    match all.is_empty() {
        true => Err(Why::from(format!(
            "{} is empty, so its columns are unknown; write at least a header line or one row",
            location.shown
        ))),
        false => Ok(all),
    }
}

async fn learn(
    context: &SessionContext,
    format: FileFormat,
    store: &Arc<dyn ObjectStore>,
    location: &Location,
    source: &FilesSource,
    file: &File,
) -> Result<Known, Why> {
    let shown = location.show(&file.meta);
    if is_text(format) {
        let learned = TextFile::learn(store.as_ref(), file, format, source, LEARNED_ROWS_MAX).await;
        let (text, schema) = learned.map_err(|error| {
            let error = error.of(&shown);
            Why::new(fault_of(&error), reason(&error))
        })?;
        let text = Some(Arc::new(text));
        return Ok(Known { file: file.clone(), schema, text, footer: None, times: None });
    }
    if format == FileFormat::Parquet {
        whole_parquet(store, &file.meta).await.map_err(|what| Why::from(broken(format, &shown, &what)))?;
    }
    let meta = ObjectMeta { size: file.end, ..file.meta.clone() };
    let unlearned = |error: DataFusionError| match fault_of(&error) {
        FrameFault::Malformed => Why::from(broken(format, &shown, &reason(&error))),
        fault => Why::new(fault, reason(&error)),
    };
    let (reader, state) = (reader(format), context.state());
    let schema = reader.infer_schema(&state, store, std::slice::from_ref(&meta)).await.map_err(unlearned)?;
    let columns = schema.fields().len();
    if columns > COLUMNS_MAX {
        return Err(Why::from(format!("{shown} has {columns} columns; the limit is {COLUMNS_MAX}")));
    }
    let said = reader.infer_stats(&state, store, Arc::clone(&schema), &meta).await.map_err(unlearned)?;
    let footer = Footer::of(&schema, &said);
    Ok(Known { file: file.clone(), schema, text: None, footer, times: None })
}

/// Looks at a Parquet file's end itself, because the Parquet reader counts on the length that stands there.
async fn whole_parquet(store: &Arc<dyn ObjectStore>, file: &ObjectMeta) -> Result<(), String> {
    if file.size < PARQUET_BYTES_MIN {
        return Err(format!("it has only {} bytes", file.size));
    }
    let end = store.get_range(&file.location, file.size - 8..file.size).await.map_err(|error| error.to_string())?;
    let [a, b, c, d, b'P', b'A', b'R', b'1'] = end[..] else {
        return Err("it does not end as one".to_owned());
    };
    let footer = u64::from(u32::from_le_bytes([a, b, c, d]));
    if footer + PARQUET_BYTES_MIN > file.size { Err("its footer is longer than the file".to_owned()) } else { Ok(()) }
}

fn broken(format: FileFormat, path: &str, reason: &str) -> String {
    let (what, remedy) = match format {
        FileFormat::Parquet => ("a whole Parquet file", "write it again, under another name until it is complete"),
        _ => ("one JSON object a line", "check for broken lines"),
    };
    format!("{path} is not {what}: {reason}; {remedy}")
}
