//! A mail server on loopback that takes some receivers, refuses others, lets others wait, and may repeat a password.

use std::{
    collections::BTreeSet,
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

/// What it took: receiver and letter.
type Taken = Arc<Mutex<Vec<(String, String)>>>;

/// A running server.
pub(crate) struct MailServer {
    pub(crate) port: u16,
    taken: Taken,
}

impl MailServer {
    /// `gone@…` is refused for good, `grey@…` at its first try; whoever authenticates is refused and hears his own words.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let (taken, known) = (Taken::default(), Arc::new(Mutex::new(BTreeSet::new())));
        let kept = Arc::clone(&taken);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (kept, known) = (Arc::clone(&kept), Arc::clone(&known));
                // Whoever breaks off is no failure of the server's.
                thread::spawn(move || drop(converse(stream, &kept, &known)));
            }
        });
        Self { port, taken }
    }

    /// Who got a letter so far, and the letters.
    pub(crate) fn taken(&self) -> Vec<(String, String)> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn converse(stream: TcpStream, taken: &Taken, known: &Mutex<BTreeSet<String>>) -> std::io::Result<()> {
    let (mut reader, mut writer) = (BufReader::new(stream.try_clone()?), stream);
    let mut receivers = Vec::new();
    writeln!(writer, "220 mail.example.com ESMTP\r")?;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let line = line.trim_end();
        let answer = match line.split([' ', ':']).next().unwrap_or_default() {
            "EHLO" => "250-mail.example.com\r\n250 AUTH PLAIN LOGIN".to_owned(),
            "AUTH" => format!("535 5.7.8 not known: {line}"),
            "MAIL" => "250 ok".to_owned(),
            "RCPT" => {
                let to = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                let first = known.lock().unwrap_or_else(PoisonError::into_inner).insert(to.clone());
                match to.split('@').next() {
                    Some("gone") => "550 5.1.1 no such user".to_owned(),
                    Some("grey") if first => "451 4.7.1 greylisted, come back".to_owned(),
                    _ => {
                        receivers.push(to);
                        "250 ok".to_owned()
                    }
                }
            }
            "DATA" => {
                writeln!(writer, "354 go on\r")?;
                let mut letter = String::new();
                while !letter.ends_with("\r\n.\r\n") {
                    if reader.read_line(&mut letter)? == 0 {
                        return Ok(());
                    }
                }
                let mut taken = taken.lock().unwrap_or_else(PoisonError::into_inner);
                taken.extend(receivers.drain(..).map(|to| (to, letter.clone())));
                "250 taken".to_owned()
            }
            "QUIT" => return writeln!(writer, "221 bye\r"),
            _ => "250 ok".to_owned(),
        };
        writeln!(writer, "{answer}\r")?;
    }
}
