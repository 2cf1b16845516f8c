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

#[tokio::test(flavor = "multi_thread")]
async fn names_and_paths_that_lead_nowhere() {
    let bench = Bench::new();
    let message = bench.failure(request("nul-rate", nothing())).await;
    assert!(message.contains("check `nul-rate` is not known") && message.contains("null-rate"), "{message}");
    let message = bench.failure(request("plugins/gone.wasm", nothing())).await;
    assert!(message.contains("cannot be read from") && message.contains("No such file"), "{message}");
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
