//! What can be approved: a closed set, stored sealed, and shown without its secrets.
//!
//! Owns the shapes. Must not know who decides, nor how an action is done.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::agents::spawn::Spawn;
use crate::error::Error;

/// Longest summary, in characters: one line of a card.
const MAX_SUMMARY: usize = 200;

/// What is done once people have approved it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum ApprovedAction {
    /// Agents are spawned, by the right of who asked.
    Spawn { wanted: Box<Spawn> },
    /// An agent's call of a tool is done in its name, with the arguments that people saw.
    Tool { name: String, arguments: Map<String, Value> },
    /// Nothing is done here: the agent asks for a yes to what it will do itself.
    Custom { action: String },
}

/// The kinds of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ApprovedActionKind)]
pub enum ActionKind {
    Spawn,
    Tool,
    Custom,
}

impl ActionKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Spawn => "spawn",
            Self::Tool => "tool",
            Self::Custom => "custom",
        }
    }

    pub fn from_str_opt(text: &str) -> Option<Self> {
        [Self::Spawn, Self::Tool, Self::Custom].into_iter().find(|kind| kind.as_str() == text)
    }
}

impl ApprovedAction {
    pub fn kind(&self) -> ActionKind {
        match self {
            Self::Spawn { .. } => ActionKind::Spawn,
            Self::Tool { .. } => ActionKind::Tool,
            Self::Custom { .. } => ActionKind::Custom,
        }
    }

    pub fn tool(&self) -> Option<&str> {
        match self {
            Self::Tool { name, .. } => Some(name),
            Self::Spawn { .. } | Self::Custom { .. } => None,
        }
    }

    /// One line for people.
    pub fn summary(&self) -> String {
        let text = match self {
            Self::Spawn { wanted } => {
                let (count, kind) = (wanted.count, wanted.agent_type.as_str());
                let name = wanted.name.as_ref().map(|name| format!(" as “{name}”")).unwrap_or_default();
                let what =
                    if count == 1 { format!("an agent {kind}") } else { format!("{count} agents {kind}") };
                let work = wanted.assignment.as_ref();
                let work =
                    work.map(|work| format!(" to work on “{}”", work.title.trim())).unwrap_or_default();
                format!("Spawn {what}{name}{work}")
            }
            Self::Tool { name, .. } => format!("Use the tool {name}"),
            Self::Custom { action } => action.clone(),
        };
        cut(&text.replace(char::is_control, " "), MAX_SUMMARY)
    }

    /// What people see of it before they decide: everything but the values of variables.
    pub fn shown(&self) -> Result<Value, Error> {
        match self {
            Self::Spawn { wanted } => {
                let mut shown = serde_json::to_value(wanted).map_err(anyhow::Error::from)?;
                if let Some(config) = shown.get_mut("config").and_then(Value::as_object_mut)
                    && let Some(Value::Object(variables)) = config.remove("env")
                {
                    let names: Vec<String> = variables.into_iter().map(|(name, _)| name).collect();
                    config.insert("env".to_owned(), json!(names));
                }
                if let Some(address) = shown.pointer_mut("/config/repository/url") {
                    *address = json!(without_password(address.as_str().unwrap_or_default()));
                }
                if let Some(fields) = shown.as_object_mut() {
                    fields.retain(|_, value| !value.is_null());
                }
                Ok(shown)
            }
            Self::Tool { arguments, .. } => Ok(Value::Object(arguments.clone())),
            Self::Custom { action } => Ok(json!({ "action": action })),
        }
    }
}

/// An address without the password or token that it may carry: on the web a token is often the user's name.
fn without_password(address: &str) -> String {
    let Ok(mut url) = url::Url::parse(address) else { return address.to_owned() };
    let is_web = matches!(url.scheme(), "http" | "https");
    if url.password().is_none() && (url.username().is_empty() || !is_web) {
        return address.to_owned();
    }
    let hidden = url.set_password(None).and_then(|()| url.set_username("***"));
    hidden.map_or_else(|()| "***".to_owned(), |()| url.to_string())
}

/// A text of at most so many characters.
pub fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spawn_is_shown_without_its_secrets_and_kept_with_them() {
        let wanted = json!({
            "agentType": "codex", "count": 2, "name": "Scout",
            "config": {
                "env": { "OPENAI_API_KEY": "sk-very-secret" },
                "repository": { "url": "https://me:hush@git.example/x.git" },
            },
        });
        let action = ApprovedAction::Spawn { wanted: serde_json::from_value(wanted).unwrap() };
        let shown = action.shown().unwrap();
        assert_eq!(shown["config"]["env"], json!(["OPENAI_API_KEY"]));
        assert!(!shown.to_string().contains("secret") && !shown.to_string().contains("hush"), "{shown}");
        assert_eq!(action.summary(), "Spawn 2 agents codex as “Scout”");
        let again: ApprovedAction = serde_json::from_str(&serde_json::to_string(&action).unwrap()).unwrap();
        let ApprovedAction::Spawn { wanted } = again else { panic!("{again:?}") };
        assert_eq!(wanted.config.env["OPENAI_API_KEY"], "sk-very-secret");
    }

    #[test]
    fn what_lets_one_into_a_repository_is_not_shown() {
        for (address, shown) in [
            ("https://git.example/x.git", "https://git.example/x.git"),
            ("https://me:hush@git.example/x.git", "https://***@git.example/x.git"),
            ("https://ghp_token@git.example/x.git", "https://***@git.example/x.git"),
            ("https://ghp_token:x-oauth-basic@git.example/x.git", "https://***@git.example/x.git"),
            ("ssh://git@git.example/x.git", "ssh://git@git.example/x.git"),
            ("git@git.example:x.git", "git@git.example:x.git"),
        ] {
            assert_eq!(without_password(address), shown);
        }
    }

    #[test]
    fn a_summary_is_one_line() {
        let action = ApprovedAction::Custom { action: format!("drop\nthe {}", "x".repeat(500)) };
        assert_eq!(action.summary().chars().count(), MAX_SUMMARY);
        assert!(action.summary().starts_with("drop the x"));
    }
}
