//! Work that is given to agents.

use raven_protocol::id::{AssignmentId, WorkspaceId};
use sea_orm::entity::prelude::*;
use sea_orm::{IntoActiveModel as _, QueryOrder as _, QuerySelect as _};

use super::Queried;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "assignments")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub workspace_id: String,
    /// The id of its agent's row.
    pub agent_id: String,
    pub agent_name: String,
    pub title: String,
    pub instructions: String,
    /// JSON arrays of ids.
    pub page_ids: String,
    pub task_ids: String,
    pub deadline: Option<i64>,
    pub state: String,
    pub progress: Option<i64>,
    pub summary: Option<String>,
    /// JSON.
    pub result: Option<String>,
    pub reason: Option<String>,
    pub assigned_by_kind: String,
    pub assigned_by: String,
    pub assigned_by_name: String,
    pub request_digest: Option<String>,
    /// The message as which its agent is given it.
    pub message_id: Option<String>,
    pub created_at: i64,
    pub delivered_at: Option<i64>,
    pub updated_at: i64,
    pub ended_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Adds one.
pub async fn insert(db: &impl ConnectionTrait, row: &Model) -> Queried<()> {
    let row = row.clone().into_active_model().reset_all();
    Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// Writes one anew.
pub async fn update(db: &impl ConnectionTrait, row: &Model) -> Queried<()> {
    let row = row.clone().into_active_model().reset_all();
    Entity::update(row).exec(db).await?;
    Ok(())
}

/// One of a workspace.
pub async fn find(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    id: &AssignmentId,
) -> Queried<Option<Model>> {
    let of_workspace = Column::WorkspaceId.eq(workspace.as_str());
    Ok(Entity::find_by_id(id.as_str()).filter(of_workspace).one(db).await?)
}

/// The one that a request with this digest gave.
pub async fn by_request_digest(db: &impl ConnectionTrait, digest: &str) -> Queried<Option<Model>> {
    Ok(Entity::find().filter(Column::RequestDigest.eq(digest)).one(db).await?)
}

/// Those of an agent, newest first.
pub async fn page(
    db: &impl ConnectionTrait,
    (workspace, agent): (&WorkspaceId, &str),
    state: Option<&str>,
    before: Option<&str>,
    limit: u64,
) -> Queried<Vec<Model>> {
    let mut query =
        Entity::find().filter(Column::WorkspaceId.eq(workspace.as_str())).filter(Column::AgentId.eq(agent));
    if let Some(state) = state {
        query = query.filter(Column::State.eq(state));
    }
    if let Some(before) = before {
        query = query.filter(Column::Id.lt(before));
    }
    Ok(query.order_by_desc(Column::Id).limit(limit).all(db).await?)
}

/// Those of an agent that are in one of some states, in the order in which they were given.
pub async fn of_agent(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    agent: &str,
    states: &[&str],
) -> Queried<Vec<Model>> {
    let query = Entity::find()
        .filter(Column::WorkspaceId.eq(workspace.as_str()))
        .filter(Column::AgentId.eq(agent))
        .filter(Column::State.is_in(states.iter().copied()));
    Ok(query.order_by_asc(Column::Id).all(db).await?)
}

/// Those of all agents in a state, in the order in which they were given.
pub async fn in_state(db: &impl ConnectionTrait, state: &str) -> Queried<Vec<Model>> {
    Ok(Entity::find().filter(Column::State.eq(state)).order_by_asc(Column::Id).all(db).await?)
}

/// Those in some states whose deadline has passed.
pub async fn overdue(db: &impl ConnectionTrait, states: &[&str], now: i64) -> Queried<Vec<Model>> {
    let query =
        Entity::find().filter(Column::State.is_in(states.iter().copied())).filter(Column::Deadline.lte(now));
    Ok(query.all(db).await?)
}

/// The first deadline of those in some states.
pub async fn next_deadline(db: &impl ConnectionTrait, states: &[&str]) -> Queried<Option<i64>> {
    let query = Entity::find()
        .filter(Column::State.is_in(states.iter().copied()))
        .filter(Column::Deadline.is_not_null());
    Ok(query.order_by_asc(Column::Deadline).one(db).await?.and_then(|row| row.deadline))
}
