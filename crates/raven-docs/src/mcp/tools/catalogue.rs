//! Tools about the tools: finding the right one among many. Owns how they are ranked.

use std::collections::BTreeMap;

use raven_protocol::permission::Permission;
use rmcp::model::Tool as Described;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::auth::AgentCaller;
use crate::error::Error;
use crate::mcp::call::Call;
use crate::mcp::cursor;
use crate::mcp::tool::{Category, Effect, Governed, Listed, Tool, Words};

pub const TOOLS: &[Listed] = &[Listed::of::<ToolSearch>(), Listed::of::<ToolCategories>()];

/// Tools of a search unless asked otherwise.
const USUAL: usize = 10;

/// Most tools of a search.
const MOST: usize = 200;

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ToolSearch {
    /// What you want to do, in a few words.
    pub query: Option<String>,
    /// Only tools about this.
    pub category: Option<Category>,
    /// Only tools with all of these: a category, `read`, `write` or `delete`, or a permission.
    #[serde(default)]
    pub tags: Vec<String>,
    /// How many; 10 by default.
    #[schemars(range(min = 1, max = 200))]
    pub limit: Option<usize>,
    /// `nextCursor` of the answer before, to the same question.
    pub cursor: Option<String>,
}

impl Tool for ToolSearch {
    const WORDS: Words = Words::of(
        ("tool_search", "Find a tool"),
        "Finds tools that you may use, the best first, with their arguments.",
        Category::System,
        Effect::Reads,
    )
    .governed(Governed::Never);
    type Answer = FoundTools;

    async fn call(self, call: Call) -> Result<FoundTools, Error> {
        search(&call.caller, &self)
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ToolCategories {}

impl Tool for ToolCategories {
    const WORDS: Words = Words::of(
        ("tool_categories", "Kinds of tools"),
        "Lists what there are tools about, and how many of them you may use.",
        Category::System,
        Effect::Reads,
    )
    .governed(Governed::Never);
    type Answer = Categories;

    async fn call(self, call: Call) -> Result<Categories, Error> {
        Ok(categories(&call.caller))
    }
}

/// Tools that were found.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FoundTools {
    pub tools: Vec<Found>,
    /// How many fit, of which these are the best.
    pub total: usize,
    /// Pass as `cursor` to read on; null at the end.
    pub next_cursor: Option<String>,
}

/// A tool that was found.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Found {
    pub name: &'static str,
    pub title: &'static str,
    pub description: &'static str,
    pub category: Category,
    /// What it needs, which you have.
    pub permission: Option<Permission>,
    /// Its arguments; a `?` follows those that may be left out.
    pub arguments: Vec<String>,
}

/// What there are tools about.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Categories {
    pub categories: Vec<Counted>,
}

/// A kind of tools.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Counted {
    pub id: Category,
    pub name: &'static str,
    /// Of those that you may use.
    pub tool_count: usize,
}

/// The tools that an agent may use and that fit, the best first.
pub fn search(caller: &AgentCaller, wanted: &ToolSearch) -> Result<FoundTools, Error> {
    let limit = wanted.limit.unwrap_or(USUAL);
    if !(1..=MOST).contains(&limit) {
        return Err(Error::invalid("limit", format!("must be 1 to {MOST}")));
    }
    let words: Vec<String> = wanted.query.as_deref().map(words_of).unwrap_or_default();
    let fitting = super::list(caller).filter(|(tool, _)| {
        let in_category = wanted.category.is_none_or(|category| category == tool.words.category);
        in_category && wanted.tags.iter().all(|tag| has_tag(&tool.words, tag))
    });
    let ranked = fitting.map(|(tool, described)| (rank(&tool.words, &words), tool, described));
    let mut found: Vec<_> = ranked.filter(|(rank, ..)| words.is_empty() || *rank > 0).collect();
    // Those of one rank stay in the order of the list.
    found.sort_by_key(|(rank, ..)| std::cmp::Reverse(*rank));
    let total = found.len();
    let part = (wanted.cursor.as_deref(), limit);
    let (page, next_cursor) =
        cursor::page(found.into_iter(), (|(_, tool, _)| tool.words.name, &|_| true), part)?;
    let tools = page.into_iter().map(|(_, tool, described)| shown(&tool.words, described)).collect();
    Ok(FoundTools { tools, total, next_cursor })
}

/// What there are tools about that an agent may use.
pub fn categories(caller: &AgentCaller) -> Categories {
    let mut counts = BTreeMap::new();
    for (tool, _) in super::list(caller) {
        *counts.entry(tool.words.category).or_insert(0) += 1;
    }
    let counted = |(id, tool_count): (Category, usize)| Counted { id, name: id.title(), tool_count };
    Categories { categories: counts.into_iter().map(counted).collect() }
}

fn shown(words: &Words, described: &Described) -> Found {
    Found {
        name: words.name,
        title: words.title,
        description: words.what,
        category: words.category,
        permission: words.needs,
        arguments: arguments(described),
    }
}

