//! Revocation: from one moment on an agent may do nothing here, and its process is ended.
//!
//! Owns the order: one transaction takes away key, permissions and links; then viewers go, then the process. That a
//! runtime cannot be reached takes nothing back: the row says what is still to be ended, over crashes of ours too,
//! and whoever hears of the agent again ends it (see `report`). Must not know how a process is ended.

use std::time::Duration;

use raven_protocol::agent::AgentChange;
use raven_protocol::id::{AgentId, InviteId, WorkspaceId};
use raven_protocol::time::Timestamp;
use serde_json::json;
use tokio::time::timeout;

use super::admission::{self, Access, AgentOrigin, MAX_REASON, check_words, decided, seen};
use super::{Agent, Agents, StopAgent, rows, status_of};
use crate::access::{Administer, Granted};
use crate::activity::ActivityKind;
use crate::assignments::ending::{Left, agent_left};
use crate::audit::{Action, Entry, Target};
use crate::auth::Named;
use crate::db;
use crate::error::{Conflict, Error};
use crate::events::{Change, WorkspaceEvent};
use crate::parallax::{self, Decided};
use crate::tasks;

/// How long the answer to a revocation waits for the runtime to take the order: it stands without that.
const KILL_WITHIN: Duration = Duration::from_secs(5);

impl Agents {
    /// Ends an agent's access, and the agent itself if it is ours. One whose access was revoked before is ended
    /// again, and nothing else changes.
    ///
    /// # Errors
    /// `Conflict` for an agent that was never let in.
    pub async fn revoke(
        &self,
        by: &Granted<Administer>,
        id: &AgentId,
        reason: Option<String>,
    ) -> Result<Agent, Error> {
        let reason = check_words("reason", reason, MAX_REASON)?;
        let row = self.take_away(by, id, reason).await?;
        if AgentOrigin::of(&row) == AgentOrigin::Spawned {
            let own = AgentId::parse(row.id.as_str())?;
            self.restarts.call_off(&own, StopAgent { force: true });
            self.terminals.dismiss(&row.id);
            self.kill(by.workspace(), &own).await;
        }
        self.get(&by.and()?, id).await
    }

    /// What takes the agent's rights away, all at once.
    async fn take_away(
        &self,
        by: &Granted<Administer>,
        id: &AgentId,
        reason: Option<String>,
    ) -> Result<rows::Model, Error> {
        let mut change = self.changes.begin_for(by).await?;
        let before = self.row_in(&change, by.workspace(), id).await?;
        match Access::of(&before) {
            Access::Approved => {}
            Access::Revoked => return Ok(before),
            access @ (Access::Pending | Access::Denied) => {
                let detail = format!("this agent was not let in: its access is {}", access.as_str());
                return Err(Error::Conflict { code: Conflict::AccessNotApproved, detail });
            }
        }
        let now = Timestamp::now();
        let had = json!({ "access": before.access, "permissions": permissions(&before)? });
        let mut row = decided(before, Access::Revoked, by, reason.clone())?;
        "[]".clone_into(&mut row.permissions);
        rows::update(change.tx(), &row).await?;
        db::agent_keys::revoke_of_agent(change.tx(), &row.id, now).await?;
        agent_left(&mut change, &row, Left::Revoked).await?;
        tasks::release(&mut change, by.workspace(), &row.id).await?;
        parallax::note(&change, &row, Decided::Revoked, (&by.by(), reason.as_deref())).await?;
        self.end_invite_of(&mut change, by, &row).await?;
        self.policy_ends(&mut change, by, &row).await?;
        let links = db::links::revoke_of_agent(change.tx(), &row.id, now).await?;
        let kept = json!({ "access": row.access, "reason": reason, "linksRevoked": links });
        self.on_file(&mut change, by, Action::AgentRevoke, &row, (had, kept)).await?;
        self.in_feed(&mut change, by, ActivityKind::AccessRevoked, &row, reason.clone()).await?;
        if AgentOrigin::of(&row) == AgentOrigin::Spawned && !status_of(&row)?.is_final() {
            self.transition(&mut change, row.clone(), AgentChange::StopRequested).await?;
            row = self.row_in(&change, by.workspace(), id).await?;
        }
        let agent = Box::new(seen(&change, row.clone()).await?);
        change.tell(by.workspace(), WorkspaceEvent::AccessRevoked { agent, reason });
        change.commit().await?;
        Ok(row)
    }

    /// Ends the invite by which an agent came: it would let it in again, under another id.
    async fn end_invite_of(
        &self,
        change: &mut Change,
        by: &Granted<Administer>,
        row: &rows::Model,
    ) -> Result<(), Error> {
        match admission::of(row)?.invite {
            Some(invite) => self.end_invite(change, by, &InviteId::parse(invite.id)?).await,
            None => Ok(()),
        }
    }

    /// Ends an agent's own policy: who is let in by its id later is another.
    async fn policy_ends(
        &self,
        change: &mut Change,
        by: &Granted<Administer>,
        row: &rows::Model,
    ) -> Result<(), Error> {
        if !db::policies::remove(change.tx(), by.workspace(), &row.id).await? {
            return Ok(());
        }
        let target = Target::named("agent", &Named { id: row.id.clone(), name: row.name.clone() });
        let entry = Entry::new(by.actor(), Action::PolicyChange, target).after(json!({ "rules": [] }));
        change.audit(by.workspace(), entry.agent(row.id.as_str())).await
    }

    /// Has the runtime kill an agent, unless that cannot be reached; then it is tried again.
    async fn kill(&self, workspace: &WorkspaceId, id: &AgentId) {
        let ending = self.end(workspace, id, StopAgent { force: true });
        match timeout(KILL_WITHIN, ending).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => {
                tracing::warn!(agent.id = %id, %error, "a revoked agent could not be ended yet");
            }
            Err(_) => tracing::warn!(agent.id = %id, "a revoked agent could not be ended yet: no answer"),
        }
    }

    /// Ends what was revoked and lives on, as when its runtime could not be reached.
    pub async fn end_revoked(&self) -> Result<(), Error> {
        for row in rows::revoked_unended(self.db.read()).await? {
            let (workspace, id) = (WorkspaceId::parse(row.workspace_id)?, AgentId::parse(row.id)?);
            self.kill(&workspace, &id).await;
        }
        Ok(())
    }
}

fn permissions(row: &rows::Model) -> Result<serde_json::Value, Error> {
    Ok(serde_json::from_str(&row.permissions).map_err(anyhow::Error::from)?)
}
