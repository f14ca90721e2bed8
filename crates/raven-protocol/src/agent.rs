//! Agents as both programs think of them: type, status machine, spawn parameters.
//!
//! Owns which status may follow which. Must not know processes, rows or screens.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::terminal::TerminalSize;

/// Name of a kind of agent, such as `claude-code` or `custom`; the runtime says which it knows.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    schemars::JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, pattern = "^[a-z0-9][a-z0-9-]{0,63}$", examples("custom", "claude-code"))]
pub struct AgentType(String);

/// Why a text cannot name a kind of agent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an agent type: use 1 to 64 of a-z 0-9 -")]
pub struct InvalidAgentType(String);

impl AgentType {
    /// A command of the user's own.
    pub const CUSTOM: &'static str = "custom";
    /// Anthropic's Claude Code.
    pub const CLAUDE_CODE: &'static str = "claude-code";

    /// Checks the spelling, not whether any runtime knows it.
    ///
    /// # Errors
    /// [`InvalidAgentType`] unless the text is 1–64 of `a-z 0-9 -`, not starting with `-`.
    pub fn parse(text: impl Into<String>) -> Result<Self, InvalidAgentType> {
        let text = text.into();
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if text.is_empty() || text.len() > 64 || text.starts_with('-') || !text.bytes().all(allowed) {
            return Err(InvalidAgentType(text.chars().take(40).collect()));
        }
        Ok(Self(text))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AgentType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for AgentType {
    type Error = InvalidAgentType;
    fn try_from(text: String) -> Result<Self, InvalidAgentType> {
        Self::parse(text)
    }
}

impl From<AgentType> for String {
    fn from(name: AgentType) -> String {
        name.0
    }
}

/// What an agent is doing.
///
/// `spawning → starting → (login_required ⇄) ready ⇄ busy ⇄ waiting → stopping → stopped | error`
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum AgentStatus {
    /// Asked for; no process is known yet.
    Spawning,
    /// Its process runs; it has not shown that it can work.
    Starting,
    /// It wants a person to sign in.
    LoginRequired,
    /// It can be given work.
    Ready,
    /// It is working.
    Busy,
    /// It asks a person something.
    Waiting,
    /// Its end was asked for.
    Stopping,
    /// It ended, and nobody needs to mind.
    Stopped,
    /// It failed; the reason is told with it.
    Error,
}

/// What happened to an agent, as far as its status is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AgentChange {
    /// Its process runs.
    Started,
    /// It wants a person to sign in.
    LoginRequired,
    /// It can be given work.
    Ready,
    /// It is working.
    Busy,
    /// It asks a person something.
    Waiting,
    /// Somebody asked for its end.
    StopRequested,
    /// It ended as asked, or by itself after having been ready.
    Stopped,
    /// It could not be started, or broke.
    Failed,
}

/// A change that cannot happen in the status it was reported for; nothing must be changed by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{change:?} cannot happen to an agent that is {status}")]
pub struct Unexpected {
    /// The status before.
    pub status: AgentStatus,
    /// What was reported.
    pub change: AgentChange,
}

impl AgentStatus {
    /// Every status, in the order of an agent's life.
    pub const ALL: [Self; 9] = [
        Self::Spawning,
        Self::Starting,
        Self::LoginRequired,
        Self::Ready,
        Self::Busy,
        Self::Waiting,
        Self::Stopping,
        Self::Stopped,
        Self::Error,
    ];

    /// The status after a change. A repeated report of the same change answers the same status.
    ///
    /// # Errors
    /// [`Unexpected`] for a late or impossible report: nothing follows an end, and an agent whose
    /// stop was asked for only ends.
    pub fn on(self, change: AgentChange) -> Result<Self, Unexpected> {
        let reached = match change {
            AgentChange::Started => Self::Starting,
            AgentChange::LoginRequired => Self::LoginRequired,
            AgentChange::Ready => Self::Ready,
            AgentChange::Busy => Self::Busy,
            AgentChange::Waiting => Self::Waiting,
            AgentChange::StopRequested => Self::Stopping,
            AgentChange::Stopped => Self::Stopped,
            AgentChange::Failed => Self::Error,
        };
        let allowed = match self {
            Self::Spawning => true,
            Self::Starting | Self::LoginRequired | Self::Ready | Self::Busy | Self::Waiting => {
                reached != Self::Starting || self == Self::Starting
            }
            Self::Stopping => matches!(reached, Self::Stopping | Self::Stopped | Self::Error),
            Self::Stopped | Self::Error => reached == self,
        };
        if allowed { Ok(reached) } else { Err(Unexpected { status: self, change }) }
    }

