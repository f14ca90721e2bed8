//! What is remembered, and the index by which it is found.
//!
//! The index is SQLite's FTS5, and known in this file alone; every other query is what SQLite and PostgreSQL share.

use raven_protocol::id::{MemoryId, WorkspaceId};
use sea_orm::entity::prelude::*;
use sea_orm::{DbBackend, IntoActiveModel as _, Statement, Value};

use super::Queried;

/// Makes the index: words without their endings and accents.
pub const INDEX: &str = "CREATE VIRTUAL TABLE memory_index USING fts5(\
                         id UNINDEXED, content, tags, tokenize = 'porter unicode61 remove_diacritics 2')";

/// Whether a memory fits; the index is asked once.
const FITS: &str = "memories.id IN (SELECT id FROM memory_index WHERE memory_index MATCH ?)";

/// Milliseconds of a day.
const DAY: i64 = 24 * 60 * 60 * 1000;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "memories")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub workspace_id: String,
    pub owner_kind: String,
    pub owner_id: String,
    pub owner_name: String,
    /// Markdown.
    pub content: String,
    /// A JSON array of texts.
    pub tags: String,
    pub shared: bool,
    pub created_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Adds one, and to the index.
pub async fn insert(db: &impl ConnectionTrait, row: &Model) -> Queried<()> {
    let indexed = "INSERT INTO memory_index (id, content, tags) VALUES (?, ?, ?)";
    let values = [&row.id, &row.content, &row.tags].map(|text| Value::from(text.as_str()));
    let row = row.clone().into_active_model().reset_all();
    Entity::insert(row).exec_without_returning(db).await?;
    db.execute_raw(Statement::from_sql_and_values(DbBackend::Sqlite, indexed, values)).await?;
    Ok(())
}

/// One of a workspace.
pub async fn find(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    id: &MemoryId,
) -> Queried<Option<Model>> {
    let of_workspace = Column::WorkspaceId.eq(workspace.as_str());
    Ok(Entity::find_by_id(id.as_str()).filter(of_workspace).one(db).await?)
}

/// Removes one, and from the index.
pub async fn delete(db: &impl ConnectionTrait, id: &str) -> Queried<()> {
    Entity::delete_by_id(id).exec(db).await?;
    let indexed = "DELETE FROM memory_index WHERE id = ?";
    db.execute_raw(Statement::from_sql_and_values(DbBackend::Sqlite, indexed, [id.into()])).await?;
    Ok(())
}

/// How many somebody has.
pub async fn count_of(db: &impl ConnectionTrait, workspace: &WorkspaceId, owner: &str) -> Queried<u64> {
    let of_workspace = Entity::find().filter(Column::WorkspaceId.eq(workspace.as_str()));
    Ok(of_workspace.filter(Column::OwnerId.eq(owner)).count(db).await?)
}

/// Whose memories somebody may read.
#[derive(Clone, Debug)]
pub enum Reach {
    /// Those of this person or agent, and what others share.
    Own(String),
    All,
}

/// Which memories a query is for.
pub struct Filter {
    pub reach: Reach,
    /// Words, any of which it may hold; those that hold more of them come first. Newest first without any.
    pub words: Vec<String>,
    /// All of these.
    pub tags: Vec<String>,
    /// Only of this day, by its number since 1970.
    pub day: Option<i64>,
    /// Where the page before ended.
    pub before: Option<String>,
}

/// Memories of a workspace: the best first when words are looked for, the newest otherwise.
pub async fn page(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    filter: &Filter,
    limit: u64,
) -> Queried<Vec<Model>> {
    let mut found = Sql::of("SELECT memories.* FROM memories");
    found.visible(workspace, &filter.reach);
    if !filter.words.is_empty() {
        let any: Vec<String> = filter.words.iter().map(|word| match_of(word)).collect();
        found.add(&format!(" AND {FITS}"), any.join(" OR "));
    }
    for tag in &filter.tags {
        let quoted = serde_json::to_string(tag)?;
        let plain = quoted.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        found.add(" AND memories.tags LIKE ? ESCAPE '\\'", format!("%{plain}%"));
    }
    if let Some(day) = filter.day {
        found.add(" AND memories.created_at / ? = ?", DAY);
        found.values.push(day.into());
    }
    if let Some(before) = &filter.before {
        found.add(" AND memories.id < ?", before.as_str());
    }
    found.text += " ORDER BY ";
    // How rare a word is among all memories would tell of those that one may not read.
    for (nth, word) in filter.words.iter().enumerate() {
        found.add(&format!("{}({FITS})", if nth == 0 { "" } else { " + " }), match_of(word));
    }
    found.text += if filter.words.is_empty() { "memories.id DESC" } else { " DESC, memories.id DESC" };
    found.add(" LIMIT ?", i64::try_from(limit)?);
    Ok(Entity::find().from_raw_sql(found.statement()).all(db).await?)
}

/// The days, newest first, of which somebody may read something: their number since 1970, and how many there are.
pub async fn days(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    (reach, before): (&Reach, Option<i64>),
    limit: u64,
) -> Queried<Vec<(i64, i64)>> {
    let mut found = Sql::of("SELECT memories.created_at / ? AS day, COUNT(*) AS memories FROM memories");
    found.values.push(DAY.into());
    found.visible(workspace, reach);
    if let Some(before) = before {
        found.add(" AND memories.created_at < ?", before.saturating_mul(DAY));
    }
    found.add(" GROUP BY day ORDER BY day DESC LIMIT ?", i64::try_from(limit)?);
    let rows = db.query_all_raw(found.statement()).await?;
    rows.iter().map(|row| Ok((row.try_get("", "day")?, row.try_get("", "memories")?))).collect()
}

/// A query that grows, with its values in their order.
struct Sql {
    text: String,
    values: Vec<Value>,
}

impl Sql {
    fn of(text: &str) -> Self {
        Self { text: text.to_owned(), values: Vec::new() }
    }

    fn add(&mut self, text: &str, value: impl Into<Value>) {
        self.text += text;
        self.values.push(value.into());
    }

    /// Of those who may not be here any more nothing is shown to others.
    fn visible(&mut self, workspace: &WorkspaceId, reach: &Reach) {
        self.add(" WHERE memories.workspace_id = ?", workspace.as_str());
        let own = match reach {
            Reach::Own(id) => id.as_str(),
            Reach::All => "",
        };
        self.add(" AND (memories.owner_id = ?", own);
        self.text += match reach {
            Reach::Own(_) => " OR (memories.shared",
            Reach::All => " OR (TRUE",
        };
        self.text += " AND NOT EXISTS (SELECT 1 FROM agents WHERE agents.id = memories.owner_id \
                      AND agents.access <> 'approved')))";
    }

    fn statement(self) -> Statement {
        Statement::from_sql_and_values(DbBackend::Sqlite, self.text, self.values)
    }
}

/// A word, or what begins with it; with a single letter everything would begin. Words hold letters and digits alone.
fn match_of(word: &str) -> String {
    let begins = if word.chars().count() > 1 { "*" } else { "" };
    format!("\"{word}\"{begins}")
}
