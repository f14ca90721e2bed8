//! What a workspace's runtime can start: its kinds of agents, their installation, its provider keys.
//!
//! Keys pass through to the runtime and are neither kept nor told here. Must not know rows.

use raven_protocol::agent::AgentType;
use raven_protocol::kind::{AgentTypeStatus, Provider, ProviderKey, SetKey};
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::Runtimes;
use crate::access::{Administer, Granted, Read};
use crate::activity::{self, About, ActivityKind};
use crate::audit::{Action, Entry, Outcome, Target};
use crate::error::{Error, RuntimeFailure};

/// Shortest and longest provider key, in bytes; as the runtime's.
const KEY_LENGTH: std::ops::RangeInclusive<usize> = 8..=512;

/// Something that a runtime is asked to do.
struct Deed {
    action: Action,
    target: Target,
    /// How the feed tells of it.
    told: String,
}

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
        let deed = Deed {
            action: Action::RuntimeInstall,
            target: Target::new("agent type", kind.as_str()),
            told: format!("{kind} is being installed on the runtime"),
        };
        let work = async { client.install(kind).await.map_err(|failure| failure.passed_on("agent type")) };
        self.on_record(by, deed, work).await
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
        let deed = Deed {
            action: Action::RuntimeKeySet,
            target: Target::new("provider key", provider.to_string()),
            told: format!("{provider} key given to the runtime"),
        };
        let work = async {
            client.set_key(provider, key).await.map_err(|failure| failure.passed_on("provider key"))
        };
        self.on_record(by, deed, work).await
    }

    /// Takes a provider's key from the runtime.
    pub async fn remove_key(&self, by: &Granted<Administer>, provider: Provider) -> Result<(), Error> {
        let client = self.client(by.workspace()).await?;
        let deed = Deed {
            action: Action::RuntimeKeyRemove,
            target: Target::new("provider key", provider.to_string()),
            told: format!("{provider} key removed from the runtime"),
        };
        let work =
            async { client.remove_key(provider).await.map_err(|failure| failure.passed_on("provider key")) };
        self.on_record(by, deed, work).await
    }

    /// Has the runtime do something, with an entry before and one after, so that nothing is done unrecorded.
    async fn on_record<T>(
        &self,
        by: &Granted<Administer>,
        deed: Deed,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let workspace = by.workspace();
        let entry =
            |outcome: Outcome| Entry::new(by.actor(), deed.action, deed.target.clone()).outcome(outcome);
        let mut change = self.changes.begin_for(by).await?;
        change.audit(workspace, entry(Outcome::Begun)).await?;
        change.commit().await?;
        let done = work.await;
        let mut change = self.changes.begin().await?;
        match &done {
            Ok(_) => {
                change.audit(workspace, entry(Outcome::Done)).await?;
                let about = About { actor: Some(by.by()), detail: Some(deed.told), ..About::default() };
                activity::record(&mut change, workspace, ActivityKind::SettingsChanged, about).await?;
            }
            Err(error) => {
                let failed = entry(Outcome::Failed).after(json!({ "code": error.code() }));
                change.audit(workspace, failed).await?;
            }
        }
        change.commit().await?;
        done
    }
}
