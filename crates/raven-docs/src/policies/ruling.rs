//! What the rules say of an action: a pure function of the rules, who asks, and what is asked for.
//!
//! Owns how rules are matched and which one counts. Must not know where rules are kept, or what follows.

use serde::{Deserialize, Serialize};

use crate::auth::Role;
use crate::error::Error;

/// How long people have for a decision when the rule does not say.
pub const DEADLINE_MINUTES: u32 = 15;

/// Longest deadline of a rule: a week; who has not decided by then will not.
const MAX_DEADLINE_MINUTES: u32 = 7 * 24 * 60;

/// Most deciders of a rule.
const MAX_DECIDERS: u32 = 5;

/// Longest name or pattern of an action, in characters; names of tools are far shorter.
const MAX_ACTION: usize = 100;

/// The actions that have names of their own; every tool has one too, `tool:` and its name.
const ACTIONS: [&str; 5] = ["agent.spawn", "agent.delegate", "page.delete", "task.delete", "*.delete"];

/// How every rule about tools begins.
const TOOL: &str = "tool:";

/// What a rule says; of two that count alike the later one here wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = PolicyEffect)]
pub enum Effect {
    Allow,
    Ask,
    Deny,
}

/// The least role that may decide.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum DeciderRole {
    Member,
    #[default]
    Admin,
}

impl DeciderRole {
    pub fn role(self) -> Role {
        match self {
            Self::Member => Role::Member,
            Self::Admin => Role::Admin,
        }
    }

    pub fn as_str(self) -> &'static str {
        self.role().as_str()
    }

    pub fn from_str_opt(text: &str) -> Option<Self> {
        [Self::Member, Self::Admin].into_iter().find(|role| role.as_str() == text)
    }
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = PolicyRule)]
pub struct Rule {
    /// `agent.spawn`, `agent.delegate`, `page.delete`, `task.delete`, `*.delete`, or `tool:` and the name of a
    /// tool, where `*` stands for any text.
    pub action: String,
    pub effect: Effect,
    /// How many people must approve, 1 to 5.
    #[serde(default = "one")]
    #[schema(minimum = 1, maximum = 5, default = 1)]
    pub deciders: u32,
    /// The least role of those who decide.
    #[serde(default)]
    pub decider_role: DeciderRole,
    /// How long they have, 1 to 10080; 15 by default. Then it is denied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 10080)]
    pub deadline_minutes: Option<u32>,
}

fn one() -> u32 {
    1
}

impl Rule {
    fn of(action: &str, effect: Effect) -> Self {
        let (deciders, decider_role) = (1, DeciderRole::default());
        Self { action: action.to_owned(), effect, deciders, decider_role, deadline_minutes: None }
    }

    /// Checks a rule that somebody wrote: one that could never match must not look as if it protected.
    ///
    /// # Errors
    /// `Invalid`, naming the field by its path.
    pub fn check(&self, number: usize) -> Result<(), Error> {
        let tool = self.action.strip_prefix(TOOL);
        let is_tool = tool.is_some_and(|name| {
            !name.is_empty()
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'*'))
        });
        if self.action.len() > MAX_ACTION || !(is_tool || ACTIONS.contains(&self.action.as_str())) {
            let why = format!("must be one of {}, or `tool:` and a name or pattern", ACTIONS.join(", "));
            return Err(Error::invalid(format!("rules[{number}].action"), why));
        }
        if !(1..=MAX_DECIDERS).contains(&self.deciders) {
            return Err(Error::invalid(
                format!("rules[{number}].deciders"),
                format!("must be 1 to {MAX_DECIDERS}"),
            ));
        }
        if self.deadline_minutes.is_some_and(|minutes| !(1..=MAX_DEADLINE_MINUTES).contains(&minutes)) {
            let why = format!("must be 1 to {MAX_DEADLINE_MINUTES}");
            return Err(Error::invalid(format!("rules[{number}].deadlineMinutes"), why));
        }
        Ok(())
    }
}

