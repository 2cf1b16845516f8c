//! A server's connections: few, and shared by all sources that name it by one address.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use secrecy::ExposeSecret;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_postgres::config::Host;
use tokio_postgres::{Client, Config};
use watchkeeper_model::Secret;
use watchkeeper_net::resolve;
use watchkeeper_secret::{Mask, SecretReader};

use super::Unread;
use super::fault::Place;
use super::tls::Tls;

/// How long connecting may take, at most.
const CONNECT: Duration = Duration::from_secs(10);

/// Evaluations that are connected at once; the others wait for one of them to end.
const CONNECTIONS_MAX: usize = 8;

/// A PostgreSQL database and who asks it.
#[derive(Debug)]
pub(crate) struct Server {
    url: Secret,
    secrets: SecretReader,
    idle: Mutex<Vec<Client>>,
    places: Arc<Semaphore>,
}

impl Server {
    /// Nothing is opened, and the secret is not read, until something is asked.
    pub(crate) fn new(url: Secret, secrets: SecretReader) -> Self {
        Self { url, secrets, idle: Mutex::default(), places: Arc::new(Semaphore::new(CONNECTIONS_MAX)) }
    }

    /// Where its address is kept.
    pub(crate) fn url(&self) -> &Secret {
        &self.url
    }

    /// What must not be shown of the server's words.
    pub(super) fn mask(&self) -> Mask {
        Mask::over(&self.secrets.resolve(&self.url).ok())
    }

    /// Waits for a place among those that are connected.
    pub(super) async fn place(&self, limit: Duration) -> Result<OwnedSemaphorePermit, Unread> {
        let place = Arc::clone(&self.places).acquire_owned();
        match tokio::time::timeout(limit, place).await {
            Ok(Ok(place)) => Ok(place),
            _ => Err(Unread::Connect(format!(
                "{CONNECTIONS_MAX} evaluations were asking its server for {limit:?} without an end; look at its load, or \
                 give its monitors other minutes"
            ))),
        }
    }

    /// A connection that waits for the next statement; it may have been closed meanwhile.
    pub(super) fn take_idle(&self) -> Option<Client> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// Keeps a connection for the next one.
    pub(super) fn keep_idle(&self, client: Client) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if !client.is_closed() && idle.len() < CONNECTIONS_MAX {
            idle.push(client);
        }
    }

    /// A new connection.
    pub(super) async fn connect(&self, limit: Duration) -> Result<Client, Unread> {
        let url = self.secrets.resolve(&self.url).map_err(|error| Unread::Setting(error.to_string()))?;
        let url = url.expose_secret();
        let parsed = if url.contains("://") { url.parse::<Config>().ok() } else { None };
        let mut config = parsed.ok_or_else(|| Unread::Setting(malformed()))?;
        config.application_name("watchkeeper").connect_timeout(CONNECT.min(limit));
        let place = Place::of(&config);
        let tls = Tls::new().map_err(Unread::Setting)?;
        let mut refused = place.unreachable("it has no address");
        for way in ways(&config).await.map_err(|error| place.unreachable(&error.to_string()))? {
            match way.connect(tls.clone()).await {
                Ok((client, connection)) => {
                    // It ends with its client; what goes wrong on it is told to whoever waits for an answer.
                    tokio::spawn(connection);
                    return Ok(client);
                }
                // Who was answered need not ask at another address.
                Err(error) if error.code().is_some() => return Err(place.refused(&error)),
                Err(error) => refused = place.refused(&error),
            }
        }
        Err(refused)
    }
}

/// The ways to a server, in the order in which they are tried: one an address of its host that may be reached.
async fn ways(config: &Config) -> io::Result<Vec<Config>> {
    // Addresses that the URL gives itself, and sockets, ask no resolver.
    if !config.get_hostaddrs().is_empty() || config.get_hosts().iter().any(|host| !matches!(host, Host::Tcp(_))) {
        return Ok(vec![config.clone()]);
    }
    let mut found = Vec::new();
    for host in config.get_hosts() {
        let Host::Tcp(name) = host else { continue };
        found.push(resolve(name).await?);
    }
    let most = found.iter().map(Vec::len).max().unwrap_or_default();
    let way = |turn: usize| {
        let mut way = config.clone();
        found.iter().filter_map(|addresses| addresses.get(turn % addresses.len().max(1))).for_each(|address| {
            way.hostaddr(address.ip());
        });
        way
    };
    Ok((0..most).map(way).collect())
}

fn malformed() -> String {
    "its `url` is not a PostgreSQL URL; write postgres://user:password@host:5432/database".to_owned()
}
