//! Signed checkpoints of the audit log's chains, and what is still to be delivered of them.

use raven_protocol::time::Timestamp;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Expr;
use sea_orm::{IntoActiveModel as _, QueryOrder as _, QuerySelect as _};

use super::Queried;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_checkpoints")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub chain: String,
    pub seq: i64,
    pub link: String,
    pub at: i64,
    pub key_id: String,
    pub signature: String,
    /// When it was written to the folder of checkpoints.
    pub filed_at: Option<i64>,
    /// When it was taken at the address for checkpoints.
    pub posted_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// A place to which checkpoints are delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Folder,
    Address,
}

impl Place {
    fn column(self) -> Column {
        match self {
            Self::Folder => Column::FiledAt,
            Self::Address => Column::PostedAt,
        }
    }
}

/// Adds a checkpoint.
pub async fn insert(db: &impl ConnectionTrait, row: &Model) -> Queried<()> {
    Entity::insert(row.clone().into_active_model().reset_all()).exec_without_returning(db).await?;
    Ok(())
}

/// The newest checkpoint of a chain.
pub async fn newest(db: &impl ConnectionTrait, chain: &str) -> Queried<Option<Model>> {
    let query = Entity::find().filter(Column::Chain.eq(chain)).order_by_desc(Column::Id);
    Ok(query.one(db).await?)
}

/// Checkpoints, of one chain or of all, newest first.
pub async fn page(
    db: &impl ConnectionTrait,
    chain: Option<&str>,
    before: Option<&str>,
    limit: u64,
) -> Queried<Vec<Model>> {
    let mut query = Entity::find();
    if let Some(chain) = chain {
        query = query.filter(Column::Chain.eq(chain));
    }
    if let Some(before) = before {
        query = query.filter(Column::Id.lt(before));
    }
    Ok(query.order_by_desc(Column::Id).limit(limit).all(db).await?)
}

/// Every checkpoint of a chain, oldest first.
pub async fn of_chain(db: &impl ConnectionTrait, chain: &str) -> Queried<Vec<Model>> {
    let query = Entity::find().filter(Column::Chain.eq(chain)).order_by_asc(Column::Id);
    Ok(query.all(db).await?)
}

/// The oldest checkpoints that a place does not have.
pub async fn undelivered(db: &impl ConnectionTrait, place: Place, limit: u64) -> Queried<Vec<Model>> {
    let query = Entity::find().filter(place.column().is_null()).order_by_asc(Column::Id).limit(limit);
    Ok(query.all(db).await?)
}

/// Notes that a place has some checkpoints.
pub async fn delivered(
    db: &impl ConnectionTrait,
    place: Place,
    ids: &[String],
    at: Timestamp,
) -> Queried<()> {
    let update = Entity::update_many()
        .col_expr(place.column(), Expr::value(at.as_millis()))
        .filter(Column::Id.is_in(ids.iter().map(String::as_str)));
    update.exec(db).await?;
    Ok(())
}

/// Removes the checkpoints of a chain before an entry.
pub async fn delete_before(db: &impl ConnectionTrait, chain: &str, seq: i64) -> Queried<()> {
    Entity::delete_many().filter(Column::Chain.eq(chain)).filter(Column::Seq.lt(seq)).exec(db).await?;
    Ok(())
}
