//! What people are to hear of is noted in the change that it tells of, so that a crash loses none of it.
//!
//! Owns what is kept of it, cut to what is safe to send: one line, no terminal bytes. Must not know who hears.

use raven_protocol::doing::Turn;
use raven_protocol::id::{EventId, UserId, WorkspaceId};
use raven_protocol::time::Timestamp;

use super::topics::{self, Audience, Topic};
use crate::activity::{About, ActivityKind};
use crate::auth::Named;
use crate::db::notification_jobs as rows;
use crate::error::Error;
use crate::events::Change;

/// Longest detail, in characters: a subject line and a little more. The feed has all of it.
const MAX_DETAIL: usize = 300;

/// A turn that nobody gave by a message is told only when it took as long: a person who types waits for shorter
/// ones, and a program's own flicker is shorter.
const LONG_TURN_MS: i64 = 10_000;

/// Notes an entry of the feed, if its kind is one that people are told of.
pub async fn note(
    change: &Change,
    workspace: &WorkspaceId,
    (kind, word, message): (ActivityKind, &str, &str),
    about: &About,
) -> Result<(), Error> {
    let Some((topic, audience)) = topics::of(kind) else { return Ok(()) };
    put(change, workspace, (topic, audience), (word, message), (about, None)).await
}

/// Somebody who is named in a text, or as who is to do a task.
pub struct Mention<'a> {
    pub user: &'a UserId,
    pub by: &'a Named,
    /// Who named them, when it is an agent.
    pub agent: Option<Named>,
    /// What the text belongs to, and its page in the web UI.
    pub title: &'a str,
    pub path: &'a str,
}

/// Notes that a person was mentioned, for them alone.
pub async fn note_mention(
    change: &Change,
    workspace: &WorkspaceId,
    mention: Mention<'_>,
) -> Result<(), Error> {
    alone(change, workspace, (Topic::Mention, "mentioned", "mentioned you"), mention).await
}

/// Notes that a task is a person's own now, for them alone.
pub async fn note_assigned(
    change: &Change,
    workspace: &WorkspaceId,
    mention: Mention<'_>,
) -> Result<(), Error> {
    alone(change, workspace, (Topic::Work, "task_assigned", "gave you a task"), mention).await
}

async fn alone(
    change: &Change,
    workspace: &WorkspaceId,
    (topic, kind, did): (Topic, &str, &str),
    mention: Mention<'_>,
) -> Result<(), Error> {
    let Mention { user, by, agent, title, path } = mention;
    let about = About { agent, actor: Some(by.clone()), detail: Some(title.to_owned()), ..About::default() };
    let message = format!("{} {did}", one_line(&by.name).unwrap_or_default());
    put(change, workspace, (topic, Audience::Everybody), (kind, &message), (&about, Some((user, path)))).await
}

/// Notes the end of a turn of work, once for each turn.
pub async fn note_turn(
    change: &Change,
    workspace: &WorkspaceId,
    agent: Named,
    (before, after): (Option<&Turn>, Option<&Turn>),
) -> Result<(), Error> {
    let Some(turn) = after.filter(|turn| is_over_now(before, turn)) else { return Ok(()) };
    let about = About { agent: Some(agent), detail: turn.error.clone(), ..About::default() };
    let (topic, words) = match turn.error {
        Some(_) => (Topic::Error, ("turn_failed", "Turn failed")),
        None => (Topic::Done, ("turn_done", "Agent is done")),
    };
    put(change, workspace, (topic, Audience::Everybody), words, (&about, None)).await
}

/// Whether a turn ended by this change, and was one that somebody waits for.
fn is_over_now(before: Option<&Turn>, turn: &Turn) -> bool {
    let Some(ended_at) = turn.ended_at else { return false };
    let known =
        before.is_some_and(|before| before.started_at == turn.started_at && before.ended_at.is_some());
    let long = ended_at.as_millis() - turn.started_at.as_millis() >= LONG_TURN_MS;
    !known && (turn.message_id.is_some() || long)
}

async fn put(
    change: &Change,
    workspace: &WorkspaceId,
    (topic, audience): (Topic, Audience),
    (kind, message): (&str, &str),
    (about, to): (&About, Option<(&UserId, &str)>),
) -> Result<(), Error> {
    let row = rows::Model {
        id: EventId::generate().to_string(),
        workspace_id: workspace.to_string(),
        topic: topic.as_str().to_owned(),
        audience: audience.as_str().to_owned(),
        kind: kind.to_owned(),
        message: message.to_owned(),
        detail: about.detail.as_deref().and_then(one_line),
        agent_id: about.agent.as_ref().map(|agent| agent.id.clone()),
        agent_name: about.agent.as_ref().and_then(|agent| one_line(&agent.name)),
        session_id: about.session.clone(),
        actor_id: about.actor.as_ref().map(|actor| actor.id.clone()),
        created_at: Timestamp::now().as_millis(),
        user_id: to.map(|(user, _)| user.to_string()),
        path: to.map(|(_, path)| path.to_owned()),
    };
    Ok(rows::insert(change.tx(), &row).await?)
}

/// The first line that says something, without control characters, cut.
pub fn one_line(text: &str) -> Option<String> {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    let plain: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let mut kept: String = plain.trim().chars().take(MAX_DETAIL).collect();
    if plain.chars().count() > MAX_DETAIL {
        kept.push('…');
    }
    Some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use raven_protocol::id::MessageId;

    fn turn(given: Option<&str>, from: i64, to: Option<i64>) -> Turn {
        Turn {
            message_id: given.map(|id| MessageId::parse(id).unwrap()),
            started_at: Timestamp::from_millis(from),
            ended_at: to.map(Timestamp::from_millis),
            error: None,
        }
    }

    #[test]
    fn a_turn_is_told_once_and_only_when_somebody_waits_for_it() {
        let given = |to| turn(Some("msg_1"), 1000, to);
        for (what, before, after, told) in [
            ("goes on", None, given(None), false),
            ("ends", Some(given(None)), given(Some(1100)), true),
            ("was never seen to begin", None, given(Some(1100)), true),
            ("is told again", Some(given(Some(1100))), given(Some(1100)), false),
            ("is the next one", Some(given(Some(1100))), turn(Some("msg_2"), 1200, Some(1300)), true),
            ("was typed, and short", Some(turn(None, 1000, None)), turn(None, 1000, Some(1100)), false),
            ("was typed, and long", Some(turn(None, 1000, None)), turn(None, 1000, Some(61_000)), true),
        ] {
            assert_eq!(is_over_now(before.as_ref(), &after), told, "a turn that {what}");
        }
    }

    #[test]
    fn details_are_one_plain_line() {
        for (text, kept) in [
            ("Run `ls`?", Some("Run `ls`?")),
            ("\n  exit status 1\nsecret: hunter2", Some("exit status 1")),
            ("a\u{1b}[31mred\u{7}", Some("a [31mred")),
            (" \r\n ", None),
        ] {
            assert_eq!(one_line(text).as_deref(), kept, "{text:?}");
        }
        assert_eq!(one_line(&"x".repeat(500)).unwrap().chars().count(), MAX_DETAIL + 1);
    }
}
