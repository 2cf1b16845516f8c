//! An engine and a server at work; a reload changes the engine and leaves the server.

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use tokio::{
    net::TcpListener,
    sync::watch,
    task::{JoinError, JoinHandle, JoinSet},
};
use watchkeeper_engine::{Engine, Process, ports::clock::Clock};
use watchkeeper_model::Workspace;
use watchkeeper_server::{Gates, Pulse};
use watchkeeper_store::SqliteStore;

use super::tell;
use crate::{assembly, clock::SystemClock, failure::Failure, render, render::terminal::Terminal, wiring};

/// How long connections may take to end once everything else has: a client that sends nothing holds nothing up.
const SERVER_GRACE: Duration = Duration::from_secs(2);

/// The daemon at work.
pub(super) struct Daemon {
    folder: PathBuf,
    store: Arc<SqliteStore>,
    gates: Gates,
    /// What the engines of this process share.
    process: Process,
    server: Server,
    workspace: Workspace,
    watch: Watch,
    /// Engines with older configurations that finish what they have in flight.
    earlier: JoinSet<()>,
}

/// The HTTP server: one for the daemon's life, so that a gate can be asked for during a reload.
struct Server {
    stop: watch::Sender<bool>,
    serving: JoinHandle<io::Result<()>>,
}

/// An engine that watches.
struct Watch {
    engine: Arc<Engine>,
    stop: watch::Sender<bool>,
    watching: JoinHandle<()>,
}

impl Daemon {
    pub(super) fn start(
        folder: &std::path::Path,
        workspace: Workspace,
        store: Arc<SqliteStore>,
        listener: TcpListener,
    ) -> Result<Self, Failure> {
        let gates = Gates::in_store(workspace.gates.clone(), store.clone());
        let process = Process::default();
        let watch = Watch::start(folder, &workspace, &store, &process)?;
        let server = Server::start(listener, gates.clone(), &process);
        let earlier = JoinSet::new();
        Ok(Self { folder: folder.to_owned(), store, gates, process, server, workspace, watch, earlier })
    }

    /// Waits for what must not happen: the watch or the server ends unasked.
    pub(super) async fn failed(&mut self) -> Failure {
        tokio::select! {
            ended = &mut self.watch.watching => match ended {
                Ok(()) => Failure::internal(io::Error::other("the watch ended without being asked to")),
                Err(panic) => Failure::internal(panic),
            },
            ended = &mut self.server.serving => match ended {
                Ok(Err(error)) => Failure::unreachable(error),
                Ok(Ok(())) => Failure::internal(io::Error::other("the server ended without being asked to")),
                Err(panic) => Failure::internal(panic),
            },
        }
    }

    /// Watches the configuration as it is now, if it loads; else goes on with the old one and says so.
    pub(super) async fn reload(&mut self, terminal: &mut Terminal) {
        match self.begin_anew(terminal).await {
            Ok(()) => tell(terminal, "reloaded: the new configuration is watched"),
            Err(failure) => {
                render::error::exit_of(Err(failure), terminal);
                tell(terminal, "not reloaded: the old configuration is still watched");
            }
        }
    }

    async fn begin_anew(&mut self, terminal: &mut Terminal) -> Result<(), Failure> {
        let workspace = wiring::configuration(&self.folder, terminal).await?;
        let watch = Watch::start(&self.folder, &workspace, &self.store, &self.process)?;
        let before = std::mem::replace(&mut self.watch, watch);
        before.stop.send_replace(true);
        self.earlier.spawn(async move { log_panic(before.watching.await) });
        // Those that have ended since the last reload are let go of.
        while self.earlier.try_join_next().is_some() {}
        self.gates.replace(workspace.gates.clone());
        let (old, new) = (&self.workspace.daemon, &workspace.daemon);
        if old.listen != new.listen || old.state != new.state {
            tell(terminal, "`listen` and `state` are read at the start only: restart the daemon to change them");
        }
        self.workspace = workspace;
        Ok(())
    }

    /// Lets what is in flight finish, within the daemon's `shutdown` time.
    pub(super) async fn finish(mut self, terminal: &mut Terminal) {
        self.watch.stop.send_replace(true);
        let Watch { engine, watching, .. } = self.watch;
        let finished = async {
            log_panic(watching.await);
            while self.earlier.join_next().await.is_some() {}
            // What the last ticks planned is done, and told.
            if let Err(error) = engine.finish().await {
                tracing::error!(error = &error as &dyn std::error::Error, "not everything was finished");
            }
        };
        if tokio::time::timeout(self.workspace.daemon.shutdown, finished).await.is_err() {
            tell(terminal, "gave up waiting: what is in flight is recovered at the next start");
        }
        self.server.stop.send_replace(true);
        // Whoever is still connected asks again elsewhere.
        let _ = tokio::time::timeout(SERVER_GRACE, self.server.serving).await;
    }
}

/// A panic leaves nothing to report but the log.
fn log_panic(watched: Result<(), JoinError>) {
    if let Err(panic) = watched {
        tracing::error!(%panic, "a watch ended by a mistake in Watchkeeper");
    }
}

impl Server {
    fn start(listener: TcpListener, gates: Gates, process: &Process) -> Self {
        let (stop, mut asked) = watch::channel(false);
        let shutdown = async move {
            // A sender that is gone means the same.
            let _ = asked.wait_for(|stop| *stop).await;
        };
        let health = Arc::clone(process.health());
        let pulse = move || Pulse { stalled: health.stalled(SystemClock.now()), troubles: health.troubles() };
        let router = watchkeeper_server::router(gates, pulse);
        Self { stop, serving: tokio::spawn(watchkeeper_server::serve(listener, router, shutdown)) }
    }
}

impl Watch {
    fn start(
        folder: &std::path::Path,
        workspace: &Workspace,
        store: &Arc<SqliteStore>,
        process: &Process,
    ) -> Result<Self, Failure> {
        let engine = Arc::new(assembly::of_daemon(folder, workspace.clone(), store.clone(), process)?);
        let (stop, stopped) = watch::channel(false);
        let watched = Arc::clone(&engine);
        Ok(Self { engine, stop, watching: tokio::spawn(async move { watched.watch(stopped).await }) })
    }
}
