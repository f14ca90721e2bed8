//! Links that invite people to a workspace, by the digest of their token.

use raven_protocol::id::{InvitationId, WorkspaceId};
use raven_protocol::time::Timestamp;
use sea_orm::entity::prelude::*;
use sea_orm::{IntoActiveModel as _, QueryOrder as _, QuerySelect as _};

use super::Queried;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "invitations")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub workspace_id: String,
    pub role: String,
    pub email: Option<String>,
    pub secret_digest: String,
    pub created_by: String,
    pub created_by_name: String,
    pub created_at: i64,
    pub expires_at: i64,
    pub revoked_at: Option<i64>,
    pub used_at: Option<i64>,
    pub used_by: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

fn open(now: Timestamp) -> sea_orm::Condition {
    sea_orm::Condition::all()
        .add(Column::UsedAt.is_null())
        .add(Column::RevokedAt.is_null())
        .add(Column::ExpiresAt.gt(now.as_millis()))
}

/// Adds an invitation.
pub async fn insert(db: &impl ConnectionTrait, row: &Model) -> Queried<()> {
    let row = row.clone().into_active_model().reset_all();
    Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// The open invitation with a digest.
pub async fn open_by_digest(
    db: &impl ConnectionTrait,
    digest: &str,
    now: Timestamp,
) -> Queried<Option<Model>> {
    Ok(Entity::find().filter(Column::SecretDigest.eq(digest)).filter(open(now)).one(db).await?)
}

/// How many invitations of a workspace are open.
pub async fn count_open(db: &impl ConnectionTrait, workspace: &WorkspaceId, now: Timestamp) -> Queried<u64> {
    let all = Entity::find().filter(Column::WorkspaceId.eq(workspace.as_str())).filter(open(now));
    Ok(all.count(db).await?)
}

/// A workspace's open invitations, newest first.
pub async fn page(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    now: Timestamp,
    before: Option<&str>,
    limit: u64,
) -> Queried<Vec<Model>> {
    let mut query = Entity::find().filter(Column::WorkspaceId.eq(workspace.as_str())).filter(open(now));
    if let Some(before) = before {
        query = query.filter(Column::Id.lt(before));
    }
    Ok(query.order_by_desc(Column::Id).limit(limit).all(db).await?)
}

/// Uses an invitation up; `false` when it was not open any more.
pub async fn use_up(db: &impl ConnectionTrait, id: &str, by: &str, now: Timestamp) -> Queried<bool> {
    let used = Entity::update_many()
        .col_expr(Column::UsedAt, Expr::value(now.as_millis()))
        .col_expr(Column::UsedBy, Expr::value(by))
        .filter(Column::Id.eq(id))
        .filter(open(now))
        .exec(db)
        .await?;
    Ok(used.rows_affected == 1)
}

/// Revokes an open invitation of a workspace; `false` when there is none with this id.
pub async fn revoke(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    id: &InvitationId,
    now: Timestamp,
) -> Queried<bool> {
    let revoked = Entity::update_many()
        .col_expr(Column::RevokedAt, Expr::value(now.as_millis()))
        .filter(Column::WorkspaceId.eq(workspace.as_str()))
        .filter(Column::Id.eq(id.as_str()))
        .filter(open(now))
        .exec(db)
        .await?;
    Ok(revoked.rows_affected == 1)
}
