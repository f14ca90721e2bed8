//! Failed sign-ins in a row, by account and address.

use raven_protocol::time::Timestamp;
use sea_orm::IntoActiveModel as _;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;

use super::Queried;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sign_in_failures")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub address: String,
    pub failures: i64,
    pub last_at: i64,
    pub locked_until: i64,
    pub good_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// What is kept of an account and an address.
pub async fn find(db: &impl ConnectionTrait, user: &str, address: &str) -> Queried<Option<Model>> {
    Ok(Entity::find_by_id((user.to_owned(), address.to_owned())).one(db).await?)
}

/// Keeps it anew.
pub async fn put(db: &impl ConnectionTrait, row: Model) -> Queried<()> {
    use Column::{Address, Failures, GoodAt, LastAt, LockedUntil, UserId};
    let anew = OnConflict::columns([UserId, Address])
        .update_columns([Failures, LastAt, LockedUntil, GoodAt])
        .to_owned();
    let row = row.into_active_model().reset_all();
    Entity::insert(row).on_conflict(anew).exec_without_returning(db).await?;
    Ok(())
}

/// Forgets addresses that nobody failed from, nor signed in from, since these times.
pub async fn forget(db: &impl ConnectionTrait, failed: Timestamp, good: Timestamp) -> Queried<()> {
    Entity::delete_many()
        .filter(Column::LastAt.lt(failed.as_millis()))
        .filter(Column::GoodAt.lt(good.as_millis()))
        .exec(db)
        .await?;
    Ok(())
}

/// Ends every lock of an account.
pub async fn clear(db: &impl ConnectionTrait, user: &str) -> Queried<()> {
    Entity::delete_many().filter(Column::UserId.eq(user)).exec(db).await?;
    Ok(())
}
