//! The audit log's entries and the heads of its chains.

use sea_orm::IntoActiveModel as _;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;

use super::Queried;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_log")]
pub struct Model {
    /// A workspace, or `server`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub chain: String,
    /// Position in the chain, from 1, without gaps.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    pub at: i64,
    pub actor_kind: String,
    pub actor_id: String,
    pub actor_name: String,
    pub action: String,
    pub target_kind: String,
    pub target_id: String,
    pub target_name: Option<String>,
    pub agent_id: Option<String>,
    pub outcome: String,
    pub request_id: Option<String>,
    pub address: Option<String>,
    /// A JSON object `{before, after}`; null once its time is over.
    pub detail: Option<String>,
    /// Keyed digest of the detail, which stays.
    pub detail_digest: String,
    pub link: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

pub use heads::Model as Head;

mod heads {
    use sea_orm::entity::prelude::*;

    /// Where a chain begins and ends.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "audit_heads")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub chain: String,
        /// The oldest entry that is kept, and the link before it.
        pub first_seq: i64,
        pub base_link: String,
        /// The newest entry, and its link.
        pub seq: i64,
        pub link: String,
        /// Keyed digest of the other columns.
        pub seal: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Adds an entry.
pub async fn insert(db: &impl ConnectionTrait, row: &Model) -> Queried<()> {
    Entity::insert(row.clone().into_active_model().reset_all()).exec_without_returning(db).await?;
    Ok(())
}

/// The head of a chain.
pub async fn head(db: &impl ConnectionTrait, chain: &str) -> Queried<Option<Head>> {
    Ok(heads::Entity::find_by_id(chain).one(db).await?)
}

/// Writes the head of a chain.
pub async fn set_head(db: &impl ConnectionTrait, head: &Head) -> Queried<()> {
    use heads::Column::{BaseLink, Chain, FirstSeq, Link, Seal, Seq};
    let anew = OnConflict::column(Chain).update_columns([FirstSeq, BaseLink, Seq, Link, Seal]).to_owned();
    let row = head.clone().into_active_model().reset_all();
    heads::Entity::insert(row).on_conflict(anew).exec_without_returning(db).await?;
    Ok(())
}
