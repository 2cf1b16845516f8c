//! Compilations under way: one a component, a few at once, and what failed is not tried again at once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{self, Semaphore},
    time::Instant,
};
use wasmtime::{Engine, component::Component};

use crate::{
    cache::{Cache, Loaded},
    compiler::Compiler,
    fault::Fault,
    origin::Origin,
    text::one_line,
};

/// Children at once; each uses a few threads.
const AT_ONCE: usize = 4;
/// What failed is tried again after this long, then after twice as long each time.
const AGAIN_AFTER: Duration = Duration::from_secs(60);
const AGAIN_AFTER_MAX: Duration = Duration::from_secs(6 * 3_600);
const REASON_CHARS_MAX: usize = 500;
/// Failures remembered; past it all are forgotten.
const REMEMBERED_MAX: usize = 1_000;

/// Everything that is compiled, or could not be.
pub(crate) struct Compiling {
    cache: Cache,
    compiler: Compiler,
    children: Semaphore,
    /// By digest.
    components: Mutex<HashMap<String, Arc<sync::Mutex<Option<Failure>>>>>,
}

struct Failure {
    fault: Fault,
    wait: Duration,
    until: Instant,
}

impl Compiling {
    pub(crate) fn new(cache: Cache, compiler: Compiler) -> Self {
        Self { cache, compiler, children: Semaphore::new(AT_ONCE), components: Mutex::default() }
    }

    /// The component's code, compiled first where the cache does not have it.
    pub(crate) async fn of(&self, engine: &Engine, origin: &Origin) -> Result<Component, Fault> {
        // One at a time of each, so that two monitors with the same plugin do not compile it twice.
        let own = self.own(&origin.digest);
        let mut failed = own.lock().await;
        if let Loaded::Component(component) = self.cache.load(engine, &origin.digest)? {
            return Ok(component);
        }
        if let Some(failure) = failed.as_ref().filter(|failure| Instant::now() < failure.until) {
            return Err(failure.fault.clone());
        }
        match self.compile(engine, origin).await {
            Ok(component) => {
                *failed = None;
                Ok(component)
            }
            Err(fault) => {
                let again = |failure: &Failure| failure.wait.saturating_mul(2).min(AGAIN_AFTER_MAX);
                let wait = failed.as_ref().map_or(AGAIN_AFTER, again);
                *failed = Some(Failure { fault: fault.clone(), wait, until: Instant::now() + wait });
                Err(fault)
            }
        }
    }

    /// The component compiled whatever the cache has, and the size of its code.
    pub(crate) async fn anew(&self, engine: &Engine, origin: &Origin) -> Result<(Component, u64), Fault> {
        let own = self.own(&origin.digest);
        let _failed = own.lock().await;
        let component = self.compile(engine, origin).await?;
        let code = component.image_range();
        Ok((component, code.end.addr().saturating_sub(code.start.addr()) as u64))
    }

    async fn compile(&self, engine: &Engine, origin: &Origin) -> Result<Component, Fault> {
        let _child = self.children.acquire().await.map_err(Fault::host)?;
        self.cache.fill(&self.compiler, &origin.digest, &origin.wasm).await?;
        match self.cache.load(engine, &origin.digest)? {
            Loaded::Component(component) => Ok(component),
            Loaded::Unfit(reason) => Err(Fault::Unfitting(one_line(&reason, REASON_CHARS_MAX))),
            Loaded::Missing => {
                Err(Fault::host("what was compiled is gone from the cache; is somebody else emptying it?"))
            }
        }
    }

    fn own(&self, digest: &str) -> Arc<sync::Mutex<Option<Failure>>> {
        let mut components = self.components.lock().unwrap_or_else(PoisonError::into_inner);
        if components.len() >= REMEMBERED_MAX && !components.contains_key(digest) {
            components.clear();
        }
        Arc::clone(components.entry(digest.to_owned()).or_default())
    }
}
