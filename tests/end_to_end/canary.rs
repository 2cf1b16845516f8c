//! A secret is never seen: not in what is printed, logged, stored or sent, whatever a peer makes of it.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use crate::{bench::Bench, mail_server::MailServer};

/// What every secret of the workspace begins with, and what it goes on with to need escapes of all kinds.
const CANARY: &str = "canary-9f3b7c+2/d8==";

/// The sources with a secret, each watched by a monitor of its name.
const SOURCES: [&str; 3] = ["metrics", "document", "payments"];

/// A peer that refuses whatever it is asked, and repeats its headers as they are, in base64 and percent-encoded.
fn echo() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = listener.local_addr().expect("it is bound").port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || drop(answer(stream)));
        }
    });
    port
}

fn answer(stream: TcpStream) -> std::io::Result<()> {
    let (mut reader, mut writer) = (BufReader::new(stream.try_clone()?), stream);
    let (mut heard, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? <= 2 {
            break;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        // Only what is a secret's own is repeated in full.
        if line.to_lowercase().starts_with("authorization") || line.contains("canary") {
            heard.push_str(line.trim_end());
        }
    }
    reader.take(length).read_to_end(&mut Vec::new())?;
    let percent: String = heard.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let plain: String = heard.bytes().map(encoded).collect();
    let body =
        format!("{{\"status\":\"error\",\"error\":\"you said {heard} {plain} {percent}\",\"message\":\"{heard}\"}}");
    write!(writer, "HTTP/1.1 400 Bad Request\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

/// A PostgreSQL that asks for the password in clear and repeats it as it was heard and as a URL has it.
fn database() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = listener.local_addr().expect("it is bound").port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            drop(refuse_password(stream));
        }
    });
    port
}

fn refuse_password(mut stream: TcpStream) -> std::io::Result<()> {
    fn body(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
        let mut length = [0; 4];
        stream.read_exact(&mut length)?;
        let mut body = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap_or(4).saturating_sub(4)];
        stream.read_exact(&mut body)?;
        Ok(body)
    }
    body(&mut stream)?;
    stream.write_all(b"R\0\0\0\x08\0\0\0\x03")?;
    stream.read_exact(&mut [0])?;
    let password = String::from_utf8_lossy(&body(&mut stream)?).trim_end_matches('\0').to_owned();
    let encoded: String = password.bytes().map(encoded).collect();
    let fields = format!("SFATAL\0VFATAL\0CXX000\0Mno entry with {password} {encoded}\0\0");
    let length = u32::try_from(fields.len() + 4).unwrap_or_default().to_be_bytes();
    stream.write_all(&[b"E", &length[..], fields.as_bytes()].concat())
}

/// A byte as a URL has it.
fn encoded(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}

