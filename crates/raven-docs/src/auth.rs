//! Who is calling: credentials in, an actor out.
//!
//! Owns the recognition of people, runtimes and agents. Must not know what an actor may
//! do (see `access`) nor how credentials travel (see the doors).

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use raven_protocol::id::{AgentId, AgentKeyId, RuntimeId, SignInId, TokenId, UserId, WorkspaceId};
use raven_protocol::permission::Permission;
use raven_protocol::time::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, watch};

use crate::audit::{Actor, ActorKind};
use crate::db::{self, Db};
use crate::error::Error;
use crate::secrets::{self, Secrets};
use crate::settings::HostingMode;

mod again;
mod scope;

pub use scope::Scope;

/// How long a browser stays signed in.
pub const SIGN_IN_LIFETIME_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// How every agent's key begins.
pub const AGENT_KEY: &str = "raven_mcp_";

/// How every personal token begins.
pub const PERSONAL_TOKEN: &str = "raven_pat_";

/// The time of last use of a token or a cookie is written at most this often, so that reads do not become writes.
const TOUCH_EVERY_MS: i64 = 60 * 1000;

/// How often the key behind a call that waits is looked at again, beside when one ends here: another process may
/// have ended it, or its agent's end.
const LOOK_AT_KEYS_EVERY: Duration = Duration::from_secs(2);

/// What a person may do in a workspace; each includes those before it.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Viewer,
    Member,
    Admin,
    Owner,
}

impl Role {
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Member, Self::Admin, Self::Owner];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Member => "member",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }

    pub fn from_str_opt(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

/// A person or program by name, as others see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema, schemars::JsonSchema)]
pub struct Named {
    pub id: String,
    pub name: String,
}

/// A signed-in person in their workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub id: UserId,
    pub name: String,
    pub workspace: WorkspaceId,
    pub role: Role,
    /// What they called with; `None` when they did not call, but are looked at.
    pub credential: Option<Credential>,
}

/// What a person called with, by its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    SignIn(SignInId),
    Token(TokenId),
}

impl Person {
    pub fn named(&self) -> Named {
        Named { id: self.id.to_string(), name: self.name.clone() }
    }
}

/// By what a person was recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// A browser's cookie.
    Cookie(SignInId),
    /// A personal token, and its bounds.
    Token { most: Role, expires_at: Option<Timestamp> },
}

/// A runtime that proved to be that of a workspace. Only this file makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runtime {
    workspace: WorkspaceId,
    callback: Option<Callback>,
}

/// The spawn that a callback token is for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Callback {
    digest: String,
    runtime_id: Option<String>,
}

impl Runtime {
    pub fn workspace(&self) -> &WorkspaceId {
        &self.workspace
    }

    /// Whether it may speak for an agent: a callback token is for the agents of its own spawn only.
    pub fn may_speak_for(&self, agent: &db::agents::Model) -> bool {
        self.callback.as_ref().is_none_or(|own| own.digest == agent.callback_digest)
    }
}

impl Runtime {
    /// Whether it may speak as an installation: a callback token only as the one of its spawn.
    pub fn may_speak_as(&self, runtime: &RuntimeId) -> bool {
        let own = self.callback.as_ref().and_then(|callback| callback.runtime_id.as_deref());
        self.callback.is_none() || own == Some(runtime.as_str())
    }
}

/// An agent that proved who it is. Only this file makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentCaller {
    workspace: WorkspaceId,
    agent: AgentId,
    name: String,
    permissions: BTreeSet<Permission>,
    key: AgentKeyId,
}

impl AgentCaller {
    #[cfg(test)]
    pub fn example(workspace: WorkspaceId, agent: AgentId, permissions: BTreeSet<Permission>) -> Self {
        Self { workspace, agent, name: "Agent".into(), permissions, key: AgentKeyId::generate() }
    }

    pub fn workspace(&self) -> &WorkspaceId {
        &self.workspace
    }

    pub fn agent(&self) -> &AgentId {
        &self.agent
    }

    /// By which key it was recognised.
    pub fn key(&self) -> &AgentKeyId {
        &self.key
    }

    /// What it was granted when it called.
    pub fn permissions(&self) -> &BTreeSet<Permission> {
        &self.permissions
    }

    pub fn named(&self) -> Named {
        Named { id: self.agent.to_string(), name: self.name.clone() }
    }
}

/// The control plane outside that a workspace's settings name, which proved itself. Only this file makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlPlane {
    workspace: WorkspaceId,
    digest: String,
}

impl ControlPlane {
    #[cfg(test)]
    pub fn example(workspace: WorkspaceId) -> Self {
        Self { workspace, digest: String::new() }
    }

