//! Every component that means no good gets its verdict in its own words, in time and within its memory, and a good
//! monitor beside it measures as if it were alone.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;
use watchkeeper_engine::ports::{
    checker::{CheckOutcome, CheckRequest, Checker},
    memory::Memory,
};
use watchkeeper_testkit::guests::{self, Hostile};

use crate::{
    bench::{Bench, request},
    frames::Table,
};

const TIMEOUT: Duration = Duration::from_millis(400);
const MEMORY: u64 = 64 << 20;
/// How late a verdict may come: what describing itself may take, where that is what the guest does not come back from.
const SLACK: Duration = Duration::from_millis(50);
/// How often one is tried before it is said to be wrong: other programs keep the machine busy as well.
const TRIES: u32 = 5;
const DESCRIBING: Duration = Duration::from_secs(5);

/// What is wrong with how a component was handled.
async fn wrong(bench: &Bench, place: usize, hostile: &Hostile) -> Vec<String> {
    let name = hostile.name;
    let plugin = bench.add(&format!("hostile-{place}"), &hostile.wasm);
    // Compiled before it is timed, where it can be.
    drop(bench.host.manual(&plugin).await);
    let memory = Memory::new(MEMORY);
    let column = [Some(1.0), Some(2.0)];
    let asked = CheckRequest {
        timeout: TIMEOUT,
        memory: Arc::clone(&memory),
        ..request(&plugin, Table::of(&[("x", &column)]))
    };
    let good = request("good.wasm", Table::of(&[("x", &column)]));
    let began = Instant::now();
    let verdict = async { (bench.check(asked).await, began.elapsed()) };
    let beside = async { (bench.check(good).await, began.elapsed()) };
    let ((outcome, took), (good, good_took)) = tokio::join!(verdict, beside);
    let mut wrong = Vec::new();
    match outcome {
        CheckOutcome::Failed(message) if message.contains(hostile.says) => {}
        other => wrong.push(format!("{name}: {other:?}, without {:?}", hostile.says)),
    }
    let allowed = if name.ends_with("describe") { TIMEOUT + DESCRIBING } else { TIMEOUT };
    if took > allowed + SLACK {
        wrong.push(format!("{name}: the verdict came after {took:?}"));
    }
    if memory.peak() > MEMORY {
        wrong.push(format!("{name}: it held {} bytes", memory.peak()));
    }
    match good {
        CheckOutcome::Measured(measured) if measured[0].value == 42.0 && good_took < TIMEOUT + SLACK => {}
        other => wrong.push(format!("{name}: beside it, after {good_took:?}: {other:?}")),
    }
    wrong
}

#[tokio::test(flavor = "multi_thread")]
async fn every_hostile_component_is_contained() {
    let bench = Bench::new();
    bench.add("good", &guests::measuring("42"));
    bench.host.manual("good.wasm").await.expect("it compiles");
    let corpus = guests::corpus();
    assert!(corpus.len() >= 40, "{} components", corpus.len());
    let mut all = Vec::new();
    for (place, hostile) in corpus.iter().enumerate() {
        let mut found = wrong(&bench, place, hostile).await;
        for _ in 1..TRIES {
            if found.is_empty() {
                break;
            }
            found = wrong(&bench, place, hostile).await;
        }
        all.extend(found);
    }
    assert!(all.is_empty(), "{} of {}:\n{}", all.len(), corpus.len(), all.join("\n"));
}
