//! A small but real mail server on loopback: it speaks SMTP, keeps what it was given, and misbehaves on request.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

/// How the server behaves.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// As it should.
    Kind,
    /// Says this instead of its greeting.
    Greets(&'static str),
    /// Says this to every receiver that begins so.
    RefusesReceiver(&'static str, &'static str),
    /// Says this after the mail's end.
    AnswersData(&'static str),
    /// Hangs up after the mail's end, without an answer.
    HangsUp,
    /// Never says a word.
    Silent,
    /// Asks for a password and refuses every one.
    RefusesPassword,
}

/// One mail as received: envelope and raw bytes, dots unstuffed.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    pub(crate) bytes: Vec<u8>,
}

/// A running server.
pub(crate) struct SmtpServer {
    pub(crate) address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
}

impl SmtpServer {
    pub(crate) async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let received = Arc::new(Mutex::new(Vec::new()));
        let kept = received.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(Conversation::new(stream, manner, kept.clone()).hold());
            }
        });
        Self { address, received }
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }
}

/// One client's visit.
struct Conversation {
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
    manner: Manner,
    kept: Arc<Mutex<Vec<Received>>>,
    from: String,
    to: Vec<String>,
}

impl Conversation {
    fn new(stream: TcpStream, manner: Manner, kept: Arc<Mutex<Vec<Received>>>) -> Self {
        let (reader, writer) = stream.into_split();
        Self { reader: BufReader::new(reader), writer, manner, kept, from: String::new(), to: Vec::new() }
    }

    /// Ends when either side hangs up.
    async fn hold(mut self) {
        match self.manner {
            Manner::Silent => {}
            Manner::Greets(line) => self.say(line).await,
            _ => self.say("220 mail.example.com ESMTP").await,
        }
        while let Some(line) = self.line().await {
            if self.manner != Manner::Silent && !self.answer(String::from_utf8(line).unwrap().trim_end()).await {
                return;
            }
        }
    }

    /// Whether the conversation goes on.
    async fn answer(&mut self, command: &str) -> bool {
        match command.split([' ', ':']).next().unwrap_or_default() {
            "EHLO" if self.manner == Manner::RefusesPassword => {
                self.say("250-mail.example.com\r\n250 AUTH PLAIN LOGIN").await;
            }
            "EHLO" => self.say("250-mail.example.com\r\n250 8BITMIME").await,
            "AUTH" => self.say("535 5.7.8 authentication credentials invalid").await,
            "MAIL" => {
                (self.from, self.to) = (path(command), Vec::new());
                self.say("250 ok").await;
            }
            "RCPT" => self.receiver(path(command)).await,
            "DATA" => return self.data().await,
            "QUIT" => {
                self.say("221 bye").await;
                return false;
            }
            _ => self.say("502 what?").await,
        }
        true
    }

    async fn receiver(&mut self, receiver: String) {
        match self.manner {
            Manner::RefusesReceiver(refused, line) if receiver.starts_with(refused) => self.say(line).await,
            _ => {
                self.to.push(receiver);
                self.say("250 ok").await;
            }
        }
    }

    async fn data(&mut self) -> bool {
        self.say("354 go ahead").await;
        let mut bytes = Vec::new();
        while let Some(line) = self.line().await {
            if line == b".\r\n" {
                break;
            }
            bytes.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        }
        match self.manner {
            Manner::HangsUp => return false,
            Manner::AnswersData(line) => self.say(line).await,
            _ => {
                let (from, to) = (self.from.clone(), self.to.clone());
                self.kept.lock().unwrap().push(Received { from, to, bytes });
                self.say("250 2.0.0 queued as 42").await;
            }
        }
        true
    }

    async fn say(&mut self, line: &str) {
        // A client that has left already hears nothing.
        let _ = self.writer.write_all(format!("{line}\r\n").as_bytes()).await;
    }

    async fn line(&mut self) -> Option<Vec<u8>> {
        let mut line = Vec::new();
        let read = self.reader.read_until(b'\n', &mut line).await;
        read.is_ok_and(|read| read > 0).then_some(line)
    }
}

/// The mailbox in `MAIL FROM:<…>` or `RCPT TO:<…>`.
fn path(command: &str) -> String {
    command.split_once('<').unwrap().1.split_once('>').unwrap().0.to_owned()
}
