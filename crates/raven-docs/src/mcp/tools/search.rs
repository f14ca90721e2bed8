//! Tools that search. Owns their types and words; the rules are the room's.

use raven_protocol::id::SpaceId;
use raven_protocol::permission::Permission;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::error::Error;
use crate::mcp::call::Call;
use crate::mcp::tool::{Category, Effect, Listed, Tool, Words};
use crate::search::{Found, SearchQuery, Suggestions};

pub const TOOLS: &[Listed] =
    &[Listed::of::<PageSearch>(), Listed::of::<SearchEverything>(), Listed::of::<SearchSuggest>()];

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PageSearch {
    /// Words, of which all must be there; words in a row between quotes.
    query: String,
    /// Only of this space.
    space_id: Option<SpaceId>,
    /// 20 by default.
    #[schemars(range(min = 1, max = 50))]
    limit: Option<u64>,
}

impl Tool for PageSearch {
    const WORDS: Words = Words::of(
        ("page_search", "Search pages"),
        "Searches pages by words; mistyped ones are understood. Answers with snippets, the best first.",
        Category::Page,
        Effect::Reads,
    )
    .needs(Permission::ReadPages);
    type Answer = Found;

    async fn call(self, call: Call) -> Result<Found, Error> {
        let Self { query, space_id, limit } = self;
        let wanted = SearchQuery { q: query, kinds: Some("page".to_owned()), space_id, limit };
        let by = call.granted()?;
        let found = call.app.search.find(&by, wanted).await?;
        call.app.policies.of_search(&by, found).await
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SearchEverything {
    /// Words, of which all must be there; words in a row between quotes.
    query: String,
    /// Only pages of this space, and comments on them.
    space_id: Option<SpaceId>,
    /// 20 by default.
    #[schemars(range(min = 1, max = 50))]
    limit: Option<u64>,
}

impl Tool for SearchEverything {
    const WORDS: Words = Words::of(
        ("search_query", "Search"),
        "Searches pages, tasks and comments by words; mistyped ones are understood. Answers with snippets, the best \
         first.",
        Category::Search,
        Effect::Reads,
    )
    .needs(Permission::ReadPages);
    type Answer = Found;

    async fn call(self, call: Call) -> Result<Found, Error> {
        let Self { query, space_id, limit } = self;
        let wanted = SearchQuery { q: query, kinds: None, space_id, limit };
        let by = call.granted()?;
        let found = call.app.search.find(&by, wanted).await?;
        call.app.policies.of_search(&by, found).await
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SearchSuggest {
    /// The beginnings of words of a title.
    query: String,
    /// Only pages of this space.
    space_id: Option<SpaceId>,
    /// 10 by default.
    #[schemars(range(min = 1, max = 50))]
    limit: Option<u64>,
}

impl Tool for SearchSuggest {
    const WORDS: Words = Words::of(
        ("search_suggest", "Suggest pages and tasks"),
        "Suggests pages and tasks by the beginnings of words in their titles.",
        Category::Search,
        Effect::Reads,
    )
    .needs(Permission::ReadPages);
    type Answer = Suggestions;

    async fn call(self, call: Call) -> Result<Suggestions, Error> {
        let Self { query, space_id, limit } = self;
        let wanted = SearchQuery { q: query, kinds: None, space_id, limit };
        call.app.search.suggest(&call.granted()?, wanted).await
    }
}
