//! Read-only links to terminal sessions, by the digest of their token.

use raven_protocol::id::{LinkId, SessionId, WorkspaceId};
use raven_protocol::time::Timestamp;
use sea_orm::entity::prelude::*;
use sea_orm::{IntoActiveModel as _, QueryOrder as _, QuerySelect as _};

use super::Queried;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "terminal_links")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub workspace_id: String,
    pub session_id: String,
    pub label: String,
    pub secret_digest: String,
    pub created_by: String,
    pub created_by_name: String,
    pub created_at: i64,
    pub expires_at: i64,
    pub revoked_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Adds a link.
pub async fn insert(db: &impl ConnectionTrait, row: &Model) -> Queried<()> {
    let row = row.clone().into_active_model().reset_all();
    Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// The link with a digest.
pub async fn by_digest(db: &impl ConnectionTrait, digest: &str) -> Queried<Option<Model>> {
    Ok(Entity::find().filter(Column::SecretDigest.eq(digest)).one(db).await?)
}

/// One link of a workspace.
pub async fn find(db: &impl ConnectionTrait, workspace: &WorkspaceId, id: &LinkId) -> Queried<Option<Model>> {
    let of_workspace = Column::WorkspaceId.eq(workspace.as_str());
    Ok(Entity::find_by_id(id.as_str()).filter(of_workspace).one(db).await?)
}

/// How many links of a session are good at a time.
pub async fn count_good(db: &impl ConnectionTrait, session: &SessionId, now: Timestamp) -> Queried<u64> {
    let good = Entity::find()
        .filter(Column::SessionId.eq(session.as_str()))
        .filter(Column::RevokedAt.is_null())
        .filter(Column::ExpiresAt.gt(now.as_millis()));
    Ok(good.count(db).await?)
}

/// A session's links, newest first.
pub async fn page(
    db: &impl ConnectionTrait,
    session: &SessionId,
    before: Option<&str>,
    limit: u64,
) -> Queried<Vec<Model>> {
    let mut query = Entity::find().filter(Column::SessionId.eq(session.as_str()));
    if let Some(before) = before {
        query = query.filter(Column::Id.lt(before));
    }
    Ok(query.order_by_desc(Column::Id).limit(limit).all(db).await?)
}

/// Notes that a link was revoked.
pub async fn revoke(db: &impl ConnectionTrait, id: &str, at: Timestamp) -> Queried<()> {
    Entity::update_many()
        .col_expr(Column::RevokedAt, Expr::value(at.as_millis()))
        .filter(Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

/// Notes that every link to a session of an agent was revoked; answers how many were good until now.
pub async fn revoke_of_agent(db: &impl ConnectionTrait, agent: &str, at: Timestamp) -> Queried<u64> {
    let sessions = super::sessions::ids_of_agent(db, agent).await?;
    let revoked = Entity::update_many()
        .col_expr(Column::RevokedAt, Expr::value(at.as_millis()))
        .filter(Column::SessionId.is_in(sessions))
        .filter(Column::RevokedAt.is_null())
        .filter(Column::ExpiresAt.gt(at.as_millis()));
    Ok(revoked.exec(db).await?.rows_affected)
}
