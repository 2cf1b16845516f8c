//! A fresh instance of each language, told its manual, and gone, each beside wasmtime doing no more than that.

use std::{fs, path::PathBuf, time::Duration};

use tokio::runtime::Runtime;
use watchkeeper_plugin_host::Host;

use super::{GROUP, RUNS, bare::Bare};
use crate::report::{Figure, median, quantile};

/// A language, and the component that `cargo xtask examples` built of its example; the standard check is always there.
const LANGUAGES: [(&str, &str); 3] = [
    ("Rust", "plugins/dist/null-rate.wasm"),
    ("JavaScript", "target/examples/gini-js/dist/gini-js.wasm"),
    ("Python", "target/examples/gini-python/dist/gini-python.wasm"),
];
const PEER: &str = "wasmtime, the same component";

pub(super) fn run(runtime: &Runtime, host: &Host) {
    for (language, file) in LANGUAGES {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
        let Ok(wasm) = fs::read(&path) else {
            eprintln!("{language} is left out: `cargo xtask examples` builds {file}");
            continue;
        };
        let plugin = path.canonicalize().expect("it is there").to_string_lossy().into_owned();
        let bare = Bare::new();
        let pre = bare.linked(&wasm);
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        let mut compiled = Vec::new();
        for _ in 0..RUNS {
            let found = runtime.block_on(host.inspect(&plugin)).expect("it is a check");
            theirs.extend(bare.manuals(&pre, found.runs.len()));
            compiled.push((found.compile.as_secs_f64() * 1e3, bare.compile(&wasm) * 1e3));
            ours.extend(found.runs.iter().map(Duration::as_secs_f64));
        }
        ours.sort_by(f64::total_cmp);
        theirs.sort_by(f64::total_cmp);
        for (of, share) in [("p50", 0.5), ("p99", 0.99)] {
            let work = format!("a fresh run in {language}, {of}");
            figure(&work, "us", quantile(&ours, share) * 1e6, quantile(&theirs, share) * 1e6);
        }
        let (ours, theirs) = compiled.into_iter().unzip();
        figure(&format!("compile a check in {language}"), "ms", median(ours), median(theirs));
    }
}

fn figure(work: &str, unit: &str, ours: f64, theirs: f64) {
    Figure { group: GROUP, work, unit, ours, beside: Some((theirs, PEER)), more_is_better: false }.print();
}
