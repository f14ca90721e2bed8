//! Who of the agents is let in, and with which permissions: decided by admins, once.
//!
//! Owns what is kept of requests and decisions, and an agent's permissions and key. Must not know how an outside
//! agent asks (see `requests`, `invites`), nor what a revocation ends (see `revocation`).

use std::collections::BTreeSet;

use raven_protocol::agent::AgentStatus;
use raven_protocol::id::{AgentId, WorkspaceId};
use raven_protocol::permission::Permission;
use raven_protocol::time::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Agent, Agents, named, rows, view};
use crate::access::{Administer, Granted, Read};
use crate::activity::{self, About, ActivityKind};
use crate::audit::{Action, Entry, Target};
use crate::auth::{AGENT_KEY, Named};
use crate::db;
use crate::error::{Conflict, Error};
use crate::events::{Change, WorkspaceEvent};
use crate::page::{Page, PageQuery};
use crate::parallax::{self, Decided};
use crate::secrets;
use crate::terminals::Terminals;

/// Longest reason of a decision, in characters: some sentences.
pub(super) const MAX_REASON: usize = 500;

/// Where an agent runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum AgentOrigin {
    /// At a runtime of the workspace.
    Spawned,
    /// Elsewhere: nothing is known of its process.
    External,
}

/// Whether an agent is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// It asked, and nobody has decided.
    Pending,
    Approved,
    Denied,
    Revoked,
}

impl AgentOrigin {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Spawned => rows::SPAWNED,
            Self::External => "external",
        }
    }

    pub(super) fn of(row: &rows::Model) -> Self {
        if row.origin == rows::SPAWNED { Self::Spawned } else { Self::External }
    }
}

impl Access {
    const ALL: [Self; 4] = [Self::Pending, Self::Approved, Self::Denied, Self::Revoked];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Revoked => "revoked",
        }
    }

    /// A state that is not known lets nobody in.
    pub(super) fn of(row: &rows::Model) -> Self {
        Self::ALL.into_iter().find(|access| access.as_str() == row.access).unwrap_or(Self::Revoked)
    }

    /// What an outside agent's status is said to be.
    pub(super) fn status(self) -> AgentStatus {
        match self {
            Self::Pending => AgentStatus::Waiting,
            Self::Approved => AgentStatus::Ready,
            Self::Denied | Self::Revoked => AgentStatus::Stopped,
        }
    }
}

/// Who decided of an agent's access, and why.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccessDecision {
    pub access: Access,
    pub by: Named,
    pub at: Timestamp,
    pub reason: Option<String>,
}

/// What is kept of how an agent came to be let in, beside its row's columns.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Admission {
    pub description: Option<String>,
    pub avatar_url: Option<String>,
    pub request: Option<Asked>,
    pub decision: Option<AccessDecision>,
    /// The invite by which it came.
    pub invite: Option<Named>,
}

/// What an outside agent asked for.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Asked {
    pub request_id: String,
    pub at: Timestamp,
    pub permissions: BTreeSet<Permission>,
    pub justification: Option<String>,
    pub endpoint: Option<String>,
    pub metadata: Option<Map<String, Value>>,
    /// The account that sent it, when it was sent by one.
    pub by: Option<String>,
}

/// An agent that asks to be let in, as admins see it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PendingAgent {
    #[serde(flatten)]
    pub agent: Agent,
    pub request_id: String,
    pub requested_at: Timestamp,
    /// Why, in its own words.
    pub justification: Option<String>,
    /// Where it says that it can be reached; nothing is sent there.
    pub endpoint: Option<String>,
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<Map<String, Value>>,
}

/// Reads what is kept of an agent's admission.
pub(super) fn of(row: &rows::Model) -> Result<Admission, Error> {
    Ok(serde_json::from_str(&row.admission).map_err(anyhow::Error::from)?)
}

/// Refuses what can only be done to an agent of a runtime of ours.
pub(super) fn check_is_spawned(row: &rows::Model) -> Result<(), Error> {
    match AgentOrigin::of(row) {
        AgentOrigin::Spawned => Ok(()),
        AgentOrigin::External => {
            let detail = "this agent runs elsewhere: it has no terminal here and cannot be driven, stopped or \
                restarted; an admin can revoke its access";
            Err(Error::Conflict { code: Conflict::NotSpawned, detail: detail.to_owned() })
        }
    }
}

