//! `cargo xtask demo`: the main job on real data, in a throw-away workspace, without an account anywhere.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result, bail, ensure};

use crate::{finish, plugins, repository, target};

const GATE: &str = "loan-decisions";

/// Simulates eleven months of the loan model for real: gate, mail and ledger are what they would have been.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let keep = match arguments {
        [] => false,
        [keep] if keep == "--keep" => true,
        [other, ..] => bail!("demo does not know {other:?}: cargo xtask demo [--keep]"),
    };
    plugins::run()?;
    finish(Command::new("cargo").args(["build", "--workspace", "--all-targets"]).current_dir(repository()))?;
    let place = Place::new("demo")?;
    say("Eleven months of a loan model, 2021-06-15 to 2022-05-10, through the real engine");
    let period = ["--from", "2021-06-15T00:00:00Z", "--to", "2022-05-10T00:00:00Z"];
    finish(place.watchkeeper(&["simulate", "--execute"]).args(period))?;
    say("What went from the machine to its owner");
    finish(&mut place.watchkeeper(&["handoffs"]))?;
    say("The mail of a handoff, as the owner got it");
    crate::say(&place.handoff_mail()?);
    say("A decision service asks the gate, over OpenFeature's remote evaluation protocol");
    let mut daemon = place.daemon()?;
    let address = daemon.address()?;
    let answer = Place::ask_gate(&address)?;
    crate::say(&answer);
    ensure!(answer.contains("\"value\":false"), "the gate {GATE} should be paused");
    say("The ledger");
    finish(&mut place.watchkeeper(&["ledger", "verify"]))?;
    place.try_next();
    show(&mut daemon, &address, keep)
}

/// The page over these eleven months; `keep` serves it until Ctrl-C.
fn show(daemon: &mut Daemon, address: &str, keep: bool) -> Result<()> {
    say("The page over these eleven months");
    crate::say(&format!("http://{address}/"));
    if !keep {
        crate::say("it was served as long as this chore ran; `cargo xtask demo --keep` serves it until Ctrl-C");
        return Ok(());
    }
    crate::say("served until Ctrl-C");
    daemon.ends()
}

fn say(line: &str) {
    crate::say(&format!("\n== {line}\n"));
}

/// The throw-away workspace and the binary that runs in it.
pub(crate) struct Place {
    folder: PathBuf,
    binary: PathBuf,
}

impl Place {
    /// A new folder with a copy of the repository's own workspace.
    pub(crate) fn new(name: &str) -> Result<Self> {
        let folder = target().join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("cannot clear {}", folder.display()))?;
        }
        for part in ["config", "runbooks"] {
            copy_folder(&repository().join(part), &folder.join(part))?;
        }
        let settings = folder.join("config/watchkeeper.toml");
        let text = fs::read_to_string(&settings)?.replace("127.0.0.1:7707", "127.0.0.1:0");
        fs::write(&settings, text)?;
        Ok(Self { folder, binary: target().join("debug/watchkeeper") })
    }

    pub(crate) fn watchkeeper(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.arg("--workspace").arg(&self.folder).args(arguments);
        command
    }

    /// The subject and the plain text of a handoff's mail.
    fn handoff_mail(&self) -> Result<String> {
        for entry in fs::read_dir(self.folder.join("state/mail"))? {
            let path = entry?.path();
            // Quoted-printable, as mail is written.
            let text = fs::read_to_string(&path)?.replace("\r\n", "\n").replace("=\n", "").replace("=3D", "=");
            if let Some((headers, body)) = text.split_once("\n\n").filter(|_| text.contains("loan-auc in breach")) {
                let plain = body.split("\n\n").skip(1).collect::<Vec<_>>().join("\n\n");
                let plain = plain.split("\n--").next().unwrap_or_default();
                return Ok(format!("{}\n\n{headers}\n\n{plain}", path.display()));
            }
        }
        bail!("no mail of a handoff of loan-auc has landed")
    }

    /// Starts the daemon.
    pub(crate) fn daemon(&self) -> Result<Daemon> {
        Daemon::start(self.watchkeeper(&["run"]))
    }

    /// Asks a daemon.
    fn ask_gate(address: &str) -> Result<String> {
        let mut stream = TcpStream::connect(address).with_context(|| format!("cannot reach {address}"))?;
        let body = r#"{"context":{"targetingKey":"demo"}}"#;
        write!(
            stream,
            "POST /ofrep/v1/evaluate/flags/{GATE} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (_, body) = answer.split_once("\r\n\r\n").context("the daemon gave half an answer")?;
        Ok(format!("POST /ofrep/v1/evaluate/flags/{GATE}\n{body}"))
    }

    fn try_next(&self) {
        say("Three commands to try next");
        let start = format!("{} --workspace {}", self.binary.display(), self.folder.display());
        crate::say(&format!("{start} status"));
        crate::say(&format!("{start} backtest loan-auc --from 2021-08-30 --to 2021-09-15"));
        crate::say(&format!("{start} open {GATE}"));
    }
}

/// A running daemon; killed when dropped.
pub(crate) struct Daemon(Child);

impl Daemon {
    fn start(mut command: Command) -> Result<Self> {
        Ok(Self(command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().context("cannot start the daemon")?))
    }

    /// Where it says that it listens.
    pub(crate) fn address(&mut self) -> Result<String> {
        let lines = BufReader::new(self.0.stderr.take().context("the daemon's words cannot be read")?).lines();
        let mut said = String::new();
        for line in lines {
            let line = line?;
            if let Some((_, address)) = line.split_once("listening on ") {
                return Ok(address.trim().to_owned());
            }
            said.push_str(&line);
            said.push('\n');
        }
        bail!("the daemon stopped before it listened:\n{said}")
    }
}

impl Daemon {
    /// Waits for its end.
    fn ends(&mut self) -> Result<()> {
        let ended = self.0.wait().context("the daemon cannot be waited for")?;
        ensure!(ended.success(), "the daemon ended with {ended}");
        Ok(())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let stopped = self.0.kill().and_then(|()| self.0.wait());
        if let Err(error) = stopped {
            crate::say(&format!("cannot stop the daemon: {error}"));
        }
    }
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("cannot create {}", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}
