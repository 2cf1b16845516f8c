//! Which names this server goes by. A page on the web can give itself a name that leads here, and would then read what is
//! served as if it were its own: such a request carries that name.

use std::net::IpAddr;

use axum::{
    extract::Request,
    http::{header::HOST, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{House, problem::Problem};

/// Answers for this machine's loopback names, and for the host of `[web] url`.
pub(crate) async fn only_ours(house: House, request: Request, next: Next) -> Response {
    let target = request.uri().authority().map(Authority::as_str);
    let named = request.headers().get(HOST).map(|host| host.to_str().unwrap_or_default());
    let workspace = house.workspace();
    let own = workspace.web.url.as_deref().and_then(|url| url::Url::parse(url).ok()?.host_str().map(str::to_owned));
    if target.into_iter().chain(named).all(|authority| is_ours(authority, own.as_deref())) {
        return next.run(request).await;
    }
    let own = own.map_or_else(String::new, |own| format!("{own}, "));
    Problem::misdirected(&format!("{own}localhost, 127.0.0.1 and [::1]")).into_response()
}

fn is_ours(authority: &str, own: Option<&str>) -> bool {
    let Ok(authority) = authority.parse::<Authority>() else { return false };
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        || own.is_some_and(|own| own.trim_start_matches('[').trim_end_matches(']').eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::is_ours;

    #[test]
    fn only_the_loopback_and_the_configured_name_are_answered() {
        for ours in ["localhost", "LOCALHOST:7707", "127.0.0.1", "127.0.0.1:7707", "127.8.9.10", "[::1]:7707"] {
            assert!(is_ours(ours, None), "{ours}");
        }
        for other in
            ["evil.example.com", "localhost.example.com", "10.0.0.1:7707", "127.0.0.1.example.com", "", ":7707", "a b"]
        {
            assert!(!is_ours(other, Some("watch.example.com")), "{other}");
        }
        assert!(is_ours("Watch.example.com:443", Some("watch.example.com")));
        assert!(is_ours("10.0.0.7:7707", Some("10.0.0.7")));
    }
}
