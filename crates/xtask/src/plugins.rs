//! Builds every standard check to a component in `plugins/dist`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result};
use cargo_metadata::{CargoOpt, MetadataCommand, TargetKind};
use watchkeeper_author::build::{TARGET, Toolchain};

use crate::{debian, say};

/// Builds the checks' workspace, then encodes each of its libraries.
pub(crate) fn run() -> Result<()> {
    let plugins = folder();
    let toolchain = provide_toolchain(&plugins)?;
    say(&format!("building the checks with {toolchain}"));
    toolchain.build(&plugins, &["--locked"])?;
    let dist = plugins.join("dist");
    fs::create_dir_all(&dist).with_context(|| format!("cannot create {}", dist.display()))?;
    for name in checks(&plugins)? {
        encode(&plugins, &dist, &name)?;
    }
    Ok(())
}

/// A toolchain that builds Wasm; what is missing is installed where that is possible.
pub(crate) fn provide_toolchain(folder: &Path) -> Result<Toolchain> {
    if let Ok(found) = Toolchain::find() {
        return Ok(found);
    }
    say(&format!("adding the target {TARGET} with rustup"));
    let mut rustup = Command::new("rustup");
    rustup.current_dir(folder).args(["target", "add", TARGET]).stdout(Stdio::null()).stderr(Stdio::null());
    // Only what is there afterwards matters.
    if !rustup.status().is_ok_and(|status| status.success()) {
        debian::install(&Toolchain::PACKAGES);
    }
    Toolchain::find().map_err(|fault| anyhow::anyhow!("{fault}; {}", fault.hint.as_deref().unwrap_or_default()))
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins")
}

/// The packages of the workspace that are built to Wasm.
fn checks(plugins: &Path) -> Result<Vec<String>> {
    let metadata = MetadataCommand::new()
        .manifest_path(plugins.join("Cargo.toml"))
        .no_deps()
        .features(CargoOpt::AllFeatures)
        .exec()
        .context("cannot read the checks' workspace")?;
    let is_check = |package: &&cargo_metadata::Package| {
        let mut targets = package.targets.iter();
        targets.any(|target| target.kind.contains(&TargetKind::CDyLib))
    };
    let checks = metadata.packages.iter().filter(is_check);
    Ok(checks.map(|package| package.name.to_string()).collect())
}

/// Encodes one core module and writes it where its bytes changed.
fn encode(plugins: &Path, dist: &Path, name: &str) -> Result<()> {
    let file = format!("{}.wasm", name.replace('-', "_"));
    let module = plugins.join("target").join(TARGET).join("release").join(file);
    let module = fs::read(&module).with_context(|| format!("cannot read {}", module.display()))?;
    let component = watchkeeper_author::encode(&module).with_context(|| format!("cannot encode {name}"))?;
    let path = dist.join(format!("{name}.wasm"));
    let size = component.len().div_ceil(1024);
    if fs::read(&path).is_ok_and(|old| old == component) {
        say(&format!("  {name}: unchanged, {size} KiB"));
        return Ok(());
    }
    fs::write(&path, component).with_context(|| format!("cannot write {}", path.display()))?;
    say(&format!("  {name}: written, {size} KiB"));
    Ok(())
}
