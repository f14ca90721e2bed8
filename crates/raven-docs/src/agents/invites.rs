//! Invites: whoever has one is let in as an agent from outside, with the permissions that an admin chose.
//!
//! Owns their making, use and end. A token is shown once, and kept only as a digest; that it is not good is said in
//! the same words, for whatever reason.

use std::collections::BTreeSet;

use raven_protocol::id::{AgentId, InviteId, WorkspaceId};
use raven_protocol::permission::Permission;
use raven_protocol::time::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::admission::{Access, AccessDecision, Admission, AgentOrigin, seen, words};
use super::requests::{Newcomer, Stranger, check_address, check_description, check_own_id};
use super::{Agent, Agents, check_capabilities, named, rows};
use crate::access::{Administer, Granted};
use crate::activity::{self, About, ActivityKind};
use crate::audit::{Action, Actor, ActorKind, Entry, Target};
use crate::auth::{Auth, Named, Role};
use crate::db::invites;
use crate::error::{Conflict, Error};
use crate::events::{Change, WorkspaceEvent};
use crate::page::{Page, PageQuery};
use crate::parallax::{self, Decided};
use crate::people::check_text;
use crate::secrets;

/// What every token begins with, so that one that got astray is recognised.
const PREFIX: &str = "inv_";

/// Good invites of a workspace; more could not be kept in view.
const MAX_INVITES: u64 = 100;

/// Most uses of one invite: a fleet of agents.
const MAX_USES: i64 = 1000;

/// An invite to be made.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewInvite {
    pub name: String,
    /// What each agent gets that comes by it.
    pub permissions: BTreeSet<Permission>,
    pub description: Option<String>,
    /// 1 to 1000; without end when it is left out.
    #[schema(minimum = 1, maximum = 1000)]
    pub uses_remaining: Option<i64>,
    /// Good until revoked when it is left out.
    pub expires_at: Option<Timestamp>,
}

/// Whether an invite may still be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum InviteState {
    Active,
    Expired,
    Exhausted,
    Revoked,
}

/// An invite, without its token.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Invite {
    pub id: String,
    pub name: String,
    pub description: Option<String>,
    pub permissions: Vec<Permission>,
    pub state: InviteState,
    /// Null when it may be used without end.
    pub uses_remaining: Option<i64>,
    /// How many agents came by it.
    pub uses: i64,
    pub created_by: Named,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
}

/// An outside agent that comes by an invite.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Registration {
    #[schema(value_type = String)]
    pub invite_token: SecretString,
    /// Its own id, taken as given.
    pub agent_id: AgentId,
    #[serde(alias = "name")]
    pub agent_name: String,
    #[serde(default)]
    pub capabilities: Vec<String>,
    pub description: Option<String>,
    pub avatar_url: Option<String>,
}

impl Agents {
    /// Makes an invite; its token is shown this once.
    pub async fn invite(
        &self,
        by: &Granted<Administer>,
        new: NewInvite,
    ) -> Result<(Invite, SecretString), Error> {
        let (token, now, maker) = (secrets::generate(PREFIX), Timestamp::now(), by.by());
        if new.uses_remaining.is_some_and(|uses| !(1..=MAX_USES).contains(&uses)) {
            return Err(Error::invalid("usesRemaining", format!("must be 1 to {MAX_USES}")));
        }
        if new.expires_at.is_some_and(|at| at.as_millis() <= now.as_millis()) {
            return Err(Error::invalid("expiresAt", "is over already; choose a time to come"));
        }
        let row = invites::Model {
            id: InviteId::generate().to_string(),
            workspace_id: by.workspace().to_string(),
            name: check_text("name", &new.name)?,
            description: check_description(new.description)?,
            permissions: serde_json::to_string(&new.permissions).map_err(anyhow::Error::from)?,
            token_digest: secrets::digest(token.expose_secret()),
            uses_remaining: new.uses_remaining,
            uses: 0,
            created_by: maker.id,
            created_by_name: maker.name,
            created_at: now.as_millis(),
            expires_at: new.expires_at.map(Timestamp::as_millis),
            revoked_at: None,
        };
        let mut change = self.changes.begin_for(by).await?;
        if invites::count_good(change.tx(), by.workspace(), now).await? >= MAX_INVITES {
            let detail = format!("the workspace has {MAX_INVITES} invites; revoke one first");
            return Err(Error::Conflict { code: Conflict::TooManyInvites, detail });
        }
        invites::insert(change.tx(), &row).await?;
        let kept = json!({ "permissions": new.permissions, "uses": row.uses_remaining, "expiresAt": new.expires_at });
        on_file(&mut change, by, (Action::InviteCreate, ActivityKind::InviteCreated), &row, kept).await?;
        change.commit().await?;
        Ok((view(row)?, token))
    }

