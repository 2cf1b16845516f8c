//! The connection to Slack, or to whatever speaks like it at the configured address.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
    vec,
};

use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::{HttpConnector, dns::Name};
use rustls::{ClientConfig, RootCertStore};
use slack_morphism::{SlackClient, hyper_tokio::SlackClientHyperConnector};
use tower_service::Service;
use url::Url;
use watchkeeper_net::{checked, resolve};

/// A client whose names are resolved with a guard.
pub(super) type Client = SlackClient<SlackClientHyperConnector<HttpsConnector<HttpConnector<Guarded>>>>;

const SLACK: &str = "https://slack.com/api";

/// A client of the API at `url`; Slack's own when absent.
pub(super) fn client(url: Option<&str>) -> Result<Client, String> {
    let url = url.unwrap_or(SLACK).trim_end_matches('/');
    let parsed = Url::parse(url).map_err(|error| format!("`{url}` is not a URL: {error}"))?;
    checked(&parsed).map_err(|error| error.to_string())?;
    let scheme = parsed.scheme().to_owned();
    let config = match scheme.as_str() {
        "https" => trusting_the_system()?,
        // Plain HTTP checks no certificate, so none is read: a machine without any can still be tested.
        "http" => ClientConfig::builder().with_root_certificates(RootCertStore::empty()).with_no_client_auth(),
        _ => return Err(format!("`{url}` must begin with https:// or http://")),
    };
    let builder = HttpsConnectorBuilder::new().with_tls_config(config);
    let builder = if scheme == "https" { builder.https_only() } else { builder.https_or_http() };
    let mut http = HttpConnector::new_with_resolver(Guarded);
    http.enforce_http(false);
    let connector = builder.enable_http1().enable_http2().wrap_connector(http);
    Ok(SlackClient::new(SlackClientHyperConnector::with_connector(connector).with_slack_api_url(url)))
}

/// The one resolver, as this client asks for it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Guarded;

impl Service<Name> for Guarded {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        Box::pin(async move { Ok(resolve(name.as_str()).await?.into_iter()) })
    }
}

fn trusting_the_system() -> Result<ClientConfig, String> {
    let config = ClientConfig::builder().with_native_roots();
    let config = config.map_err(|error| format!("cannot read this machine's certificates: {error}"))?;
    Ok(config.with_no_client_auth())
}
