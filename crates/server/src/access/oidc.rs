//! Sign-on by an OpenID Connect provider: code flow with PKCE, state and nonce. The provider is asked at the first sign-on
//! and not at the start: with the provider away the daemon runs, and tokens work.

mod web;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::TimeDelta;
use openidconnect::{
    AdditionalClaims, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken, EmptyExtraTokenFields,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IdTokenFields, IssuerUrl, Nonce, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, Scope, StandardErrorResponse, StandardTokenResponse, TokenResponse as _,
    core::{
        CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreErrorResponseType, CoreGenderClaim,
        CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreProviderMetadata,
        CoreRevocableToken, CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
    },
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use watchkeeper_model::{Oidc, Time};
use watchkeeper_store::Session;

use super::Jar;
use crate::{House, problem::Problem};

/// How long somebody may take to sign on at the provider.
const SIGNING_ON_MAX: TimeDelta = TimeDelta::minutes(10);
/// So many may be signing on at once.
const PENDING_MAX: usize = 1_000;

/// Claims beside the standard ones; the groups are among them, under a name of the configuration.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Others(Map<String, Value>);

impl AdditionalClaims for Others {}

type Fields = IdTokenFields<
    Others,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
type Speaker = Client<
    Others,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    StandardTokenResponse<Fields, CoreTokenType>,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// The provider, once it was asked, and who is signing on.
#[derive(Default)]
pub(crate) struct Provider(Mutex<State>);

#[derive(Default)]
struct State {
    metadata: Option<Arc<CoreProviderMetadata>>,
    pending: HashMap<String, Pending>,
}

/// Somebody who has been sent to the provider.
struct Pending {
    verifier: PkceCodeVerifier,
    nonce: Nonce,
    /// The browser that they were sent with.
    browser: String,
    until: Time,
}

impl Provider {
    /// The configuration may name another provider now.
    pub(crate) fn forget(&self) {
        *self.state() = State::default();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the provider says of itself; asked anew when a key is not known.
    async fn metadata(&self, oidc: &Oidc, anew: bool) -> Result<Arc<CoreProviderMetadata>, Problem> {
        let known = self.state().metadata.clone().filter(|_| !anew);
        if let Some(known) = known {
            return Ok(known);
        }
        let issuer = IssuerUrl::new(oidc.issuer.clone()).map_err(away)?;
        let found = CoreProviderMetadata::discover_async(issuer, &web::send).await.map_err(away)?;
        let found = Arc::new(found);
        self.state().metadata = Some(Arc::clone(&found));
        Ok(found)
    }

    /// Where too many are signing on, whoever has the least time left begins again: nobody can keep all others out.
    fn remember(&self, state: String, pending: Pending, now: Time) {
        let mut kept = self.state();
        kept.pending.retain(|_, pending| pending.until > now);
        let first = kept.pending.iter().min_by_key(|(_, pending)| pending.until).map(|(state, _)| state.clone());
        if kept.pending.len() >= PENDING_MAX
            && let Some(first) = first
        {
            kept.pending.remove(&first);
        }
        kept.pending.insert(state, pending);
    }
}

fn away(error: impl std::fmt::Display) -> Problem {
    tracing::warn!(%error, "the provider cannot be asked");
    Problem::unavailable("the sign-on provider cannot be asked; a token works all the same")
}

/// What is wrong with what came back; the cause goes to the log.
fn refused(error: impl std::fmt::Display) -> Problem {
    tracing::warn!(%error, "a sign-on was refused");
    Problem::not_ours("the provider's answer does not prove who you are; sign on again")
}

fn configured(house: &House) -> Result<(Oidc, String), Problem> {
    let workspace = house.workspace();
    let oidc = workspace.web.oidc.clone().ok_or_else(Problem::no_page)?;
    let url = workspace.web.url.clone().ok_or_else(Problem::no_page)?;
    Ok((oidc, url))
}

fn speaker(house: &House, oidc: &Oidc, url: &str, metadata: &CoreProviderMetadata) -> Result<Speaker, Problem> {
    let secret = oidc.secret.as_ref().map(|secret| house.secret(secret)).transpose().map_err(away)?;
    let (client, secret) = (ClientId::new(oidc.client.clone()), secret.map(ClientSecret::new));
    let back = RedirectUrl::new(format!("{url}/login/back")).map_err(away)?;
    Ok(Client::from_provider_metadata(metadata.clone(), client, secret).set_redirect_uri(back))
}

/// Where somebody is sent to sign on.
pub(crate) async fn begin(house: &House, jar: &mut Jar) -> Result<String, Problem> {
    let (oidc, url) = configured(house)?;
    let metadata = house.provider().metadata(&oidc, false).await?;
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let flow = CoreAuthenticationFlow::AuthorizationCode;
    let speaker = speaker(house, &oidc, &url, &metadata)?;
    let request = speaker.authorize_url(flow, CsrfToken::new_random, Nonce::new_random);
    let request =
        ["email", "profile"].iter().fold(request, |request, scope| request.add_scope(Scope::new((*scope).to_owned())));
    let (address, state, nonce) = request.set_pkce_challenge(challenge).url();
    let now = house.now();
    let pending = Pending { verifier, nonce, browser: jar.form_key()?, until: now + SIGNING_ON_MAX };
    house.provider().remember(state.secret().clone(), pending, now);
    Ok(address.to_string())
}

/// Somebody comes back from the provider with a code: it begins a session.
pub(crate) async fn end(house: &House, jar: &mut Jar, code: &str, state: &str) -> Result<(), Problem> {
    let (oidc, url) = configured(house)?;
    let now = house.now();
    let pending = house.provider().state().pending.remove(state).filter(|pending| pending.until > now);
    let browser = jar.form_key()?;
    let pending = pending.filter(|pending| pending.browser == browser);
    let Pending { verifier, nonce, .. } = pending.ok_or_else(|| refused("the state is not one of ours"))?;
    let metadata = house.provider().metadata(&oidc, false).await?;
    let client = speaker(house, &oidc, &url, &metadata)?;
    let request = client.exchange_code(AuthorizationCode::new(code.to_owned())).map_err(refused)?;
    let answer = request.set_pkce_verifier(verifier).request_async(&web::send).await.map_err(refused)?;
    let token = answer.id_token().ok_or_else(|| refused("there is no ID token"))?;
    let claims = match token.claims(&client.id_token_verifier(), &nonce) {
        Ok(claims) => claims,
        // The provider may have changed its keys.
        Err(_) => {
            let metadata = house.provider().metadata(&oidc, true).await?;
            let client = speaker(house, &oidc, &url, &metadata)?;
            token.claims(&client.id_token_verifier(), &nonce).map_err(refused)?
        }
    };
    let subject = claims.subject().to_string();
    let mail = claims.email().filter(|_| claims.email_verified() == Some(true)).map(|mail| mail.to_string());
    let groups = groups(claims.additional_claims().0.get(&oidc.groups));
    // A mailbox that nobody has verified is no proof of a membership.
    let name = mail.unwrap_or_else(|| format!("{subject} of {}", oidc.issuer));
    let session = Session { name, subject: Some(subject), groups, token: None, since: now, until: now };
    jar.sign_on(house, session).await
}

/// The groups of a claim: a list of texts, or one.
fn groups(claim: Option<&Value>) -> Vec<String> {
    match claim {
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::String(one)) => vec![one.clone()],
        _ => Vec::new(),
    }
}
