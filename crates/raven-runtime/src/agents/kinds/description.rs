//! What a kind of agent is, as it is written down: one TOML file for each, ours or the user's.
//!
//! Owns the names in those files. Must not know what is done with them.

use std::collections::BTreeMap;

use raven_protocol::agent::AgentType;
use raven_protocol::doing::{LoginKind, PromptInput, PromptKind};
use raven_protocol::kind::Provider;
use serde::Deserialize;

use crate::agents::usage::{Notes, Records};
use crate::install::Package;
use crate::place::home::HomeFile;
use crate::place::vars::Condition;

/// A kind of agent.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// Its name, as a spawn gives it.
    #[serde(rename = "type")]
    pub agent_type: AgentType,
    /// Its name for people.
    pub title: String,
    /// What is started.
    #[serde(default)]
    pub program: Program,
    /// Whether it takes its control plane's MCP server.
    #[serde(default)]
    pub mcp: bool,
    /// Where it keeps its settings.
    #[serde(default)]
    pub home: Home,
    /// Providers whose keys it takes, by the variable in which it looks for them.
    #[serde(default)]
    pub keys: BTreeMap<String, Provider>,
    /// How people sign in.
    #[serde(default)]
    pub login: Login,
    /// What it tells by itself.
    #[serde(default)]
    pub signals: Signals,
    /// What its screen tells; the first rule that fits counts.
    #[serde(default)]
    pub rules: Vec<Rule>,
    /// How it is driven.
    #[serde(default)]
    pub drive: Drive,
    /// What a screen says that no rule fits.
    #[serde(default)]
    pub when_still: WhenStill,
    /// Where it tells what it has used.
    #[serde(default)]
    pub usage: Option<UsageSource>,
}

/// What is started.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Program {
    /// The program and its arguments; nothing for the spawn's own command, or the login shell.
    pub command: Vec<String>,
    /// Further arguments, each only under its conditions.
    pub arguments: Vec<Arguments>,
    /// Variables, each only under its conditions.
    pub variables: Vec<Variable>,
    /// How it is installed.
    pub package: Option<Package>,
}

/// Arguments under conditions.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arguments {
    /// The arguments, with places to fill.
    pub add: Vec<String>,
    /// All of these must hold.
    #[serde(default)]
    pub when: Vec<Condition>,
}

/// A variable under conditions.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its value, with places to fill.
    pub value: String,
    /// All of these must hold.
    #[serde(default)]
    pub when: Vec<Condition>,
}

/// Where a kind keeps its settings.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Home {
    /// Whether each agent gets a home folder of its own.
    pub own: bool,
    /// What of the runtime's home is linked into it, for the tools that the agent uses.
    pub link: Vec<String>,
    /// Logins: kept once for all agents of the kind, and linked into each home.
    pub share: Vec<String>,
    /// Files that are written before the start.
    pub files: Vec<HomeFile>,
}

/// How people sign in.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Login {
    /// Hosts at which they may; a link to any other is shown with a warning.
    pub hosts: Vec<String>,
    /// Whether it can be used without a key and without a login.
    pub optional: bool,
}

/// What a kind tells by itself.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Signals {
    /// What its hooks mean, by the event's name. How they are installed is in the home's files.
    pub hooks: BTreeMap<String, Hook>,
    /// What the titles mean that it sets; the first that fits counts.
    pub titles: Vec<Title>,
}

/// What one hook means.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hook {
    /// The status that it tells.
    pub status: Told,
    /// It counts only when the value at this JSON pointer is that text.
    #[serde(default)]
    pub only: Option<Only>,
    /// JSON pointer to the tool's name.
    #[serde(default)]
    pub tool: Option<String>,
    /// JSON pointer to what the tool is used with.
    #[serde(default)]
    pub arguments: Option<String>,
}

/// A value that a hook must have.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Only {
    /// JSON pointer.
    pub at: String,
    /// The text there.
    pub is: String,
}

/// What a title means.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Title {
    /// A regular expression.
    pub is: String,
    /// The status that it tells.
    pub status: Told,
}

/// A status as a signal tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// It can be given work.
    Ready,
    /// It is working.
    Busy,
    /// It asks a person something.
    Waiting,
    /// It wants a person to sign in.
    LoginRequired,
}

