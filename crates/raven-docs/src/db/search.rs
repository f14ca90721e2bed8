//! The search index over pages, tasks and comments: words ranked by `bm25`, and the words themselves by their
//! trigrams, by which a mistyped one is found.
//!
//! The only SQL that SQLite and PostgreSQL do not share. What an agent may not read is left out by a join with what
//! is closed at the moment of the query.

use std::collections::BTreeSet;

use raven_protocol::id::WorkspaceId;
use raven_protocol::time::Timestamp;
use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult, Statement, Value};

use super::Queried;
use super::pages::{CLOSED, Seen};

/// What the migration makes. `search_items` has the text, once; the indexes follow it by triggers.
pub const TABLES: &str = "
CREATE TABLE search_items (
    item INTEGER PRIMARY KEY,
    workspace_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    page_id TEXT,
    task_id TEXT,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX search_items_by_id ON search_items (kind, id);
CREATE INDEX search_items_by_page ON search_items (page_id);
CREATE INDEX search_items_by_task ON search_items (task_id);
CREATE VIRTUAL TABLE search_words USING fts5 (
    title, body, content = 'search_items', content_rowid = 'item',
    tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3'
);
CREATE TRIGGER search_items_added AFTER INSERT ON search_items BEGIN
    INSERT INTO search_words (rowid, title, body) VALUES (new.item, new.title, new.body);
END;
CREATE TRIGGER search_items_removed AFTER DELETE ON search_items BEGIN
    INSERT INTO search_words (search_words, rowid, title, body)
    VALUES ('delete', old.item, old.title, old.body);
END;
CREATE TRIGGER search_items_changed AFTER UPDATE ON search_items BEGIN
    INSERT INTO search_words (search_words, rowid, title, body)
    VALUES ('delete', old.item, old.title, old.body);
    INSERT INTO search_words (rowid, title, body) VALUES (new.item, new.title, new.body);
END;
CREATE TABLE search_terms (
    term_id INTEGER PRIMARY KEY,
    workspace_id TEXT NOT NULL,
    term TEXT NOT NULL
);
CREATE UNIQUE INDEX search_terms_by_term ON search_terms (workspace_id, term);
CREATE VIRTUAL TABLE search_trigrams USING fts5 (
    term, content = 'search_terms', content_rowid = 'term_id', tokenize = 'trigram'
);
CREATE TRIGGER search_terms_added AFTER INSERT ON search_terms BEGIN
    INSERT INTO search_trigrams (rowid, term) VALUES (new.term_id, new.term);
END;
CREATE TRIGGER search_terms_removed AFTER DELETE ON search_terms BEGIN
    INSERT INTO search_trigrams (search_trigrams, rowid, term) VALUES ('delete', old.term_id, old.term);
END;
";

/// Lengths of words that may be mistyped: in shorter ones every typo is another word.
const TERM_LENGTHS: std::ops::RangeInclusive<usize> = 4..=32;

/// Most words of one text that are kept for finding mistyped ones.
const MAX_TERMS: usize = 5_000;

/// Words that one statement adds.
const TERMS_AT_ONCE: usize = 400;

/// Weight of a title against a body.
const TITLE: f64 = 8.0;

/// Words of a snippet.
const SNIPPET_WORDS: u32 = 24;

/// Where a match begins and ends in a snippet; taken out of texts before they are kept.
pub const MARKS: [char; 2] = ['⟦', '⟧'];

/// What kind of thing is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Page,
    Task,
    Comment,
}

impl Kind {
    pub const ALL: [Self; 3] = [Self::Page, Self::Task, Self::Comment];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Task => "task",
            Self::Comment => "comment",
        }
    }
}

/// The page or task that something is, or belongs to.
#[derive(Debug, Clone, Copy)]
pub enum Of<'a> {
    Page(&'a str),
    Task(&'a str),
}

/// What is to be found.
pub struct Indexed<'a> {
    pub workspace: &'a WorkspaceId,
    pub kind: Kind,
    pub id: &'a str,
    /// Itself, or of a comment the page or task that it is on: whoever may read that finds this.
    pub of: Of<'a>,
    pub title: &'a str,
    /// Plain text.
    pub body: &'a str,
}

