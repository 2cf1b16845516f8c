//! Plugins as teams take them: from files, servers and registries, pinned, and run again as they ran.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
};

use minisign::KeyPair;
use serde_json::Value;
use tempfile::TempDir;
use watchkeeper_testkit::guests;

use crate::{
    bench::{Bench, repository},
    minutely::{monitor, run_until_three_minutes_ago},
};

/// A workspace whose monitor `mine` uses the plugin `good`.
fn workspace() -> Bench {
    let bench = Bench::sample();
    monitor(&bench, "mine", "plugin = \"good\"\n");
    bench
}

/// Runs a command of `plugin` to its end; gives what it printed.
fn plugin(bench: &Bench, arguments: &[&str], code: i32) -> String {
    let output = bench.run(&[&["plugin"], arguments].concat());
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    said
}

/// What the monitor measures now, or why it does not.
fn checked(bench: &Bench) -> Value {
    let output = bench.run(&["check", "mine", "--json"]);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

fn value(bench: &Bench) -> f64 {
    let found = checked(bench);
    found["series"][0]["value"].as_f64().unwrap_or_else(|| panic!("{found:#}"))
}

fn pinned(bench: &Bench) -> toml::Table {
    let lock = fs::read_to_string(bench.path().join("plugins.lock")).expect("the lock");
    lock.parse().expect("it is TOML")
}

fn source(bench: &Bench, wasm: &[u8]) -> String {
    let path = bench.path().join("good.wasm");
    fs::write(&path, wasm).expect("the component is written");
    path.to_string_lossy().into_owned()
}

#[test]
fn other_bytes_than_the_pinned_ones_are_refused_with_both_digests() {
    let bench = workspace();
    let source = source(&bench, &guests::measuring("1"));
    let said = plugin(&bench, &["add", &source], 0);
    assert!(said.contains("plugin = \"good\""), "{said}");
    assert_eq!(value(&bench), 1.0);
    let then = pinned(&bench)["plugin"][0]["sha256"].as_str().expect("a digest").to_owned();

    fs::write(bench.path().join("plugins/good.wasm"), guests::measuring("2")).expect("it is swapped");
    let found = checked(&bench);
    let error = found["error"].as_str().unwrap_or_else(|| panic!("{found:#}"));
    assert_eq!(found["verdict"], "error");
    assert!(error.contains(&then) && error.matches("sha256 is ").count() == 1, "{error}");
    monitor(&bench, "mine", "plugin = \"./plugins/../plugins/good.wasm\"\n");
    let error = checked(&bench)["error"].to_string();
    assert!(error.contains("pins"), "by another way to the same file: {error}");
    monitor(&bench, "mine", "plugin = \"good\"\n");
    let mut one_byte = guests::measuring("1");
    one_byte.push(0);
    fs::write(bench.path().join("plugins/good.wasm"), one_byte).expect("a byte more");
    assert!(checked(&bench)["error"].as_str().is_some_and(|error| error.contains("pins")));
    fs::write(bench.path().join("plugins/good.wasm"), guests::measuring("1")).expect("it is put back");
    assert_eq!(value(&bench), 1.0);
}

#[test]
fn an_update_says_what_a_plugin_imports_now_and_pins_it() {
    let bench = workspace();
    let source = source(&bench, &guests::measuring("1"));
    plugin(&bench, &["add", &source, "--name", "good"], 0);
    assert!(plugin(&bench, &["update"], 0).contains("good: unchanged"));
    fs::write(&source, guests::counting_on()).expect("a new version");
    let said = plugin(&bench, &["update", "good", "--dry-run"], 0);
    assert!(said.contains("now also imports watchkeeper:check/history@1.0.0"), "{said}");
    assert!(said.contains("nothing was written"), "{said}");
    plugin(&bench, &["update", "good"], 0);
    let imports = pinned(&bench)["plugin"][0]["imports"].to_string();
    assert!(imports.contains("history"), "{imports}");
    assert_eq!(value(&bench), 1.0, "it has no earlier measurement");
    plugin(&bench, &["add", &source, "--name", "good"], 2);
}

#[test]
fn a_name_leads_nowhere_else_and_no_other_component_is_overwritten() {
    let bench = workspace();
    let source = source(&bench, &guests::measuring("1"));
    for name in ["../../elsewhere", "a/b", "", "null-rate"] {
        assert!(plugin(&bench, &["add", &source, "--name", name], 2).contains("name it by --name"), "{name:?}");
    }
    let own = bench.path().join("plugins/good.wasm");
    fs::create_dir_all(own.parent().expect("a folder")).expect("the folder is made");
    fs::write(&own, "somebody's own").expect("it is there already");
    assert!(plugin(&bench, &["add", &source], 2).contains("another component, which nobody has pinned"));
    assert_eq!(fs::read(&own).expect("it is there"), b"somebody's own");
    assert!(!bench.path().join("plugins.lock").exists(), "nothing was pinned");
}

#[test]
fn an_update_that_fails_for_one_leaves_all_as_they_were() {
    let bench = workspace();
    let (wasm, keys) = (guests::measuring("1"), KeyPair::generate_unencrypted_keypair().expect("keys"));
    let signed = bench.path().join("signed.wasm");
    fs::write(&signed, &wasm).expect("written");
    let signature = minisign::sign(Some(&keys.pk), &keys.sk, &wasm[..], None, None).expect("a signature").to_string();
    fs::write(bench.path().join("signed.wasm.minisig"), signature).expect("it lies beside");
    plugin(&bench, &["add", &source(&bench, &wasm)], 0);
    plugin(&bench, &["add", &signed.to_string_lossy(), "--key", &keys.pk.to_base64()], 0);
    // Both have a new version, and nobody signed the second one's.
    source(&bench, &guests::measuring("2"));
    fs::write(&signed, guests::measuring("2")).expect("a new version");
    let before = pinned(&bench);
    assert!(plugin(&bench, &["update"], 2).contains("not signed with the key"));
    assert_eq!((pinned(&bench), value(&bench)), (before, 1.0));
}

#[test]
fn a_key_has_to_have_signed_what_is_added_and_what_is_run() {
    let bench = workspace();
    let (wasm, keys) = (guests::measuring("1"), KeyPair::generate_unencrypted_keypair().expect("keys"));
    let source = source(&bench, &wasm);
    let (key, other) = (keys.pk.to_base64(), KeyPair::generate_unencrypted_keypair().expect("keys").pk.to_base64());
    assert!(plugin(&bench, &["add", &source, "--key", &key], 2).contains("there is no minisign signature"));
    let signature = minisign::sign(Some(&keys.pk), &keys.sk, &wasm[..], None, None).expect("a signature").to_string();
    fs::write(format!("{source}.minisig"), &signature).expect("it lies beside");
    assert!(plugin(&bench, &["add", &source, "--key", &other], 2).contains("not signed with the key"));
    assert!(plugin(&bench, &["add", &source, "--key", "RWQnone"], 2).contains("no minisign public key"));
    assert!(!bench.path().join("plugins.lock").exists(), "nothing was written");
    plugin(&bench, &["add", &source, "--key", &key], 0);
    assert_eq!(value(&bench), 1.0);

    bench.edit("plugins.lock", |text| text.replace(&key, &other));
    let error = checked(&bench)["error"].to_string();
    assert!(error.contains("not signed with the key"), "{error}");
    bench.edit("plugins.lock", |text| text.replace(&other, &key));
    fs::remove_file(bench.path().join("plugins/good.wasm.minisig")).expect("the signature goes");
    let error = checked(&bench)["error"].to_string();
    assert!(error.contains("there is no minisign signature"), "{error}");
}

#[test]
fn a_lock_that_cannot_be_read_is_told_with_its_place() {
    let bench = workspace();
    bench.edit("plugins.lock", |_| "[[plugin]]\nname = 1\n".to_owned());
    let said = plugin(&bench, &["update"], 2);
    assert!(said.contains("plugins.lock:2:8: invalid type"), "{said}");
}

/// Serves files by their paths, one connection at a time, for as long as the test lives.
fn served(files: Vec<(String, Vec<u8>)>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut asked = String::new();
            BufReader::new(&mut stream).read_line(&mut asked).expect("a request");
            let path = asked.split(' ').nth(1).unwrap_or_default();
            let found = files.iter().find(|(known, _)| known == path).map(|(_, bytes)| bytes);
            let head = match found {
                Some(bytes) => format!("200 OK\r\nContent-Length: {}", bytes.len()),
                None if path.starts_with("/moved") => {
                    "302 Found\r\nLocation: /good.wasm\r\nContent-Length: 0".to_owned()
                }
                None => "404 Not Found\r\nContent-Length: 0".to_owned(),
            };
            let answer =
                [format!("HTTP/1.1 {head}\r\nConnection: close\r\n\r\n").as_bytes(), found.map_or(&[], |it| it)]
                    .concat();
            // A visitor that goes early is its own affair.
            drop(stream.write_all(&answer));
        }
    });
    address
}

