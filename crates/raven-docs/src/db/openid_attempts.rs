//! Sign-ins that are under way at a provider.

use raven_protocol::time::Timestamp;
use sea_orm::entity::prelude::*;
use sea_orm::{IntoActiveModel as _, QueryOrder as _};

use super::Queried;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "openid_attempts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub state_digest: String,
    pub browser_digest: String,
    pub nonce_digest: String,
    pub verifier_sealed: String,
    pub provider_id: String,
    /// Whose account it is to be connected to.
    pub user_id: Option<String>,
    pub expires_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Adds one; forgets those that are over, and the oldest of its provider when there would be more than `most`.
pub async fn insert(db: &impl ConnectionTrait, row: Model, now: Timestamp, most: u64) -> Queried<()> {
    Entity::delete_many().filter(Column::ExpiresAt.lte(now.as_millis())).exec(db).await?;
    let same = Entity::find().filter(Column::ProviderId.eq(row.provider_id.as_str()));
    if same.clone().count(db).await? >= most
        && let Some(oldest) = same.order_by_asc(Column::ExpiresAt).one(db).await?
    {
        Entity::delete_by_id(oldest.state_digest).exec(db).await?;
    }
    Entity::insert(row.into_active_model().reset_all()).exec_without_returning(db).await?;
    Ok(())
}

/// Takes one out, so that nobody takes it again.
pub async fn take(db: &impl ConnectionTrait, state_digest: &str) -> Queried<Option<Model>> {
    let found = Entity::find_by_id(state_digest).one(db).await?;
    if found.is_some() {
        Entity::delete_by_id(state_digest).exec(db).await?;
    }
    Ok(found)
}

/// Forgets what is under way at a provider.
pub async fn forget(db: &impl ConnectionTrait, provider: &str) -> Queried<()> {
    Entity::delete_many().filter(Column::ProviderId.eq(provider)).exec(db).await?;
    Ok(())
}
