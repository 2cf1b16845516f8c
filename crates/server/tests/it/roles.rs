//! Every route beside every role: what is not allowed is 401 or 403, and writes nothing.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use watchkeeper_model::{Access, Role, Web, Workspace};

use crate::house::{FORM, Served, form, workspace};

/// A workspace that lets nobody in without a token.
fn closed() -> Workspace {
    Workspace { web: Web { access: Access::Tokens, ..Web::default() }, ..workspace() }
}

/// Every route of the document and every page: method, path and what it needs.
async fn routes(served: &Served) -> Vec<(Method, String, Role)> {
    let (_, document) = served.get("/v1/openapi.json").await;
    let mut routes = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let role = Role::parse(operation["x-role"].as_str().unwrap()).unwrap();
            let method: Method = method.to_uppercase().parse().unwrap();
            if method == Method::POST && path.starts_with("/v1/") {
                // The pages have the same verb.
                routes.push((method.clone(), path.trim_start_matches("/v1").to_owned(), role));
            }
            routes.push((method, path.clone(), role));
        }
    }
    let pages = [
        "/",
        "/monitors",
        "/monitors/{monitor}",
        "/incidents",
        "/incidents/{incident}",
        "/approvals",
        "/runs/{run}/steps/{step}",
        "/gates",
        "/ledger",
        "/handover",
        "/system",
    ];
    routes.extend(pages.map(|path| (Method::GET, path.to_owned(), Role::Viewer)));
    let asking = [
        "/confirm/open/{gate}",
        "/confirm/resolve/{incident}",
        "/confirm/start/{run}/{step}",
        "/confirm/approve/{run}/{step}",
    ];
    routes.extend(asking.map(|path| (Method::GET, path.to_owned(), Role::Responder)));
    routes.push((Method::GET, "/confirm/drill/{monitor}".to_owned(), Role::Admin));
    routes
}

