//! Pages as resources: `raven://page/{id}`, listed and read as far as they are open to agents.
//!
//! Owns the addresses. Which pages an agent may read is the room's matter.

use rmcp::model::{ReadResourceResult, Resource, ResourceTemplate};

use crate::app::App;
use crate::auth::AgentCaller;
use crate::error::Error;

/// Before the id of a page.
const PAGE: &str = "raven://page/";

/// A page of the list of pages that an agent may read.
pub async fn page(
    _app: &App,
    _by: &AgentCaller,
    cursor: Option<&str>,
) -> Result<(Vec<Resource>, Option<String>), Error> {
    super::cursor::read(cursor)?;
    Ok((Vec::new(), None))
}

/// How addresses are made.
pub fn templates() -> Vec<ResourceTemplate> {
    let whole = ResourceTemplate::new("raven://page/{pageId}", "page")
        .with_title("A page")
        .with_description("A page in Markdown.")
        .with_mime_type("text/markdown");
    let part = ResourceTemplate::new("raven://page/{pageId}{?from,to}", "part-of-page")
        .with_title("A part of a page")
        .with_description("The lines of a page from one to another, counted from 1.")
        .with_mime_type("text/markdown");
    vec![whole, part]
}

/// A page, or the lines of it that were asked for.
pub async fn read(_app: &App, _by: &AgentCaller, uri: &str) -> Result<ReadResourceResult, Error> {
    let _id = uri.strip_prefix(PAGE).ok_or(Error::NotFound("resource"))?;
    Err(Error::NotFound("page"))
}
