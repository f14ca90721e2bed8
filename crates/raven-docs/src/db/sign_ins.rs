//! Browser sign-ins: which cookie secrets are good, by their digest.

use raven_protocol::id::SignInId;
use raven_protocol::time::Timestamp;
use sea_orm::entity::prelude::*;
use sea_orm::{IntoActiveModel as _, QueryOrder as _, QuerySelect as _};

use super::Queried;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sign_ins")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub secret_digest: String,
    pub id: String,
    pub user_id: String,
    /// The workspace that it is in now.
    pub workspace_id: Option<String>,
    pub created_at: i64,
    pub expires_at: i64,
    pub last_seen_at: i64,
    pub address: Option<String>,
    pub user_agent: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Adds a sign-in and forgets those that have expired.
pub async fn insert(db: &impl ConnectionTrait, row: Model) -> Queried<()> {
    Entity::delete_many().filter(Column::ExpiresAt.lt(row.created_at)).exec(db).await?;
    Entity::insert(row.into_active_model().reset_all()).exec_without_returning(db).await?;
    Ok(())
}

/// The sign-in with a digest, unless it has expired.
pub async fn find(db: &impl ConnectionTrait, digest: &str, now: Timestamp) -> Queried<Option<Model>> {
    let good = Entity::find_by_id(digest).filter(Column::ExpiresAt.gt(now.as_millis()));
    Ok(good.one(db).await?)
}

/// Whether a sign-in is still good.
pub async fn is_good(db: &impl ConnectionTrait, id: &SignInId, now: Timestamp) -> Queried<bool> {
    let good =
        Entity::find().filter(Column::Id.eq(id.as_str())).filter(Column::ExpiresAt.gt(now.as_millis()));
    Ok(good.one(db).await?.is_some())
}

/// A person's good sign-ins, newest first.
pub async fn page(
    db: &impl ConnectionTrait,
    user: &str,
    now: Timestamp,
    before: Option<&str>,
    limit: u64,
) -> Queried<Vec<Model>> {
    let mut query =
        Entity::find().filter(Column::UserId.eq(user)).filter(Column::ExpiresAt.gt(now.as_millis()));
    if let Some(before) = before {
        query = query.filter(Column::Id.lt(before));
    }
    Ok(query.order_by_desc(Column::Id).limit(limit).all(db).await?)
}

/// Notes that a sign-in was used.
pub async fn touch(db: &impl ConnectionTrait, id: &str, at: Timestamp) -> Queried<()> {
    Entity::update_many()
        .col_expr(Column::LastSeenAt, Expr::value(at.as_millis()))
        .filter(Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

/// Moves a sign-in to another workspace.
pub async fn move_to(db: &impl ConnectionTrait, id: &str, workspace: &str) -> Queried<()> {
    Entity::update_many()
        .col_expr(Column::WorkspaceId, Expr::value(workspace))
        .filter(Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

/// Moves a person's sign-ins out of a workspace; answers how many.
pub async fn move_all(db: &impl ConnectionTrait, user: &str, from: &str, to: &str) -> Queried<u64> {
    let moved = Entity::update_many()
        .col_expr(Column::WorkspaceId, Expr::value(to))
        .filter(Column::UserId.eq(user))
        .filter(Column::WorkspaceId.eq(from))
        .exec(db)
        .await?;
    Ok(moved.rows_affected)
}

/// Ends one of a person's sign-ins; `false` when they have none with this id.
pub async fn delete(db: &impl ConnectionTrait, user: &str, id: &str) -> Queried<bool> {
    let gone =
        Entity::delete_many().filter(Column::UserId.eq(user)).filter(Column::Id.eq(id)).exec(db).await?;
    Ok(gone.rows_affected > 0)
}

/// Ends every sign-in of a person, but for one if it is named; answers how many.
pub async fn delete_of_user(db: &impl ConnectionTrait, user: &str, but_for: Option<&str>) -> Queried<u64> {
    let mut all = Entity::delete_many().filter(Column::UserId.eq(user));
    if let Some(stays) = but_for {
        all = all.filter(Column::Id.ne(stays));
    }
    Ok(all.exec(db).await?.rows_affected)
}