#[test]
fn a_server_gives_the_component_and_nothing_it_leads_to() {
    let bench = workspace();
    let address = served(vec![("/good.wasm".to_owned(), guests::measuring("3"))]);
    let said = plugin(&bench, &["add", &format!("http://{address}/gone.wasm")], 3);
    assert!(said.contains("there is no such file"), "{said}");
    let said = plugin(&bench, &["add", &format!("http://{address}/moved.wasm")], 3);
    assert!(said.contains("302"), "{said}");
    let said = plugin(&bench, &["add", "http://example.com/good.wasm"], 2);
    assert!(said.contains("anybody on the way"), "{said}");
    plugin(&bench, &["add", &format!("http://{address}/good.wasm")], 0);
    assert_eq!(value(&bench), 3.0);
}

/// Debian's registry on a free port; killed when dropped.
struct Registry {
    folder: TempDir,
    child: Child,
    address: String,
}

impl Registry {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let config = folder.path().join("config.yml");
        let storage = folder.path().join("data");
        let text = format!(
            "version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: {}\nhttp:\n  addr: 127.0.0.1:0\n",
            storage.display()
        );
        fs::write(&config, text).expect("its configuration");
        let started = Command::new("docker-registry").arg("serve").arg(&config).stderr(Stdio::piped()).spawn();
        let mut child = started.expect("docker-registry starts; `cargo xtask browser` installs it");
        let said = BufReader::new(child.stderr.take().expect("it is piped"));
        let mut lines = said.lines().map_while(Result::ok);
        let line = lines.find(|line| line.contains("listening on ")).expect("it listens");
        let after = line.split("listening on ").nth(1).expect("an address");
        let address = after.chars().take_while(|c| c.is_ascii_digit() || ".:".contains(*c)).collect();
        // Whatever it says next is read, so that it need not wait.
        thread::spawn(move || lines.for_each(drop));
        Self { folder, child, address }
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.child.kill().expect("it is killed");
        self.child.wait().expect("it ends");
    }
}

