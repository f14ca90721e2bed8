//! Tools about spaces. Owns their types and words; the rules are the room's.

use raven_protocol::id::SpaceId;
use raven_protocol::permission::Permission;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::error::Error;
use crate::mcp::call::Call;
use crate::mcp::tool::{Category, Effect, Listed, Tool, Words};
use crate::page::{Page, PageQuery};
use crate::spaces::Space;

pub const TOOLS: &[Listed] = &[Listed::of::<SpaceList>(), Listed::of::<SpaceGet>()];

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SpaceList {
    /// 50 by default.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u64>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

impl Tool for SpaceList {
    const WORDS: Words = Words::of(
        ("space_list", "Spaces"),
        "Lists the spaces of your workspace: pages that belong together.",
        Category::Space,
        Effect::Reads,
    )
    .needs(Permission::ReadSpaces);
    type Answer = Page<Space>;

    async fn call(self, call: Call) -> Result<Page<Space>, Error> {
        let Self { limit, cursor } = self;
        call.app.spaces.list(&call.granted()?, PageQuery { cursor, limit }).await
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SpaceGet {
    space_id: SpaceId,
}

impl Tool for SpaceGet {
    const WORDS: Words =
        Words::of(("space_get", "A space"), "Tells of one space.", Category::Space, Effect::Reads)
            .needs(Permission::ReadSpaces);
    type Answer = Space;

    async fn call(self, call: Call) -> Result<Space, Error> {
        call.app.spaces.get(&call.granted()?, &self.space_id).await
    }
}
