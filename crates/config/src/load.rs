//! Reads a workspace's files and puts the passes in order.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs::{self, File as OpenFile},
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::de::DeserializeOwned;
use watchkeeper_model::{Workspace, digest_of};

use crate::{
    diagnostic::{Diagnostic, DiagnosticSeverity},
    lower::{self, Parsed},
    place::{File, Report},
    plugin::{PluginFault, PluginManual},
    schema::{FileKind, json_schema},
    tree,
    walk::Walker,
};

/// The most bytes of one file.
const BYTES_MAX: u64 = 1024 * 1024;
/// The most mistakes of one file that are told, and the most warnings; how many more there are is told as well.
const TOLD_MAX: usize = 100;

/// What a workspace's files cannot say themselves.
pub struct Surroundings<'a> {
    /// What a plugin says of itself; asked once for each plugin.
    pub manual: &'a mut dyn FnMut(&str) -> Result<PluginManual, PluginFault>,
    /// The value of an environment variable.
    pub environment: &'a dyn Fn(&str) -> Option<OsString>,
}

/// A workspace that can be worked with.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// Everything its files say.
    pub workspace: Workspace,
    /// What is broken in a part of it or probably not meant, in the order of files and lines.
    pub findings: Vec<Diagnostic>,
}

/// Loads the workspace in a folder whole, or says every mistake in it, in the order of files and lines.
pub fn load(workspace: &Path, surroundings: &mut Surroundings<'_>) -> Result<Loaded, Vec<Diagnostic>> {
    let mut report = Report::default();
    let files = read(workspace, &mut report);
    let mut manuals = BTreeMap::new();
    for plugin in files.plugins() {
        manuals.insert(plugin.to_owned(), (surroundings.manual)(plugin));
    }
    let mut lowered = lower::workspace(&files, workspace, Some(surroundings.environment), &manuals, &mut report);
    lowered.digests.config = config_digest(&files);

    let (errors, findings): (Vec<_>, Vec<_>) =
        in_order(report.found).into_iter().partition(|found| found.severity == DiagnosticSeverity::Error);
    if errors.is_empty() { Ok(Loaded { workspace: lowered, findings }) } else { Err(errors) }
}

/// Every file of the workspace, parsed and checked.
pub(crate) fn read(workspace: &Path, report: &mut Report) -> lower::Files {
    lower::Files {
        watchkeeper: read_all(workspace, FileKind::Watchkeeper, report),
        sources: read_all(workspace, FileKind::Sources, report),
        monitors: read_all(workspace, FileKind::Monitor, report),
        runbooks: read_all(workspace, FileKind::Runbook, report),
    }
}

/// The findings in the order of files and lines, each once, and no more of a file than anybody reads.
pub(crate) fn in_order(mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let place = |one: &Diagnostic| (one.path.as_os_str().to_owned(), one.severity.is_mistake());
    found.sort_by(|a, b| {
        let (first, second) = (a.path.as_os_str(), b.path.as_os_str());
        (first, a.span.start, &a.message).cmp(&(second, b.span.start, &b.message))
    });
    found.dedup();
    let mut counts: BTreeMap<_, usize> = BTreeMap::new();
    let mut kept = Vec::new();
    for one in found {
        let count = counts.entry(place(&one)).or_default();
        *count += 1;
        if *count <= TOLD_MAX + 1 {
            kept.push((*count, one));
        }
    }
    let told = |(nth, one): (usize, Diagnostic)| match counts.get(&place(&one)) {
        Some(count) if nth > TOLD_MAX => one.and_more(count - TOLD_MAX),
        _ => one,
    };
    kept.into_iter().map(told).collect()
}

/// Over every file's path and text, in path order.
fn config_digest(files: &lower::Files) -> String {
    let mut all: Vec<(String, &str)> = files.all().map(|file| (file.path.display().to_string(), &*file.text)).collect();
    all.sort();
    digest_of(&all.iter().flat_map(|(path, text)| [path.as_str(), text]).collect::<Vec<_>>())
}

/// Reads and checks every file of a kind.
fn read_all<T: DeserializeOwned>(workspace: &Path, kind: FileKind, report: &mut Report) -> Vec<Parsed<T>> {
    let paths = match kind {
        FileKind::Watchkeeper => Ok(vec![PathBuf::from("config/watchkeeper.toml")]),
        FileKind::Sources => Ok(vec![PathBuf::from("config/sources.toml")]),
        FileKind::Monitor => toml_files(workspace, Path::new("config/monitors")),
        FileKind::Runbook => toml_files(workspace, Path::new("runbooks")),
    };
    let paths = paths.unwrap_or_else(|diagnostic| {
        report.found.push(*diagnostic);
        Vec::new()
    });
    let schema = json_schema(kind);
    let mut parsed = Vec::new();
    for path in paths {
        match text_of(&workspace.join(&path)) {
            Ok(text) => parsed.push(parse(File { path, text: Arc::from(text) }, &schema, report)),
            // A workspace may do without sources; its monitors then name unknown ones.
            Err(error) if error.kind() == io::ErrorKind::NotFound && kind == FileKind::Sources => {}
            Err(error) => report.found.push(unreadable(path, &error)),
        }
    }
    parsed
}

/// The text of a plain file of a sensible size. Asked before it is opened: a pipe would wait for somebody who writes.
fn text_of(path: &Path) -> io::Result<String> {
    let refused = |why: &str| Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    if !fs::metadata(path)?.is_file() {
        return refused("it is not a plain file");
    }
    let mut text = String::new();
    OpenFile::open(path)?.take(BYTES_MAX + 1).read_to_string(&mut text)?;
    if text.len() as u64 > BYTES_MAX { refused("it is larger than 1 MiB") } else { Ok(text) }
}

fn unreadable(path: PathBuf, error: &io::Error) -> Diagnostic {
    let help = "`watchkeeper init` makes a workspace; `--workspace` names another folder";
    let missing = error.kind() == io::ErrorKind::NotFound;
    let message = format!("cannot read {}: {error}", path.display());
    File { path, text: Arc::from("") }.mistake(0..0, message).help(missing.then(|| help.to_owned()))
}

/// The folder's TOML files in path order, relative to the workspace; none when the folder is absent.
fn toml_files(workspace: &Path, folder: &Path) -> Result<Vec<PathBuf>, Box<Diagnostic>> {
    let entries = match fs::read_dir(workspace.join(folder)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.and_then(Iterator::collect::<io::Result<Vec<_>>>),
    };
    let entries = entries.map_err(|error| Box::new(unreadable(folder.to_owned(), &error)))?;
    let names = entries.into_iter().map(|entry| folder.join(entry.file_name()));
    let mut paths: Vec<PathBuf> = names.filter(|path| path.extension().is_some_and(|end| end == "toml")).collect();
    paths.sort();
    Ok(paths)
}

/// Parses, checks, repairs and reads one file. A file with mistakes of syntax is read no further.
fn parse<T: DeserializeOwned>(file: File, schema: &serde_json::Value, report: &mut Report) -> Parsed<T> {
    let (mut node, syntax) = tree::parse(&file.text);
    let whole = syntax.is_empty();
    report.found.extend(syntax.into_iter().map(|(message, span)| file.mistake(span, message)));
    if !whole {
        return Parsed { file, node, raw: None };
    }
    Walker { schema, file: &file, report }.check(&mut node, schema, "");
    let raw = serde_json::from_value(node.to_json());
    let raw = raw.map_err(|error| report.found.push(file.mistake(0..0, format!("cannot be read: {error}")))).ok();
    Parsed { file, node, raw }
}