/// Makes something findable, as it is now.
pub async fn put(db: &impl ConnectionTrait, item: &Indexed<'_>) -> Queried<()> {
    let (page, task) = match item.of {
        Of::Page(id) => (Some(id), None),
        Of::Task(id) => (None, Some(id)),
    };
    let (title, body) = (item.title.replace(MARKS, ""), item.body.replace(MARKS, ""));
    let before =
        terms_of(db, "kind = $1 AND id = $2", vec![item.kind.as_str().into(), item.id.into()]).await?;
    let sql = "INSERT INTO search_items (workspace_id, kind, id, page_id, task_id, title, body, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (kind, id) DO UPDATE SET title = excluded.title, body = excluded.body,
            updated_at = excluded.updated_at";
    let values: [Value; 8] = [
        item.workspace.as_str().into(),
        item.kind.as_str().into(),
        item.id.into(),
        page.map(ToOwned::to_owned).into(),
        task.map(ToOwned::to_owned).into(),
        title.as_str().into(),
        body.as_str().into(),
        Timestamp::now().as_millis().into(),
    ];
    db.execute_raw(Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)).await?;
    let terms = terms(&title, &body);
    let new: Vec<&String> = terms.difference(&before.terms).collect();
    for some in new.chunks(TERMS_AT_ONCE) {
        add_terms(db, item.workspace, some).await?;
    }
    forget_terms(db, item.workspace.as_str(), before.terms.difference(&terms)).await
}

/// Removes something from what is found.
pub async fn remove(db: &impl ConnectionTrait, kind: Kind, id: &str) -> Queried<()> {
    delete(db, "kind = $1 AND id = $2", vec![kind.as_str().into(), id.into()]).await
}

/// Removes something, and the comments on it, from what is found.
pub async fn remove_with_comments(db: &impl ConnectionTrait, of: Of<'_>) -> Queried<()> {
    let (column, id) = match of {
        Of::Page(id) => ("page_id", id),
        Of::Task(id) => ("task_id", id),
    };
    delete(db, &format!("{column} = $1"), vec![id.into()]).await
}

async fn delete(db: &impl ConnectionTrait, which: &str, values: Vec<Value>) -> Queried<()> {
    let Known { workspace, terms } = terms_of(db, which, values.clone()).await?;
    let sql = format!("DELETE FROM search_items WHERE {which}");
    db.execute_raw(Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)).await?;
    forget_terms(db, &workspace, terms.iter()).await
}

/// The words of some texts of a workspace.
#[derive(Default)]
struct Known {
    workspace: String,
    terms: BTreeSet<String>,
}

async fn terms_of(db: &impl ConnectionTrait, which: &str, values: Vec<Value>) -> Queried<Known> {
    let sql = format!("SELECT workspace_id, title, body FROM search_items WHERE {which}");
    let rows = db.query_all_raw(Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)).await?;
    let mut known = Known::default();
    for row in rows {
        let (title, body): (String, String) = (row.try_get("", "title")?, row.try_get("", "body")?);
        known.workspace = row.try_get("", "workspace_id")?;
        known.terms.append(&mut terms(&title, &body));
    }
    Ok(known)
}

/// Forgets those of some words that no text of the workspace has any more: what was deleted leaves nothing.
async fn forget_terms(
    db: &impl ConnectionTrait,
    workspace: &str,
    terms: impl Iterator<Item = &String>,
) -> Queried<()> {
    let sql = "DELETE FROM search_terms WHERE workspace_id = $1 AND term = $2 AND NOT EXISTS (
        SELECT 1 FROM search_words CROSS JOIN search_items i ON i.item = search_words.rowid
        WHERE search_words MATCH $3 AND i.workspace_id = $1)";
    for term in terms {
        let values: [Value; 3] = [workspace.into(), term.into(), format!("\"{term}\"").into()];
        db.execute_raw(Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)).await?;
    }
    Ok(())
}

async fn add_terms(db: &impl ConnectionTrait, workspace: &WorkspaceId, terms: &[&String]) -> Queried<()> {
    let places: Vec<String> = (0..terms.len()).map(|nth| format!("($1, ${})", nth + 2)).collect();
    let sql = format!(
        "INSERT INTO search_terms (workspace_id, term) VALUES {} ON CONFLICT DO NOTHING",
        places.join(", ")
    );
    let values = std::iter::once(workspace.as_str().into()).chain(terms.iter().map(|term| (*term).into()));
    let values: Vec<Value> = values.collect();
    db.execute_raw(Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)).await?;
    Ok(())
}

