//! `compile-plugin`: compiles one component; the plugin host starts this in a process of its own.

use watchkeeper_plugin_host::compile_component;

use crate::{args::CompilePluginArgs, exit::Exit, failure::Failure};

/// Compiles, and limits this whole process for it.
pub(crate) fn run(args: &CompilePluginArgs) -> Result<Exit, Failure> {
    compile_component(&args.input, &args.output).map_err(Failure::internal)?;
    Ok(Exit::Fine)
}
