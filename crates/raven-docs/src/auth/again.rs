//! A caller as they are now, whatever they were when they called.
//!
//! Owns the second look at a credential and at what stands behind it. Must not know for what one looks again.

use raven_protocol::time::Timestamp;

use super::{AgentCaller, Auth, Caller, ControlPlane, Credential, Person};
use crate::db::{self, ConnectionTrait};
use crate::error::Error;
use crate::settings::HostingMode;

impl Caller {
    /// The same caller, as the database has them now.
    ///
    /// # Errors
    /// `Unauthenticated` or `UnknownAgentKey` when what they called with is not good any more, or they have left.
    pub async fn now(&self, db: &impl ConnectionTrait) -> Result<Self, Error> {
        match self {
            Self::Person(person) => Ok(Self::Person(person.now(db).await?)),
            Self::Agent(agent) => Ok(Self::Agent(agent.now(db).await?)),
            Self::ControlPlane(plane) => Ok(Self::ControlPlane(plane.now(db).await?)),
        }
    }
}

impl Person {
    async fn now(&self, db: &impl ConnectionTrait) -> Result<Self, Error> {
        let at = Timestamp::now();
        let good = match &self.credential {
            None => true,
            Some(Credential::SignIn(id)) => db::sign_ins::is_good(db, id, at).await?,
            Some(Credential::Token(id)) => db::tokens::is_good(db, id, at).await?,
        };
        let now = Auth::person_now(db, &self.workspace, self.id.as_str()).await?;
        let now = now.filter(|_| good).ok_or(Error::Unauthenticated)?;
        // A token may be for less than its person's role.
        Ok(Self { role: now.role.min(self.role), name: now.name, ..self.clone() })
    }
}

impl AgentCaller {
    async fn now(&self, db: &impl ConnectionTrait) -> Result<Self, Error> {
        if !db::agent_keys::is_good(db, &self.key).await? {
            return Err(Error::UnknownAgentKey);
        }
        let row = db::agents::find(db, &self.workspace, &self.agent).await?.ok_or(Error::UnknownAgentKey)?;
        let permissions = serde_json::from_str(&row.permissions).map_err(anyhow::Error::from)?;
        Ok(Self { permissions, name: row.name, ..self.clone() })
    }
}

impl ControlPlane {
    async fn now(&self, db: &impl ConnectionTrait) -> Result<Self, Error> {
        let row = db::settings::by_control_plane_key(db, &self.digest).await?;
        let hosted = row.is_some_and(|row| {
            row.hosting_mode == HostingMode::Parallax.as_str() && row.workspace_id == self.workspace.as_str()
        });
        if hosted { Ok(self.clone()) } else { Err(Error::Unauthenticated) }
    }
}
