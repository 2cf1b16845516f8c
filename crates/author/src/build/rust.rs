//! Rust: cargo builds a core module, which becomes a component here.

use std::fs;

use cargo_metadata::{MetadataCommand, TargetKind};

use super::toolchain::{TARGET, Toolchain};
use crate::{component, fault::Fault, project::Project};

/// Builds for Wasm, and encodes.
pub(super) fn build(project: &Project) -> Result<Vec<u8>, Fault> {
    let toolchain = Toolchain::find()?;
    toolchain.build(&project.folder, &[])?;
    let manifest = project.folder.join("Cargo.toml");
    let mut metadata = MetadataCommand::new();
    metadata.manifest_path("Cargo.toml").current_dir(&project.folder).no_deps().env_remove("CARGO_TARGET_DIR");
    let metadata =
        metadata.exec().map_err(|error| Fault::new(format!("cannot read {}: {error}", manifest.display())))?;
    let of_project = metadata.packages.iter().find(|package| *package.name == project.name);
    let library = of_project.and_then(|package| {
        package.targets.iter().find(|target| target.kind.contains(&TargetKind::CDyLib)).map(|target| &target.name)
    });
    let Some(library) = library else {
        let none = format!("{} builds no Wasm module", manifest.display());
        return Err(Fault::new(none).hint("give it a library: [lib] crate-type = [\"cdylib\", \"rlib\"]"));
    };
    let file = format!("{}.wasm", library.replace('-', "_"));
    let module = metadata.target_directory.join(TARGET).join("release").join(file);
    let module = fs::read(&module).map_err(|error| Fault::read(module.as_std_path(), &error))?;
    component::encode(&module)
}
