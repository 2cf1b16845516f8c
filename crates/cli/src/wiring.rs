//! Opens what commands work on: the configuration and the plugin host.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
};

use tokio::{runtime::Handle, task::block_in_place};
use watchkeeper_config::{Diagnostic, PluginFault, PluginManual, PluginMetric, PluginParam, Surroundings};
use watchkeeper_engine::ports::checker::{Checker, Manual, ManualMetric, ManualParam};
use watchkeeper_model::Workspace;
use watchkeeper_plugin_host::{Compiler, Host, HostConfig, Lock};

use crate::{
    failure::Failure,
    render::{diagnostics, terminal::Terminal},
};

/// The configuration of the workspace in `folder`. Findings it can be worked with are told on standard error; mistakes are the failure.
pub(crate) async fn configuration(folder: &Path, terminal: &mut Terminal) -> Result<Workspace, Failure> {
    sound(load(folder)?, terminal)
}

/// The workspace of a configuration that was read.
pub(crate) fn sound(loaded: Loaded, terminal: &mut Terminal) -> Result<Workspace, Failure> {
    match loaded {
        Ok(loaded) if loaded.findings.is_empty() => Ok(loaded.workspace),
        Ok(loaded) => {
            terminal.note(diagnostics::report(&loaded.findings, terminal.styled_err))?;
            Ok(loaded.workspace)
        }
        Err(mistakes) => Err(Failure::configuration(diagnostics::report(&mistakes, terminal.styled_err))),
    }
}

/// A configuration, or every mistake in it.
pub(crate) type Loaded = Result<watchkeeper_config::Loaded, Vec<Diagnostic>>;

/// Reads the configuration; plugins are asked for their manuals. Needs a runtime of several threads.
pub(crate) fn load(folder: &Path) -> Result<Loaded, Failure> {
    let host = host(folder)?;
    let mut manual = |plugin: &str| {
        let asked = Handle::current().block_on(host.manual(plugin));
        asked
            .map(|manual| manual_for_configuration(plugin, manual))
            .map_err(|message| plugin_fault(folder, plugin, message))
    };
    let environment = |name: &str| env::var_os(name);
    let mut surroundings = Surroundings { manual: &mut manual, environment: &environment };
    Ok(block_in_place(|| watchkeeper_config::load(folder, &mut surroundings)))
}

pub(crate) fn manual_for_configuration(plugin: &str, manual: Manual) -> PluginManual {
    let param = |p: ManualParam| PluginParam {
        name: p.name,
        doc: p.doc,
        kind: p.kind,
        required: p.required,
        default: p.default,
    };
    let metric = |m: ManualMetric| PluginMetric { name: m.name, doc: m.doc, labels: m.labels };
    PluginManual {
        summary: manual.summary,
        params: manual.params.into_iter().map(param).collect(),
        metrics: manual.metrics.into_iter().map(metric).collect(),
        needs_baseline: Host::needs_baseline(plugin),
    }
}

fn plugin_fault(folder: &Path, plugin: &str, message: String) -> PluginFault {
    let nearest = watchkeeper_config::nearest(plugin, Host::standard_names()).filter(|name| *name != plugin);
    let pinned = Lock::read(folder).ok().and_then(|lock| Some(lock.find(folder, plugin)?.path.clone()));
    let is_there =
        Host::standard_names().any(|name| name == plugin) || folder.join(pinned.as_deref().unwrap_or(plugin)).is_file();
    let help = nearest.filter(|_| !is_there).map(|name| format!("did you mean `{name}`?"));
    PluginFault { message, help, is_there }
}

/// The plugin host; components are compiled by this very binary, in a process of its own.
pub(crate) fn host(folder: &Path) -> Result<Host, Failure> {
    let program = env::current_exe().map_err(Failure::internal)?;
    let compiler = Compiler { program, args: vec!["compile-plugin".into()] };
    let cache_dir = cache_folder(|name| env::var_os(name));
    Host::new(HostConfig { cache_dir, compiler, workspace: folder.to_owned() }).map_err(Failure::unreachable)
}

/// Where compiled plugins are kept: the folder that systemd gives a service, else the user's cache. Never the workspace,
/// which others write: what is kept is run as it is.
fn cache_folder(environment: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let absolute = |name: &str| environment(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let users = || absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")));
    let given = absolute("CACHE_DIRECTORY").or_else(|| Some(users()?.join("watchkeeper")));
    Some(given?.join("plugins"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compiled_plugins_go_to_the_service_or_the_user() {
        let folder = |variables: &[(&str, &str)]| {
            let value = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into());
            cache_folder(value).map(|folder| folder.display().to_string())
        };
        let home = ("HOME", "/home/watch");
        assert_eq!(
            folder(&[("CACHE_DIRECTORY", "/var/cache/watchkeeper"), home]).as_deref(),
            Some("/var/cache/watchkeeper/plugins")
        );
        assert_eq!(folder(&[("XDG_CACHE_HOME", "/c"), home]).as_deref(), Some("/c/watchkeeper/plugins"));
        assert_eq!(folder(&[home]).as_deref(), Some("/home/watch/.cache/watchkeeper/plugins"));
        assert_eq!(folder(&[("HOME", "nowhere")]), None);
    }
}
