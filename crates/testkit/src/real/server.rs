//! A program that serves on loopback until it is dropped.

use std::{
    fs::File,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;

/// How long a peer may take until it answers, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(240);

/// A program in a process group of its own, and its folder.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    pub(super) folder: TempDir,
    pub(super) port: u16,
}

impl Server {
    /// Starts a program and waits until a path answers 200.
    pub(super) fn start(command: Command, folder: TempDir, port: u16, path: &str) -> Self {
        let mut server = Self::spawn(command, folder, port);
        server.wait_for(&mut |port| answers(port, path));
        server
    }

    /// Starts a program.
    pub(super) fn spawn(mut command: Command, folder: TempDir, port: u16) -> Self {
        let log = File::create(folder.path().join("log")).expect("its log");
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("its log")).stderr(log).process_group(0);
        let child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        Self { child, folder, port }
    }

    /// Waits until it is ready.
    pub(super) fn wait_for(&mut self, ready: &mut dyn FnMut(u16) -> bool) {
        let mut waited = Duration::ZERO;
        let pause = Duration::from_millis(200);
        while !ready(self.port) {
            let ended = self.child.try_wait().expect("its status");
            assert!(ended.is_none() && waited < PATIENCE, "it did not start ({ended:?}): {}", self.log());
            std::thread::sleep(pause);
            waited += pause;
        }
    }

    /// The end of what it said.
    pub(super) fn log(&self) -> String {
        let log = std::fs::read(self.folder.path().join("log")).unwrap_or_default();
        String::from_utf8_lossy(&log[log.len().saturating_sub(4_000)..]).into_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let group = format!("-{}", self.child.id());
        drop(Command::new("kill").args(["-KILL", "--", &group]).status());
        drop(self.child.wait());
    }
}

/// A port that was free just now.
pub(super) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}

fn answers(port: u16, path: &str) -> bool {
    let ask = || {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        write!(stream, "GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")?;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer)?;
        std::io::Result::Ok(answer)
    };
    ask().is_ok_and(|answer| answer.ends_with(b" 200"))
}

/// A program of a Python environment that `cargo xtask` has made beside what was built.
pub(super) fn in_venv(venv: &str, program: &str) -> PathBuf {
    let this = std::env::current_exe().expect("this binary");
    let target = this.ancestors().find(|folder| folder.ends_with("debug")).and_then(Path::parent);
    let path = target.expect("the target folder").join("peers").join(venv).join("bin").join(program);
    assert!(path.is_file(), "there is no {}: `cargo xtask services` installs it from PyPI", path.display());
    path
}
