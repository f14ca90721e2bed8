//! Agents as the control plane keeps them.

use raven_protocol::agent::AgentStatus;
use raven_protocol::id::{AgentId, WorkspaceId};
use raven_protocol::time::Timestamp;
use sea_orm::entity::prelude::*;
use sea_orm::{Condition, IntoActiveModel as _, QueryOrder as _, QuerySelect as _};

use super::Queried;

/// The origin of agents that run at a runtime of ours.
pub const SPAWNED: &str = "spawned";

/// The statuses of agents that have ended.
const ENDED: [&str; 2] = ["stopped", "error"];

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
    /// `user` or `agent`.
    pub spawned_by_kind: String,
    /// `spawned` or `external`.
    pub origin: String,
    /// How an external agent calls itself, where its row could not have that id.
    pub external_id: Option<String>,
    /// `pending`, `approved`, `denied` or `revoked`.
    pub access: String,
    /// What it asked for and who decided, as JSON.
    pub admission: String,
    pub created_at: i64,
    pub started_at: Option<i64>,
    pub ended_at: Option<i64>,
    pub last_activity_at: Option<i64>,
    /// Whether its program takes what is typed as words; a bare shell would run them.
    pub takes_prompts: bool,
    /// Whether its program has tools to report with.
    pub reports: bool,
    /// What it says of itself, as JSON.
    pub own_status: Option<String>,
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
            spawned_by_kind: "user".into(),
            origin: SPAWNED.into(),
            external_id: None,
            access: "approved".into(),
            admission: "{}".into(),
            created_at: 0,
            started_at: None,
            ended_at: None,
            last_activity_at: None,
            takes_prompts: true,
            reports: true,
            own_status: None,
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

/// One agent of a workspace, by the id that it has here or by its own.
pub async fn find(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    id: &AgentId,
) -> Queried<Option<Model>> {
    let named = Condition::any().add(Column::Id.eq(id.as_str())).add(Column::ExternalId.eq(id.as_str()));
    let query = Entity::find().filter(Column::WorkspaceId.eq(workspace.as_str())).filter(named);
    Ok(query.one(db).await?)
}

/// Whether an agent of any workspace has an id.
pub async fn is_there(db: &impl ConnectionTrait, id: &AgentId) -> Queried<bool> {
    Ok(Entity::find_by_id(id.as_str()).count(db).await? > 0)
}

/// One spawned agent of a workspace, by our id or by its runtime's.
pub async fn find_reported(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    id: &AgentId,
) -> Queried<Option<Model>> {
    let spawned = || {
        let of_workspace = Entity::find().filter(Column::WorkspaceId.eq(workspace.as_str()));
        of_workspace.filter(Column::Origin.eq(SPAWNED))
    };
    if let Some(row) = spawned().filter(Column::Id.eq(id.as_str())).one(db).await? {
        return Ok(Some(row));
    }
    let reported = spawned().filter(Column::RuntimeAgentId.eq(id.as_str())).order_by_desc(Column::CreatedAt);
    Ok(reported.one(db).await?)
}

/// Which agents a list shows.
#[derive(Default)]
pub struct Filter {
    pub status: Option<AgentStatus>,
    pub capability: Option<String>,
    /// Only of these states of access; of all when there is none.
    pub access: Vec<&'static str>,
    pub origin: Option<&'static str>,
    /// Only agents that have not ended.
    pub unended: Unended,
    pub before: Option<String>,
}

/// Whether a list leaves out agents that have ended.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub enum Unended {
    Only,
    #[default]
    Any,
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
    if !filter.access.is_empty() {
        query = query.filter(Column::Access.is_in(filter.access.iter().copied()));
    }
    if let Some(origin) = filter.origin {
        query = query.filter(Column::Origin.eq(origin));
    }
    if filter.unended == Unended::Only {
        query = query.filter(Column::Status.is_not_in(ENDED));
    }
    if let Some(before) = &filter.before {
        // Ids from outside are in no order of time.
        let last = Entity::find_by_id(before.as_str()).one(db).await?;
        let at = last.map_or(0, |last| last.created_at);
        let as_old = Condition::all().add(Column::CreatedAt.eq(at)).add(Column::Id.lt(before.as_str()));
        query = query.filter(Condition::any().add(Column::CreatedAt.lt(at)).add(as_old));
    }
    let newest_first = query.order_by_desc(Column::CreatedAt).order_by_desc(Column::Id);
    Ok(newest_first.limit(limit).all(db).await?)
}

/// How many agents of a workspace are in a state of access.
pub async fn count_access(db: &impl ConnectionTrait, workspace: &WorkspaceId, access: &str) -> Queried<u64> {
    let of_workspace = Entity::find().filter(Column::WorkspaceId.eq(workspace.as_str()));
    Ok(of_workspace.filter(Column::Access.eq(access)).count(db).await?)
}

/// Spawned agents of every workspace whose access was revoked, and that have not ended.
pub async fn revoked_unended(db: &impl ConnectionTrait) -> Queried<Vec<Model>> {
    let query = Entity::find()
        .filter(Column::Access.eq("revoked"))
        .filter(Column::Origin.eq(SPAWNED))
        .filter(Column::Status.is_not_in(ENDED));
    Ok(query.all(db).await?)
}

/// Spawned agents of a workspace that have not ended.
pub async fn unended(db: &impl ConnectionTrait, workspace: &WorkspaceId) -> Queried<Vec<Model>> {
    let query = Entity::find()
        .filter(Column::WorkspaceId.eq(workspace.as_str()))
        .filter(Column::Origin.eq(SPAWNED))
        .filter(Column::Status.is_not_in(ENDED));
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
