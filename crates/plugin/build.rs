//! Embeds the standard checks: every component in `plugins/dist` becomes a row of the table that `standard.rs` includes.

use std::{env, error::Error, fmt::Write, fs, path::Path, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let dist = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../plugins/dist");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={}", dist.display());
    let components = components(&dist)?;
    if components.is_empty() {
        println!("cargo::error=there are no standard checks in plugins/dist: run `cargo xtask plugins` first");
    }
    fs::write(Path::new(&env::var("OUT_DIR")?).join("standard.rs"), table(&components)?)?;
    Ok(())
}

/// The components in name order; none when the folder is missing.
fn components(dist: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    if !dist.is_dir() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(dist.canonicalize()?)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "wasm") {
            println!("cargo::rerun-if-changed={}", path.display());
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn table(components: &[PathBuf]) -> Result<String, Box<dyn Error>> {
    let mut code = String::from("&[");
    for path in components {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().replace('_', "-");
        write!(code, "({name:?}, include_bytes!({:?})),", path.display().to_string())?;
    }
    code.push(']');
    Ok(code)
}
