//! Python: componentize-py puts the check and an interpreter into one component.

use std::{
    path::{Path, PathBuf, absolute},
    process::Command,
};

use super::{finish, output, taken};
use crate::{fault::Fault, project::Project};

const MISSING: &str = "run `python3 -m venv .venv && .venv/bin/pip install -r requirements.txt` in the project";

/// Runs the tool of the project's environment, else the one on the PATH.
pub(super) fn build(project: &Project) -> Result<Vec<u8>, Fault> {
    let output = output(project)?;
    let mut tool = Command::new(tool(&project.folder));
    tool.current_dir(&project.folder).args(["--wit-path", "sdk/wit", "--world", "check"]);
    tool.args(["componentize", "measure", "--python-path", ".", "--python-path", "sdk", "--stub-wasi", "--output"]);
    // What lies in another environment would be packed as well.
    tool.env_remove("VIRTUAL_ENV").env("PYTHONDONTWRITEBYTECODE", "1");
    finish(tool.arg(&output), "build the component", MISSING)?;
    taken(&output)
}

fn tool(folder: &Path) -> PathBuf {
    let own = folder.join(".venv/bin/componentize-py");
    if own.is_file() { absolute(&own).unwrap_or(own) } else { "componentize-py".into() }
}
