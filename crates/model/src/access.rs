//! Who may do what on the web page and the API.

use std::{collections::BTreeMap, fmt, net::IpAddr, time::Duration};

use serde::{Deserialize, Serialize};

use crate::Secret;

/// What a visitor may. Approving is no role: it takes membership in the step's team.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Machines: ask gates, nothing else.
    Gates,
    /// Read everything.
    Viewer,
    /// Acknowledge, resolve, settle, start; pause and open, hold and release, silence.
    Responder,
    /// All of that, and tokens, reloads, baselines and drills.
    Admin,
}

impl Role {
    /// Every role, the one that may least first.
    pub const ALL: [Self; 4] = [Self::Gates, Self::Viewer, Self::Responder, Self::Admin];

    /// The word used in TOML, JSON and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gates => "gates",
            Self::Viewer => "viewer",
            Self::Responder => "responder",
            Self::Admin => "admin",
        }
    }

    /// Whether it may what `needed` may.
    pub fn includes(self, needed: Self) -> bool {
        match (self, needed) {
            (Self::Admin, _) | (_, Self::Gates) => true,
            (Self::Responder, needed) => needed != Self::Admin,
            (Self::Viewer, needed) => needed == Self::Viewer,
            (Self::Gates, _) => false,
        }
    }

    /// The role of this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The web page and the API: under which name, and for whom.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Web {
    /// Where people reach it, without a slash at the end; for links in messages, and the one name it answers to besides
    /// this machine's own.
    #[serde(default)]
    pub url: Option<String>,
    /// Who is let in.
    pub access: Access,
    /// Whether gates may be asked without a token.
    pub gates_are_public: bool,
    /// How long a browser stays signed on.
    pub session: Duration,
    /// Sign-on by an OpenID Connect provider.
    #[serde(default)]
    pub oidc: Option<Oidc>,
    /// Sign-on by a proxy before us, which says who it is.
    #[serde(default)]
    pub proxy: Option<Proxy>,
}

/// Who is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// Everybody on this machine, as responder; who acts types a name.
    Open,
    /// Who has a token, or is signed on.
    Tokens,
}

/// An OpenID Connect provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Oidc {
    /// Its issuer's URL.
    pub issuer: String,
    /// Our id there.
    pub client: String,
    /// Our secret there.
    pub secret: Option<Secret>,
    /// The claim that holds a person's groups.
    pub groups: String,
    /// The role of each group.
    pub roles: BTreeMap<String, Role>,
}

/// A proxy that signs people on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proxy {
    /// Its addresses; a request with its headers from elsewhere is refused.
    pub from: Vec<IpAddr>,
    /// The header with a person's name or mailbox.
    pub user: String,
    /// The header with their groups, separated by commas.
    pub groups: Option<String>,
    /// The role of each group; without `groups`, everybody has the role of `*`.
    pub roles: BTreeMap<String, Role>,
}

impl Web {
    /// How long a browser stays signed on unless the configuration says otherwise.
    pub const SESSION: Duration = Duration::from_secs(12 * 3600);

    /// Whether a visitor has to prove who they are.
    pub fn is_closed(&self) -> bool {
        self.access == Access::Tokens || self.oidc.is_some() || self.proxy.is_some()
    }
}

impl Default for Web {
    fn default() -> Self {
        Self {
            url: None,
            access: Access::Open,
            gates_are_public: false,
            session: Self::SESSION,
            oidc: None,
            proxy: None,
        }
    }
}

/// The greatest of the roles of a person's groups.
pub fn role_of_groups<'a>(groups: impl IntoIterator<Item = &'a str>, roles: &BTreeMap<String, Role>) -> Option<Role> {
    let found = groups.into_iter().chain(["*"]).filter_map(|group| roles.get(group)).copied();
    found.reduce(|best, role| if role.includes(best) { role } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_includes_those_that_may_less() {
        let may = |role: Role| Role::ALL.map(|needed| role.includes(needed));
        assert_eq!(may(Role::Gates), [true, false, false, false]);
        assert_eq!(may(Role::Viewer), [true, true, false, false]);
        assert_eq!(may(Role::Responder), [true, true, true, false]);
        assert_eq!(may(Role::Admin), [true, true, true, true]);
    }

    #[test]
    fn of_several_groups_the_greatest_role_counts() {
        let roles = [("ml".to_owned(), Role::Responder), ("leads".to_owned(), Role::Admin)].into();
        assert_eq!(role_of_groups(["ml", "leads", "all"], &roles), Some(Role::Admin));
        assert_eq!(role_of_groups(["ml"], &roles), Some(Role::Responder));
        assert_eq!(role_of_groups(["others"], &roles), None);
        assert_eq!(role_of_groups([], &[("*".to_owned(), Role::Viewer)].into()), Some(Role::Viewer));
    }
}
