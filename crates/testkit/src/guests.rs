//! Guests written as core Wasm text and made into components of the real contract.

mod hostile;

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

pub use hostile::{Hostile, corpus};

/// What all guests share. Static data: a word at 16, results from 1024 on, and room for lists from 128 KiB on.
const PRELUDE: &str = r#"
  (import "watchkeeper:check/data@1.0.0" "[resource-drop]frame" (func $drop-frame (param i32)))
  (import "watchkeeper:check/data@1.0.0" "[resource-drop]scan" (func $drop-scan (param i32)))
  (import "watchkeeper:check/data@1.0.0" "[method]frame.fields" (func $fields (param i32 i32)))
  (import "watchkeeper:check/data@1.0.0" "[method]frame.aggregate" (func $aggregate (param i32 i32 i32 i32)))
  (import "watchkeeper:check/data@1.0.0" "[method]frame.query" (func $query (param i32 i32 i32 i32)))
  (import "watchkeeper:check/data@1.0.0" "[method]frame.scan" (func $scan (param i32 i32 i32 i32)))
  (import "watchkeeper:check/data@1.0.0" "[method]scan.next" (func $next (param i32 i32)))
  (import "watchkeeper:check/log@1.0.0" "write" (func $log (param i32 i32 i32)))
  (memory (export "memory") 16)
  (data (i32.const 16) "a word of the guest")
  (global $free (mut i32) (i32.const 65536))
  (func $recurse (param i64) (result i64)
    (i64.add (call $recurse (i64.add (local.get 0) (i64.const 1))) (i64.const 1)))
  (func $word (param $at i32)
    (i32.store (local.get $at) (i32.const 16))
    (i32.store (i32.add (local.get $at) (i32.const 4)) (i32.const 19)))
"#;

/// A manual without parameters and metrics.
const DESCRIBE: &str = "(call $word (i32.const 2048)) (i32.const 2048)";

/// The parameters of `check`, flattened: 4 times, the time column, the parameters, then `current` and `baseline`.
const CHECK: &str = r#"
  (func $measure (export "watchkeeper:check/plugin@1.0.0#check")
    (param i64 i64 i64 i64) (param i32 i32 i32) (param i32 i32) (param $current i32) (param i32 i32) (result i32)
"#;

/// Gives room after room, and takes none back.
const REALLOC: &str = r#"
  (local $at i32)
  (local.set $at (i32.and (i32.add (global.get $free) (i32.const 15)) (i32.const -16)))
  (global.set $free (i32.add (local.get $at) (local.get 3)))
  (local.get $at)
"#;

/// The parts of a guest that differ.
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a> {
    /// More imports of the module.
    pub imports: &'a str,
    /// More fields of the module, such as a start function.
    pub fields: &'a str,
    /// Gives room of the size in its fourth parameter.
    pub realloc: &'a str,
    /// Leaves the manual's address.
    pub describe: &'a str,
    /// Leaves the result's address.
    pub check: &'a str,
}

impl Default for Parts<'_> {
    fn default() -> Self {
        Self { imports: "", fields: "", realloc: REALLOC, describe: DESCRIBE, check: "(unreachable)" }
    }
}

/// A component whose check runs `body`, which leaves the result's address.
pub fn guest(body: &str) -> Vec<u8> {
    Parts { check: body, ..Parts::default() }.component()
}

impl Parts<'_> {
    /// The component of these parts.
    pub fn component(self) -> Vec<u8> {
        component(&self.text(), CONTRACT)
    }

    fn text(self) -> String {
        let Self { imports, fields, realloc, describe, check } = self;
        format!(
            r#"(module {imports} {PRELUDE}
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) {realloc})
            (func (export "watchkeeper:check/plugin@1.0.0#describe") (result i32) {describe})
            {CHECK} {check}) {fields})"#
        )
    }
}

const CONTRACT: &str = include_str!("../../../plugins/wit/check.wit");
const VERSION: &str = "@1.0.0";

/// A component that measures 1, built for another version of the contract.
pub fn of_version(version: &str) -> Vec<u8> {
    let version = format!("@{version}");
    let text = Parts { check: &number("1"), ..Parts::default() }.text().replace(VERSION, &version);
    component(&text, &CONTRACT.replace(VERSION, &version))
}

/// A core module of a contract's world as a component.
fn component(text: &str, contract: &str) -> Vec<u8> {
    let mut module = wat::parse_str(text).expect("valid Wasm text");
    let mut resolve = Resolve::default();
    let package = resolve.push_str("check.wit", contract).expect("the contract");
    let world = resolve.select_world(&[package], Some("check")).expect("its world");
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).expect("metadata");
    let mut encoder = ComponentEncoder::default();
    encoder.module(&module).expect("a module");
    encoder.validate(true).encode().expect("a component")
}

/// Measures one number, `a word of the guest`.
pub fn measuring(value: &str) -> Vec<u8> {
    guest(&number(value))
}

