//! The place: a workspace with a monitor and a runbook for each kind of step, on a file system of its own where that is
//! allowed, so that its disk can be full.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, SystemTime},
};

use tempfile::TempDir;
use watchkeeper_testkit::{Postgres, Proxy, real::Systemd};

use crate::{peers::Peers, plan::Kind, say};

/// The first hour of the torture's own time, in seconds since 1970.
const FIRST_HOUR: u64 = 1_893_456_000;

/// How long a daemon that is not heard of keeps what it has, in real time.
pub(crate) const LEASE: Duration = Duration::from_millis(1_500);

/// A workspace with its peers.
pub(crate) struct Place {
    folder: TempDir,
    pub(crate) peers: Peers,
    /// Whether the state folder is a small file system of its own.
    pub(crate) can_fill: bool,
    /// The server that holds the store, where it is not in a file.
    pub(crate) server: Option<Postgres>,
    /// Each daemon's way to it.
    pub(crate) ways: Vec<Proxy>,
    /// The database of a team's own, in which steps write.
    theirs: Postgres,
    /// The manager of the unit that steps restart.
    systemd: Systemd,
}

impl Place {
    /// How late a tick may begin.
    pub(crate) const STARTING_DEADLINE: Duration = Duration::from_secs(45 * 60);

    /// Its store is in a file.
    pub(crate) fn on_sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let peers = Peers::start();
        let state = folder.path().join("state");
        fs::create_dir(&state).expect("the state folder is made");
        let mut mount = Command::new("mount");
        let mounted = mount.args(["-t", "tmpfs", "-o", "size=64M,mode=0700", "tmpfs"]).arg(&state).output();
        let can_fill = mounted.is_ok_and(|mounted| mounted.status.success());
        let (theirs, systemd) = (database(), manager(folder.path()));
        let place = Self { folder, peers, can_fill, server: None, ways: Vec::new(), theirs, systemd };
        place.write_workspace();
        place
    }

    /// Its store is on a server, which two daemons share.
    pub(crate) fn on_postgres() -> Self {
        let (folder, peers) = (tempfile::tempdir().expect("a temporary folder"), Peers::start());
        let server = Postgres::start();
        let ways = (0..2).map(|_| Proxy::to(server.port())).collect();
        let (theirs, systemd) = (database(), manager(folder.path()));
        let place = Self { folder, peers, can_fill: false, server: Some(server), ways, theirs, systemd };
        place.write_workspace();
        place
    }

    /// How many daemons share the store.
    pub(crate) fn daemons(&self) -> usize {
        self.ways.len().max(1)
    }

    pub(crate) fn path(&self, part: &str) -> PathBuf {
        self.folder.path().join(part)
    }

    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    fn write(&self, part: &str, text: &str) {
        let path = self.path(part);
        fs::create_dir_all(path.parent().expect("it lies in a folder")).expect("the folder is made");
        let fresh = path.with_extension("new");
        fs::write(&fresh, text).expect("it is written");
        fs::rename(fresh, path).expect("it takes its place");
    }

    /// An hour begins, for everything that is acted on.
    pub(crate) fn begin(&self, hour: u64) {
        self.peers.taken().platforms.begin(hour);
        self.write("hour", &hour.to_string());
    }

    /// The hours in which the unit was started.
    pub(crate) fn unit_starts(&self) -> Vec<u64> {
        let starts = fs::read_to_string(self.path("starts")).unwrap_or_default();
        starts.lines().map(|hour| hour.parse().expect("an hour")).collect()
    }

    /// The incidents of the rows that steps have written.
    pub(crate) fn rows_written(&self) -> Result<String, String> {
        self.theirs.try_run("select incident from effects")
    }

    fn write_workspace(&self) {
        let (host, program) = (self.peers.address, self.path("act"));
        self.write("act", &format!("#!/bin/sh\necho \"$INCIDENT\" >> '{}'\n", self.path("acted").display()));
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("it may be run");
        self.write("secrets/sql", &self.theirs.url());
        fs::set_permissions(self.path("secrets/sql"), fs::Permissions::from_mode(0o600)).expect("it is private");
        self.write("secrets/jira", "token");
        fs::set_permissions(self.path("secrets/jira"), fs::Permissions::from_mode(0o600)).expect("it is private");
        let store = self.server.as_ref().map_or("", |_| "[store]\nurl = { env = \"STORE_URL\" }\n");
        self.write("config/watchkeeper.toml", &format!(
            "[daemon]\nlisten = \"127.0.0.1:0\"\nstate = \"state\"\n\
             [allow]\nexec = [{program:?}]\nhosts = [\"{host}\", \"127.0.0.1\"]\nunits = [\"scoring.service\"]\n\
             [mlflow]\nurl = \"http://{host}\"\n[airflow]\nurl = \"http://{host}\"\n\
             [kubernetes]\nurl = \"http://{host}\"\n\
             [team.team]\nlayers = [\"data\"]\nnotify = [\"hook\"]\n\
             [channel.hook.webhook]\nurl = \"http://{host}/hook\"\n\
             [jira]\nurl = \"http://{host}\"\napi = \"3\"\nuser = \"watch@example.com\"\ntoken = {{ file = \"secrets/jira\" }}\n\
             [gate.loans]\ndescription = \"Loans\"\n{store}"
        ));
        let mut sources = String::new();
        for kind in Kind::ALL {
            let id = kind.as_str();
            sources += &format!("[source.{id}.files]\npath = \"data/{id}.csv\"\n");
            let act = match kind {
                Kind::Gate => "[step.gate]\ngate = \"loans\"\nstate = \"paused\"\n".to_owned(),
                Kind::Exec => {
                    format!("[step.exec]\ncommand = [{program:?}]\nenv = {{ INCIDENT = \"{{incident}}\" }}\n")
                }
                Kind::Once => http(&format!("http://{host}/once"), false),
                Kind::Guarded => http(&format!("http://{host}/guarded"), true),
                Kind::Jira => "[step.jira]\nproject = \"T\"\nsummary = \"{incident}\"\n".to_owned(),
                Kind::Sql => "[step.sql]\nengine = \"postgres\"\nurl = { file = \"secrets/sql\" }\n\
                     statement = \"insert into effects values ($1)\"\nparameters = [\"{incident}\"]\nrows = [1, 1]\n"
                    .to_owned(),
                Kind::Mlflow => {
                    "[step.mlflow]\nmodel = \"loan\"\nalias = \"champion\"\nversion = \"@rollback\"\n".to_owned()
                }
                Kind::Kubernetes => "[step.kubernetes]\nnamespace = \"loans\"\nresource = \"deployments\"\n\
                     name = \"scoring\"\nrestart = true\n"
                    .to_owned(),
                Kind::Airflow => "[step.airflow]\ndag = \"retrain\"\n".to_owned(),
                Kind::Systemd => "[step.systemd]\nunit = \"scoring.service\"\nbus = \"user\"\n".to_owned(),
            };
            self.write(
                &format!("runbooks/{id}.toml"),
                &format!("[runbook]\nid = \"{id}\"\n[[step]]\nid = \"act\"\ntimeout = \"5s\"\n{act}"),
            );
            self.set_data(kind, false);
        }
        self.write("config/sources.toml", &sources);
    }

    /// Lets one monitor be watched, and no other.
    pub(crate) fn watch_only(&self, kind: Kind) {
        let id = kind.as_str();
        let _ = fs::remove_dir_all(self.path("config/monitors"));
        self.write(
            &format!("config/monitors/{id}.toml"),
            &format!(
                "[monitor]\nid = \"{id}\"\nlayer = \"data\"\nowner = \"team\"\nrunbook = \"{id}\"\n\
             [schedule]\ncron = \"0 * * * *\"\nmisfire = \"latest\"\nstarting_deadline = \"45m\"\njitter = \"0s\"\n\
             [input]\nsource = \"{id}\"\n[check]\nplugin = \"null-rate\"\n[check.params]\ncolumns = [\"x\"]\n\
             [[threshold]]\nmetric = \"null_rate\"\nbreach = {{ above = 0.5 }}\n"
            ),
        );
    }

    /// Puts a monitor's data into breach, or out of it.
    pub(crate) fn set_data(&self, kind: Kind, breaches: bool) {
        let x = if breaches { "" } else { "1" };
        self.write(&format!("data/{}.csv", kind.as_str()), &format!("x,y\n{x},1\n{x},2\n"));
    }

    /// Sets the daemon's clock: so long after the beginning of an hour of the torture's own time.
    pub(crate) fn set_clock(&self, hour: u64, after: Duration) {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("it is past 1970");
        let wanted = Duration::from_secs(FIRST_HOUR + 3600 * hour) + after;
        self.write("clock", &wanted.as_millis().saturating_sub(now.as_millis()).to_string());
    }

    /// An hour's beginning in microseconds since 1970.
    pub(crate) fn tick(hour: u64) -> i64 {
        i64::try_from((FIRST_HOUR + 3600 * hour) * 1_000_000).expect("it is this century")
    }

    /// The whole chain of the ledger holds.
    pub(crate) fn verify_ledger(&self) {
        let output = self.command().args(["ledger", "verify"]).output().expect("the binary starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        say(String::from_utf8_lossy(&output.stdout).trim());
    }

    /// The binary in this workspace, with the store by its own way.
    pub(crate) fn command_of(&self, number: usize) -> Command {
        let mut command = self.command();
        if let (Some(server), Some(way)) = (&self.server, self.ways.get(number)) {
            command.env("STORE_URL", server.url_by(way.port()));
        }
        command
    }

    /// The binary in this workspace.
    pub(crate) fn command(&self) -> Command {
        let test = std::env::current_exe().expect("the test knows where it is");
        let folder = test.parent().and_then(Path::parent).expect("tests lie in target/debug/deps");
        let binary = folder.join("watchkeeper");
        assert!(binary.exists(), "{} is missing: run `cargo build --package watchkeeper`", binary.display());
        let mut command = Command::new(binary);
        command.arg("--workspace").arg(self.root()).env("NO_COLOR", "1").env("WATCHKEEPER_CLOCK", self.path("clock"));
        command.env("WATCHKEEPER_LEASE", LEASE.as_millis().to_string());
        command.env("DBUS_SESSION_BUS_ADDRESS", self.systemd.address());
        if let Some(server) = &self.server {
            command.env("STORE_URL", server.url());
        }
        command
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.can_fill {
            let _ = Command::new("umount").arg("--lazy").arg(self.path("state")).status();
        }
    }
}

/// A database with a table for effects, and one for marks.
fn database() -> Postgres {
    let database = Postgres::start();
    database.run(
        "create table effects (incident text); \
         create table watchkeeper_effect (key text primary key, at timestamptz not null default now())",
    );
    database
}

/// A manager with a unit that writes down the hour of each of its starts.
fn manager(folder: &Path) -> Systemd {
    let folder = folder.display();
    let unit = format!(
        "[Unit]\nStartLimitIntervalSec=0\n[Service]\n\
         ExecStart=/bin/sh -c 'cat {folder}/hour >> {folder}/starts; echo >> {folder}/starts; exec sleep 1000000'\n"
    );
    Systemd::start(&[("scoring.service", &unit)])
}

fn http(url: &str, idempotent: bool) -> String {
    format!("[step.http]\nurl = {url:?}\nbody = {{ incident = \"{{incident}}\" }}\nidempotent = {idempotent}\n")
}
