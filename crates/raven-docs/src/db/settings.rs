//! A workspace's agent settings, and what was last heard of its runtime.

use raven_protocol::id::WorkspaceId;
use raven_protocol::runtime_api::Heartbeat;
use raven_protocol::time::Timestamp;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Expr;

use super::Queried;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "agent_settings")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: String,
    pub hosting_mode: String,
    pub runtime_endpoint: Option<String>,
    pub runtime_auth_type: String,
    pub runtime_key_sealed: Option<String>,
    pub runtime_key_digest: Option<String>,
    pub runtime_id: Option<String>,
    pub runtime_version: Option<String>,
    pub runtime_active_agents: Option<i64>,
    pub runtime_last_heartbeat: Option<i64>,
    pub runtime_error: Option<String>,
    pub event_cursor: i64,
    pub record_input: String,
    pub recording_retention_days: Option<i64>,
    pub audit_detail_days: i64,
    pub audit_days: i64,
    pub history_days: i64,
    pub allow_access_requests: bool,
    pub max_agents: i64,
    pub control_plane_url: Option<String>,
    pub control_plane_key_sealed: Option<String>,
    pub control_plane_key_digest: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Days for which entries of the audit log keep their details, unless said otherwise.
pub const DEFAULT_AUDIT_DETAIL_DAYS: i64 = 30;

/// Days for which entries of the audit log are kept, unless said otherwise.
pub const DEFAULT_AUDIT_DAYS: i64 = 365;

/// How a runtime is reached: the part of the row that people set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hosting {
    pub mode: String,
    pub endpoint: Option<String>,
    pub auth_type: String,
    pub key_sealed: Option<String>,
    pub key_digest: Option<String>,
}

/// Adds the settings of a new workspace.
pub async fn insert(db: &impl ConnectionTrait, workspace: &WorkspaceId, hosting: Hosting) -> Queried<()> {
    let row = ActiveModel {
        workspace_id: Set(workspace.to_string()),
        event_cursor: Set(0),
        record_input: Set("full".to_owned()),
        audit_detail_days: Set(DEFAULT_AUDIT_DETAIL_DAYS),
        audit_days: Set(DEFAULT_AUDIT_DAYS),
        ..hosting_columns(hosting)
    };
    Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// Replaces how the runtime is reached. What was heard of the runtime before is forgotten when
/// another one is named.
pub async fn update(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    hosting: Hosting,
    another_runtime: Heard,
) -> Queried<()> {
    let forget = match another_runtime {
        Heard::Keep => ActiveModel { workspace_id: Set(workspace.to_string()), ..hosting_columns(hosting) },
        Heard::Forget => ActiveModel {
            workspace_id: Set(workspace.to_string()),
            runtime_id: Set(None),
            runtime_version: Set(None),
            runtime_active_agents: Set(None),
            runtime_last_heartbeat: Set(None),
            runtime_error: Set(None),
            event_cursor: Set(0),
            ..hosting_columns(hosting)
        },
    };
    Entity::update(forget).exec(db).await?;
    Ok(())
}

/// Whether what was heard of a runtime still holds after a change of settings.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    Keep,
    Forget,
}

fn hosting_columns(hosting: Hosting) -> ActiveModel {
    ActiveModel {
        workspace_id: NotSet,
        hosting_mode: Set(hosting.mode),
        runtime_endpoint: Set(hosting.endpoint),
        runtime_auth_type: Set(hosting.auth_type),
        runtime_key_sealed: Set(hosting.key_sealed),
        runtime_key_digest: Set(hosting.key_digest),
        runtime_id: NotSet,
        runtime_version: NotSet,
        runtime_active_agents: NotSet,
        runtime_last_heartbeat: NotSet,
        runtime_error: NotSet,
        event_cursor: NotSet,
        record_input: NotSet,
        recording_retention_days: NotSet,
        audit_detail_days: NotSet,
        audit_days: NotSet,
        history_days: NotSet,
        allow_access_requests: NotSet,
        max_agents: NotSet,
        control_plane_url: NotSet,
        control_plane_key_sealed: NotSet,
        control_plane_key_digest: NotSet,
    }
}

/// The control plane outside: the part of the row that says where it is, and how it and we know each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlPlane {
    pub url: Option<String>,
    pub key_sealed: Option<String>,
    pub key_digest: Option<String>,
}

/// Replaces which control plane a workspace has.
pub async fn set_control_plane(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    plane: ControlPlane,
) -> Queried<()> {
    let update = Entity::update_many()
        .col_expr(Column::ControlPlaneUrl, Expr::value(plane.url))
        .col_expr(Column::ControlPlaneKeySealed, Expr::value(plane.key_sealed))
        .col_expr(Column::ControlPlaneKeyDigest, Expr::value(plane.key_digest))
        .filter(Column::WorkspaceId.eq(workspace.as_str()));
    update.exec(db).await?;
    Ok(())
}

