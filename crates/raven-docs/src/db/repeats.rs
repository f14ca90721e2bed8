//! Which request with an `Idempotency-Key` has made what.

use sea_orm::IntoActiveModel as _;
use sea_orm::entity::prelude::*;

use super::Queried;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "repeats")]
pub struct Model {
    /// What kind of thing was asked for.
    #[sea_orm(primary_key, auto_increment = false)]
    pub noun: String,
    /// Of the key and whose it is.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key_digest: String,
    pub workspace_id: String,
    /// Of what was asked for.
    pub content_digest: String,
    pub made_id: String,
    pub created_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The request for such a thing with this key.
pub async fn find(db: &impl ConnectionTrait, noun: &str, key_digest: &str) -> Queried<Option<Model>> {
    Ok(Entity::find_by_id((noun.to_owned(), key_digest.to_owned())).one(db).await?)
}

/// Adds a request.
pub async fn insert(db: &impl ConnectionTrait, row: &Model) -> Queried<()> {
    Entity::insert(row.clone().into_active_model().reset_all()).exec_without_returning(db).await?;
    Ok(())
}

/// Removes those that are older.
pub async fn delete_before(db: &impl ConnectionTrait, time: i64) -> Queried<()> {
    Entity::delete_many().filter(Column::CreatedAt.lt(time)).exec(db).await?;
    Ok(())
}
