//! What a personal token may be used for: words that bound the role that it gives.
//!
//! Owns the words. Must not know who has which token.

use serde::{Deserialize, Serialize};

use super::Role;
use crate::error::Error;

/// What a token may be used for; each includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// What a viewer may.
    Read,
    /// What a member may.
    Drive,
    /// What an admin may.
    Admin,
    /// Whatever its person may.
    Owner,
}

impl Scope {
    /// The role that it bounds a token to.
    pub fn role(self) -> Role {
        match self {
            Self::Read => Role::Viewer,
            Self::Drive => Role::Member,
            Self::Admin => Role::Admin,
            Self::Owner => Role::Owner,
        }
    }

    /// The scope that stops at a role.
    pub fn up_to(role: Role) -> Self {
        match role {
            Role::Viewer => Self::Read,
            Role::Member => Self::Drive,
            Role::Admin => Self::Admin,
            Role::Owner => Self::Owner,
        }
    }

    /// The scopes of a row.
    pub fn of_row(text: &str) -> Result<Vec<Self>, Error> {
        Ok(serde_json::from_str(text).map_err(anyhow::Error::from)?)
    }

    /// The most that any of them allows; the least there is for none.
    pub fn most(scopes: &[Self]) -> Role {
        scopes.iter().max().map_or(Role::Viewer, |scope| scope.role())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strongest_word_counts() {
        for (words, most) in [
            ("[]", Role::Viewer),
            (r#"["read"]"#, Role::Viewer),
            (r#"["drive","read"]"#, Role::Member),
            (r#"["admin"]"#, Role::Admin),
            (r#"["read","owner"]"#, Role::Owner),
        ] {
            assert_eq!(Scope::most(&Scope::of_row(words).unwrap()), most, "{words}");
        }
        assert!(Scope::of_row(r#"["everything"]"#).is_err());
        for role in Role::ALL {
            assert_eq!(Scope::up_to(role).role(), role);
        }
    }
}
