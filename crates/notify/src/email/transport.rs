//! The way to a mail server, and what its answers mean.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Tokio1Executor,
    address::Envelope,
    transport::smtp::{
        Error,
        authentication::Credentials,
        client::{Tls, TlsParameters},
        response::Response,
    },
};
use secrecy::{ExposeSecret, SecretString};
use tokio::{net::TcpStream, time::timeout};
use watchkeeper_engine::ports::notifier::Delivery;
use watchkeeper_model::{SmtpTls, Transport};
use watchkeeper_net::resolve;
use watchkeeper_secret::{Mask, SecretReader};

use crate::reason::{reason_of, retry};

/// How long a server of several addresses is looked for.
const CONNECT: Duration = Duration::from_secs(10);
/// The answers by which a server refuses credentials (RFC 4954).
const AUTHENTICATION: [u16; 4] = [530, 534, 535, 538];

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

/// Sends a letter. What the server says is told without the password: a server may repeat what it was given.
pub(super) async fn deliver(
    transport: &Transport,
    secrets: &SecretReader,
    envelope: &Envelope,
    letter: &[u8],
) -> Delivery {
    let Transport::Smtp { credentials, .. } = transport else {
        return Delivery::Refused("this channel has no mail server".to_owned());
    };
    let password = match credentials.as_ref().map(|(_, secret)| secrets.resolve(secret)).transpose() {
        Ok(password) => password,
        Err(error) => return retry(reason_of(&error)),
    };
    let mask = Mask::over(&password);
    match connection(transport, password.as_ref()).await {
        Ok(smtp) => outcome_of(smtp.send_raw(envelope, letter).await, &mask),
        Err(reason) => retry(reason),
    }
}

/// Opens a connection, and sends nothing.
pub(super) async fn ask(transport: &Transport, secrets: &SecretReader) -> Result<(), String> {
    let Transport::Smtp { credentials, .. } = transport else { return Ok(()) };
    let password = credentials.as_ref().map(|(_, secret)| secrets.resolve(secret)).transpose();
    let password = password.map_err(|error| reason_of(&error))?;
    let asked = connection(transport, password.as_ref()).await?.test_connection().await;
    match asked {
        Ok(true) => Ok(()),
        Ok(false) => Err("the mail server closed the connection".to_owned()),
        Err(error) => Err(Mask::over(&password).apply(&reason_of(&error))),
    }
}

/// A connection that is opened when mail is sent, with the password as it is now.
async fn connection(transport: &Transport, password: Option<&SecretString>) -> Result<Smtp, String> {
    let Transport::Smtp { host, port, tls, credentials } = transport else { return Err("no mail server".to_owned()) };
    let parameters = || TlsParameters::new(host.clone()).map_err(|error| reason_of(&error));
    let tls = match tls {
        SmtpTls::Starttls => Tls::Required(parameters()?),
        SmtpTls::Implicit => Tls::Wrapper(parameters()?),
        SmtpTls::None => Tls::None,
    };
    let address = address(host, *port).await.map_err(|error| reason_of(&error))?;
    let mut builder = Smtp::builder_dangerous(address.to_string()).port(*port).tls(tls);
    if let (Some((user, _)), Some(password)) = (credentials, password) {
        builder = builder.credentials(Credentials::new(user.clone(), password.expose_secret().to_owned()));
    }
    Ok(builder.build())
}

/// The server's address: of several the first one that is there.
async fn address(host: &str, port: u16) -> io::Result<IpAddr> {
    let found: Vec<IpAddr> = resolve(host).await?.into_iter().map(|at| at.ip()).collect();
    match found[..] {
        [] => Err(io::Error::new(io::ErrorKind::NotFound, format!("{host} has no address"))),
        [only] => Ok(only),
        [first, ..] => {
            let places: Vec<SocketAddr> = found.iter().map(|address| SocketAddr::new(*address, port)).collect();
            let there = timeout(CONNECT, TcpStream::connect(&places[..])).await;
            Ok(there.ok().and_then(Result::ok).and_then(|stream| stream.peer_addr().ok()).map_or(first, |at| at.ip()))
        }
    }
}

/// Permanent answers and missing abilities of the server (no STARTTLS) are refusals; a password that is not taken may
/// be a new one a minute later.
fn outcome_of(result: Result<Response, Error>, mask: &Mask) -> Delivery {
    let refused = |error: &Error| mask.apply(&format!("the mail server refused: {}", reason_of(error)));
    match result {
        Ok(_) => Delivery::Sent(None),
        Err(error) if error.status().is_some_and(|code| AUTHENTICATION.contains(&u16::from(code))) => {
            Delivery::Unwell(refused(&error))
        }
        Err(error) if error.is_permanent() || error.is_client() => Delivery::Refused(refused(&error)),
        Err(error) => retry(mask.apply(&reason_of(&error))),
    }
}
