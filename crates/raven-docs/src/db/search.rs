//! The search index over pages, tasks and comments: their words, and the words themselves by their trigrams, by
//! which a mistyped one is found.
//!
//! Owns what the index holds; see `finding` for what it finds. The only SQL that SQLite and PostgreSQL do not share.

use std::collections::{BTreeMap, BTreeSet};

use raven_protocol::id::WorkspaceId;
use raven_protocol::time::Timestamp;
use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Statement, Value};

use super::Queried;
use crate::search::ranking::MARKS;

pub mod finding;

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
    // Written anew it gets a higher number, by which what was changed last is found first.
    let removed = "DELETE FROM search_items WHERE kind = $1 AND id = $2";
    let which: [Value; 2] = [item.kind.as_str().into(), item.id.into()];
    db.execute_raw(Statement::from_sql_and_values(DbBackend::Sqlite, removed, which)).await?;
    let sql = "INSERT INTO search_items (workspace_id, kind, id, page_id, task_id, title, body, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
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
