//! Why a plugin gave no measurements, in words its author can act on.

use std::{fmt, io, path::PathBuf, time::Duration};

use wasmtime::{FrameInfo, FrameSymbol, Trap, WasmBacktrace};
use watchkeeper_engine::ports::memory::Bytes;

use crate::{engine::STACK_BYTES_MAX, text::one_line};

const MESSAGE_CHARS_MAX: usize = 500;
const FRAMES_SHOWN: usize = 5;
const FRAME_CHARS_MAX: usize = 160;

/// What went wrong; reads on from the plugin's name.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Fault {
    #[error(
        "is not known: it is no standard check ({standard}), none in plugins.lock, and a path contains `/` or ends in `.wasm`"
    )]
    Unknown { standard: String },
    #[error("cannot be read from {}: {reason}", path.display())]
    Unreadable { path: PathBuf, reason: String },
    #[error(
        "is not the plugin `{name}` that plugins.lock pins: its sha256 is {found}, and {pinned} is pinned; put the pinned \
         file back, or look at the new one with `watchkeeper plugin update {name}`"
    )]
    Changed { name: String, pinned: String, found: String },
    #[error("is not run: {0}; `watchkeeper plugin add` takes it with its signature beside it")]
    Unsigned(String),
    #[error("cannot be compared with what is pinned: {0}")]
    Lock(String),
    #[error("is not a WebAssembly component: the file starts with other bytes")]
    NotWasm,
    #[error(
        "is a core WebAssembly module, not a component: make a component of it with wit-component, for example by `wasm-tools component new`"
    )]
    CoreModule,
    #[error("cannot be compiled: {0}")]
    NotCompiled(String),
    #[error("cannot be loaded, because it goes beyond a limit of the host, or another version compiled it: {0}")]
    Unfitting(String),
    #[error(
        "imports `{0}`, which is not allowed: a check may import only watchkeeper:check/types, data, log and history; build it without WASI"
    )]
    ForbiddenImport(String),
    #[error(
        "does not fit the contract watchkeeper:check@1.0.0: {0}; build it against the world `check` of plugins/wit/check.wit"
    )]
    OffContract(String),
    #[error(
        "was built for {package}@{built}, and this host knows {package}@{known}: run a newer Watchkeeper, or build it against \
         the contract of this one, which `watchkeeper plugin new` writes"
    )]
    Newer { package: &'static str, built: String, known: &'static str },
    #[error("ran past its deadline of {0:?}: let it read less, or raise the check's `timeout`")]
    Deadline(Duration),
    #[error("needs more memory than its limit of {}: let it keep less, or raise the check's `memory`", Bytes(*.0))]
    Memory(u64),
    #[error("wants a table of {wanted} elements; the limit is {limit}")]
    Table { wanted: usize, limit: usize },
    #[error("overflowed its stack of {}: look for a recursion without an end", Bytes(STACK_BYTES_MAX as u64))]
    StackOverflow,
    #[error("trapped: {}{}{}", .0.reason, .0.said(), .0.path())]
    Trapped(Trapped),
    #[error("refused its parameters: {0}")]
    Config(String),
    #[error("found nothing to measure: {0}")]
    NoData(String),
    #[error("could not measure now and asks for another try at the next tick: {0}")]
    Retry(String),
    #[error("could not measure now: {0}")]
    Unread(String),
    #[error("could not measure: {0}")]
    Unfit(String),
    #[error("gave an answer that is not accepted: {0}")]
    BadOutput(String),
    #[error("could not be run: {0}")]
    Host(String),
}

/// A trap, with what the guest said before it.
#[derive(Debug, Clone)]
pub(crate) struct Trapped {
    reason: String,
    errors_logged: Vec<String>,
    frames: Vec<String>,
}

impl Trapped {
    fn said(&self) -> String {
        if self.errors_logged.is_empty() {
            String::new()
        } else {
            format!("; it said: {}", self.errors_logged.join(" | "))
        }
    }

    fn path(&self) -> String {
        if self.frames.is_empty() { String::new() } else { format!("; in {}", self.frames.join(" < ")) }
    }
}

impl Fault {
    /// Reads an error out of wasmtime; `errors_logged` is what the guest logged as errors before it.
    pub(crate) fn from_run(error: &wasmtime::Error, deadline: Duration, errors_logged: Vec<String>) -> Self {
        if let Some(fault) = error.downcast_ref::<Fault>() {
            return fault.clone();
        }
        match error.downcast_ref::<Trap>() {
            Some(Trap::StackOverflow) => Self::StackOverflow,
            Some(Trap::Interrupt) => Self::Deadline(deadline),
            Some(trap) => Self::trapped(trap, error, errors_logged),
            None => Self::trapped(&error.root_cause(), error, errors_logged),
        }
    }

