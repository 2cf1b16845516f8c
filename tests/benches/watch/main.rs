//! What Watchkeeper costs beside a peer or a limit that is measured in the same run: `cargo xtask bench` runs it, and
//! makes a table of the lines that it prints.
#![expect(clippy::expect_used, clippy::panic, reason = "a benchmark stops at the first thing that is not so")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it prints")]
#![expect(clippy::disallowed_methods, reason = "it measures by the clock on the wall")]

mod answers;
mod boundary;
mod checks;
mod data;
mod duckdb;
mod engine;
mod options;
mod people;
mod process;
mod report;
mod scan;
mod small;
mod sql;
mod store;
mod within;
mod workspace;

use mimalloc::MiMalloc;

/// As the daemon has it.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.split_first() {
        Some((child, arguments)) if child == data::CHILD => return data::child(arguments),
        Some((child, _)) if child == scan::together::CHILD => {
            return scan::together::child(&options::Options::read([]));
        }
        _ => {}
    }
    let options = options::Options::read(arguments);
    if options.runs("scan") {
        scan::run(&options);
    }
    if options.runs("small") {
        small::run(&options);
    }
    if options.runs("boundary") {
        boundary::run(&options);
    }
    if options.runs("engine") {
        engine::run(&options);
    }
    if options.runs("store") {
        store::run(&options);
    }
    if options.runs("people") {
        people::run(&options);
    }
}
