//! Guests that run away, and the good one beside them that is not disturbed.

use std::{
    sync::{Arc, Mutex, mpsc},
    time::Duration,
};

use tokio::time::Instant;
use watchkeeper_engine::ports::{
    checker::{CheckOutcome, CheckRequest, Checker},
    frame::Frame,
    memory::Memory,
};
use watchkeeper_testkit::guests;

use crate::{
    bench::{Bench, request},
    frames::{Stuck, Table},
};

/// How late a verdict may come.
const SLACK: Duration = Duration::from_millis(50);

fn nothing() -> Arc<dyn Frame> {
    Table::of(&[])
}

/// Runs a guest that must hit its deadline, after compiling it, and holds the host to the deadline.
async fn message_at_deadline(bench: &Bench, wasm: &[u8], frame: Arc<dyn Frame>) -> String {
    let plugin = bench.add("guest", wasm);
    bench.host.manual(&plugin).await.expect("it describes itself");
    let timeout = Duration::from_millis(500);
    let start = Instant::now();
    let message = bench.failure(CheckRequest { timeout, ..request(&plugin, frame) }).await;
    let late = start.elapsed().saturating_sub(timeout);
    assert!(late <= SLACK, "the verdict came {late:?} after the deadline");
    message
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_loop_ends_at_its_deadline() {
    let message = message_at_deadline(&Bench::new(), &guests::endless(), nothing()).await;
    assert_eq!(
        message,
        "check `guest.wasm` ran past its deadline of 500ms: let it read less, or raise the check's `timeout`"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_call_that_never_answers_ends_at_the_deadline() {
    let message = message_at_deadline(&Bench::new(), &guests::querying(), Arc::new(Stuck::Pending)).await;
    assert!(message.contains("ran past its deadline of 500ms"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_call_that_holds_its_thread_does_not_hold_the_verdict() {
    let (release, held) = mpsc::channel();
    let frame = Arc::new(Stuck::Blocking(Mutex::new(held)));
    let message = message_at_deadline(&Bench::new(), &guests::querying(), frame).await;
    assert!(message.contains("ran past its deadline of 500ms"), "{message}");
    drop(release);
}

#[tokio::test(flavor = "multi_thread")]
async fn endless_loops_in_every_slot_do_not_starve_a_good_check() {
    let bench = Bench::new();
    let (endless, good) = (bench.add("endless", &guests::endless()), bench.add("good", &guests::measuring("42")));
    let short = CheckRequest { timeout: Duration::from_millis(300), ..request(&endless, nothing()) };
    // As many as the host has room for.
    let runaways = futures::future::join_all((0..64).map(|_| bench.failure(short.clone())));
    let (messages, outcome) = tokio::join!(runaways, bench.check(request(&good, nothing())));
    assert!(messages.iter().all(|message| message.contains("ran past its deadline of 300ms")), "{messages:?}");
    let CheckOutcome::Measured(measured) = outcome else { panic!("the good check: {outcome:?}") };
    assert_eq!(measured.iter().map(|m| m.value).collect::<Vec<_>>(), [42.0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_memory_bomb_is_told_its_limit() {
    let message = Bench::new().failure_of(&guests::memory_bomb(), nothing()).await;
    assert_eq!(
        message,
        "check `guest.wasm` needs more memory than its limit of 64 MiB: let it keep less, or raise the check's `memory`"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_below_the_first_memory_is_told_too() {
    let bench = Bench::new();
    let plugin = bench.add("guest", &guests::measuring("1"));
    let message = bench.failure(CheckRequest { memory: Memory::new(64 << 10), ..request(&plugin, nothing()) }).await;
    assert!(message.contains("more memory than its limit of 64 KiB"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trap_says_what_the_guest_logged_and_where_it_was() {
    let message = Bench::new().failure_of(&guests::panicking(), nothing()).await;
    assert!(message.contains("trapped: wasm `unreachable` instruction executed"), "{message}");
    assert!(message.contains("it said: a word of the guest"), "{message}");
    assert!(message.contains("; in measure"), "{message}");
}
