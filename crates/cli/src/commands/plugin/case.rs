//! A case as a run: its rows opened as a source's would be, its history as its own.

use std::{
    collections::BTreeMap,
    path::{Path, absolute},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use watchkeeper_author::{Case, Rows};
use watchkeeper_engine::ports::{
    checker::CheckRequest,
    frame::{Frame, Sources, Span},
    history::{History, Point},
    memory::Memory,
};
use watchkeeper_model::{FilesSource, Name, Series, Source, SourceKind, Time};
use watchkeeper_source::DataSources;

use crate::failure::Failure;

/// More than any budget of time: what ends at a budget says only that it was passed, and not by how much.
const DEADLINE: Duration = Duration::from_secs(60);

/// The run of a plugin on a case, with an account of memory.
pub(super) async fn request(plugin: &str, case: &Case, memory: &Arc<Memory>) -> Result<CheckRequest, Failure> {
    let baseline = match &case.baseline {
        Some(rows) => Some(opened(rows, Span::default()).await?),
        None => None,
    };
    let (start, end) = case.window;
    // Rows without a time column are the window's, all of them.
    let span = match case.current.time_column {
        Some(_) if start != Time::UNIX_EPOCH => Span { start: Some(start), end: Some(end) },
        _ => Span::default(),
    };
    Ok(CheckRequest {
        monitor: named("case")?,
        plugin: plugin.to_owned(),
        scheduled_at: case.at,
        window: case.window,
        params: case.params.clone(),
        timeout: DEADLINE,
        memory: Arc::clone(memory),
        log: Arc::default(),
        current: opened(&case.current, span).await?,
        baseline,
        history: Arc::new(Before { at: case.at, series: case.history.clone() }),
    })
}

/// Rows read as a source of a workspace would be.
async fn opened(rows: &Rows, span: Span) -> Result<Arc<dyn Frame>, Failure> {
    let file = absolute(&rows.file)?;
    let folder = file.parent().unwrap_or(Path::new("/")).to_owned();
    let files = FilesSource {
        path: file.to_string_lossy().into_owned(),
        format: None,
        folders: [folder.clone()].into(),
        columns: rows.columns.clone(),
        csv: Default::default(),
        log: None,
    };
    let (name, source) =
        (named("rows")?, Source { time_column: rows.time_column.clone(), kind: SourceKind::Files(files) });
    let sources = DataSources::new(&folder, BTreeMap::from([(name.clone(), source)]));
    sources.open(&name, span).await.map_err(|error| Failure::usage(format!("{}: {error}", file.display())))
}

fn named(name: &str) -> Result<Name, Failure> {
    Name::parse(name).map_err(Failure::internal)
}

/// What a case says was measured before.
struct Before {
    at: Time,
    series: Vec<(Series, Vec<(Time, f64)>)>,
}

#[async_trait]
impl History for Before {
    async fn points(&self, series: &Series, most: usize) -> Result<Vec<Point>, String> {
        let of_series = self.series.iter().filter(|(known, _)| known == series).flat_map(|(_, points)| points);
        let earlier = of_series.filter(|(at, _)| *at < self.at);
        let mut points: Vec<Point> = earlier.map(|(at, value)| Point { at: *at, value: *value }).collect();
        points.sort_by_key(|point| std::cmp::Reverse(point.at));
        points.truncate(most);
        Ok(points)
    }
}
