//! Invitations: links by which one person joins a workspace, once.
//!
//! Owns their making and end. A token is shown once and kept as a digest; it is good while whoever made it could
//! make it still. What follows from one is in `joining`. Must not know how a link is sent.

use raven_protocol::id::{InvitationId, WorkspaceId};
use raven_protocol::time::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::members::{reach, within};
use super::{People, check_email};
use crate::access::{Administer, Granted};
use crate::activity::{self, About, ActivityKind};
use crate::audit::{Action, Entry, Target};
use crate::auth::{Named, Role};
use crate::db::{ConnectionTrait, invitations as rows, memberships, workspaces};
use crate::error::{Conflict, Error};
use crate::page::{Page, PageQuery};
use crate::secrets;

/// What every token begins with, so that one that got astray is recognised.
const PREFIX: &str = "raven_inv_";

/// How long an invitation is open unless said otherwise, in days: over a week's holiday.
const DEFAULT_DAYS: u32 = 7;

/// Longest time that one is open, in days.
const MAX_DAYS: u32 = 30;

/// Open invitations of one workspace; more could not be kept in view.
const MAX_OPEN: u64 = 100;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// An invitation to be made.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewInvitation {
    /// At most one's own.
    pub role: Role,
    /// Whom it is for; whoever has the link unless said.
    pub email: Option<String>,
    /// 1 to 30; 7 by default.
    #[schema(minimum = 1, maximum = 30)]
    pub expires_in_days: Option<u32>,
}

/// An open invitation, without its token.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Invitation {
    pub id: String,
    pub role: Role,
    pub email: Option<String>,
    pub created_by: Named,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

/// What whoever has an invitation sees of it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InvitationSeen {
    pub workspace_name: String,
    pub role: Role,
    pub invited_by: String,
    pub email: Option<String>,
    pub expires_at: Timestamp,
}

impl People {
    /// Invites somebody; answers the token, which is shown this once.
    ///
    /// # Errors
    /// `Denied` for a role above one's own; `Conflict` when too many are open.
    pub async fn invite(
        &self,
        by: &Granted<Administer>,
        new: NewInvitation,
    ) -> Result<(Invitation, SecretString), Error> {
        let days = new.expires_in_days.unwrap_or(DEFAULT_DAYS);
        if !(1..=MAX_DAYS).contains(&days) {
            return Err(Error::invalid("expiresInDays", format!("must be 1 to {MAX_DAYS}")));
        }
        let email = new.email.as_deref().filter(|email| !email.trim().is_empty());
        let (token, now, maker) = (secrets::generate(PREFIX), Timestamp::now(), by.by());
        let row = rows::Model {
            id: InvitationId::generate().to_string(),
            workspace_id: by.workspace().to_string(),
            role: new.role.as_str().to_owned(),
            email: email.map(check_email).transpose()?,
            secret_digest: secrets::digest(token.expose_secret()),
            created_by: maker.id.clone(),
            created_by_name: maker.name.clone(),
            created_at: now.as_millis(),
            expires_at: now.as_millis() + i64::from(days) * DAY_MS,
            revoked_at: None,
            used_at: None,
            used_by: None,
        };
        let mut change = self.changes.begin_for(by).await?;
        within(reach(&change, by.person()).await?, new.role)?;
        if rows::count_open(change.tx(), by.workspace(), now).await? >= MAX_OPEN {
            let detail = format!("{MAX_OPEN} invitations are open already; revoke some first");
            return Err(Error::Conflict { code: Conflict::TooManyInvitations, detail });
        }
        rows::insert(change.tx(), &row).await?;
        let entry = Entry::new(by.actor(), Action::InvitationCreate, target(&row));
        let kept = json!({ "role": new.role, "email": row.email, "expiresAt": Timestamp::from_millis(row.expires_at) });
        change.audit(by.workspace(), entry.after(kept)).await?;
        let about = About { actor: Some(maker), detail: Some(in_words(&row)), ..About::default() };
        activity::record(&mut change, by.workspace(), ActivityKind::InvitationCreated, about).await?;
        change.commit().await?;
        Ok((view(row)?, token))
    }