/// The sample, in which everything that can have a secret has one, and no peer takes it.
fn hostile() -> Bench {
    let (bench, port, mail) = (Bench::sample(), echo(), MailServer::start());
    fs::write(bench.path().join("secret"), format!("{CANARY}\n")).expect("it is written");
    let password: String = CANARY.bytes().map(encoded).collect();
    let address = format!("postgres://watch:{password}@127.0.0.1:{}/shop?sslmode=disable", database());
    fs::write(bench.path().join("address"), address).expect("it is written");
    let script = bench.path().join("runbooks/scripts/repeat.sh");
    fs::write(&script, "#!/bin/sh\necho \"$KEY\"\nprintf '%s' \"user:$KEY\" | base64\nexit 3\n")
        .expect("it is written");
    assert!(std::process::Command::new("chmod").arg("+x").arg(&script).status().expect("it runs").success());
    bench.edit("config/watchkeeper.toml", |text| {
        let smtp = format!(
            "smtp = {{ host = \"127.0.0.1\", port = {}, tls = \"none\", user = \"watch\", password = {{ file = \"secret\" }} }}",
            mail.port
        );
        let channels = format!(
            "\n[channel.slack.slack]\nchannel = \"#x\"\ntoken = {{ file = \"secret\" }}\nurl = \"http://127.0.0.1:{port}/api\"\n\
             [channel.hook.webhook]\nurl = \"http://127.0.0.1:{port}/hook\"\nsecret = {{ file = \"secret\" }}\n"
        );
        let allowed = "exec = [\"runbooks/scripts/repeat.sh\", \"runbooks/scripts/issue.sh\", \"runbooks/scripts/start-job.sh\"]\nhosts = [\"127.0.0.1\"]\n";
        let exec = text.lines().find(|line| line.starts_with("exec = ")).expect("programs are allowed").to_owned();
        text.replace(&exec, allowed)
            .replace("file = { folder = \"state/mail\" }", &smtp)
            .replace("notify = [\"mail-ml\"]", "notify = [\"mail-ml\", \"slack\", \"hook\"]")
            + &channels
    });
    bench.edit("config/sources.toml", |text| {
        text + &format!(
            "\n[source.metrics.prometheus]\nurl = \"http://127.0.0.1:{port}\"\nquery = \"up\"\ntoken = {{ file = \"secret\" }}\n\
             [source.document.http]\nurl = \"http://127.0.0.1:{port}/document\"\ntoken = {{ file = \"secret\" }}\n\
             [source.payments.postgres]\nurl = {{ file = \"address\" }}\ntable = \"payments\"\n"
        )
    });
    for source in SOURCES {
        let monitor = format!(
            "[monitor]\nid = \"{source}\"\nlayer = \"data\"\nowner = \"ml-team\"\nrunbook = \"leaky\"\n[schedule]\ncron = \"* * * * *\"\n\
             [input]\nsource = \"{source}\"\n[check]\nplugin = \"null-rate\"\n[[threshold]]\nmetric = \"null_rate\"\nbreach = {{ above = 0.5 }}\n"
        );
        fs::write(bench.path().join(format!("config/monitors/{source}.toml")), monitor).expect("it is written");
    }
    let secret = "{ file = \"secret\" }";
    let leaky = format!(
        "[runbook]\nid = \"leaky\"\n[[step]]\nid = \"program\"\n[step.exec]\ncommand = [\"runbooks/scripts/repeat.sh\"]\nsecrets = {{ KEY = {secret} }}\n\
         [[step]]\nid = \"call\"\n[step.http]\nurl = \"http://127.0.0.1:{port}/call\"\ntoken = {secret}\nsecrets = {{ X-Api-Key = {secret} }}\n\
         [[step]]\nid = \"ticket\"\n[step.jira]\nurl = \"http://127.0.0.1:{port}\"\nuser = \"watch@example.com\"\ntoken = {secret}\nproject = \"OPS\"\nsummary = \"x\"\n"
    );
    fs::write(bench.path().join("runbooks/leaky.toml"), leaky).expect("it is written");
    bench
}

/// Every byte under a folder.
fn bytes_under(folder: &Path) -> Vec<u8> {
    let entries = fs::read_dir(folder).expect("the folder is read").map(|entry| entry.expect("an entry").path());
    let bytes = |path: std::path::PathBuf| match path.is_dir() {
        true => bytes_under(&path),
        false => fs::read(path).unwrap_or_default(),
    };
    entries.flat_map(bytes).collect()
}

#[test]
#[expect(clippy::disallowed_methods, reason = "it waits for a real daemon, with a limit")]
fn no_secret_is_printed_stored_or_told() {
    let bench = hostile();
    let mut seen = Vec::new();
    let mut run = |arguments: &[&str]| {
        let output = bench.run(arguments);
        seen.extend([output.stdout, output.stderr].concat());
    };
    run(&["lint", "--live", "--store"]);
    for monitor in SOURCES {
        run(&["check", monitor]);
        run(&["drill", monitor, "--execute"]);
    }
    ["mail-ml", "slack", "hook"].iter().for_each(|channel| run(&["notify", "test", channel]));
    let daemon = bench.daemon();
    // The daemon tries what the drills could not deliver.
    let until = Instant::now() + Duration::from_secs(30);
    while bench.json(&["status"], 0)["undelivered"].as_array().is_none_or(Vec::is_empty) {
        assert!(Instant::now() < until, "something is undelivered");
    }
    daemon.kill();
    for listing in [&["status"][..], &["incidents", "--all"], &["handoffs"], &["ledger", "export"]] {
        run(listing);
    }
    for incident in bench.json(&["incidents", "--all"], 0).as_array().expect("a list") {
        run(&["incidents", "show", incident["id"].as_str().expect("an id"), "--json"]);
    }
    seen.extend(bytes_under(&bench.path().join("state")));
    let seen = String::from_utf8_lossy(&seen);
    for repeated in ["you said", "no entry with [secret] [secret]"] {
        assert!(seen.contains(repeated), "{repeated}: peers repeated it, and it was masked");
    }
    let percent: String = CANARY.bytes().map(encoded).collect();
    for form in ["9f3b7c", "2/d8==", &percent, "Y2FuYXJ5LTlmM2I3Yy", "NhbmFyeS05ZjNiN2Mr", "jYW5hcnktOWYzYjdjK"] {
        let at = seen.find(form);
        let around =
            at.map(|at| seen[seen.floor_char_boundary(at.saturating_sub(200))..].chars().take(300).collect::<String>());
        assert_eq!(around, None, "{form} was seen");
    }
}
