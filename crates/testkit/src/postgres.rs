//! A PostgreSQL database of the test's own, in a throw-away server on loopback that writes down every statement.

use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tempfile::TempDir;

/// The account that runs the server where the test runs as root, which PostgreSQL refuses.
const ACCOUNTS: [&str; 2] = ["postgres", "nobody"];

/// The database's superuser.
const USER: &str = "watch";

/// What the server's user is known by; tests look for it where it must not be.
pub const POSTGRES_PASSWORD: &str = "hunter2-correct-horse";

/// What a server for tests does besides: it need not outlive a crash of the machine, and writes down what it was told.
const TESTED: &str = "fsync = off\nlog_statement = all\nlog_line_prefix = '%a %d|'\n\
                      shared_preload_libraries = 'pg_stat_statements'\n";

/// The server that the tests of one process share; it ends with the last database.
static SERVER: Mutex<Weak<Server>> = Mutex::new(Weak::new());

/// How many databases there were.
static DATABASES: AtomicU32 = AtomicU32::new(0);

/// An empty database of the test's own.
#[derive(Debug)]
pub struct Postgres {
    server: Arc<Server>,
    database: String,
}

/// A throw-away server; dropped, it is stopped and its folder removed.
#[derive(Debug)]
struct Server {
    folder: TempDir,
    account: Option<&'static str>,
    port: u16,
}

impl Postgres {
    /// Makes an empty database. Needs `initdb` and `pg_ctl`, as Debian's `postgresql` has them.
    pub fn start() -> Self {
        let server = Server::shared();
        let database = format!("shop{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        psql(server.port, "postgres", &format!("create database {database}"));
        Self { server, database }
    }

    /// An empty database on a server of its own, which may be lost.
    pub fn alone() -> Self {
        Self::on(Server::start(TESTED))
    }

    /// An empty database on a server of its own that writes as one in use does, and no log of it: for benchmarks.
    pub fn durable() -> Self {
        Self::on(Server::start("max_wal_size = '4GB'\n"))
    }

    fn on(server: Server) -> Self {
        let database = "alone".to_owned();
        psql(server.port, "postgres", &format!("create database {database}"));
        Self { server: Arc::new(server), database }
    }

    /// The database's name.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// The connection URL, password and all.
    pub fn url(&self) -> String {
        url(self.server.port, &self.database)
    }

    /// The same by another port on loopback, which leads to it.
    pub fn url_by(&self, port: u16) -> String {
        url(port, &self.database)
    }

    /// The port on loopback.
    pub fn port(&self) -> u16 {
        self.server.port
    }

    /// Runs a script, and gives what it prints, unaligned.
    pub fn run(&self, script: &str) -> String {
        psql(self.server.port, &self.database, script)
    }

    /// Runs a script on a server that may be away, and gives what it prints, or what is wrong.
    pub fn try_run(&self, script: &str) -> Result<String, String> {
        try_psql(self.server.port, &self.database, script)
    }

    /// Ends the server at once, as a crash does, and starts it again. Every database of this process is on it.
    pub fn crash_and_restart(&self) {
        let log = self.server.log_path().display().to_string();
        self.server.control(&["-w", "-m", "immediate", "-l", &log, "restart"]);
    }

    /// A standby of the whole server, which it waits for at every commit.
    pub fn standby(&self) -> Standby {
        let standby = Server::of(&self.server);
        let follow = "alter system set synchronous_standby_names = '*'";
        psql(self.server.port, "postgres", follow);
        psql(self.server.port, "postgres", "select pg_reload_conf()");
        Standby { server: standby, database: self.database.clone() }
    }

    /// Ends the server at once, for good: a machine that is lost.
    pub fn lose(&self) {
        self.server.control(&["-m", "immediate", "stop"]);
    }

    /// Every statement so far that somebody who calls himself `application` ran in this database, as the server wrote
    /// it down.
    pub fn statements(&self, application: &str) -> Vec<String> {
        let log = std::fs::read_to_string(self.server.log_path()).expect("the server's log");
        let own = format!("{application} {}|", self.database);
        let mut statements: Vec<String> = Vec::new();
        let mut is_own = false;
        for line in log.lines() {
            // A statement of several lines goes on with a tab.
            match line.split_once('|') {
                _ if line.starts_with('\t') => {
                    if let Some(last) = statements.last_mut().filter(|_| is_own) {
                        last.push_str(line);
                    }
                }
                Some((_, rest)) if line.starts_with(&own) => {
                    is_own = true;
                    statements.push(rest.to_owned());
                }
                _ => is_own = false,
            }
        }
        let sent = |line: &String| Some(line.strip_prefix("LOG:  ")?.split_once(": ")?.1.to_owned());
        statements.iter().filter_map(sent).collect()
    }
}

/// The port of the server on which the tests of a binary are run once more.
const AGAIN: &str = "WATCHKEEPER_TESTS_ON_POSTGRES";

/// Runs every test of this binary once more, with a store on PostgreSQL; the calling test is `own`, which is left out.
pub fn run_again_on_postgres(own: &str) {
    if std::env::var_os(AGAIN).is_some() {
        return;
    }
    let server = Server::shared();
    let mut again = Command::new(std::env::current_exe().expect("this binary"));
    again.args(["--skip", own, "--test-threads", "4"]).env(AGAIN, server.port.to_string());
    let ended = again.output().expect("it runs");
    let told = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success(), "on PostgreSQL: {told}\n{}", String::from_utf8_lossy(&ended.stderr));
    assert!(!told.contains(" 0 passed"), "nothing ran again: {told}");
}

