//! Agents as the control plane keeps them.

use raven_protocol::agent::AgentStatus;
use raven_protocol::id::{AgentId, WorkspaceId};
use raven_protocol::time::Timestamp;
use sea_orm::entity::prelude::*;
use sea_orm::{IntoActiveModel as _, QueryOrder as _, QuerySelect as _};

use super::Queried;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "agents")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub workspace_id: String,
    pub runtime_agent_id: String,
    /// Which installation runs it, when that is known.
    pub runtime_id: Option<String>,
    pub name: String,
    pub agent_type: String,
    pub status: String,
    pub status_since: i64,
    pub evidence: Option<String>,
    pub error: Option<String>,
    pub login_url: Option<String>,
    /// A JSON array of texts.
    pub capabilities: String,
    /// A JSON array of permissions.
    pub permissions: String,
    /// What it is at, as JSON.
    pub doing: String,
    pub cwd: Option<String>,
    pub pid: Option<i64>,
    pub exit_code: Option<i64>,
    pub callback_digest: String,
    /// The variables of its spawn as JSON, sealed.
    pub variables_sealed: Option<String>,
    /// Digest of the `Idempotency-Key` of the request that asked for it.
    pub request_digest: Option<String>,
    pub spawned_by: String,
    pub spawned_by_name: String,
    pub created_at: i64,
    pub started_at: Option<i64>,
    pub ended_at: Option<i64>,
    pub last_activity_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

#[cfg(test)]
impl Model {
    /// An agent for tests of what refers to one.
    pub fn example(id: &AgentId, workspace: &WorkspaceId) -> Self {
        Self {
            id: id.to_string(),
            workspace_id: workspace.to_string(),
            runtime_agent_id: id.to_string(),
            runtime_id: None,
            name: "Agent".into(),
            agent_type: "custom".into(),
            status: "ready".into(),
            status_since: 0,
            evidence: None,
            error: None,
            login_url: None,
            capabilities: "[]".into(),
            permissions: "[]".into(),
            doing: "{}".into(),
            cwd: None,
            pid: None,
            exit_code: None,
            callback_digest: String::new(),
            variables_sealed: None,
            request_digest: None,
            spawned_by: String::new(),
            spawned_by_name: String::new(),
            created_at: 0,
            started_at: None,
            ended_at: None,
            last_activity_at: None,
        }
    }
}

/// Adds an agent.
pub async fn insert(db: &impl ConnectionTrait, row: &Model) -> Queried<()> {
    let row = row.clone().into_active_model().reset_all();
    Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// Writes an agent's row anew.
pub async fn update(db: &impl ConnectionTrait, row: &Model) -> Queried<()> {
    let row = row.clone().into_active_model().reset_all();
    Entity::update(row).exec(db).await?;
    Ok(())
}

/// One agent of a workspace.
pub async fn find(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    id: &AgentId,
) -> Queried<Option<Model>> {
    let of_workspace = Column::WorkspaceId.eq(workspace.as_str());
    Ok(Entity::find_by_id(id.as_str()).filter(of_workspace).one(db).await?)
}

/// One agent of a workspace, by our id or by its runtime's.
pub async fn find_reported(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    id: &AgentId,
) -> Queried<Option<Model>> {
    if let Some(row) = find(db, workspace, id).await? {
        return Ok(Some(row));
    }
    let reported = Entity::find()
        .filter(Column::WorkspaceId.eq(workspace.as_str()))
        .filter(Column::RuntimeAgentId.eq(id.as_str()))
        .order_by_desc(Column::CreatedAt);
    Ok(reported.one(db).await?)
}

/// Which agents a list shows.
#[derive(Default)]
pub struct Filter {
    pub status: Option<AgentStatus>,
    pub capability: Option<String>,
    pub before: Option<String>,
}

/// Agents of a workspace, newest first.
pub async fn page(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    filter: &Filter,
    limit: u64,
) -> Queried<Vec<Model>> {
    let mut query = Entity::find().filter(Column::WorkspaceId.eq(workspace.as_str()));
    if let Some(status) = filter.status {
        query = query.filter(Column::Status.eq(status.as_str()));
    }
    if let Some(capability) = &filter.capability {
        let quoted = serde_json::to_string(capability)?;
        query = query.filter(Column::Capabilities.contains(quoted));
    }
    if let Some(before) = &filter.before {
        query = query.filter(Column::Id.lt(before.as_str()));
    }
    Ok(query.order_by_desc(Column::Id).limit(limit).all(db).await?)
}

/// Agents of a workspace that have not ended.
pub async fn unended(db: &impl ConnectionTrait, workspace: &WorkspaceId) -> Queried<Vec<Model>> {
    let ended = [AgentStatus::Stopped, AgentStatus::Error].map(AgentStatus::as_str);
    let query = Entity::find()
        .filter(Column::WorkspaceId.eq(workspace.as_str()))
        .filter(Column::Status.is_not_in(ended));
    Ok(query.all(db).await?)
}

/// Agents still waiting for their runtime's first word that were asked for, or anew, before a time.
pub async fn spawning_since_before(db: &impl ConnectionTrait, at: Timestamp) -> Queried<Vec<Model>> {
    let query = Entity::find()
        .filter(Column::Status.eq(AgentStatus::Spawning.as_str()))
        .filter(Column::StatusSince.lt(at.as_millis()));
    Ok(query.all(db).await?)
}

/// Whether an agent of this workspace was given a callback token with this digest.
pub async fn by_callback_digest(db: &impl ConnectionTrait, digest: &str) -> Queried<Option<Model>> {
    Ok(Entity::find().filter(Column::CallbackDigest.eq(digest)).one(db).await?)
}

/// The agents that a request with this digest asked for, in the order of their making.
pub async fn by_request_digest(db: &impl ConnectionTrait, digest: &str) -> Queried<Vec<Model>> {
    let query = Entity::find().filter(Column::RequestDigest.eq(digest)).order_by_asc(Column::Id);
    Ok(query.all(db).await?)
}

/// The names of some agents, by id.
pub async fn names(
    db: &impl ConnectionTrait,
    agents: &[String],
) -> Queried<std::collections::HashMap<String, String>> {
    if agents.is_empty() {
        return Ok(Default::default());
    }
    let query = Entity::find().select_only().columns([Column::Id, Column::Name]);
    let rows: Vec<(String, String)> = query.filter(Column::Id.is_in(agents)).into_tuple().all(db).await?;
    Ok(rows.into_iter().collect())
}