/// What a part of the screen means. Expressions ignore case, and `^` and `$` are ends of lines.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// A name, for evidence and tests.
    pub name: String,
    /// What it tells.
    pub status: Shown,
    /// How many lines are looked at, from the last that is not empty upwards; 24 by default.
    #[serde(default = "some_lines")]
    pub lines: usize,
    /// Of those lines, only what begins with the last match of this is looked at.
    #[serde(default)]
    pub from: Option<String>,
    /// All of these must be found there.
    #[serde(default)]
    pub all: Vec<String>,
    /// None of these may be.
    #[serde(default)]
    pub none: Vec<String>,
    /// The line that the cursor is in must have this.
    #[serde(default)]
    pub cursor: Option<String>,
    /// The title must have this.
    #[serde(default)]
    pub title: Option<String>,
    /// What is asked.
    #[serde(default)]
    pub prompt: Option<PromptRule>,
    /// How to sign in.
    #[serde(default)]
    pub login: Option<LoginRule>,
    /// What went wrong: the first group of this expression. Told as long as it is shown, and as a turn's
    /// failure when the agent is ready again.
    #[serde(default)]
    pub trouble: Option<String>,
    /// When a limit ends: the first group of this expression.
    #[serde(default)]
    pub resets: Option<String>,
}

fn some_lines() -> usize {
    24
}

/// A status as a screen shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    /// It is not there yet.
    Starting,
    /// It can be given work.
    Ready,
    /// It is working.
    Busy,
    /// It asks a person something.
    Waiting,
    /// It wants a person to sign in.
    LoginRequired,
    /// It waits for a usage limit.
    Limited,
}

/// What is asked, and how it is answered.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromptRule {
    /// What kind of question.
    pub kind: PromptKind,
    /// The question: the first group of this expression, or all of it. The lines themselves otherwise.
    #[serde(default)]
    pub question: Option<String>,
    /// The tool: the first group.
    #[serde(default)]
    pub tool: Option<String>,
    /// An option: the groups `id` and `label`. Every match is one.
    #[serde(default)]
    pub option: Option<String>,
    /// Keys that choose such an option, with `{id}` for its id.
    #[serde(default)]
    pub choose: Option<String>,
    /// Options that are no list on the screen; each is offered when its expression is found.
    #[serde(default)]
    pub options: Vec<FixedOption>,
    /// The text that can be given.
    #[serde(default)]
    pub input: Option<PromptInput>,
    /// Keys that end such a text.
    #[serde(default = "enter")]
    pub submit: String,
}

fn enter() -> String {
    "\r".to_owned()
}

/// An option whose key is known.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FixedOption {
    /// Its id.
    pub id: String,
    /// Its words: the first group of `find` when it has one, else these.
    #[serde(default)]
    pub label: String,
    /// The keys that choose it.
    pub keys: String,
    /// It is offered when this is found.
    #[serde(default)]
    pub find: Option<String>,
}

/// How to sign in.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoginRule {
    /// The way of it.
    pub kind: LoginKind,
    /// The code to enter on the page: the first group.
    #[serde(default)]
    pub user_code: Option<String>,
}

/// How an agent is driven.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Drive {
    /// Milliseconds between a text and the Enter that submits it.
    pub submit_after_ms: u64,
    /// Milliseconds after it became ready before anything is typed.
    pub settle_ms: u64,
    /// Whether a text may be pasted when the program asked for bracketed paste.
    pub paste: bool,
    /// The line in which a text is typed: the first group is the text in it. Typed text that is still
    /// there was not submitted.
    pub composer: Option<String>,
    /// What that line shows while it is empty.
    pub placeholder: Option<String>,
    /// Keys that interrupt a turn.
    pub interrupt: String,
    /// Texts and keys that end the program, one after another.
    pub quit: Vec<String>,
}

impl Default for Drive {
    fn default() -> Self {
        Self {
            submit_after_ms: 200,
            settle_ms: 0,
            paste: true,
            composer: None,
            placeholder: None,
            interrupt: "\u{3}".to_owned(),
            quit: Vec::new(),
        }
    }
}

/// What a screen says that no rule fits and that stands still.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenStill {
    /// That it can be given work.
    Ready,
    /// Only that a person should look: it may be at a dialog.
    #[default]
    MustBeLookedAt,
}

/// Where a kind tells what it has used.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case", tag = "from")]
pub enum UsageSource {
    /// In a text for people that it writes in its home.
    Notes(Notes),
    /// In a file of JSON lines that it writes in its home.
    Transcript(Records),
}

/// How full the model's context is.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Context {
    /// JSON pointers to the tokens in it, in the last record; added up.
    pub used: Vec<String>,
    /// JSON pointer to its size, or a number for models of which the list of prices has none.
    pub size: ContextSize,
}

/// The size of a context.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum ContextSize {
    /// So many tokens.
    Tokens(u64),
    /// At this JSON pointer.
    At(String),
}
