//! Wasmtime alone, with a core module where that will do.

use std::{fs, path::Path, time::Instant};

use wasmtime::{
    Config, Engine, Instance, InstanceAllocationStrategy, InstancePre, Linker, Module, PoolingAllocationConfig, Store,
    component::{self, Component, ComponentExportIndex, Val},
};

const MODULE: &str = r#"(module
  (import "host" "call" (func $call (param i32 i32)))
  (memory (export "memory") 16)
  (func (export "nothing"))
  (func (export "calls") (param $left i32)
    (loop $again
      (call $call (i32.const 1) (i32.const 2))
      (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))))"#;
/// Where a chunk is written to.
const AT: usize = 65_536;

pub(super) struct Bare {
    engine: Engine,
    module: InstancePre<()>,
}

/// A component that can be instantiated.
pub(super) struct Linked {
    component: component::InstancePre<()>,
    describe: ComponentExportIndex,
}

/// A standard check's component, as it was built.
pub(super) fn component(name: &str) -> Vec<u8> {
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/dist");
    fs::read(dist.join(format!("{name}.wasm"))).expect("cargo xtask plugins has built it")
}

impl Bare {
    pub(super) fn new() -> Self {
        let mut config = Config::new();
        let mut pool = PoolingAllocationConfig::new();
        pool.table_elements(200_000);
        config
            .cranelift_nan_canonicalization(true)
            .epoch_interruption(true)
            .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
        let engine = Engine::new(&config).expect("an engine");
        let mut linker = Linker::new(&engine);
        linker.func_wrap("host", "call", |_: i32, _: i32| ()).expect("a function");
        let module = Module::new(&engine, wat::parse_str(MODULE).expect("Wasm text")).expect("a module");
        let module = linker.instantiate_pre(&module).expect("it is linked");
        Self { engine, module }
    }

    fn instance(&self) -> (Store<()>, Instance) {
        let mut store = Store::new(&self.engine, ());
        store.set_epoch_deadline(1);
        let instance = self.module.instantiate(&mut store).expect("an instance");
        (store, instance)
    }

    /// Seconds in which a chunk is written so many times.
    pub(super) fn write(&self, chunk: &[f64], times: usize) -> f64 {
        let bytes: Vec<u8> = chunk.iter().flat_map(|number| number.to_le_bytes()).collect();
        let (mut store, instance) = self.instance();
        let memory = instance.get_memory(&mut store, "memory").expect("a memory");
        let start = Instant::now();
        for _ in 0..times {
            memory.write(&mut store, AT, &bytes).expect("it fits");
        }
        start.elapsed().as_secs_f64()
    }

    /// Seconds in which a guest calls the host so many times.
    pub(super) fn call(&self, times: u32) -> f64 {
        let (mut store, instance) = self.instance();
        let calls = instance.get_typed_func::<i32, ()>(&mut store, "calls").expect("a function");
        let start = Instant::now();
        calls.call(&mut store, times.cast_signed()).expect("it returns");
        start.elapsed().as_secs_f64()
    }

    /// Seconds of so many instances, one after another, each called once.
    pub(super) fn instances(&self, many: usize) -> f64 {
        let start = Instant::now();
        for _ in 0..many {
            let (mut store, instance) = self.instance();
            let nothing = instance.get_typed_func::<(), ()>(&mut store, "nothing").expect("a function");
            nothing.call(&mut store, ()).expect("it returns");
        }
        start.elapsed().as_secs_f64()
    }

    /// A component, linked to imports that are never called, and the function that tells its manual.
    pub(super) fn linked(&self, wasm: &[u8]) -> Linked {
        let component = Component::new(&self.engine, wasm).expect("it is a component");
        let mut linker: component::Linker<()> = component::Linker::new(&self.engine);
        linker.define_unknown_imports_as_traps(&component).expect("its imports");
        let plugin = component.get_export_index(None, "watchkeeper:check/plugin@1.0.0").expect("a check");
        let describe = component.get_export_index(Some(&plugin), "describe").expect("a manual");
        Linked { component: linker.instantiate_pre(&component).expect("it is linked"), describe }
    }

    /// Seconds of each of so many fresh instances that tell their manual.
    pub(super) fn manuals(&self, linked: &Linked, many: usize) -> Vec<f64> {
        let one = |_| {
            let start = Instant::now();
            let mut store = Store::new(&self.engine, ());
            store.set_epoch_deadline(1);
            let instance = linked.component.instantiate(&mut store).expect("an instance");
            let describe = instance.get_func(&mut store, linked.describe).expect("a function");
            describe.call(&mut store, &[], &mut [Val::Bool(false)]).expect("it answers");
            drop(store);
            start.elapsed().as_secs_f64()
        };
        (0..many).map(one).collect()
    }

    /// Seconds to compile a component.
    pub(super) fn compile(&self, wasm: &[u8]) -> f64 {
        let start = Instant::now();
        drop(self.compiled(wasm));
        start.elapsed().as_secs_f64()
    }

    pub(super) fn compiled(&self, wasm: &[u8]) -> Vec<u8> {
        self.engine.precompile_component(wasm).expect("it is a component")
    }

    /// Seconds to make a component of compiled code.
    #[expect(unsafe_code, reason = "machine code can only be loaded on the caller's word that it is trustworthy")]
    pub(super) fn load(&self, compiled: &[u8]) -> f64 {
        let start = Instant::now();
        // SAFETY: this engine compiled it just before.
        drop(unsafe { Component::deserialize(&self.engine, compiled) }.expect("it fits"));
        start.elapsed().as_secs_f64()
    }
}
