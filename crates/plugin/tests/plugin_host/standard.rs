//! The checks in the binary, run as they are shipped.

use watchkeeper_engine::ports::checker::{CheckOutcome, CheckRequest, Checker};
use watchkeeper_model::ParamValue;
use watchkeeper_plugin_host::Host;

use crate::{
    bench::{Bench, request},
    frames::Table,
};

#[tokio::test(flavor = "multi_thread")]
async fn every_standard_check_describes_itself() {
    let bench = Bench::new();
    for name in Host::standard_names() {
        let manual = bench.host.manual(name).await.expect(name);
        assert!(!manual.summary.is_empty(), "{name} has a summary");
        assert_eq!(bench.host.digest(name).expect(name).len(), 64);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn exactly_the_checks_that_compare_are_known_to_need_a_baseline() {
    let bench = Bench::new();
    for name in Host::standard_names() {
        let outcome = bench.check(request(name, Table::of(&[("income", &[Some(1.0), Some(2.0)])]))).await;
        let asks = matches!(&outcome, CheckOutcome::Failed(reason) if reason.contains("give the monitor a [baseline]"));
        assert_eq!(asks, Host::needs_baseline(name), "{name}: {outcome:?}");
    }
    assert!(Host::needs_baseline("drift"));
}

#[tokio::test(flavor = "multi_thread")]
async fn null_rate_measures_every_column() {
    let bench = Bench::new();
    let frame = Table::of(&[
        ("age", &[Some(30.0), Some(41.0), Some(52.0), Some(63.0)]),
        ("income", &[Some(1.0), None, Some(3.0), None]),
    ]);
    // The second was built when the contract was finished, and has to run for ever.
    let kept = bench.add("kept", include_bytes!("../kept/null-rate.wasm"));
    for plugin in ["null-rate", &kept] {
        let outcome = bench.check(request(plugin, frame.clone())).await;
        let CheckOutcome::Measured(measured) = outcome else { panic!("{plugin}: {outcome:?}") };
        let shown: Vec<_> = measured.iter().map(|m| format!("{} {}", m.series, m.value)).collect();
        assert_eq!(shown, ["null_rate{column=\"age\"} 0", "null_rate{column=\"income\"} 0.5"], "{plugin}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn null_rate_names_a_column_that_is_not_there() {
    let bench = Bench::new();
    let params = vec![("columns".to_owned(), ParamValue::Texts(vec!["incme".to_owned()]))];
    let frame = Table::of(&[("income", &[Some(1.0)])]);
    let message = bench.failure(CheckRequest { params, ..request("null-rate", frame) }).await;
    assert!(message.contains("incme"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_run_measures_the_same_bits() {
    let bench = Bench::new();
    let frame = Table::of(&[("income", &[Some(1.0), None, Some(3.0)])]);
    let first = bench.check(request("null-rate", frame.clone())).await;
    assert_eq!(bench.check(request("null-rate", frame)).await, first);
}
