//! Throw-away Python environments with pinned packages from PyPI.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::{finish, say};

/// The Python of an environment with these packages; made where it is missing or was made for other versions.
pub(crate) fn provide(venv: &Path, requirements: &Path) -> Result<PathBuf> {
    let pinned = fs::read_to_string(requirements).context("cannot read the pinned versions")?;
    let (installed, python) = (venv.join("installed.txt"), venv.join("bin/python"));
    if fs::read_to_string(&installed).is_ok_and(|before| before == pinned) {
        return Ok(python);
    }
    say(&format!("installing {} to {}", requirements.display(), venv.display()));
    if venv.exists() {
        fs::remove_dir_all(venv).with_context(|| format!("cannot clear {}", venv.display()))?;
    }
    let system = env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
    finish(Command::new(system).args(["-m", "venv"]).arg(venv))?;
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]);
    finish(pip.arg(requirements))?;
    fs::write(&installed, pinned).with_context(|| format!("cannot write {}", installed.display()))?;
    Ok(python)
}