/// Who wants to do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asker {
    Person,
    Agent,
}

/// The names under which rules know an agent's spawn, by whichever door it comes.
pub fn spawn_names(asker: Asker) -> Vec<String> {
    match asker {
        Asker::Person => vec!["agent.spawn".to_owned()],
        Asker::Agent => tool_names("agent_spawn"),
    }
}

/// The names under which rules know the call of a tool.
pub fn tool_names(tool: &str) -> Vec<String> {
    let mut names = vec![format!("{TOOL}{tool}")];
    if let Some((noun, verb @ ("spawn" | "delegate" | "delete"))) = tool.rsplit_once('_') {
        names.push(format!("{noun}.{verb}"));
    }
    names
}

/// The rules when nobody wrote any. People do what their role lets them.
pub fn defaults(asker: Asker) -> Vec<Rule> {
    match asker {
        Asker::Person => Vec::new(),
        Asker::Agent => vec![Rule::of("agent.spawn", Effect::Ask), Rule::of("*.delete", Effect::Ask)],
    }
}

/// Whose rule it is that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    Default,
    Workspace,
    Agent,
}

/// What the rules say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruling {
    pub rule: Rule,
    pub layer: Layer,
}

impl Ruling {
    pub fn effect(&self) -> Effect {
        self.rule.effect
    }

    pub fn deadline_minutes(&self) -> u32 {
        self.rule.deadline_minutes.unwrap_or(DEADLINE_MINUTES)
    }

    /// The refusal of what a rule denies.
    pub fn denied(&self) -> Error {
        let whose = match self.layer {
            Layer::Default | Layer::Workspace => "the workspace's policy",
            Layer::Agent => "the agent's policy",
        };
        Error::Denied(format!("{whose} denies {}; an admin can change it", self.rule.action))
    }
}

/// What the rules say of an action, which they may know by several names: an agent's own rules count before the
/// workspace's, exact ones before patterns, longer patterns before shorter, and then the stricter.
pub fn rule(asker: Asker, names: &[String], workspace: &[Rule], agent: &[Rule]) -> Ruling {
    let defaults = defaults(asker);
    let layers = [(Layer::Default, &defaults[..]), (Layer::Workspace, workspace), (Layer::Agent, agent)];
    let all = layers.into_iter().flat_map(|(layer, rules)| rules.iter().map(move |rule| (layer, rule)));
    let counts = all.filter(|(_, rule)| names.iter().any(|name| matches(&rule.action, name)));
    let most = counts.max_by_key(|(layer, rule)| {
        let literal = rule.action.chars().filter(|c| *c != '*').count();
        let exact = !rule.action.contains('*');
        // Of the same strictness, what asks more people, or those of a higher role.
        (*layer, exact, literal * usize::from(!exact), rule.effect, rule.deciders, rule.decider_role)
    });
    let free = || Ruling { rule: Rule::of("*", Effect::Allow), layer: Layer::Default };
    most.map_or_else(free, |(layer, rule)| Ruling { rule: rule.clone(), layer })
}