    fn trapped(reason: &dyn fmt::Display, error: &wasmtime::Error, errors_logged: Vec<String>) -> Self {
        let reason = reason.to_string();
        let reason = one_line(reason.trim_start_matches("wasm trap: "), MESSAGE_CHARS_MAX);
        Self::Trapped(Trapped { reason, errors_logged, frames: frames(error) })
    }

    /// A host-side failure, which is nothing the plugin's author did.
    pub(crate) fn host(error: impl fmt::Display) -> Self {
        Self::Host(one_line(&error.to_string(), MESSAGE_CHARS_MAX))
    }

    /// A file that cannot be read.
    pub(crate) fn unreadable(path: PathBuf, error: &io::Error) -> Self {
        Self::Unreadable { path, reason: error.to_string() }
    }
}

/// The innermost functions of the guest's own; what its language's library does to panic says nothing, unless there is
/// nothing else. A component without a name section has none.
fn frames(error: &wasmtime::Error) -> Vec<String> {
    let Some(trace) = error.downcast_ref::<WasmBacktrace>() else {
        return Vec::new();
    };
    let all: Vec<Called> = trace.frames().iter().flat_map(called).collect();
    let own: Vec<&Called> = all.iter().filter(|called| !called.is_library()).collect();
    let shown = if own.is_empty() { all.iter().collect() } else { own };
    shown.into_iter().take(FRAMES_SHOWN).map(|called| one_line(&called.to_string(), FRAME_CHARS_MAX)).collect()
}

/// A function on the way to a trap.
struct Called {
    name: String,
    /// The file and the line, where the component carries them.
    place: Option<(String, u32)>,
    /// The function that it was inlined into, which tells where it comes from when nothing else does.
    within: Option<String>,
}

impl Called {
    fn is_library(&self) -> bool {
        let library =
            ["std::", "core::", "alloc::", "__rustc", "__rust_", "rust_panic", "<core::", "<alloc::", "<std::"];
        let named = |name: &str| library.iter().any(|library| name.starts_with(library));
        match &self.place {
            Some((file, _)) => {
                file.starts_with("/rustc/") || file.contains("/rustlib/src/rust/library/") || named(&self.name)
            }
            None => named(&self.name) || self.within.as_deref().is_some_and(named),
        }
    }
}

impl fmt::Display for Called {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.place.as_ref().map_or(Ok(()), |(file, line)| write!(f, " ({file}:{line})"))
    }
}

/// The function of a frame, and those inlined into it, innermost first.
fn called(frame: &FrameInfo) -> Vec<Called> {
    let within = frame.func_name().map(demangled);
    let of = |symbol: &FrameSymbol| {
        let place = symbol.file().map(str::to_owned).zip(symbol.line());
        Some(Called { name: demangled(symbol.name().or(frame.func_name())?), place, within: within.clone() })
    };
    let inlined: Vec<Called> = frame.symbols().iter().filter_map(of).collect();
    let whole = || frame.func_name().map(|name| Called { name: demangled(name), place: None, within: None });
    if inlined.is_empty() { whole().into_iter().collect() } else { inlined }
}

/// A Rust name as it was written; others as they are.
fn demangled(name: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_they_were_written_and_libraries_are_told_by_them() {
        let called = |name: &str| Called { name: demangled(name), place: None, within: None };
        let abort = called("_RNvNtCsebHcaeoSrxy_3std7process5abort");
        assert!(abort.is_library() && abort.to_string() == "std::process::abort", "{abort}");
        let own = called("_ZN9null_rate4deep17h0123456789abcdefE");
        assert!(!own.is_library() && own.to_string() == "null_rate::deep", "{own}");
        let placed = |file: &str| Called { name: "deep".into(), place: Some((file.into(), 7)), within: None };
        assert!(placed("/rustc/1/library/core/src/a.rs").is_library());
        assert!(placed("/usr/lib/rustlib/src/rust/library/std/src/rt.rs").is_library());
        assert_eq!(placed("src/lib.rs").to_string(), "deep (src/lib.rs:7)");
        let inlined = Called { name: "abort_internal".into(), place: None, within: Some("std::process::abort".into()) };
        assert!(inlined.is_library() && !placed("src/lib.rs").is_library());
    }
}
