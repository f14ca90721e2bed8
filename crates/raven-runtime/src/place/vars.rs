//! Places to fill in arguments, variables and files, and the conditions under which they are used.
//!
//! Owns their names. Must not know what they are filled into.

use std::collections::BTreeMap;

use raven_protocol::kind::Provider;
use serde::Deserialize;

/// Something that a spawn has or has not.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Condition {
    wanted: Has,
    not: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Has {
    Mcp,
    Model,
    PermissionMode,
    Login,
    Git,
    Key(Provider),
    /// A variable of the spawn, or of the kind.
    Variable(String),
}

impl TryFrom<String> for Condition {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (not, word) = text.strip_prefix('!').map_or((false, text.as_str()), |word| (true, word));
        let wanted = match word {
            "mcp" => Has::Mcp,
            "model" => Has::Model,
            "permission_mode" => Has::PermissionMode,
            "login" => Has::Login,
            "git" => Has::Git,
            _ if word.len() > 4 && word.starts_with("env:") => Has::Variable(word[4..].to_owned()),
            _ => word
                .strip_prefix("key:")
                .and_then(Provider::from_str_opt)
                .map(Has::Key)
                .ok_or_else(|| format!("`{text}` is no condition: use mcp, model, permission_mode, login, git, key:PROVIDER, env:NAME, or ! before one"))?,
        };
        Ok(Self { wanted, not })
    }
}

/// What places are filled with: `{home}`, `{work}`, `{folder}`, `{signal}`, `{mcp.url}`, `{mcp.key}`,
/// `{model}`, `{permission_mode}`, `{key.anthropic}`, `{key.anthropic.last20}`, `{env.NAME}` and so on.
#[derive(Clone, Default)]
pub struct Vars(BTreeMap<String, String>);

impl Vars {
    /// Adds one.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.insert(name.into(), value.into());
    }

    /// Whether all conditions hold.
    pub fn meet(&self, conditions: &[Condition]) -> bool {
        conditions.iter().all(|condition| {
            let name = match &condition.wanted {
                Has::Mcp => "mcp.url".to_owned(),
                Has::Model => "model".to_owned(),
                Has::PermissionMode => "permission_mode".to_owned(),
                Has::Login => "login".to_owned(),
                Has::Git => "git".to_owned(),
                Has::Key(provider) => format!("key.{provider}"),
                Has::Variable(name) => format!("env.{name}"),
            };
            self.0.contains_key(&name) != condition.not
        })
    }

    /// Fills the places of a text. A brace that begins none is left as it is.
    ///
    /// # Errors
    /// The name of a place that has nothing to fill it with.
    pub fn fill(&self, text: &str) -> Result<String, String> {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('{') {
            let (before, from) = rest.split_at(at);
            filled.push_str(before);
            let name = from[1..].split_once('}').map(|(name, _)| name);
            // `${NAME}` is the shell's, or the program's own.
            let is_place = |name: &&str| {
                name.starts_with(|first: char| first.is_ascii_lowercase())
                    && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._".contains(&b))
            };
            match name.filter(is_place) {
                Some(name) => {
                    filled.push_str(self.0.get(name).ok_or_else(|| name.to_owned())?);
                    rest = &from[name.len() + 2..];
                }
                None => {
                    filled.push('{');
                    rest = &from[1..];
                }
            }
        }
        filled.push_str(rest);
        Ok(filled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(text: &str) -> Condition {
        Condition::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn places_are_filled_and_other_braces_are_left() {
        let mut vars = Vars::default();
        vars.set("work", "/w {home}");
        assert_eq!(vars.fill("cd {work} && {x: 1} ${HOME} {").unwrap(), "cd /w {home} && {x: 1} ${HOME} {");
        assert_eq!(vars.fill("{wrok}").unwrap_err(), "wrok");
    }

    #[test]
    fn conditions_ask_for_what_there_is() {
        let mut vars = Vars::default();
        vars.set("key.openai", "k");
        let (has, lacks) = (condition("key:openai"), condition("!mcp"));
        assert!(vars.meet(&[has.clone(), lacks]) && !vars.meet(&[has, condition("model")]));
        for bad in ["", "keys", "key:nobody"] {
            assert!(Condition::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
