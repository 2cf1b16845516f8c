//! An engine and a server at work; a reload changes the engine and leaves the server.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use secrecy::ExposeSecret as _;
use tokio::{
    net::TcpListener,
    sync::watch,
    task::{JoinError, JoinHandle, JoinSet},
    time::Instant,
};
use watchkeeper_engine::{Engine, Process, ports::clock::Clock};
use watchkeeper_model::{Keep, Workspace};
use watchkeeper_secret::SecretReader;
use watchkeeper_server::{House, Metrics, Parts, Pulse};
use watchkeeper_store::SqlStore;

use super::{
    files,
    hands::{Asking, DaemonHands, Reply},
    tell,
};
use crate::{
    assembly,
    clock::SystemClock,
    failure::Failure,
    render::{self, terminal::Terminal},
    wiring::{self, Loaded},
};

/// How long connections may take to end once everything else has: a client that sends nothing holds nothing up.
const SERVER_GRACE: Duration = Duration::from_secs(2);

/// How long a reload may read the configuration.
const READING_MAX: Duration = Duration::from_secs(60);

/// The daemon at work.
pub(super) struct Daemon {
    folder: PathBuf,
    store: Arc<SqlStore>,
    house: House,
    metrics: Arc<Metrics>,
    asking: Asking,
    /// Who waits for the configuration to be read.
    waiting: Vec<Reply>,
    /// Whether other machines reach the server.
    is_reachable: bool,
    /// What the engines of this process share.
    process: Process,
    server: Server,
    workspace: Workspace,
    watch: Watch,
    /// The configuration that is being read.
    reading: Option<Reading>,
    /// Engines with older configurations that finish what they have in flight.
    earlier: JoinSet<()>,
    /// This daemon's part among those that share the store.
    part: JoinHandle<()>,
    /// How long what is not kept for ever is kept, and who forgets it.
    keep: watch::Sender<Keep>,
    upkeep: JoinHandle<()>,
}

/// What happens to a daemon.
pub(super) enum Event {
    /// The configuration was read, or could not be.
    Read(Box<Result<Loaded, Failure>>),
    /// A visitor asks for the configuration to be read again.
    Asked(Reply),
    /// It cannot go on.
    Failed(Failure),
}

