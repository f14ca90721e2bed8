//! What is withheld of answers from an agent that the rules do not let read pages: a page that it writes is not read
//! by its answer, nor by the difference of a refusal, nor by what a search shows.
//!
//! Owns what is left out. Must not know how pages are found or written.

use serde_json::Map;

use super::Policies;
use super::ruling::Effect;
use crate::access::Granted;
use crate::error::Error;
use crate::pages::WikiPage;
use crate::search::Found;

/// The tool by which agents read pages.
const READING: &str = "page_get";

impl Policies {
    /// What came of a write to a page, as who wrote sees it.
    pub async fn of_page<P>(
        &self,
        by: &Granted<P>,
        done: Result<WikiPage, Error>,
    ) -> Result<WikiPage, Error> {
        if self.lets_read(by).await? {
            return done;
        }
        match done {
            Ok(page) => Ok(WikiPage { content: String::new(), ..page }),
            Err(Error::Stale { current, .. }) => {
                let difference = "the policy does not let you see it".to_owned();
                Err(Error::Stale { current, difference })
            }
            Err(error) => Err(error),
        }
    }

    /// What a search found, as who searched sees it.
    pub async fn of_search<P>(&self, by: &Granted<P>, mut found: Found) -> Result<Found, Error> {
        if !self.lets_read(by).await? {
            for hit in found.items.iter_mut().filter(|hit| hit.kind == "page") {
                hit.snippet.clear();
            }
        }
        Ok(found)
    }

    async fn lets_read<P>(&self, by: &Granted<P>) -> Result<bool, Error> {
        let Some(agent) = by.agent() else { return Ok(true) };
        let ruling = self.ruling_of_call(agent, READING, &Map::new()).await?;
        Ok(ruling.effect() == Effect::Allow)
    }
}
