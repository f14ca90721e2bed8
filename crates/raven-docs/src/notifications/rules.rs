//! Who is told of what, and how: pure.
//!
//! Owns preferences and their defaults. Must not know where they are kept, nor how anything is sent.

use serde::{Deserialize, Serialize};

use super::topics::{Audience, Topic};
use crate::auth::Role;
use crate::error::Error;

/// Of whose agents a person is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = NotifiedAgents)]
pub enum Agents {
    #[default]
    All,
    /// Those that one spawned, and those that they spawned in turn.
    Mine,
}

/// How a person is told of one topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TopicPreference {
    pub topic: Topic,
    pub in_app: bool,
    pub email: bool,
}

/// What a person wants to be told, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = NotificationPreferences)]
pub struct Preferences {
    /// One for each topic; those that are left out are as they are by default.
    pub topics: Vec<TopicPreference>,
    #[serde(default)]
    pub agents: Agents,
}

impl Default for Preferences {
    fn default() -> Self {
        let topics = Topic::ALL.map(|topic| TopicPreference { topic, in_app: true, email: false });
        Self { topics: topics.to_vec(), agents: Agents::All }
    }
}

impl Preferences {
    /// The same with every topic, each once and in their order.
    ///
    /// # Errors
    /// `Invalid` when a topic is named twice.
    pub fn complete(self) -> Result<Self, Error> {
        let mut all = Self { agents: self.agents, ..Self::default() };
        for (at, wanted) in self.topics.iter().enumerate() {
            if self.topics[..at].iter().any(|before| before.topic == wanted.topic) {
                let why = format!("names {} twice: give each topic once", wanted.topic.as_str());
                return Err(Error::invalid("topics", why));
            }
            if let Some(kept) = all.topics.iter_mut().find(|kept| kept.topic == wanted.topic) {
                *kept = *wanted;
            }
        }
        Ok(all)
    }

    fn of(&self, topic: Topic) -> Option<TopicPreference> {
        self.topics.iter().find(|wanted| wanted.topic == topic).copied()
    }
}

/// What is told, as far as it decides who hears of it.
pub struct News<'a> {
    pub topic: Topic,
    pub audience: Audience,
    /// Who did it.
    pub actor: Option<&'a str>,
    /// Who spawned its agent, by way of other agents too; `None` where it is of no spawned agent.
    pub spawned_by: Option<&'a [String]>,
}

/// A member of the workspace.
pub struct Member<'a> {
    pub id: &'a str,
    pub role: Role,
    pub preferences: &'a Preferences,
}

/// The ways in which somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Channels {
    pub in_app: bool,
    pub email: bool,
}

/// How a member is told of something, if at all. Nobody is told of what they did themselves.
pub fn channels(news: &News<'_>, member: &Member<'_>) -> Channels {
    const NONE: Channels = Channels { in_app: false, email: false };
    let theirs = news.spawned_by.is_none_or(|chain| chain.iter().any(|id| id == member.id));
    let wanted = match member.preferences.agents {
        Agents::All => true,
        Agents::Mine => theirs,
    };
    if news.audience.least().is_none_or(|least| member.role < least)
        || news.actor == Some(member.id)
        || !wanted
    {
        return NONE;
    }
    member
        .preferences
        .of(news.topic)
        .map_or(NONE, |TopicPreference { in_app, email, .. }| Channels { in_app, email })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_told() {
        let mine = Preferences { agents: Agents::Mine, ..Preferences::default() };
        let all = Preferences::default();
        let chain = ["agt_1".to_owned(), "usr_owner".to_owned()];
        for (what, audience, actor, spawned, (id, role, preferences), told) in [
            ("anybody", Audience::Everybody, None, true, ("usr_a", Role::Viewer, &all), true),
            ("its own deed", Audience::Everybody, Some("usr_a"), true, ("usr_a", Role::Owner, &all), false),
            ("another's", Audience::Everybody, Some("usr_b"), true, ("usr_a", Role::Viewer, &all), true),
            ("no decider", Audience::Members, None, true, ("usr_a", Role::Viewer, &all), false),
            ("a decider", Audience::Members, None, true, ("usr_a", Role::Member, &all), true),
            ("no admin", Audience::Admins, None, false, ("usr_a", Role::Member, &all), false),
            ("no person", Audience::Programs, None, false, ("usr_a", Role::Owner, &all), false),
            ("an admin", Audience::Admins, None, false, ("usr_a", Role::Admin, &mine), true),
            ("not mine", Audience::Everybody, None, true, ("usr_a", Role::Owner, &mine), false),
            ("mine by an agent", Audience::Everybody, None, true, ("usr_owner", Role::Member, &mine), true),
        ] {
            let spawned_by = spawned.then_some(&chain[..]);
            let news = News { topic: Topic::Blocked, audience, actor, spawned_by };
            let got = channels(&news, &Member { id, role, preferences });
            assert_eq!((got.in_app, got.email), (told, false), "{what}");
        }
    }

    #[test]
    fn preferences_are_completed_and_not_doubled() {
        let one = TopicPreference { topic: Topic::Done, in_app: false, email: true };
        let given = Preferences { topics: vec![one], agents: Agents::Mine };
        let kept = given.complete().unwrap();
        assert_eq!(kept.topics.len(), Topic::ALL.len());
        assert_eq!((kept.of(Topic::Done), kept.agents), (Some(one), Agents::Mine));
        assert!(kept.of(Topic::Blocked).unwrap().in_app);
        let doubled = Preferences { topics: vec![one, one], agents: Agents::All };
        assert!(doubled.complete().is_err());
    }
}
