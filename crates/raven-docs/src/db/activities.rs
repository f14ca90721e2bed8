//! The activity feed.

use raven_protocol::id::WorkspaceId;
use sea_orm::entity::prelude::*;
use sea_orm::{IntoActiveModel as _, QueryOrder as _, QuerySelect as _};

use super::Queried;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "activities")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub workspace_id: String,
    pub kind: String,
    pub message: String,
    pub detail: Option<String>,
    pub agent_id: Option<String>,
    pub agent_name: Option<String>,
    pub session_id: Option<String>,
    pub actor_id: Option<String>,
    pub actor_name: Option<String>,
    pub created_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Adds an entry.
pub async fn insert(db: &impl ConnectionTrait, row: &Model) -> Queried<()> {
    let row = row.clone().into_active_model().reset_all();
    Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// Which entries a list shows.
#[derive(Clone, Default)]
pub struct Filter {
    pub agent: Option<String>,
    pub actor: Option<String>,
    pub kind: Option<&'static str>,
    pub since: Option<i64>,
    pub until: Option<i64>,
    pub before: Option<String>,
}

/// Entries of a workspace, newest first.
pub async fn page(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    filter: &Filter,
    limit: u64,
) -> Queried<Vec<Model>> {
    let mut query = Entity::find().filter(Column::WorkspaceId.eq(workspace.as_str()));
    if let Some(agent) = &filter.agent {
        query = query.filter(Column::AgentId.eq(agent.as_str()));
    }
    if let Some(actor) = &filter.actor {
        query = query.filter(Column::ActorId.eq(actor.as_str()));
    }
    if let Some(since) = filter.since {
        query = query.filter(Column::CreatedAt.gte(since));
    }
    if let Some(until) = filter.until {
        query = query.filter(Column::CreatedAt.lt(until));
    }
    if let Some(kind) = filter.kind {
        query = query.filter(Column::Kind.eq(kind));
    }
    if let Some(before) = &filter.before {
        query = query.filter(Column::Id.lt(before.as_str()));
    }
    Ok(query.order_by_desc(Column::Id).limit(limit).all(db).await?)
}
