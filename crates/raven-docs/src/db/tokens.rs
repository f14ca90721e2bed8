//! Personal access tokens, by the digest of their secret.

use raven_protocol::id::{TokenId, UserId, WorkspaceId};
use raven_protocol::time::Timestamp;
use sea_orm::entity::prelude::*;
use sea_orm::{IntoActiveModel as _, QueryOrder as _, QuerySelect as _};

use super::Queried;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tokens")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub user_id: String,
    /// The workspace that it was made in, and is good for.
    pub workspace_id: Option<String>,
    pub name: String,
    pub secret_digest: String,
    /// A JSON list of words.
    pub scopes: String,
    pub created_at: i64,
    pub last_used_at: Option<i64>,
    pub expires_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Adds a token.
pub async fn insert(db: &impl ConnectionTrait, row: Model) -> Queried<()> {
    Entity::insert(row.into_active_model().reset_all()).exec_without_returning(db).await?;
    Ok(())
}

/// The token with a digest.
pub async fn by_digest(db: &impl ConnectionTrait, digest: &str) -> Queried<Option<Model>> {
    Ok(Entity::find().filter(Column::SecretDigest.eq(digest)).one(db).await?)
}

/// A person's token of a workspace.
pub async fn find(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    user: &UserId,
    id: &TokenId,
) -> Queried<Option<Model>> {
    let theirs = Entity::find_by_id(id.as_str())
        .filter(Column::UserId.eq(user.as_str()))
        .filter(Column::WorkspaceId.eq(workspace.as_str()));
    Ok(theirs.one(db).await?)
}

/// Whether a token is still good.
pub async fn is_good(db: &impl ConnectionTrait, id: &TokenId, now: Timestamp) -> Queried<bool> {
    let row = Entity::find_by_id(id.as_str()).one(db).await?;
    Ok(row.is_some_and(|row| row.expires_at.is_none_or(|at| at > now.as_millis())))
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

/// A person's tokens of a workspace, newest first.
pub async fn page(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    user: &UserId,
    before: Option<&str>,
    limit: u64,
) -> Queried<Vec<Model>> {
    let mut query = Entity::find()
        .filter(Column::UserId.eq(user.as_str()))
        .filter(Column::WorkspaceId.eq(workspace.as_str()));
    if let Some(before) = before {
        query = query.filter(Column::Id.lt(before));
    }
    Ok(query.order_by_desc(Column::Id).limit(limit).all(db).await?)
}

/// Revokes a token.
pub async fn delete(db: &impl ConnectionTrait, id: &str) -> Queried<()> {
    Entity::delete_by_id(id).exec(db).await?;
    Ok(())
}

/// Revokes every token that a person has of a workspace; answers how many.
pub async fn delete_of_member(db: &impl ConnectionTrait, workspace: &str, user: &str) -> Queried<u64> {
    let gone = Entity::delete_many()
        .filter(Column::UserId.eq(user))
        .filter(Column::WorkspaceId.eq(workspace))
        .exec(db)
        .await?;
    Ok(gone.rows_affected)
}
