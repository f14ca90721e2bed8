//! Mentions: people and agents named in a text, as `@[Name](user:ID)` or `@[Name](agent:ID)`.
//!
//! A person who is named newly is told, and an agent finds where it was. Owns how mentions are spelled, and who can
//! be mentioned. Must not know what the texts are.

use std::collections::HashSet;

use raven_protocol::id::{AgentId, EventId, TaskId, UserId};
use raven_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::access::knowledge::{ReadPages, ReadTasks};
use crate::access::work::SeeWork;
use crate::access::{Granted, Read};
use crate::activity::{self, About, ActivityKind};
use crate::audit::Actor;
use crate::auth::{AgentCaller, Named};
use crate::db::search::Of;
use crate::db::{self, ConnectionTrait, Db, agent_mentions as rows};
use crate::error::Error;
use crate::events::Change;
use crate::notifications::outbox::{self, Mention};
use crate::page::{Page, PageQuery};
use crate::{pages, tasks};

/// Most people whom one text tells: more would be everybody.
const MAX_TOLD: usize = 50;

/// Mentions of an agent that are kept: what is older, it has read, or never will.
const KEPT: i64 = 200;

/// Most names that are suggested.
const SUGGESTIONS: u64 = 10;

/// Longest text by which somebody is looked for, in characters.
const MAX_QUERY: usize = 80;

/// What the text belongs to: where whoever is told of it finds it.
pub struct Where<'a> {
    pub of: Of<'a>,
    pub title: &'a str,
}

/// Somebody who can be mentioned.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Mentionable {
    pub kind: MentionKind,
    pub id: String,
    pub name: String,
}

/// What somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MentionKind {
    User,
    Agent,
}

/// Those who can be mentioned.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Mentionables {
    pub items: Vec<Mentionable>,
    /// Always null: there is one page.
    pub next_cursor: Option<String>,
}

/// Whom one is looking for.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MentionQuery {
    /// A part of the name; anybody when it is left out.
    #[serde(default)]
    pub q: String,
}

/// Where an agent was mentioned.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AgentMention {
    pub id: String,
    /// The page in which, or on which, it was said.
    pub page_id: Option<String>,
    /// The task.
    pub task_id: Option<String>,
    /// That of the page or the task.
    pub title: String,
    pub by: Actor,
    pub created_at: Timestamp,
}

/// Tells the people and agents whom a text names and did not name before.
pub async fn note<P>(
    change: &mut Change,
    by: &Granted<P>,
    place: Where<'_>,
    (before, after): (&str, &str),
) -> Result<(), Error> {
    note_agents(change, by, &place, (before, after)).await?;
    let author = by.by();
    let path = match place.of {
        Of::Page(id) => format!("/pages/{id}"),
        Of::Task(id) => format!("/tasks/{id}"),
    };
    let fresh = fresh(before, after, "user").into_iter().filter(|user| *user != author.id);
    for user in fresh.take(MAX_TOLD) {
        if db::memberships::role_in(change.tx(), by.workspace(), &user).await?.is_none() {
            continue;
        }
        let user = UserId::parse(user)?;
        let agent = by.agent().map(AgentCaller::named);
        let mention = Mention { user: &user, by: &author, agent, title: place.title, path: &path };
        outbox::note_mention(change, by.workspace(), mention).await?;
    }
    Ok(())
}

/// Those who can be mentioned and whose name has a text in it.
pub async fn suggest(db: &Db, by: &Granted<Read>, query: &MentionQuery) -> Result<Mentionables, Error> {
    let wanted = query.q.trim();
    if wanted.chars().count() > MAX_QUERY {
        return Err(Error::invalid("q", format!("must be at most {MAX_QUERY} characters")));
    }
    let people = db::mentionable::people(db.read(), by.workspace(), wanted, SUGGESTIONS).await?;
    let agents = db::mentionable::agents(db.read(), by.workspace(), wanted, SUGGESTIONS).await?;
    let shown = |kind| move |(id, name)| Mentionable { kind, id, name };
    let items = people.into_iter().map(shown(MentionKind::User));
    let items = items.chain(agents.into_iter().map(shown(MentionKind::Agent)));
    Ok(Mentionables { items: items.collect(), next_cursor: None })
}

