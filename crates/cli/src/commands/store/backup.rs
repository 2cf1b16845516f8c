//! `store backup`: one state of it in a file, while the daemon goes on.

use std::path::Path;

use watchkeeper_store::{BackupError, CopyError};

use crate::{
    commands::people::outlined,
    exit::Exit,
    failure::Failure,
    render::{terminal::Terminal, text::harmless},
};

pub(super) async fn run(folder: &Path, file: &Path, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let (_, at) = outlined(folder, terminal)?;
    let store = at.open_to_copy().await?;
    store.back_up(file).await.map_err(refused)?;
    let shown = harmless(&file.display().to_string());
    terminal.line(format_args!("the store {} is copied to {shown}", harmless(&store.place())))?;
    terminal.note("to go on from it: put it as `watchkeeper.db` into an empty state folder, and start the daemon")?;
    Ok(Exit::Fine)
}

fn refused(error: BackupError) -> Failure {
    match error {
        error @ BackupError::Exists { .. } => Failure::usage(error).hint("name a file that is not there yet"),
        BackupError::Copy(CopyError::Ledger(fault)) => {
            Failure::unreachable(fault).hint("`watchkeeper ledger verify` names the first bad row")
        }
        error => Failure::unreachable(error),
    }
}
