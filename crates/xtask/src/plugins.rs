//! Builds every standard check to a component in `plugins/dist`.

mod toolchain;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use cargo_metadata::{CargoOpt, MetadataCommand, TargetKind};
use wit_component::ComponentEncoder;

use crate::say;
use toolchain::{TARGET, Toolchain};

/// All a check may import; a type-only interface carries no function.
const ALLOWED: [&str; 3] = ["watchkeeper:check/types@1.", "watchkeeper:check/data@1.", "watchkeeper:check/log@1."];

/// Builds the checks' workspace, then encodes each of its libraries.
pub(crate) fn run() -> Result<()> {
    let plugins = folder();
    let toolchain = Toolchain::find(&plugins)?;
    say(&format!("building the checks with {toolchain}"));
    toolchain.build(&plugins)?;
    let dist = plugins.join("dist");
    fs::create_dir_all(&dist).with_context(|| format!("cannot create {}", dist.display()))?;
    for name in checks(&plugins)? {
        encode(&plugins, &dist, &name)?;
    }
    Ok(())
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
    let component = component(&module).with_context(|| format!("cannot encode {name}"))?;
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

fn component(module: &[u8]) -> Result<Vec<u8>> {
    let component = ComponentEncoder::default().validate(true).module(module)?.encode()?;
    for import in imports(&component)? {
        if !ALLOWED.iter().any(|allowed| import.starts_with(allowed)) {
            bail!("it imports {import}, and a check may see nothing but its data and its log");
        }
    }
    Ok(component)
}

/// The names of the interfaces that a component imports.
fn imports(component: &[u8]) -> Result<Vec<String>> {
    let decoded = wit_component::decode(component)?;
    let resolve = decoded.resolve();
    let world = match &decoded {
        wit_component::DecodedWasm::Component(_, world) => &resolve.worlds[*world],
        wit_component::DecodedWasm::WitPackage(..) => bail!("it is no component"),
    };
    let names = world.imports.keys().map(|key| resolve.name_world_key(key));
    Ok(names.collect())
}
