//! Mentions: people and agents named in a text, as `@[Name](user:ID)` or `@[Name](agent:ID)`.
//!
//! A person who is named newly is told. Owns how mentions are spelled, and who can be mentioned. Must not know what
//! the texts are.

use raven_protocol::id::UserId;
use serde::{Deserialize, Serialize};

use crate::access::{Granted, Read};
use crate::auth::AgentCaller;
use crate::db::search::Of;
use crate::db::{self, Db};
use crate::error::Error;
use crate::events::Change;
use crate::notifications::outbox::{self, Mention};

/// Most people whom one text tells: more would be everybody.
const MAX_TOLD: usize = 50;

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

/// Tells the people whom a text names and did not name before.
pub async fn note<P>(
    change: &mut Change,
    by: &Granted<P>,
    place: Where<'_>,
    (before, after): (&str, &str),
) -> Result<(), Error> {
    let (known, author) = (users(before), by.by());
    let path = match place.of {
        Of::Page(id) => format!("/pages/{id}"),
        Of::Task(id) => format!("/tasks/{id}"),
    };
    let fresh = users(after).into_iter().filter(|user| !known.contains(user) && *user != author.id);
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

/// The ids of the people whom a text names, each once, in their order.
fn users(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for piece in text.split("@[").skip(1) {
        let Some((_, target)) = piece.split_once("](user:") else { continue };
        let Some((id, _)) = target.split_once(')') else { continue };
        if UserId::parse(id).is_ok() && !found.iter().any(|known| known == id) {
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
            assert_eq!(users(text), expected, "{text}");
        }
    }
}
