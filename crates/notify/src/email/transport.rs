//! The way to a mail server, and what its answers mean.

use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    address::Envelope,
    transport::smtp::{
        Error,
        authentication::Credentials,
        client::{Tls, TlsParameters},
        response::Response,
    },
};
use secrecy::ExposeSecret;
use watchkeeper_engine::ports::notifier::Delivery;
use watchkeeper_model::{SmtpTls, Transport};
use watchkeeper_secret::SecretReader;

use crate::reason::{reason_of, retry};

type Smtp = AsyncSmtpTransport<Tokio1Executor>;

/// A password crosses a network only under TLS.
pub(super) fn refuse_bare_password(transport: &Transport) -> Result<(), String> {
    match transport {
        Transport::Smtp { host, tls: SmtpTls::None, credentials: Some(_), .. } if !is_loopback(host) => {
            Err(format!("would send its password to {host} unprotected: set `tls` to \"starttls\" or \"implicit\""))
        }
        _ => Ok(()),
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

/// A connection that is opened when mail is sent, with the password as it is now; `None` without a server.
pub(super) fn smtp(transport: &Transport, secrets: &SecretReader) -> Result<Option<Smtp>, String> {
    let Transport::Smtp { host, port, tls, credentials } = transport else { return Ok(None) };
    let parameters = || TlsParameters::new(host.clone()).map_err(|error| reason_of(&error));
    let tls = match tls {
        SmtpTls::Starttls => Tls::Required(parameters()?),
        SmtpTls::Implicit => Tls::Wrapper(parameters()?),
        SmtpTls::None => Tls::None,
    };
    let mut builder = Smtp::builder_dangerous(host).port(*port).tls(tls);
    if let Some((user, secret)) = credentials {
        let password = secrets.resolve(secret).map_err(|error| reason_of(&error))?;
        builder = builder.credentials(Credentials::new(user.clone(), password.expose_secret().to_owned()));
    }
    Ok(Some(builder.build()))
}

/// Sends to everybody at once. When the server refuses for good, to each by themselves: one mailbox that is gone
/// must not keep the rest of the team in the dark.
pub(super) async fn send(smtp: &Smtp, letter: &Message) -> Delivery {
    let (envelope, bytes) = (letter.envelope(), letter.formatted());
    match smtp.send_raw(envelope, &bytes).await {
        Err(error) if error.is_permanent() && envelope.to().len() > 1 => one_by_one(smtp, envelope, &bytes).await,
        result => outcome_of(result),
    }
}

async fn one_by_one(smtp: &Smtp, envelope: &Envelope, bytes: &[u8]) -> Delivery {
    let (mut sent, mut kept_back) = (Vec::new(), None);
    for receiver in envelope.to() {
        match to_one(smtp, envelope, receiver, bytes).await {
            Delivery::Sent(_) => sent.push(receiver.to_string()),
            other => {
                tracing::warn!(%receiver, outcome = ?other, "the mail server did not take the mail for one receiver");
                kept_back = Some(other);
            }
        }
    }
    match kept_back {
        Some(outcome) if sent.is_empty() => outcome,
        _ => Delivery::Sent(Some(format!("only to {}", sent.join(", ")))),
    }
}

async fn to_one(smtp: &Smtp, envelope: &Envelope, receiver: &Address, bytes: &[u8]) -> Delivery {
    match Envelope::new(envelope.from().cloned(), vec![receiver.clone()]) {
        Ok(envelope) => outcome_of(smtp.send_raw(&envelope, bytes).await),
        Err(error) => Delivery::Refused(reason_of(&error)),
    }
}

/// Permanent answers and missing abilities of the server (no STARTTLS, no authentication) are refusals.
fn outcome_of(result: Result<Response, Error>) -> Delivery {
    match result {
        Ok(response) => Delivery::Sent(response.first_line().map(str::to_owned)),
        Err(error) if error.is_permanent() || error.is_client() => {
            Delivery::Refused(format!("the mail server refused: {}", reason_of(&error)))
        }
        Err(error) => retry(reason_of(&error)),
    }
}
