//! Who a visitor is, and what they may. Every route says what it needs; who has less gets 401 or 403 and nothing happens.

mod bearer;
mod cookie;
mod form;
mod oidc;
mod proxy;
mod random;

use std::net::SocketAddr;

use axum::{
    extract::{ConnectInfo, Request},
    http::{Method, header::AUTHORIZATION, request},
    middleware::Next,
    response::{IntoResponse, Response},
};
use watchkeeper_model::{Person, Role};

pub(crate) use bearer::hash;
pub use bearer::new_token;
pub(crate) use cookie::Jar;
pub(crate) use form::{is_ours, is_same_origin};
pub(crate) use oidc::{Provider, begin, end};
pub(crate) use random::random;

use crate::{House, page, problem::Problem};

/// Who asks.
#[derive(Debug, Clone)]
pub(crate) struct Visitor {
    /// As they are shown and recorded; absent where nobody has said who they are.
    pub(crate) name: Option<String>,
    /// What they may; absent where they have not proved who they are.
    pub(crate) role: Option<Role>,
    /// How they came.
    pub(crate) how: How,
    /// What their forms are known by.
    pub(crate) form: Option<String>,
}

/// How a visitor came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum How {
    /// From this machine, without proof.
    Open,
    /// With a token in a header.
    Bearer,
    /// With a browser that is signed on by a token.
    Token,
    /// With a browser that a provider vouches for; the provider's own name for them.
    Provider(String),
    /// By a proxy that vouches for them.
    Proxy(String),
    /// With nothing that counts.
    Nobody,
}

impl Visitor {
    pub(crate) fn nobody() -> Self {
        Self { name: None, role: None, how: How::Nobody, form: None }
    }

    pub(crate) fn may(&self, needed: Role) -> bool {
        self.role.is_some_and(|role| role.includes(needed))
    }

    /// Whether they may act from a browser: their forms prove that they were ours.
    pub(crate) fn has_browser(&self) -> bool {
        self.form.is_some()
    }

    /// A name as it is recorded where no account stands beside it: one that nobody has proved, or a token's, is told from
    /// that of a person who has proved who they are.
    pub(crate) fn marked(&self, name: &str) -> String {
        match self.how {
            How::Open => format!("{name} (unproved)"),
            How::Bearer | How::Token => format!("{name} (token)"),
            How::Provider(_) | How::Proxy(_) | How::Nobody => name.to_owned(),
        }
    }

    /// Who acts, for the record; `typed` is the name that an unproved visitor gives.
    pub(crate) fn person(&self, typed: Option<&str>) -> Result<Person, Problem> {
        let typed = typed.map(str::trim).filter(|name| !name.is_empty());
        let account = match &self.how {
            How::Open => {
                let name = typed.map(str::to_owned).or_else(|| self.name.clone());
                let name = name.ok_or_else(|| Problem::field("by", "say who you are, for the record"))?;
                return Ok(Person { name, account: "web, unproved".to_owned() });
            }
            How::Bearer | How::Token => "token".to_owned(),
            How::Provider(subject) => format!("provider, {subject}"),
            How::Proxy(from) => format!("proxy {from}"),
            How::Nobody => return Err(Problem::unknown()),
        };
        Ok(Person { name: self.name.clone().unwrap_or_default(), account })
    }
}

/// Finds out who asks, and lets them in if they may.
pub(crate) async fn need(house: House, needed: Role, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let is_page = page::is_page(parts.uri.path());
    let is_public = needed == Role::Gates && house.workspace().web.gates_are_public;
    let (visitor, jar) = match who(&house, &parts).await {
        Ok(found) => found,
        Err(problem) => return refuse(&house, problem, is_page),
    };
    if !visitor.may(needed) && !is_public {
        let problem = match visitor.role {
            None if visitor.name.is_some() => Problem::no_role(visitor.name.as_deref().unwrap_or_default()),
            None => Problem::unknown(),
            Some(role) => Problem::forbidden(needed, role, visitor.name.as_deref()),
        };
        return refuse(&house, problem, is_page);
    }
    if !matches!(parts.method, Method::GET | Method::HEAD)
        && needed != Role::Gates
        && let Err(problem) = form::came_from_us(&parts, &visitor)
    {
        return refuse(&house, problem, is_page);
    }
    parts.extensions.insert(visitor);
    jar.add_to(next.run(Request::from_parts(parts, body)).await)
}

fn refuse(house: &House, problem: Problem, is_page: bool) -> Response {
    if is_page { page::refused(house, &problem) } else { problem.into_response() }
}

/// Who asks, and the cookies that they get.
async fn who(house: &House, parts: &request::Parts) -> Result<(Visitor, Jar), Problem> {
    let web = &house.workspace().web;
    let mut jar = Jar::of(&parts.headers, web);
    let from = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(from)| from.ip());
    if let Some(sent) = parts.headers.get(AUTHORIZATION) {
        return Ok((bearer::visitor(house, sent).await?, jar));
    }
    if let Some(proxy) = &web.proxy
        && let Some(visitor) = proxy::visitor(proxy, &parts.headers, from, &mut jar)?
    {
        return Ok((visitor, jar));
    }
    if let Some(visitor) = cookie::visitor(house, &jar).await? {
        return Ok((visitor, jar));
    }
    if web.is_closed() {
        return Ok((Visitor::nobody(), jar));
    }
    let form = jar.form_key()?;
    let visitor = Visitor { name: jar.name(), role: Some(Role::Responder), how: How::Open, form: Some(form) };
    Ok((visitor, jar))
}

/// The visitor that [`need`] has let in.
pub(crate) fn visitor(parts: &request::Parts) -> Visitor {
    parts.extensions.get::<Visitor>().cloned().unwrap_or_else(Visitor::nobody)
}