/// A configuration that is being read: on a thread of its own, since files may hang and signals must not wait for them.
struct Reading {
    task: JoinHandle<Result<Loaded, Failure>>,
    until: Instant,
    /// It was asked for once more since it began.
    again: bool,
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
        folder: &Path,
        workspace: Workspace,
        store: Arc<SqlStore>,
        listener: TcpListener,
    ) -> Result<Self, Failure> {
        let metrics = Arc::new(Metrics::default());
        metrics.reloaded(true, SystemClock.now());
        let process = Process::counted(metrics.clone());
        let watch = Watch::start(folder, &workspace, &store, &process)?;
        let (hands, asking) = DaemonHands::new(Arc::clone(&watch.engine));
        let is_reachable = listener.local_addr().is_ok_and(|address| !address.ip().is_loopback());
        let health = Arc::clone(process.health());
        let secrets = SecretReader::new(folder);
        let house = House::new(Parts {
            store: Arc::clone(&store),
            workspace: workspace.clone(),
            name: name_of(folder),
            clock: Arc::new(SystemClock),
            pulse: Box::new(move || Pulse { stalled: health.stalled(SystemClock.now()), troubles: health.troubles() }),
            hands: Arc::new(hands),
            metrics: Arc::clone(&metrics),
            secrets: Box::new(move |secret| {
                let read = secrets.resolve(secret).map_err(|error| error.to_string())?;
                Ok(read.expose_secret().to_owned())
            }),
        });
        let server = Server::start(listener, house.clone());
        let (keep, _) = watch::channel(workspace.store.keep);
        Ok(Self {
            folder: folder.to_owned(),
            part: super::replica::take_part(&store, &process),
            upkeep: super::upkeep::begin(&store, keep.subscribe()),
            keep,
            store,
            house,
            metrics,
            asking,
            waiting: Vec::new(),
            is_reachable,
            process,
            server,
            workspace,
            watch,
            reading: None,
            earlier: JoinSet::new(),
        })
    }

    /// Waits for the configuration that is being read, and for what must not happen: the watch or the server ends unasked.
    pub(super) async fn next(&mut self) -> Event {
        let reading = async {
            match &mut self.reading {
                Some(reading) => reading.read().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            read = reading => Event::Read(Box::new(read)),
            Some(reply) = self.asking.reload.recv() => Event::Asked(reply),
            ended = &mut self.watch.watching => Event::Failed(match ended {
                Ok(()) => Failure::internal(io::Error::other("the watch ended without being asked to")),
                Err(panic) => Failure::internal(panic),
            }),
            ended = &mut self.server.serving => Event::Failed(match ended {
                Ok(Err(error)) => Failure::unreachable(error),
                Ok(Ok(())) => Failure::internal(io::Error::other("the server ended without being asked to")),
                Err(panic) => Failure::internal(panic),
            }),
        }
    }

    /// Begins to read the configuration as it is now. What is being read already is read once more after that.
    pub(super) fn begin_reload(&mut self) {
        match &mut self.reading {
            Some(reading) => reading.again = true,
            None => self.reading = Some(Reading::start(&self.folder)),
        }
    }

    /// The same for a visitor, who is told what came of it.
    pub(super) fn asked_to_reload(&mut self, reply: Reply) {
        self.waiting.push(reply);
        self.begin_reload();
    }

    /// Watches the configuration that was read, if it loads; else goes on with the old one and says so.
    pub(super) fn end_reload(&mut self, read: Result<Loaded, Failure>, terminal: &mut Terminal) {
        let again = self.reading.take().is_some_and(|reading| reading.again);
        self.reading = again.then(|| Reading::start(&self.folder));
        let begun = read.and_then(|read| wiring::sound(read, terminal)).and_then(|new| self.begin_anew(new, terminal));
        self.metrics.reloaded(begun.is_ok(), SystemClock.now());
        let waiting = if self.reading.is_none() { std::mem::take(&mut self.waiting) } else { Vec::new() };
        let digest = self.workspace.digests.config.clone();
        for reply in waiting {
            // Whoever asked may be gone.
            let _ = reply.send(match &begun {
                Ok(()) => Ok(digest.clone()),
                Err(_) => {
                    Err("not reloaded: the old configuration is still watched; the daemon's log says why".to_owned())
                }
            });
        }
        match begun {
            Ok(()) => tell(terminal, "reloaded: the new configuration is watched"),
            Err(failure) => {
                render::error::exit_of(Err(failure), terminal);
                tell(terminal, "not reloaded: the old configuration is still watched");
            }
        }
    }

    fn begin_anew(&mut self, workspace: Workspace, terminal: &mut Terminal) -> Result<(), Failure> {
        if self.is_reachable && !workspace.web.is_closed() {
            return Err(Failure::usage(
                "other machines reach this daemon, and nothing in the new configuration says who is let in",
            )
            .hint("set `access = \"tokens\"` in [web], or restart the daemon on a loopback address"));
        }
        let watch = Watch::start(&self.folder, &workspace, &self.store, &self.process)?;
        self.asking.use_engine(Arc::clone(&watch.engine));
        let before = std::mem::replace(&mut self.watch, watch);
        before.stop.send_replace(true);
        self.earlier.spawn(async move { log_panic(before.watching.await) });
        // Those that have ended since the last reload are let go of.
        while self.earlier.try_join_next().is_some() {}
        self.house.replace(workspace.clone());
        self.keep.send_replace(workspace.store.keep);
        let (old, new) = (&self.workspace.daemon, &workspace.daemon);
        if old.listen != new.listen || old.state != new.state || self.workspace.store.url != workspace.store.url {
            tell(
                terminal,
                "`listen`, `state` and the store's `url` are read at the start only: restart the daemon to change them",
            );
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
        // What is left is free for others at once.
        self.part.abort();
        self.upkeep.abort();
        // A store that does not answer holds nobody's end up.
        if !matches!(tokio::time::timeout(SERVER_GRACE, self.store.leave()).await, Ok(Ok(()))) {
            tracing::warn!("the lease could not be given back: it runs out by itself");
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

impl Reading {
    fn start(folder: &Path) -> Self {
        let folder = folder.to_owned();
        let task = tokio::task::spawn_blocking(move || wiring::load(&folder));
        Self { task, until: Instant::now() + READING_MAX, again: false }
    }

    /// It may be waited for again by whoever stopped waiting.
    async fn read(&mut self) -> Result<Loaded, Failure> {
        match tokio::time::timeout_at(self.until, &mut self.task).await {
            Ok(Ok(read)) => read,
            Ok(Err(panic)) => Err(Failure::internal(panic)),
            Err(_) => {
                let limit = READING_MAX.as_secs();
                Err(Failure::unreachable(format!("the configuration could not be read within {limit} s")))
            }
        }
    }
}

impl Server {
    fn start(listener: TcpListener, house: House) -> Self {
        let (stop, mut asked) = watch::channel(false);
        let shutdown = async move {
            // A sender that is gone means the same.
            let _ = asked.wait_for(|stop| *stop).await;
        };
        let router = watchkeeper_server::router(&house);
        let serving = async move {
            tokio::select! {
                served = watchkeeper_server::serve(listener, router, files::connections_max(), shutdown) => served,
                () = house.keep_verifying() => Ok(()),
                () = house.keep_gates() => Ok(()),
            }
        };
        Self { stop, serving: tokio::spawn(serving) }
    }
}

/// What a workspace is called: its folder.
fn name_of(folder: &Path) -> String {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

impl Watch {
    fn start(folder: &Path, workspace: &Workspace, store: &Arc<SqlStore>, process: &Process) -> Result<Self, Failure> {
        let engine = Arc::new(assembly::of_daemon(folder, workspace.clone(), store.clone(), process)?);
        let (stop, stopped) = watch::channel(false);
        let watched = Arc::clone(&engine);
        Ok(Self { engine, stop, watching: tokio::spawn(async move { watched.watch(stopped).await }) })
    }
}
