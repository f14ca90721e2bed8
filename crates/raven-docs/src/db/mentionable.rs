//! Who can be mentioned: the members of a workspace, and its agents.

use raven_protocol::id::WorkspaceId;
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use super::Queried;

/// An id and a name.
pub type IdAndName = (String, String);

/// Members whose name has a text in it.
pub async fn people(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    part: &str,
    limit: u64,
) -> Queried<Vec<IdAndName>> {
    let sql = "SELECT u.id AS id, u.name AS name FROM memberships m JOIN users u ON u.id = m.user_id
        WHERE m.workspace_id = $1 AND lower(u.name) LIKE $2 ESCAPE '\\' ORDER BY lower(u.name), u.id LIMIT $3";
    named(db, sql, workspace, (part, limit)).await
}

/// Agents whose name has a text in it.
pub async fn agents(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    part: &str,
    limit: u64,
) -> Queried<Vec<IdAndName>> {
    let sql = "SELECT id, name FROM agents
        WHERE workspace_id = $1 AND lower(name) LIKE $2 ESCAPE '\\' ORDER BY created_at DESC, id LIMIT $3";
    named(db, sql, workspace, (part, limit)).await
}

async fn named(
    db: &impl ConnectionTrait,
    sql: &str,
    workspace: &WorkspaceId,
    (part, limit): (&str, u64),
) -> Queried<Vec<IdAndName>> {
    let plain = part.to_lowercase().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    let values = [workspace.as_str().into(), format!("%{plain}%").into(), i64::try_from(limit)?.into()];
    let rows = db.query_all_raw(Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)).await?;
    rows.iter().map(|row| Ok((row.try_get("", "id")?, row.try_get("", "name")?))).collect()
}
