//! Numbers that nobody can guess.

use std::fmt::Write as _;

use crate::problem::Problem;

/// 160 bits as 40 hex digits.
pub(crate) fn random() -> Result<String, Problem> {
    let mut bytes = [0_u8; 20];
    getrandom::fill(&mut bytes).map_err(|error| Problem::broken(format!("no random numbers: {error}")))?;
    Ok(hex(&bytes))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