    pub fn named() -> Named {
        Named { id: "control_plane".to_owned(), name: "Control plane".to_owned() }
    }
}

/// Who calls: a person, an agent, or the control plane outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    Person(Person),
    Agent(AgentCaller),
    ControlPlane(ControlPlane),
}

impl Caller {
    pub fn workspace(&self) -> &WorkspaceId {
        match self {
            Self::Person(person) => &person.workspace,
            Self::Agent(agent) => &agent.workspace,
            Self::ControlPlane(plane) => &plane.workspace,
        }
    }

    pub fn named(&self) -> Named {
        match self {
            Self::Person(person) => person.named(),
            Self::Agent(agent) => agent.named(),
            Self::ControlPlane(_) => ControlPlane::named(),
        }
    }

    pub fn actor(&self) -> Actor {
        match self {
            Self::Person(person) => Actor::user(person.named()),
            Self::Agent(agent) => Actor::of(ActorKind::Agent, agent.named()),
            Self::ControlPlane(_) => Actor::of(ActorKind::ControlPlane, ControlPlane::named()),
        }
    }
}

/// The credentials that came with a call, not yet believed.
#[derive(Clone, Default)]
pub struct Credentials {
    pub cookie: Option<SecretString>,
    pub bearer: Option<SecretString>,
    pub caller: Option<IpAddr>,
}

/// Recognises callers.
#[derive(Clone)]
pub struct Auth {
    db: Db,
    secrets: Secrets,
    ended: Arc<Notify>,
    /// Told when the key of some agent ended.
    keys: watch::Sender<()>,
}

impl Auth {
    pub fn new(db: Db, secrets: Secrets) -> Self {
        Self { db, secrets, ended: Arc::default(), keys: watch::Sender::new(()) }
    }

    /// Says that some credential ended: who holds connections looks at theirs again.
    pub fn credential_ended(&self) {
        self.ended.notify_one();
    }

    /// Returns once some credential ended.
    pub async fn any_ended(&self) {
        self.ended.notified().await;
    }

    /// Says that the key of some agent ended: calls that wait look at theirs again.
    pub fn agent_key_ended(&self) {
        self.keys.send_replace(());
    }

    /// Hears of every key of an agent that ends here.
    pub fn keys_that_end(&self) -> watch::Receiver<()> {
        self.keys.subscribe()
    }

    /// Whether the key with which an agent called is still good.
    pub async fn is_key_good(&self, caller: &AgentCaller) -> Result<bool, Error> {
        Ok(db::agent_keys::is_good(self.db.read(), &caller.key).await?)
    }

