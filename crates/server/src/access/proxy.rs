//! A proxy that vouches for its visitors: its headers are believed from its own addresses, and refused from any other.

use std::net::IpAddr;

use axum::http::HeaderMap;
use watchkeeper_model::{Proxy, role_of_groups};

use super::{How, Jar, Visitor};
use crate::problem::Problem;

/// Who the proxy says it is; `None` where it says nothing.
pub(super) fn visitor(
    proxy: &Proxy,
    headers: &HeaderMap,
    from: Option<IpAddr>,
    jar: &mut Jar,
) -> Result<Option<Visitor>, Problem> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default().trim().to_owned());
    let said = text(&proxy.user);
    let groups = proxy.groups.as_deref().and_then(text);
    if said.is_none() && groups.is_none() {
        return Ok(None);
    }
    let Some(from) = from.filter(|from| proxy.from.contains(from)) else {
        // Not stripped: whoever sends it from elsewhere pretends to be the proxy.
        return Err(Problem::pretended());
    };
    let Some(name) = said.filter(|name| !name.is_empty()) else { return Ok(None) };
    let groups = groups.unwrap_or_default();
    let role = role_of_groups(groups.split(',').map(str::trim).filter(|group| !group.is_empty()), &proxy.roles);
    let form = jar.form_key()?;
    Ok(Some(Visitor { name: Some(name), role, how: How::Proxy(from.to_string()), form: Some(form) }))
}
