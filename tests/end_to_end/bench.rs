//! The test bench: a copy of the repository's workspace in a temporary folder, and the binary to run in it.

use std::{
    fs,
    io::{BufRead, BufReader, Lines},
    path::{Path, PathBuf},
    process::{Child, ChildStderr, Command, Output, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

/// A workspace in a temporary folder.
pub(crate) struct Bench(TempDir);

impl Bench {
    /// A copy of the repository's own workspace, listening on a free port.
    pub(crate) fn workspace() -> Self {
        let bench = Self(tempfile::tempdir().expect("a temporary folder"));
        for part in ["config", "runbooks"] {
            copy_folder(&repository().join(part), &bench.path().join(part));
        }
        bench.edit("config/watchkeeper.toml", |text| text.replace("127.0.0.1:7707", "127.0.0.1:0"));
        bench
    }

    /// The same with the loan model alone: its two monitors and their runbooks.
    pub(crate) fn sample() -> Self {
        let bench = Self::workspace();
        keep_only(&bench.path().join("config/monitors"), &["loan-auc", "loan-drift"]);
        keep_only(&bench.path().join("runbooks"), &["model-degradation", "feature-drift"]);
        bench
    }

    /// A copy of a folder of the repository.
    pub(crate) fn of(folder: &str) -> Self {
        let bench = Self(tempfile::tempdir().expect("a temporary folder"));
        copy_folder(&repository().join(folder), bench.path());
        bench
    }

    /// The workspace's folder.
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Changes one file.
    pub(crate) fn edit(&self, file: &str, change: impl FnOnce(String) -> String) {
        let path = self.path().join(file);
        let text = fs::read_to_string(&path).unwrap_or_default();
        fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("the folder is made");
        fs::write(&path, change(text)).expect("the file is written");
    }

    /// The binary, ready to run in this workspace.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command.arg("--workspace").arg(self.path()).args(arguments).env("NO_COLOR", "1");
        command
    }

    /// Runs the binary to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the binary starts")
    }

    /// Runs a listing with `--json`; fails unless it exits as `code`.
    pub(crate) fn json(&self, arguments: &[&str], code: i32) -> Value {
        let output = self.run(&[arguments, &["--json"]].concat());
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("the listing is JSON")
    }

    /// Starts the daemon and waits until it listens.
    pub(crate) fn daemon(&self) -> Daemon {
        self.daemon_by(self.command(&["run"]))
    }

    /// Starts the daemon by this command and waits until it listens.
    pub(crate) fn daemon_by(&self, mut command: Command) -> Daemon {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the daemon starts");
        let said = BufReader::new(child.stderr.take().expect("stderr is piped")).lines();
        let mut daemon = Daemon { child, said, address: String::new() };
        let line = daemon.says("listening on ");
        daemon.address = line.rsplit(' ').next().unwrap_or_default().to_owned();
        daemon
    }
}

/// A running daemon; killed when dropped.
pub(crate) struct Daemon {
    child: Child,
    said: Lines<BufReader<ChildStderr>>,
    /// `127.0.0.1:PORT`.
    pub(crate) address: String,
}

impl Daemon {
    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Reads what it says until a line holds `text`, and gives that line.
    pub(crate) fn says(&mut self, text: &str) -> String {
        let mut said = Vec::new();
        for line in &mut self.said {
            let line = line.expect("the daemon writes text");
            if line.contains(text) {
                return line;
            }
            said.push(line);
        }
        panic!("the daemon ended and never said `{text}`, but:\n{}", said.join("\n"));
    }

    /// Sends a signal: HUP, TERM.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.pid().to_string()).status();
        assert!(sent.expect("kill runs").success());
    }

    /// Waits for its end and gives the exit code.
    pub(crate) fn ends(mut self) -> Option<i32> {
        self.child.wait().expect("the daemon ends").code()
    }

    /// `kill -9`.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("the daemon is killed");
        self.child.wait().expect("the daemon ends");
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if self.child.kill().is_ok() {
            self.child.wait().expect("a killed daemon ends");
        }
    }
}

/// The repository's folder.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests lie in the repository").to_path_buf()
}

/// The binary that `cargo xtask test` builds before the tests run: it lies beside this test's own folder.
fn binary() -> PathBuf {
    let test = std::env::current_exe().expect("the test knows where it is");
    let folder = test.parent().and_then(Path::parent).expect("tests lie in target/debug/deps");
    let binary = folder.join("watchkeeper");
    assert!(binary.exists(), "{} is missing: run `cargo build --package watchkeeper`", binary.display());
    binary
}

/// Removes the folder's other TOML files.
fn keep_only(folder: &Path, kept: &[&str]) {
    let files = fs::read_dir(folder).expect("the folder is read").map(|entry| entry.expect("the entry is read").path());
    let toml = files.filter(|file| file.extension().is_some_and(|extension| extension == "toml"));
    let others = toml.filter(|file| !kept.iter().any(|name| file.file_stem().is_some_and(|stem| stem == *name)));
    others.for_each(|file| fs::remove_file(file).expect("the file is removed"));
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the folder is made");
    for entry in fs::read_dir(from).expect("the folder is read") {
        let entry = entry.expect("the entry is read");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).expect("the file is copied");
        }
    }
}
