//! Recordings of terminal sessions and their stored parts.

use raven_protocol::id::{SessionId, WorkspaceId};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{IntoActiveModel as _, QueryOrder as _};

use super::Queried;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "recordings")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub session_id: String,
    pub workspace_id: String,
    pub state: String,
    pub input: String,
    pub started_at: i64,
    pub last_at: i64,
    pub ended_at: Option<i64>,
    pub head: i64,
    pub bytes: i64,
    pub stored_bytes: i64,
    pub gaps: i64,
    pub segments: i64,
    pub blocks: i64,
    pub link: String,
    pub lost_blocks: i64,
    pub seal: String,
    pub expired_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// A stored part of a recording.
pub mod segment {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "recording_segments")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub session_id: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i64,
        pub first_block: i64,
        pub blocks: i64,
        pub bytes: i64,
        pub stored_bytes: i64,
        pub gaps: i64,
        pub head: i64,
        pub first_at: i64,
        pub last_at: i64,
        pub link: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Writes a recording's row, new or anew.
pub async fn put(db: &impl ConnectionTrait, row: &Model) -> Queried<()> {
    use Column as C;
    let changed =
        [C::State, C::Input, C::LastAt, C::EndedAt, C::Head, C::Bytes, C::StoredBytes, C::Gaps, C::Segments]
            .into_iter()
            .chain([C::Blocks, C::Link, C::LostBlocks, C::Seal, C::ExpiredAt]);
    let row = row.clone().into_active_model().reset_all();
    let anew = OnConflict::column(C::SessionId).update_columns(changed).to_owned();
    Entity::insert(row).on_conflict(anew).exec_without_returning(db).await?;
    Ok(())
}

/// The recording of a session.
pub async fn find(db: &impl ConnectionTrait, session: &str) -> Queried<Option<Model>> {
    Ok(Entity::find_by_id(session).one(db).await?)
}

/// The recordings of some sessions.
pub async fn of_sessions(db: &impl ConnectionTrait, sessions: &[String]) -> Queried<Vec<Model>> {
    if sessions.is_empty() {
        return Ok(Vec::new());
    }
    Ok(Entity::find().filter(Column::SessionId.is_in(sessions)).all(db).await?)
}

/// Every recording, oldest first.
pub async fn all(db: &impl ConnectionTrait) -> Queried<Vec<Model>> {
    Ok(Entity::find().order_by_asc(Column::SessionId).all(db).await?)
}

/// The recordings of a workspace that are in a state.
pub async fn in_state(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    state: &str,
) -> Queried<Vec<Model>> {
    let query =
        Entity::find().filter(Column::WorkspaceId.eq(workspace.as_str())).filter(Column::State.eq(state));
    Ok(query.all(db).await?)
}

/// Recordings of a workspace that ended before a time and are still there.
pub async fn ended_before(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    time: i64,
) -> Queried<Vec<Model>> {
    let query = Entity::find()
        .filter(Column::WorkspaceId.eq(workspace.as_str()))
        .filter(Column::EndedAt.lt(time))
        .filter(Column::ExpiredAt.is_null());
    Ok(query.all(db).await?)
}

/// Adds a stored part, or writes it anew.
pub async fn put_segment(db: &impl ConnectionTrait, row: &segment::Model) -> Queried<()> {
    use segment::Column as C;
    let changed = [
        C::FirstBlock,
        C::Blocks,
        C::Bytes,
        C::StoredBytes,
        C::Gaps,
        C::Head,
        C::FirstAt,
        C::LastAt,
        C::Link,
    ];
    let row = row.clone().into_active_model().reset_all();
    let anew = OnConflict::columns([C::SessionId, C::Number]).update_columns(changed).to_owned();
    segment::Entity::insert(row).on_conflict(anew).exec_without_returning(db).await?;
    Ok(())
}

/// The stored parts of a recording, in order.
pub async fn segments(db: &impl ConnectionTrait, session: &SessionId) -> Queried<Vec<segment::Model>> {
    let query = segment::Entity::find()
        .filter(segment::Column::SessionId.eq(session.as_str()))
        .order_by_asc(segment::Column::Number);
    Ok(query.all(db).await?)
}

/// Forgets the stored parts of a recording.
pub async fn delete_segments(db: &impl ConnectionTrait, session: &str) -> Queried<()> {
    segment::Entity::delete_many().filter(segment::Column::SessionId.eq(session)).exec(db).await?;
    Ok(())
}
