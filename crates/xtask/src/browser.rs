//! What the tests of pages, metrics and registries need: Chromium, its driver, promtool and docker-registry from Debian, axe-core from the package on
//! PyPI that carries it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};

use crate::{debian, finish, say, target};

const PACKAGES: [&str; 7] =
    ["chromium", "chromium-driver", "docker-registry", "prometheus", "python3", "python3-pip", "python3-venv"];
/// axe-core 4.12.
const AXE: &str = "axe-playwright-python==0.1.8";

/// Puts axe-core into `target/browser`, and installs the browser where that is possible.
pub(crate) fn provide() -> Result<()> {
    let programs = || {
        ["chromium", "chromedriver", "docker-registry", "promtool", "python3"]
            .iter()
            .all(|program| debian::on_path(program))
    };
    let modules = || Command::new("python3").args(["-c", "import ensurepip, pip"]).output();
    let there = || programs() && modules().is_ok_and(|output| output.status.success());
    ensure!(
        there() || (debian::install(&PACKAGES) && there()),
        "the tests of pages and registries need chromium, chromedriver, docker-registry, promtool and python3 with pip; on Debian `apt-get install {}` as root",
        PACKAGES.join(" ")
    );
    let folder = target().join("browser");
    let (mark, script) = (folder.join("installed.txt"), folder.join("axe_playwright_python/axe.min.js"));
    if script.is_file() && fs::read_to_string(&mark).is_ok_and(|before| before == AXE) {
        return Ok(());
    }
    say(&format!("downloading {AXE} to {}", folder.display()));
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "download", "--quiet", "--no-deps", "--disable-pip-version-check", "--dest"]);
    finish(pip.arg(&folder).arg(AXE))?;
    finish(Command::new("python3").args(["-m", "zipfile", "-e"]).arg(wheel(&folder)?).arg(&folder))?;
    ensure!(script.is_file(), "{AXE} does not carry axe.min.js");
    fs::write(&mark, AXE).with_context(|| format!("cannot write {}", mark.display()))
}

fn wheel(folder: &Path) -> Result<PathBuf> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut wheels = entries.flatten().map(|entry| entry.path());
    wheels.find(|path| path.extension().is_some_and(|kind| kind == "whl")).context("pip has downloaded no wheel")
}
