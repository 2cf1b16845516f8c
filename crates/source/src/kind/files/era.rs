//! Columns change from file to file; the newest file of a window says which there are. Rows of files before it are read
//! as that one has them: a column that they lack is null there, and one of another type is converted.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Schema, SchemaRef};
use datafusion::common::ScalarValue;
use datafusion::dataframe::DataFrame;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{cast, ident, lit};
use datafusion::object_store::ObjectStore;
use datafusion::object_store::path::Path as ObjectPath;
use tokio::sync::Mutex;
use url::Url;
use watchkeeper_engine::ports::frame::{Aggregate, Answer, FrameError, Span};

use super::Listing;
use super::format::in_common;
use super::learn::Known;
use super::listed::Listed;
use super::location::Location;
use super::parts::Parts;
use super::timed::{Reading, Texts, Timed};
use crate::aggregate::Questions;
use crate::fault::{Why, fault_of, reason};
use crate::footer::Footer;
use crate::rows::Rows;
use crate::session::{SCAN_PARTS, Sessions};
use crate::shape::Shape;
use crate::time::ceil_micros;

/// What files call it.
const UTC: [&str; 4] = ["UTC", "+00:00", "Z", "Etc/UTC"];

/// The source whose files they are.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) name: &'a str,
    pub(super) location: &'a Location,
    pub(super) sessions: &'a Sessions,
    /// What was learned of its files before.
    pub(super) known: &'a Mutex<BTreeMap<ObjectPath, Known>>,
}

/// The files of a listing with the columns of each.
pub(super) struct Eras<'a> {
    place: Place<'a>,
    listing: &'a Listing,
    files: Vec<Known>,
    /// How its text files are written.
    pub(super) texts: Texts,
    /// Columns that folders name.
    parts: Parts,
}

impl<'a> Eras<'a> {
    /// Types that a text file only suggests are one where they are kindred.
    pub(super) fn of(place: Place<'a>, listing: &'a Listing, mut files: Vec<Known>) -> Self {
        let own: Vec<SchemaRef> = files.iter().map(|file| Arc::clone(&file.schema)).collect();
        let parts = Parts::of(&files);
        for file in &mut files {
            file.schema = parts.added_to(in_common(listing.format, &file.schema, &own));
        }
        let text = |known: &Known| Some((known.file.meta.location.clone(), Arc::clone(known.text.as_ref()?)));
        let texts = Arc::new(files.iter().filter_map(text).collect());
        Self { place, listing, files, texts, parts }
    }

    /// The columns as of one file; one that another file lacks may be null. Times are in UTC, whatever zone a file shows
    /// them in: a time without a zone that they are compared with is UTC as well.
    pub(super) fn schema(&self, last: usize) -> SchemaRef {
        let own = &self.files[last].schema;
        let nullable = |name: &str| {
            self.files.iter().any(|file| file.schema.field_with_name(name).map_or(true, |field| field.is_nullable()))
        };
        let fields = own.fields().iter().map(|field| {
            let field = field.as_ref().clone().with_nullable(nullable(field.name()));
            let data_type = in_utc(field.data_type());
            field.with_data_type(data_type)
        });
        Arc::new(Schema::new(fields.collect::<Vec<_>>()))
    }

    /// The newest file with rows in a span, by their times; without a time column, by the file's own.
    pub(super) async fn last_in(&self, time_column: Option<&str>, span: Span) -> Result<usize, FrameError> {
        if self.files.iter().all(|file| is_same(&file.schema, &self.files[0].schema)) {
            return Ok(0);
        }
        let Some(time_column) = time_column else {
            let newest =
                self.files.iter().enumerate().max_by_key(|(place, file)| (file.file.meta.last_modified, *place));
            return Ok(newest.map_or(0, |(place, _)| place));
        };
        let (mut best, mut latest) = (None::<(f64, usize)>, None::<(f64, usize)>);
        let start = span.start.map_or(f64::NEG_INFINITY, |time| ceil_micros(time) as f64);
        let end = span.end.map_or(f64::INFINITY, |time| ceil_micros(time) as f64);
        for (place, file) in self.files.iter().enumerate() {
            let times = match file.times {
                Some(times) => times,
                None => self.times(file, time_column).await?,
            };
            let Some((first, last)) = times else { continue };
            latest = latest.max_by_time((last, place));
            if first < end && last >= start {
                best = best.max_by_time((last.min(end), place));
            }
        }
        Ok(best.or(latest).map_or(self.files.len() - 1, |(_, place)| place))
    }

    /// Reads the columns of one schema from every file.
    pub(super) fn plan(&self, schema: &SchemaRef) -> Result<DataFrame, Why> {
        let reading = self.reading()?;
        let mut whole: Option<DataFrame> = None;
        let mut rest = &self.files[..];
        while let Some(first) = rest.first() {
            let is_alike = |file: &&Known| is_same(&file.schema, &first.schema) && file.file.parts == first.file.parts;
            let alike = rest.iter().take_while(is_alike).count();
            let (files, others) = rest.split_at(alike);
            let own = self.parts.removed_from(&nullable_where_any(files));
            let own = reading.of(files.iter().map(|known| &known.file), own);
            let own = own.and_then(|frame| self.parts.beside(frame, &first.file));
            let read = own.and_then(|frame| as_in(frame, schema));
            let read = read.and_then(|read| match whole.take() {
                None => Ok(read),
                Some(before) => before.union(read),
            });
            whole = Some(read.map_err(|error| unplanned(self.place.location, &error))?);
            rest = others;
        }
        whole.ok_or_else(|| Why::from(format!("there is nothing at {}", self.place.location.shown)))
    }

