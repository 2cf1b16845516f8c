//! `run`: the daemon. SIGHUP reloads, SIGTERM and SIGINT let what is in flight finish.

use std::{io, path::Path, sync::Arc};

use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
    task::JoinHandle,
};
use watchkeeper_engine::{EngineError, ports::clock::Clock};
use watchkeeper_model::Workspace;
use watchkeeper_server::Gates;
use watchkeeper_store::SqliteStore;

use crate::{assembly, clock::SystemClock, exit::Exit, failure::Failure, render::terminal::Terminal, wiring};

/// What the daemon is asked to do while it runs.
enum Ask {
    Reload,
    Stop,
}

/// The signals the daemon listens to.
struct Signals {
    reload: Signal,
    terminate: Signal,
    interrupt: Signal,
}

/// Watches until it is asked to stop.
pub(crate) async fn run(folder: &Path, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let mut workspace = wiring::configuration(folder, terminal).await?;
    let store = Arc::new(wiring::store(folder, &workspace).await?);
    let who = format!("the daemon on {}", workspace.daemon.listen);
    let _lock = store.lock_daemon(&who, SystemClock.now()).map_err(Failure::unreachable)?;
    let listener = listen(&workspace).map_err(Failure::unreachable)?;
    let mut signals = Signals::new()?;
    let mut running = Running::start(folder, &workspace, &store, &listener)?;
    terminal.note(format!("listening on {}", listener.local_addr()?))?;
    while let Some(changed) = signals.next_workspace(folder, terminal).await? {
        running.finish(&workspace, terminal).await?;
        workspace = changed;
        running = Running::start(folder, &workspace, &store, &listener)?;
        terminal.note("reloaded: the new configuration is watched")?;
    }
    running.finish(&workspace, terminal).await?;
    terminal.note("stopped")?;
    Ok(Exit::Fine)
}

/// The socket outlives reloads, so that no question is refused in between.
fn listen(workspace: &Workspace) -> io::Result<std::net::TcpListener> {
    let listener = std::net::TcpListener::bind(workspace.daemon.listen)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

impl Signals {
    fn new() -> Result<Self, Failure> {
        let listen = |kind| signal(kind).map_err(Failure::internal);
        Ok(Self {
            reload: listen(SignalKind::hangup())?,
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) -> Ask {
        tokio::select! {
            _ = self.reload.recv() => Ask::Reload,
            _ = self.terminate.recv() => Ask::Stop,
            _ = self.interrupt.recv() => Ask::Stop,
        }
    }

    /// Waits for a configuration that loads, or for the end (`None`). A bad one is told and passed over.
    async fn next_workspace(&mut self, folder: &Path, terminal: &mut Terminal) -> Result<Option<Workspace>, Failure> {
        loop {
            match self.next().await {
                Ask::Stop => return Ok(None),
                Ask::Reload => match wiring::configuration(folder, terminal).await {
                    Ok(workspace) => return Ok(Some(workspace)),
                    Err(failure) => {
                        crate::render::error::exit_of(Err(failure), terminal);
                        terminal.note("not reloaded: the old configuration is still watched")?;
                    }
                },
            }
        }
    }
}

/// An engine and a server at work.
struct Running {
    stop: watch::Sender<bool>,
    watching: JoinHandle<Result<(), EngineError>>,
    serving: JoinHandle<io::Result<()>>,
}

impl Running {
    fn start(
        folder: &Path,
        workspace: &Workspace,
        store: &Arc<SqliteStore>,
        listener: &std::net::TcpListener,
    ) -> Result<Self, Failure> {
        let clock = Arc::new(SystemClock);
        let engine = Arc::new(assembly::real(folder, workspace.clone(), clock, store.clone(), io::stdout())?);
        let (stop, stopped) = watch::channel(false);
        let mut asked = stopped.clone();
        let watching = tokio::spawn(async move { engine.watch(stopped).await });
        let router = watchkeeper_server::router(Gates::in_store(workspace.gates.clone(), store.clone()));
        let shutdown = async move {
            // A sender that is gone means the same.
            let _ = asked.wait_for(|stop| *stop).await;
        };
        let listener = TcpListener::from_std(listener.try_clone()?)?;
        let serving = tokio::spawn(watchkeeper_server::serve(listener, router, shutdown));
        Ok(Self { stop, watching, serving })
    }

    /// Lets what is in flight finish, within the daemon's `shutdown` time.
    async fn finish(self, workspace: &Workspace, terminal: &mut Terminal) -> Result<(), Failure> {
        self.stop.send_replace(true);
        let both = async { (self.watching.await, self.serving.await) };
        match tokio::time::timeout(workspace.daemon.shutdown, both).await {
            Ok((watched, served)) => {
                watched.map_err(Failure::internal)?.map_err(Failure::unreachable)?;
                served.map_err(Failure::internal)?.map_err(Failure::internal)
            }
            Err(_) => {
                terminal.note("gave up waiting: what is in flight is recovered at the next start")?;
                Ok(())
            }
        }
    }
}