/// Refuses what would have a revoked agent go on.
pub(super) fn check_not_revoked(row: &rows::Model) -> Result<(), Error> {
    if Access::of(row) == Access::Revoked {
        let detail = "this agent's access was revoked: spawn another one".to_owned();
        return Err(Error::Conflict { code: Conflict::AccessRevoked, detail });
    }
    Ok(())
}

/// Refuses to give work to an agent that will not do it.
pub fn check_takes_work(row: &rows::Model) -> Result<(), Error> {
    check_not_revoked(row)?;
    match (Access::of(row), AgentStatus::from_str_opt(&row.status)) {
        (Access::Approved, Some(status)) if !status.is_final() => Ok(()),
        (Access::Approved, _) => {
            let detail = "this agent has ended: restart it, or give the work to another".to_owned();
            Err(Error::Conflict { code: Conflict::AgentEnded, detail })
        }
        (access, _) => {
            let detail = format!("this agent is not let in: its access is {}", access.as_str());
            Err(Error::Conflict { code: Conflict::AccessNotApproved, detail })
        }
    }
}

/// Checks a text that somebody may give.
pub(super) fn check_words(
    field: &'static str,
    text: Option<String>,
    most: usize,
) -> Result<Option<String>, Error> {
    let Some(text) = text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let unprintable = |c: char| c.is_control() && c != '\n' && c != '\t';
    if text.chars().count() > most || text.chars().any(unprintable) {
        return Err(Error::invalid(field, format!("must be at most {most} printable characters")));
    }
    Ok(Some(text))
}

impl Agents {
    /// Outside agents that ask to be let in, newest first, with what they say of themselves.
    pub async fn pending(
        &self,
        by: &Granted<Administer>,
        page: PageQuery,
    ) -> Result<Page<PendingAgent>, Error> {
        let limit = page.limit()?;
        let filter = rows::Filter {
            access: vec![Access::Pending.as_str()],
            origin: Some(AgentOrigin::External.as_str()),
            before: page.cursor,
            ..rows::Filter::default()
        };
        let found = rows::page(self.db.read(), by.workspace(), &filter, limit + 1).await?;
        Page::of(found, limit, |row| &row.id, pending)
    }

    /// Agents that are let in and have not ended, newest first.
    pub async fn available(&self, by: &Granted<Read>, page: PageQuery) -> Result<Page<Agent>, Error> {
        let filter = rows::Filter {
            access: vec![Access::Approved.as_str()],
            unended: rows::Unended::Only,
            ..rows::Filter::default()
        };
        self.page_of(by.workspace(), filter, page).await
    }

    /// Lets an agent in that asked for it; its key is shown this once.
    ///
    /// # Errors
    /// `Conflict` when it was decided before, `Denied` for who sent the request.
    pub async fn approve(
        &self,
        by: &Granted<Administer>,
        id: &AgentId,
        granted: BTreeSet<Permission>,
    ) -> Result<(Agent, SecretString), Error> {
        let mut change = self.changes.begin_for(by).await?;
        let before = self.undecided(&change, by, id).await?;
        let permissions = serde_json::to_string(&granted).map_err(anyhow::Error::from)?;
        let row = decided(rows::Model { permissions, ..before }, Access::Approved, by, None)?;
        rows::update(change.tx(), &row).await?;
        parallax::note(&change, &row, Decided::Approved, (&by.by(), None)).await?;
        let key = self.new_key(&change, &row).await?;
        let kept = json!({ "access": row.access, "permissions": granted });
        self.on_file(&mut change, by, Action::AgentApprove, &row, (asked_for(&row)?, kept)).await?;
        let detail = Some(words(&granted));
        self.in_feed(&mut change, by, ActivityKind::AccessApproved, &row, detail).await?;
        let agent = seen(&change, row).await?;
        change.tell(by.workspace(), WorkspaceEvent::AccessApproved(Box::new(agent.clone())));
        change.commit().await?;
        Ok((agent, key))
    }