    /// The open invitations of the workspace, newest first.
    pub async fn invitations(
        &self,
        by: &Granted<Administer>,
        page: PageQuery,
    ) -> Result<Page<Invitation>, Error> {
        let (limit, before) = (page.limit()?, page.cursor.as_deref());
        let rows = rows::page(self.db.read(), by.workspace(), Timestamp::now(), before, limit + 1).await?;
        Page::of(rows, limit, |row| &row.id, view)
    }

    /// Ends an open invitation.
    pub async fn revoke_invitation(&self, by: &Granted<Administer>, id: &InvitationId) -> Result<(), Error> {
        let mut change = self.changes.begin_for(by).await?;
        within(reach(&change, by.person()).await?, Role::Admin)?;
        if !rows::revoke(change.tx(), by.workspace(), id, Timestamp::now()).await? {
            return Err(Error::NotFound("invitation"));
        }
        let target = Target::new("invitation", id.as_str());
        change.audit(by.workspace(), Entry::new(by.actor(), Action::InvitationRevoke, target)).await?;
        let about = About { actor: Some(by.by()), ..About::default() };
        activity::record(&mut change, by.workspace(), ActivityKind::InvitationRevoked, about).await?;
        change.commit().await
    }

    /// What an invitation is to, for whoever has its token.
    ///
    /// # Errors
    /// `InvitationEnded` when there is no such, or none any more.
    pub async fn look_at_invitation(&self, token: &SecretString) -> Result<InvitationSeen, Error> {
        self.limit("join")?;
        let row = open(self.db.read(), token).await?;
        let workspace = WorkspaceId::parse(row.workspace_id.as_str())?;
        let workspace = workspaces::find(self.db.read(), &workspace).await?.ok_or(Error::InvitationEnded)?;
        Ok(InvitationSeen {
            workspace_name: workspace.name,
            role: role(&row)?,
            invited_by: row.created_by_name,
            email: row.email,
            expires_at: Timestamp::from_millis(row.expires_at),
        })
    }
}

/// The invitation with a token: open, and of somebody who could make it still.
pub(super) async fn open(db: &impl ConnectionTrait, token: &SecretString) -> Result<rows::Model, Error> {
    let digest = secrets::digest(token.expose_secret());
    let row = rows::open_by_digest(db, &digest, Timestamp::now()).await?.ok_or(Error::InvitationEnded)?;
    let maker = memberships::find(db, &row.workspace_id, &row.created_by).await?;
    let maker = maker.and_then(|member| Role::from_str_opt(&member.role)).ok_or(Error::InvitationEnded)?;
    within(maker, role(&row)?).map_err(|_| Error::InvitationEnded)?;
    Ok(row)
}

/// The role that an invitation gives.
pub(super) fn role(row: &rows::Model) -> Result<Role, Error> {
    let known = Role::from_str_opt(&row.role);
    Ok(known.ok_or_else(|| anyhow::anyhow!("unknown role `{}`", row.role))?)
}

pub(super) fn target(row: &rows::Model) -> Target {
    Target { name: row.email.clone(), ..Target::new("invitation", row.id.as_str()) }
}

fn in_words(row: &rows::Model) -> String {
    row.email.as_ref().map_or_else(|| row.role.clone(), |email| format!("{email}, {}", row.role))
}

fn view(row: rows::Model) -> Result<Invitation, Error> {
    Ok(Invitation {
        role: role(&row)?,
        id: row.id,
        email: row.email,
        created_by: Named { id: row.created_by, name: row.created_by_name },
        created_at: Timestamp::from_millis(row.created_at),
        expires_at: Timestamp::from_millis(row.expires_at),
    })
}
