//! The kind `files`: files of one format, local or in an object store.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::arrow::datatypes::Schema;
use datafusion::dataframe::DataFrame;
use datafusion::datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl};
use datafusion::object_store::{ObjectMeta, ObjectStoreExt};
use datafusion::prelude::SessionContext;
use url::Url;
use watchkeeper_engine::ports::frame::FrameError;
use watchkeeper_model::{FileFormat, FilesSource};

use crate::fault::{fault, reason};
use crate::format::{join, reader, settle, told_by};
use crate::location::Location;
use crate::session::{SCAN_PARTS, Sessions};

/// The mark at both ends of a Parquet file and the length of its footer.
const PARQUET_BYTES_MIN: u64 = 12;

/// The files of a source as they are now.
pub(crate) struct Listing {
    /// By path, with size, time and tag: what tells that a file has changed.
    pub(crate) files: Vec<ObjectMeta>,
    format: FileFormat,
}

/// Finds a source's files.
pub(crate) async fn list(name: &str, source: &FilesSource, location: &Location) -> Result<Listing, FrameError> {
    let mut files =
        location.list().await.map_err(|error| fault(name, format!("cannot list {}: {error}", location.shown)))?;
    if source.format.is_none() && (files.len() > 1 || location.has_wildcards()) {
        files.retain(|file| told_by(file.location.as_ref()).is_some());
    }
    if files.is_empty() {
        return Err(fault(name, nothing_at(location)));
    }
    let format = match source.format {
        Some(format) => format,
        None => format_of(&files, location).map_err(|what| fault(name, what))?,
    };
    Ok(Listing { files, format })
}

fn nothing_at(location: &Location) -> String {
    if location.has_wildcards() {
        format!("no file matches {}; check its `path`", location.shown)
    } else {
        format!("there is no file or filled folder at {}; check its `path`", location.shown)
    }
}

fn format_of(files: &[ObjectMeta], location: &Location) -> Result<FileFormat, String> {
    let told: Option<Vec<FileFormat>> = files.iter().map(|file| told_by(file.location.as_ref())).collect();
    let Some(told) = told else {
        return Err(format!(
            "cannot tell the format of {}; name it .csv, .parquet, .jsonl or .ndjson, or set `format`",
            location.shown
        ));
    };
    let kinds: BTreeSet<&str> = files.iter().filter_map(|file| file.location.extension()).collect();
    match told.first() {
        Some(first) if told.iter().all(|format| format == first) => Ok(*first),
        _ => Err(format!(
            "{} holds files of several formats ({}); narrow its `path`, as in `*.csv`",
            location.shown,
            kinds.into_iter().collect::<Vec<_>>().join(", ")
        )),
    }
}

/// Learns the columns and plans the read of exactly the files listed.
pub(crate) async fn plan(
    name: &str,
    listing: &Listing,
    location: &Location,
    sessions: &Sessions,
) -> Result<DataFrame, FrameError> {
    let context = sessions.context(SCAN_PARTS);
    let base = store_url(name).map_err(|what| fault(name, what))?;
    context.register_object_store(&base, Arc::clone(&location.store));
    let schema = learn(&context, listing, location).await.map_err(|what| fault(name, what))?;
    let planned = table(&base, listing, schema).and_then(|table| context.read_table(Arc::new(table)));
    planned.map_err(|error| fault(name, format!("cannot read {}: {}", location.shown, reason(&error))))
}

/// Every source has a store of its own name, so that one scheme serves all stores.
fn store_url(name: &str) -> Result<Url, String> {
    Url::parse(&format!("source://{name}/")).map_err(|error| format!("its name cannot be used: {error}"))
}

fn table(base: &Url, listing: &Listing, schema: Schema) -> datafusion::error::Result<ListingTable> {
    let urls = listing.files.iter().filter(|file| file.size > 0).map(|file| {
        let mut url = base.clone();
        // DataFusion decodes the path once, and an object's path may hold percent signs of its own.
        url.set_path(&format!("/{}", file.location.as_ref().replace('%', "%25")));
        ListingTableUrl::try_new(url, None)
    });
    let options = ListingOptions::new(reader(listing.format)).with_file_extension("");
    let config = ListingTableConfig::new_with_multi_paths(urls.collect::<Result<Vec<_>, _>>()?)
        .with_listing_options(options)
        .with_schema(Arc::new(schema));
    ListingTable::try_new(config)
}

async fn learn(context: &SessionContext, listing: &Listing, location: &Location) -> Result<Schema, String> {
    let (reader, state) = (reader(listing.format), context.state());
    let mut known: Option<Schema> = None;
    for file in &listing.files {
        let shown = location.show(file);
        if file.size == 0 && listing.format != FileFormat::Parquet {
            continue;
        }
        if listing.format == FileFormat::Parquet {
            whole_parquet(location, file).await.map_err(|what| broken(listing.format, &shown, &what))?;
        }
        let learned = reader.infer_schema(&state, &location.store, std::slice::from_ref(file)).await;
        let learned = learned.map_err(|error| broken(listing.format, &shown, &reason(&error)))?;
        known = Some(match known {
            None => learned.as_ref().clone(),
            Some(known) => join(listing.format, &known, &learned).map_err(|what| format!("{shown} {what}"))?,
        });
    }
    let known = known.ok_or_else(|| {
        format!("{} is empty, so its columns are unknown; write at least a header line or one row", location.shown)
    })?;
    Ok(settle(listing.format, known))
}

/// Looks at a Parquet file's end itself, because the Parquet reader counts on the length that stands there.
async fn whole_parquet(location: &Location, file: &ObjectMeta) -> Result<(), String> {
    if file.size < PARQUET_BYTES_MIN {
        return Err(format!("it has only {} bytes", file.size));
    }
    let end =
        location.store.get_range(&file.location, file.size - 8..file.size).await.map_err(|error| error.to_string())?;
    let [a, b, c, d, b'P', b'A', b'R', b'1'] = end[..] else {
        return Err("it does not end as one".to_owned());
    };
    let footer = u64::from(u32::from_le_bytes([a, b, c, d]));
    if footer + PARQUET_BYTES_MIN > file.size { Err("its footer is longer than the file".to_owned()) } else { Ok(()) }
}

fn broken(format: FileFormat, path: &str, reason: &str) -> String {
    let (what, remedy) = match format {
        FileFormat::Csv => ("CSV with a header line", "check the lines' columns and quotes"),
        FileFormat::Parquet => ("a whole Parquet file", "write it again, under another name until it is complete"),
        FileFormat::Jsonl => ("one JSON object a line", "check for broken lines"),
    };
    format!("{path} is not {what}: {reason}; {remedy}")
}