fn number(value: &str) -> String {
    format!(
        "(call $drop-frame (local.get $current))
         (i32.store (i32.const 1028) (i32.const 131072)) (i32.store (i32.const 1032) (i32.const 1))
         (call $word (i32.const 131072))
         (f64.store (i32.const 131080) (f64.const {value}))
         (i32.const 1024)"
    )
}

/// Measures the newest of its earlier measurements and one more; 1 where there is none.
pub fn counting_on() -> Vec<u8> {
    let imports = r#"(import "watchkeeper:check/history@1.0.0" "points"
        (func $points (param i32 i32 i32 i32 i32 i32)))"#;
    let check = "(call $drop-frame (local.get $current))
         (call $points
           (i32.const 16) (i32.const 19) (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 4096))
         (if (i32.load8_u (i32.const 4096)) (then (unreachable)))
         (i32.store (i32.const 1028) (i32.const 131072)) (i32.store (i32.const 1032) (i32.const 1))
         (call $word (i32.const 131072))
         (f64.store (i32.const 131080) (f64.const 1))
         (if (i32.load (i32.const 4104)) (then
           (f64.store (i32.const 131080)
             (f64.add (f64.load offset=8 (i32.load (i32.const 4100))) (f64.const 1)))))
         (i32.const 1024)";
    Parts { imports, check, ..Parts::default() }.component()
}

/// Gives back `count` empty measurements.
pub fn measuring_many(count: u32) -> Vec<u8> {
    guest(&format!(
        "(call $drop-frame (local.get $current))
         (i32.store (i32.const 1028) (i32.const 131072)) (i32.store (i32.const 1032) (i32.const {count}))
         (i32.const 1024)"
    ))
}

/// Gives back a failure: 0 config, 1 no-data, 2 retry.
pub fn failing(kind: u32) -> Vec<u8> {
    guest(&format!(
        "(call $drop-frame (local.get $current))
         (i32.store8 (i32.const 1024) (i32.const 1)) (i32.store8 (i32.const 1028) (i32.const {kind}))
         (call $word (i32.const 1032))
         (i32.const 1024)"
    ))
}

/// Never comes back.
pub fn endless() -> Vec<u8> {
    guest("(loop $forever (br $forever)) (unreachable)")
}

/// Takes all the memory it can get, 64 KiB at a time, whatever the answer is.
pub fn memory_bomb() -> Vec<u8> {
    guest("(loop $more (drop (memory.grow (i32.const 1))) (br $more)) (unreachable)")
}

/// Calls itself without an end.
pub fn deep() -> Vec<u8> {
    guest("(drop (call $recurse (i64.const 0))) (i32.const 1024)")
}

/// Logs an error as a panic hook does, then traps.
pub fn panicking() -> Vec<u8> {
    guest("(call $log (i32.const 3) (i32.const 16) (i32.const 19)) (unreachable)")
}

/// Asks its frame a question of SQL, and traps once it is answered.
pub fn querying() -> Vec<u8> {
    guest("(call $query (local.get $current) (i32.const 16) (i32.const 19) (i32.const 4096)) (unreachable)")
}

/// Asks its frame for its fields, so many times, and measures nothing.
pub fn asking(times: u32) -> Vec<u8> {
    guest(&format!(
        "(local $left i32)
         (local.set $left (i32.const {times}))
         (loop $again
           (call $fields (local.get $current) (i32.const 4096))
           (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
         (call $drop-frame (local.get $current))
         (i32.const 1024)"
    ))
}

/// Reads its frame's one column of numbers to the end, each chunk over the one before, and measures nothing.
pub fn scanning() -> Vec<u8> {
    guest(
        "(local $scan i32)
         (call $word (i32.const 2064))
         (call $scan (local.get $current) (i32.const 2064) (i32.const 1) (i32.const 4096))
         (if (i32.load8_u (i32.const 4096)) (then (unreachable)))
         (local.set $scan (i32.load (i32.const 4100)))
         (loop $more
           (global.set $free (i32.const 65536))
           (call $next (local.get $scan) (i32.const 4096))
           (if (i32.load8_u (i32.const 4096)) (then (unreachable)))
           (br_if $more (i32.load8_u (i32.const 4100))))
         (call $drop-scan (local.get $scan))
         (call $drop-frame (local.get $current))
         (i32.const 1024)",
    )
}

/// Asks with more text than a call may hand over.
pub fn flooding() -> Vec<u8> {
    guest(
        "(drop (memory.grow (i32.const 160)))
         (call $query (local.get $current) (i32.const 0) (i32.const 10000000) (i32.const 4096)) (unreachable)",
    )
}

/// Wants the file system's working folder, which no check may know.
pub fn importing_wasi() -> Vec<u8> {
    let import = r#"(import "wasi:cli/environment@0.2.0" (instance (export "initial-cwd" (func (result string)))))"#;
    wat::parse_str(format!("(component {import})")).expect("valid Wasm text")
}
