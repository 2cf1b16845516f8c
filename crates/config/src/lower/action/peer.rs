//! Where the peer of a step is: its own table says it, or one for all steps of its kind in watchkeeper.toml.

use watchkeeper_model::Connection;

use super::check_host;
use crate::{
    lower::{Context, secret},
    place::{Place, Report},
    raw::{
        leaf::UrlText,
        watchkeeper::{JiraDefaults, PeerDefaults, SecretTable, WatchkeeperFile},
    },
};

/// What a step's own table says, or the one for all steps of its kind.
#[derive(Debug, Clone, Copy)]
pub(super) struct Own<'a> {
    pub(super) url: Option<&'a UrlText>,
    pub(super) user: Option<&'a String>,
    pub(super) token: Option<&'a SecretTable>,
    pub(super) ca: Option<&'a String>,
}

impl<'a> From<&'a PeerDefaults> for Own<'a> {
    fn from(raw: &'a PeerDefaults) -> Self {
        Self { url: raw.url.as_ref(), user: raw.user.as_ref(), token: raw.token.as_ref(), ca: raw.ca.as_ref() }
    }
}

impl<'a> From<&'a JiraDefaults> for Own<'a> {
    fn from(raw: &'a JiraDefaults) -> Self {
        Self { url: raw.url.as_ref(), user: raw.user.as_ref(), token: raw.token.as_ref(), ca: None }
    }
}

/// The connection of a step of this kind; `None` when nothing says where the peer is, which has been reported.
pub(super) fn lower(
    kind: &str,
    own: &Own<'_>,
    shared: fn(&WatchkeeperFile) -> Option<Own<'_>>,
    place: Place<'_>,
    context: &Context<'_>,
    report: &mut Report,
) -> Option<Connection> {
    let shared = context.main.and_then(|(main, place)| Some((shared(main)?, place.key(kind))));
    let url = own.url.map(|url| (url.0.clone(), place.key("url")));
    let url = url.or_else(|| shared.and_then(|(shared, at)| Some((shared.url?.0.clone(), at.key("url")))));
    let Some((url, at)) = url else {
        let help = format!("give it here, or once under [{kind}] in config/watchkeeper.toml");
        place.mistake(report, format!("nothing says the `url` of {kind}"), Some(help));
        return None;
    };
    check_host(&url, at, context, report);
    let token = own.token.map(|token| (token, place.key("token")));
    let token = token.or_else(|| shared.and_then(|(shared, at)| Some((shared.token?, at.key("token")))));
    let shared = shared.map(|(shared, _)| shared);
    Some(Connection {
        url,
        user: own.user.or_else(|| shared?.user).cloned(),
        token: token.map(|(token, at)| secret::lower(token, at, context, report)),
        ca: own.ca.or_else(|| shared?.ca).cloned(),
    })
}
