//! Components that are not run, and answers that are not accepted.

use std::sync::Arc;

use watchkeeper_engine::ports::{
    checker::{CheckOutcome, Checker},
    frame::Frame,
};
use watchkeeper_testkit::guests;

use crate::{
    bench::{Bench, request},
    frames::Table,
};

fn nothing() -> Arc<dyn Frame> {
    Table::of(&[])
}

async fn refusal(wasm: &[u8]) -> String {
    Bench::new().failure_of(wasm, nothing()).await
}

fn component(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("valid Wasm text")
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_no_wasm() {
    let message = refusal(b"MZ\x90\x00 garbage").await;
    assert!(message.contains("is not a WebAssembly component"), "{message}");
    let message = refusal(b"").await;
    assert!(message.contains("is not a WebAssembly component"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_core_module() {
    let message = refusal(&component("(module)")).await;
    assert!(message.contains("is a core WebAssembly module") && message.contains("wit-component"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_cut_short() {
    let whole = guests::measuring("1");
    let message = refusal(&whole[..whole.len() / 2]).await;
    assert!(message.contains("cannot be compiled: ") && message.contains("offset"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_of_wasi() {
    let message = refusal(&guests::importing_wasi()).await;
    assert!(message.contains("imports `wasi:cli/environment@0.2.0`, which is not allowed"), "{message}");
    assert!(message.contains("may import only watchkeeper:check/types, data and log"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_of_another_world() {
    let message = refusal(&component("(component)")).await;
    assert!(message.contains("does not fit the contract") && message.contains("check/plugin"), "{message}");
    let message = refusal(&component(
        r#"(component (import "watchkeeper:check/data@2.0.0" (instance (export "rows" (func (result u64))))))"#,
    ))
    .await;
    assert!(message.contains("does not fit the contract") && message.contains("data@2.0.0"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_and_paths_that_lead_nowhere() {
    let bench = Bench::new();
    let message = bench.failure(request("nul-rate", nothing())).await;
    assert!(message.contains("check `nul-rate` is not known") && message.contains("null-rate"), "{message}");
    let message = bench.failure(request("plugins/gone.wasm", nothing())).await;
    assert!(message.contains("cannot be read from") && message.contains("No such file"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_is_not_finite() {
    for (value, shown) in [("nan", "NaN"), ("inf", "inf"), ("-inf", "-inf")] {
        let message = refusal(&guests::measuring(value)).await;
        assert!(message.contains(&format!("a word of the guest is {shown}; a value must be finite")), "{message}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_measurements_than_anyone_reads() {
    let message = refusal(&guests::measuring_many(10_001)).await;
    assert!(message.contains("10001 measurements; the limit is 10000"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_guest_says_itself() {
    let message = refusal(&guests::failing(0)).await;
    assert_eq!(message, "check `guest.wasm` refused its parameters: a word of the guest");
    let message = refusal(&guests::failing(2)).await;
    assert!(message.contains("asks for another try at the next tick: a word of the guest"), "{message}");
    let bench = Bench::new();
    let plugin = bench.add("guest", &guests::failing(1));
    let outcome = bench.check(request(&plugin, nothing())).await;
    assert_eq!(outcome, CheckOutcome::NoData("a word of the guest".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manual_is_refused_with_the_same_words() {
    let bench = Bench::new();
    let plugin = bench.add("guest", b"garbage");
    let message = bench.host.manual(&plugin).await.expect_err("it is refused");
    assert!(message.starts_with("check `guest.wasm` is not a WebAssembly component"), "{message}");
}
