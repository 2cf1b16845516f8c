//! Raw files to the model: every reference resolved, every rule that no schema can say.

mod action;
mod channel;
mod database;
mod digest;
mod endpoint;
mod files;
mod inhibition;
mod monitor;
mod names;
mod params;
mod present;
mod quiet;
mod runbook;
mod secret;
mod sources;
mod sql;
mod startable;
pub(crate) mod store;
mod threshold;
mod watchkeeper;
mod web;

use std::{collections::BTreeMap, ffi::OsString, path::Path};

use watchkeeper_model::{Digests, Name, Workspace};

use self::names::{Kind, Names};
pub(crate) use self::watchkeeper::STATE;
use crate::{
    place::{File, Place, Report},
    plugin::{PluginFault, PluginManual},
    raw::{
        monitor::MonitorFile,
        runbook::RunbookFile,
        sources::{Source, SourcesFile},
        watchkeeper::WatchkeeperFile,
    },
    tree::Node,
};

/// A file that has been checked against its schema.
pub(crate) struct Parsed<T> {
    pub(crate) file: File,
    pub(crate) node: Node,
    /// Absent when the file has mistakes of syntax.
    pub(crate) raw: Option<T>,
}

impl<T> Parsed<T> {
    pub(crate) fn place(&self) -> Place<'_> {
        Place::root(&self.file, &self.node)
    }
}

/// Every file of a workspace.
pub(crate) struct Files {
    pub(crate) watchkeeper: Vec<Parsed<WatchkeeperFile>>,
    pub(crate) sources: Vec<Parsed<SourcesFile>>,
    pub(crate) monitors: Vec<Parsed<MonitorFile>>,
    pub(crate) runbooks: Vec<Parsed<RunbookFile>>,
}

impl Files {
    pub(crate) fn all(&self) -> impl Iterator<Item = &File> {
        let singles =
            self.watchkeeper.iter().map(|parsed| &parsed.file).chain(self.sources.iter().map(|parsed| &parsed.file));
        singles
            .chain(self.monitors.iter().map(|parsed| &parsed.file))
            .chain(self.runbooks.iter().map(|parsed| &parsed.file))
    }

    /// Every plugin that a monitor names.
    pub(crate) fn plugins(&self) -> std::collections::BTreeSet<&str> {
        self.monitors.iter().filter_map(|parsed| parsed.raw.as_ref()).map(|raw| raw.check.plugin.as_str()).collect()
    }
}

/// Gives an environment variable by name.
type Environment<'a> = dyn Fn(&str) -> Option<OsString> + 'a;

/// What lowering may look at.
pub(crate) struct Context<'a> {
    pub(crate) folder: &'a Path,
    /// Environment variables; `None` where secrets are not looked for.
    pub(crate) environment: Option<&'a Environment<'a>>,
    pub(crate) manuals: &'a BTreeMap<String, Result<PluginManual, PluginFault>>,
    pub(crate) names: Names,
    pub(crate) sources: BTreeMap<&'a str, &'a Source>,
    /// `watchkeeper.toml` and its place.
    pub(crate) main: Option<(&'a WatchkeeperFile, Place<'a>)>,
}

/// Lowers every file; the result is whole only when nothing was reported.
pub(crate) fn workspace(
    files: &Files,
    folder: &Path,
    environment: Option<&Environment<'_>>,
    manuals: &BTreeMap<String, Result<PluginManual, PluginFault>>,
    report: &mut Report,
) -> Workspace {
    let main = files.watchkeeper.first().and_then(|parsed| Some((parsed.raw.as_ref()?, parsed.place())));
    let raw_sources = files.sources.first().and_then(|parsed| parsed.raw.as_ref());
    let sources =
        raw_sources.into_iter().flat_map(|raw| &raw.source).map(|(name, source)| (name.as_str(), source)).collect();
    let context = Context { folder, environment, manuals, names: Names::of(files), sources, main };

    let runbooks = collect(&files.runbooks, report, Kind::Runbook, |parsed, report| {
        let runbook = runbook::lower(parsed.raw.as_ref()?, parsed.place(), &context, report)?;
        Some((runbook.id.clone(), (runbook, watchkeeper_model::digest_of(&[&parsed.file.text]))))
    });
    let monitors = collect(&files.monitors, report, Kind::Monitor, |parsed, report| {
        let monitor = monitor::lower(parsed.raw.as_ref()?, parsed.place(), &context, report);
        Some((monitor.id.clone(), monitor))
    });
    startable::warn(files, &monitors, report);
    inhibition::refuse_circles(files, &monitors, report);
    let digests = runbooks.iter().map(|(name, (_, digest))| (name.clone(), digest.clone())).collect();
    let daemon = watchkeeper::daemon(&context, report);
    Workspace {
        store: store::lower(&context, report),
        web: web::lower(&context, daemon.listen, report),
        daemon,
        allow: watchkeeper::allow(&context, report),
        teams: watchkeeper::teams(&context, report),
        channels: channel::lower_all(&context, report),
        gates: watchkeeper::gates(&context),
        maintenance: quiet::maintenance(&context, report),
        hours: quiet::hours(&context, report),
        reports: digest::lower(&context, report),
        sources: files.sources.first().map_or_else(BTreeMap::new, |parsed| sources::lower(parsed, &context, report)),
        monitors,
        runbooks: runbooks.into_iter().map(|(name, (runbook, _))| (name, runbook)).collect(),
        digests: Digests { config: String::new(), runbooks: digests },
    }
}

/// Lowers one thing a file; an id that an earlier file has is a mistake.
fn collect<R, T>(
    files: &[Parsed<R>],
    report: &mut Report,
    kind: Kind,
    mut lower: impl FnMut(&Parsed<R>, &mut Report) -> Option<(Name, T)>,
) -> BTreeMap<Name, T> {
    let mut first_files = BTreeMap::new();
    let mut all = BTreeMap::new();
    for parsed in files {
        let head = parsed.place().key(kind.word());
        let id = parsed.node.get(kind.word()).and_then(|(_, head)| head.get("id")).and_then(|(_, id)| id.text());
        if let Some(first) = id.and_then(|id| first_files.insert(id.to_owned(), parsed.file.path.display().to_string()))
        {
            let message = format!("there is already a {} `{}`, in {first}", kind.word(), id.unwrap_or_default());
            head.key("id").mistake(report, message, Some("give one of them another id".to_owned()));
        }
        all.extend(lower(parsed, report));
    }
    all
}
