//! Sign-on by a provider that answers as it should, and by one that does not.

use std::sync::{Arc, Mutex};

use axum::{
    Json, Router,
    extract::{Form, State},
    http::StatusCode as Status,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use openidconnect::{
    Audience, EndUserEmail, IdToken, IdTokenClaims, IssuerUrl, JsonWebKeyId, JsonWebKeySet, Nonce, PkceCodeChallenge,
    PkceCodeVerifier, PrivateSigningKey as _, StandardClaims, SubjectIdentifier,
    core::{
        CoreEdDsaPrivateSigningKey, CoreGenderClaim, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    },
};
use reqwest::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use watchkeeper_model::{Oidc, Role, Web, Workspace};

use crate::house::{Served, workspace};

/// Keys of this test alone.
const KEY: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIMVUrMSjN0JiFtxYV2sB+g73QkSp3/NkX7UWuHnlchQ9\n-----END PRIVATE KEY-----\n";
const OTHER_KEY: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIFzbdu8ghqiqneiM2p1yHEe+36htnKcqQwaT+k+2dlu9\n-----END PRIVATE KEY-----\n";

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Groups {
    groups: Vec<String>,
}

impl openidconnect::AdditionalClaims for Groups {}

/// What is wrong with a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrong {
    Nothing,
    Issuer,
    Audience,
    Nonce,
    Expired,
    Unsigned,
    UnknownKey,
    UnverifiedMail,
    NoGroup,
    Half,
}

/// What somebody was sent to the provider with.
#[derive(Debug, Clone, Default)]
struct Asked {
    nonce: String,
    challenge: String,
}

struct Provider {
    issuer: String,
    wrong: Mutex<Wrong>,
    asked: Mutex<Asked>,
}

fn key(pem: &str) -> CoreEdDsaPrivateSigningKey {
    CoreEdDsaPrivateSigningKey::from_ed25519_pem(pem, Some(JsonWebKeyId::new("one".to_owned()))).unwrap()
}

async fn discovery(State(provider): State<Arc<Provider>>) -> Json<Value> {
    let issuer = &provider.issuer;
    Json(json!({
        "issuer": issuer, "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"), "jwks_uri": format!("{issuer}/jwks"),
        "response_types_supported": ["code"], "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["EdDSA", "none"],
    }))
}

async fn jwks() -> Json<JsonWebKeySet<CoreJsonWebKey>> {
    Json(JsonWebKeySet::new(vec![key(KEY).as_verification_key()]))
}

#[derive(Deserialize)]
struct Exchange {
    code: String,
    code_verifier: String,
    redirect_uri: String,
}

#[expect(clippy::disallowed_methods, reason = "whoever reads the token goes by this clock")]
async fn token(State(provider): State<Arc<Provider>>, Form(exchange): Form<Exchange>) -> Response {
    let (wrong, asked) = (*provider.wrong.lock().unwrap(), provider.asked.lock().unwrap().clone());
    let challenge = PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(exchange.code_verifier));
    if exchange.code != "a-code"
        || challenge.as_str() != asked.challenge
        || !exchange.redirect_uri.ends_with("/login/back")
    {
        return (Status::BAD_REQUEST, Json(json!({ "error": "invalid_grant" }))).into_response();
    }
    if wrong == Wrong::Half {
        return "{\"access_token\": \"a".into_response();
    }
    let now = chrono::Utc::now();
    let issuer = if wrong == Wrong::Issuer { "https://evil.example.com" } else { &provider.issuer };
    let audience = if wrong == Wrong::Audience { "another" } else { "watchkeeper" };
    let expires = if wrong == Wrong::Expired { now - TimeDelta::hours(1) } else { now + TimeDelta::hours(1) };
    let nonce = if wrong == Wrong::Nonce { "another" } else { &asked.nonce };
    let person = StandardClaims::new(SubjectIdentifier::new("u-17".to_owned()))
        .set_email(Some(EndUserEmail::new("ml-lead@example.com".to_owned())))
        .set_email_verified(Some(wrong != Wrong::UnverifiedMail));
    let groups = if wrong == Wrong::NoGroup { "others" } else { "on-call" };
    let claims = IdTokenClaims::<Groups, CoreGenderClaim>::new(
        IssuerUrl::new(issuer.to_owned()).unwrap(),
        vec![Audience::new(audience.to_owned())],
        expires,
        now,
        person,
        Groups { groups: vec![groups.to_owned()] },
    )
    .set_nonce(Some(Nonce::new(nonce.to_owned())));
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let id_token = match wrong {
        Wrong::Unsigned => {
            format!("{}.{}.", part(json!({ "alg": "none" })), part(serde_json::to_value(&claims).unwrap()))
        }
        _ => {
            let key = key(if wrong == Wrong::UnknownKey { OTHER_KEY } else { KEY });
            IdToken::<_, _, CoreJweContentEncryptionAlgorithm, _>::new(
                claims,
                &key,
                CoreJwsSigningAlgorithm::EdDsa,
                None,
                None,
            )
            .unwrap()
            .to_string()
        }
    };
    Json(json!({ "access_token": "a", "token_type": "Bearer", "id_token": id_token })).into_response()
}

/// A served house whose people sign on at a provider.
struct SignOn {
    served: Served,
    provider: Arc<Provider>,
}

