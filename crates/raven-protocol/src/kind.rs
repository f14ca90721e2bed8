//! Kinds of agents on one runtime's machine, and the provider keys that it has.
//!
//! Owns their shape. Must not know what a kind is made of, nor any key itself.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::agent::AgentType;
use crate::time::Timestamp;

/// A kind of agent on one runtime's machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AgentTypeStatus {
    /// Its name, as a spawn gives it.
    #[serde(rename = "type")]
    pub agent_type: AgentType,
    /// Its name for people.
    #[serde(default)]
    pub title: String,
    /// Whether it can be started.
    pub installed: bool,
    /// Its version, where its program tells one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Whether its program is being asked for its version just now.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub version_pending: bool,
    /// Whether what is known of its screens and signals was tested with this version.
    #[serde(default)]
    pub tested: bool,
    /// The program that would be started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The command that installs it, when it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub install: Option<String>,
    /// The version that the runtime can install by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub installable: Option<String>,
    /// An installation under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub installing: Option<Installing>,
    /// Why the last installation failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub install_error: Option<String>,
    /// Whether a new agent of it would have a key or a login.
    #[serde(default)]
    pub credential: Credential,
    /// Providers whose keys it takes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub providers: Vec<Provider>,
    /// Those of them whose keys the runtime has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<Provider>,
    /// Whether it can be given its control plane's MCP server.
    #[serde(default)]
    pub mcp: bool,
}

/// An installation under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Installing {
    /// The version that is installed.
    pub version: String,
    /// When it began.
    pub started_at: Timestamp,
    /// The last line that it printed.
    pub line: String,
}

/// What a new agent of a kind would have to work with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Credential {
    /// A provider key of this runtime.
    Key,
    /// A login that is kept on this runtime.
    Login,
    /// Nothing: it will ask for a login.
    Missing,
    /// It needs none, or what it needs is not known.
    #[default]
    NotNeeded,
}

/// Answer of `GET /api/types`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AgentTypes {
    /// Every kind that the runtime knows.
    pub items: Vec<AgentTypeStatus>,
}

/// A provider of models whose key a runtime can hold.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// Anthropic.
    Anthropic,
    /// OpenAI.
    Openai,
    /// Google's Gemini.
    Gemini,
    /// OpenRouter.
    Openrouter,
}

impl Provider {
    /// Every provider.
    pub const ALL: [Self; 4] = [Self::Anthropic, Self::Openai, Self::Gemini, Self::Openrouter];

    /// The provider as it is spelled on every surface.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Anthropic => "anthropic",
            Self::Openai => "openai",
            Self::Gemini => "gemini",
            Self::Openrouter => "openrouter",
        }
    }

    /// Reads the spelling of [`Self::as_str`]; `None` for anything else.
    #[must_use]
    pub fn from_str_opt(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|provider| provider.as_str() == text)
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A provider key that a runtime holds; never the key itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProviderKey {
    /// Whose key.
    pub provider: Provider,
    /// Its last characters, when it is long enough to show some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// Where it came from.
    pub source: KeySource,
}

/// Where a runtime has a provider key from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeySource {
    /// From its start: flag, environment or file. It cannot be changed while it runs.
    Start,
    /// From a call.
    Api,
}

/// Answer of `GET /api/keys`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ProviderKeys {
    /// The keys that the runtime holds.
    pub items: Vec<ProviderKey>,
}

/// Body of `PUT /api/keys/{provider}`.
#[derive(Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetKey {
    /// The key: 8 to 512 printable ASCII characters without spaces.
    #[serde(serialize_with = "expose_key")]
    #[schema(value_type = String, min_length = 8, max_length = 512)]
    pub key: secrecy::SecretString,
}

fn expose_key<S: serde::Serializer>(key: &secrecy::SecretString, to: S) -> Result<S::Ok, S::Error> {
    use secrecy::ExposeSecret as _;
    to.serialize_str(key.expose_secret())
}
