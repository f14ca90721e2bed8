//! What each person wants to be told, and how.

use sea_orm::entity::prelude::*;
use sea_orm::{IntoActiveModel as _, sea_query::OnConflict};

use super::Queried;
use super::notifications::Owner;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "notification_preferences")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: String,
    pub preferences: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// A person's, if they have set any.
pub async fn find(db: &impl ConnectionTrait, owner: Owner<'_>) -> Queried<Option<String>> {
    let key = (owner.workspace.to_string(), owner.user.to_string());
    Ok(Entity::find_by_id(key).one(db).await?.map(|row| row.preferences))
}

/// Sets a person's.
pub async fn put(db: &impl ConnectionTrait, owner: Owner<'_>, preferences: String) -> Queried<()> {
    let row =
        Model { workspace_id: owner.workspace.to_string(), user_id: owner.user.to_string(), preferences };
    let instead = OnConflict::columns([Column::WorkspaceId, Column::UserId])
        .update_column(Column::Preferences)
        .to_owned();
    let row = row.into_active_model().reset_all();
    Entity::insert(row).on_conflict(instead).exec_without_returning(db).await?;
    Ok(())
}
