//! Which account somebody has whom an issuer knows.

use raven_protocol::time::Timestamp;
use sea_orm::entity::prelude::*;
use sea_orm::{IntoActiveModel as _, QueryOrder as _, QuerySelect as _};

use super::Queried;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "identities")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub issuer: String,
    pub subject: String,
    pub user_id: String,
    pub email: Option<String>,
    pub connected_at: i64,
    pub last_used_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Adds an identity.
pub async fn insert(db: &impl ConnectionTrait, row: &Model) -> Queried<()> {
    let row = row.clone().into_active_model().reset_all();
    Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// The identity that an issuer gives to a subject.
pub async fn find(db: &impl ConnectionTrait, issuer: &str, subject: &str) -> Queried<Option<Model>> {
    let theirs = Entity::find().filter(Column::Issuer.eq(issuer)).filter(Column::Subject.eq(subject));
    Ok(theirs.one(db).await?)
}

/// A person's identities, newest first.
pub async fn page(
    db: &impl ConnectionTrait,
    user: &str,
    before: Option<&str>,
    limit: u64,
) -> Queried<Vec<Model>> {
    let mut query = Entity::find().filter(Column::UserId.eq(user));
    if let Some(before) = before {
        query = query.filter(Column::Id.lt(before));
    }
    Ok(query.order_by_desc(Column::Id).limit(limit).all(db).await?)
}

/// Notes that somebody signed in by an identity.
pub async fn used(db: &impl ConnectionTrait, id: &str, at: Timestamp) -> Queried<()> {
    Entity::update_many()
        .col_expr(Column::LastUsedAt, Expr::value(at.as_millis()))
        .filter(Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

/// Removes an identity of a person; answers what it was.
pub async fn delete(db: &impl ConnectionTrait, user: &str, id: &str) -> Queried<Option<Model>> {
    let found = Entity::find_by_id(id).filter(Column::UserId.eq(user)).one(db).await?;
    if found.is_some() {
        Entity::delete_by_id(id).exec(db).await?;
    }
    Ok(found)
}
