//! Who belongs to which workspaces, in which role.

use raven_protocol::id::{UserId, WorkspaceId};
use raven_protocol::time::Timestamp;
use sea_orm::entity::prelude::*;
use sea_orm::{IntoActiveModel as _, QueryOrder as _, QuerySelect as _};

use super::Queried;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "memberships")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: String,
    pub role: String,
    pub added_at: i64,
    /// When the person last signed in to it or switched to it; 0 for never.
    pub used_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Adds a member.
pub async fn insert(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    user: &UserId,
    role: &str,
    at: Timestamp,
) -> Queried<()> {
    let row = Model {
        workspace_id: workspace.to_string(),
        user_id: user.to_string(),
        role: role.to_owned(),
        added_at: at.as_millis(),
        used_at: 0,
    };
    Entity::insert(row.into_active_model().reset_all()).exec_without_returning(db).await?;
    Ok(())
}

/// A person's membership of one workspace.
pub async fn find(db: &impl ConnectionTrait, workspace: &str, user: &str) -> Queried<Option<Model>> {
    Ok(Entity::find_by_id((workspace.to_owned(), user.to_owned())).one(db).await?)
}

/// A person's memberships, the one they used last first.
pub async fn of_user(db: &impl ConnectionTrait, user: &str) -> Queried<Vec<Model>> {
    let by_use = Entity::find().filter(Column::UserId.eq(user)).order_by_desc(Column::UsedAt);
    Ok(by_use.order_by_asc(Column::AddedAt).order_by_asc(Column::WorkspaceId).all(db).await?)
}

/// The members of a workspace, in the order of their accounts.
pub async fn page(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    after: Option<&str>,
    limit: u64,
) -> Queried<Vec<Model>> {
    let mut query = Entity::find().filter(Column::WorkspaceId.eq(workspace.as_str()));
    if let Some(after) = after {
        query = query.filter(Column::UserId.gt(after));
    }
    Ok(query.order_by_asc(Column::UserId).limit(limit).all(db).await?)
}

/// How many members of a workspace, but for one person, have a role.
pub async fn count_others(
    db: &impl ConnectionTrait,
    workspace: &str,
    role: &str,
    but_for: &str,
) -> Queried<u64> {
    let others = Entity::find()
        .filter(Column::WorkspaceId.eq(workspace))
        .filter(Column::Role.eq(role))
        .filter(Column::UserId.ne(but_for));
    Ok(others.count(db).await?)
}

/// Notes that a person works in a workspace now.
pub async fn used(db: &impl ConnectionTrait, workspace: &str, user: &str, at: Timestamp) -> Queried<()> {
    Entity::update_many()
        .col_expr(Column::UsedAt, Expr::value(at.as_millis()))
        .filter(Column::WorkspaceId.eq(workspace))
        .filter(Column::UserId.eq(user))
        .exec(db)
        .await?;
    Ok(())
}

/// Sets a member's role.
pub async fn set_role(db: &impl ConnectionTrait, workspace: &str, user: &str, role: &str) -> Queried<()> {
    Entity::update_many()
        .col_expr(Column::Role, Expr::value(role))
        .filter(Column::WorkspaceId.eq(workspace))
        .filter(Column::UserId.eq(user))
        .exec(db)
        .await?;
    Ok(())
}

/// Removes a member.
pub async fn delete(db: &impl ConnectionTrait, workspace: &str, user: &str) -> Queried<()> {
    Entity::delete_by_id((workspace.to_owned(), user.to_owned())).exec(db).await?;
    Ok(())
}

/// A person's role in a workspace, if they have one.
pub async fn role_in(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    user: &str,
) -> Queried<Option<String>> {
    let found = Entity::find_by_id((workspace.to_string(), user.to_owned())).one(db).await?;
    Ok(found.map(|row| row.role))
}

/// How many people of a workspace have one of some roles.
pub async fn count_with(db: &impl ConnectionTrait, workspace: &WorkspaceId, roles: &[&str]) -> Queried<u64> {
    let query = Entity::find()
        .filter(Column::WorkspaceId.eq(workspace.as_str()))
        .filter(Column::Role.is_in(roles.iter().copied()));
    Ok(query.count(db).await?)
}
