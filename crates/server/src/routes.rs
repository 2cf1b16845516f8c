//! Routes: each declared once with its path, what it needs and what it takes. The router and the API's document come from
//! the same declaration, and there is no way to add a route that anybody may ask without saying so.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Router,
    extract::{RawPathParams, Request},
    http::Method,
    middleware::from_fn,
    response::IntoResponse,
    routing::{MethodRouter, get, on},
};
use watchkeeper_model::Role;

use crate::{
    House,
    access::{self, Jar, Visitor},
    act::{self, Verb},
    api,
    page::{self, Page},
    problem::Problem,
};

/// A field of a query or a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) required: bool,
    pub(crate) about: &'static str,
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Number,
    Row,
    Flag,
    Words(&'static [&'static str]),
    Texts,
}

impl Field {
    pub(crate) const fn optional(name: &'static str, kind: Kind, about: &'static str) -> Self {
        Self { name, kind, required: false, about }
    }

    pub(crate) const fn required(name: &'static str, kind: Kind, about: &'static str) -> Self {
        Self { name, kind, required: true, about }
    }
}

/// What is said of a route.
#[derive(Debug, Clone)]
pub(crate) struct Described {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) role: Role,
    pub(crate) about: &'static str,
    /// Of the query for a reading route, of the body for a writing one.
    pub(crate) fields: &'static [Field],
    /// The schema of the answer; absent for a page.
    pub(crate) answer: Option<&'static str>,
}

/// What is asked of a page or a reading route.
pub(crate) struct Ask {
    pub(crate) house: House,
    pub(crate) visitor: Visitor,
    path: BTreeMap<String, String>,
    query: BTreeMap<String, String>,
    /// The tags of answers that the client has.
    pub(crate) held: Option<String>,
    /// The row that a stream's client heard last.
    pub(crate) heard: Option<String>,
    /// The path and the query, as they were asked.
    pub(crate) target: String,
    /// When it was asked.
    pub(crate) now: watchkeeper_model::Time,
}

impl Ask {
    pub(crate) fn path(&self, name: &str) -> &str {
        self.path.get(name).map(String::as_str).unwrap_or_default()
    }

    /// A field of the query; an empty one is none.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// A field of the query that has a notation of its own.
    pub(crate) fn parsed<T>(
        &self,
        name: &str,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        let Some(text) = self.query(name) else { return Ok(None) };
        let wrong =
            || Problem::field(name, format!("`{name}` cannot be `{text}`")).detail(format!("expected {expected}"));
        parse(text).map(Some).ok_or_else(wrong)
    }
}

/// The routes of the daemon, as they are declared.
pub(crate) struct Routes {
    house: House,
    router: Router,
    described: Vec<Described>,
}

impl Routes {
    pub(crate) fn new(house: House) -> Self {
        Self { house, router: Router::new(), described: Vec::new() }
    }

    /// A page.
    pub(crate) fn page<F, Fut>(self, path: &str, role: Role, show: F) -> Self
    where
        F: Fn(Ask) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<Page, Problem>> + Send,
    {
        let house = self.house.clone();
        let handler = get(async move |params: RawPathParams, request: Request| {
            let mut jar = Jar::of(request.headers(), &house.workspace().web);
            let ask = asked(&house, &params, request);
            // Before anything is read: the page asks to be told of what comes after.
            let after = house.store().ledger_length().await.ok();
            let view = page::View::of(&ask, jar.take_note(), after);
            let response = match show(ask).await {
                Ok(page) => page::framed(&house, &view, page).await,
                Err(problem) => page::problem(&house, &view, &problem).await,
            };
            jar.add_to(response)
        });
        self.add(Method::GET, path, role, "", &[], None, handler)
    }

