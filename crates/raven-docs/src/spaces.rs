//! Spaces: pages that belong together.
//!
//! Owns their names and slugs. Must not know what is in their pages.

use raven_protocol::id::{SpaceId, WorkspaceId};
use raven_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::access::knowledge::{EditSpaces, ReadSpaces};
use crate::access::{Administer, Granted};
use crate::activity::{self, About, ActivityKind};
use crate::audit::{Action, Entry, Target};
use crate::auth::Named;
use crate::db::{self, Db, spaces as rows};
use crate::error::{Conflict, Error};
use crate::events::{Change, Changes, WorkspaceEvent};
use crate::page::{Page, PageQuery};
use crate::pages::{self, slug};
use crate::repeats::{self, Repeatable};

/// Longest name, in characters.
const MAX_NAME: usize = 80;

/// Most spaces of a workspace: more than people look through.
const MAX_SPACES: u64 = 1000;

/// A space, with the number of its pages that the asker may read.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Space {
    pub id: String,
    pub name: String,
    pub slug: String,
    pub page_count: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A space as it is wanted.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewSpace {
    pub name: String,
    /// Made of the name when it is left out.
    pub slug: Option<String>,
}

/// What is to be changed of a space.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SpaceChange {
    pub name: Option<String>,
    pub slug: Option<String>,
}

/// The spaces of all workspaces.
#[derive(Clone)]
pub struct Spaces {
    db: Db,
    changes: Changes,
}

impl Spaces {
    pub fn new(db: Db, changes: Changes) -> Self {
        Self { db, changes }
    }

    /// The spaces of a workspace, oldest first.
    pub async fn list(&self, by: &Granted<ReadSpaces>, page: PageQuery) -> Result<Page<Space>, Error> {
        let limit = page.limit()?;
        let from = (None, page.cursor.as_deref());
        let found = rows::counted(self.db.read(), by.workspace(), from, pages::seen(by), limit + 1).await?;
        Page::of(found, limit, |row| &row.id, |row| Ok(view(row)))
    }

    /// One space.
    pub async fn get(&self, by: &Granted<ReadSpaces>, id: &SpaceId) -> Result<Space, Error> {
        let one = (Some(id.as_str()), None);
        let found = rows::counted(self.db.read(), by.workspace(), one, pages::seen(by), 1).await?;
        found.into_iter().next().map(view).ok_or(Error::NotFound("space"))
    }

    /// Makes a space.
    ///
    /// # Errors
    /// `Conflict` when the slug is in use.
    pub async fn create(
        &self,
        by: &Granted<EditSpaces>,
        wanted: NewSpace,
        request: Option<Repeatable>,
    ) -> Result<Space, Error> {
        let name = checked_name(&wanted.name)?;
        let change = self.changes.begin_for(by).await?;
        if let Some(id) = repeats::made(&change, request.as_ref()).await? {
            return self.get(&by.and()?, &SpaceId::parse(id)?).await;
        }
        if rows::count(change.tx(), by.workspace()).await? >= MAX_SPACES {
            let detail =
                format!("the workspace has {MAX_SPACES} spaces; delete one that is over, or use another");
            return Err(Error::Conflict { code: Conflict::TooManySpaces, detail });
        }
        let slug = match wanted.slug {
            Some(slug) => free_slug(&change, by.workspace(), slug).await?,
            None => made_slug(&change, by.workspace(), &name).await?,
        };
        let now = Timestamp::now().as_millis();
        let row = rows::Model {
            id: SpaceId::generate().to_string(),
            workspace_id: by.workspace().to_string(),
            name,
            slug,
            created_at: now,
            updated_at: now,
        };
        rows::insert(change.tx(), &row).await?;
        repeats::keep(&change, request, &row.id).await?;
        let kept = (Action::SpaceCreate, ActivityKind::SpaceCreated);
        settle(change, by, &row, kept, (None, Some(&row))).await?;
        self.get(&by.and()?, &SpaceId::parse(row.id)?).await
    }