    /// Returns once the key with which an agent called is not good any more: it was revoked or rotated, or the
    /// agent ended. Whatever lets an agent wait selects on this, so that no call outlives its right; the door of
    /// `/mcp` does for every call, so that a tool need not.
    pub async fn key_ended(&self, caller: &AgentCaller) {
        let mut ended = self.keys.subscribe();
        loop {
            match db::agent_keys::is_good(self.db.read(), &caller.key).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => tracing::warn!(%error, "an agent's key could not be looked at"),
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_AT_KEYS_EVERY) => {}
                _ = ended.changed() => {}
            }
        }
    }

    /// Whoever calls: an agent by its key, the control plane by its own, or a person by cookie or personal token.
    ///
    /// # Errors
    /// `Unauthenticated` or `UnknownAgentKey` when there is none, or it is not good any more.
    pub async fn caller(&self, credentials: &Credentials) -> Result<Caller, Error> {
        match &credentials.bearer {
            Some(bearer) if bearer.expose_secret().starts_with(AGENT_KEY) => {
                Ok(Caller::Agent(self.agent(credentials).await?))
            }
            Some(bearer) if !bearer.expose_secret().starts_with(PERSONAL_TOKEN) => {
                match self.control_plane(bearer).await? {
                    Some(plane) => Ok(Caller::ControlPlane(plane)),
                    None => Ok(Caller::Person(self.person(credentials).await?)),
                }
            }
            _ => Ok(Caller::Person(self.person(credentials).await?)),
        }
    }

    /// The control plane behind a key, where a workspace is hosted by one.
    async fn control_plane(&self, key: &SecretString) -> Result<Option<ControlPlane>, Error> {
        let digest = control_plane_key_digest(&self.secrets, key)?;
        let row = db::settings::by_control_plane_key(self.db.read(), &digest).await?;
        let hosted = row.filter(|row| row.hosting_mode == HostingMode::Parallax.as_str());
        hosted
            .map(|row| Ok(ControlPlane { workspace: WorkspaceId::parse(row.workspace_id)?, digest }))
            .transpose()
    }

    /// The person behind a cookie or a personal token.
    ///
    /// # Errors
    /// `Unauthenticated` when there is none, or it is not good any more.
    pub async fn person(&self, credentials: &Credentials) -> Result<Person, Error> {
        Ok(self.recognise(credentials).await?.0)
    }

    /// The same, and by what they were recognised.
    ///
    /// # Errors
    /// As [`Auth::person`].
    pub async fn recognise(&self, credentials: &Credentials) -> Result<(Person, Proof), Error> {
        match credentials {
            Credentials { bearer: Some(token), .. } => self.by_token(token).await,
            Credentials { cookie: Some(cookie), .. } => self.by_cookie(cookie).await,
            _ => Err(Error::Unauthenticated),
        }
    }

    async fn by_token(&self, token: &SecretString) -> Result<(Person, Proof), Error> {
        let digest = secrets::digest(token.expose_secret());
        let row = db::tokens::by_digest(self.db.read(), &digest).await?.ok_or(Error::Unauthenticated)?;
        let now = Timestamp::now();
        if row.expires_at.is_some_and(|at| at <= now.as_millis()) {
            return Err(Error::Unauthenticated);
        }
        if row.last_used_at.is_none_or(|at| now.as_millis() - at > TOUCH_EVERY_MS) {
            let tx = self.db.begin().await?;
            db::tokens::touch(&tx, &row.id, now).await?;
            tx.commit().await.map_err(anyhow::Error::from)?;
        }
        let most = Scope::most(&Scope::of_row(&row.scopes)?);
        let mut person = self.member(row.workspace_id.as_deref(), &row.user_id).await?;
        person.role = person.role.min(most);
        person.credential = Some(Credential::Token(TokenId::parse(row.id)?));
        Ok((person, Proof::Token { most, expires_at: row.expires_at.map(Timestamp::from_millis) }))
    }

    async fn by_cookie(&self, cookie: &SecretString) -> Result<(Person, Proof), Error> {
        let digest = secrets::digest(cookie.expose_secret());
        let now = Timestamp::now();
        let row = db::sign_ins::find(self.db.read(), &digest, now).await?.ok_or(Error::Unauthenticated)?;
        if now.as_millis() - row.last_seen_at > TOUCH_EVERY_MS {
            let tx = self.db.begin().await?;
            db::sign_ins::touch(&tx, &row.id, now).await?;
            tx.commit().await.map_err(anyhow::Error::from)?;
        }
        let mut person = self.member(row.workspace_id.as_deref(), &row.user_id).await?;
        let id = SignInId::parse(row.id)?;
        person.credential = Some(Credential::SignIn(id.clone()));
        Ok((person, Proof::Cookie(id)))
    }

    async fn member(&self, workspace: Option<&str>, user: &str) -> Result<Person, Error> {
        let workspace = workspace.ok_or(Error::Unauthenticated)?;
        member(&self.db, workspace, user).await?.ok_or(Error::Unauthenticated)
    }

    /// A person as they are in a workspace now, whatever they were when they called; `None` when they left it.
    pub async fn person_now(
        db: &impl db::ConnectionTrait,
        workspace: &WorkspaceId,
        user: &str,
    ) -> Result<Option<Person>, Error> {
        let found = (db::users::find(db, user).await?, db::memberships::role_in(db, workspace, user).await?);
        let (Some(user), Some(role)) = found else { return Ok(None) };
        let Some(role) = Role::from_str_opt(&role) else { return Ok(None) };
        Ok(Some(Person {
            id: UserId::parse(user.id)?,
            name: user.name,
            workspace: workspace.clone(),
            role,
            credential: None,
        }))
    }

    /// An agent as it is now, whatever it was when it called; `None` when it has no key any more.
    pub async fn agent_now(
        &self,
        workspace: &WorkspaceId,
        id: &AgentId,
    ) -> Result<Option<AgentCaller>, Error> {
        let Some(key) = db::agent_keys::good_of(self.db.read(), id).await? else { return Ok(None) };
        let Some(row) = db::agents::find(self.db.read(), workspace, id).await? else { return Ok(None) };
        let permissions = serde_json::from_str(&row.permissions).map_err(anyhow::Error::from)?;
        let (workspace, agent) = (workspace.clone(), id.clone());
        let key = AgentKeyId::parse(key.id)?;
        Ok(Some(AgentCaller { workspace, agent, name: row.name, permissions, key }))
    }

    /// The agent behind a key that was given to it when it was spawned.
    ///
    /// # Errors
    /// `UnknownAgentKey` when there is none, or its agent has ended.
    pub async fn agent(&self, credentials: &Credentials) -> Result<AgentCaller, Error> {
        let key = credentials.bearer.as_ref().ok_or(Error::UnknownAgentKey)?;
        let digest = secrets::digest(key.expose_secret());
        let row = db::agent_keys::good(self.db.read(), &digest).await?.ok_or(Error::UnknownAgentKey)?;
        let now = Timestamp::now();
        if row.last_used_at.is_none_or(|at| now.as_millis() - at > TOUCH_EVERY_MS) {
            let tx = self.db.begin().await?;
            db::agent_keys::touch(&tx, &row.id, now).await?;
            tx.commit().await.map_err(anyhow::Error::from)?;
        }
        let (workspace, id) = (WorkspaceId::parse(row.workspace_id)?, AgentId::parse(row.agent_id)?);
        let agent = db::agents::find(self.db.read(), &workspace, &id).await?.ok_or(Error::UnknownAgentKey)?;
        let permissions = serde_json::from_str(&agent.permissions).map_err(anyhow::Error::from)?;
        let key = AgentKeyId::parse(row.id)?;
        Ok(AgentCaller { workspace, agent: id, name: agent.name, permissions, key })
    }

    /// The runtime behind a call for a workspace: it holds the runtime's key, or the callback token
    /// of one of its spawns; or the workspace asks for no authentication and both the caller and
    /// the runtime's address are on this machine.
    ///
    /// # Errors
    /// `Unauthenticated` otherwise.
    pub async fn runtime(
        &self,
        credentials: &Credentials,
        workspace: &WorkspaceId,
    ) -> Result<Runtime, Error> {
        if let Some(bearer) = &credentials.bearer {
            let known = self.runtimes_of(bearer).await?;
            return known
                .into_iter()
                .find(|known| known.workspace == *workspace)
                .ok_or(Error::Unauthenticated);
        }
        let settings = db::settings::find(self.db.read(), workspace).await?.ok_or(Error::Unauthenticated)?;
        let open = settings.runtime_auth_type == "none"
            && settings.runtime_endpoint.as_deref().is_some_and(is_loopback_address)
            && credentials.caller.is_some_and(|ip| ip.to_canonical().is_loopback());
        if open {
            Ok(Runtime { workspace: workspace.clone(), callback: None })
        } else {
            Err(Error::Unauthenticated)
        }
    }

    /// Every workspace that a bearer speaks for as a runtime.
    pub async fn runtimes_of(&self, bearer: &SecretString) -> Result<Vec<Runtime>, Error> {
        let callback = secrets::digest(bearer.expose_secret());
        if let Some(agent) = db::agents::by_callback_digest(self.db.read(), &callback).await? {
            let workspace = WorkspaceId::parse(agent.workspace_id)?;
            return Ok(vec![Runtime {
                workspace,
                callback: Some(Callback { digest: callback, runtime_id: agent.runtime_id }),
            }]);
        }
        // Whoever runs a workspace's agents tells of them.
        if let Some(plane) = self.control_plane(bearer).await? {
            return Ok(vec![Runtime { workspace: plane.workspace, callback: None }]);
        }
        let digest = runtime_key_digest(&self.secrets, bearer)?;
        let rows = db::settings::by_key_digest(self.db.read(), &digest).await?;
        rows.into_iter()
            .filter(|row| row.runtime_auth_type == "api_key")
            .map(|row| Ok(Runtime { workspace: WorkspaceId::parse(row.workspace_id)?, callback: None }))
            .collect()
    }
}

