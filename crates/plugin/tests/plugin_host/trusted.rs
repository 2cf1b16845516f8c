//! The cache: what is compiled once is kept, and nobody else's code is loaded.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
};

use watchkeeper_engine::ports::checker::{CheckOutcome, Checker};
use watchkeeper_plugin_host::Host;
use watchkeeper_testkit::guests;

use crate::{
    bench::{self, Bench, request},
    frames::Table,
};

fn compiled(bench: &Bench) -> Vec<PathBuf> {
    let cache = fs::read_dir(bench.folder.path().join("cache")).expect("the cache");
    let files = cache.map(|entry| entry.expect("an entry").path());
    files.filter(|path| path.file_name().is_some_and(|name| name != "key")).collect()
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

#[tokio::test(flavor = "multi_thread")]
async fn in_a_folder_that_others_may_change_nothing_is_kept_or_loaded() {
    for lax in ["cache", "."] {
        let bench = Bench::new();
        let plugin = bench.add("guest", &guests::measuring("1"));
        let cache = bench.folder.path().join("cache");
        fs::create_dir_all(&cache).expect("the folder");
        fs::set_permissions(bench.folder.path().join(lax), Permissions::from_mode(0o777)).expect("a lax mode");
        let before = fs::read_dir(&cache).expect("the cache").count();
        let host = Host::new(bench::config(bench.folder.path())).expect("a host");
        assert!(matches!(host.check(request(&plugin, Table::of(&[]))).await, CheckOutcome::Measured(_)), "{lax}");
        assert_eq!(fs::read_dir(&cache).expect("the cache").count(), before, "{lax}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn swapped_code_is_not_run() {
    let bench = Bench::new();
    let (one, two) = (bench.add("one", &guests::measuring("1")), bench.add("two", &guests::measuring("2")));
    bench.host.manual(&one).await.expect("it compiles");
    let code_of_one = compiled(&bench).remove(0);
    bench.host.manual(&two).await.expect("it compiles");
    let code_of_two = compiled(&bench).into_iter().find(|file| *file != code_of_one).expect("another file");
    fs::copy(&code_of_two, &code_of_one).expect("it is swapped");
    let second = Host::new(bench::config(bench.folder.path())).expect("a second host");
    match second.check(request(&one, Table::of(&[]))).await {
        CheckOutcome::Measured(measured) => assert_eq!(measured[0].value, 1.0, "it is compiled again"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_used_for_a_season_goes() {
    let bench = Bench::new();
    let plugin = bench.add("guest", &guests::measuring("1"));
    bench.host.manual(&plugin).await.expect("it compiles");
    let file = fs::File::options().write(true).open(compiled(&bench).remove(0)).expect("the file");
    file.set_modified(std::time::UNIX_EPOCH).expect("an old time");
    Host::new(bench::config(bench.folder.path())).expect("a second host");
    assert_eq!(compiled(&bench), Vec::<PathBuf>::new());
}