    /// The change that reports this status; `None` for `spawning`, which nothing reports.
    #[must_use]
    pub fn reported_by(self) -> Option<AgentChange> {
        match self {
            Self::Spawning => None,
            Self::Starting => Some(AgentChange::Started),
            Self::LoginRequired => Some(AgentChange::LoginRequired),
            Self::Ready => Some(AgentChange::Ready),
            Self::Busy => Some(AgentChange::Busy),
            Self::Waiting => Some(AgentChange::Waiting),
            Self::Stopping => Some(AgentChange::StopRequested),
            Self::Stopped => Some(AgentChange::Stopped),
            Self::Error => Some(AgentChange::Failed),
        }
    }

    /// Whether the agent has ended.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Stopped | Self::Error)
    }

    /// The status as it is spelled on every surface.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Spawning => "spawning",
            Self::Starting => "starting",
            Self::LoginRequired => "login_required",
            Self::Ready => "ready",
            Self::Busy => "busy",
            Self::Waiting => "waiting",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::Error => "error",
        }
    }

    /// Reads the spelling of [`Self::as_str`]; `None` for anything else.
    #[must_use]
    pub fn from_str_opt(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

impl fmt::Display for AgentStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How an agent is to be started. Unknown keys are refused: a misspelt option must not be ignored.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema, schemars::JsonSchema,
)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SpawnConfig {
    /// Program and arguments; only for `custom`, where the login shell is the default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<Vec<String>>,
    /// Further arguments, after those of the kind or the command.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// Absolute working folder on the runtime's machine; a new empty one of the agent's own by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// A git repository instead of a folder: each agent gets a worktree of its own on a branch of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository: Option<Repository>,
    /// The model, where the kind has a choice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// How the program asks before it acts, in its own words (`plan`, `acceptEdits`, …).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permission_mode: Option<String>,
    /// Environment variables to add, over the clean environment that every agent gets.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Columns of the terminal, 2 to 1000; 80 by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cols: Option<u32>,
    /// Rows of the terminal, 1 to 500; 24 by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<u32>,
    /// Only for `custom`: what its screen means, as `rules` in a file of a kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Object>>)]
    pub rules: Option<serde_json::Value>,
    /// Only for `custom`: what it tells by itself, as `signals` in a file of a kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub signals: Option<serde_json::Value>,
    /// Only for `custom`: how it is driven, as `drive` in a file of a kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub drive: Option<serde_json::Value>,
    /// Only for `custom`: what a still screen means that no rule fits, as `when_still` in a file of a kind;
    /// `ready` by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub when_still: Option<serde_json::Value>,
}

