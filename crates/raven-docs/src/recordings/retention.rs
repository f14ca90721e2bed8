//! Removes recordings that are older than their workspace wants to keep them.
//!
//! Owns when. What is removed leaves its row, which says so. Must not know who set the time.

use std::time::Duration;

use raven_protocol::id::{SessionId, WorkspaceId};
use raven_protocol::time::Timestamp;
use serde_json::json;

use super::{Recordings, State, object_key, rows};
use crate::audit::{Action, Actor, Entry, Target};
use crate::db;

/// Milliseconds of a day.
pub const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// How often it is looked: times to keep are in days.
const EVERY: Duration = Duration::from_secs(15 * 60);

/// Looks for as long as the server runs.
pub async fn keep_to_it(recordings: Recordings) {
    let cancel = recordings.inner.cancel.clone();
    loop {
        if let Err(error) = recordings.expire(Timestamp::now()).await {
            tracing::warn!(error = %format!("{error:#}"), "old recordings could not be removed");
        }
        if cancel.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_none() {
            return;
        }
    }
}

impl Recordings {
    /// Removes what has been kept long enough.
    pub async fn expire(&self, now: Timestamp) -> anyhow::Result<()> {
        for settings in db::settings::all(self.inner.db.read()).await? {
            let Some(days) = settings.recording_retention_days else { continue };
            let workspace = WorkspaceId::parse(settings.workspace_id)?;
            let before = now.as_millis() - days * DAY_MS;
            for row in rows::ended_before(self.inner.db.read(), &workspace, before).await? {
                self.remove(row, now).await?;
            }
        }
        Ok(())
    }

    async fn remove(&self, mut row: rows::Model, now: Timestamp) -> anyhow::Result<()> {
        let session = SessionId::parse(row.session_id.as_str())?;
        let parts = rows::segments(self.inner.db.read(), &session).await?.len() as u64;
        for part in 0..parts {
            self.inner.store.delete(&object_key(&row, part)).await?;
        }
        let _never_stored = std::fs::remove_file(self.part_path(&session, parts));
        let workspace = WorkspaceId::parse(row.workspace_id.as_str())?;
        let state = std::mem::replace(&mut row.state, State::Expired.as_str().to_owned());
        row.expired_at = Some(now.as_millis());
        (row.segments, row.stored_bytes) = (0, 0);
        row.seal = self.seal(&row);
        let mut change = self.inner.changes.begin().await?;
        rows::delete_segments(change.tx(), session.as_str()).await?;
        rows::put(change.tx(), &row).await?;
        let target = Target::new("recording", session.as_str());
        let was = json!({ "state": state, "blocks": row.blocks, "bytes": row.bytes });
        let entry = Entry::new(Actor::system(), Action::RecordingExpire, target).before(was);
        change.audit(&workspace, entry).await?;
        change.commit().await?;
        tracing::info!(session.id = %session, "a recording was kept long enough and is removed");
        Ok(())
    }
}
