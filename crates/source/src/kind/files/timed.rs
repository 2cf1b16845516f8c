//! Files that say themselves from when to when their rows are: a window opens those that it needs, and looks at the times
//! only of those that lie across its ends.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::dataframe::DataFrame;
use datafusion::datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl};
use datafusion::error::DataFusionError;
use datafusion::object_store::ObjectStore;
use datafusion::object_store::path::Path as ObjectPath;
use datafusion::prelude::SessionContext;
use url::Url;
use watchkeeper_engine::ports::frame::Span;
use watchkeeper_model::FileFormat;

use super::File;
use super::format::{is_text, reader};
use super::learn::Known;
use super::location::Location;
use super::text::{TextFile, TextTable, Written};
use crate::footer::{Footer, Lies};
use crate::time::within;

/// How files of one kind are read.
pub(super) struct Reading {
    pub(super) context: SessionContext,
    pub(super) base: Url,
    pub(super) format: FileFormat,
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) location: Location,
    pub(super) texts: Texts,
}

/// How text files are written, by their paths.
pub(crate) type Texts = Arc<BTreeMap<ObjectPath, Arc<TextFile>>>;

impl fmt::Debug for Reading {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_struct("Reading").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}

impl Reading {
    /// The rows of files in their order, with the columns of a schema that all of them have.
    pub(super) fn of<'a>(
        &self,
        files: impl Iterator<Item = &'a File>,
        schema: SchemaRef,
    ) -> Result<DataFrame, DataFusionError> {
        if is_text(self.format) {
            let written = files.filter_map(|file| {
                let text = Arc::clone(self.texts.get(&file.meta.location)?);
                Some(Written { file: file.clone(), text, shown: self.location.show(&file.meta) })
            });
            let table = TextTable { store: Arc::clone(&self.store), files: written.collect(), schema };
            return self.context.read_table(Arc::new(table));
        }
        let url = |file: &File| {
            let mut url = self.base.clone();
            // DataFusion decodes the path once, and an object's path may hold percent signs of its own.
            url.set_path(&format!("/{}", file.meta.location.as_ref().replace('%', "%25")));
            ListingTableUrl::try_new(url, None)
        };
        let urls = files.map(url).collect::<Result<Vec<_>, _>>()?;
        let options = ListingOptions::new(reader(self.format)).with_file_extension("");
        let config = ListingTableConfig::new_with_multi_paths(urls).with_listing_options(options).with_schema(schema);
        self.context.read_table(Arc::new(ListingTable::try_new(config)?))
    }
}

/// Files of the same columns whose times are known.
#[derive(Debug)]
pub(crate) struct Timed {
    pub(super) reading: Reading,
    pub(super) schema: SchemaRef,
    /// The time column's place.
    pub(super) time: usize,
    pub(super) files: Vec<(File, Footer)>,
}

impl Timed {
    /// The files as they were learned, if all of them say so.
    pub(super) fn new(reading: Reading, schema: &SchemaRef, time: usize, files: &[Known]) -> Option<Self> {
        let known = |known: &Known| {
            let footer = known.footer.clone().filter(|footer| footer.lies(Span::default(), time).is_some())?;
            Some((known.file.clone(), footer))
        };
        let files = files.iter().map(known).collect::<Option<_>>()?;
        Some(Self { reading, schema: Arc::clone(schema), time, files })
    }

    /// The rows of a window, with what the files say of them where it holds all rows of all that it opens; `None` where
    /// there are none.
    pub(crate) fn within(&self, span: Span) -> Result<Option<(DataFrame, Option<Footer>)>, DataFusionError> {
        let needed = self.files.iter().filter_map(|(file, footer)| match footer.lies(span, self.time) {
            Some(Lies::Outside) => None,
            lies => Some((file, footer, lies.unwrap_or(Lies::Across))),
        });
        let needed: Vec<(&File, &Footer, Lies)> = needed.collect();
        let field = self.schema.field(self.time);
        let mut rows: Option<DataFrame> = None;
        for alike in needed.chunk_by(|one, other| one.2 == other.2) {
            let read = self.reading.of(alike.iter().map(|(file, ..)| *file), Arc::clone(&self.schema))?;
            let filter = within(field.name(), field.data_type(), span);
            let read = match filter.filter(|_| alike.iter().any(|(.., lies)| *lies == Lies::Across)) {
                Some(filter) => read.filter(filter)?,
                None => read,
            };
            rows = Some(match rows.take() {
                Some(before) => before.union(read)?,
                None => read,
            });
        }
        let whole = needed.iter().all(|(.., lies)| *lies == Lies::Within);
        let footers = needed.iter().map(|(_, footer, _)| (*footer).clone());
        let footer = footers.reduce(|one, other| one.and(&other)).filter(|_| whole);
        Ok(rows.map(|rows| (rows, footer)))
    }
}
