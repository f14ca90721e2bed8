//! Browser sign-ins: which cookie secrets are good, by their digest.

use raven_protocol::time::Timestamp;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;

use super::Queried;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sign_ins")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub secret_digest: String,
    pub user_id: String,
    pub created_at: i64,
    pub expires_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Adds a sign-in and forgets those that have expired.
pub async fn insert(db: &impl ConnectionTrait, row: Model) -> Queried<()> {
    Entity::delete_many().filter(Column::ExpiresAt.lt(row.created_at)).exec(db).await?;
    let row = ActiveModel {
        secret_digest: Set(row.secret_digest),
        user_id: Set(row.user_id),
        created_at: Set(row.created_at),
        expires_at: Set(row.expires_at),
    };
    Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// The sign-in with a digest, unless it has expired.
pub async fn find(db: &impl ConnectionTrait, digest: &str, now: Timestamp) -> Queried<Option<Model>> {
    let good = Entity::find_by_id(digest).filter(Column::ExpiresAt.gt(now.as_millis()));
    Ok(good.one(db).await?)
}

/// Ends a sign-in.
pub async fn delete(db: &impl ConnectionTrait, digest: &str) -> Queried<()> {
    Entity::delete_by_id(digest).exec(db).await?;
    Ok(())
}

/// Ends every sign-in of a person.
pub async fn delete_of_user(db: &impl ConnectionTrait, user: &str) -> Queried<()> {
    Entity::delete_many().filter(Column::UserId.eq(user)).exec(db).await?;
    Ok(())
}
