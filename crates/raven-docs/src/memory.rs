//! Memory: what agents and people want remembered, each for themselves unless they share it.
//!
//! Owns who reads what of it. Of an agent that may not be here any more nobody else reads anything. Must not know how
//! words are found.

use raven_protocol::id::MemoryId;
use raven_protocol::time::{Date, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::access::Granted;
use crate::access::knowledge::{ReadMemory, WriteMemory};
use crate::activity::{self, ActivityKind};
use crate::audit::{Action, Actor, Entry, Target};
use crate::auth::Role;
use crate::db::{Db, memories as rows};
use crate::error::{Conflict, Error};
use crate::events::Changes;
use crate::page::{Page, PageQuery};
use crate::projects::about;
use crate::repeats::{self, Repeatable};

use rows::Reach;

/// Longest of one, in bytes: a page is the place for more.
const MAX_CONTENT: usize = 16 * 1024;

/// Most tags of one, and longest tag, in characters.
const MAX_TAGS: usize = 20;
const MAX_TAG: usize = 50;

/// Most that one agent or person has remembered.
const MAX_EACH: u64 = 10_000;

/// Most words that a query looks for; more find nothing better.
const MAX_WORDS: usize = 16;

/// Something that is remembered.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Memory {
    pub id: String,
    /// Whose it is.
    pub owner: Actor,
    /// Markdown.
    pub content: String,
    pub tags: Vec<String>,
    /// Whether others may read it.
    pub shared: bool,
    pub created_at: Timestamp,
}

/// What is to be remembered.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewMemory {
    /// Markdown, at most 16 KiB.
    pub content: String,
    #[serde(default)]
    pub tags: Vec<String>,
    /// Whether others may read it; false by default.
    #[serde(default)]
    pub shared: bool,
}

/// What is asked for.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct MemoryQuery {
    /// Words: what holds more of them comes first. The newest first without any.
    pub q: Option<String>,
    /// Only what has all of these tags, with commas between.
    pub tags: Option<String>,
    /// Only what was stored on this day.
    pub day: Option<Date>,
}

/// A day of which something is remembered.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MemoryDay {
    /// In UTC.
    pub day: Date,
    pub count: i64,
}

/// What is remembered in all workspaces.
#[derive(Clone)]
pub struct Memories {
    db: Db,
    changes: Changes,
}

impl Memories {
    pub fn new(db: Db, changes: Changes) -> Self {
        Self { db, changes }
    }

    /// Remembers something.
    pub async fn store(
        &self,
        by: &Granted<WriteMemory>,
        new: NewMemory,
        request: Option<Repeatable>,
    ) -> Result<Memory, Error> {
        check(&new)?;
        let owner = by.actor();
        let row = rows::Model {
            id: MemoryId::generate().to_string(),
            workspace_id: by.workspace().to_string(),
            owner_kind: owner.kind.as_str().to_owned(),
            owner_id: owner.id,
            owner_name: owner.name,
            content: new.content,
            tags: serde_json::to_string(&new.tags).map_err(anyhow::Error::from)?,
            shared: new.shared,
            created_at: Timestamp::now().as_millis(),
        };
        let mut change = self.changes.begin_for(by).await?;
        if let Some(id) = repeats::made(&change, request.as_ref()).await? {
            let row = rows::find(change.tx(), by.workspace(), &MemoryId::parse(id)?).await?;
            return view(row.ok_or(Error::NotFound("memory"))?);
        }
        if rows::count_of(change.tx(), by.workspace(), &row.owner_id).await? >= MAX_EACH {
            let detail = format!("{MAX_EACH} memories are yours already; write what should last into a page");
            return Err(Error::Conflict { code: Conflict::TooManyMemories, detail });
        }
        rows::insert(change.tx(), &row).await?;
        repeats::keep(&change, request, &row.id).await?;
        // What is private is so in the log and in the feed too.
        let kept =
            json!({ "length": row.content.chars().count(), "tags": new.tags.len(), "shared": row.shared });
        let target = Target::new("memory", row.id.as_str());
        let entry = Entry::new(by.actor(), Action::MemoryStore, target).after(kept);
        change.audit(by.workspace(), entry).await?;
        let detail = if row.shared { "shared" } else { "private" };
        let about = about(by, detail.to_owned());
        activity::record(&mut change, by.workspace(), ActivityKind::MemoryStored, about).await?;
        change.commit().await?;
        view(row)
    }

