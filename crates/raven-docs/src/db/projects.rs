//! Projects.

use std::collections::HashMap;

use raven_protocol::id::{ProjectId, WorkspaceId};
use sea_orm::entity::prelude::*;
use sea_orm::{ExprTrait as _, IntoActiveModel as _, QueryOrder as _, QuerySelect as _};

use super::Queried;

/// Whether what is closed to agents is there for somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    All,
    /// What agents may see.
    Open,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "projects")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub workspace_id: String,
    pub name: String,
    /// Markdown.
    pub description: String,
    /// Null means that agents may see it.
    pub agent_accessible: Option<bool>,
    pub created_at: i64,
    pub created_by_kind: String,
    pub created_by: String,
    pub created_by_name: String,
    pub updated_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Adds a project.
pub async fn insert(db: &impl ConnectionTrait, row: &Model) -> Queried<()> {
    let row = row.clone().into_active_model().reset_all();
    Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// Writes a project's row anew.
pub async fn update(db: &impl ConnectionTrait, row: &Model) -> Queried<()> {
    let row = row.clone().into_active_model().reset_all();
    Entity::update(row).exec(db).await?;
    Ok(())
}

/// Removes a project.
pub async fn delete(db: &impl ConnectionTrait, id: &str) -> Queried<()> {
    Entity::delete_by_id(id).exec(db).await?;
    Ok(())
}

/// One project of a workspace.
pub async fn find(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    id: &ProjectId,
) -> Queried<Option<Model>> {
    let of_workspace = Column::WorkspaceId.eq(workspace.as_str());
    Ok(Entity::find_by_id(id.as_str()).filter(of_workspace).one(db).await?)
}

/// How many projects a workspace has.
pub async fn count(db: &impl ConnectionTrait, workspace: &WorkspaceId) -> Queried<u64> {
    Ok(Entity::find().filter(Column::WorkspaceId.eq(workspace.as_str())).count(db).await?)
}

/// Projects of a workspace, newest first.
pub async fn page(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    (seen, before): (Seen, Option<&str>),
    limit: u64,
) -> Queried<Vec<Model>> {
    let mut query = Entity::find().filter(Column::WorkspaceId.eq(workspace.as_str()));
    if seen == Seen::Open {
        query = query.filter(Column::AgentAccessible.is_null().or(Column::AgentAccessible.eq(true)));
    }
    if let Some(before) = before {
        query = query.filter(Column::Id.lt(before));
    }
    Ok(query.order_by_desc(Column::Id).limit(limit).all(db).await?)
}

/// The flags of some projects, by id.
pub async fn flags(db: &impl ConnectionTrait, ids: &[String]) -> Queried<HashMap<String, Option<bool>>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let query = Entity::find().select_only().columns([Column::Id, Column::AgentAccessible]);
    let rows: Vec<(String, Option<bool>)> = query.filter(Column::Id.is_in(ids)).into_tuple().all(db).await?;
    Ok(rows.into_iter().collect())
}
