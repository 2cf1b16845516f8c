//! The host: finds, compiles, links and runs plugins, within their limits.

use std::{
    collections::HashMap,
    io,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use tokio::{
    runtime::Handle,
    sync::{OnceCell, Semaphore},
    task::spawn_blocking,
    time::{Instant, timeout_at},
};
use wasmtime::{
    Engine,
    component::{Component, HasSelf, Linker},
};
use watchkeeper_engine::ports::{
    checker::{CheckOutcome, CheckRequest, Checker, Manual},
    memory::Memory,
};
use watchkeeper_model::Measurement;

use crate::{
    bindings::{Check, CheckPre},
    cache::Cache,
    compiler::Compiler,
    compiling::Compiling,
    contract,
    engine::running_engine,
    fault::Fault,
    origin::{self, Origin},
    output, run,
    sandbox::{Deadline, Sandbox},
    stamp::Stamp,
    standard,
};

/// How long a plugin may take to describe itself.
const MANUAL_TIMEOUT: Duration = Duration::from_secs(5);
/// How long after its deadline a run is given up although it has not come back.
const GRACE: Duration = Duration::from_millis(30);
/// Linked components kept; an author who rebuilds all day would fill the memory otherwise.
const LINKED_MAX: usize = 200;

/// What a host needs to know.
#[derive(Debug, Clone)]
pub struct HostConfig {
    /// The folder for compiled components, made with mode 0700. Where there is none, or others could change it, what is
    /// compiled is kept for as long as the host lives.
    pub cache_dir: Option<PathBuf>,
    /// What compiles a component, in a process of its own.
    pub compiler: Compiler,
    /// What plugin paths are relative to.
    pub workspace: PathBuf,
}

/// Why a host cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The engine refused its settings or the memory for its guests.
    #[error("cannot start the Wasm engine: {0}")]
    Engine(String),
    /// Not even a temporary folder can be made for compiled components.
    #[error("cannot make a temporary folder for compiled plugins")]
    Cache(#[source] io::Error),
}

/// Checks that may be under way at once. Most of them wait for data; how many compute is the engine's to say.
const GUESTS_MAX: u32 = 64;

/// The Wasm host.
pub struct Host {
    engine: Engine,
    linker: Linker<Sandbox>,
    compiling: Compiling,
    workspace: PathBuf,
    slots: Arc<Semaphore>,
    /// By digest.
    linked: Mutex<HashMap<String, Arc<Linked>>>,
    /// The digest of what each plugin was when it was last loaded: its file may have changed since.
    loaded: Mutex<HashMap<String, Loaded>>,
}

/// What a plugin was when it was last loaded.
#[derive(Clone)]
struct Loaded {
    digest: String,
    stamp: Option<Stamp>,
}

/// A plugin that is ready to be instantiated.
struct Linked {
    guest: CheckPre<Sandbox>,
    /// What it says of itself, once it was asked.
    manual: OnceCell<Manual>,
}

impl Host {
    /// Starts the engine and opens the cache.
    pub fn new(config: HostConfig) -> Result<Self, HostError> {
        let broken = |error: wasmtime::Error| HostError::Engine(format!("{error:#}"));
        let engine = running_engine(GUESTS_MAX).map_err(broken)?;
        let mut linker = Linker::new(&engine);
        Check::add_to_linker::<_, HasSelf<_>>(&mut linker, |sandbox: &mut Sandbox| sandbox).map_err(broken)?;
        let cache = match Cache::open(config.cache_dir.as_deref(), &engine) {
            Ok(cache) => cache,
            Err(unusable) => {
                tracing::warn!(
                    "compiled plugins are not kept after this run, because their folder is not safe: {unusable}"
                );
                Cache::passing(&engine).map_err(HostError::Cache)?
            }
        };
        Ok(Self {
            compiling: Compiling::new(cache, config.compiler),
            engine,
            linker,
            workspace: config.workspace,
            slots: Arc::new(Semaphore::new(GUESTS_MAX as usize)),
            linked: Mutex::new(HashMap::new()),
            loaded: Mutex::new(HashMap::new()),
        })
    }

    /// The names of the checks in the binary, in order.
    pub fn standard_names() -> impl Iterator<Item = &'static str> {
        standard::names()
    }

    /// Whether a plugin is known to fail without a baseline; of a component that is not in the binary nothing is known.
    pub fn needs_baseline(plugin: &str) -> bool {
        standard::needs_baseline(plugin)
    }

    /// The engine that its guests run on.
    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// A component compiled whatever the cache has, and the size of its code.
    pub(crate) async fn compile_anew(&self, origin: &Origin) -> Result<(Component, u64), Fault> {
        self.compiling.anew(&self.engine, origin).await
    }

    /// A component's manual, and how long a fresh instance took to tell it.
    pub(crate) async fn describe_timed(
        &self,
        component: &Component,
        plugin: &str,
    ) -> Result<(Manual, Duration), Fault> {
        let (guest, name) = (self.link(component)?, plugin.to_owned());
        let call = move |engine: &Engine, deadline, runtime| {
            let began = Instant::now();
            run::manual(engine, &guest, &name, deadline, runtime).map(|manual| (manual, began.elapsed()))
        };
        self.within(MANUAL_TIMEOUT, call).await
    }

    /// A fault as people read it.
    pub(crate) fn message(plugin: &str, fault: &Fault) -> String {
        format!("check `{plugin}` {fault}")
    }

    pub(crate) async fn origin(&self, plugin: &str) -> Result<Origin, Fault> {
        if let Some(origin) = origin::standard(plugin) {
            return Ok(origin);
        }
        let (workspace, plugin) = (self.workspace.clone(), plugin.to_owned());
        spawn_blocking(move || origin::find(&workspace, &plugin)).await.map_err(Fault::host)?
    }

    /// The plugin, ready to be instantiated; compiled first where the cache does not have it.
    async fn load(&self, plugin: &str) -> Result<Arc<Linked>, Fault> {
        // Reading and hashing a language's runtime takes longer than a run of it.
        let before = self.loaded().get(plugin).cloned();
        let unchanged = before.filter(|before| before.stamp.as_ref().is_none_or(Stamp::holds));
        if let Some(guest) = unchanged.and_then(|before| self.linked().get(&before.digest).cloned()) {
            return Ok(guest);
        }
        let origin = self.origin(plugin).await?;
        let loaded = Loaded { digest: origin.digest.clone(), stamp: origin.stamp.clone() };
        self.loaded().insert(plugin.to_owned(), loaded);
        if let Some(guest) = self.linked().get(&origin.digest) {
            return Ok(Arc::clone(guest));
        }
        origin::refuse_other_formats(&origin.wasm)?;
        let guest = self.link(&self.compiling.of(&self.engine, &origin).await?)?;
        let guest = Arc::new(Linked { guest, manual: OnceCell::new() });
        let mut linked = self.linked();
        if linked.len() >= LINKED_MAX {
            linked.clear();
        }
        linked.insert(origin.digest, Arc::clone(&guest));
        Ok(guest)
    }

    fn linked(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Linked>>> {
        // A map of whole entries is sound after a panic too.
        self.linked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn loaded(&self) -> std::sync::MutexGuard<'_, HashMap<String, Loaded>> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn link(&self, component: &Component) -> Result<CheckPre<Sandbox>, Fault> {
        let ty = component.component_type();
        let forbidden = ty.imports(&self.engine).map(|(name, _)| name).find(|name| !contract::allows(name));
        if let Some(import) = forbidden {
            return Err(Fault::ForbiddenImport(import.to_owned()));
        }
        let off_contract =
            |error: wasmtime::Error| Fault::OffContract(crate::text::one_line(&format!("{error:#}"), 500));
        let exports = ty.exports(&self.engine).map(|(name, _)| name);
        contract::refuse_newer(ty.imports(&self.engine).map(|(name, _)| name).chain(exports))?;
        let instance = self.linker.instantiate_pre(component).map_err(off_contract)?;
        CheckPre::new(instance).map_err(off_contract)
    }

    async fn measure(&self, request: CheckRequest) -> Result<Vec<Measurement>, Fault> {
        let _closed = Closed(Arc::clone(&request.memory));
        let linked = self.load(&request.plugin).await?;
        let (timeout, plugin, guest) = (request.timeout, request.plugin.clone(), linked.guest.clone());
        let call = move |engine: &Engine, deadline, runtime| run::check(engine, &guest, request, deadline, runtime);
        let measured = self.within(timeout, call).await?;
        output::declared(self.manual_of(&linked, &plugin).await?, &measured)?;
        Ok(measured)
    }

    /// What a plugin says of itself; it is asked once.
    async fn manual_of<'a>(&self, linked: &'a Linked, plugin: &str) -> Result<&'a Manual, Fault> {
        let ask = || {
            let (guest, name) = (linked.guest.clone(), plugin.to_owned());
            let call = move |engine: &Engine, deadline, runtime| run::manual(engine, &guest, &name, deadline, runtime);
            self.within(MANUAL_TIMEOUT, call)
        };
        linked.manual.get_or_try_init(ask).await
    }

    /// Runs a guest's call on a thread of its own, once a slot is free. The deadline starts with the slot: a queue is not
    /// the guest's fault. The slot is held until the call has really ended, so that who gets one finds an instance.
    async fn within<T: Send + 'static>(
        &self,
        allowed: Duration,
        call: impl FnOnce(&Engine, Deadline, Handle) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let slot = Arc::clone(&self.slots).acquire_owned().await.map_err(Fault::host)?;
        let deadline = Deadline::start(allowed);
        let (engine, runtime) = (self.engine.clone(), Handle::current());
        let running = spawn_blocking(move || {
            let ended = call(&engine, deadline, runtime);
            drop(slot);
            ended
        });
        match timeout_at(deadline.at + GRACE, running).await {
            Ok(ended) => ended.map_err(Fault::host)?,
            // Only a host call that blocks its thread gets here; the thread ends when that call does.
            Err(_) => Err(Fault::Deadline(allowed)),
        }
    }
}

