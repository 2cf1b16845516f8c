//! Whether a request that writes comes from our own page: by what browsers say of its origin, and by the form's token.

use axum::http::{
    HeaderMap,
    header::{CONTENT_TYPE, HOST, ORIGIN},
    request,
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use super::{How, Visitor, random::hex};
use crate::{page, problem::Problem};

const SEC_FETCH_SITE: &str = "sec-fetch-site";

/// What a form carries: nobody who does not have the cookie can know it.
pub(super) fn token(cookie: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(cookie.as_bytes()) else { return String::new() };
    mac.update(b"form");
    hex(&mac.finalize().into_bytes())
}

/// Whether a form carries its visitor's token.
pub(crate) fn is_ours(visitor: &Visitor, sent: Option<&str>) -> bool {
    let (Some(expected), Some(sent)) = (&visitor.form, sent) else { return false };
    expected.as_bytes().ct_eq(sent.as_bytes()).into()
}

/// Whether a form that needs no visitor comes from our own page.
pub(crate) fn is_same_origin(headers: &HeaderMap) -> bool {
    let proven = headers.get(SEC_FETCH_SITE).is_some_and(|site| site == "same-origin") || has_our_origin(headers);
    proven && !says_other(headers)
}

/// What a browser says of where a request comes from must be us. Programs say nothing, and send JSON or a token.
pub(super) fn came_from_us(parts: &request::Parts, visitor: &Visitor) -> Result<(), Problem> {
    if visitor.how == How::Bearer {
        return Ok(());
    }
    let headers = &parts.headers;
    if !page::is_page(parts.uri.path()) {
        // No page of another site can send this without being asked for leave first, and none gets it.
        if visitor.how != How::Open || !is_json(headers) {
            return Err(Problem::not_ours("send `Content-Type: application/json`, and a token where one is needed"));
        }
        return if says_other(headers) { Err(Problem::not_ours("it comes from another site")) } else { Ok(()) };
    }
    if is_same_origin(headers) { Ok(()) } else { Err(Problem::not_ours("it comes from another site")) }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

fn says_other(headers: &HeaderMap) -> bool {
    headers.get(SEC_FETCH_SITE).is_some_and(|site| site != "same-origin" && site != "none")
        || (headers.contains_key(ORIGIN) && !has_our_origin(headers))
}

/// Whether `Origin` is the host that was asked.
fn has_our_origin(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value: &axum::http::HeaderValue| value.to_str().ok());
    let origin = text(ORIGIN).and_then(|origin| origin.split_once("://")).map(|(_, host)| host);
    origin.is_some() && origin == text(HOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_known_by_its_cookie_alone() {
        let visitor = |form: &str| Visitor { name: None, role: None, how: How::Open, form: Some(form.to_owned()) };
        let one = token("a cookie");
        assert!(is_ours(&visitor(&one), Some(&one)));
        assert!(!is_ours(&visitor(&one), Some(&token("another"))));
        assert!(!is_ours(&visitor(&one), Some("")));
        assert!(!is_ours(&visitor(&one), None));
    }

    #[test]
    fn another_origin_is_told_by_what_the_browser_says() {
        let with = |pairs: &[(&'static str, &str)]| {
            pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect::<HeaderMap>()
        };
        assert!(!says_other(&with(&[("sec-fetch-site", "same-origin")])));
        assert!(says_other(&with(&[("sec-fetch-site", "cross-site")])));
        assert!(says_other(&with(&[("sec-fetch-site", "same-site")])));
        assert!(has_our_origin(&with(&[("origin", "http://127.0.0.1:1"), ("host", "127.0.0.1:1")])));
        assert!(says_other(&with(&[("origin", "http://127.0.0.1:2"), ("host", "127.0.0.1:1")])));
        assert!(says_other(&with(&[("origin", "null"), ("host", "127.0.0.1:1")])));
        assert!(!says_other(&with(&[])));
    }
}
