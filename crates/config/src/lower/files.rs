//! Sources of files: where they may lie, and how text is written.

use std::path::{Path, PathBuf};

use regex::Regex;
use watchkeeper_model::{CsvOptions, FileFormat, FilesSource, LogLines, normalized};

use super::{Context, action::check_host, present};
use crate::{
    place::{Place, Report},
    raw::sources::{Csv, Files, Log},
};

pub(crate) fn lower(raw: &Files, place: Place<'_>, context: &Context<'_>, report: &mut Report) -> FilesSource {
    check_place(&raw.path, place.key("path"), context, report);
    let format = raw.format.as_ref().map(|format| format.0);
    let log = raw.log.as_ref().and_then(|log| lower_log(log, place.key("log"), report));
    let is_log = format == Some(FileFormat::Log) || format.is_none() && raw.path.to_ascii_lowercase().ends_with(".log");
    if is_log && raw.log.is_none() {
        let help = "set `log = { style = \"logfmt\" }`, or `log = { pattern = '…' }` with named groups".to_owned();
        place.mistake(report, "nothing says how the lines of this log become columns", Some(help));
    }
    let extension = raw.path.to_ascii_lowercase();
    let says_itself = match format {
        Some(format) => matches!(format, FileFormat::Parquet | FileFormat::Jsonl),
        None => [".parquet", ".jsonl", ".ndjson"].iter().any(|told| extension.ends_with(told)),
    };
    let said = [("columns", !raw.columns.is_empty()), ("csv", raw.csv.is_some()), ("log", raw.log.is_some())];
    for (key, _) in said.into_iter().filter(|(_, is_set)| *is_set && says_itself) {
        let help = "files of Parquet and JSON lines say their columns themselves; convert them in a view".to_owned();
        place.key(key).mistake(report, format!("`{key}` says how texts are read, and these are none"), Some(help));
    }
    FilesSource {
        path: raw.path.clone(),
        format,
        folders: allowed(context).map(PathBuf::from).collect(),
        columns: raw.columns.iter().map(|(name, word)| (name.clone(), word.0)).collect(),
        csv: raw.csv.as_ref().map(|csv| lower_csv(csv, place.key("csv"), report)).unwrap_or_default(),
        log,
    }
}

fn lower_csv(raw: &Csv, place: Place<'_>, report: &mut Report) -> CsvOptions {
    let marks =
        [("delimiter", &raw.delimiter), ("quote", &raw.quote), ("escape", &raw.escape), ("comment", &raw.comment)];
    for (key, mark) in marks {
        if mark.as_ref().is_some_and(|mark| !mark.0.is_ascii() || matches!(mark.0, '\n' | '\r')) {
            let help = Some("use one ASCII character, such as \";\", \"|\" or \"\\t\"".to_owned());
            place.key(key).mistake(report, "this character cannot stand there", help);
        }
    }
    let mark = |mark: &Option<crate::raw::leaf::Mark>| mark.as_ref().map(|mark| mark.0);
    if raw.delimiter.is_some() && mark(&raw.delimiter) == mark(&raw.quote) {
        place.key("quote").mistake(report, "the quote cannot be the delimiter as well", None);
    }
    CsvOptions {
        delimiter: mark(&raw.delimiter),
        quote: mark(&raw.quote),
        escape: mark(&raw.escape),
        comment: mark(&raw.comment),
        decimal: raw.decimal.as_ref().map(|decimal| decimal.0),
        nulls: raw.nulls.clone(),
        header: raw.header,
        names: raw.names.clone(),
        encoding: raw.encoding.as_ref().map(|encoding| encoding.0),
    }
}

fn lower_log(raw: &Log, place: Place<'_>, report: &mut Report) -> Option<LogLines> {
    let Some(pattern) = &raw.pattern else {
        return raw.style.as_ref().filter(|style| style.0 == "logfmt").map(|_| LogLines::Logfmt);
    };
    let at = place.key("pattern");
    match Regex::new(pattern) {
        Err(error) => {
            let reason = error.to_string();
            let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            at.mistake(report, format!("this is not a regular expression: {reason}"), None);
            return None;
        }
        Ok(regex) if regex.capture_names().flatten().next().is_none() => {
            let help = Some("name the groups that are columns, as in `(?<level>\\w+)`".to_owned());
            at.mistake(report, "the pattern names no group, so that there is no column", help);
        }
        Ok(_) => {}
    }
    Some(LogLines::Pattern(pattern.clone()))
}

/// A URL is on a host that is allowed, a local path where one may be. A path that matches nothing is probably misspelt;
/// files may also come later.
fn check_place(path: &str, place: Place<'_>, context: &Context<'_>, report: &mut Report) {
    let local = path.strip_prefix("file://").unwrap_or(path);
    if local.contains("://") {
        return check_host(path, place, context, report);
    }
    if is_inside(local, place, context, report) && !present::any_file(&context.folder.join(local)) {
        let help = Some("paths start at the workspace folder; `*` matches within a folder".to_owned());
        place.warn(report, format!("there is no file at `{path}`"), help);
    }
}

/// The folders outside the workspace that may be read.
fn allowed<'a>(context: &'a Context<'_>) -> impl Iterator<Item = &'a Path> {
    let allow = context.main.iter().flat_map(|(main, _)| &main.allow);
    allow.flat_map(|allow| &allow.folders).map(Path::new)
}

/// Whether a local path lies within the workspace or a folder that is allowed; reports one that does not.
pub(super) fn is_inside(path: &str, place: Place<'_>, context: &Context<'_>, report: &mut Report) -> bool {
    let workspace = std::path::absolute(context.folder).unwrap_or_else(|_| context.folder.to_owned());
    let (whole, workspace) = (normalized(&workspace.join(path)), normalized(&workspace));
    let is_inside =
        whole.starts_with(&workspace) || allowed(context).any(|folder| whole.starts_with(normalized(folder)));
    if !is_inside {
        let folder = whole.parent().unwrap_or(&whole).display().to_string();
        let help = format!("add its folder to [allow] folders in config/watchkeeper.toml, as \"{folder}\"");
        place.mistake(report, format!("`{path}` lies outside the workspace"), Some(help));
    }
    is_inside
}
