//! Sources: files, databases, endpoints and views, and what views read.

use std::collections::BTreeMap;

use watchkeeper_model::{Name, Source, SourceKind, ViewSource};

use super::{Context, Parsed, database, endpoint, files, names::Kind, sql};
use crate::{
    place::{Place, Report},
    raw::{self, sources::SourcesFile},
};

pub(crate) fn lower(
    parsed: &Parsed<SourcesFile>,
    context: &Context<'_>,
    report: &mut Report,
) -> BTreeMap<Name, Source> {
    let place = parsed.place().key("source");
    let mut sources = BTreeMap::new();
    for (name, raw) in parsed.raw.iter().flat_map(|raw| &raw.source) {
        let kind = lower_kind(name, raw, place.key(name), context, report);
        // Prometheus says itself which column holds the time.
        let own = matches!(kind, SourceKind::Prometheus(_)).then(|| "time".to_owned());
        let source = Source { time_column: raw.time_column.clone().or(own), kind };
        sources.extend(Name::parse(name).ok().map(|name| (name, source)));
    }
    report_cycles(&sources, place, report);
    sources
}

fn lower_kind(
    name: &str,
    raw: &raw::sources::Source,
    place: Place<'_>,
    context: &Context<'_>,
    report: &mut Report,
) -> SourceKind {
    if let Some(files) = &raw.files {
        return SourceKind::Files(files::lower(files, place.key("files"), context, report));
    }
    if let Some(source) = database::lower(raw, place, context, report) {
        return SourceKind::Database(source);
    }
    if let Some(prometheus) = &raw.prometheus {
        return SourceKind::Prometheus(endpoint::prometheus(prometheus, place.key("prometheus"), context, report));
    }
    if let Some(http) = &raw.http {
        return SourceKind::Http(endpoint::http(http, place.key("http"), context, report));
    }
    let text = raw.view.as_ref().map_or("", |view| view.sql.as_str());
    let at = place.key("view").key("sql");
    let mentions = sql::mentions(text);
    for mention in mentions.iter().filter(|mention| mention.is_table && !context.names.has(Kind::Source, &mention.name))
    {
        let hyphenated = sql::hyphenated(text, mention.bytes.start);
        let help = match context.names.has(Kind::Source, hyphenated) {
            true => Some(format!("write \"{hyphenated}\" in double quotes")),
            false => context.names.suggest(Kind::Source, &mention.name),
        };
        at.mistake_within(mention.bytes.clone(), report, format!("there is no source `{}`", mention.name), help);
    }
    // A column may be called as this view is; only as a table it is the view itself.
    let read = mentions.iter().filter(|mention| mention.is_table || mention.name != name);
    let mut inputs: Vec<Name> = read
        .filter(|mention| context.names.has(Kind::Source, &mention.name))
        .filter_map(|mention| Name::parse(&mention.name).ok())
        .collect();
    inputs.sort();
    inputs.dedup();
    SourceKind::View(ViewSource { sql: text.to_owned(), inputs })
}

/// Reports every circle of views once, at the view whose name comes first.
fn report_cycles(sources: &BTreeMap<Name, Source>, place: Place<'_>, report: &mut Report) {
    for start in sources.keys() {
        let mut path = vec![start];
        if find_way_back(start, sources, &mut path) && path.iter().all(|name| start <= *name) {
            let round: Vec<&str> = path.iter().chain([&start]).map(|name| name.as_str()).collect();
            let message = format!("the view reads itself: {}", round.join(" -> "));
            place.key(start.as_str()).key("view").key("sql").mistake(report, message, None);
        }
    }
}

/// Extends `path` until it leads back to `start`.
fn find_way_back<'a>(start: &Name, sources: &'a BTreeMap<Name, Source>, path: &mut Vec<&'a Name>) -> bool {
    let Some(SourceKind::View(view)) = path.last().and_then(|name| sources.get(*name)).map(|source| &source.kind)
    else {
        return false;
    };
    for input in &view.inputs {
        if input == start {
            return true;
        }
        if !path.contains(&input) {
            path.push(input);
            if find_way_back(start, sources, path) {
                return true;
            }
            path.pop();
        }
    }
    false
}