/// A git repository; one of `path` and `url`.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema, schemars::JsonSchema,
)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Repository {
    /// Absolute path of one on the runtime's machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Address of one elsewhere: `https`, `ssh`, or `user@host:path`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Branch, tag or commit to begin at; what is checked out there, or its default branch, otherwise.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

/// Most agents that one spawn may ask for.
pub const MAX_SPAWN_COUNT: u32 = 10;

/// Longest name of an agent, in characters.
pub const MAX_NAME_CHARS: usize = 100;

/// Most arguments of a command, and most environment variables.
const MAX_LIST: usize = 256;

/// Longest model, permission mode or git ref, in bytes.
const MAX_WORD: usize = 200;

/// A spawn parameter that is out of bounds; `field` is its path in the request body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` {why}")]
pub struct InvalidSpawn {
    /// Path of the field, such as `config.cwd`.
    pub field: &'static str,
    /// What is wrong and what to send instead.
    pub why: String,
}

fn invalid<T>(field: &'static str, why: impl Into<String>) -> Result<T, InvalidSpawn> {
    Err(InvalidSpawn { field, why: why.into() })
}

/// Checks how many agents are asked for.
///
/// # Errors
/// [`InvalidSpawn`] outside 1 to [`MAX_SPAWN_COUNT`].
pub fn check_count(count: u32) -> Result<u32, InvalidSpawn> {
    match count {
        1..=MAX_SPAWN_COUNT => Ok(count),
        _ => invalid("count", format!("must be 1 to {MAX_SPAWN_COUNT}, not {count}")),
    }
}

/// Checks a name given by a person.
///
/// # Errors
/// [`InvalidSpawn`] for an empty one, a long one, or one with control characters.
pub fn check_name(name: &str) -> Result<(), InvalidSpawn> {
    // Marks that are not seen, or that turn the direction of text, would let a name pose as another.
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    if name.trim().is_empty() || name.chars().count() > MAX_NAME_CHARS || name.chars().any(hidden) {
        return invalid("name", format!("must be 1 to {MAX_NAME_CHARS} printable characters"));
    }
    Ok(())
}

impl SpawnConfig {
    /// Checks everything that can be checked without the runtime's machine.
    ///
    /// # Errors
    /// [`InvalidSpawn`] naming the first field that is out of bounds.
    pub fn check(&self, agent_type: &AgentType) -> Result<(), InvalidSpawn> {
        self.size()?;
        if let Some(command) = &self.command {
            if agent_type.as_str() != AgentType::CUSTOM {
                return invalid("config.command", "is only for agents of type custom");
            }
            if command.first().is_none_or(|program| program.trim().is_empty()) {
                return invalid("config.command", "must name a program: [\"program\", \"argument\", …]");
            }
        }
        if let Some((field, _)) = self.described().next()
            && agent_type.as_str() != AgentType::CUSTOM
        {
            return invalid(field, "is only for agents of type custom; a kind has it in a file of its own");
        }
        let words = self.command.iter().flatten().chain(&self.args);
        if words.clone().count() > MAX_LIST || words.clone().any(|word| word.contains('\0')) {
            return invalid("config.args", format!("must be at most {MAX_LIST} texts without NUL"));
        }
        if self.cwd.as_ref().is_some_and(|cwd| !cwd.starts_with('/') || cwd.contains('\0')) {
            return invalid("config.cwd", "must be an absolute path on the runtime's machine");
        }
        self.check_repository()?;
        for (field, word) in [("config.model", &self.model), ("config.permissionMode", &self.permission_mode)]
        {
            let fits = |word: &String| {
                (1..=MAX_WORD).contains(&word.len())
                    && !word.starts_with('-')
                    && word.bytes().all(|b| b.is_ascii_graphic())
            };
            if word.as_ref().is_some_and(|word| !fits(word)) {
                let why = format!(
                    "must be 1 to {MAX_WORD} printable characters without spaces, not beginning with `-`"
                );
                return invalid(field, why);
            }
        }
        let bad_name = |name: &String| name.is_empty() || name.contains(['=', '\0']);
        if self.env.len() > MAX_LIST
            || self.env.iter().any(|(name, value)| bad_name(name) || value.contains('\0'))
        {
            return invalid("config.env", format!("must be at most {MAX_LIST} variables, names without `=`"));
        }
        Ok(())
    }

    /// What it says of itself as a file of a kind would, by the path of the field.
    pub fn described(&self) -> impl Iterator<Item = (&'static str, &serde_json::Value)> {
        let all = [
            ("config.rules", &self.rules),
            ("config.signals", &self.signals),
            ("config.drive", &self.drive),
            ("config.whenStill", &self.when_still),
        ];
        all.into_iter().filter_map(|(field, value)| Some((field, value.as_ref()?)))
    }

    fn check_repository(&self) -> Result<(), InvalidSpawn> {
        let Some(Repository { path, url, at }) = &self.repository else { return Ok(()) };
        if self.cwd.is_some() {
            return invalid("config.repository", "and `config.cwd` cannot both be given");
        }
        match (path, url) {
            (Some(path), None) if path.starts_with('/') && !path.contains('\0') => {}
            (Some(_), None) => return invalid("config.repository.path", "must be an absolute path"),
            (None, Some(url)) if is_repository_address(url) => {}
            (None, Some(_)) => {
                let why = "must be an https:// or ssh:// address, or user@host:path";
                return invalid("config.repository.url", why);
            }
            _ => return invalid("config.repository", "needs one of `path` and `url`"),
        }
        let is_ref = |at: &String| {
            let odd = |b: u8| b <= b' ' || b == 0x7f || b"~^:?*[\\".contains(&b);
            (1..=MAX_WORD).contains(&at.len())
                && !at.starts_with('-')
                && !at.contains("..")
                && !at.bytes().any(odd)
        };
        match at {
            Some(at) if !is_ref(at) => invalid("config.repository.ref", "must be a branch, tag or commit"),
            _ => Ok(()),
        }
    }

    /// The terminal's size.
    ///
    /// # Errors
    /// [`InvalidSpawn`] outside the bounds of [`TerminalSize::new`].
    pub fn size(&self) -> Result<TerminalSize, InvalidSpawn> {
        let cols = self.cols.unwrap_or(TerminalSize::DEFAULT.cols.into());
        let rows = self.rows.unwrap_or(TerminalSize::DEFAULT.rows.into());
        TerminalSize::new(cols, rows).or_else(|refused| invalid("config.cols", refused.to_string()))
    }
}

/// Whether git reaches a repository by this address without running a program that the address names.
fn is_repository_address(url: &str) -> bool {
    let clean = !url.is_empty() && url.len() <= 2048 && url.bytes().all(|b| b.is_ascii_graphic());
    let by_scheme = ["https://", "http://", "ssh://"]
        .iter()
        .any(|scheme| url.strip_prefix(scheme).is_some_and(|rest| !rest.starts_with(['-', '/'])));
    let (user, rest) = url.split_once('@').unwrap_or(("", url));
    let word = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    };
    let by_ssh = rest.split_once(':').is_some_and(|(host, path)| {
        word(user) && word(host) && !path.is_empty() && !path.starts_with(['-', ':'])
    });
    clean && (by_scheme || by_ssh)
}

