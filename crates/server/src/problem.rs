//! Problems: why a visitor does not get what they asked for, once for programs (RFC 9457) and pages.

use axum::{
    Json,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use watchkeeper_engine::ports::store::StoreError;
use watchkeeper_model::{NoAnswer, Role};
use watchkeeper_store::PeopleError;

/// Why something is not done or shown. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Problem {
    #[serde(serialize_with = "as_number")]
    pub(crate) status: StatusCode,
    /// What is the matter, in one line.
    pub(crate) title: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) detail: Option<String>,
    /// The field that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) field: Option<String>,
    /// Known names that are meant, perhaps.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) nearest: Vec<String>,
}

fn as_number<S: serde::Serializer>(status: &StatusCode, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u16(status.as_u16())
}

impl Problem {
    fn new(status: StatusCode, title: impl Into<String>) -> Self {
        Self { status, title: title.into(), detail: None, field: None, nearest: Vec::new() }
    }

    pub(crate) fn detail(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    /// Nobody knows who asks.
    pub(crate) fn unknown() -> Self {
        let detail =
            "sign on, or send `Authorization: Bearer wk_…`; `watchkeeper token new NAME --role viewer` makes one";
        Self::new(StatusCode::UNAUTHORIZED, "who you are is not known here").detail(detail)
    }

    /// They may not.
    pub(crate) fn forbidden(needed: Role, role: Role, name: Option<&str>) -> Self {
        let who = name.unwrap_or("nobody in particular");
        Self::new(StatusCode::FORBIDDEN, format!("this takes the role {needed}"))
            .detail(format!("you are {who}, with the role {role}"))
    }

    /// They are known, and nothing says what they may.
    pub(crate) fn no_role(name: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, format!("{name} has no role here"))
            .detail("none of their groups stands under `roles` in [web]")
    }

    pub(crate) fn not_ours(detail: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "this request does not come from this page").detail(detail)
    }

    pub(crate) fn stale_form() -> Self {
        Self::new(StatusCode::FORBIDDEN, "this form is too old, or not from here").detail("load the page again")
    }

    pub(crate) fn pretended() -> Self {
        Self::new(StatusCode::FORBIDDEN, "only the proxy may say who somebody is")
    }

    /// There is no such thing.
    pub(crate) fn no_such(what: &str, given: &str, known: impl IntoIterator<Item = String>) -> Self {
        let problem = Self::new(StatusCode::NOT_FOUND, format!("there is no {what} `{given}`"));
        let known: Vec<String> = known.into_iter().collect();
        let given: String = given.chars().take(100).collect();
        let nearest = watchkeeper_config::nearest(&given, known.iter().map(String::as_str));
        Self { nearest: nearest.into_iter().map(str::to_owned).collect(), ..problem }
    }

    pub(crate) fn no_page() -> Self {
        Self::new(StatusCode::NOT_FOUND, "there is nothing at this path")
    }

    /// A field that cannot be.
    pub(crate) fn field(field: &str, title: impl Into<String>) -> Self {
        Self { field: Some(field.to_owned()), ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, title) }
    }

    /// A body that cannot be read.
    pub(crate) fn body(status: StatusCode, title: impl Into<String>) -> Self {
        Self::new(status, title)
    }

    /// It is not any more what they saw.
    pub(crate) fn moved(title: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, title).detail(detail)
    }

    pub(crate) fn unavailable(title: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, title)
    }

    /// It took longer than a request may.
    pub(crate) fn too_late(seconds: u64) -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, format!("the request took longer than {seconds} s"))
    }

    /// It asks for another server.
    pub(crate) fn misdirected(names: &str) -> Self {
        Self::new(StatusCode::MISDIRECTED_REQUEST, format!("this server goes by {names} only"))
            .detail("set `url` in [web] to its name")
    }

    /// The daemon could not do it; the words are its own.
    pub(crate) fn not_done(title: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, title)
    }

    /// The store failed: the cause goes to the log, not to the visitor.
    pub(crate) fn store(error: StoreError) -> Self {
        tracing::error!(?error, "the store failed a visitor");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "the store cannot be read; gates answer as configured")
            .detail("who asks for a gate acts as its `on_unreachable` says; the daemon's log says more")
    }

    pub(crate) fn broken(error: String) -> Self {
        tracing::error!(error, "a page failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "this is a defect of Watchkeeper; its log says more")
    }

    /// What people asked for and the store refuses, in the words of the command line.
    pub(crate) fn refused(error: PeopleError) -> Self {
        let status = match &error {
            PeopleError::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
            PeopleError::NoSuch { .. } => StatusCode::NOT_FOUND,
            PeopleError::NotAnswered { why: NoAnswer::NotAMember { .. }, .. } => StatusCode::FORBIDDEN,
            _ => StatusCode::CONFLICT,
        };
        match error {
            PeopleError::Store(error) => Self::store(error),
            error => Self::new(status, error.to_string()),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.status, [(CONTENT_TYPE, "application/problem+json")], Json(self)).into_response()
    }
}
