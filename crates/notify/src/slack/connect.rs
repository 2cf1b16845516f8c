//! The connection to Slack, or to whatever speaks like it at the configured address.

use hyper_rustls::{ConfigBuilderExt, HttpsConnectorBuilder};
use rustls::{ClientConfig, RootCertStore};
use slack_morphism::{
    SlackClient,
    hyper_tokio::{SlackClientHyperConnector, SlackHyperClient},
};
use url::Url;

const SLACK: &str = "https://slack.com/api";

/// A client of the API at `url`; Slack's own when absent.
pub(super) fn client(url: Option<&str>) -> Result<SlackHyperClient, String> {
    let url = url.unwrap_or(SLACK).trim_end_matches('/');
    let scheme = Url::parse(url).map_err(|error| format!("`{url}` is not a URL: {error}"))?.scheme().to_owned();
    let config = match scheme.as_str() {
        "https" => trusting_the_system()?,
        // Plain HTTP checks no certificate, so none is read: a machine without any can still be tested.
        "http" => ClientConfig::builder().with_root_certificates(RootCertStore::empty()).with_no_client_auth(),
        _ => return Err(format!("`{url}` must begin with https:// or http://")),
    };
    let builder = HttpsConnectorBuilder::new().with_tls_config(config);
    let builder = if scheme == "https" { builder.https_only() } else { builder.https_or_http() };
    let connector = builder.enable_http1().enable_http2().build();
    Ok(SlackClient::new(SlackClientHyperConnector::with_connector(connector).with_slack_api_url(url)))
}

fn trusting_the_system() -> Result<ClientConfig, String> {
    let config = ClientConfig::builder().with_native_roots();
    let config = config.map_err(|error| format!("cannot read this machine's certificates: {error}"))?;
    Ok(config.with_no_client_auth())
}
