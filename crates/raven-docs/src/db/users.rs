//! People's accounts.

use raven_protocol::id::UserId;
use raven_protocol::time::Timestamp;
use sea_orm::entity::prelude::*;
use sea_orm::{ActiveValue::Set, QueryOrder as _, sea_query::OnConflict};

use super::Queried;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub email: String,
    pub name: String,
    pub password_hash: String,
    pub created_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Whether anybody has an account yet.
pub async fn any(db: &impl ConnectionTrait) -> Queried<bool> {
    Ok(Entity::find().count(db).await? > 0)
}

/// What a new account consists of; the e-mail address in lower case.
pub struct New<'a> {
    pub id: &'a UserId,
    pub email: &'a str,
    pub name: &'a str,
    pub password_hash: &'a str,
    pub at: Timestamp,
}

/// Adds an account; `false` when the e-mail address is in use.
pub async fn insert(db: &impl ConnectionTrait, new: New<'_>) -> Queried<bool> {
    let row = ActiveModel {
        id: Set(new.id.to_string()),
        email: Set(new.email.to_owned()),
        name: Set(new.name.to_owned()),
        password_hash: Set(new.password_hash.to_owned()),
        created_at: Set(new.at.as_millis()),
    };
    let unless_taken = OnConflict::column(Column::Email).do_nothing().to_owned();
    let inserted =
        Entity::insert(row).try_insert().on_conflict(unless_taken).exec_without_returning(db).await?;
    Ok(inserted == 1)
}

/// The account with an e-mail address in lower case.
pub async fn by_email(db: &impl ConnectionTrait, email: &str) -> Queried<Option<Model>> {
    Ok(Entity::find().filter(Column::Email.eq(email)).one(db).await?)
}

/// One account.
pub async fn find(db: &impl ConnectionTrait, id: &str) -> Queried<Option<Model>> {
    Ok(Entity::find_by_id(id).one(db).await?)
}

/// Every account, oldest first.
pub async fn all(db: &impl ConnectionTrait) -> Queried<Vec<Model>> {
    Ok(Entity::find().order_by_asc(Column::CreatedAt).all(db).await?)
}

/// The accounts with these ids.
pub async fn with_ids(
    db: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = String>,
) -> Queried<Vec<Model>> {
    Ok(Entity::find().filter(Column::Id.is_in(ids)).all(db).await?)
}

/// Sets a new password hash.
pub async fn set_password(db: &impl ConnectionTrait, id: &str, hash: &str) -> Queried<()> {
    Entity::update_many()
        .col_expr(Column::PasswordHash, Expr::value(hash))
        .filter(Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}
