//! Builds a project's component with the tools of its language.

mod javascript;
mod python;
mod rust;
mod toolchain;

use std::{
    fs,
    path::{Path, PathBuf, absolute},
    process::{Command, Stdio},
};

pub use toolchain::{TARGET, Toolchain};

use crate::{component, fault::Fault, language::Language, project::Project};

/// Builds the component, checks what it imports, and puts it to the project's `dist` folder; gives its bytes.
pub fn build(project: &Project) -> Result<Vec<u8>, Fault> {
    let component = match project.language {
        Language::Rust => rust::build(project),
        Language::JavaScript => javascript::build(project),
        Language::Python => python::build(project),
    }?;
    let path = project.component();
    if fs::read(&path).is_ok_and(|old| old == component) {
        return Ok(component);
    }
    path.parent().map_or(Ok(()), fs::create_dir_all).map_err(|error| Fault::write(&path, &error))?;
    fs::write(&path, &component).map_err(|error| Fault::write(&path, &error))?;
    Ok(component)
}

/// Where a tool may put what becomes the component.
fn output(project: &Project) -> Result<PathBuf, Fault> {
    let output = project.component().with_extension("part");
    output.parent().map_or(Ok(()), fs::create_dir_all).map_err(|error| Fault::write(&output, &error))?;
    absolute(&output).map_err(|error| Fault::write(&output, &error))
}

/// The component that a tool made, from a file that is not needed any more; it imports no more than a check may.
fn taken(path: &Path) -> Result<Vec<u8>, Fault> {
    let component = fs::read(path).map_err(|error| Fault::read(path, &error))?;
    fs::remove_file(path).map_err(|error| Fault::write(path, &error))?;
    component::refuse_strangers(&component)?;
    Ok(component)
}

/// Runs a tool to its end; what it prints goes to standard error, and it ends well or there is a fault.
fn finish(command: &mut Command, doing: &str, missing: &str) -> Result<(), Fault> {
    let program = command.get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::null()).stdout(Stdio::from(std::io::stderr()));
    let status = command.status().map_err(|error| {
        Fault::new(format!("cannot start `{program}` to {doing}: {error}")).hint(missing.to_owned())
    })?;
    match status.success() {
        true => Ok(()),
        false => Err(Fault::new(format!("`{program}` could not {doing}; what it says is above"))),
    }
}
