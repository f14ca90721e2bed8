//! What people and webhooks are to hear of, until it is known who does.

use sea_orm::entity::prelude::*;
use sea_orm::{IntoActiveModel as _, QueryOrder as _, QuerySelect as _};

use super::Queried;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "notification_jobs")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub workspace_id: String,
    pub topic: String,
    pub audience: String,
    pub kind: String,
    pub message: String,
    pub detail: Option<String>,
    pub agent_id: Option<String>,
    pub agent_name: Option<String>,
    pub session_id: Option<String>,
    pub actor_id: Option<String>,
    pub created_at: i64,
    /// The person whom alone it is for.
    pub user_id: Option<String>,
    /// Its page in the web UI, where it has one of its own.
    pub path: Option<String>,
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

/// The oldest.
pub async fn oldest(db: &impl ConnectionTrait, limit: u64) -> Queried<Vec<Model>> {
    Ok(Entity::find().order_by_asc(Column::Id).limit(limit).all(db).await?)
}

/// Removes one; `false` when it is gone already.
pub async fn remove(db: &impl ConnectionTrait, id: &str) -> Queried<bool> {
    Ok(Entity::delete_by_id(id).exec(db).await?.rows_affected > 0)
}