    /// The files by the times of their rows, where all have these very columns and say so.
    pub(super) fn timed(&self, schema: &SchemaRef, time_column: Option<&str>) -> Result<Option<Timed>, Why> {
        let time = time_column.and_then(|column| schema.index_of(column).ok());
        let alike = self.parts.is_empty() && self.files.iter().all(|file| is_same(&file.schema, schema));
        let Some(time) = time.filter(|_| alike) else { return Ok(None) };
        Ok(Timed::new(self.reading()?, schema, time, &self.files))
    }

    /// What all files say of their rows, where all have these very columns.
    pub(super) fn footer(&self, schema: &Schema) -> Option<Footer> {
        let mut whole: Option<Footer> = None;
        for file in &self.files {
            let alike = self.parts.is_empty() && is_same(&file.schema, schema);
            let footer = file.footer.as_ref().filter(|_| alike)?;
            whole = Some(match whole.take() {
                None => footer.clone(),
                Some(before) => before.and(footer),
            });
        }
        whole
    }

    /// The first and the last time of a file's rows; none where it has no such column, or no times in it.
    async fn times(&self, file: &Known, time_column: &str) -> Result<Option<(f64, f64)>, FrameError> {
        let Place { name, location, known, .. } = self.place;
        let times = if file.schema.field_with_name(time_column).is_ok() {
            let reading = self.reading().map_err(|why| why.of(name))?;
            let column =
                |frame: DataFrame| frame.select(vec![cast(ident(time_column), crate::time::utc_micros()).alias("at")]);
            let own = reading.of([&file.file].into_iter(), self.parts.removed_from(&file.schema));
            let plan = own.and_then(|frame| self.parts.beside(frame, &file.file)).and_then(column);
            let plan = plan.map_err(|error| unplanned(self.place.location, &error).of(name))?;
            let shape = Shape::new(name, Arc::clone(plan.schema().inner()), None)?;
            let asks = [Aggregate::Minimum("at".to_owned()), Aggregate::Maximum("at".to_owned())];
            let questions = Arc::new(Questions::new(&shape, &asks)?);
            let answers = Rows::Plan(Box::new(plan)).answers(&shape, &questions).await;
            let (_, answers) = answers.map_err(|error| {
                let shown = location.show(&file.file.meta);
                Why::new(fault_of(&error), format!("{shown} cannot be read: {}", reason(&error))).of(name)
            })?;
            match answers[..] {
                [Answer::Number(Some(first)), Answer::Number(Some(last))] => Some((first, last)),
                _ => None,
            }
        } else {
            None
        };
        if let Some(known) = known.lock().await.get_mut(&file.file.meta.location) {
            known.times = Some(times);
        }
        Ok(times)
    }

    fn reading(&self) -> Result<Reading, Why> {
        let Place { name, location, sessions, .. } = self.place;
        let columns = self.files.iter().map(|file| file.schema.fields().len()).max().unwrap_or(1);
        let (context, base) = (sessions.context_of(SCAN_PARTS, columns), store_url(name)?);
        let store: Arc<dyn ObjectStore> = Arc::new(Listed::new(Arc::clone(&location.store), &self.listing.files));
        context.register_object_store(&base, Arc::clone(&store));
        let (format, location, texts) = (self.listing.format, location.clone(), Arc::clone(&self.texts));
        Ok(Reading { context, base, format, store, location, texts })
    }
}

/// The later of two, and of equal ones the one whose path comes later.
trait MaxByTime {
    fn max_by_time(self, other: (f64, usize)) -> Self;
}

impl MaxByTime for Option<(f64, usize)> {
    fn max_by_time(self, other: (f64, usize)) -> Self {
        self.filter(|known| known.0 > other.0).or(Some(other))
    }
}

/// The same type, in UTC.
fn in_utc(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Timestamp(unit, Some(zone)) if !UTC.contains(&zone.as_ref()) => {
            DataType::Timestamp(*unit, Some("+00:00".into()))
        }
        other => other.clone(),
    }
}

/// Whether both have the same columns of the same types.
fn is_same(one: &Schema, other: &Schema) -> bool {
    let columns =
        |schema: &Schema| schema.fields().iter().map(|f| (f.name().clone(), f.data_type().clone())).collect::<Vec<_>>();
    columns(one) == columns(other)
}

/// The columns of files that have the same ones.
fn nullable_where_any(files: &[Known]) -> SchemaRef {
    let nullable = |place: usize| files.iter().any(|file| file.schema.field(place).is_nullable());
    let fields = files[0].schema.fields().iter().enumerate();
    let fields = fields.map(|(place, field)| field.as_ref().clone().with_nullable(nullable(place)));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

fn as_in(frame: DataFrame, schema: &SchemaRef) -> Result<DataFrame, DataFusionError> {
    let own = Arc::clone(frame.schema().inner());
    if is_same(&own, schema) {
        return Ok(frame);
    }
    let column = |field: &Arc<datafusion::arrow::datatypes::Field>| {
        let name = field.name();
        Ok(match own.field_with_name(name) {
            Ok(known) if known.data_type() == field.data_type() => ident(name),
            Ok(_) => cast(ident(name), field.data_type().clone()).alias(name),
            Err(_) => lit(ScalarValue::try_from(field.data_type())?).alias(name),
        })
    };
    frame.select(schema.fields().iter().map(column).collect::<Result<Vec<_>, DataFusionError>>()?)
}

/// Every source has a store of its own name, so that one scheme serves all stores.
fn store_url(name: &str) -> Result<Url, String> {
    Url::parse(&format!("source://{name}/")).map_err(|error| format!("its name cannot be used: {error}"))
}

fn unplanned(location: &Location, error: &DataFusionError) -> Why {
    Why::new(fault_of(error), format!("cannot read {}: {}", location.shown, reason(error)))
}