    /// Turns an agent away that asked to be let in.
    ///
    /// # Errors
    /// As [`Self::approve`].
    pub async fn deny(
        &self,
        by: &Granted<Administer>,
        id: &AgentId,
        reason: Option<String>,
    ) -> Result<Agent, Error> {
        let reason = check_words("reason", reason, MAX_REASON)?;
        let mut change = self.changes.begin_for(by).await?;
        let before = self.undecided(&change, by, id).await?;
        let row = decided(before, Access::Denied, by, reason.clone())?;
        rows::update(change.tx(), &row).await?;
        parallax::note(&change, &row, Decided::Denied, (&by.by(), reason.as_deref())).await?;
        let kept = json!({ "access": row.access, "reason": reason });
        self.on_file(&mut change, by, Action::AgentDeny, &row, (asked_for(&row)?, kept)).await?;
        self.in_feed(&mut change, by, ActivityKind::AccessDenied, &row, reason).await?;
        let agent = seen(&change, row).await?;
        change.tell(by.workspace(), WorkspaceEvent::AgentTold(Box::new(agent.clone())));
        change.commit().await?;
        Ok(agent)
    }

    /// Gives an agent other permissions, which count from its next call.
    ///
    /// # Errors
    /// `Conflict` for one that is not let in.
    pub async fn set_permissions(
        &self,
        by: &Granted<Administer>,
        id: &AgentId,
        permissions: BTreeSet<Permission>,
    ) -> Result<Agent, Error> {
        let mut change = self.changes.begin_for(by).await?;
        let mut row = self.let_in(&change, by, id).await?;
        let before: BTreeSet<Permission> =
            serde_json::from_str(&row.permissions).map_err(anyhow::Error::from)?;
        if before == permissions {
            return seen(&change, row).await;
        }
        row.permissions = serde_json::to_string(&permissions).map_err(anyhow::Error::from)?;
        rows::update(change.tx(), &row).await?;
        let kept = (json!({ "permissions": before }), json!({ "permissions": permissions }));
        self.on_file(&mut change, by, Action::AgentPermissions, &row, kept).await?;
        let detail = Some(words(&permissions));
        self.in_feed(&mut change, by, ActivityKind::PermissionsChanged, &row, detail).await?;
        let agent = seen(&change, row).await?;
        change.tell(by.workspace(), WorkspaceEvent::AgentTold(Box::new(agent.clone())));
        change.commit().await?;
        Ok(agent)
    }

    /// Gives an outside agent a new key, shown this once; the one before is dead at once.
    ///
    /// # Errors
    /// `Conflict` for one that is not let in, and for a spawned one: its program has the key of its run.
    pub async fn rotate_key(
        &self,
        by: &Granted<Administer>,
        id: &AgentId,
    ) -> Result<(Agent, SecretString), Error> {
        let mut change = self.changes.begin_for(by).await?;
        let row = self.let_in(&change, by, id).await?;
        if AgentOrigin::of(&row) == AgentOrigin::Spawned {
            let detail = "a spawned agent's program has the key of its run and cannot be given another: \
                restart the agent, and it gets a new one"
                .to_owned();
            return Err(Error::Conflict { code: Conflict::KeyOfRun, detail });
        }
        db::agent_keys::revoke_of_agent(change.tx(), &row.id, Timestamp::now()).await?;
        let key = self.new_key(&change, &row).await?;
        self.on_file(&mut change, by, Action::AgentKeyRotate, &row, (json!({}), json!({}))).await?;
        self.in_feed(&mut change, by, ActivityKind::KeyRotated, &row, None).await?;
        let agent = seen(&change, row).await?;
        change.commit().await?;
        Ok((agent, key))
    }

    /// An agent of which nobody has decided, for somebody who may.
    /// Whether the access that an agent has now is the one it had at some moment: who was let in anew by the same id is
    /// another.
    pub(crate) async fn had_access_at(
        &self,
        workspace: &WorkspaceId,
        id: &AgentId,
        at: Timestamp,
    ) -> Result<bool, Error> {
        let Some(row) = rows::find(self.db.read(), workspace, id).await? else { return Ok(false) };
        let let_in = of(&row)?.decision.filter(|decision| decision.access == Access::Approved);
        Ok(let_in.is_none_or(|decision| decision.at <= at))
    }

    async fn undecided(
        &self,
        change: &Change,
        by: &Granted<Administer>,
        id: &AgentId,
    ) -> Result<rows::Model, Error> {
        let row = self.row_in(change, by.workspace(), id).await?;
        let admission = of(&row)?;
        if Access::of(&row) != Access::Pending {
            let detail = match admission.decision {
                Some(decision) => format!(
                    "{} has decided of this agent's request: its access is {}",
                    decision.by.name, row.access
                ),
                None => format!("this agent asks for nothing: its access is {}", row.access),
            };
            return Err(Error::Conflict { code: Conflict::AccessDecided, detail });
        }
        if admission.request.and_then(|request| request.by).is_some_and(|asker| asker == by.by().id) {
            let why = "you sent this request yourself; another admin must decide of it".to_owned();
            return Err(Error::Denied(why));
        }
        Ok(row)
    }

