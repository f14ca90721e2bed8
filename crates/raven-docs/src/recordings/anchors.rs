//! Anchors: the audit log tells how far a recording had come, and by which link, so that neither is rewritten
//! without the other.
//!
//! Owns when one is written, and the comparison of a recording with what was anchored. Must not know the log's
//! own chain.

use raven_protocol::id::{SessionId, WorkspaceId};
use raven_protocol::time::Timestamp;
use serde_json::json;

use super::reader::{ReadError, Reader};
use super::{Recordings, State, lock, rows};
use crate::audit::{Action, Actor, Entry, Target};
use crate::db::{audit, sessions};
use crate::error::Error;
use crate::events::Change;

/// Least time between two anchors of one recording: a flood of output must not become one of entries.
const EVERY_MS: i64 = 60_000;

/// What was anchored last of a recording.
#[derive(Debug, Clone, Copy)]
pub struct Last {
    at: i64,
    blocks: i64,
}

/// What came of comparing a recording with its anchors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compared {
    /// It passes through all of them.
    Agrees,
    /// It is not there; and whether the database says, sealed, that it was kept long enough.
    Gone { expired: bool },
    /// It is another one from some anchor on, by its place in the list.
    Differs { anchor: usize, why: String },
}

impl Recordings {
    /// Anchors a recording as its row has it, as part of a change: at most once a minute, and always at its end.
    pub(super) async fn anchor(&self, change: &mut Change, row: &rows::Model) -> Result<(), Error> {
        let now = Timestamp::now().as_millis();
        let is_over = row.state != State::Recording.as_str();
        let last = lock(&self.inner.anchored).get(&row.session_id).copied();
        let due = last.is_none_or(|last| now - last.at >= EVERY_MS && row.blocks > last.blocks);
        if row.blocks == 0 || !(is_over || due) {
            return Ok(());
        }
        let workspace = WorkspaceId::parse(row.workspace_id.as_str())?;
        let session = SessionId::parse(row.session_id.as_str())?;
        let target = Target::new("recording", row.session_id.as_str());
        let kept = json!({ "blocks": row.blocks, "link": row.link, "state": row.state, "bytes": row.bytes });
        let entry = Entry::new(Actor::system(), Action::RecordingAnchor, target).after(kept);
        let entry = match sessions::find(change.tx(), &workspace, &session).await? {
            Some(found) => entry.agent(found.agent_id),
            None => entry,
        };
        change.audit(&workspace, entry).await?;
        let mut anchored = lock(&self.inner.anchored);
        if is_over {
            anchored.remove(&row.session_id);
        } else {
            anchored.insert(row.session_id.clone(), Last { at: now, blocks: row.blocks });
        }
        Ok(())
    }

    /// Anchors the recordings of a workspace that are being written and have gone on.
    pub async fn anchor_live(&self, change: &mut Change, workspace: &WorkspaceId) -> Result<(), Error> {
        for row in rows::in_state(change.tx(), workspace, State::Recording.as_str()).await? {
            // A row that was changed behind our back must not be vouched for.
            if self.seal(&row) == row.seal {
                self.anchor(change, &row).await?;
            }
        }
        Ok(())
    }

    /// Which entry of the audit log anchors a recording last.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn newest_anchor(&self, row: &rows::Model) -> anyhow::Result<Option<i64>> {
        let (db, action) = (self.inner.db.read(), Action::RecordingAnchor.as_str());
        let found = audit::newest_on(db, &row.workspace_id, action, &row.session_id).await?;
        Ok(found.map(|entry| entry.seq))
    }

    /// Compares a recording with its anchors: block counts and links, in their order.
    ///
    /// # Errors
    /// When it cannot be read at all.
    pub async fn compare(&self, session: &str, anchors: &[(u64, String)]) -> anyhow::Result<Compared> {
        let Some(row) = rows::find(self.inner.db.read(), session).await? else {
            return Ok(Compared::Gone { expired: false });
        };
        if row.expired_at.is_some() {
            return Ok(Compared::Gone { expired: self.is_expired(&row) });
        }
        let mut reader = Reader::open(self, row).await?;
        for (at, (blocks, link)) in anchors.iter().enumerate() {
            let differs = |why: String| Ok(Compared::Differs { anchor: at, why });
            while reader.chain.blocks < *blocks {
                match reader.next().await {
                    Ok(Some(_)) => {}
                    Ok(None) => return differs(format!("it ends at block {}", reader.chain.blocks)),
                    Err(ReadError::Bad(bad)) => return differs(bad.to_string()),
                    Err(ReadError::Failed(error)) => return Err(error),
                }
            }
            if reader.chain.blocks != *blocks || crate::secrets::hex(&reader.chain.link) != *link {
                return differs(format!("at block {blocks} it is another one"));
            }
        }
        Ok(Compared::Agrees)
    }
}