#[test]
fn a_registry_keeps_what_is_pushed_and_a_damaged_blob_is_refused() {
    let (bench, registry) = (workspace(), Registry::start());
    let keys = KeyPair::generate_unencrypted_keypair().expect("keys");
    let wasm = guests::measuring("4");
    let source = source(&bench, &wasm);
    let signature = minisign::sign(Some(&keys.pk), &keys.sk, &wasm[..], None, None).expect("a signature");
    fs::write(format!("{source}.minisig"), signature.to_string()).expect("it lies beside");
    let reference = format!("oci://{}/checks/good:1.0", registry.address);
    assert!(plugin(&bench, &["add", &reference], 3).contains("the registry"), "nothing is there yet");
    let said = plugin(&bench, &["push", &source, &reference], 0);
    assert!(said.contains("sha256:"), "{said}");
    plugin(&bench, &["add", &reference, "--key", &keys.pk.to_base64()], 0);
    assert_eq!(value(&bench), 4.0);
    assert_eq!(pinned(&bench)["plugin"][0]["source"].as_str(), Some(reference.as_str()));

    damage(&registry.folder.path().join("data"), &wasm);
    let said = plugin(&bench, &["update"], 3);
    assert!(said.to_lowercase().contains("digest"), "{said}");
    assert_eq!(value(&bench), 4.0, "what is pinned goes on");
}

/// Changes the file that holds these bytes.
fn damage(folder: &Path, bytes: &[u8]) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => damage(&path, bytes),
            false if fs::read(&path).expect("a file") == bytes => {
                let mut other = bytes.to_vec();
                *other.last_mut().expect("bytes") ^= 1;
                fs::write(&path, other).expect("it is damaged");
            }
            false => {}
        }
    }
}

