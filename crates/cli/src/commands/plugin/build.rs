//! `plugin build`: the project's component.

use watchkeeper_author::{Project, build};

use super::{failed, shown, size};
use crate::{args::ProjectArgs, exit::Exit, failure::Failure, render::terminal::Terminal};

/// Builds, and says where it is.
pub(crate) fn run(args: &ProjectArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let project = Project::open(&args.folder).map_err(failed)?;
    let component = build::build(&project).map_err(failed)?;
    terminal.line(format_args!("built {}, {}", shown(&project.component()), size(component.len() as u64)))?;
    Ok(Exit::Fine)
}
