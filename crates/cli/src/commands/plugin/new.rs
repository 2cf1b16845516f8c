//! `plugin new`: a small project that builds and passes its test at once.

use std::path::PathBuf;

use watchkeeper_author::{preparation, scaffold};

use super::failed;
use crate::{args::NewPluginArgs, exit::Exit, failure::Failure, render::terminal::Terminal};

/// Writes it, and says what to try.
pub(crate) fn run(args: &NewPluginArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let folder = args.to.clone().unwrap_or_else(|| PathBuf::from(&args.name));
    let (project, files) = scaffold(args.lang, &args.name, &folder).map_err(failed)?;
    let own = files.iter().filter(|file| !file.starts_with("sdk"));
    for file in own {
        terminal.line(format_args!("wrote {}", folder.join(file).display()))?;
    }
    terminal.line(format_args!("wrote {} with the contract and the library", folder.join("sdk").display()))?;
    terminal.line(format_args!("\nTry, in {}:", project.folder.display()))?;
    let tests = [preparation(args.lang), Some("watchkeeper plugin test"), Some("watchkeeper plugin inspect")];
    for command in tests.into_iter().flatten() {
        terminal.line(format_args!("  {command}"))?;
    }
    Ok(Exit::Fine)
}
