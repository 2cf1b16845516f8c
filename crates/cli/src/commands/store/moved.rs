//! `store move`: everything into an empty store on a server, the ledger's chain as it was.

use std::path::Path;

use watchkeeper_engine::ports::clock::Clock as _;
use watchkeeper_store::{Copied, CopyError, SqlStore};

use crate::{
    clock::SystemClock,
    commands::people::outlined,
    exit::Exit,
    failure::Failure,
    render::{terminal::Terminal, text::harmless},
    stored::{self, unopened},
};

/// Moves it while no daemon runs on it: what was written after the copy would be lost.
pub(super) async fn run(folder: &Path, to: &str, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let url = stored::url(folder, to)?;
    let (_, at) = outlined(folder, terminal)?;
    if !at.may_hold_one() {
        return Err(Failure::usage(format!("there is no store in {}", at.shown())));
    }
    let from = at.open().await?;
    let lock = from.lock_daemon("`store move`", SystemClock.now());
    let _lock =
        lock.map_err(|held| Failure::unreachable(held).hint("stop the daemon: what it writes would be lost"))?;
    if from.replicas().await.map_err(Failure::unreachable)?.iter().any(|replica| replica.alive) {
        return Err(Failure::unreachable("daemons run on this store").hint("stop them: what they write would be lost"));
    }
    let target = SqlStore::connect(&url).await.map_err(unopened)?;
    let Copied { rows, ledger, head } = from.copy_to(&target).await.map_err(refused)?;
    terminal.line(format_args!(
        "{rows} rows are in {}, {ledger} of them the ledger's; its head is {head}, as before",
        harmless(&target.place())
    ))?;
    terminal.note(format_args!(
        "now name it in config/watchkeeper.toml, as in `[store] url = {{ file = \"secrets/store\" }}`; {} is left as it is",
        harmless(&from.place())
    ))?;
    Ok(Exit::Fine)
}

fn refused(error: CopyError) -> Failure {
    match error {
        error @ CopyError::NotEmpty { .. } => {
            Failure::usage(error).hint("name a database, or a schema of one, that is empty")
        }
        error @ CopyError::Ledger(_) => {
            Failure::unreachable(error).hint("`watchkeeper ledger verify` names the first bad row")
        }
        error @ CopyError::Store(_) => Failure::unreachable(error),
    }
}
