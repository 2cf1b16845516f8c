//! Versions of the contract: what was built once runs for ever, and what was built for a later one is told.

use std::{fs, path::Path};

use wasmtime::{
    Engine, Result, Store, StoreContextMut,
    component::{Component, Linker, ResourceType, Val, types::ComponentFunc},
};
use watchkeeper_engine::ports::checker::{CheckOutcome, Checker};
use watchkeeper_testkit::guests;

use crate::{
    bench::{Bench, request},
    frames::Table,
};

/// Every component that is kept: built when its version of the contract was the newest.
fn kept() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kept");
    let entries = fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").path());
    let components = entries.filter(|path| path.extension().is_some_and(|extension| extension == "wasm"));
    let named = |path: std::path::PathBuf| {
        (path.file_stem().expect("a name").to_string_lossy().into_owned(), fs::read(&path).expect("a component"))
    };
    components.map(named).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_built_once_describes_itself_and_measures() {
    let (bench, kept) = (Bench::new(), kept());
    assert!(kept.len() >= 2, "components are kept");
    for (name, wasm) in kept {
        let plugin = bench.add(&name, &wasm);
        let manual = bench.host.manual(&plugin).await.unwrap_or_else(|message| panic!("{name}: {message}"));
        assert!(!manual.metrics.is_empty(), "{name}");
        let outcome = bench.check(request(&plugin, Table::of(&[("x", &[Some(1.0), None])]))).await;
        assert!(matches!(outcome, CheckOutcome::Measured(_)), "{name}: {outcome:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_built_for_a_later_version_is_told_so() {
    let later = guests::of_version("1.1.0");
    let message = Bench::new().failure_of(&later, Table::of(&[])).await;
    assert!(message.contains("was built for watchkeeper:check@1.1.0, and this host knows"), "{message}");
}

/// A host of a later contract, which has one function more, runs what was built for this one.
#[test]
fn a_component_of_this_version_runs_on_a_host_of_a_later_one() {
    let engine = Engine::default();
    let mut linker: Linker<()> = Linker::new(&engine);
    later_contract(&mut linker).expect("the later contract");
    for (name, wasm) in kept() {
        let component = Component::new(&engine, &wasm).expect("it compiles");
        let mut store = Store::new(&engine, ());
        let instance = linker.instantiate(&mut store, &component).unwrap_or_else(|error| panic!("{name}: {error:#}"));
        let plugin = instance
            .get_export_index(&mut store, None, "watchkeeper:check/plugin@1.0.0")
            .and_then(|plugin| instance.get_export_index(&mut store, Some(&plugin), "describe"))
            .expect("it describes itself");
        let describe = instance.get_func(&mut store, plugin).expect("a function");
        let mut manual = [Val::Bool(false)];
        describe.call(&mut store, &[], &mut manual).expect("it answers");
        assert!(matches!(&manual[0], Val::Record(fields) if fields[0].0 == "summary"), "{name}: {manual:?}");
    }
}

struct Anything;

/// The names of a contract 1.1.0 that has grown; nothing here is ever called.
fn later_contract(linker: &mut Linker<()>) -> Result<()> {
    let never = |_: StoreContextMut<'_, ()>, _: ComponentFunc, _: &[Val], _: &mut [Val]| Ok(());
    linker.instance("watchkeeper:check/types@1.1.0")?;
    let mut data = linker.instance("watchkeeper:check/data@1.1.0")?;
    for resource in ["frame", "scan"] {
        data.resource(resource, ResourceType::host::<Anything>(), |_, _| Ok(()))?;
    }
    let methods = ["frame.fields", "frame.aggregate", "frame.query", "frame.scan", "frame.sample", "scan.next"];
    for method in methods {
        data.func_new(&format!("[method]{method}"), never)?;
    }
    linker.instance("watchkeeper:check/log@1.1.0")?.func_new("write", never)?;
    linker.instance("watchkeeper:check/history@1.1.0")?.func_new("points", never)?;
    Ok(())
}
