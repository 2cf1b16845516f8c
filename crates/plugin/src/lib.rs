//! The Wasm host for checks, on wasmtime.
