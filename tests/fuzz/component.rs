//! Components: bytes that plugin authors hand in, compiled by the binary in a process of its own, as the host does it.

use std::{fs, path::Path};

use tokio::runtime::Runtime;
use watchkeeper_engine::ports::checker::Checker;
use watchkeeper_plugin_host::{Compiler, Host, HostConfig};
use watchkeeper_testkit::guests;

use crate::fuzz;

const WORDS: &[&str] =
    &["\u{0}asm", "\r\u{0}\u{1}\u{0}", "run", "\u{7f}\u{7f}\u{7f}\u{7f}", "\u{0}", "watchkeeper:check"];

/// A host over a folder.
fn host(folder: &Path) -> Host {
    let test = std::env::current_exe().expect("the test knows where it is");
    let program = test.parent().and_then(Path::parent).expect("tests lie in target/debug/deps").join("watchkeeper");
    assert!(program.exists(), "{} is missing: run `cargo build --package watchkeeper`", program.display());
    let compiler = Compiler { program, args: vec!["compile-plugin".into()] };
    Host::new(HostConfig { cache_dir: Some(folder.join("cache")), compiler, workspace: folder.to_owned() })
        .expect("a host")
}

#[test]
fn components() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let runtime = Runtime::new().expect("a runtime");
    let host = runtime.block_on(async { host(folder.path()) });
    let inputs = [guests::endless(), guests::panicking()];
    fuzz("component", &inputs, WORDS, |bytes| {
        fs::write(folder.path().join("mutated.wasm"), bytes).expect("written");
        if let Err(reason) = runtime.block_on(host.manual("mutated.wasm")) {
            assert!(!reason.is_empty() && !reason.contains("panicked"), "{reason}");
        }
    });
}
