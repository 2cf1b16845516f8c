//! Tokens: `wk_`, 160 random bits in base 32, and a checksum by which scanners of leaked secrets know one.

use axum::http::HeaderValue;
use sha2::{Digest as _, Sha256};

use super::{How, Visitor, random::hex};
use crate::{House, problem::Problem};

const PREFIX: &str = "wk_";
/// Without letters that look like digits.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
const RANDOM_CHARS: usize = 32;
const CHECK_CHARS: usize = 6;

/// Who sends this header.
pub(super) async fn visitor(house: &House, sent: &HeaderValue) -> Result<Visitor, Problem> {
    let words = sent.to_str().unwrap_or_default();
    let token = words.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let token = token.map(|(_, token)| token.trim()).ok_or_else(Problem::unknown)?;
    let found = house.store().token(&hash(token), house.now()).await.map_err(Problem::store)?;
    let found = found.filter(|_| is_whole(token)).ok_or_else(Problem::unknown)?;
    Ok(Visitor { name: Some(found.name), role: Some(found.role), how: How::Bearer, form: None })
}

/// What is kept of a token or a cookie.
pub(crate) fn hash(secret: &str) -> String {
    hex(&Sha256::digest(secret.as_bytes()))
}

/// A new token, and what is kept of it.
///
/// # Errors
/// When the machine gives no random numbers.
pub fn new_token() -> Result<(String, String), String> {
    let mut bytes = [0_u8; RANDOM_CHARS];
    getrandom::fill(&mut bytes).map_err(|error| format!("no random numbers: {error}"))?;
    let body: String = bytes.iter().map(|byte| letter(usize::from(*byte))).collect();
    let token = format!("{PREFIX}{body}{}", checksum(&body));
    let kept = hash(&token);
    Ok((token, kept))
}

fn letter(number: usize) -> char {
    char::from(ALPHABET[number % ALPHABET.len()])
}

fn checksum(body: &str) -> String {
    Sha256::digest(body.as_bytes()).iter().take(CHECK_CHARS).map(|byte| letter(usize::from(*byte))).collect()
}

/// Whether a text can be a token at all.
fn is_whole(token: &str) -> bool {
    let Some(rest) = token.strip_prefix(PREFIX).filter(|rest| rest.is_ascii()) else { return false };
    rest.len() == RANDOM_CHARS + CHECK_CHARS && checksum(&rest[..RANDOM_CHARS]) == rest[RANDOM_CHARS..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_carries_its_own_checksum() {
        let (token, kept) = new_token().unwrap();
        assert!(is_whole(&token), "{token}");
        assert_eq!(kept, hash(&token));
        assert!(!is_whole(&token[..token.len() - 1]));
        assert!(!is_whole(&format!("wk_{}", "a".repeat(38))));
        assert_ne!(token, new_token().unwrap().0);
    }
}