/// The workspace whose control plane holds a key, by the key's digest.
pub async fn by_control_plane_key(db: &impl ConnectionTrait, digest: &str) -> Queried<Option<Model>> {
    Ok(Entity::find().filter(Column::ControlPlaneKeyDigest.eq(digest)).one(db).await?)
}

/// Whether outside agents may ask for access, and how many agents may run at once.
pub struct AccessRules {
    pub allow_requests: bool,
    pub max_agents: i64,
}

/// Replaces who is let into a workspace, and how many.
pub async fn set_access(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    rules: AccessRules,
) -> Queried<()> {
    let update = Entity::update_many()
        .col_expr(Column::AllowAccessRequests, Expr::value(rules.allow_requests))
        .col_expr(Column::MaxAgents, Expr::value(rules.max_agents))
        .filter(Column::WorkspaceId.eq(workspace.as_str()));
    update.exec(db).await?;
    Ok(())
}

/// What a workspace records, and for how many days it is kept.
pub async fn set_recording(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    input: &str,
    retention_days: Option<i64>,
) -> Queried<()> {
    let update = Entity::update_many()
        .col_expr(Column::RecordInput, Expr::value(input))
        .col_expr(Column::RecordingRetentionDays, Expr::value(retention_days))
        .filter(Column::WorkspaceId.eq(workspace.as_str()));
    update.exec(db).await?;
    Ok(())
}

/// For how long a workspace's audit log is kept.
pub async fn set_audit(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    detail_days: i64,
    days: i64,
) -> Queried<()> {
    let update = Entity::update_many()
        .col_expr(Column::AuditDetailDays, Expr::value(detail_days))
        .col_expr(Column::AuditDays, Expr::value(days))
        .filter(Column::WorkspaceId.eq(workspace.as_str()));
    update.exec(db).await?;
    Ok(())
}

/// For how long a workspace keeps what is over.
pub async fn set_history(db: &impl ConnectionTrait, workspace: &WorkspaceId, days: i64) -> Queried<()> {
    let update = Entity::update_many()
        .col_expr(Column::HistoryDays, Expr::value(days))
        .filter(Column::WorkspaceId.eq(workspace.as_str()));
    update.exec(db).await?;
    Ok(())
}

/// The settings of a workspace.
pub async fn find(db: &impl ConnectionTrait, workspace: &WorkspaceId) -> Queried<Option<Model>> {
    Ok(Entity::find_by_id(workspace.as_str()).one(db).await?)
}

/// The settings of every workspace.
pub async fn all(db: &impl ConnectionTrait) -> Queried<Vec<Model>> {
    Ok(Entity::find().all(db).await?)
}

/// The workspaces whose runtime holds a key, by the key's digest.
pub async fn by_key_digest(db: &impl ConnectionTrait, digest: &str) -> Queried<Vec<Model>> {
    Ok(Entity::find().filter(Column::RuntimeKeyDigest.eq(digest)).all(db).await?)
}

/// Notes a heartbeat.
pub async fn heard(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    beat: &Heartbeat,
    at: Timestamp,
) -> Queried<()> {
    Entity::update_many()
        .col_expr(Column::RuntimeId, Expr::value(beat.runtime_id.as_str()))
        .col_expr(Column::RuntimeVersion, Expr::value(beat.version.as_str()))
        .col_expr(Column::RuntimeActiveAgents, Expr::value(i64::from(beat.active_agents)))
        .col_expr(Column::RuntimeLastHeartbeat, Expr::value(at.as_millis()))
        .col_expr(Column::RuntimeError, Expr::value(None::<String>))
        .filter(Column::WorkspaceId.eq(workspace.as_str()))
        .exec(db)
        .await?;
    Ok(())
}

/// Notes why the runtime cannot be reached.
pub async fn failed(db: &impl ConnectionTrait, workspace: &WorkspaceId, error: &str) -> Queried<()> {
    Entity::update_many()
        .col_expr(Column::RuntimeError, Expr::value(error))
        .filter(Column::WorkspaceId.eq(workspace.as_str()))
        .exec(db)
        .await?;
    Ok(())
}

/// Notes up to which of the runtime's events everything is applied.
pub async fn set_cursor(db: &impl ConnectionTrait, workspace: &WorkspaceId, seq: u64) -> Queried<()> {
    let cursor = i64::try_from(seq).unwrap_or(i64::MAX);
    Entity::update_many()
        .col_expr(Column::EventCursor, Expr::value(cursor))
        .filter(Column::WorkspaceId.eq(workspace.as_str()))
        .exec(db)
        .await?;
    Ok(())
}