/// Notes for the agents whom a text names newly where that was, and tells of it.
async fn note_agents<P>(
    change: &mut Change,
    by: &Granted<P>,
    place: &Where<'_>,
    (before, after): (&str, &str),
) -> Result<(), Error> {
    let author = by.actor();
    let fresh = fresh(before, after, "agent").into_iter().filter(|id| *id != author.id);
    for id in fresh.take(MAX_TOLD) {
        let Ok(id) = AgentId::parse(id) else { continue };
        let Some(agent) = db::agents::find(change.tx(), by.workspace(), &id).await? else { continue };
        let (page, task) = match place.of {
            Of::Page(page) => (Some(page.to_owned()), None),
            Of::Task(task) => (None, Some(task.to_owned())),
        };
        let row = rows::Model {
            id: EventId::generate().to_string(),
            agent_id: agent.id.clone(),
            page_id: page,
            task_id: task,
            author_kind: author.kind.as_str().to_owned(),
            author_id: author.id.clone(),
            author_name: author.name.clone(),
            created_at: Timestamp::now().as_millis(),
        };
        rows::add(change.tx(), &row, KEPT).await?;
        let agent = Some(Named { id: agent.id, name: agent.name });
        let detail = Some(place.title.to_owned());
        let about = About { agent, actor: Some(by.by()), detail, session: None };
        activity::record(change, by.workspace(), ActivityKind::AgentMentioned, about).await?;
    }
    Ok(())
}

/// Where the agent that asks was mentioned, newest first, as far as it may read that now.
pub async fn of_agent(db: &Db, by: &Granted<SeeWork>, page: PageQuery) -> Result<Page<AgentMention>, Error> {
    let Some(agent) = by.agent() else {
        return Err(Error::Denied("only agents have mentions here; people have their inbox".to_owned()));
    };
    let limit = page.limit()?;
    let tx = db.snapshot().await?;
    let found = rows::of(&tx, agent.agent(), page.cursor.as_deref(), limit + 1).await?;
    let found = Page::of(found, limit, |row| &row.id, Ok)?;
    let mut items = Vec::with_capacity(found.items.len());
    for row in found.items {
        match title(&tx, by, &row).await {
            Ok(title) => items.push(view(row, title)),
            Err(Error::NotFound(_) | Error::NotForAgents(_) | Error::Denied(_)) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(Page { items, next_cursor: found.next_cursor })
}

/// The title of what an agent was mentioned in or on, if it may read that.
async fn title(db: &impl ConnectionTrait, by: &Granted<SeeWork>, row: &rows::Model) -> Result<String, Error> {
    match (&row.page_id, &row.task_id) {
        (Some(id), _) => Ok(pages::readable(db, &by.and::<ReadPages>()?, id).await?.row.title),
        (None, Some(id)) => {
            let task = tasks::readable(db, &by.and::<ReadTasks>()?, &TaskId::parse(id.as_str())?).await?;
            Ok(task.row.title)
        }
        (None, None) => Err(Error::NotFound("page")),
    }
}

fn view(row: rows::Model, title: String) -> AgentMention {
    AgentMention {
        id: row.id,
        page_id: row.page_id,
        task_id: row.task_id,
        title,
        by: Actor::from_row(&row.author_kind, row.author_id, row.author_name),
        created_at: Timestamp::from_millis(row.created_at),
    }
}

/// Those whom a text names and another one does not. Its work grows with the texts and no faster: it is done while
/// everybody else waits to write.
fn fresh(before: &str, after: &str, kind: &str) -> Vec<String> {
    let known: HashSet<String> = named(before, kind).into_iter().collect();
    named(after, kind).into_iter().filter(|id| !known.contains(id)).collect()
}

/// The ids of the people or agents whom a text names, each once, in their order.
fn named(text: &str, kind: &str) -> Vec<String> {
    let (mut found, mut seen) = (Vec::new(), HashSet::new());
    let begin = format!("]({kind}:");
    for piece in text.split("@[").skip(1) {
        let Some((_, target)) = piece.split_once(&begin) else { continue };
        let Some((id, _)) = target.split_once(')') else { continue };
        if UserId::parse(id).is_ok() && seen.insert(id) {
            found.push(id.to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_found_in_texts_once() {
        for (text, expected) in [
            ("Ask @[Ann](user:usr_1) and @[Bob](user:usr_2), @[Ann](user:usr_1)!", &["usr_1", "usr_2"][..]),
            ("@[Scout](agent:agt_1)", &[]),
            ("@[A](user:) @[B](user:x y) @[C](user:usr_3", &[]),
            ("no [Ann](user:usr_1)", &[]),
        ] {
            assert_eq!(named(text, "user"), expected, "{text}");
        }
        assert_eq!(named("@[A](user:u) @[B](agent:b) @[C](agent:c)", "agent"), ["b", "c"]);
    }

    #[test]
    fn who_was_named_before_is_not_told_again() {
        let (before, after) =
            ("@[A](user:a) @[B](user:b)", "@[C](user:c) @[B](user:b) @[C](user:c) @[A](agent:a)");
        assert_eq!(fresh(before, after, "user"), ["c"]);
        assert_eq!(fresh(before, after, "agent"), ["a"], "a person of this id was named, and no agent");
        assert!(fresh(after, before, "agent").is_empty());
    }
}
