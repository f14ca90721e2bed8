//! What the index finds, and of it what somebody may read.
//!
//! Owns these queries. Neither what is found nor its order may depend on texts that whoever looks may not read: so
//! nothing is counted over all texts, and `bm25`, which is, is not asked.

use raven_protocol::id::WorkspaceId;
use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult, Statement, Value};

use super::super::Queried;
use super::super::pages::{CLOSED, Seen};
use super::Kind;

/// Texts that may fit best: those whose titles fit, and those that were changed last; so many of each.
const CHOSEN: u32 = 100;

/// Characters of a text by which it is ranked.
const BEGINNING: u32 = 4_000;

/// Words of the index that may be near to one: all that share three letters in a row with it, as a rule.
const MAX_SIMILAR: u32 = 20_000;

/// How much longer or shorter a word is that is near.
const LENGTHS: u32 = 2;

/// Something that was found.
#[derive(Debug, Clone, FromQueryResult)]
pub struct Hit {
    pub item: i64,
    pub kind: String,
    pub id: String,
    pub title: String,
    /// How its text begins.
    pub beginning: String,
    pub page_id: Option<String>,
    pub task_id: Option<String>,
    pub space_id: Option<String>,
    pub project_id: Option<String>,
    pub updated_at: i64,
}

/// Whose texts are looked through, and which of them.
pub struct Looking<'a> {
    pub workspace: &'a WorkspaceId,
    pub kinds: &'a [Kind],
    /// Only pages of this space, and comments on them.
    pub space: Option<&'a str>,
    pub on: On,
    pub seen: Seen,
}

/// On what may be found what is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    PagesAndTasks,
    /// For those who may read no tasks, nor what is said of them.
    Pages,
}

/// Texts that fit, in the language of the index: those that fit `titled` too, and others; of both the newest.
pub async fn find(
    db: &impl ConnectionTrait,
    looking: &Looking<'_>,
    (fitting, titled): (&str, &str),
) -> Queried<Vec<Hit>> {
    let one = |nth: u8| {
        format!(
            "SELECT * FROM (SELECT i.item, i.kind, i.id, i.title, substr(i.body, 1, {BEGINNING}) AS beginning,
                i.page_id, i.task_id, p.space_id, t.project_id, i.updated_at
            {} ORDER BY search_words.rowid DESC LIMIT {CHOSEN})",
            readable(looking, &format!("${nth}"))
        )
    };
    let sql = format!("{CLOSED} {} UNION {} ORDER BY item DESC", one(3), one(4));
    let values: [Value; 4] = [
        looking.workspace.as_str().into(),
        looking.space.unwrap_or_default().into(),
        format!("({titled}) AND ({fitting})").into(),
        fitting.into(),
    ];
    Ok(Hit::find_by_statement(Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)).all(db).await?)
}

/// Whether one may read any text with this word, wherever it stands.
pub async fn is_there(db: &impl ConnectionTrait, looking: &Looking<'_>, word: &str) -> Queried<bool> {
    let sql = format!("{CLOSED} SELECT 1 {} LIMIT 1", readable(looking, "$3"));
    let values: [Value; 3] = [
        looking.workspace.as_str().into(),
        looking.space.unwrap_or_default().into(),
        format!("\"{word}\"").into(),
    ];
    let query = Statement::from_sql_and_values(DbBackend::Sqlite, sql, values);
    Ok(db.query_one_raw(query).await?.is_some())
}

/// The whole of a text that was found.
pub async fn text(db: &impl ConnectionTrait, item: i64) -> Queried<String> {
    let query = Statement::from_sql_and_values(
        DbBackend::Sqlite,
        "SELECT body FROM search_items WHERE item = $1",
        [item.into()],
    );
    let row = db.query_one_raw(query).await?;
    Ok(row.map(|row| row.try_get("", "body")).transpose()?.unwrap_or_default())
}

/// From the texts that fit those that one may read; `$1` is the workspace and `$2` the space.
fn readable(looking: &Looking<'_>, expression: &str) -> String {
    let kinds: Vec<String> = looking.kinds.iter().map(|kind| format!("'{}'", kind.as_str())).collect();
    let open = match looking.seen {
        Seen::All => "",
        Seen::Open => {
            "AND (i.page_id IS NULL OR i.page_id NOT IN (SELECT id FROM closed))
                AND (i.task_id IS NULL OR coalesce(t.agent_accessible, j.agent_accessible, TRUE))"
        }
    };
    let on = match looking.on {
        On::PagesAndTasks => "",
        On::Pages => "AND i.task_id IS NULL",
    };
    // The index is asked once, and first, as CROSS JOIN says; else it may be asked anew for each text that there is.
    format!(
        "FROM search_words CROSS JOIN search_items i ON i.item = search_words.rowid
            LEFT JOIN pages p ON p.id = i.page_id
            LEFT JOIN tasks t ON t.id = i.task_id
            LEFT JOIN projects j ON j.id = t.project_id
            WHERE search_words MATCH {expression} AND i.workspace_id = $1 AND i.kind IN ({})
                AND (p.id IS NOT NULL OR t.id IS NOT NULL) AND p.trashed_at IS NULL
                AND ($2 = '' OR p.space_id = $2) {open} {on}",
        kinds.join(", ")
    )
}

/// Words of a workspace that share trigrams with one that may be mistyped. They come from texts that not everybody
/// may read: see [`is_there`].
pub async fn similar(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    (word, trigrams): (&str, &str),
) -> Queried<Vec<String>> {
    let sql = format!(
        "SELECT t.term AS term FROM search_trigrams
            CROSS JOIN search_terms t ON t.term_id = search_trigrams.rowid
        WHERE search_trigrams MATCH $2 AND t.workspace_id = $1
            AND (abs(length(t.term) - length($3)) <= {LENGTHS} OR instr(t.term, $3) > 0) LIMIT {MAX_SIMILAR}"
    );
    let values: [Value; 3] = [workspace.as_str().into(), trigrams.into(), word.into()];
    let rows = db.query_all_raw(Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)).await?;
    rows.iter().map(|row| Ok(row.try_get("", "term")?)).collect()
}
