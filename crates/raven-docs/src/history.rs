//! The end of what is over: the feed, and what was decided, answered or done, are kept for as long as their workspace
//! says.
//!
//! Owns when. What is gone is counted in the audit log, which has an end of its own. Must not know tables.

use std::collections::BTreeMap;
use std::time::Duration;

use raven_protocol::id::WorkspaceId;
use raven_protocol::time::Timestamp;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::audit::{Action, Actor, Entry, Target};
use crate::db::{Db, history, settings};
use crate::error::Error;
use crate::events::Changes;

/// Milliseconds of a day.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// How often it is looked: it is kept for days.
const EVERY: Duration = Duration::from_secs(60 * 60);

/// Most of a kind that go in one transaction: who writes meanwhile waits for it.
const AT_ONCE: u64 = 500;

/// Most transactions for a workspace in a row; the rest has time until the next look.
const IN_A_ROW: usize = 40;

/// Keeps to it for as long as the server runs.
pub async fn keep_to_it(db: Db, changes: Changes, cancel: CancellationToken) {
    let looking = async {
        loop {
            if let Err(error) = expire(&db, &changes, Timestamp::now()).await {
                tracing::warn!(%error, "what is long over could not be removed");
            }
            tokio::time::sleep(EVERY).await;
        }
    };
    cancel.run_until_cancelled(looking).await;
}

async fn expire(db: &Db, changes: &Changes, now: Timestamp) -> Result<(), Error> {
    for settings in settings::all(db.read()).await? {
        let workspace = WorkspaceId::parse(settings.workspace_id)?;
        let kept = settings.history_days.saturating_mul(DAY_MS);
        let before = Timestamp::from_millis(now.as_millis().saturating_sub(kept));
        for _ in 0..IN_A_ROW {
            if expire_some(changes, &workspace, before).await? < AT_ONCE {
                break;
            }
        }
    }
    Ok(())
}

/// Removes some of each kind; answers how many of the kind of which there were most.
async fn expire_some(changes: &Changes, workspace: &WorkspaceId, before: Timestamp) -> Result<u64, Error> {
    let mut change = changes.begin().await?;
    let mut gone = BTreeMap::new();
    for past in history::PASTS {
        let count = history::forget(change.tx(), past, workspace, (before, AT_ONCE)).await?;
        if count > 0 {
            gone.insert(past.table, count);
        }
    }
    let Some(most) = gone.values().max().copied() else { return Ok(0) };
    let target = Target::new("history", workspace.as_str());
    let entry = Entry::new(Actor::system(), Action::HistoryExpire, target);
    change.audit(workspace, entry.before(json!({ "before": before, "removed": gone }))).await?;
    change.commit().await?;
    tracing::info!(workspace.id = %workspace, ?gone, "what was over for long enough is removed");
    Ok(most)
}