    /// A reading route of the API, whose answer has this schema.
    pub(crate) fn read<F, Fut, R>(
        self,
        path: &str,
        role: Role,
        about: &'static str,
        fields: &'static [Field],
        answer: &'static str,
        read: F,
    ) -> Self
    where
        F: Fn(Ask) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<R, Problem>> + Send,
        R: IntoResponse,
    {
        let house = self.house.clone();
        let handler = get(async move |params: RawPathParams, request: Request| {
            let ask = asked(&house, &params, request);
            match known_fields(&ask, fields) {
                Ok(()) => read(ask).await.into_response(),
                Err(problem) => problem.into_response(),
            }
        });
        self.add(Method::GET, path, role, about, fields, Some(answer), handler)
    }

    /// A verb: a form of the pages at its path, and JSON under `/v1`.
    pub(crate) fn verb(self, verb: &'static Verb) -> Self {
        let (for_page, for_api) = (self.house.clone(), self.house.clone());
        let page = on(axum::routing::MethodFilter::POST, async move |params: RawPathParams, request: Request| {
            act::from_page(&for_page, verb, path_of(&params), request).await
        });
        let api = on(axum::routing::MethodFilter::POST, async move |params: RawPathParams, request: Request| {
            act::from_api(&for_api, verb, path_of(&params), request).await
        });
        let under_v1 = format!("/v1{}", verb.path);
        self.add(Method::POST, verb.path, verb.role, "", verb.fields, None, page).add(
            Method::POST,
            &under_v1,
            verb.role,
            verb.about,
            verb.fields,
            Some("Done"),
            api,
        )
    }

    /// A route with an answer of its own.
    pub(crate) fn other(
        self,
        path: &str,
        role: Role,
        method: Method,
        about: &'static str,
        answer: &'static str,
        route: MethodRouter,
    ) -> Self {
        self.add(method, path, role, about, &[], Some(answer), route)
    }

    #[expect(clippy::too_many_arguments, reason = "this is what a declaration says")]
    fn add(
        mut self,
        method: Method,
        path: &str,
        role: Role,
        about: &'static str,
        fields: &'static [Field],
        answer: Option<&'static str>,
        handler: MethodRouter,
    ) -> Self {
        let house = self.house.clone();
        let route = path.to_owned();
        let guarded = handler.layer(from_fn(move |request, next| {
            let (house, route) = (house.clone(), route.clone());
            async move {
                let timed = house.metrics().request(&route);
                let response = access::need(house.clone(), role, request, next).await;
                timed.ended(response.status());
                response
            }
        }));
        self.router = self.router.route(path, guarded);
        self.described.push(Described { method, path: path.to_owned(), role, about, fields, answer });
        self
    }

    /// The router, and what is said of its routes.
    pub(crate) fn done(self) -> (Router, Arc<Vec<Described>>) {
        (self.router, Arc::new(self.described))
    }
}

fn path_of(params: &RawPathParams) -> BTreeMap<String, String> {
    params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn asked(house: &House, params: &RawPathParams, request: Request) -> Ask {
    let (parts, _) = request.into_parts();
    let query = parts.uri.query().unwrap_or_default();
    Ask {
        house: house.clone(),
        visitor: access::visitor(&parts),
        path: path_of(params),
        query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        held: api::held(&parts.headers),
        heard: parts.headers.get("last-event-id").and_then(|id| id.to_str().ok()).map(str::to_owned),
        target: parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
        now: house.now(),
    }
}

/// A field that the API does not know is a mistake: it would be taken for a filter that filters nothing.
fn known_fields(ask: &Ask, fields: &[Field]) -> Result<(), Problem> {
    let unknown = ask.query.keys().find(|name| !fields.iter().any(|field| field.name == **name));
    let Some(name) = unknown else { return Ok(()) };
    let known: Vec<&str> = fields.iter().map(|field| field.name).collect();
    let known =
        if known.is_empty() { "none are known here".to_owned() } else { format!("known are {}", known.join(", ")) };
    Err(Problem::field(name, format!("there is no field `{name}`")).detail(known))
}
