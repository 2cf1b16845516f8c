//! A MariaDB in a folder of its own.

use std::{
    net::TcpStream,
    path::PathBuf,
    process::{Command, Stdio},
};

use tempfile::TempDir;

use super::server::{Server, free_port};

/// What the server's user is known by.
pub const MARIADB_PASSWORD: &str = "hunter3-correct-horse";

/// A running server with an empty database `shop`.
#[derive(Debug)]
pub struct Mariadb(Server);

impl Mariadb {
    /// Starts one. Needs `mariadbd` and `mariadb`, as Debian's `mariadb-server` has them.
    pub fn start() -> Self {
        let folder = TempDir::new().expect("a folder");
        let data = folder.path().join("data");
        let account = String::from_utf8(Command::new("id").arg("-un").output().expect("id").stdout).expect("a name");
        let account = format!("--user={}", account.trim());
        let mut made = Command::new(program("mariadb-install-db"));
        made.args(["--no-defaults", "--skip-test-db", "--auth-root-authentication-method=normal", &account]);
        let made = made.arg(format!("--datadir={}", data.display())).output().expect("mariadb-install-db");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let port = free_port();
        let mut command = Command::new(program("mariadbd"));
        command.args(["--no-defaults", &account, "--bind-address=127.0.0.1"]);
        command.arg(format!("--datadir={}", data.display())).arg(format!("--port={port}"));
        command.arg(format!("--socket={}", folder.path().join("socket").display()));
        let mut server = Server::spawn(command, folder, port);
        server.wait_for(&mut |port| TcpStream::connect(("127.0.0.1", port)).is_ok());
        let server = Self(server);
        server.run_as_root(&format!(
            "create database shop; create user watch@'127.0.0.1' identified by '{MARIADB_PASSWORD}'; \
             grant all on shop.* to watch@'127.0.0.1'"
        ));
        server
    }

    /// The connection URL, password and all.
    pub fn url(&self) -> String {
        self.url_by(self.0.port)
    }

    /// The same by another port on loopback, which leads to it.
    pub fn url_by(&self, port: u16) -> String {
        format!("mysql://watch:{MARIADB_PASSWORD}@127.0.0.1:{port}/shop")
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.0.port
    }

    /// Runs a script in `shop`, and gives what it prints, without headings.
    pub fn run(&self, script: &str) -> String {
        self.run_as_root(&format!("use shop; {script}"))
    }

    fn run_as_root(&self, script: &str) -> String {
        let mut client = Command::new(program("mariadb"));
        client.args(["--no-defaults", "--user=root", "--skip-column-names", "--batch"]);
        client.arg(format!("--socket={}", self.0.folder.path().join("socket").display()));
        let ended = client.args(["--execute", script]).stdin(Stdio::null()).output().expect("mariadb");
        assert!(ended.status.success(), "{script}: {}", String::from_utf8_lossy(&ended.stderr));
        String::from_utf8(ended.stdout).expect("text").trim().to_owned()
    }
}

fn program(name: &str) -> PathBuf {
    let folders = ["/usr/bin", "/usr/sbin", "/usr/local/bin"].map(PathBuf::from);
    let found = folders.iter().map(|folder| folder.join(name)).find(|path| path.is_file());
    found.unwrap_or_else(|| panic!("there is no {name}: it comes with Debian's `mariadb-server`"))
}
