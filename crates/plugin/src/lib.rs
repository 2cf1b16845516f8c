//! The Wasm host for checks, on wasmtime.
//!
//! Architecture invariant: a guest sees what its world imports and nothing else. There is no WASI in the linker, every
//! run has a deadline and limits for memory, stack, tables and handles, and what a guest gives back is untrusted.

mod bindings;
mod cache;
mod compile;
mod compiler;
mod compiling;
mod contract;
mod data;
mod engine;
mod fault;
mod history;
mod host;
mod inspect;
mod lock;
mod log;
mod origin;
mod output;
mod run;
mod sandbox;
mod stamp;
mod standard;
mod text;
mod translate;

pub use compile::{CompileError, compile_component};
pub use compiler::Compiler;
pub use host::{Host, HostConfig, HostError};
pub use inspect::Inspected;
pub use lock::{LOCK_FILE, Lock, LockError, Pinned, Unsigned, put, verify};
