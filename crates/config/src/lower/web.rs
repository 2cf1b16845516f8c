//! The web page and the API: who is let in, and that nobody else can reach them.

use std::net::SocketAddr;

use watchkeeper_model::{Access, Oidc, Proxy, Web};

use super::{Context, secret};
use crate::{place::Report, raw::leaf::RoleWord};

/// `listen` is where the daemon listens: beyond loopback it has to be said who is let in.
pub(crate) fn lower(context: &Context<'_>, listen: SocketAddr, report: &mut Report) -> Web {
    let Some((main, root)) = context.main else { return Web::default() };
    let (raw, place) = (main.web.clone().unwrap_or_default(), root.key("web"));
    let roles = |raw: &std::collections::BTreeMap<String, RoleWord>| {
        raw.iter().map(|(group, role)| (group.clone(), role.0)).collect::<std::collections::BTreeMap<_, _>>()
    };
    let oidc = raw.oidc.as_ref().map(|oidc| Oidc {
        issuer: oidc.issuer.0.clone(),
        client: oidc.client.clone(),
        secret: oidc
            .secret
            .as_ref()
            .map(|secret| secret::lower(secret, place.key("oidc").key("secret"), context, report)),
        groups: oidc.groups.clone().unwrap_or_else(|| "groups".to_owned()),
        roles: roles(&oidc.roles),
    });
    let proxy = raw.proxy.as_ref().map(|proxy| Proxy {
        from: proxy.from.iter().map(|from| from.0).collect(),
        user: proxy.user.0.clone(),
        groups: proxy.groups.as_ref().map(|header| header.0.clone()),
        roles: roles(&proxy.roles),
    });
    let web = Web {
        url: raw.url.as_ref().map(|url| url.0.trim_end_matches('/').to_owned()),
        access: raw.access.as_ref().map_or(Access::Open, |access| access.0),
        gates_are_public: raw.public.iter().any(|word| word.0 == "gates"),
        session: raw.session.as_ref().map_or(Web::SESSION, |length| length.0),
        oidc,
        proxy,
    };
    if web.oidc.is_some() && web.url.is_none() {
        let help = "give `url`: the provider sends people back to it".to_owned();
        place.key("oidc").mistake(report, "sign-on needs the address that people reach this page by", Some(help));
    }
    if !listen.ip().is_loopback() && !web.is_closed() {
        let message = format!("`{listen}` can be reached from other machines, and nothing says who is let in");
        let help = "set `access = \"tokens\"` in [web], or [web.oidc] or [web.proxy]".to_owned();
        root.key("daemon").key("listen").mistake(report, message, Some(help));
    }
    web
}