/// A person as a member of a workspace; `None` when they are none.
pub async fn member(db: &Db, workspace: &str, user: &str) -> Result<Option<Person>, Error> {
    let found =
        (db::users::find(db.read(), user).await?, db::memberships::find(db.read(), workspace, user).await?);
    let (Some(user), Some(membership)) = found else { return Ok(None) };
    let Some(role) = Role::from_str_opt(&membership.role) else { return Ok(None) };
    let workspace = WorkspaceId::parse(membership.workspace_id)?;
    Ok(Some(Person { id: UserId::parse(user.id)?, name: user.name, workspace, role, credential: None }))
}

/// The digest under which a runtime's key is recognised.
pub fn runtime_key_digest(secrets: &Secrets, key: &SecretString) -> Result<String, Error> {
    Ok(secrets.keyed_digest("runtime key", key.expose_secret())?)
}

/// The digest under which a control plane's key is recognised.
pub fn control_plane_key_digest(secrets: &Secrets, key: &SecretString) -> Result<String, Error> {
    Ok(secrets.keyed_digest("control plane key", key.expose_secret())?)
}

/// Whether an address names this machine's loopback interface.
pub fn is_loopback_address(address: &str) -> bool {
    let Ok(url) = url::Url::parse(address) else { return false };
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}