/// Closes the account of a run that has ended, or that nobody waits for any more.
struct Closed(Arc<Memory>);

impl Drop for Closed {
    fn drop(&mut self) {
        self.0.close();
    }
}

#[async_trait]
impl Checker for Host {
    async fn check(&self, request: CheckRequest) -> CheckOutcome {
        let plugin = request.plugin.clone();
        let measured = self.measure(request).await;
        match measured {
            Ok(measurements) => CheckOutcome::Measured(measurements),
            Err(Fault::NoData(reason)) => CheckOutcome::NoData(reason),
            Err(fault @ Fault::Unread(_)) => CheckOutcome::Unread(Self::message(&plugin, &fault)),
            Err(fault) => CheckOutcome::Failed(Self::message(&plugin, &fault)),
        }
    }

    async fn manual(&self, plugin: &str) -> Result<Manual, String> {
        let asked = async { Ok(self.manual_of(&*self.load(plugin).await?, plugin).await?.clone()) };
        asked.await.map_err(|fault: Fault| Self::message(plugin, &fault))
    }

    fn digest(&self, plugin: &str) -> Option<String> {
        let loaded = self.loaded().get(plugin).map(|loaded| loaded.digest.clone());
        loaded.or_else(|| Some(origin::find(&self.workspace, plugin).ok()?.digest))
    }
}