/// The words by which a text is found though they are mistyped.
fn terms(title: &str, body: &str) -> BTreeSet<String> {
    let mut terms = BTreeSet::new();
    for word in words(title).chain(words(body)) {
        if terms.len() == MAX_TERMS {
            break;
        }
        terms.insert(word);
    }
    terms
}

/// The words of a text that may be mistyped by who looks for them, in lower case.
fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric())
        .map(str::to_lowercase)
        .filter(|word| TERM_LENGTHS.contains(&word.chars().count()))
}

/// Something that was found.
#[derive(Debug, Clone, FromQueryResult)]
pub struct Hit {
    pub item: i64,
    pub kind: String,
    pub id: String,
    pub title: String,
    pub page_id: Option<String>,
    pub task_id: Option<String>,
    pub space_id: Option<String>,
    pub project_id: Option<String>,
    pub updated_at: i64,
    pub score: f64,
    pub snippet: String,
}

/// What is looked for, and by whom.
pub struct Looking<'a> {
    pub workspace: &'a WorkspaceId,
    /// In the language of the index; see [`crate::search`].
    pub expression: &'a str,
    pub kinds: &'a [Kind],
    /// Only pages of this space, and comments on them.
    pub space: Option<&'a str>,
    pub on: On,
    pub seen: Seen,
    pub limit: u64,
}

/// On what may be found what is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    PagesAndTasks,
    /// For those who may read no tasks, nor what is said of them.
    Pages,
}

/// What fits best, first.
pub async fn find(db: &impl ConnectionTrait, looking: &Looking<'_>) -> Queried<Vec<Hit>> {
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
    // The best are chosen before anything is shown of them: a snippet of each hit would mean to read all of them.
    let sql = format!(
        "{CLOSED}, best AS (
            SELECT i.item, p.space_id, t.project_id, bm25(search_words, {TITLE:.1}, 1.0) AS rank
            FROM search_words CROSS JOIN search_items i ON i.item = search_words.rowid
            LEFT JOIN pages p ON p.id = i.page_id
            LEFT JOIN tasks t ON t.id = i.task_id
            LEFT JOIN projects j ON j.id = t.project_id
            WHERE search_words MATCH $2 AND i.workspace_id = $1 AND i.kind IN ({kinds})
                AND (p.id IS NOT NULL OR t.id IS NOT NULL) AND p.trashed_at IS NULL
                AND ($3 = '' OR p.space_id = $3) {open} {on}
            ORDER BY rank, i.item LIMIT $4)
        SELECT i.item, i.kind, i.id, i.title, i.page_id, i.task_id, best.space_id, best.project_id, i.updated_at,
            -best.rank AS score,
            coalesce((SELECT snippet(search_words, 1, '{}', '{}', '…', {SNIPPET_WORDS}) FROM search_words
                WHERE search_words MATCH $2 AND search_words.rowid = best.item), '') AS snippet
        FROM best JOIN search_items i ON i.item = best.item ORDER BY best.rank, i.item",
        MARKS[0],
        MARKS[1],
        kinds = kinds.join(", "),
    );
    let values: [Value; 4] = [
        looking.workspace.as_str().into(),
        looking.expression.into(),
        looking.space.unwrap_or_default().into(),
        i64::try_from(looking.limit)?.into(),
    ];
    Ok(Hit::find_by_statement(Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)).all(db).await?)
}

/// Words of a workspace that share trigrams with one that may be mistyped, those that share most first. They come
/// from texts that not everybody may read: use them to look, and do not show them.
pub async fn similar(
    db: &impl ConnectionTrait,
    workspace: &WorkspaceId,
    trigrams: &str,
    limit: u64,
) -> Queried<Vec<String>> {
    let sql =
        "SELECT t.term AS term FROM search_trigrams
            CROSS JOIN search_terms t ON t.term_id = search_trigrams.rowid
        WHERE search_trigrams MATCH $2 AND t.workspace_id = $1
        ORDER BY bm25(search_trigrams), t.term LIMIT $3";
    let values: [Value; 3] = [workspace.as_str().into(), trigrams.into(), i64::try_from(limit)?.into()];
    let rows = db.query_all_raw(Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)).await?;
    rows.iter().map(|row| Ok(row.try_get("", "term")?)).collect()
}
