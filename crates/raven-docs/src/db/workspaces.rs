//! Workspaces: the tenants.

use raven_protocol::id::WorkspaceId;
use raven_protocol::time::Timestamp;
use sea_orm::entity::prelude::*;
use sea_orm::{ActiveValue::Set, QueryOrder as _};

use super::Queried;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "workspaces")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub name: String,
    pub created_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Adds a workspace.
pub async fn insert(db: &impl ConnectionTrait, id: &WorkspaceId, name: &str, at: Timestamp) -> Queried<()> {
    let row =
        ActiveModel { id: Set(id.to_string()), name: Set(name.to_owned()), created_at: Set(at.as_millis()) };
    Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// One workspace.
pub async fn find(db: &impl ConnectionTrait, id: &WorkspaceId) -> Queried<Option<Model>> {
    Ok(Entity::find_by_id(id.as_str()).one(db).await?)
}

/// Every workspace, oldest first.
pub async fn all(db: &impl ConnectionTrait) -> Queried<Vec<Model>> {
    Ok(Entity::find().order_by_asc(Column::CreatedAt).all(db).await?)
}

/// The workspaces with these ids, by name.
pub async fn with_ids(
    db: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = String>,
) -> Queried<Vec<Model>> {
    Ok(Entity::find().filter(Column::Id.is_in(ids)).order_by_asc(Column::Name).all(db).await?)
}

/// Gives a workspace another name.
pub async fn rename(db: &impl ConnectionTrait, id: &WorkspaceId, name: &str) -> Queried<()> {
    Entity::update_many()
        .col_expr(Column::Name, Expr::value(name))
        .filter(Column::Id.eq(id.as_str()))
        .exec(db)
        .await?;
    Ok(())
}
