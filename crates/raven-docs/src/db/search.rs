//! The search index over pages, tasks and comments: words ranked by `bm25`, and the words themselves by their
//! trigrams, by which a mistyped one is found.
//!
//! The only SQL that SQLite and PostgreSQL do not share. What an agent may not read is left out by a join with what
//! is closed at the moment of the query.

use std::collections::{BTreeMap, BTreeSet};

use raven_protocol::id::WorkspaceId;
use raven_protocol::time::Timestamp;
use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult, QueryResult, Statement, Value};

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

/// Texts that are looked at first: some times more than anybody asks for.
const FOREMOST: u32 = 500;

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
    let before = "SELECT title, body FROM search_items WHERE kind = $1 AND id = $2";
    let values: [Value; 2] = [item.kind.as_str().into(), item.id.into()];
    let before = db.query_one_raw(Statement::from_sql_and_values(DbBackend::Sqlite, before, values)).await?;
    let before = before.map(|text| terms_of(&text)).transpose()?.unwrap_or_default();
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
    let new: Vec<&String> = terms.difference(&before).collect();
    for some in new.chunks(TERMS_AT_ONCE) {
        add_terms(db, item.workspace, some).await?;
    }
    let gone = before.difference(&terms).map(|term| (term.as_str(), 1)).collect();
    forget_terms(db, item.workspace.as_str(), gone).await
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
    let sql = format!("SELECT workspace_id, title, body FROM search_items WHERE {which}");
    let texts =
        db.query_all_raw(Statement::from_sql_and_values(DbBackend::Sqlite, sql, values.clone())).await?;
    let (mut workspace, mut gone) = (String::new(), BTreeMap::new());
    for text in texts {
        workspace = text.try_get("", "workspace_id")?;
        for term in terms_of(&text)? {
            *gone.entry(term).or_insert(0) += 1;
        }
    }
    let sql = format!("DELETE FROM search_items WHERE {which}");
    db.execute_raw(Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)).await?;
    forget_terms(db, &workspace, gone.iter().map(|(term, texts)| (term.as_str(), *texts)).collect()).await
}

fn terms_of(text: &QueryResult) -> Queried<BTreeSet<String>> {
    let (title, body): (String, String) = (text.try_get("", "title")?, text.try_get("", "body")?);
    Ok(terms(&title, &body))
}

/// Counts words of a text that is new.
async fn add_terms(db: &impl ConnectionTrait, workspace: &WorkspaceId, terms: &[&String]) -> Queried<()> {
    let places: Vec<String> = (0..terms.len()).map(|nth| format!("($1, ${}, 1)", nth + 2)).collect();
    let sql = format!(
        "INSERT INTO search_terms (workspace_id, term, texts) VALUES {}
            ON CONFLICT (workspace_id, term) DO UPDATE SET texts = texts + 1",
        places.join(", ")
    );
    let values = std::iter::once(workspace.as_str().into()).chain(terms.iter().map(|term| (*term).into()));
    let values: Vec<Value> = values.collect();
    db.execute_raw(Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)).await?;
    Ok(())
}

/// Counts words that are in so many texts less; those that are in none are forgotten: what was deleted leaves nothing.
async fn forget_terms(
    db: &impl ConnectionTrait,
    workspace: &str,
    mut terms: Vec<(&str, i64)>,
) -> Queried<()> {
    // Words that are gone from as many texts are counted together.
    terms.sort_by_key(|(_, texts)| *texts);
    for alike in terms.chunk_by(|one, next| one.1 == next.1) {
        for some in alike.chunks(TERMS_AT_ONCE) {
            let places: Vec<String> = (0..some.len()).map(|nth| format!("${}", nth + 3)).collect();
            let these = format!("WHERE workspace_id = $1 AND term IN ({})", places.join(", "));
            let words = some.iter().map(|(term, _)| Value::from(*term));
            let values: Vec<Value> = [workspace.into(), some[0].1.into()].into_iter().chain(words).collect();
            for sql in [
                format!("UPDATE search_terms SET texts = texts - $2 {these}"),
                format!("DELETE FROM search_terms {these} AND texts <= 0 AND $2 > 0"),
            ] {
                db.execute_raw(Statement::from_sql_and_values(DbBackend::Sqlite, sql, values.clone()))
                    .await?;
            }
        }
    }
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
    let foremost = find_among(db, looking, Among::Foremost).await?;
    // What one may not read, and what other workspaces have, may be all of the foremost.
    if foremost.len() as u64 == looking.limit {
        Ok(foremost)
    } else {
        find_among(db, looking, Among::All).await
    }
}

/// Which texts that have the words are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Among {
    /// Those that fit best, whosever they are: a common word is in nearly all texts, and to look at each takes long.
    Foremost,
    All,
}

async fn find_among(db: &impl ConnectionTrait, looking: &Looking<'_>, among: Among) -> Queried<Vec<Hit>> {
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
    let foremost = match among {
        Among::Foremost => format!("ORDER BY rank, item LIMIT {FOREMOST}"),
        Among::All => String::new(),
    };
    // The index is asked once, and first, as CROSS JOIN says; else it may be asked anew for each text that there is.
    // The best are chosen before anything is shown of them: a snippet of each hit would mean to read all of them.
    let sql = format!(
        "{CLOSED}, ranked AS MATERIALIZED (
            SELECT rowid AS item, bm25(search_words, {TITLE:.1}, 1.0) AS rank
            FROM search_words WHERE search_words MATCH $2 {foremost}),
        best AS MATERIALIZED (
            SELECT i.item, p.space_id, t.project_id, ranked.rank
            FROM ranked CROSS JOIN search_items i ON i.item = ranked.item
            LEFT JOIN pages p ON p.id = i.page_id
            LEFT JOIN tasks t ON t.id = i.task_id
            LEFT JOIN projects j ON j.id = t.project_id
            WHERE i.workspace_id = $1 AND i.kind IN ({kinds})
                AND (p.id IS NOT NULL OR t.id IS NOT NULL) AND p.trashed_at IS NULL
                AND ($3 = '' OR p.space_id = $3) {open} {on}
            ORDER BY ranked.rank, i.item LIMIT $4)
        SELECT i.item, i.kind, i.id, i.title, i.page_id, i.task_id, best.space_id, best.project_id, i.updated_at,
            -best.rank AS score,
            coalesce((SELECT snippet(search_words, 1, '{}', '{}', '…', {SNIPPET_WORDS}) FROM search_words
                WHERE search_words MATCH $2 AND search_words.rowid = best.item), '') AS snippet
        FROM best CROSS JOIN search_items i ON i.item = best.item ORDER BY best.rank, i.item",
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
    let sql = "SELECT t.term AS term FROM search_trigrams
            CROSS JOIN search_terms t ON t.term_id = search_trigrams.rowid
        WHERE search_trigrams MATCH $2 AND t.workspace_id = $1
        ORDER BY bm25(search_trigrams), t.term LIMIT $3";
    let values: [Value; 3] = [workspace.as_str().into(), trigrams.into(), i64::try_from(limit)?.into()];
    let rows = db.query_all_raw(Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)).await?;
    rows.iter().map(|row| Ok(row.try_get("", "term")?)).collect()
}
