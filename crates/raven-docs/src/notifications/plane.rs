//! Sending to the control plane outside: one call for each decision, in their order.
//!
//! Owns that order: while one cannot be delivered, those after it wait, so that a revocation never comes before what
//! it takes back. Must not know what is decided.

use raven_protocol::id::WorkspaceId;

use super::Notifications;
use super::delivery::{Attempt, State};
use crate::activity::{self, About, ActivityKind};
use crate::auth::Named;
use crate::db::{self, deliveries as rows};
use crate::error::Error;
use crate::events::Change;
use crate::parallax::{self, Plane};

impl Notifications {
    /// Sends a decision to the control plane that the settings name now.
    pub(super) async fn send_to_control_plane(&self, row: &rows::Model) -> Result<Attempt, Error> {
        let workspace = WorkspaceId::parse(row.workspace_id.as_str())?;
        let settings = db::settings::find(self.db().read(), &workspace).await?;
        let Some(Plane { url, key_sealed }) = settings.as_ref().and_then(Plane::of) else {
            return Ok(Attempt::drop("the workspace has no control plane any more"));
        };
        let key = self.inner.secrets.unseal(&parallax::key_purpose(&workspace), &key_sealed)?;
        let address = parallax::address(&url, row);
        Ok(self.inner.poster.tell(&address, &key, &row.event_id, &row.body).await)
    }

    /// Lets what comes after wait for it, and tells admins when it was given up.
    pub(super) async fn note_control_plane(
        &self,
        change: &mut Change,
        row: &rows::Model,
    ) -> Result<(), Error> {
        if let Some(next) = row.next_at {
            let why = row.answer.as_deref().unwrap_or_default();
            tracing::warn!(workspace.id = row.workspace_id, why, "the control plane did not take a decision");
            rows::postpone(change.tx(), &row.target_id, State::Pending.as_str(), next).await?;
        }
        if row.state == State::Failed.as_str() {
            let workspace = WorkspaceId::parse(row.workspace_id.as_str())?;
            let agent = row.agent_id.clone().map(|id| Named { name: id.clone(), id });
            let why = row.answer.as_deref().unwrap_or_default();
            let detail = Some(format!("{}: {why}", row.topic));
            let about = About { agent, detail, ..About::default() };
            activity::record(change, &workspace, ActivityKind::ControlPlaneUnreached, about).await?;
        }
        Ok(())
    }
}
