//! `run`: the daemon. SIGHUP reloads, SIGTERM and SIGINT let what is in flight finish.

mod daemon;
mod files;
mod hands;
mod replica;
mod signals;
mod upkeep;

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use tokio::net::TcpListener;
use watchkeeper_engine::ports::clock::Clock;
use watchkeeper_store::{DaemonLock, SqlStore};

use self::{
    daemon::{Daemon, Event},
    signals::{Ask, Signals},
};
use crate::{clock::SystemClock, exit::Exit, failure::Failure, render::terminal::Terminal, wiring};

/// How often the state folder is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long the store may take to close.
const CLOSING_MAX: Duration = Duration::from_secs(2);

/// Watches until it is asked to stop.
pub(crate) async fn run(folder: &Path, terminal: &mut Terminal) -> Result<Exit, Failure> {
    files::raise_limit();
    let workspace = wiring::configuration(folder, terminal).await?;
    let store = Arc::new(replica::open(folder, &workspace, terminal).await?);
    let who = format!("the daemon on {}", workspace.daemon.listen);
    let lock = store.lock_daemon(&who, SystemClock.now()).map_err(Failure::unreachable)?;
    let listener = listen(workspace.daemon.listen).await?;
    let mut signals = Signals::new()?;
    let address = listener.local_addr()?;
    store.join(&replica::name(address), replica::lease(), &SystemClock).await.map_err(Failure::unreachable)?;
    tell(terminal, format!("listening on {address}"));
    let mut daemon = Daemon::start(folder, workspace, Arc::clone(&store), listener)?;
    let gone = moved_away(&store, lock.as_ref());
    tokio::pin!(gone);
    loop {
        tokio::select! {
            ask = signals.next() => match ask {
                Ask::Stop => break,
                Ask::Reload => daemon.begin_reload(),
            },
            event = daemon.next() => match event {
                Event::Asked(reply) => daemon.asked_to_reload(reply),
                Event::Read(read) => daemon.end_reload(*read, terminal),
                Event::Failed(failure) => return Err(failure),
            },
            failure = &mut gone => return Err(failure),
        }
    }
    daemon.finish(terminal).await;
    // One file is left, without a write-ahead log beside it; what is given up on may still hold a connection.
    let _ = tokio::time::timeout(CLOSING_MAX, store.close()).await;
    tell(terminal, "stopped");
    Ok(Exit::Fine)
}

/// Waits until the store is no longer where it was opened: another daemon could begin beside this one. Nothing is
/// written from then on, so nothing is begun; what is in flight is found out about by whoever has the store.
async fn moved_away(store: &SqlStore, lock: Option<&DaemonLock>) -> Failure {
    while !store.has_moved() && !lock.is_some_and(DaemonLock::has_moved) {
        tokio::time::sleep(LOOK_EVERY).await;
    }
    let folder = store.folder().unwrap_or(Path::new("")).display().to_string();
    Failure::unreachable(format!("the state folder {folder} was moved away or replaced while the daemon ran; it ends"))
        .hint("put the folder back and start the daemon again")
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        Failure::unreachable(format!("cannot listen on {address}: {error}"))
            .hint("free the address, or set another `listen` in [daemon]")
    })
}

/// A reader of our standard error that went away is no reason to stop watching.
fn tell(terminal: &mut Terminal, text: impl std::fmt::Display) {
    let _ = terminal.note(text);
}
