//! `run`: the daemon. SIGHUP reloads, SIGTERM and SIGINT let what is in flight finish.

mod daemon;
mod signals;

use std::{net::SocketAddr, path::Path, sync::Arc};

use tokio::net::TcpListener;
use watchkeeper_engine::ports::clock::Clock;

use self::{
    daemon::Daemon,
    signals::{Ask, Signals},
};
use crate::{clock::SystemClock, exit::Exit, failure::Failure, render::terminal::Terminal, wiring};

/// Watches until it is asked to stop.
pub(crate) async fn run(folder: &Path, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let workspace = wiring::configuration(folder, terminal).await?;
    let store = Arc::new(wiring::store(folder, &workspace).await?);
    let who = format!("the daemon on {}", workspace.daemon.listen);
    let _lock = store.lock_daemon(&who, SystemClock.now()).map_err(Failure::unreachable)?;
    let listener = listen(workspace.daemon.listen).await?;
    let mut signals = Signals::new()?;
    tell(terminal, format!("listening on {}", listener.local_addr()?));
    let mut daemon = Daemon::start(folder, workspace, store, listener)?;
    loop {
        tokio::select! {
            ask = signals.next() => match ask {
                Ask::Stop => break,
                Ask::Reload => daemon.reload(terminal).await,
            },
            failure = daemon.failed() => return Err(failure),
        }
    }
    daemon.finish(terminal).await;
    tell(terminal, "stopped");
    Ok(Exit::Fine)
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
