//! `cargo xtask golden`: computes the reference numbers of every check anew, with pinned libraries from PyPI.

use std::{env, fs, path::Path, process::Command};

use anyhow::{Context, Result};

use crate::{finish, repository, say, target};

/// Makes the virtual environment where it is missing or was made for other versions, then runs the generator.
pub(crate) fn run() -> Result<()> {
    let folder = repository().join("tests/golden");
    let venv = target().join("golden-venv");
    let pinned = fs::read_to_string(folder.join("requirements.txt")).context("cannot read the pinned versions")?;
    let installed = venv.join("installed.txt");
    if fs::read_to_string(&installed).is_ok_and(|before| before == pinned) {
        say("the libraries are there");
    } else {
        install(&venv, &folder)?;
        fs::write(&installed, pinned).with_context(|| format!("cannot write {}", installed.display()))?;
    }
    let mut generator = python(&venv);
    // A warning of a reference library is a number in doubt; caches would lie in the repository.
    generator.args(["-W", "error::RuntimeWarning"]).arg(folder.join("generate.py"));
    finish(generator.env("PYTHONDONTWRITEBYTECODE", "1"))
}

fn install(venv: &Path, folder: &Path) -> Result<()> {
    say(&format!("installing the reference libraries to {}", venv.display()));
    if venv.exists() {
        fs::remove_dir_all(venv).with_context(|| format!("cannot clear {}", venv.display()))?;
    }
    let system = env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
    finish(Command::new(system).args(["-m", "venv"]).arg(venv))?;
    let mut pip = python(venv);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]);
    finish(pip.arg(folder.join("requirements.txt")))
}

fn python(venv: &Path) -> Command {
    Command::new(venv.join("bin/python"))
}
