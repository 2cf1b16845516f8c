//! Cookies: who is signed on, the name that an unproved visitor gave, and what their forms are known by.

use axum::{
    http::{HeaderMap, HeaderValue, header::COOKIE, header::SET_COOKIE},
    response::Response,
};
use cookie::{Cookie, SameSite};
use watchkeeper_model::{Role, Web, role_of_groups};
use watchkeeper_store::Session;

use super::{How, Visitor, bearer::hash, form, random::random};
use crate::{House, look::words, problem::Problem};

/// A name that is longer is cut.
const NAME_MAX: usize = 100;
/// A note that is longer is cut: a browser keeps a cookie of 4 KiB.
const NOTE_MAX: usize = 300;
const SESSION: &str = "watchkeeper";
const FORM: &str = "watchkeeper-form";
const NAME: &str = "watchkeeper-name";
const NOTE: &str = "watchkeeper-note";
const NAME_KEPT: cookie::time::Duration = cookie::time::Duration::days(365);
/// A note that no page has shown for so long is none.
const NOTE_KEPT: cookie::time::Duration = cookie::time::Duration::seconds(60);

/// The cookies of one request, and those that its answer sets.
#[derive(Debug, Clone, Default)]
pub(crate) struct Jar {
    is_https: bool,
    sent: Vec<(String, String)>,
    set: Vec<Cookie<'static>>,
}

impl Jar {
    pub(crate) fn of(headers: &HeaderMap, web: &Web) -> Self {
        let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
        let pairs = lines.flat_map(Cookie::split_parse_encoded).filter_map(Result::ok);
        Self {
            is_https: web.url.as_ref().is_some_and(|url| url.starts_with("https:")),
            sent: pairs.map(|pair| (pair.name().to_owned(), pair.value().to_owned())).collect(),
            set: Vec::new(),
        }
    }

    /// Over TLS the browser holds a cookie to this very host.
    fn called(&self, name: &str) -> String {
        if self.is_https { format!("__Host-{name}") } else { name.to_owned() }
    }

    fn get(&self, name: &str) -> Option<&str> {
        let name = self.called(name);
        self.sent.iter().find(|(sent, _)| *sent == name).map(|(_, value)| value.as_str())
    }

    fn put(&mut self, name: &str, value: String, lasts: Option<cookie::time::Duration>) {
        let mut cookie = Cookie::new(self.called(name), value);
        cookie.set_path("/");
        cookie.set_http_only(true);
        cookie.set_secure(self.is_https);
        // Strict would show who comes from a mail as signed off; a GET changes nothing.
        cookie.set_same_site(SameSite::Lax);
        cookie.set_max_age(lasts);
        self.set.push(cookie);
    }

    /// The name that they gave last time.
    pub(crate) fn name(&self) -> Option<String> {
        self.get(NAME).map(|name| name.chars().take(NAME_MAX).collect()).filter(|name: &String| !name.is_empty())
    }

    pub(crate) fn keep_name(&mut self, name: &str) {
        self.put(NAME, name.chars().take(NAME_MAX).collect(), Some(NAME_KEPT));
    }

    /// What was done, for the next page: said there once, and never by an address that anybody can write.
    pub(crate) fn leave_note(&mut self, note: &str) {
        self.put(NOTE, words::cut(note, NOTE_MAX), Some(NOTE_KEPT));
    }

    pub(crate) fn take_note(&mut self) -> Option<String> {
        let note = self.get(NOTE)?.to_owned();
        self.put(NOTE, String::new(), Some(cookie::time::Duration::ZERO));
        Some(note)
    }

    /// What the forms of a visitor without a session are known by.
    pub(crate) fn form_key(&mut self) -> Result<String, Problem> {
        let found = self.get(FORM).filter(|key| key.len() == 40).map(str::to_owned);
        let key = found.map_or_else(random, Ok)?;
        if self.get(FORM).is_none() {
            self.put(FORM, key.clone(), None);
        }
        Ok(form::token(&key))
    }

    pub(crate) fn session(&self) -> Option<&str> {
        self.get(SESSION)
    }

    /// Begins a session.
    pub(crate) async fn sign_on(&mut self, house: &House, mut session: Session) -> Result<(), Problem> {
        let id = random()?;
        let length = house.workspace().web.session;
        session.until = session.since + length;
        house.store().begin_session(&session, &hash(&id)).await.map_err(Problem::store)?;
        self.put(SESSION, id, cookie::time::Duration::try_from(length).ok());
        Ok(())
    }

    /// Ends it.
    pub(crate) async fn sign_off(&mut self, house: &House) -> Result<(), Problem> {
        if let Some(id) = self.session() {
            house.store().end_session(&hash(id)).await.map_err(Problem::store)?;
        }
        for name in [SESSION, NAME] {
            self.put(name, String::new(), Some(cookie::time::Duration::ZERO));
        }
        Ok(())
    }

    pub(crate) fn add_to(&self, mut response: Response) -> Response {
        for cookie in &self.set {
            let line = HeaderValue::try_from(cookie.encoded().to_string());
            if let Ok(line) = line {
                response.headers_mut().append(SET_COOKIE, line);
            }
        }
        response
    }
}

/// Who is signed on. What they may is looked up each time.
pub(super) async fn visitor(house: &House, jar: &Jar) -> Result<Option<Visitor>, Problem> {
    let Some(id) = jar.session() else { return Ok(None) };
    let now = house.now();
    let Some(session) = house.store().session(&hash(id), now).await.map_err(Problem::store)? else { return Ok(None) };
    let (role, how) = match &session.token {
        Some(token) => (house.store().role_of_token(token, now).await.map_err(Problem::store)?, How::Token),
        None => (by_provider(house, &session), How::Provider(session.subject.clone().unwrap_or_default())),
    };
    Ok(Some(Visitor { name: Some(session.name), role, how, form: Some(form::token(id)) }))
}

fn by_provider(house: &House, session: &Session) -> Option<Role> {
    let workspace = house.workspace();
    let oidc = workspace.web.oidc.as_ref()?;
    role_of_groups(session.groups.iter().map(String::as_str), &oidc.roles)
}
