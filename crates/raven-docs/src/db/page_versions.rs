//! The states that pages have had, the present one included.

use raven_protocol::id::{PageId, PageVersionId, WorkspaceId};
use sea_orm::entity::prelude::*;
use sea_orm::{
    DbBackend, FromQueryResult, IntoActiveModel as _, QueryOrder as _, QuerySelect as _, Statement,
};

use super::Queried;

/// Ids that one statement names.
const AT_ONCE: usize = 500;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "page_versions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub page_id: String,
    pub version: i64,
    pub title: String,
    pub content: String,
    pub saved_at: i64,
    pub saved_by_kind: String,
    pub saved_by: String,
    pub saved_by_name: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// A state without its content.
#[derive(Debug, Clone, FromQueryResult)]
pub struct Listed {
    pub id: String,
    pub version: i64,
    pub title: String,
    pub saved_at: i64,
    pub saved_by_kind: String,
    pub saved_by: String,
    pub saved_by_name: String,
}

/// A state as it is chosen whether it stays.
#[derive(Debug, Clone, FromQueryResult)]
pub struct Weighed {
    pub id: String,
    pub saved_at: i64,
    pub saved_by_kind: String,
    pub saved_by: String,
    pub bytes: i64,
}

/// Adds a state.
pub async fn add(db: &impl ConnectionTrait, row: &Model) -> Queried<()> {
    let active = row.clone().into_active_model().reset_all();
    Entity::insert(active).exec_without_returning(db).await?;
    Ok(())
}

/// The states of a page, oldest first, with the sizes of their contents.
pub async fn weighed(db: &impl ConnectionTrait, page: &str) -> Queried<Vec<Weighed>> {
    let sql =
        "SELECT id, saved_at, saved_by_kind, saved_by, octet_length(content) AS bytes FROM page_versions
        WHERE page_id = $1 ORDER BY version";
    let query = Statement::from_sql_and_values(DbBackend::Sqlite, sql, [page.into()]);
    Ok(Weighed::find_by_statement(query).all(db).await?)
}

/// Forgets states.
pub async fn forget(db: &impl ConnectionTrait, ids: &[String]) -> Queried<()> {
    for some in ids.chunks(AT_ONCE) {
        Entity::delete_many().filter(Column::Id.is_in(some)).exec(db).await?;
    }
    Ok(())
}

/// One state of a page.
pub async fn find(db: &impl ConnectionTrait, page: &PageId, id: &PageVersionId) -> Queried<Option<Model>> {
    let of_page = Column::PageId.eq(page.as_str());
    Ok(Entity::find_by_id(id.as_str()).filter(of_page).one(db).await?)
}

/// The page of a workspace that a state is of.
pub async fn page_of(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    id: &PageVersionId,
) -> Queried<Option<String>> {
    let Some(row) = Entity::find_by_id(id.as_str()).one(db).await? else { return Ok(None) };
    let page = super::pages::find(db, workspace, &row.page_id).await?;
    Ok(page.map(|page| page.id))
}

/// The last state of a page before one, if it is still kept.
pub async fn before(db: &impl ConnectionTrait, page: &PageId, version: i64) -> Queried<Option<Model>> {
    let query = Entity::find().filter(Column::PageId.eq(page.as_str())).filter(Column::Version.lt(version));
    Ok(query.order_by_desc(Column::Version).limit(1).one(db).await?)
}

/// The states of a page, newest first, from before one on.
pub async fn page(
    db: &impl ConnectionTrait,
    page: &PageId,
    before: Option<&str>,
    limit: u64,
) -> Queried<Vec<Listed>> {
    let sql = "SELECT id, version, title, saved_at, saved_by_kind, saved_by, saved_by_name FROM page_versions
        WHERE page_id = $1 AND ($2 = '' OR version < (SELECT b.version FROM page_versions b WHERE b.id = $2))
        ORDER BY version DESC LIMIT $3";
    let values = [page.as_str().into(), before.unwrap_or_default().into(), i64::try_from(limit)?.into()];
    let query = Statement::from_sql_and_values(DbBackend::Sqlite, sql, values);
    Ok(Listed::find_by_statement(query).all(db).await?)
}