/// Whether a pattern, in which `*` stands for any text, fits a name.
fn matches(pattern: &str, name: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(name) = name.strip_prefix(head) else { return false };
    let starts = name.char_indices().map(|(at, _)| at).chain([name.len()]);
    starts.into_iter().any(|at| matches(rest, &name[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(
        asker: Asker,
        names: &[String],
        workspace: &[(&str, Effect)],
        agent: &[(&str, Effect)],
    ) -> Effect {
        let rules = |all: &[(&str, Effect)]| -> Vec<Rule> {
            all.iter().map(|(action, effect)| Rule::of(action, *effect)).collect()
        };
        rule(asker, names, &rules(workspace), &rules(agent)).effect()
    }

    #[test]
    fn the_most_specific_rule_counts() {
        use Effect::{Allow, Ask, Deny};
        type Rules<'a> = &'a [(&'a str, Effect)];
        let cases: &[(&str, Rules<'_>, Rules<'_>, Effect)] = &[
            ("page_get", &[], &[], Allow),
            ("agent_spawn", &[], &[], Ask),
            ("page_delete", &[], &[], Ask),
            ("page_delete", &[("*.delete", Allow)], &[], Allow),
            ("page_delete", &[("*.delete", Allow), ("page.delete", Deny)], &[], Deny),
            ("page_delete", &[("page.delete", Deny)], &[("*.delete", Allow)], Allow),
            ("page_delete", &[("page.delete", Allow), ("tool:page_delete", Ask)], &[], Ask),
            ("page_delete", &[("page.delete", Allow), ("tool:page_*", Deny)], &[], Allow),
            ("page_get", &[("tool:*", Deny), ("tool:page_*", Allow)], &[], Allow),
            ("page_get", &[("tool:page_*", Allow), ("tool:*_get*", Deny)], &[], Allow),
            ("page_get", &[("tool:*_get", Ask), ("tool:page*", Deny)], &[], Deny),
            ("page_get", &[("tool:page_g*", Allow), ("tool:page_*", Deny)], &[], Allow),
            ("page_get", &[("tool:page_get", Ask)], &[("tool:*", Deny)], Deny),
            ("agent_spawn", &[("agent.spawn", Allow)], &[], Allow),
            ("agent_spawn", &[("agent.spawn", Allow), ("tool:agent_spawn", Deny)], &[], Deny),
            ("agent_delegate", &[("agent.delegate", Deny)], &[], Deny),
        ];
        for (tool, workspace, agent, expected) in cases {
            assert_eq!(
                says(Asker::Agent, &tool_names(tool), workspace, agent),
                *expected,
                "{tool}: {workspace:?} {agent:?}"
            );
        }
        let spawn = spawn_names(Asker::Person);
        assert_eq!(says(Asker::Person, &spawn, &[], &[]), Allow, "a role says it");
        assert_eq!(says(Asker::Person, &spawn, &[("tool:*", Deny)], &[]), Allow, "a person calls no tool");
        assert_eq!(says(Asker::Person, &spawn, &[("agent.spawn", Ask)], &[]), Ask);
    }

    #[test]
    fn of_two_that_ask_the_one_that_asks_more_people() {
        let more = Rule { deciders: 3, ..Rule::of("tool:page_delete", Effect::Ask) };
        let ruling = rule(
            Asker::Agent,
            &tool_names("page_delete"),
            &[more.clone(), Rule::of("page.delete", Effect::Ask)],
            &[],
        );
        assert_eq!((ruling.rule, ruling.layer), (more, Layer::Workspace));
    }

    #[test]
    fn patterns_fit_whole_names() {
        for (pattern, name, fits) in [
            ("tool:page_*", "tool:page_get", true),
            ("tool:page_*", "tool:page_", true),
            ("tool:*_delete", "tool:page_delete", true),
            ("tool:*_delete", "tool:page_delete_all", false),
            ("tool:*a*b", "tool:xaxbxb", true),
            ("tool:*a*b", "tool:xbxa", false),
            ("page.delete", "page.deleted", false),
        ] {
            assert_eq!(matches(pattern, name), fits, "{pattern} {name}");
        }
    }

    #[test]
    fn a_rule_that_could_never_count_is_refused() {
        for good in ["agent.spawn", "*.delete", "tool:page_get", "tool:*", "tool:*_delete"] {
            assert!(Rule::of(good, Effect::Ask).check(0).is_ok(), "{good}");
        }
        for bad in ["", "*", "spawn", "tool:", "tool:page get", "agent.*", "Agent.spawn", "tool:ä"] {
            assert!(Rule::of(bad, Effect::Ask).check(0).is_err(), "{bad}");
        }
        for deciders in [0, 6] {
            assert!(Rule { deciders, ..Rule::of("tool:*", Effect::Ask) }.check(0).is_err());
        }
        assert!(Rule { deadline_minutes: Some(0), ..Rule::of("tool:*", Effect::Ask) }.check(0).is_err());
    }
}
