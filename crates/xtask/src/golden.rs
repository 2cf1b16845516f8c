//! `cargo xtask golden`: computes the reference numbers of every check anew, with pinned libraries from PyPI.

use std::process::Command;

use anyhow::Result;

use crate::{finish, repository, target, venv};

/// Provides the libraries, then runs the generator.
pub(crate) fn run() -> Result<()> {
    let folder = repository().join("tests/golden");
    let python = venv::provide(&target().join("golden-venv"), &folder.join("requirements.txt"))?;
    let mut generator = Command::new(python);
    // A warning of a reference library is a number in doubt; caches would lie in the repository.
    generator.args(["-W", "error::RuntimeWarning"]).arg(folder.join("generate.py"));
    finish(generator.env("PYTHONDONTWRITEBYTECODE", "1"))
}