impl SignOn {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let provider =
            Arc::new(Provider { issuer: issuer.clone(), wrong: Mutex::new(Wrong::Nothing), asked: Mutex::default() });
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/jwks", get(jwks))
            .route("/token", post(token))
            .with_state(provider.clone());
        tokio::spawn(async move { axum_serve(listener, router).await });
        let oidc = Oidc {
            issuer,
            client: "watchkeeper".to_owned(),
            secret: None,
            groups: "groups".to_owned(),
            roles: [("on-call".to_owned(), Role::Responder)].into(),
        };
        let web = Web { url: Some("http://127.0.0.1".to_owned()), oidc: Some(oidc), ..Web::default() };
        Self { served: Served::with(Workspace { web, ..workspace() }).await, provider }
    }

    async fn get(&self, path: &str, cookies: &str) -> reqwest::Response {
        let request = self.served.client.get(format!("{}{path}", self.served.url));
        request.header("Cookie", cookies).send().await.unwrap()
    }

    /// Is sent to the provider; gives the state and the cookies.
    async fn leave(&self) -> (String, String) {
        let sent = self.get("/login/provider", "").await;
        assert_eq!(sent.status(), StatusCode::SEE_OTHER);
        let address = url::Url::parse(sent.headers()["location"].to_str().unwrap()).unwrap();
        let field = |name: &str| address.query_pairs().find(|(found, _)| found == name).unwrap().1.into_owned();
        assert_eq!((field("response_type"), field("code_challenge_method")), ("code".to_owned(), "S256".to_owned()));
        *self.provider.asked.lock().unwrap() = Asked { nonce: field("nonce"), challenge: field("code_challenge") };
        (field("state"), cookie(&sent))
    }

    async fn come_back(&self, state: &str, cookies: &str) -> reqwest::Response {
        self.get(&format!("/login/back?code=a-code&state={state}"), cookies).await
    }
}

async fn axum_serve(listener: TcpListener, router: Router) {
    let never = std::future::pending();
    watchkeeper_server::serve(listener, router, 8, never).await.unwrap();
}

fn cookie(answer: &reqwest::Response) -> String {
    let cookies = answer.headers().get_all("set-cookie").iter();
    cookies.map(|line| line.to_str().unwrap().split(';').next().unwrap()).collect::<Vec<_>>().join("; ")
}

#[tokio::test]
async fn whom_the_provider_vouches_for_is_signed_on() {
    let sign_on = SignOn::start().await;
    assert_eq!(sign_on.get("/", "").await.status(), StatusCode::UNAUTHORIZED);
    let (state, cookies) = sign_on.leave().await;
    let back = sign_on.come_back(&state, &cookies).await;
    assert_eq!((back.status(), back.headers()["location"].to_str().unwrap()), (StatusCode::SEE_OTHER, "/"));
    let signed_on = cookie(&back);
    let page = sign_on.get("/gates", &format!("{cookies}; {signed_on}")).await;
    assert_eq!(page.status(), StatusCode::OK);
    let text = page.text().await.unwrap();
    assert!(text.contains("ml-lead@example.com") && !text.contains("unproved"), "{text}");

    // What they do is recorded under the name that the provider gives.
    let form = text.split("name=\"form\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let pressed = sign_on
        .served
        .client
        .post(format!("{}/gates/refunds/pause", sign_on.served.url))
        .header("Cookie", &signed_on)
        .header("Sec-Fetch-Site", "same-origin")
        .header(crate::house::FORM.0, crate::house::FORM.1)
        .body(crate::house::form(&[("form", form), ("by", "somebody else".to_owned())]));
    assert_eq!(pressed.send().await.unwrap().status(), StatusCode::SEE_OTHER);
    let gates = sign_on.served.store.gates().await.unwrap();
    assert_eq!(gates[1].by.as_deref(), Some("ml-lead@example.com"));

    // A code is taken once.
    assert_eq!(sign_on.come_back(&state, &cookies).await.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn what_proves_nothing_signs_nobody_on() {
    let sign_on = SignOn::start().await;
    for wrong in
        [Wrong::Issuer, Wrong::Audience, Wrong::Nonce, Wrong::Expired, Wrong::Unsigned, Wrong::UnknownKey, Wrong::Half]
    {
        *sign_on.provider.wrong.lock().unwrap() = wrong;
        let (state, cookies) = sign_on.leave().await;
        let back = sign_on.come_back(&state, &cookies).await;
        assert_eq!(back.status(), StatusCode::FORBIDDEN, "{wrong:?}");
        assert!(!cookie(&back).contains("watchkeeper="), "{wrong:?}");
    }
    *sign_on.provider.wrong.lock().unwrap() = Wrong::Nothing;
    let (state, cookies) = sign_on.leave().await;
    assert_eq!(sign_on.come_back("another", &cookies).await.status(), StatusCode::FORBIDDEN, "another state");
    assert_eq!(sign_on.come_back(&state, "").await.status(), StatusCode::FORBIDDEN, "another browser");
}

#[tokio::test]
async fn an_unverified_mailbox_is_no_name_and_no_group_is_no_role() {
    let sign_on = SignOn::start().await;
    *sign_on.provider.wrong.lock().unwrap() = Wrong::UnverifiedMail;
    let (state, cookies) = sign_on.leave().await;
    let signed_on = cookie(&sign_on.come_back(&state, &cookies).await);
    let text = sign_on.get("/", &signed_on).await.text().await.unwrap();
    assert!(text.contains("u-17 of http") && !text.contains("ml-lead"), "{text}");
    *sign_on.provider.wrong.lock().unwrap() = Wrong::NoGroup;
    let (state, cookies) = sign_on.leave().await;
    let signed_on = cookie(&sign_on.come_back(&state, &cookies).await);
    assert_eq!(sign_on.get("/", &signed_on).await.status(), StatusCode::FORBIDDEN);
}