    /// Renames a space.
    ///
    /// # Errors
    /// `Conflict` when the slug is in use.
    pub async fn change(
        &self,
        by: &Granted<EditSpaces>,
        id: &SpaceId,
        wanted: SpaceChange,
    ) -> Result<Space, Error> {
        let change = self.changes.begin_for(by).await?;
        let before = rows::find(change.tx(), by.workspace(), id).await?.ok_or(Error::NotFound("space"))?;
        let mut row = before.clone();
        if let Some(name) = wanted.name {
            row.name = checked_name(&name)?;
        }
        if let Some(slug) = wanted.slug.filter(|slug| *slug != before.slug) {
            row.slug = free_slug(&change, by.workspace(), slug).await?;
        }
        row.updated_at = Timestamp::now().as_millis();
        rows::update(change.tx(), &row).await?;
        let kept = (Action::SpaceChange, ActivityKind::SpaceChanged);
        settle(change, by, &row, kept, (Some(&before), Some(&row))).await?;
        self.get(&by.and()?, id).await
    }

    /// Removes a space, with the pages of it that are in the trash.
    ///
    /// # Errors
    /// `Conflict` when it has others.
    pub async fn delete(&self, by: &Granted<Administer>, id: &SpaceId) -> Result<(), Error> {
        let change = self.changes.begin_for(by).await?;
        let row = rows::find(change.tx(), by.workspace(), id).await?.ok_or(Error::NotFound("space"))?;
        let left = db::pages::count(change.tx(), id).await?;
        if left > 0 {
            let detail = format!("it has {left} pages: move them, or put them into the trash, first");
            return Err(Error::Conflict { code: Conflict::SpaceNotEmpty, detail });
        }
        let pages = db::pages::ids_of_space(change.tx(), id).await?;
        pages::trash::remove(&change, &pages).await?;
        rows::delete(change.tx(), id).await?;
        let kept = (Action::SpaceDelete, ActivityKind::SpaceDeleted);
        settle(change, by, &row, kept, (Some(&row), None)).await
    }
}

/// Records a change of a space, commits it and tells of it.
async fn settle<P>(
    mut change: Change,
    by: &Granted<P>,
    row: &rows::Model,
    (action, kind): (Action, ActivityKind),
    (before, after): (Option<&rows::Model>, Option<&rows::Model>),
) -> Result<(), Error> {
    let shown = |row: &rows::Model| json!({ "name": row.name, "slug": row.slug });
    let named = Named { id: row.id.clone(), name: row.name.clone() };
    let mut entry = Entry::new(by.actor(), action, Target::named("space", &named));
    (entry.before, entry.after) = (before.map(shown), after.map(shown));
    change.audit(by.workspace(), entry).await?;
    let about = About { actor: Some(by.by()), detail: Some(row.name.clone()), ..About::default() };
    activity::record(&mut change, by.workspace(), kind, about).await?;
    change.tell(by.workspace(), WorkspaceEvent::SpaceChanged(SpaceId::parse(row.id.as_str())?));
    change.commit().await
}

fn checked_name(name: &str) -> Result<String, Error> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > MAX_NAME || name.contains(char::is_control) {
        return Err(Error::invalid("name", format!("must be one line of 1 to {MAX_NAME} characters")));
    }
    Ok(name.to_owned())
}

async fn free_slug(change: &Change, workspace: &WorkspaceId, slug: String) -> Result<String, Error> {
    if !slug::is_good(&slug) {
        return Err(Error::invalid(
            "slug",
            "must be words of a-z and 0-9 with `-` between, at most 60 characters",
        ));
    }
    if rows::has_slug(change.tx(), workspace, &slug).await? {
        let detail = format!("another space has the slug `{slug}`; choose another");
        return Err(Error::Conflict { code: Conflict::SlugTaken, detail });
    }
    Ok(slug)
}

async fn made_slug(change: &Change, workspace: &WorkspaceId, name: &str) -> Result<String, Error> {
    let slug = slug::of(name, "space");
    let taken = rows::has_slug(change.tx(), workspace, &slug).await?;
    Ok(if taken { slug::drawn(&slug) } else { slug })
}

fn view(row: rows::Counted) -> Space {
    Space {
        id: row.id,
        name: row.name,
        slug: row.slug,
        page_count: row.page_count,
        created_at: Timestamp::from_millis(row.created_at),
        updated_at: Timestamp::from_millis(row.updated_at),
    }
}
