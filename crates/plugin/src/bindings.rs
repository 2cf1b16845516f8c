//! The contract as Rust types, generated from `plugins/wit/check.wit`.
//!
//! Architecture invariant: the unsafe code in here is generated, every line of it; the only written one is in `cache.rs`.

wasmtime::component::bindgen!({
    path: "../../plugins/wit",
    world: "check",
    imports: { default: trappable },
    with: {
        "watchkeeper:check/data.frame": crate::data::OpenFrame,
        "watchkeeper:check/data.scan": crate::data::OpenScan,
    },
});

pub(crate) use watchkeeper::check::{data, history, log, types};
