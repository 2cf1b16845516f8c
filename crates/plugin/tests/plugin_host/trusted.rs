//! The cache: what is compiled once is kept, and nobody else's code is loaded.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
};

use watchkeeper_engine::ports::checker::{CheckOutcome, Checker};
use watchkeeper_plugin_host::{Host, HostError};
use watchkeeper_testkit::guests;

use crate::{
    bench::{self, Bench, request},
    frames::Table,
};

fn compiled(bench: &Bench) -> Vec<PathBuf> {
    let cache = fs::read_dir(bench.folder.path().join("cache")).expect("the cache");
    cache.map(|entry| entry.expect("an entry").path()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_is_compiled_once_into_a_private_folder() {
    let bench = Bench::new();
    let plugin = bench.add("guest", &guests::measuring("1"));
    assert!(matches!(bench.check(request(&plugin, Table::of(&[]))).await, CheckOutcome::Measured(_)));
    let files = compiled(&bench);
    assert_eq!(files.len(), 1, "one compiled file and no scratch folder: {files:?}");
    let digest = bench.host.digest(&plugin).expect("a digest");
    assert!(files[0].file_name().expect("a name").to_string_lossy().starts_with(&digest));
    let mode = |path: &PathBuf| fs::metadata(path).expect("metadata").permissions().mode() & 0o777;
    assert_eq!((mode(&bench.folder.path().join("cache")), mode(&files[0])), (0o700, 0o600));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_host_loads_what_the_first_compiled() {
    let bench = Bench::new();
    let plugin = bench.add("guest", &guests::measuring("1"));
    bench.host.manual(&plugin).await.expect("it compiles");
    let mut config = bench::config(bench.folder.path());
    config.compiler.program = "/nonexistent/compiler".into();
    let second = Host::new(config).expect("a second host");
    assert!(matches!(second.check(request(&plugin, Table::of(&[]))).await, CheckOutcome::Measured(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_file_is_another_component() {
    let bench = Bench::new();
    let plugin = bench.add("guest", &guests::measuring("1"));
    let first = bench.check(request(&plugin, Table::of(&[]))).await;
    let ran = bench.host.digest(&plugin);
    bench.add("guest", &guests::measuring("2"));
    assert_eq!(bench.host.digest(&plugin), ran, "what ran is told, not what lies there now");
    let second = bench.check(request(&plugin, Table::of(&[]))).await;
    assert_ne!(bench.host.digest(&plugin), ran);
    let value = |outcome: &CheckOutcome| match outcome {
        CheckOutcome::Measured(measured) => measured[0].value,
        other => panic!("{other:?}"),
    };
    assert_eq!((value(&first), value(&second)), (1.0, 2.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn code_that_others_may_write_is_not_loaded() {
    let bench = Bench::new();
    let plugin = bench.add("guest", &guests::measuring("1"));
    bench.host.manual(&plugin).await.expect("it compiles");
    fs::set_permissions(&compiled(&bench)[0], Permissions::from_mode(0o666)).expect("a laxer mode");
    let second = Host::new(bench::config(bench.folder.path())).expect("a second host");
    let message = second.manual(&plugin).await.expect_err("it is refused");
    assert!(message.contains("is not ours alone"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_code_is_compiled_again() {
    let bench = Bench::new();
    let plugin = bench.add("guest", &guests::measuring("1"));
    bench.host.manual(&plugin).await.expect("it compiles");
    // A new file in its place: the first host still has the old one mapped.
    let file = compiled(&bench).remove(0);
    fs::remove_file(&file).expect("it is removed");
    fs::write(&file, b"damaged").expect("damage");
    let second = Host::new(bench::config(bench.folder.path())).expect("a second host");
    assert!(matches!(second.check(request(&plugin, Table::of(&[]))).await, CheckOutcome::Measured(_)));
}

#[test]
fn a_cache_that_others_may_write_to_is_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let config = bench::config(folder.path());
    fs::create_dir(&config.cache_dir).expect("the folder");
    fs::set_permissions(&config.cache_dir, Permissions::from_mode(0o777)).expect("a lax mode");
    let refused = Host::new(config).err();
    assert!(matches!(refused, Some(HostError::CacheNotOurs(_))), "{refused:?}");
}