    /// Forgets something for good: what is one's own, and for admins what is anybody's.
    ///
    /// # Errors
    /// `Denied` for what somebody else shares; what they keep to themselves is not there.
    pub async fn delete(&self, by: &Granted<WriteMemory>, id: &MemoryId) -> Result<(), Error> {
        let mut change = self.changes.begin_for(by).await?;
        let row = rows::find(change.tx(), by.workspace(), id).await?.ok_or(Error::NotFound("memory"))?;
        let is_admin = by.person().is_some_and(|person| person.role >= Role::Admin);
        if row.owner_id != by.actor().id && !is_admin {
            let hint = "it is somebody else's; they and admins delete it".to_owned();
            return Err(if row.shared { Error::Denied(hint) } else { Error::NotFound("memory") });
        }
        rows::delete(change.tx(), &row.id).await?;
        let had =
            json!({ "owner": row.owner_id, "length": row.content.chars().count(), "shared": row.shared });
        let target = Target::new("memory", row.id.as_str());
        let entry = Entry::new(by.actor(), Action::MemoryDelete, target).before(had);
        change.audit(by.workspace(), entry).await?;
        let detail = if row.shared { "shared" } else { "private" };
        let about = about(by, detail.to_owned());
        activity::record(&mut change, by.workspace(), ActivityKind::MemoryDeleted, about).await?;
        change.commit().await
    }

    /// What somebody may read of it: the best first when they look for words, the newest otherwise.
    pub async fn query(
        &self,
        by: &Granted<ReadMemory>,
        query: MemoryQuery,
        page: PageQuery,
    ) -> Result<Page<Memory>, Error> {
        let limit = page.limit()?;
        let asked = query.q.as_deref().unwrap_or_default();
        let words = words(asked);
        if words.is_empty() && !asked.trim().is_empty() {
            return Err(Error::invalid("q", "must have a word in it, of letters or digits"));
        }
        let tags = query.tags.as_deref().unwrap_or_default().split(',').map(str::trim);
        let tags: Vec<String> = tags.filter(|tag| !tag.is_empty()).map(ToOwned::to_owned).collect();
        if tags.len() > MAX_TAGS {
            return Err(Error::invalid("tags", format!("must be at most {MAX_TAGS}: no memory has more")));
        }
        let filter = rows::Filter {
            reach: reach(by),
            tags,
            day: query.day.map(Date::as_days),
            before: page.cursor.filter(|_| words.is_empty()),
            words,
        };
        let ranked = !filter.words.is_empty();
        let found = rows::page(self.db.read(), by.workspace(), &filter, limit + 1).await?;
        let found = Page::of(found, limit, |row| &row.id, view)?;
        // The best of what was found has no next page: other words find more.
        Ok(Page { next_cursor: found.next_cursor.filter(|_| !ranked), ..found })
    }

    /// The days of which somebody may read something, newest first.
    pub async fn days(&self, by: &Granted<ReadMemory>, page: PageQuery) -> Result<Page<MemoryDay>, Error> {
        let limit = page.limit()?;
        let before = page.cursor.as_deref().map(Date::parse).transpose();
        let before = before.map_err(|_| Error::invalid("cursor", "is none of this list"))?;
        let asked = (&reach(by), before.map(Date::as_days));
        let found = rows::days(self.db.read(), by.workspace(), asked, limit + 1).await?;
        let found: Vec<(String, i64)> =
            found.into_iter().map(|(day, count)| (Date::from_days(day).to_string(), count)).collect();
        let view = |(day, count): (String, i64)| {
            Ok(MemoryDay { day: Date::parse(&day).map_err(anyhow::Error::from)?, count })
        };
        Page::of(found, limit, |(day, _)| day, view)
    }
}

/// Admins read everything; everybody else what is theirs, and what others share.
fn reach(by: &Granted<ReadMemory>) -> Reach {
    match by.person() {
        Some(person) if person.role >= Role::Admin => Reach::All,
        _ => Reach::Own(by.actor().id),
    }
}

/// What is looked for: letters and digits alone, so that nothing in it is syntax.
fn words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let mut words: Vec<String> = words.take(MAX_WORDS).map(str::to_lowercase).collect();
    words.dedup();
    words
}

fn check(new: &NewMemory) -> Result<(), Error> {
    if new.content.trim().is_empty() || new.content.len() > MAX_CONTENT {
        let why = format!("must be 1 to {} KiB; put more into a page", MAX_CONTENT / 1024);
        return Err(Error::invalid("content", why));
    }
    let fits = |tag: &String| {
        let length = tag.chars().count();
        (1..=MAX_TAG).contains(&length) && tag.trim() == tag && !tag.contains(',')
    };
    if new.tags.len() > MAX_TAGS || !new.tags.iter().all(fits) {
        let why = format!("must be at most {MAX_TAGS} texts of 1 to {MAX_TAG} characters, without commas");
        return Err(Error::invalid("tags", why));
    }
    Ok(())
}

fn view(row: rows::Model) -> Result<Memory, Error> {
    Ok(Memory {
        id: row.id,
        owner: Actor::from_row(&row.owner_kind, row.owner_id, row.owner_name),
        content: row.content,
        tags: serde_json::from_str(&row.tags).map_err(anyhow::Error::from)?,
        shared: row.shared,
        created_at: Timestamp::from_millis(row.created_at),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_looked_for_has_no_syntax() {
        for (text, found) in [
            ("Which database?", vec!["which", "database"]),
            ("\"a\" OR b* NEAR(c)", vec!["a", "or", "b", "near", "c"]),
            ("größe 4ß", vec!["größe", "4ß"]),
            (" ?! ", vec![]),
        ] {
            assert_eq!(words(text), found, "{text}");
        }
    }
}
