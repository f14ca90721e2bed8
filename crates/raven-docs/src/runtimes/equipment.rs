//! What a workspace's runtime can start: its kinds of agents, their installation, its provider keys.
//!
//! Keys pass through to the runtime and are neither kept nor told here. Must not know rows.

use raven_protocol::agent::AgentType;
use raven_protocol::kind::{AgentTypeStatus, Provider, ProviderKey, SetKey};
use secrecy::ExposeSecret as _;

use super::Runtimes;
use crate::access::{Administer, Granted, Read};
use crate::activity::{self, About, ActivityKind};
use crate::error::{Error, RuntimeFailure};

/// Shortest and longest provider key, in bytes; as the runtime's.
const KEY_LENGTH: std::ops::RangeInclusive<usize> = 8..=512;

impl Runtimes {
    /// The kinds of agents that the workspace's runtime knows.
    pub async fn types(&self, by: &Granted<Read>) -> Result<Vec<AgentTypeStatus>, Error> {
        let client = self.client(by.workspace()).await?;
        match client.types().await {
            Ok(types) => Ok(types.items),
            // Runtimes that are older tell them with their health only.
            Err(RuntimeFailure::Refused { status: 404, .. }) => {
                Ok(client.health().await?.0.agent_types.unwrap_or_default())
            }
            Err(failure) => Err(failure.into()),
        }
    }

    /// Has the runtime install a kind of agent for itself.
    pub async fn install(
        &self,
        by: &Granted<Administer>,
        kind: &AgentType,
    ) -> Result<AgentTypeStatus, Error> {
        let client = self.client(by.workspace()).await?;
        let status = client.install(kind).await.map_err(|failure| failure.passed_on("agent type"))?;
        self.note(by, format!("{kind} is being installed on the runtime")).await?;
        Ok(status)
    }

    /// The provider keys that the runtime holds, without the keys themselves.
    pub async fn keys(&self, by: &Granted<Administer>) -> Result<Vec<ProviderKey>, Error> {
        let client = self.client(by.workspace()).await?;
        Ok(client.keys().await.map_err(|failure| failure.passed_on("provider key"))?.items)
    }

    /// Gives the runtime a provider's key.
    pub async fn set_key(
        &self,
        by: &Granted<Administer>,
        provider: Provider,
        key: &SetKey,
    ) -> Result<ProviderKey, Error> {
        let text = key.key.expose_secret();
        if !KEY_LENGTH.contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            let (least, most) = (KEY_LENGTH.start(), KEY_LENGTH.end());
            let why = format!("must be {least} to {most} printable ASCII characters without spaces");
            return Err(Error::invalid("key", why));
        }
        let client = self.client(by.workspace()).await?;
        let held =
            client.set_key(provider, key).await.map_err(|failure| failure.passed_on("provider key"))?;
        self.note(by, format!("{provider} key given to the runtime")).await?;
        Ok(held)
    }

    /// Takes a provider's key from the runtime.
    pub async fn remove_key(&self, by: &Granted<Administer>, provider: Provider) -> Result<(), Error> {
        let client = self.client(by.workspace()).await?;
        client.remove_key(provider).await.map_err(|failure| failure.passed_on("provider key"))?;
        self.note(by, format!("{provider} key removed from the runtime")).await
    }

    async fn note(&self, by: &Granted<Administer>, detail: String) -> Result<(), Error> {
        let mut change = self.changes.begin().await?;
        let about = About { actor: Some(by.by()), detail: Some(detail), ..About::default() };
        activity::record(&mut change, by.workspace(), ActivityKind::SettingsChanged, about).await?;
        change.commit().await
    }
}