#[cfg(test)]
mod tests {
    use super::AgentStatus::*;
    use super::*;

    #[test]
    fn every_status_answers_every_change_as_the_table_says() {
        use AgentChange as C;
        let changes = [
            C::Started,
            C::LoginRequired,
            C::Ready,
            C::Busy,
            C::Waiting,
            C::StopRequested,
            C::Stopped,
            C::Failed,
        ];
        #[rustfmt::skip] // one status a row, one change a column
        let table = [
            (Spawning, [Some(Starting), Some(LoginRequired), Some(Ready), Some(Busy), Some(Waiting), Some(Stopping), Some(Stopped), Some(Error)]),
            (Starting, [Some(Starting), Some(LoginRequired), Some(Ready), Some(Busy), Some(Waiting), Some(Stopping), Some(Stopped), Some(Error)]),
            (LoginRequired, [None, Some(LoginRequired), Some(Ready), Some(Busy), Some(Waiting), Some(Stopping), Some(Stopped), Some(Error)]),
            (Ready, [None, Some(LoginRequired), Some(Ready), Some(Busy), Some(Waiting), Some(Stopping), Some(Stopped), Some(Error)]),
            (Busy, [None, Some(LoginRequired), Some(Ready), Some(Busy), Some(Waiting), Some(Stopping), Some(Stopped), Some(Error)]),
            (Waiting, [None, Some(LoginRequired), Some(Ready), Some(Busy), Some(Waiting), Some(Stopping), Some(Stopped), Some(Error)]),
            (Stopping, [None, None, None, None, None, Some(Stopping), Some(Stopped), Some(Error)]),
            (Stopped, [None, None, None, None, None, None, Some(Stopped), None]),
            (Error, [None, None, None, None, None, None, None, Some(Error)]),
        ];
        assert_eq!(table.map(|(status, _)| status), AgentStatus::ALL);
        for (status, answers) in table {
            for (change, expected) in changes.into_iter().zip(answers) {
                assert_eq!(status.on(change).ok(), expected, "{status} on {change:?}");
            }
        }
    }

    #[test]
    fn the_spelling_is_the_same_in_json_and_text() {
        for status in AgentStatus::ALL {
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
            assert_eq!(AgentStatus::from_str_opt(status.as_str()), Some(status));
        }
        assert_eq!(AgentStatus::from_str_opt("asleep"), None);
    }

    #[test]
    fn spawn_parameters_out_of_bounds_name_their_field() {
        let custom = AgentType::parse("custom").unwrap();
        let claude = AgentType::parse("claude-code").unwrap();
        let config = |json: serde_json::Value| serde_json::from_value::<SpawnConfig>(json);
        let field = |kind: &AgentType, json| config(json).unwrap().check(kind).unwrap_err().field;
        assert_eq!(field(&custom, serde_json::json!({"command": []})), "config.command");
        assert_eq!(field(&claude, serde_json::json!({"command": ["sh"]})), "config.command");
        assert_eq!(field(&custom, serde_json::json!({"cwd": "relative"})), "config.cwd");
        assert_eq!(field(&custom, serde_json::json!({"env": {"A=B": "c"}})), "config.env");
        assert_eq!(field(&custom, serde_json::json!({"cols": 0})), "config.cols");
        let repository = |json| field(&claude, serde_json::json!({ "repository": json }));
        assert_eq!(repository(serde_json::json!({})), "config.repository");
        assert_eq!(repository(serde_json::json!({"path": "here"})), "config.repository.path");
        for bad in ["ext::sh -c x", "ext::x", "-u", "file:///x", "https://-x", "a@-b:c", "-a@b:c", "a@b:-c"] {
            assert_eq!(repository(serde_json::json!({ "url": bad })), "config.repository.url", "{bad}");
        }
        for bad in ["-x", "a..b", "a b", "a:b", ""] {
            let json = serde_json::json!({"url": "git@example.com:a/b.git", "ref": bad});
            assert_eq!(repository(json), "config.repository.ref", "{bad}");
        }
        let good =
            serde_json::json!({"repository": {"path": "/srv/x", "ref": "v1.2/main"}, "model": "a/b-1"});
        assert_eq!(config(good).unwrap().check(&claude), Ok(()));
        assert_eq!(field(&claude, serde_json::json!({"model": "--evil"})), "config.model");
        assert!(config(serde_json::json!({"cmd": ["sh"]})).is_err(), "unknown keys are refused");
        assert!(check_count(0).is_err() && check_count(11).is_err() && check_count(10).is_ok());
        assert!(check_name("a\u{202e}b").is_err());
        assert!(check_name("\n").is_err() && check_name("Code Review Agents").is_ok());
    }
}