/// The URL of an empty database of the test's own where its binary runs once more; `None` where it runs for the first
/// time.
pub fn again_on_postgres() -> Option<String> {
    let port = std::env::var(AGAIN).ok()?.parse().expect("a port");
    let database = format!("again{}_{}", std::process::id(), DATABASES.fetch_add(1, Ordering::Relaxed));
    psql(port, "postgres", &format!("create database {database}"));
    Some(url(port, &database))
}

fn url(port: u16, database: &str) -> String {
    format!("postgres://{USER}:{POSTGRES_PASSWORD}@127.0.0.1:{port}/{database}")
}

/// A server that follows another one until it is promoted.
#[derive(Debug)]
pub struct Standby {
    server: Server,
    database: String,
}

impl Standby {
    /// Its port on loopback.
    pub fn port(&self) -> u16 {
        self.server.port
    }

    /// The URL of the same database there.
    pub fn url(&self) -> String {
        url(self.server.port, &self.database)
    }

    /// Makes it the primary.
    pub fn promote(&self) {
        psql(self.server.port, "postgres", "alter system set synchronous_standby_names = ''");
        self.server.control(&["-w", "promote"]);
        psql(self.server.port, "postgres", "select pg_reload_conf()");
    }
}

impl Server {
    fn shared() -> Arc<Self> {
        let mut shared = SERVER.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let server = Arc::new(Self::start(TESTED));
            *shared = Arc::downgrade(&server);
            server
        })
    }

    fn start(settings: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let account = is_root().then(|| own(folder.path()));
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
        let server = Self { folder, account, port };
        server.initialise(settings);
        server.control(&["-w", "-l", &server.log_path().display().to_string(), "start"]);
        server
    }

    /// A copy of a running server, which follows it.
    fn of(primary: &Self) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let account = is_root().then(|| own(folder.path()));
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
        let server = Self { folder, account, port };
        let data = server.folder.path().join("data");
        let mut copy = server.command("pg_basebackup");
        copy.args(["-R", "-c", "fast", "-X", "stream", "-U", USER, "-D"]).arg(&data);
        copy.args(["-d", &format!("host=127.0.0.1 port={} password={POSTGRES_PASSWORD}", primary.port)]);
        finish(&mut copy);
        let moved = format!("port = {port}\nunix_socket_directories = '{}'\n", server.folder.path().display());
        let settings = data.join("postgresql.auto.conf");
        let kept = std::fs::read_to_string(&settings).expect("its settings");
        std::fs::write(&settings, kept + &moved).expect("written");
        server.control(&["-w", "-l", &server.log_path().display().to_string(), "start"]);
        server
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    fn initialise(&self, more: &str) {
        let secret = self.folder.path().join("password");
        std::fs::write(&secret, POSTGRES_PASSWORD).expect("written");
        let data = self.folder.path().join("data");
        let mut initdb = self.command("initdb");
        initdb.args(["--no-sync", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "-U", USER]);
        finish(initdb.arg("--pwfile").arg(secret).arg("-D").arg(&data));
        let folder = self.folder.path().display();
        let port = self.port;
        let settings =
            format!("listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = '{folder}'\n{more}");
        std::fs::write(data.join("postgresql.auto.conf"), settings).expect("written");
    }

    fn control(&self, args: &[&str]) {
        let mut control = self.command("pg_ctl");
        finish(control.args(args).arg("-D").arg(self.folder.path().join("data")));
    }

    fn command(&self, name: &str) -> Command {
        let program = program(name);
        let Some(account) = self.account else { return Command::new(program) };
        let mut command = Command::new("setpriv");
        command.args(["--reuid", account, "--regid", account_group(account), "--clear-groups", "--"]).arg(program);
        command.current_dir(self.folder.path());
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have been lost before.
        let mut control = self.command("pg_ctl");
        control.args(["-m", "immediate", "stop", "-D"]).arg(self.folder.path().join("data"));
        let _ = control.stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

/// Runs a script, and gives what it prints, unaligned.
fn psql(port: u16, database: &str, script: &str) -> String {
    try_psql(port, database, script).unwrap_or_else(|wrong| panic!("psql: {wrong}"))
}

fn try_psql(port: u16, database: &str, script: &str) -> Result<String, String> {
    let mut psql = Command::new("psql");
    psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-U", USER, "-d", database]);
    psql.arg("-p").arg(port.to_string()).env("PGPASSWORD", POSTGRES_PASSWORD);
    let started = psql.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut started = started.expect("psql; install the package postgresql-client");
    let script = script.to_owned();
    let mut input = started.stdin.take().expect("its input");
    let writer = std::thread::spawn(move || input.write_all(script.as_bytes()));
    let ended = started.wait_with_output().expect("its end");
    // One that ended early has not read all of it.
    let _ = writer.join().expect("a writer");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
    if ended.status.success() { Ok(text(&ended.stdout)) } else { Err(text(&ended.stderr)) }
}

/// Debian keeps a version's programs in a folder of its own.
fn program(name: &str) -> PathBuf {
    let on_path =
        std::env::var_os("PATH").into_iter().flat_map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut places = on_path.chain(versions.map(|version| version.path().join("bin"))).map(|place| place.join(name));
    places.find(|place| place.is_file()).unwrap_or_else(|| panic!("there is no {name}; install the package postgresql"))
}

fn is_root() -> bool {
    id("-u", None) == Some(0)
}

/// Gives the folder to the first account that there is.
fn own(folder: &Path) -> &'static str {
    let account = ACCOUNTS.into_iter().find(|account| id("-u", Some(account)).is_some()).expect("an account but root");
    chown(folder, id("-u", Some(account)), id("-g", Some(account))).expect("given away");
    account
}

fn account_group(account: &str) -> &'static str {
    if account == "nobody" { "nogroup" } else { "postgres" }
}

fn id(what: &str, account: Option<&str>) -> Option<u32> {
    let asked = Command::new("id").arg(what).args(account).stderr(Stdio::null()).output().ok()?;
    String::from_utf8_lossy(&asked.stdout).trim().parse().ok()
}

fn finish(command: &mut Command) {
    let ended = command.stdout(Stdio::null()).stderr(Stdio::null()).status().expect("started");
    assert!(ended.success(), "{command:?} ended with {ended}");
}