    /// The workspace's invites, newest first, those that have ended included.
    pub async fn invites(&self, by: &Granted<Administer>, page: PageQuery) -> Result<Page<Invite>, Error> {
        let limit = page.limit()?;
        let found = invites::page(self.db.read(), by.workspace(), page.cursor.as_deref(), limit + 1).await?;
        Page::of(found, limit, |row| &row.id, view)
    }

    /// Ends an invite. Agents that came by it stay.
    pub async fn revoke_invite(&self, by: &Granted<Administer>, id: &InviteId) -> Result<(), Error> {
        let mut change = self.changes.begin_for(by).await?;
        self.end_invite(&mut change, by, id).await?;
        change.commit().await
    }

    /// Ends an invite, if it has not ended yet.
    pub(super) async fn end_invite(
        &self,
        change: &mut Change,
        by: &Granted<Administer>,
        id: &InviteId,
    ) -> Result<(), Error> {
        let found = invites::find(change.tx(), by.workspace(), id).await?;
        let mut row = found.ok_or(Error::NotFound("invite"))?;
        if row.revoked_at.is_some() {
            return Ok(());
        }
        row.revoked_at = Some(Timestamp::now().as_millis());
        invites::update(change.tx(), &row).await?;
        let kept = json!({ "uses": row.uses });
        on_file(change, by, (Action::InviteRevoke, ActivityKind::InviteRevoked), &row, kept).await
    }

    /// Lets an agent in that has an invite; its key is shown this once.
    ///
    /// # Errors
    /// `InviteEnded` when the token is not good, for whatever reason; `Conflict` when the id is in use.
    pub async fn register(
        &self,
        newcomer: Registration,
        from: Stranger,
    ) -> Result<(Agent, SecretString), Error> {
        let (agent, _, key) = self.register_in(newcomer, from).await?;
        Ok((agent, key))
    }

    /// The same, with the workspace that the invite was for.
    pub async fn register_in(
        &self,
        newcomer: Registration,
        from: Stranger,
    ) -> Result<(Agent, WorkspaceId, SecretString), Error> {
        self.limits.address(&from.address)?;
        check_own_id(&newcomer.agent_id)?;
        check_capabilities(&newcomer.capabilities)?;
        let name = check_text("agentName", &newcomer.agent_name)?;
        let description = check_description(newcomer.description)?;
        let avatar_url = check_address("avatarUrl", newcomer.avatar_url)?;
        let digest = secrets::digest(newcomer.invite_token.expose_secret());
        let mut change = self.changes.begin().await?;
        let invite = use_up(&change, &digest).await?;
        let workspace = WorkspaceId::parse(invite.workspace_id.as_str())?;
        let known = rows::find(change.tx(), &workspace, &newcomer.agent_id).await?;
        check_is_free(known.as_ref())?;
        let by = Named { id: invite.created_by.clone(), name: invite.created_by_name.clone() };
        let invited = Named { id: invite.id.clone(), name: invite.name.clone() };
        let decision = AccessDecision { access: Access::Approved, by, at: Timestamp::now(), reason: None };
        let admission = Admission {
            description,
            avatar_url,
            request: None,
            decision: Some(decision),
            invite: Some(invited.clone()),
        };
        let newcomer =
            Newcomer { id: newcomer.agent_id, name, capabilities: newcomer.capabilities, admission };
        let mut row = self.enrol(&change, &workspace, known, newcomer, Access::Approved).await?;
        row.permissions.clone_from(&invite.permissions);
        rows::update(change.tx(), &row).await?;
        let by = Named { id: invite.created_by.clone(), name: invite.created_by_name.clone() };
        parallax::note(&change, &row, Decided::Approved, (&by, None)).await?;
        let key = self.new_key(&change, &row).await?;
        let agent = registered(&mut change, &workspace, row, &invite).await?;
        change.commit().await?;
        Ok((agent, workspace, key))
    }
}

