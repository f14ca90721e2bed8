//! Webhooks of workspaces.

use raven_protocol::id::{WebhookId, WorkspaceId};
use sea_orm::entity::prelude::*;
use sea_orm::{IntoActiveModel as _, QueryOrder as _, QuerySelect as _};

use super::Queried;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhooks")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub workspace_id: String,
    pub name: String,
    pub url: String,
    pub topics: String,
    pub agent_ids: Option<String>,
    pub secret_sealed: String,
    pub off_because: Option<String>,
    pub failing_since: Option<i64>,
    pub created_by: String,
    pub created_by_name: String,
    pub created_at: i64,
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

/// Replaces one.
pub async fn update(db: &impl ConnectionTrait, row: &Model) -> Queried<()> {
    let row = row.clone().into_active_model().reset_all();
    Entity::update(row).exec(db).await?;
    Ok(())
}

/// Removes one.
pub async fn remove(db: &impl ConnectionTrait, id: &str) -> Queried<()> {
    Entity::delete_by_id(id).exec(db).await?;
    Ok(())
}

/// One of a workspace.
pub async fn find(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    id: &WebhookId,
) -> Queried<Option<Model>> {
    let of_workspace = Column::WorkspaceId.eq(workspace.as_str());
    Ok(Entity::find_by_id(id.as_str()).filter(of_workspace).one(db).await?)
}

/// One of any workspace.
pub async fn by_id(db: &impl ConnectionTrait, id: &str) -> Queried<Option<Model>> {
    Ok(Entity::find_by_id(id).one(db).await?)
}

/// How many a workspace has.
pub async fn count(db: &impl ConnectionTrait, workspace: &WorkspaceId) -> Queried<u64> {
    Ok(Entity::find().filter(Column::WorkspaceId.eq(workspace.as_str())).count(db).await?)
}

/// Those of a workspace that are on.
pub async fn on(db: &impl ConnectionTrait, workspace: &WorkspaceId) -> Queried<Vec<Model>> {
    let on = Entity::find()
        .filter(Column::WorkspaceId.eq(workspace.as_str()))
        .filter(Column::OffBecause.is_null());
    Ok(on.order_by_asc(Column::Id).all(db).await?)
}

/// Those of a workspace, newest first.
pub async fn page(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    before: Option<&str>,
    limit: u64,
) -> Queried<Vec<Model>> {
    let mut query = Entity::find().filter(Column::WorkspaceId.eq(workspace.as_str()));
    if let Some(before) = before {
        query = query.filter(Column::Id.lt(before));
    }
    Ok(query.order_by_desc(Column::Id).limit(limit).all(db).await?)
}
