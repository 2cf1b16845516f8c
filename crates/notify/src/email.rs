//! E-mail: multipart text and HTML, by SMTP or into a folder; an incident is one thread.

mod html;
mod letter;
mod picture;
mod transport;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use lettre::{AsyncFileTransport, AsyncTransport, Tokio1Executor, address::Envelope, message::Mailbox};
use watchkeeper_engine::ports::notifier::Delivery;
use watchkeeper_model::{EmailChannel, Message, Transport};
use watchkeeper_secret::SecretReader;

use self::picture::Picture;
use crate::{
    reason::{reason_of, retry, timed_out},
    wording::Wording,
};

/// Sends mail from one mailbox to a team's.
pub(crate) struct Email {
    from: Mailbox,
    to: Vec<Mailbox>,
    transport: Transport,
    workspace: PathBuf,
    secrets: SecretReader,
    /// The total time limit of one message; lettre's own is a limit per command.
    pub(crate) limit: Duration,
}

impl Email {
    /// Reads the mailboxes, and refuses to send a password unprotected to another machine.
    pub(crate) fn new(workspace: &Path, channel: EmailChannel, secrets: SecretReader) -> Result<Self, String> {
        let mailbox = |text: &String| text.parse().map_err(|error| format!("`{text}` is not a mailbox: {error}"));
        let to: Vec<Mailbox> = channel.to.iter().map(mailbox).collect::<Result<_, _>>()?;
        if to.is_empty() {
            return Err("has nobody to write to: give at least one mailbox in `to`".to_owned());
        }
        transport::refuse_bare_password(&channel.transport)?;
        let (from, transport) = (mailbox(&channel.from)?, channel.transport);
        Ok(Self { from, to, transport, workspace: workspace.to_owned(), secrets, limit: Duration::from_secs(90) })
    }

    /// Sends to one of the mailboxes, or to all of them when none is named. The letter names them all.
    pub(crate) async fn send(&self, message: &Message, wording: &Wording, receiver: Option<&str>) -> Delivery {
        let picture = Picture::of(message).await;
        let letter = match letter::write((&self.from, &self.to), message, wording, picture) {
            Ok(letter) => letter,
            Err(error) => return Delivery::Refused(format!("the mail cannot be written: {}", reason_of(&error))),
        };
        match tokio::time::timeout(self.limit, self.deliver(&letter, receiver)).await {
            Ok(delivery) => delivery,
            Err(_) => timed_out(self.limit),
        }
    }

    /// Asks the mail server for a connection, with the credential where there is one.
    pub(crate) async fn ask(&self) -> Result<String, String> {
        match &self.transport {
            Transport::File { folder } => Ok(format!("files in {folder}")),
            Transport::Smtp { host, .. } => {
                let asked = tokio::time::timeout(self.limit, transport::ask(&self.transport, &self.secrets)).await;
                asked.map_err(|_| format!("{host} did not answer in time"))??;
                Ok(format!("{host} answers"))
            }
        }
    }

    async fn deliver(&self, letter: &lettre::Message, receiver: Option<&str>) -> Delivery {
        match &self.transport {
            Transport::File { folder } => into_folder(&self.workspace.join(folder), letter).await,
            Transport::Smtp { .. } => {
                let envelope = match receiver.map(|receiver| only_to(letter, receiver)) {
                    None => letter.envelope().clone(),
                    Some(Ok(envelope)) => envelope,
                    Some(Err(reason)) => return Delivery::Refused(reason),
                };
                transport::deliver(&self.transport, &self.secrets, &envelope, &letter.formatted()).await
            }
        }
    }
}

/// The envelope of a letter for one mailbox.
fn only_to(letter: &lettre::Message, receiver: &str) -> Result<Envelope, String> {
    let mailbox: Mailbox = receiver.parse().map_err(|error| format!("`{receiver}` is not a mailbox: {error}"))?;
    let from = letter.envelope().from().cloned();
    Envelope::new(from, vec![mailbox.email]).map_err(|error| reason_of(&error))
}

/// Writes one `.eml` file.
async fn into_folder(folder: &Path, letter: &lettre::Message) -> Delivery {
    if let Err(error) = tokio::fs::create_dir_all(folder).await {
        return retry(format!("cannot create {}: {error}", folder.display()));
    }
    match AsyncFileTransport::<Tokio1Executor>::new(folder).send_raw(letter.envelope(), &letter.formatted()).await {
        Ok(_) => Delivery::Sent(None),
        Err(error) => retry(format!("cannot write into {}: {}", folder.display(), reason_of(&error))),
    }
}
