//! Tokens and sessions: what lets somebody in, and until when.

use watchkeeper_model::{Role, Time};
use watchkeeper_store::{PeopleError, Session, Token};

use crate::fixture::at;

fn token(name: &str, until: Option<Time>) -> Token {
    let (name, by) = (name.to_owned(), "ml-lead".to_owned());
    Token { name, role: Role::Responder, since: at(0), by, until, used_at: None }
}

fn session(token: Option<&str>, since: Time, until: Time) -> Session {
    let token = token.map(str::to_owned);
    Session { name: "on-call".to_owned(), subject: None, groups: vec!["leads".to_owned()], token, since, until }
}

#[tokio::test]
async fn a_token_lets_in_until_it_ends_or_is_revoked() {
    let store = crate::common::store().await;
    store.add_token(&token("ci", Some(at(100))), "h1").await.unwrap();
    let again = store.add_token(&token("ci", None), "h2").await;
    assert!(matches!(again, Err(PeopleError::TokenThere(name)) if name == "ci"));
    assert_eq!(store.token("h2", at(1)).await.unwrap(), None);
    assert_eq!(store.token("h1", at(99)).await.unwrap().map(|token| token.role), Some(Role::Responder));
    assert_eq!(store.role_of_token("ci", at(99)).await.unwrap(), Some(Role::Responder));
    assert_eq!(store.token("h1", at(100)).await.unwrap(), None);
    assert_eq!(store.role_of_token("ci", at(100)).await.unwrap(), None);
    store.add_token(&token("dashboard", None), "h3").await.unwrap();
    store.revoke_token("dashboard", "ml-lead", at(5)).await.unwrap();
    assert_eq!(store.token("h3", at(6)).await.unwrap(), None);
    assert_eq!(store.role_of_token("dashboard", at(6)).await.unwrap(), None);
    let kinds: Vec<String> = store.ledger(1, 10).await.unwrap().into_iter().map(|row| row.kind).collect();
    assert_eq!(kinds, ["token.added", "token.added", "token.revoked"]);
}

#[tokio::test]
async fn a_use_is_noted_once_a_minute() {
    let store = crate::common::store().await;
    store.add_token(&token("ci", None), "h1").await.unwrap();
    for (second, noted) in [(10, 10), (60, 10), (70, 10), (71, 71)] {
        store.token("h1", at(second)).await.unwrap();
        assert_eq!(store.tokens().await.unwrap()[0].used_at, Some(at(noted)), "{second}");
    }
}

#[tokio::test]
async fn a_session_ends_by_itself_by_hand_and_with_its_token() {
    let store = crate::common::store().await;
    store.add_token(&token("ci", None), "h1").await.unwrap();
    let (by_token, other) = (session(Some("ci"), at(0), at(100)), session(None, at(0), at(100)));
    for (hash, session) in [("s1", &by_token), ("s2", &other), ("s3", &other)] {
        store.begin_session(session, hash).await.unwrap();
    }
    assert_eq!(store.session("s1", at(99)).await.unwrap(), Some(by_token));
    assert_eq!(store.session("s1", at(100)).await.unwrap(), None);
    store.end_session("s3").await.unwrap();
    assert_eq!(store.session("s3", at(1)).await.unwrap(), None);
    store.revoke_token("ci", "ml-lead", at(5)).await.unwrap();
    assert_eq!(store.session("s1", at(6)).await.unwrap(), None);
    assert_eq!(store.session("s2", at(6)).await.unwrap(), Some(other));
}
