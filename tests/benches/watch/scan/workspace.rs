//! A workspace with a monitor for each check.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::data::DAYS;

const CONFIGURATION: &str = "[channel.here.console]\n[team.owner]\nnotify = [\"here\"]\n[gate.decisions]\n";

/// Writes it anew, and gives its folder.
pub(super) fn make(kept: &Path, window: &Path, baseline: &Path, checks: &[(&str, String)]) -> PathBuf {
    let folder = kept.join("scan");
    if folder.exists() {
        fs::remove_dir_all(&folder).expect("it is removed");
    }
    let write = |file: &str, text: String| {
        let path = folder.join(file);
        fs::create_dir_all(path.parent().expect("a folder")).expect("it is made");
        fs::write(path, text).expect("it is written");
    };
    write("config/watchkeeper.toml", CONFIGURATION.to_owned());
    let source = |name: &str, path: &Path| {
        format!("[source.{name}]\ntime_column = \"at\"\n[source.{name}.files]\npath = \"{}\"\n", path.display())
    };
    write("config/sources.toml", source("window", window) + &source("baseline", baseline));
    write(
        "runbooks/look.toml",
        "[runbook]\nid = \"look\"\n[[step]]\nid = \"pause\"\n[step.gate]\ngate = \"decisions\"\nstate = \"paused\"\n"
            .to_owned(),
    );
    for (name, check) in checks {
        let monitor = format!(
            "[monitor]\nid = \"{name}\"\nlayer = \"model\"\nowner = \"owner\"\nrunbook = \"look\"\n\
             [schedule]\ncron = \"0 0 * * *\"\n[input]\nsource = \"window\"\nwindow = \"{DAYS}d\"\n{check}"
        );
        write(&format!("config/monitors/{name}.toml"), monitor);
    }
    folder
}
