//! `schema`: the JSON Schema of one kind of file.

use std::{collections::BTreeMap, fs, path::Path};

use watchkeeper_config::{FileKind, json_schema, monitor_schema};
use watchkeeper_engine::ports::checker::Checker;
use watchkeeper_plugin_host::{Host, Lock};

use crate::{
    args::SchemaArgs, dispatch::on_runtime, exit::Exit, failure::Failure, place, render::terminal::Terminal, wiring,
};

/// Prints it, indented: it is written into a file that people read too. A monitor's knows the parameters of the
/// workspace's plugins where a workspace is named.
pub(crate) fn run(args: &SchemaArgs, workspace: Option<&Path>, terminal: &mut Terminal) -> Result<Exit, Failure> {
    match (args.kind, workspace) {
        (FileKind::Monitor, Some(_)) => on_runtime(of_monitor(&place::find(workspace)?, terminal)),
        (kind, _) => {
            terminal.line(format_args!("{:#}", json_schema(kind)))?;
            Ok(Exit::Fine)
        }
    }
}

async fn of_monitor(folder: &Path, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let host = wiring::host(folder)?;
    let mut manuals = BTreeMap::new();
    for plugin in plugins(folder)? {
        match host.manual(&plugin).await {
            Ok(manual) => drop(manuals.insert(plugin.clone(), wiring::manual_for_configuration(&plugin, manual))),
            Err(message) => terminal.note(format_args!("left out: {message}"))?,
        }
    }
    terminal.line(format_args!("{:#}", monitor_schema(&manuals)))?;
    Ok(Exit::Fine)
}

/// The standard checks, what is pinned, and the components in the workspace's folder of plugins.
fn plugins(folder: &Path) -> Result<Vec<String>, Failure> {
    let lock = Lock::read(folder).map_err(Failure::usage)?;
    let pinned = lock.plugins.iter().map(|pinned| pinned.name.clone());
    let entries = fs::read_dir(folder.join("plugins")).into_iter().flatten().flatten();
    let files = entries.filter_map(|entry| entry.file_name().into_string().ok()).filter(|name| name.ends_with(".wasm"));
    let files = files.map(|name| format!("plugins/{name}")).filter(|path| lock.find(folder, path).is_none());
    Ok(Host::standard_names().map(str::to_owned).chain(pinned).chain(files).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::terminal::tests::on_paper;

    #[test]
    fn every_kind_of_file_has_a_schema() {
        for (kind, word) in FileKind::ALL {
            let (mut terminal, out, _) = on_paper();
            run(&SchemaArgs { kind }, None, &mut terminal).unwrap();
            let schema: serde_json::Value = serde_json::from_str(&out.text()).unwrap();
            assert!(schema["properties"].is_object(), "{word}");
        }
    }
}
