//! Moving a page, with what is under it: to another page, another space, or another place among its own.
//!
//! Owns which moves there are. What is under a closed page is closed from then on.

use raven_protocol::id::{PageId, SpaceId};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::editing::{check_parent, record};
use super::{Found, Pages, WikiPage, readable, slug};
use crate::access::Granted;
use crate::access::knowledge::WritePages;
use crate::activity::ActivityKind;
use crate::audit::Action;
use crate::db::{self, pages as rows};
use crate::error::{Conflict, Error};
use crate::events::Change;
use crate::patch::present;

/// Where a page is to go.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PageMove {
    /// The page that it will be under; null for the top of the space; where it is when it is left out.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub parent_id: Option<Option<PageId>>,
    /// Its new space; that of `parentId`, or its own, when it is left out.
    pub space_id: Option<SpaceId>,
    /// The page before which it will stand; the last place when it is left out.
    pub before: Option<PageId>,
}

impl Pages {
    /// Moves a page.
    ///
    /// # Errors
    /// `Conflict` under itself or one that is under it; `NotForAgents` for an agent to a closed page.
    pub async fn relocate(
        &self,
        by: &Granted<WritePages>,
        id: &PageId,
        wanted: PageMove,
    ) -> Result<WikiPage, Error> {
        let mut change = self.changes.begin_for(by).await?;
        let Found { row: before, .. } = readable(change.tx(), by, id.as_str()).await?;
        let below = rows::below(change.tx(), &before.id).await?;
        let (space, parent) = target(&change, by, &before, &wanted, &below).await?;
        let mut row = before.clone();
        if space != before.space_id {
            let ids: Vec<String> = below.into_iter().map(|(id, _)| id).collect();
            put_into(&space, &change, by, &ids).await?;
            let moved = rows::find(change.tx(), by.workspace(), &row.id).await?;
            row = moved.ok_or(Error::NotFound("page"))?;
        }
        (row.space_id, row.parent_id) = (space, parent);
        row.position = place(&change, by, &row, wanted.before.as_ref()).await?;
        rows::update(change.tx(), &row).await?;
        let shown = |row: &rows::Model| json!({ "spaceId": row.space_id, "parentId": row.parent_id });
        let what = (Action::PageMove, ActivityKind::PageMoved);
        record(&mut change, by, &row, what, (Some(shown(&before)), Some(shown(&row)))).await?;
        self.answer(change, by, row).await
    }
}

/// Puts pages into a space, with other slugs where theirs are taken; an agent's moves draw all of them, as its new
/// pages do.
async fn put_into(
    space: &str,
    change: &Change,
    by: &Granted<WritePages>,
    ids: &[String],
) -> Result<(), Error> {
    let is_agent = by.agent().is_some();
    let renamed = rows::slugs(change.tx(), ids, (!is_agent).then_some(space)).await?;
    let renamed = renamed.into_iter().map(|(id, slug, title)| {
        let own = if is_agent { slug::of(&title, "page") } else { slug };
        (id, slug::drawn(&own))
    });
    Ok(rows::put_into(change.tx(), space, ids, &renamed.collect::<Vec<_>>()).await?)
}

/// The space and the parent that a page will have.
async fn target(
    change: &Change,
    by: &Granted<WritePages>,
    row: &rows::Model,
    wanted: &PageMove,
    below: &[(String, i64)],
) -> Result<(String, Option<String>), Error> {
    let space = match &wanted.space_id {
        Some(space) => {
            let found = db::spaces::find(change.tx(), by.workspace(), space).await?;
            Some(found.ok_or(Error::NotFound("space"))?.id)
        }
        None => None,
    };
    let moves_away = space.as_ref().is_some_and(|space| *space != row.space_id);
    let parent = match &wanted.parent_id {
        Some(Some(parent)) => parent.as_str(),
        Some(None) => return Ok((space.unwrap_or_else(|| row.space_id.clone()), None)),
        None if moves_away => return Ok((space.unwrap_or_default(), None)),
        None => match &row.parent_id {
            Some(parent) => parent,
            None => return Ok((row.space_id.clone(), None)),
        },
    };
    if below.iter().any(|(id, _)| id == parent) {
        let detail = "the page that you named is this one, or under it; choose another".to_owned();
        return Err(Error::Conflict { code: Conflict::UnderItself, detail });
    }
    let above = readable(change.tx(), by, parent).await?;
    let space = space.unwrap_or_else(|| above.row.space_id.clone());
    let deepest = below.iter().map(|(_, depth)| *depth).max().unwrap_or(0);
    check_parent(&above, &space, usize::try_from(deepest).unwrap_or(usize::MAX).saturating_add(1))?;
    Ok((space, Some(parent.to_owned())))
}

/// The place of a page among those that it will stand with.
async fn place(
    change: &Change,
    by: &Granted<WritePages>,
    row: &rows::Model,
    before: Option<&PageId>,
) -> Result<i64, Error> {
    let Some(before) = before else {
        return Ok(rows::last_place(change.tx(), &row.space_id, row.parent_id.as_deref()).await?);
    };
    let next = readable(change.tx(), by, before.as_str()).await?.row;
    if (next.space_id != row.space_id) || (next.parent_id != row.parent_id) || next.id == row.id {
        return Err(Error::invalid("before", "must be another page under the same one"));
    }
    if let Some(place) = between(change, &next).await? {
        return Ok(place);
    }
    rows::spread(change.tx(), &next.space_id, next.parent_id.as_deref()).await?;
    let next = rows::find(change.tx(), by.workspace(), &next.id).await?.ok_or(Error::NotFound("page"))?;
    between(change, &next).await?.ok_or_else(|| anyhow::anyhow!("no room between pages").into())
}

/// A place between a page and the one before it; `None` when there is no room.
async fn between(change: &Change, next: &rows::Model) -> Result<Option<i64>, Error> {
    let before = rows::place_before(change.tx(), next).await?;
    let before = before.unwrap_or_else(|| next.position.saturating_sub(2 * rows::GAP));
    let place = before + (next.position - before) / 2;
    Ok((place > before && place < next.position).then_some(place))
}
