//! Personal access tokens, by the digest of their secret.

use raven_protocol::id::{TokenId, UserId};
use raven_protocol::time::Timestamp;
use sea_orm::entity::prelude::*;
use sea_orm::{ActiveValue::Set, QueryOrder as _, QuerySelect as _};

use super::Queried;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tokens")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub user_id: String,
    pub name: String,
    pub secret_digest: String,
    pub created_at: i64,
    pub last_used_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Adds a token.
pub async fn insert(db: &impl ConnectionTrait, row: Model) -> Queried<()> {
    let row = ActiveModel {
        id: Set(row.id),
        user_id: Set(row.user_id),
        name: Set(row.name),
        secret_digest: Set(row.secret_digest),
        created_at: Set(row.created_at),
        last_used_at: Set(row.last_used_at),
    };
    Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// The token with a digest.
pub async fn by_digest(db: &impl ConnectionTrait, digest: &str) -> Queried<Option<Model>> {
    Ok(Entity::find().filter(Column::SecretDigest.eq(digest)).one(db).await?)
}

/// Notes that a token was used.
pub async fn touch(db: &impl ConnectionTrait, id: &str, at: Timestamp) -> Queried<()> {
    Entity::update_many()
        .col_expr(Column::LastUsedAt, Expr::value(at.as_millis()))
        .filter(Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

/// A person's tokens, newest first.
pub async fn page(
    db: &impl ConnectionTrait,
    user: &UserId,
    before: Option<&str>,
    limit: u64,
) -> Queried<Vec<Model>> {
    let mut query = Entity::find().filter(Column::UserId.eq(user.as_str())).order_by_desc(Column::Id);
    if let Some(before) = before {
        query = query.filter(Column::Id.lt(before));
    }
    Ok(query.limit(limit).all(db).await?)
}

/// Revokes a person's token; `false` when they have none with this id.
pub async fn delete(db: &impl ConnectionTrait, user: &UserId, id: &TokenId) -> Queried<bool> {
    let gone = Entity::delete_many()
        .filter(Column::UserId.eq(user.as_str()))
        .filter(Column::Id.eq(id.as_str()))
        .exec(db)
        .await?;
    Ok(gone.rows_affected > 0)
}
