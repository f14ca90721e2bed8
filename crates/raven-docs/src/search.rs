//! Search over pages, tasks and comments: for each only what they may read.
//!
//! Words are looked for first; when they find little, words that are near to them too. Owns what is found and how it
//! is shown. Must not know how the index works.

use raven_protocol::id::SpaceId;
use raven_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::access::Granted;
use crate::access::knowledge::{ReadPages, ReadTasks};
use crate::db::search::Kind;
use crate::db::search::finding::{self as index, Hit, Looking, On};
use crate::db::{ConnectionTrait, Db};
use crate::error::Error;
use crate::pages;

mod expression;
pub mod ranking;

use expression::Phrase;

/// Longest query, in characters.
const MAX_QUERY: usize = 400;

/// Hits of a search unless asked otherwise, and most.
const DEFAULT_LIMIT: u64 = 20;
const MAX_LIMIT: u64 = 50;

/// Titles that are suggested unless asked otherwise.
const SUGGESTIONS: u64 = 10;

/// With fewer hits than this, words that are near are looked for too.
const FEW: usize = 3;

/// Most words that are looked for beside one that may be mistyped, and most that are looked at for them.
const MAX_NEAR: usize = 8;
const MAX_NEAREST: usize = 64;

/// What is looked for.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct SearchQuery {
    /// Words, of which all must be there; words in a row between quotes.
    pub q: String,
    /// `page`, `task`, `comment`, with commas between; all by default.
    pub kinds: Option<String>,
    /// Only pages of this space, and comments on them.
    pub space_id: Option<SpaceId>,
    /// 1 to 50; 20 by default.
    pub limit: Option<u64>,
}

/// Something that was found.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SearchHit {
    /// `page`, `task` or `comment`.
    pub kind: String,
    pub id: String,
    /// Empty for a comment.
    pub title: String,
    /// Plain text, with matches between ⟦ and ⟧.
    pub snippet: String,
    pub space_id: Option<String>,
    pub project_id: Option<String>,
    /// The page itself, or the one that a comment is on.
    pub page_id: Option<String>,
    /// The task itself, or the one that a comment is on.
    pub task_id: Option<String>,
    pub updated_at: Timestamp,
    /// Higher is better: by this title and text alone, so it tells nothing of others.
    pub score: f64,
}

/// What a search has found, the best first.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SearchHits)]
pub struct Found {
    pub items: Vec<SearchHit>,
    /// Always null: there is one page.
    pub next_cursor: Option<String>,
}

/// What one may be looking for.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema, schemars::JsonSchema)]
pub struct Suggestion {
    /// `page` or `task`.
    pub kind: String,
    pub id: String,
    pub title: String,
}

/// Suggestions, the best first.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Suggestions {
    pub items: Vec<Suggestion>,
    /// Always null: there is one page.
    pub next_cursor: Option<String>,
}

/// The search of all workspaces.
#[derive(Clone)]
pub struct Search {
    db: Db,
}

impl Search {
    pub fn new(db: Db) -> Self {
        Self { db }
    }

    /// Finds what fits best. What is typed is never an error.
    pub async fn find(&self, by: &Granted<ReadPages>, query: SearchQuery) -> Result<Found, Error> {
        let limit = limit(query.limit)?;
        let kinds = kinds(query.kinds.as_deref())?;
        let space = query.space_id.as_ref().map(SpaceId::as_str);
        let items = self.hits(by, &query.q, (&kinds, space), limit, expression::all).await?;
        Ok(Found { items, next_cursor: None })
    }

    /// Suggests pages and tasks by the beginnings of words in their titles.
    pub async fn suggest(&self, by: &Granted<ReadPages>, query: SearchQuery) -> Result<Suggestions, Error> {
        let (kinds, limit) = ([Kind::Page, Kind::Task], limit(query.limit.or(Some(SUGGESTIONS)))?);
        let space = query.space_id.as_ref().map(SpaceId::as_str);
        let hits = self.hits(by, &query.q, (&kinds, space), limit, expression::in_title).await?;
        let items = hits.into_iter().map(|SearchHit { kind, id, title, .. }| Suggestion { kind, id, title });
        Ok(Suggestions { items: items.collect(), next_cursor: None })
    }

