//! What is over, of every kind, and goes when it was kept for long enough.

use raven_protocol::id::WorkspaceId;
use raven_protocol::time::Timestamp;
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use super::Queried;

/// A kind of thing that is over at some time.
#[derive(Clone, Copy, Debug)]
pub struct Past {
    pub table: &'static str,
    /// What is true of those that were over before a time, which is to follow.
    over_before: &'static str,
}

/// Every kind. What people write is none of them, nor what tells of recordings, nor the audit log.
pub const PASTS: [Past; 7] = [
    Past { table: "activities", over_before: "created_at <" },
    Past { table: "approvals", over_before: "settled_at <" },
    Past {
        table: "questions",
        over_before: "state IN ('answered', 'expired') AND COALESCE(answered_at, deadline) <",
    },
    Past {
        table: "assignments",
        over_before: "state IN ('done', 'failed', 'cancelled') AND COALESCE(ended_at, updated_at) <",
    },
    Past { table: "terminal_links", over_before: "COALESCE(revoked_at, expires_at) <" },
    Past { table: "invitations", over_before: "COALESCE(used_at, revoked_at, expires_at) <" },
    Past { table: "agent_keys", over_before: "revoked_at <" },
];

/// Decisions go with what they decided.
const LEFT: &str = "DELETE FROM approval_decisions WHERE approval_id NOT IN (SELECT id FROM approvals)";

/// Removes some of a workspace that were over before a time; answers how many.
pub async fn forget(
    db: &impl ConnectionTrait,
    past: Past,
    workspace: &WorkspaceId,
    (before, limit): (Timestamp, u64),
) -> Queried<u64> {
    let Past { table, over_before } = past;
    let old = format!("SELECT id FROM {table} WHERE workspace_id = ? AND {over_before} ? LIMIT ?");
    let sql = format!("DELETE FROM {table} WHERE id IN ({old})");
    let values = [workspace.as_str().into(), before.as_millis().into(), limit.into()];
    let gone =
        db.execute_raw(Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)).await?.rows_affected();
    if gone > 0 && table == "approvals" {
        db.execute_unprepared(LEFT).await?;
    }
    Ok(gone)
}
