//! Second factors of accounts, and the recovery codes for when one is lost.

use raven_protocol::time::Timestamp;
use sea_orm::IntoActiveModel as _;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;

use super::Queried;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "second_factors")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: String,
    pub seed_sealed: String,
    pub created_at: i64,
    /// Null until a first code has confirmed it: it is not asked for before.
    pub confirmed_at: Option<i64>,
    pub last_step: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

mod codes {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "recovery_codes")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub user_id: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub secret_digest: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A person's second factor, confirmed or not.
pub async fn find(db: &impl ConnectionTrait, user: &str) -> Queried<Option<Model>> {
    Ok(Entity::find_by_id(user).one(db).await?)
}

/// A person's second factor that is in force.
pub async fn in_force(db: &impl ConnectionTrait, user: &str) -> Queried<Option<Model>> {
    Ok(Entity::find_by_id(user).filter(Column::ConfirmedAt.is_not_null()).one(db).await?)
}

/// Which of these people have one in force.
pub async fn in_force_of(
    db: &impl ConnectionTrait,
    users: impl IntoIterator<Item = String>,
) -> Queried<std::collections::BTreeSet<String>> {
    let theirs = Entity::find().filter(Column::UserId.is_in(users)).filter(Column::ConfirmedAt.is_not_null());
    Ok(theirs.all(db).await?.into_iter().map(|row| row.user_id).collect())
}

/// Puts a new one, not confirmed, in the place of what there was.
pub async fn begin(db: &impl ConnectionTrait, row: &Model) -> Queried<()> {
    use Column::{ConfirmedAt, CreatedAt, LastStep, SeedSealed, UserId};
    let anew =
        OnConflict::column(UserId).update_columns([SeedSealed, CreatedAt, ConfirmedAt, LastStep]).to_owned();
    let row = row.clone().into_active_model().reset_all();
    Entity::insert(row).on_conflict(anew).exec_without_returning(db).await?;
    Ok(())
}

/// Puts one in force.
pub async fn confirm(db: &impl ConnectionTrait, user: &str, at: Timestamp) -> Queried<()> {
    Entity::update_many()
        .col_expr(Column::ConfirmedAt, Expr::value(at.as_millis()))
        .filter(Column::UserId.eq(user))
        .exec(db)
        .await?;
    Ok(())
}

/// Takes the code of a step; `false` when that or a later one was taken before.
pub async fn take_step(db: &impl ConnectionTrait, user: &str, step: i64) -> Queried<bool> {
    let taken = Entity::update_many()
        .col_expr(Column::LastStep, Expr::value(step))
        .filter(Column::UserId.eq(user))
        .filter(Column::LastStep.lt(step))
        .exec(db)
        .await?;
    Ok(taken.rows_affected == 1)
}

/// Removes a person's second factor and recovery codes; `false` when there was none.
pub async fn delete(db: &impl ConnectionTrait, user: &str) -> Queried<bool> {
    codes::Entity::delete_many().filter(codes::Column::UserId.eq(user)).exec(db).await?;
    Ok(Entity::delete_by_id(user).exec(db).await?.rows_affected > 0)
}

/// Puts recovery codes in the place of what there was.
pub async fn set_recovery_codes(
    db: &impl ConnectionTrait,
    user: &str,
    digests: impl IntoIterator<Item = String>,
) -> Queried<()> {
    codes::Entity::delete_many().filter(codes::Column::UserId.eq(user)).exec(db).await?;
    let rows = digests.into_iter().map(|secret_digest| {
        codes::Model { user_id: user.to_owned(), secret_digest }.into_active_model().reset_all()
    });
    codes::Entity::insert_many(rows).exec_without_returning(db).await?;
    Ok(())
}

/// Uses a recovery code up; `false` when there is none with this digest.
pub async fn use_recovery_code(db: &impl ConnectionTrait, user: &str, digest: &str) -> Queried<bool> {
    let used = codes::Entity::delete_many()
        .filter(codes::Column::UserId.eq(user))
        .filter(codes::Column::SecretDigest.eq(digest))
        .exec(db)
        .await?;
    Ok(used.rows_affected == 1)
}

/// How many recovery codes a person has left.
pub async fn count_recovery_codes(db: &impl ConnectionTrait, user: &str) -> Queried<u64> {
    Ok(codes::Entity::find().filter(codes::Column::UserId.eq(user)).count(db).await?)
}
