//! Pages as resources: `raven://page/{id}`, listed and read as far as they are open to agents.
//!
//! Owns the addresses. Which pages an agent may read is the room's matter.

use raven_protocol::id::PageId;
use raven_protocol::permission::Permission;
use rmcp::model::{JsonObject, MetaObject, ReadResourceResult, Resource, ResourceContents, ResourceTemplate};
use serde_json::json;
use url::Url;

use super::cursor;
use crate::access::knowledge::ReadPages;
use crate::access::{Granted, decide};
use crate::app::App;
use crate::auth::{AgentCaller, Caller};
use crate::error::Error;
use crate::http::governed::permitted;
use crate::page::{Page, PageQuery};
use crate::pages::lines::{self, Lines};
use crate::pages::{PageSummary, PagesQuery};

/// Under which names the listing and the reading of resources are kept in the record of calls.
const LISTED: &str = "resource_list";
const READ: &str = "resource_read";

const MARKDOWN: &str = "text/markdown";

/// Pages of one answer.
const PAGES: u64 = 100;

/// A page of the list of pages that an agent may read; none when it may read no pages, or its policy lets it list none.
/// It counts as a call does, as it costs the same.
pub async fn page(
    app: &App,
    by: &AgentCaller,
    cursor: Option<String>,
) -> Result<(Vec<Resource>, Option<String>), Error> {
    app.tool_calls.limit(by).await?;
    let (own, caller) = (app.clone(), by.clone());
    let deed = Box::pin(async move { some(&own, &caller, cursor.as_deref()).await });
    app.tool_calls.keep(by, LISTED.to_owned(), deed).await
}

async fn some(
    app: &App,
    by: &AgentCaller,
    cursor: Option<&str>,
) -> Result<(Vec<Resource>, Option<String>), Error> {
    let after = cursor::read(cursor)?;
    if !by.permissions().contains(&Permission::ReadPages) {
        return Ok((Vec::new(), None));
    }
    let granted: Granted<ReadPages> = decide(&Caller::Agent(by.clone()))?;
    match permitted(app, &granted, "page_list").await {
        Err(Error::Denied(_)) => return Ok((Vec::new(), None)),
        other => other?,
    }
    let part = PageQuery { cursor: after, limit: Some(PAGES) };
    let found = app.pages.list(&granted, PagesQuery::default(), part).await?;
    let Page { items, next_cursor } = found;
    Ok((items.into_iter().map(listed).collect(), next_cursor.as_deref().map(cursor::after)))
}

fn listed(page: PageSummary) -> Resource {
    Resource::new(format!("raven://page/{}", page.id), page.slug)
        .with_title(page.title)
        .with_mime_type(MARKDOWN)
}

/// How addresses are made.
pub fn templates() -> Vec<ResourceTemplate> {
    let whole = ResourceTemplate::new("raven://page/{pageId}", "page")
        .with_title("A page")
        .with_description("A page in Markdown; of a long one the first lines.")
        .with_mime_type(MARKDOWN);
    let part = ResourceTemplate::new("raven://page/{pageId}{?from,to}", "part-of-page")
        .with_title("A part of a page")
        .with_description("The lines of a page from one to another, counted from 1.")
        .with_mime_type(MARKDOWN);
    vec![whole, part]
}

/// A page, or the lines of it that were asked for, as far as they fit.
///
/// # Errors
/// `NotFound` and `NotForAgents` as the room says; `Invalid` for lines that there cannot be.
pub async fn read(app: &App, by: &AgentCaller, uri: &str) -> Result<ReadResourceResult, Error> {
    app.tool_calls.limit(by).await?;
    let (own, caller, address) = (app.clone(), by.clone(), uri.to_owned());
    let deed = Box::pin(async move { contents(&own, &caller, &address).await });
    let contents = app.tool_calls.keep(by, READ.to_owned(), deed).await?;
    Ok(ReadResourceResult::new(vec![contents]))
}

async fn contents(app: &App, by: &AgentCaller, uri: &str) -> Result<ResourceContents, Error> {
    let (id, wanted) = address(uri)?;
    let granted: Granted<ReadPages> = decide(&Caller::Agent(by.clone()))?;
    permitted(app, &granted, "page_get").await?;
    let page = app.pages.get(&granted, &id, None).await?;
    let (text, range) = lines::cut(&page.content, wanted)?;
    let mut about = JsonObject::new();
    about.insert("raven/range".to_owned(), json!(range));
    about.insert("raven/version".to_owned(), page.summary.version.into());
    Ok(ResourceContents::text(text, uri).with_mime_type(MARKDOWN).with_meta(MetaObject(about)))
}

/// Which page an address names, and which of its lines.
fn address(uri: &str) -> Result<(PageId, Option<Lines>), Error> {
    let unknown = || Error::NotFound("resource");
    let address = Url::parse(uri).map_err(|_| unknown())?;
    if (address.scheme(), address.host_str()) != ("raven", Some("page")) {
        return Err(unknown());
    }
    let id = PageId::parse(address.path().trim_start_matches('/')).map_err(|_| unknown())?;
    let (mut from, mut to) = (None, None);
    for (name, value) in address.query_pairs() {
        let line = value.parse().map_err(|_| Error::invalid(&*name, "must be the number of a line"))?;
        match &*name {
            "from" => from = Some(line),
            "to" => to = Some(line),
            _ => return Err(Error::invalid(&*name, "is not known here; use `from` and `to`")),
        }
    }
    let is_part = from.is_some() || to.is_some();
    Ok((id, is_part.then(|| Lines { start: from.unwrap_or(1), end: to })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_name_a_page_and_perhaps_some_of_its_lines() {
        for (uri, wanted) in [
            ("raven://page/pg_1", None),
            ("raven://page/pg_1?from=2&to=5", Some((2, Some(5)))),
            ("raven://page/pg_1?to=5", Some((1, Some(5)))),
            ("raven://page/pg_1?from=2", Some((2, None))),
        ] {
            let (id, lines) = address(uri).unwrap();
            assert_eq!((id.as_str(), lines.map(|lines| (lines.start, lines.end))), ("pg_1", wanted), "{uri}");
        }
        for bad in ["", "raven://page/", "raven://task/1", "http://page/pg_1", "raven://page/a/b", "pg_1"] {
            assert!(matches!(address(bad), Err(Error::NotFound(_))), "{bad}");
        }
        for bad in ["raven://page/a?from=x", "raven://page/a?line=1"] {
            assert!(matches!(address(bad), Err(Error::Invalid { .. })), "{bad}");
        }
    }
}
