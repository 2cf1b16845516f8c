//! Which names this server goes by. A page on the web can give itself a name that leads here, and would then read what is
//! served as if it were its own: such a request carries that name.

use std::net::IpAddr;

use axum::{
    extract::Request,
    http::{StatusCode, header::HOST, uri::Authority},
    middleware::Next,
    response::Response,
};

use crate::answer;

/// Answers for this machine's loopback names alone.
pub(crate) async fn only_ours(request: Request, next: Next) -> Response {
    let target = request.uri().authority().map(Authority::as_str);
    let named = request.headers().get(HOST).map(|host| host.to_str().unwrap_or_default());
    if target.into_iter().chain(named).all(is_ours) {
        return next.run(request).await;
    }
    answer::failure(StatusCode::MISDIRECTED_REQUEST, "this server goes by localhost, 127.0.0.1 and [::1] only")
}

fn is_ours(authority: &str) -> bool {
    let Ok(authority) = authority.parse::<Authority>() else { return false };
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::is_ours;

    #[test]
    fn only_the_loopback_goes_by_a_name() {
        for ours in ["localhost", "LOCALHOST:7707", "127.0.0.1", "127.0.0.1:7707", "127.8.9.10", "[::1]:7707"] {
            assert!(is_ours(ours), "{ours}");
        }
        for other in
            ["evil.example.com", "localhost.example.com", "10.0.0.1:7707", "127.0.0.1.example.com", "", ":7707", "a b"]
        {
            assert!(!is_ours(other), "{other}");
        }
    }
}
