//! A service manager of systemd's own, for one user, on a bus and in a mount namespace of its own.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;

/// Runs in a mount namespace, where `/run` is nobody's: without a folder there, the manager takes the machine for one
/// that was not booted with systemd. Where there may be no such namespace, that empty folder is made on the machine itself.
/// Each manager has a control group of its own, where there are any.
const BEGIN: &str = r#"
[ -d /run/systemd/system ] || mount -t tmpfs tmpfs /run 2> /dev/null || true
mkdir -p /run/systemd/system
for group in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup; do
  if [ -f "$group/cgroup.procs" ]; then
    mkdir -p "$group/watchkeeper-$$" && echo $$ > "$group/watchkeeper-$$/cgroup.procs"
  fi 2> /dev/null
done
exec /lib/systemd/systemd --user
"#;

const BUS_SOCKET: &str = "[Socket]\nListenStream=%t/bus\n";
const BUS_SERVICE: &str = "[Unit]\nRequires=dbus.socket\n[Service]\n\
    ExecStart=/usr/bin/dbus-daemon --session --address=systemd: --nofork --nopidfile --systemd-activation --syslog-only\n";

/// A running manager. Its units are files that the test writes.
#[derive(Debug)]
pub struct Systemd {
    manager: Child,
    folder: TempDir,
}

impl Systemd {
    /// Starts one with these units: their names, and what their files say. Needs root, and Debian's `systemd` and `dbus`.
    pub fn start(units: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().expect("a folder");
        let at = |path: &str| folder.path().join(path);
        std::fs::create_dir_all(at("config/systemd/user")).expect("a folder");
        std::fs::create_dir(at("run")).expect("a folder");
        let own = [
            ("dbus.socket", BUS_SOCKET),
            ("dbus.service", BUS_SERVICE),
            ("default.target", "[Unit]\nWants=dbus.socket\n"),
        ];
        for (name, text) in own.iter().chain(units) {
            std::fs::write(at("config/systemd/user").join(name), text).expect("a unit");
        }
        for program in ["/lib/systemd/systemd", "/usr/bin/dbus-daemon", "/usr/bin/busctl"] {
            assert!(Path::new(program).is_file(), "there is no {program}: it comes with Debian's `systemd` and `dbus`");
        }
        let log = std::fs::File::create(at("log")).expect("a log");
        let manager = in_own_mounts()
            .args(["sh", "-ec", BEGIN])
            .env("XDG_RUNTIME_DIR", at("run"))
            .env("XDG_CONFIG_HOME", at("config"))
            .env("HOME", folder.path())
            .env("DBUS_SESSION_BUS_ADDRESS", address(folder.path()))
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .spawn()
            .expect("its manager starts");
        let mut systemd = Self { manager, folder };
        systemd.wait_until_it_answers();
        systemd
    }

    /// The address of its bus.
    pub fn address(&self) -> String {
        address(self.folder.path())
    }

    /// Where a service of this kind may write: a folder that goes with the manager.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// Asks its manager, as `busctl call … Manager METHOD …` does.
    pub fn call(&self, arguments: &[&str]) -> String {
        let manager = ["org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager"];
        self.busctl(&[&["call"], &manager[..], arguments].concat()).unwrap_or_else(|why| panic!("{why}"))
    }

    /// A property of a unit, as busctl prints it.
    pub fn property(&self, unit: &str, property: &str) -> String {
        let escaped = unit.replace('-', "_2d").replace('.', "_2e");
        let path = format!("/org/freedesktop/systemd1/unit/{escaped}");
        let of = ["get-property", "org.freedesktop.systemd1", &path, "org.freedesktop.systemd1.Unit", property];
        self.busctl(&of).unwrap_or_else(|why| panic!("{why}"))
    }

    fn busctl(&self, arguments: &[&str]) -> Result<String, String> {
        let address = format!("--address={}", self.address());
        let ended = Command::new("busctl").arg(address).args(arguments).output().map_err(|error| error.to_string())?;
        match ended.status.success() {
            true => Ok(String::from_utf8_lossy(&ended.stdout).trim().to_owned()),
            false => Err(String::from_utf8_lossy(&ended.stderr).into_owned()),
        }
    }

    fn wait_until_it_answers(&mut self) {
        let manager =
            ["call", "org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.DBus.Peer", "Ping"];
        for _ in 0..300 {
            if self.busctl(&manager).is_ok() {
                return;
            }
            let ended = self.manager.try_wait().expect("its status");
            let log = || std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            assert!(ended.is_none(), "systemd did not start ({ended:?}): {}", log());
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("systemd does not answer on its bus");
    }
}

/// What runs a program with mounts of its own, where that is allowed.
fn in_own_mounts() -> Command {
    let tried = Command::new("unshare").args(["--mount", "true"]).output();
    let mut command = Command::new(if tried.is_ok_and(|tried| tried.status.success()) { "unshare" } else { "env" });
    if command.get_program() == "unshare" {
        command.arg("--mount");
    }
    command
}

fn address(folder: &Path) -> String {
    format!("unix:path={}", folder.join("run/bus").display())
}

impl Systemd {
    /// Asked to end, it ends its units first.
    fn end(&mut self) {
        drop(Command::new("kill").args(["-TERM", &self.manager.id().to_string()]).status());
        for _ in 0..100 {
            if matches!(self.manager.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        drop(self.manager.kill());
        drop(self.manager.wait());
    }
}

impl Drop for Systemd {
    fn drop(&mut self) {
        self.end();
        // Its control groups are empty by now.
        let group = format!("watchkeeper-{}", self.manager.id());
        for root in ["/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified", "/sys/fs/cgroup"] {
            let mut remove = Command::new("find");
            remove.arg(Path::new(root).join(&group)).args(["-depth", "-type", "d", "-exec", "rmdir", "{}", ";"]);
            drop(remove.stdout(Stdio::null()).stderr(Stdio::null()).status());
        }
    }
}
