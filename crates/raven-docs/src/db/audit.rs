//! The audit log's entries and the heads of its chains.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{IntoActiveModel as _, QueryOrder as _, QuerySelect as _};

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
        /// Up to which entry the details were removed, because their time was over.
        pub detail_seq: i64,
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
    use heads::Column::{BaseLink, Chain, DetailSeq, FirstSeq, Link, Seal, Seq};
    let changed = [FirstSeq, BaseLink, Seq, Link, DetailSeq, Seal];
    let anew = OnConflict::column(Chain).update_columns(changed).to_owned();
    let row = head.clone().into_active_model().reset_all();
    heads::Entity::insert(row).on_conflict(anew).exec_without_returning(db).await?;
    Ok(())
}

/// The heads of all chains.
pub async fn heads(db: &impl ConnectionTrait) -> Queried<Vec<Head>> {
    Ok(heads::Entity::find().order_by_asc(heads::Column::Chain).all(db).await?)
}

/// Which chains have entries, whatever their heads say.
pub async fn chains(db: &impl ConnectionTrait) -> Queried<Vec<String>> {
    let query = Entity::find().select_only().column(Column::Chain).distinct();
    Ok(query.into_tuple().all(db).await?)
}

/// Which entries a list shows.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub actor: Option<String>,
    /// How the action begins.
    pub action: Option<String>,
    pub agent: Option<String>,
    pub target_kind: Option<String>,
    pub target: Option<String>,
    pub outcome: Option<&'static str>,
    pub request: Option<String>,
    pub since: Option<i64>,
    pub until: Option<i64>,
}

impl Filter {
    fn apply(&self, mut query: Select<Entity>) -> Select<Entity> {
        let Self { actor, action, agent, target_kind, target, outcome, request, since, until } = self;
        let outcome = outcome.map(str::to_owned);
        for (column, wanted) in [
            (Column::ActorId, actor),
            (Column::AgentId, agent),
            (Column::TargetKind, target_kind),
            (Column::TargetId, target),
            (Column::RequestId, request),
            (Column::Outcome, &outcome),
        ] {
            if let Some(wanted) = wanted {
                query = query.filter(column.eq(wanted.as_str()));
            }
        }
        if let Some(action) = action {
            query = query.filter(Column::Action.starts_with(action.as_str()));
        }
        if let Some(since) = since {
            query = query.filter(Column::At.gte(*since));
        }
        if let Some(until) = until {
            query = query.filter(Column::At.lt(*until));
        }
        query
    }
}

/// Entries of a chain before one of them, newest first.
pub async fn page(
    db: &impl ConnectionTrait,
    chain: &str,
    filter: &Filter,
    before: Option<i64>,
    limit: u64,
) -> Queried<Vec<Model>> {
    let mut query = filter.apply(Entity::find().filter(Column::Chain.eq(chain)));
    if let Some(before) = before {
        query = query.filter(Column::Seq.lt(before));
    }
    Ok(query.order_by_desc(Column::Seq).limit(limit).all(db).await?)
}

/// Entries of a chain from one of them on, oldest first.
pub async fn walk(
    db: &impl ConnectionTrait,
    chain: &str,
    filter: &Filter,
    from: i64,
    limit: u64,
) -> Queried<Vec<Model>> {
    let query = filter.apply(Entity::find().filter(Column::Chain.eq(chain))).filter(Column::Seq.gte(from));
    Ok(query.order_by_asc(Column::Seq).limit(limit).all(db).await?)
}

/// One entry.
pub async fn find(db: &impl ConnectionTrait, chain: &str, seq: i64) -> Queried<Option<Model>> {
    Ok(Entity::find_by_id((chain.to_owned(), seq)).one(db).await?)
}

/// The newest entry of an action on a target.
pub async fn newest_on(
    db: &impl ConnectionTrait,
    chain: &str,
    action: &str,
    target: &str,
) -> Queried<Option<Model>> {
    let query = Entity::find()
        .filter(Column::Chain.eq(chain))
        .filter(Column::Action.eq(action))
        .filter(Column::TargetId.eq(target));
    Ok(query.order_by_desc(Column::Seq).one(db).await?)
}

/// The oldest entry of a chain that is not older than a time.
pub async fn first_since(db: &impl ConnectionTrait, chain: &str, at: i64) -> Queried<Option<i64>> {
    let query = Entity::find().filter(Column::Chain.eq(chain)).filter(Column::At.gte(at));
    Ok(query.order_by_asc(Column::Seq).one(db).await?.map(|row| row.seq))
}

/// Removes the details of entries up to one of them, but for some actions; answers of how many.
pub async fn clear_details(
    db: &impl ConnectionTrait,
    chain: &str,
    up_to: i64,
    but: &[&'static str],
) -> Queried<u64> {
    let update = Entity::update_many()
        .col_expr(Column::Detail, Expr::value(None::<String>))
        .filter(Column::Chain.eq(chain))
        .filter(Column::Seq.lte(up_to))
        .filter(Column::Detail.is_not_null())
        .filter(Column::Action.is_not_in(but.iter().copied()));
    Ok(update.exec(db).await?.rows_affected)
}

/// Removes the entries up to one of them.
pub async fn delete_up_to(db: &impl ConnectionTrait, chain: &str, up_to: i64) -> Queried<()> {
    let delete = Entity::delete_many().filter(Column::Chain.eq(chain)).filter(Column::Seq.lte(up_to));
    delete.exec(db).await?;
    Ok(())
}
