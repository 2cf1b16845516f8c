//! `plugin`: write, test and ship plugins.

mod add;
mod build;
mod case;
mod doc;
mod inspect;
mod new;
mod push;
mod record;
mod test;
mod update;

use std::path::{Path, PathBuf, absolute};

use watchkeeper_author::{Fault, Project};

use crate::{
    args::{PluginArgs, PluginCommand},
    dispatch::on_runtime,
    exit::Exit,
    failure::Failure,
    place,
    render::terminal::Terminal,
};

/// Runs one of its commands; those that need a workspace look for it.
pub(crate) fn run(args: &PluginArgs, workspace: Option<&Path>, terminal: &mut Terminal) -> Result<Exit, Failure> {
    match &args.command {
        PluginCommand::New(args) => new::run(args, terminal),
        PluginCommand::Build(args) => build::run(args, terminal),
        PluginCommand::Test(args) => on_runtime(test::run(args, terminal)),
        PluginCommand::Inspect(args) => on_runtime(inspect::run(args, terminal)),
        PluginCommand::Doc(args) => on_runtime(doc::run(args, terminal)),
        PluginCommand::Push(args) => on_runtime(push::run(args, terminal)),
        PluginCommand::Add(args) => on_runtime(add::run(&place::find(workspace)?, args, terminal)),
        PluginCommand::Update(args) => on_runtime(update::run(&place::find(workspace)?, args, terminal)),
        PluginCommand::Record(args) => on_runtime(record::run(&place::find(workspace)?, args, terminal)),
    }
}

/// What keeps an author from going on; the command line, or what it names, is wrong.
fn failed(fault: Fault) -> Failure {
    let hint = fault.hint.clone();
    let failure = Failure::usage(fault);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// What the host takes for the component that somebody names: a standard check's name, a file, or a project's component.
fn component(named: &str) -> Result<String, Failure> {
    let path = Path::new(named);
    let file = if path.is_dir() { built(path)? } else { path.to_owned() };
    if !file.exists() {
        return Ok(named.to_owned());
    }
    Ok(absolute(&file)?.to_string_lossy().into_owned())
}

fn built(folder: &Path) -> Result<PathBuf, Failure> {
    let component = Project::open(folder).map_err(failed)?.component();
    match component.is_file() {
        true => Ok(component),
        false => Err(Failure::usage(format!("{} is not built yet", component.display()))
            .hint(format!("build it with `watchkeeper plugin build {}`", folder.display()))),
    }
}

/// A path as people would write it.
fn shown(path: &Path) -> std::path::Display<'_> {
    path.strip_prefix(".").unwrap_or(path).display()
}

/// A size as people read it.
fn size(bytes: u64) -> String {
    match bytes {
        0..10_240 => format!("{bytes} bytes"),
        10_240..10_485_760 => format!("{} KiB", bytes >> 10),
        _ => format!("{} MiB", bytes >> 20),
    }
}
