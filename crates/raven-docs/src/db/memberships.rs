//! Who belongs to which workspace, in which role.

use raven_protocol::id::{UserId, WorkspaceId};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;

use super::Queried;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "memberships")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: String,
    pub role: String,
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
) -> Queried<()> {
    let row = ActiveModel {
        workspace_id: Set(workspace.to_string()),
        user_id: Set(user.to_string()),
        role: Set(role.to_owned()),
    };
    Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// The workspace that a person works in: the first they were added to.
pub async fn of_user(db: &impl ConnectionTrait, user: &str) -> Queried<Option<Model>> {
    Ok(Entity::find().filter(Column::UserId.eq(user)).one(db).await?)
}

/// Sets a person's role wherever they are a member; `false` when they are nowhere.
pub async fn set_role(db: &impl ConnectionTrait, user: &str, role: &str) -> Queried<bool> {
    let changed = Entity::update_many()
        .col_expr(Column::Role, Expr::value(role))
        .filter(Column::UserId.eq(user))
        .exec(db)
        .await?;
    Ok(changed.rows_affected > 0)
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
