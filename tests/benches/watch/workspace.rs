//! Workspaces of the benchmarks, as files in a folder.

use std::{
    fs,
    path::{Path, PathBuf},
};

const CONFIGURATION: &str = "[daemon]\nlisten = \"127.0.0.1:0\"\n[channel.here.console]\n[team.owner]\nnotify = [\"here\"]\n\
                             [gate.decisions]\n";
const RUNBOOK: &str =
    "[runbook]\nid = \"look\"\n[[step]]\nid = \"pause\"\n[step.gate]\ngate = \"decisions\"\nstate = \"paused\"\n";

/// A workspace with an owner, a channel and a runbook, and no source and no monitor yet.
pub(crate) struct Workspace {
    pub(crate) folder: PathBuf,
}

impl Workspace {
    /// Made anew: what was there is removed.
    pub(crate) fn new(folder: &Path) -> Self {
        if folder.exists() {
            fs::remove_dir_all(folder).expect("it is removed");
        }
        let workspace = Self { folder: folder.to_owned() };
        workspace.configure("");
        workspace.write("runbooks/look.toml", RUNBOOK);
        workspace
    }

    /// With more tables in its configuration.
    pub(crate) fn configure(&self, more: &str) {
        // What is measured lies anywhere.
        let allowed = "[allow]\nfolders = [\"/\"]\n";
        self.write("config/watchkeeper.toml", &format!("{CONFIGURATION}{allowed}{more}"));
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        let path = self.folder.join(file);
        fs::create_dir_all(path.parent().expect("a folder")).expect("it is made");
        fs::write(path, text).expect("it is written");
    }

    /// Sources of one file each, cut by the time of their rows.
    pub(crate) fn sources(&self, files: &[(&str, &Path)]) {
        let source = |(name, path): &(&str, &Path)| {
            let path = path.display();
            format!("[source.{name}]\ntime_column = \"at\"\n[source.{name}.files]\npath = \"{path}\"\n")
        };
        self.write("config/sources.toml", &files.iter().map(source).collect::<String>());
    }

    /// A monitor: its schedule's lines, its input's, and all from `[check]` on.
    pub(crate) fn monitor(&self, id: &str, schedule: &str, input: &str, check: &str) {
        let monitor = format!(
            "[monitor]\nid = \"{id}\"\nlayer = \"model\"\nowner = \"owner\"\nrunbook = \"look\"\n\
             [schedule]\n{schedule}\n[input]\n{input}\n{check}"
        );
        self.write(&format!("config/monitors/{id}.toml"), &monitor);
    }
}
