//! Compiles the component at the first path to the second one, for hosts that are not the `watchkeeper` binary.

use std::{env, error::Error, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let mut paths = env::args_os().skip(1).map(PathBuf::from);
    let (Some(input), Some(output), None) = (paths.next(), paths.next(), paths.next()) else {
        return Err("usage: compile-plugin COMPONENT OUTPUT".into());
    };
    Ok(watchkeeper_plugin_host::compile_component(&input, &output)?)
}