/// Takes one use of an invite, if it is good.
async fn use_up(change: &Change, digest: &str) -> Result<invites::Model, Error> {
    let row = invites::by_digest(change.tx(), digest).await?.ok_or(Error::InviteEnded)?;
    if state(&row) != InviteState::Active || !is_of_an_admin(change, &row).await? {
        return Err(Error::InviteEnded);
    }
    let row =
        invites::Model { uses: row.uses + 1, uses_remaining: row.uses_remaining.map(|left| left - 1), ..row };
    invites::update(change.tx(), &row).await?;
    Ok(row)
}

/// Whether who made an invite could still make it.
async fn is_of_an_admin(change: &Change, row: &invites::Model) -> Result<bool, Error> {
    let workspace = WorkspaceId::parse(row.workspace_id.as_str())?;
    let maker = Auth::person_now(change.tx(), &workspace, &row.created_by).await?;
    Ok(maker.is_some_and(|maker| maker.role >= Role::Admin))
}

/// An id that only asks, or was turned away, is free for who has an invite; so nobody can keep it from them.
fn check_is_free(known: Option<&rows::Model>) -> Result<(), Error> {
    match known.map(|row| (AgentOrigin::of(row), Access::of(row))) {
        None | Some((AgentOrigin::External, Access::Pending | Access::Denied)) => Ok(()),
        Some((AgentOrigin::Spawned, _) | (AgentOrigin::External, Access::Approved | Access::Revoked)) => {
            let detail = "this agentId is in use; choose another".to_owned();
            Err(Error::Conflict { code: Conflict::AgentIdTaken, detail })
        }
    }
}

async fn registered(
    change: &mut Change,
    workspace: &WorkspaceId,
    row: rows::Model,
    invite: &invites::Model,
) -> Result<Agent, Error> {
    let actor = Actor::of(ActorKind::Agent, named(&row));
    let entry = Entry::new(actor, Action::AgentRegister, Target::named("agent", &named(&row)));
    let permissions: BTreeSet<Permission> =
        serde_json::from_str(&row.permissions).map_err(anyhow::Error::from)?;
    let kept = json!({ "invite": invite.id, "permissions": permissions });
    change.audit(workspace, entry.after(kept)).await?;
    let detail = Some(format!("{}: {}", invite.name, words(&permissions)));
    let about = About { agent: Some(named(&row)), detail, ..About::default() };
    activity::record(change, workspace, ActivityKind::AgentRegistered, about).await?;
    let agent = seen(change, row).await?;
    change.tell(workspace, WorkspaceEvent::AccessApproved(Box::new(agent.clone())));
    Ok(agent)
}

async fn on_file(
    change: &mut Change,
    by: &Granted<Administer>,
    (action, kind): (Action, ActivityKind),
    row: &invites::Model,
    kept: Value,
) -> Result<(), Error> {
    let target = Target::named("invite", &Named { id: row.id.clone(), name: row.name.clone() });
    change.audit(by.workspace(), Entry::new(by.actor(), action, target).after(kept)).await?;
    let about = About { actor: Some(by.by()), detail: Some(row.name.clone()), ..About::default() };
    activity::record(change, by.workspace(), kind, about).await
}

fn state(row: &invites::Model) -> InviteState {
    let now = Timestamp::now().as_millis();
    if row.revoked_at.is_some() {
        InviteState::Revoked
    } else if row.uses_remaining.is_some_and(|left| left <= 0) {
        InviteState::Exhausted
    } else if row.expires_at.is_some_and(|at| at <= now) {
        InviteState::Expired
    } else {
        InviteState::Active
    }
}

fn view(row: invites::Model) -> Result<Invite, Error> {
    Ok(Invite {
        state: state(&row),
        permissions: serde_json::from_str(&row.permissions).map_err(anyhow::Error::from)?,
        id: row.id,
        name: row.name,
        description: row.description,
        uses_remaining: row.uses_remaining,
        uses: row.uses,
        created_by: Named { id: row.created_by, name: row.created_by_name },
        created_at: Timestamp::from_millis(row.created_at),
        expires_at: row.expires_at.map(Timestamp::from_millis),
        revoked_at: row.revoked_at.map(Timestamp::from_millis),
    })
}