/// The arguments of a tool by name; a `?` follows those that may be left out.
pub fn arguments(described: &Described) -> Vec<String> {
    let takes = &described.input_schema;
    let names = takes.get("properties").and_then(Value::as_object).into_iter().flat_map(|all| all.keys());
    let required = takes.get("required").and_then(Value::as_array);
    let is_required = |name: &str| required.is_some_and(|all| all.iter().any(|one| one == name));
    let (mut first, later): (Vec<_>, Vec<_>) = names.cloned().partition(|name| is_required(name));
    first.extend(later.into_iter().map(|name| format!("{name}?")));
    first
}

/// Every tool with its arguments, for the documentation.
///
/// # Errors
/// Never for what is there.
pub fn json() -> anyhow::Result<String> {
    let every: Vec<Value> = super::all()
        .map(|tool| {
            let words = &tool.words;
            json!({
                "name": words.name,
                "title": words.title,
                "description": words.what,
                "category": words.category,
                "categoryTitle": words.category.title(),
                "permission": words.needs,
                "aliases": words.aliases,
                "effect": effect(words.effect),
                "arguments": arguments(&tool.described()),
            })
        })
        .collect();
    Ok(serde_json::to_string_pretty(&every)?)
}

fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::Reads => "reads",
        Effect::Adds => "adds",
        Effect::Changes | Effect::Amends => "changes",
        Effect::Removes => "removes",
    }
}

/// The words of a text, without small ones and endings of plurals.
fn words_of(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase);
    let words = words.filter(|word| word.chars().count() > 1);
    words
        .map(|word| word.strip_suffix('s').filter(|stem| stem.len() > 2).unwrap_or(&word).to_owned())
        .collect()
}

/// How well a tool fits what was asked for: its name tells more than its title, and that more than its description.
fn rank(words: &Words, wanted: &[String]) -> u32 {
    let places = [
        (words_of(&words.name.replace('_', " ")), 12),
        (words.aliases.iter().flat_map(|alias| words_of(alias)).collect(), 6),
        (words_of(words.title), 6),
        (vec![words.category.as_str().to_owned()], 4),
        (words_of(words.what), 2),
    ];
    let whole = |place: &[String], word: &String| place.contains(word);
    let part =
        |place: &[String], word: &str| place.iter().any(|own| own.starts_with(word) || word.starts_with(own));
    let of_word = |word: &String| -> u32 {
        let weight = |(place, weight): &(Vec<String>, u32)| match (whole(place, word), part(place, word)) {
            (true, _) => *weight,
            (false, true) => weight / 2,
            (false, false) => 0,
        };
        places.iter().map(weight).sum()
    };
    let exact = if wanted.join("_") == words.name { 100 } else { 0 };
    exact + wanted.iter().map(of_word).sum::<u32>()
}

fn has_tag(words: &Words, tag: &str) -> bool {
    let effect = match words.effect {
        Effect::Reads => "read",
        Effect::Adds | Effect::Changes | Effect::Amends => "write",
        Effect::Removes => "delete",
    };
    let tag = tag.to_lowercase();
    tag == effect
        || tag == words.category.as_str()
        || words.needs.is_some_and(|needed| needed.as_str() == tag)
}

#[cfg(test)]
mod tests {
    use raven_protocol::id::{AgentId, WorkspaceId};

    use super::*;

    fn found(permissions: &[Permission], wanted: &ToolSearch) -> Vec<&'static str> {
        let permissions = permissions.iter().copied().collect();
        let caller = AgentCaller::example(WorkspaceId::generate(), AgentId::generate(), permissions);
        search(&caller, wanted).unwrap().tools.into_iter().map(|tool| tool.name).collect()
    }

    fn query(text: &str) -> ToolSearch {
        ToolSearch { query: Some(text.to_owned()), ..ToolSearch::default() }
    }

    #[test]
    fn the_best_comes_first_and_only_what_one_may_use() {
        assert_eq!(found(&[], &query("ask a person"))[0], "question_ask");
        assert_eq!(found(&[], &query("approvals"))[0], "approval_request");
        assert_eq!(found(&[Permission::DelegateAgents], &query("spawn an agent"))[0], "agent_spawn");
        assert!(!found(&[], &query("spawn an agent")).contains(&"agent_spawn"));
        assert!(found(&[], &query("zebra")).is_empty());
    }

    #[test]
    fn categories_and_tags_narrow_it_down() {
        let only = ToolSearch { category: Some(Category::System), ..ToolSearch::default() };
        assert_eq!(found(&[], &only), ["tool_search", "tool_categories"]);
        let reads = ToolSearch { tags: vec!["read".into(), "approval".into()], ..ToolSearch::default() };
        assert_eq!(found(&[], &reads), ["question_get", "approval_status"]);
        let one = ToolSearch { limit: Some(1), ..ToolSearch::default() };
        assert_eq!(found(&[], &one).len(), 1);
    }
}