/// A path with something in the place of its names.
fn filled(path: &str) -> String {
    let part = |part: &str| match part {
        "{gate}" | "{key}" => "loan-decisions".to_owned(),
        "{monitor}" => "loan-auc".to_owned(),
        part if part.starts_with('{') => "0a1b2c3d4e".to_owned(),
        part => part.to_owned(),
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn a_route_lets_in_whoever_has_its_role_and_nobody_else() {
    let served = Served::with(closed()).await;
    let mut tokens: Vec<(Option<Role>, Option<String>)> = vec![(None, None)];
    for role in Role::ALL {
        tokens.push((Some(role), Some(served.token(role).await)));
    }
    let routes = routes(&served).await;
    assert!(routes.len() > 70, "{} routes", routes.len());
    for (method, path, needed) in &routes {
        for (role, token) in &tokens {
            let before = served.store.ledger_length().await.unwrap();
            let mut request = served.client.request(method.clone(), format!("{}{}", served.url, filled(path)));
            // The stream never ends.
            request = request.timeout(std::time::Duration::from_secs(20));
            if let Some(token) = token {
                request = request.bearer_auth(token);
            }
            if *method == Method::POST {
                request = request.json(&json!({ "context": {} }));
            }
            let status = request.send().await.unwrap().status();
            let may = role.is_some_and(|role| role.includes(*needed));
            let is_refused = matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
            match role {
                None => assert_eq!(status, StatusCode::UNAUTHORIZED, "{method} {path} for nobody"),
                Some(role) if !may => assert_eq!(status, StatusCode::FORBIDDEN, "{method} {path} for a {role}"),
                // A form of a page takes a browser.
                Some(role) if *method == Method::POST && !path.starts_with("/v1") && !path.starts_with("/ofrep") => {
                    assert_eq!(status, StatusCode::FORBIDDEN, "{method} {path} for a {role}");
                }
                Some(role) => assert!(!is_refused, "{method} {path} for a {role}: {status}"),
            }
            let after = served.store.ledger_length().await.unwrap();
            assert!(may || after == before, "{method} {path} for {role:?} wrote something");
            assert_ne!(status, StatusCode::INTERNAL_SERVER_ERROR, "{method} {path} for {role:?}");
        }
    }
}

#[tokio::test]
async fn gates_may_be_asked_without_a_token_where_the_configuration_says_so() {
    let web = Web { gates_are_public: true, ..closed().web };
    let served = Served::with(Workspace { web, ..closed() }).await;
    assert_eq!(served.get("/v1/gates").await.0, StatusCode::OK);
    assert_eq!(served.get("/v1/incidents").await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_token_that_is_revoked_ends_its_sessions_at_once() {
    let served = Served::with(closed()).await;
    let token = served.token(Role::Responder).await;
    let sign_on = |token: &str| {
        served
            .client
            .post(format!("{}/login", served.url))
            .header("Sec-Fetch-Site", "same-origin")
            .header(FORM.0, FORM.1)
            .body(form(&[("token", token.to_owned())]))
            .send()
    };
    assert_eq!(sign_on("wk_nonsense").await.unwrap().status(), StatusCode::UNAUTHORIZED);
    let answer = sign_on(&token).await.unwrap();
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let look = async || {
        let answer = served.client.get(format!("{}/", served.url)).header("Cookie", &cookie).send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    };
    let (status, page) = look().await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("a-responder"), "the page says who is signed on");
    served.store.revoke_token("a-responder", "a test", crate::house::time(crate::house::NOW)).await.unwrap();
    assert_eq!(look().await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_form_of_another_site_does_nothing() {
    let served = Served::start().await;
    let page = served.client.get(format!("{}/gates", served.url)).send().await.unwrap();
    let cookie = page.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let page = page.text().await.unwrap();
    let key = page.split("name=\"form\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let press = |site: &'static str, key: String| {
        served
            .client
            .post(format!("{}/gates/refunds/pause", served.url))
            .header("Cookie", &cookie)
            .header("Sec-Fetch-Site", site)
            .header(FORM.0, FORM.1)
            .body(form(&[("form", key), ("by", "somebody".to_owned())]))
            .send()
    };
    for (site, sent) in [
        ("cross-site", key.clone()),
        ("same-site", key.clone()),
        ("same-origin", "0".repeat(64)),
        ("none", key.clone()),
    ] {
        assert_eq!(press(site, sent).await.unwrap().status(), StatusCode::FORBIDDEN, "{site}");
    }
    assert_eq!(served.get("/v1/gates/refunds").await.1["state"], "open");
    let pressed = press("same-origin", key).await.unwrap();
    assert_eq!(pressed.status(), StatusCode::SEE_OTHER);
    assert!(pressed.headers()["location"].to_str().unwrap().starts_with("/gates#r"));
    let (_, gate) = served.get("/v1/gates/refunds").await;
    assert_eq!((&gate["state"], &gate["by"]), (&json!("paused"), &json!("somebody (unproved)")));
}

#[tokio::test]
async fn json_of_another_site_does_nothing() {
    let served = Served::start().await;
    let ask = |header: (&'static str, &'static str), kind: &'static str| {
        served
            .client
            .post(format!("{}/v1/gates/refunds/pause", served.url))
            .header(header.0, header.1)
            .header("Content-Type", kind)
            .body("{\"by\": \"somebody\"}")
            .send()
    };
    for (header, kind) in [
        (("Origin", "https://evil.example.com"), "application/json"),
        (("Sec-Fetch-Site", "cross-site"), "application/json"),
        (("X-Nothing", "x"), "text/plain"),
    ] {
        assert_eq!(ask(header, kind).await.unwrap().status(), StatusCode::FORBIDDEN, "{header:?} {kind}");
    }
    assert_eq!(served.get("/v1/gates/refunds").await.1["state"], "open");
    assert_eq!(ask(("X-Nothing", "x"), "application/json").await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn every_answer_carries_the_strict_headers() {
    let served = Served::with(closed()).await;
    for path in ["/", "/login", "/v1/incidents", "/healthz", "/nothing", "/assets/x/style.css"] {
        let answer = served.client.get(format!("{}{path}", served.url)).send().await.unwrap();
        let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff", "{path}");
        assert!(!answer.headers().contains_key("access-control-allow-origin"), "{path}");
    }
}

#[tokio::test]
async fn a_proxy_is_believed_from_its_own_address_alone() {
    let proxy = |from: &str| watchkeeper_model::Proxy {
        from: vec![from.parse().unwrap()],
        user: "X-Forwarded-Email".to_owned(),
        groups: Some("X-Forwarded-Groups".to_owned()),
        roles: [("on-call".to_owned(), Role::Responder)].into(),
    };
    let with = |from: &str| Workspace { web: Web { proxy: Some(proxy(from)), ..Web::default() }, ..workspace() };
    let ask = async |served: &Served, groups: &str| -> (StatusCode, Value) {
        let request = served.client.get(format!("{}/v1/incidents", served.url));
        let request =
            request.header("X-Forwarded-Email", "ml-on-call@example.com").header("X-Forwarded-Groups", groups);
        crate::house::read(request.send().await.unwrap()).await
    };
    let near = Served::with(with("127.0.0.1")).await;
    assert_eq!(ask(&near, "all, on-call").await.0, StatusCode::OK);
    assert_eq!(ask(&near, "all").await.0, StatusCode::FORBIDDEN, "no group of theirs has a role");
    assert_eq!(near.get("/v1/incidents").await.0, StatusCode::UNAUTHORIZED);
    let far = Served::with(with("10.0.0.7")).await;
    let (status, problem) = ask(&far, "on-call").await;
    assert_eq!((status, &problem["title"]), (StatusCode::FORBIDDEN, &json!("only the proxy may say who somebody is")));
}
