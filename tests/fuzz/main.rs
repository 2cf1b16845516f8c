//! Fuzzing: whatever bytes come in, they are refused or read, and nothing panics or hangs. Good inputs are mutated at random,
//! ten seconds each; `FUZZ_SECONDS` makes it longer. What once failed is kept in `seeds` and tried first.
#![expect(clippy::expect_used, clippy::panic, reason = "a test stops at the first thing that is not so")]
#![expect(clippy::disallowed_methods, reason = "it ends by the clock on the wall")]

mod component;
mod cron;
mod data;
mod ledger;
mod mutate;
mod ofrep;
mod workspace;

use std::{
    env,
    path::Path,
    time::{Duration, Instant},
};

use proptest::test_runner::{Config, FileFailurePersistence, TestRunner};

/// Cases between two looks at the clock.
const CASES: u32 = 16;

/// Mutates the inputs until the time is up; `check` panics at what must not be.
fn fuzz(name: &'static str, inputs: &[Vec<u8>], words: &'static [&'static str], check: impl Fn(&[u8])) {
    let seconds = env::var("FUZZ_SECONDS").map_or(10, |text| text.parse().expect("a number of seconds"));
    let until = Instant::now() + Duration::from_secs(seconds);
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(name).with_extension("txt");
    let seeds: &'static str = Box::leak(seeds.display().to_string().into_boxed_str());
    let config = || Config {
        cases: CASES,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(seeds))),
        max_shrink_time: 20_000,
        ..Config::default()
    };
    while Instant::now() < until {
        let tried = TestRunner::new(config()).run(&mutate::mutated(inputs.to_vec(), words), |input| {
            check(&input);
            Ok(())
        });
        tried.unwrap_or_else(|failure| panic!("{name}: {failure}"));
    }
}
