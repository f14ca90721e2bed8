//! Tools about memory. Owns their types and words; the rules are the room's.

use raven_protocol::permission::Permission;
use raven_protocol::time::{Date, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::mcp::call::Call;
use crate::mcp::tool::{Category, Effect, Listed, Tool, Words};
use crate::memory::{Memory, MemoryDay, MemoryQuery, NewMemory};
use crate::page::{Page, PageQuery};

pub const TOOLS: &[Listed] = &[Listed::of::<Ingest>(), Listed::of::<Ask>(), Listed::of::<Days>()];

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Ingest {
    /// Markdown, at most 16 KiB.
    content: String,
    /// Words by which it is found again.
    #[serde(default)]
    tags: Vec<String>,
    /// Whether people and other agents may read it; only you do, by default.
    #[serde(default)]
    shared: bool,
}

impl Tool for Ingest {
    const WORDS: Words = Words::of(
        ("memory_ingest", "Remember something"),
        "Keeps something for later runs of yours, and for others when `shared` is true. Keep no secrets.",
        Category::Memory,
        Effect::Adds,
    )
    .needs(Permission::WriteMemory)
    .also(&["memory_store"]);
    type Answer = Told;

    async fn call(self, call: Call) -> Result<Told, Error> {
        let Self { content, tags, shared } = self;
        Ok(told(call.app.memory.store(&call.granted()?, NewMemory { content, tags, shared }, None).await?))
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Ask {
    /// Words to look for: what holds more of them comes first. Empty for the newest.
    query: String,
    /// Only what has all of these tags.
    #[serde(default)]
    tags: Vec<String>,
    /// Only what was stored on this day.
    day: Option<Date>,
    /// How many at most; 50 by default.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u64>,
    /// `nextCursor` of the answer before; only without words.
    cursor: Option<String>,
}

impl Tool for Ask {
    const WORDS: Words = Words::of(
        ("memory_query", "Look something up in memory"),
        "Finds what you, or others who shared it, had remembered.",
        Category::Memory,
        Effect::Reads,
    )
    .needs(Permission::ReadMemory);
    type Answer = Page<Told>;

    async fn call(self, call: Call) -> Result<Page<Told>, Error> {
        let Self { query, tags, day, limit, cursor } = self;
        let query = MemoryQuery { q: Some(query), tags: Some(tags.join(",")), day };
        let found = call.app.memory.query(&call.granted()?, query, PageQuery { cursor, limit }).await?;
        Ok(Page { items: found.items.into_iter().map(told).collect(), next_cursor: found.next_cursor })
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Days {
    /// How many at most; 50 by default.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u64>,
    /// `nextCursor` of the answer before.
    cursor: Option<String>,
}

impl Tool for Days {
    const WORDS: Words = Words::of(
        ("memory_days", "Days that are remembered"),
        "Lists the days of which you can read something in memory, newest first; `memory_query` takes one as `day`.",
        Category::Memory,
        Effect::Reads,
    )
    .needs(Permission::ReadMemory);
    type Answer = Page<MemoryDay>;

    async fn call(self, call: Call) -> Result<Page<MemoryDay>, Error> {
        let Self { limit, cursor } = self;
        call.app.memory.days(&call.granted()?, PageQuery { cursor, limit }).await
    }
}

/// Something that is remembered.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Told {
    id: String,
    /// Markdown.
    content: String,
    tags: Vec<String>,
    /// Whether others may read it.
    shared: bool,
    /// Whose it is, by id and name.
    owner_id: String,
    owner_name: String,
    created_at: Timestamp,
}

fn told(memory: Memory) -> Told {
    Told {
        id: memory.id,
        content: memory.content,
        tags: memory.tags,
        shared: memory.shared,
        owner_id: memory.owner.id,
        owner_name: memory.owner.name,
        created_at: memory.created_at,
    }
}