#[test]
fn a_run_that_trapped_is_run_again_as_it_was() {
    let bench = workspace();
    plugin(&bench, &["add", &source(&bench, &guests::panicking())], 0);
    let at = run_until_three_minutes_ago(&bench);
    let told = bench.json(&["replay", "mine"], 0);
    assert_eq!((told["same"].as_bool(), told["at"].as_str()), (Some(true), Some(at.as_str())), "{told:#}");
    assert!(told["then"].as_str().is_some_and(|then| then.contains("it said: a word of the guest")), "{told:#}");

    fs::write(bench.path().join("good.wasm"), guests::measuring("1")).expect("a new version");
    plugin(&bench, &["update"], 0);
    let told = bench.json(&["replay", "mine", "--at", &at], 1);
    assert_eq!(told["now"], "1 measurement");
    assert!(
        told["differences"][0].as_str().is_some_and(|said| said.contains("the component is another one")),
        "{told:#}"
    );
    let output = bench.run(&["replay", "loan-auc", "--at", "2020-01-01"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_check_knows_its_own_earlier_measurements_and_replays_on_them() {
    let bench = workspace();
    plugin(&bench, &["add", &source(&bench, &guests::counting_on())], 0);
    bench.edit("config/monitors/mine.toml", |text| {
        text + "[[threshold]]\nmetric = \"a word of the guest\"\nbreach = { above = 1.5 }\n"
    });
    run_until_three_minutes_ago(&bench);
    // Two ticks were recorded: the second counted on from the first, and was a breach.
    assert_eq!(value(&bench), 3.0);
    let told = bench.json(&["replay", "mine"], 0);
    assert_eq!((&told["then"], told["same"].as_bool()), (&Value::from("1 measurement"), Some(true)), "{told:#}");
    let backtest =
        bench.run(&["backtest", "mine", "--from", "2026-01-01T00:00:00Z", "--to", "2026-01-01T00:04:00Z", "--json"]);
    let values: Vec<f64> = String::from_utf8_lossy(&backtest.stdout)
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON")["series"][0]["value"].as_f64().expect("a value"))
        .collect();
    assert_eq!(values, [1.0, 2.0, 3.0, 4.0, 5.0], "a backtest knows what it measured itself");
}

#[test]
fn a_real_window_becomes_a_case_that_passes() {
    let bench = Bench::sample();
    let to = bench.path().join("cases");
    let said = plugin(
        &bench,
        &["record", "loan-auc", "--at", "2021-09-03", "--to", &to.to_string_lossy(), "--mask", "nobody"],
        2,
    );
    assert!(said.contains("there is no column `nobody` to mask"), "{said}");
    plugin(&bench, &["record", "loan-auc", "--at", "2021-09-03", "--to", &to.to_string_lossy()], 0);
    let case: toml::Table =
        fs::read_to_string(to.join("loan-auc-20210903-000000.toml")).expect("the case").parse().expect("it is TOML");
    let expected = case["expect"].as_array().expect("measurements");
    let auc = expected.iter().find(|one| one["metric"].as_str() == Some("auc")).expect("an auc");
    assert!((auc["value"].as_float().expect("a value") - 0.592_602_66).abs() < 1e-6, "{auc}");
}

#[test]
fn the_schema_of_monitors_knows_the_plugins_of_a_workspace() {
    let bench = workspace();
    plugin(&bench, &["add", &source(&bench, &guests::measuring("1"))], 0);
    let output = bench.run(&["schema", "monitor"]);
    let schema: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let names = schema["$defs"]["Check"]["properties"]["plugin"]["anyOf"][0]["enum"].to_string();
    assert!(names.contains("\"good\"") && names.contains("\"null-rate\""), "{names}");
    let rules = schema["$defs"]["Check"]["allOf"].to_string();
    assert!(rules.contains("Columns to look at; all when empty."), "{rules}");
}

#[test]
fn the_library_for_rust_can_be_published_with_its_contract() {
    let listed = Command::new("cargo")
        .args(["package", "--package", "watchkeeper-plugin", "--list", "--allow-dirty", "--offline"])
        .current_dir(repository())
        .output()
        .expect("cargo runs");
    let said = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert!(said.lines().any(|file| file == "wit/check.wit"), "{said}{}", String::from_utf8_lossy(&listed.stderr));
}

#[test]
fn missing_tools_are_named_with_the_command_that_installs_them() {
    let bench = workspace();
    for (language, command) in [("js", "run `npm install`"), ("python", "pip install -r requirements.txt")] {
        let to = bench.path().join(language);
        let to = to.to_string_lossy();
        plugin(&bench, &["new", "--lang", language, "late-rows", "--to", &to], 0);
        let built = bench.command(&["plugin", "build", &to]).env("PATH", "/nonexistent").output().expect("it runs");
        let said = String::from_utf8_lossy(&built.stderr).into_owned();
        assert_eq!(built.status.code(), Some(2), "{said}");
        assert!(said.contains(command), "{language}: {said}");
        assert!(!Path::new(&*to).join("dist/late-rows.wasm").exists());
    }
    let said =
        plugin(&bench, &["new", "--lang", "js", "late-rows", "--to", &bench.path().join("js").to_string_lossy()], 2);
    assert!(said.contains("is there already, and not empty"), "{said}");
}
