//! Policies: a document of rules per workspace, and per agent that has its own.

use raven_protocol::id::WorkspaceId;
use sea_orm::entity::prelude::*;
use sea_orm::{IntoActiveModel as _, sea_query::OnConflict};

use super::Queried;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "policies")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: String,
    /// Empty for the workspace's own.
    #[sea_orm(primary_key, auto_increment = false)]
    pub agent_id: String,
    pub version: i64,
    /// A JSON array of rules.
    pub rules: String,
    pub updated_at: i64,
    pub updated_by: String,
    pub updated_by_name: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The policy of an agent, or the workspace's own for the empty id.
pub async fn find(db: &impl ConnectionTrait, workspace: &WorkspaceId, agent: &str) -> Queried<Option<Model>> {
    Ok(Entity::find_by_id((workspace.to_string(), agent.to_owned())).one(db).await?)
}

/// Every policy of a workspace: its own, and those of its agents.
pub async fn of_workspace(db: &impl ConnectionTrait, workspace: &WorkspaceId) -> Queried<Vec<Model>> {
    Ok(Entity::find().filter(Column::WorkspaceId.eq(workspace.as_str())).all(db).await?)
}

/// Writes a policy in the place of the one before.
pub async fn put(db: &impl ConnectionTrait, row: &Model) -> Queried<()> {
    let columns =
        [Column::Version, Column::Rules, Column::UpdatedAt, Column::UpdatedBy, Column::UpdatedByName];
    let over = OnConflict::columns([Column::WorkspaceId, Column::AgentId]).update_columns(columns).to_owned();
    let row = row.clone().into_active_model().reset_all();
    Entity::insert(row).on_conflict(over).exec_without_returning(db).await?;
    Ok(())
}

/// Removes the policy of an agent; whether there was one.
pub async fn remove(db: &impl ConnectionTrait, workspace: &WorkspaceId, agent: &str) -> Queried<bool> {
    let removed = Entity::delete_by_id((workspace.to_string(), agent.to_owned())).exec(db).await?;
    Ok(removed.rows_affected > 0)
}
