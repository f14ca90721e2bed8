//! The audit log: who did what to what, when and from where, for auditors.
//!
//! Owns what an entry says. An entry is written in the change that it records (see [`Change::audit`]), so that
//! neither is there without the other. Must not know what the actions do.

use raven_protocol::id::WorkspaceId;
use raven_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::auth::Named;
use crate::db::audit as rows;
use crate::error::Error;
use crate::events::Change;
use crate::origin::Origin;

mod action;
pub mod chain;
pub mod checkpoint;
mod deliver;
pub mod examine;
pub mod export;
pub mod keeper;
mod keeping;
pub mod log;
pub mod refusals;
pub mod verify;

pub use action::Action;
pub use deliver::{Places, read as read_checkpoints};

/// What kind of caller did something.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum ActorKind {
    User,
    Agent,
    Runtime,
    /// The control plane outside that assigns work.
    #[serde(rename = "control_plane")]
    ControlPlane,
    /// Whoever runs `raven-docs` commands on the server.
    Operator,
    /// The server by itself: deadlines, retention.
    System,
    /// Nobody that is known, such as whoever failed to sign in.
    Anonymous,
}

impl ActorKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Agent => "agent",
            Self::Runtime => "runtime",
            Self::ControlPlane => "control_plane",
            Self::Operator => "operator",
            Self::System => "system",
            Self::Anonymous => "anonymous",
        }
    }

    /// What a row spells that is not known was written by a newer version, or is not what was written.
    pub fn from_row(text: &str) -> Self {
        let all = [Self::User, Self::Agent, Self::Runtime, Self::ControlPlane, Self::Operator, Self::System];
        all.into_iter().find(|kind| kind.as_str() == text).unwrap_or(Self::Anonymous)
    }
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema, schemars::JsonSchema)]
#[schema(as = AuditActor)]
pub struct Actor {
    pub kind: ActorKind,
    pub id: String,
    pub name: String,
}

impl Actor {
    pub fn of(kind: ActorKind, named: Named) -> Self {
        Self { kind, id: named.id, name: named.name }
    }

    pub fn user(named: Named) -> Self {
        Self::of(ActorKind::User, named)
    }

    /// Who it was by what a row has of them.
    pub fn from_row(kind: &str, id: String, name: String) -> Self {
        Self { kind: ActorKind::from_row(kind), id, name }
    }

    /// A runtime, by what it told of itself.
    pub fn runtime(id: Option<&str>) -> Self {
        let id = id.unwrap_or("runtime").to_owned();
        Self { kind: ActorKind::Runtime, id, name: "runtime".to_owned() }
    }

    /// What is done by nobody's call.
    pub fn system() -> Self {
        Self::named_after(ActorKind::System)
    }

    /// What is done on the server's own command line.
    pub fn operator() -> Self {
        Self::named_after(ActorKind::Operator)
    }

    /// Somebody who did not prove who they are.
    pub fn anonymous() -> Self {
        Self::named_after(ActorKind::Anonymous)
    }

    fn named_after(kind: ActorKind) -> Self {
        Self { kind, id: kind.as_str().to_owned(), name: kind.as_str().to_owned() }
    }
}

/// What something was done to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = AuditTarget)]
pub struct Target {
    /// A noun of the API, such as `agent` or `token`.
    pub kind: String,
    pub id: String,
    pub name: Option<String>,
}

impl Target {
    pub fn new(kind: &'static str, id: impl Into<String>) -> Self {
        Self { kind: kind.to_owned(), id: id.into(), name: None }
    }

    pub fn named(kind: &'static str, named: &Named) -> Self {
        Self { kind: kind.to_owned(), id: named.id.clone(), name: Some(named.name.clone()) }
    }
}

/// How it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = AuditOutcome)]
pub enum Outcome {
    /// It was asked for outside of this database; an entry with the same request tells how it went.
    Begun,
    Done,
    /// The caller was not allowed to.
    Refused,
    /// It was allowed, and did not work.
    Failed,
}

impl Outcome {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }

    fn from_row(text: &str) -> Self {
        let all = [Self::Begun, Self::Done, Self::Refused];
        all.into_iter().find(|outcome| outcome.as_str() == text).unwrap_or(Self::Failed)
    }
}

/// What is to be recorded. Never holds a secret: `before` and `after` say which, by id or fingerprint.
#[derive(Debug, Clone)]
pub struct Entry {
    pub actor: Actor,
    pub action: Action,
    pub target: Target,
    /// The agent that it concerns, when it is not the target.
    pub agent_id: Option<String>,
    pub before: Option<Value>,
    pub after: Option<Value>,
    pub outcome: Outcome,
}

impl Entry {
    /// Something that was done.
    pub fn new(actor: Actor, action: Action, target: Target) -> Self {
        Self { actor, action, target, agent_id: None, before: None, after: None, outcome: Outcome::Done }
    }

    pub fn agent(self, id: impl Into<String>) -> Self {
        Self { agent_id: Some(id.into()), ..self }
    }

    pub fn before(self, value: Value) -> Self {
        Self { before: Some(value), ..self }
    }

    pub fn after(self, value: Value) -> Self {
        Self { after: Some(value), ..self }
    }

    pub fn outcome(self, outcome: Outcome) -> Self {
        Self { outcome, ..self }
    }

    fn into_row(self, chain: &str) -> rows::Model {
        let origin = Origin::current();
        let of_agent = (self.target.kind == "agent").then(|| self.target.id.clone());
        let detail = json!({ "before": self.before, "after": self.after }).to_string();
        rows::Model {
            chain: chain.to_owned(),
            seq: 0,
            at: Timestamp::now().as_millis(),
            actor_kind: self.actor.kind.as_str().to_owned(),
            actor_id: self.actor.id,
            actor_name: self.actor.name,
            action: self.action.as_str().to_owned(),
            target_kind: self.target.kind,
            target_id: self.target.id,
            target_name: self.target.name,
            agent_id: self.agent_id.or(of_agent),
            outcome: self.outcome.as_str().to_owned(),
            request_id: origin.request_id,
            address: origin.address.map(|address| address.to_string()),
            detail: Some(detail),
            detail_digest: String::new(),
            link: String::new(),
        }
    }
}

/// The chain of what belongs to no workspace: accounts, failed sign-ins, keys.
pub const SERVER: &str = "server";

impl Change {
    /// Records something in its workspace's audit log, as part of this change. That a chain begins is told in the
    /// server's own, so that one that is removed is missed.
    pub async fn audit(&mut self, workspace: &WorkspaceId, entry: Entry) -> Result<(), Error> {
        if rows::head(self.tx(), workspace.as_str()).await?.is_none() {
            let target = Target::new("audit", workspace.as_str());
            self.audit_server(Entry::new(Actor::system(), Action::AuditBegin, target)).await?;
        }
        self.chains().append(self.tx(), entry.into_row(workspace.as_str())).await
    }

    /// Records something of the server itself.
    pub async fn audit_server(&mut self, entry: Entry) -> Result<(), Error> {
        self.chains().append(self.tx(), entry.into_row(SERVER)).await
    }
}