    async fn hits(
        &self,
        by: &Granted<ReadPages>,
        typed: &str,
        (kinds, space): (&[Kind], Option<&str>),
        limit: u64,
        express: fn(&[Phrase]) -> String,
    ) -> Result<Vec<SearchHit>, Error> {
        if typed.chars().count() > MAX_QUERY {
            return Err(Error::invalid("q", format!("must be at most {MAX_QUERY} characters")));
        }
        let mut phrases = expression::phrases(typed);
        if phrases.is_empty() || kinds.is_empty() {
            return Ok(Vec::new());
        }
        let tx = self.db.snapshot().await?;
        let on = if by.and::<ReadTasks>().is_ok() { On::PagesAndTasks } else { On::Pages };
        let looking = Looking { workspace: by.workspace(), kinds, space, on, seen: pages::seen(by) };
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let look = async |phrases: &[Phrase]| {
            let asked = (&*express(phrases), &*expression::any_in_title(phrases));
            shown(&tx, phrases, best(phrases, index::find(&tx, &looking, asked).await?, limit)).await
        };
        let mut hits = look(&phrases).await?;
        if hits.len() < FEW && widen(&tx, &looking, &mut phrases).await? {
            let known: Vec<String> = hits.iter().map(|hit| hit.id.clone()).collect();
            let more = look(&phrases).await?;
            hits.extend(more.into_iter().filter(|hit| !known.contains(&hit.id)));
            hits.truncate(limit);
        }
        Ok(hits)
    }
}

/// Looks for words too that are near to those that may be mistyped; answers whether there are any. Only words of
/// texts that one may read count: else what is found would tell of others.
async fn widen(
    db: &impl ConnectionTrait,
    looking: &Looking<'_>,
    phrases: &mut [Phrase],
) -> Result<bool, Error> {
    let mut wider = false;
    for phrase in phrases {
        let Some(word) = phrase.mistyped() else { continue };
        let asked = (word, &*expression::trigrams(word));
        let nearest = phrase.nearest(index::similar(db, looking.workspace, asked).await?);
        let mut near = Vec::new();
        for word in nearest.into_iter().take(MAX_NEAREST) {
            if index::is_there(db, looking, &word).await? {
                near.push(word);
            }
            if near.len() == MAX_NEAR {
                break;
            }
        }
        wider |= !near.is_empty();
        phrase.widen(near);
    }
    Ok(wider)
}

/// Those that fit best, the best first; of those that fit as well the newest.
fn best(phrases: &[Phrase], hits: Vec<Hit>, limit: usize) -> Vec<(f64, Hit)> {
    let score = |hit: &Hit| ranking::score(phrases, &hit.title, &hit.beginning);
    let mut hits: Vec<(f64, Hit)> = hits.into_iter().map(|hit| (score(&hit), hit)).collect();
    hits.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    hits.truncate(limit);
    hits
}

async fn shown(
    db: &impl ConnectionTrait,
    phrases: &[Phrase],
    hits: Vec<(f64, Hit)>,
) -> Result<Vec<SearchHit>, Error> {
    let mut shown = Vec::with_capacity(hits.len());
    for (score, hit) in hits {
        let snippet = match ranking::snippet(phrases, &hit.beginning) {
            Some(snippet) => snippet,
            None => ranking::snippet(phrases, &index::text(db, hit.item).await?)
                .unwrap_or_else(|| ranking::beginning(&hit.beginning)),
        };
        shown.push(view(hit, snippet, score));
    }
    Ok(shown)
}

fn limit(wanted: Option<u64>) -> Result<u64, Error> {
    match wanted.unwrap_or(DEFAULT_LIMIT) {
        limit @ 1..=MAX_LIMIT => Ok(limit),
        other => Err(Error::invalid("limit", format!("must be 1 to {MAX_LIMIT}, not {other}"))),
    }
}

/// The kinds that are looked for.
fn kinds(wanted: Option<&str>) -> Result<Vec<Kind>, Error> {
    let mut kinds = Kind::ALL.to_vec();
    if let Some(wanted) = wanted.filter(|wanted| !wanted.is_empty()) {
        kinds.clear();
        for word in wanted.split(',') {
            let found = Kind::ALL.into_iter().find(|kind| kind.as_str() == word.trim());
            kinds.push(found.ok_or_else(|| Error::invalid("kinds", "must be of page, task and comment"))?);
        }
    }
    Ok(kinds)
}

fn view(hit: Hit, snippet: String, score: f64) -> SearchHit {
    SearchHit {
        kind: hit.kind,
        id: hit.id,
        title: hit.title,
        snippet,
        space_id: hit.space_id,
        project_id: hit.project_id,
        page_id: hit.page_id,
        task_id: hit.task_id,
        updated_at: Timestamp::from_millis(hit.updated_at),
        score,
    }
}