    /// An agent that is let in.
    pub(super) async fn let_in(
        &self,
        change: &Change,
        by: &Granted<Administer>,
        id: &AgentId,
    ) -> Result<rows::Model, Error> {
        let row = self.row_in(change, by.workspace(), id).await?;
        match Access::of(&row) {
            Access::Approved => Ok(row),
            access @ (Access::Pending | Access::Denied | Access::Revoked) => {
                let detail = format!("this agent is not let in: its access is {}", access.as_str());
                Err(Error::Conflict { code: Conflict::AccessNotApproved, detail })
            }
        }
    }

    /// Makes a key for an agent.
    pub(super) async fn new_key(&self, change: &Change, row: &rows::Model) -> Result<SecretString, Error> {
        let (workspace, id) =
            (WorkspaceId::parse(row.workspace_id.as_str())?, AgentId::parse(row.id.as_str())?);
        let key = secrets::generate(AGENT_KEY);
        let digest = secrets::digest(key.expose_secret());
        db::agent_keys::insert(change.tx(), &workspace, &id, digest, Timestamp::now()).await?;
        Ok(key)
    }

    pub(super) async fn on_file(
        &self,
        change: &mut Change,
        by: &Granted<Administer>,
        action: Action,
        row: &rows::Model,
        (before, after): (Value, Value),
    ) -> Result<(), Error> {
        let entry = Entry::new(by.actor(), action, Target::named("agent", &named(row)));
        change.audit(by.workspace(), entry.before(before).after(after)).await
    }

    pub(super) async fn in_feed(
        &self,
        change: &mut Change,
        by: &Granted<Administer>,
        kind: ActivityKind,
        row: &rows::Model,
        detail: Option<String>,
    ) -> Result<(), Error> {
        let about = About { agent: Some(named(row)), actor: Some(by.by()), detail, ..About::default() };
        activity::record(change, by.workspace(), kind, about).await
    }
}

/// A row after a decision. What an outside agent is said to be follows from it.
pub(super) fn decided(
    row: rows::Model,
    access: Access,
    by: &Granted<Administer>,
    reason: Option<String>,
) -> Result<rows::Model, Error> {
    let at = Timestamp::now();
    let mut admission = of(&row)?;
    admission.decision = Some(AccessDecision { access, by: by.by(), at, reason });
    let admission = serde_json::to_string(&admission).map_err(anyhow::Error::from)?;
    let row = rows::Model { access: access.as_str().to_owned(), admission, ..row };
    Ok(match AgentOrigin::of(&row) {
        AgentOrigin::Spawned => row,
        AgentOrigin::External => standing(row, access, at),
    })
}

/// An outside agent's row with the status that its access makes it have.
pub(super) fn standing(row: rows::Model, access: Access, at: Timestamp) -> rows::Model {
    let status = access.status();
    rows::Model {
        access: access.as_str().to_owned(),
        status: status.as_str().to_owned(),
        status_since: at.as_millis(),
        ended_at: status.is_final().then_some(at.as_millis()),
        ..row
    }
}

/// An agent as it is seen within a change.
pub(super) async fn seen(change: &Change, row: rows::Model) -> Result<Agent, Error> {
    let session = Terminals::brief_in(change, &row).await?;
    view(row, session)
}

fn asked_for(row: &rows::Model) -> Result<Value, Error> {
    let asked = of(row)?.request.map(|request| request.permissions);
    Ok(json!({ "access": Access::Pending.as_str(), "requestedPermissions": asked }))
}

fn pending(row: rows::Model) -> Result<PendingAgent, Error> {
    let asked = of(&row)?.request;
    let asked = asked.ok_or_else(|| anyhow::anyhow!("agent {} asks for nothing", row.id))?;
    Ok(PendingAgent {
        agent: view(row, None)?,
        request_id: asked.request_id,
        requested_at: asked.at,
        justification: asked.justification,
        endpoint: asked.endpoint,
        metadata: asked.metadata,
    })
}

/// Permissions as the feed tells of them.
pub(super) fn words(permissions: &BTreeSet<Permission>) -> String {
    if permissions.is_empty() {
        return "no permission".to_owned();
    }
    permissions.iter().map(|permission| permission.as_str()).collect::<Vec<_>>().join(", ")
}
