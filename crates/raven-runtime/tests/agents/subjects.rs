//! The agents under test, and how each is led to the stub providers.
//!
//! Owns what differs between them. Must not know how anything is proven.

use serde_json::{Map, Value, json};

use crate::driven::Bench;
use crate::stub::{GOOD_KEY, MCP_KEY};

/// One kind of agent.
pub struct Subject {
    pub agent_type: &'static str,
    /// Whose key it gets, and the variable in which it looks for it.
    pub provider: Option<&'static str>,
    pub key_variable: &'static str,
    /// Where it looks for the provider's address, and what follows the stub's.
    address: (&'static str, &'static str),
    /// How it is started beyond its description.
    more: fn() -> Value,
    /// How it is started when it shall ask for a sign-in.
    more_without_key: fn() -> Value,
    /// The way to a page where people sign in.
    pub link: Link,
    /// What it is given there, and what shows that it took it.
    pub taken: Taken,
    /// Variables with which its provider has limits.
    pub limited: fn() -> Value,
    /// Whether a limit tells when it ends.
    pub limit_ends: bool,
    /// Behaviours that it cannot have, each with the reason.
    pub cannot: &'static [(&'static str, &'static str)],
}

/// The way to a page where people sign in.
pub struct Link {
    /// What is chosen before; nothing where it is shown at once.
    pub choose: Option<&'static str>,
    pub kind: &'static str,
    pub begins: &'static str,
    pub ends: &'static str,
    /// Whether its host is one of the kind's.
    pub trusted: bool,
}

/// What signing in gives to an agent.
pub enum Taken {
    /// A code that only the vendor could check: it says so, and asks on.
    Code(&'static str),
    /// A code that it takes: it is ready then.
    GoodCode,
    /// The address that the browser was sent to: it says that it cannot check it.
    Address { parameter: &'static str, says: &'static str },
    /// A provider's key, after these choices: it is ready then.
    Key(&'static [&'static str]),
}

pub const ALL: [Subject; 5] = [
    Subject {
        agent_type: "claude-code",
        provider: Some("anthropic"),
        key_variable: "ANTHROPIC_API_KEY",
        address: ("ANTHROPIC_BASE_URL", ""),
        more: || json!({}),
        more_without_key: || json!({}),
        link: Link {
            choose: Some("1"),
            kind: "paste_code",
            begins: "https://claude.ai/oauth/authorize?",
            ends: "",
            trusted: true,
        },
        taken: Taken::Code("OAuth error"),
        limited: || json!({"ANTHROPIC_API_KEY": "", "CLAUDE_CODE_OAUTH_TOKEN": format!("{GOOD_KEY}plan-0123456789")}),
        limit_ends: true,
        cannot: &[],
    },
    Subject {
        agent_type: "codex",
        provider: Some("openai"),
        key_variable: "OPENAI_API_KEY",
        address: ("OPENAI_BASE_URL", "/v1"),
        // Its own default model wants answers that the stub does not know.
        more: || json!({"model": "stub-model"}),
        more_without_key: || json!({"model": "stub-model"}),
        link: Link {
            choose: Some("1"),
            kind: "browser",
            begins: "https://auth.openai.com/oauth/authorize?",
            ends: "&originator=codex-tui",
            trusted: true,
        },
        taken: Taken::Address { parameter: "redirect_uri", says: "Token exchange failed" },
        limited: || json!({}),
        limit_ends: true,
        cannot: &[],
    },
    Subject {
        agent_type: "gemini-cli",
        provider: Some("gemini"),
        key_variable: "GEMINI_API_KEY",
        address: ("GOOGLE_GEMINI_BASE_URL", ""),
        more: || json!({}),
        more_without_key: || json!({}),
        link: Link {
            choose: Some("1"),
            kind: "paste_code",
            begins: "https://accounts.google.com/o/oauth2/v2/auth?",
            ends: ".apps.googleusercontent.com",
            trusted: true,
        },
        taken: Taken::Key(&["2"]),
        limited: || json!({}),
        limit_ends: false,
        cannot: &[],
    },
    Subject {
        agent_type: "aider",
        provider: Some("openai"),
        key_variable: "OPENAI_API_KEY",
        address: ("OPENAI_API_BASE", "/v1"),
        more: || json!({"model": "openai/gpt-4o", "args": ["--edit-format", "diff"]}),
        // With a model it does not ask: it fails at the first message.
        more_without_key: || json!({}),
        link: Link {
            choose: Some("yes"),
            kind: "browser",
            begins: "https://openrouter.ai/auth?",
            ends: "&code_challenge_method=S256",
            trusted: true,
        },
        taken: Taken::Address { parameter: "callback_url", says: "Error exchanging code" },
        limited: || json!({}),
        limit_ends: false,
        cannot: &[
            ("MCP tool", "Aider has no MCP client."),
            (
                "usage limit",
                "Aider does not tell a limit from other refusals: it is told as the failure of the turn.",
            ),
        ],
    },
    Subject {
        agent_type: "custom",
        provider: None,
        key_variable: "OWN_KEY",
        address: ("OWN_PROVIDER", ""),
        more: || own(json!({"OWN_KEY": format!("{GOOD_KEY}own")})),
        more_without_key: || own(json!({})),
        link: Link {
            choose: None,
            kind: "paste_code",
            begins: "https://sign-in.example/device?of=own",
            ends: "",
            trusted: false,
        },
        taken: Taken::GoodCode,
        limited: || json!({}),
        limit_ends: true,
        cannot: &[
            (
                "MCP tool",
                "How a command of one's own takes a server is not known; the file of a kind can say it.",
            ),
            (
                "usage",
                "Where a command of one's own notes its tokens is not known; the file of a kind can say it.",
            ),
        ],
    },
];

/// A command of somebody's own, with the rules that its spawn brings.
fn own(env: Value) -> Value {
    let mut config: Value = serde_json::from_str(include_str!("own/rules.json")).unwrap();
    config["command"] = json!(["bash", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/agents/own/agent.sh")]);
    config["env"] = env;
    config
}

impl Subject {
    /// The version that its description pins; nothing for a command of one's own.
    pub fn version(&self) -> String {
        let file = format!(
            "{}/src/agents/kinds/{}.toml",
            env!("CARGO_MANIFEST_DIR"),
            self.agent_type.replace('-', "_")
        );
        let is: toml::Table = toml::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        let package = is.get("program").and_then(|program| program.get("package"));
        package.map_or_else(String::new, |package| package["version"].as_str().unwrap().to_owned())
    }

    /// A key of its provider's that the stub takes.
    pub fn key(&self) -> String {
        format!("{GOOD_KEY}{}-0123456789abcdefghij", self.agent_type)
    }

    /// Why it cannot have a behaviour.
    pub fn cannot(&self, behaviour: &str) -> Option<&'static str> {
        self.cannot.iter().find(|(name, _)| *name == behaviour).map(|(_, why)| *why)
    }

    /// The body of a spawn of agents with these ids.
    pub fn spawn(&self, bench: Bench, ids: &[&str]) -> Value {
        let mut body = self.body(bench, ids, (self.more)());
        if self.cannot("MCP tool").is_none() {
            let keys: Map<String, Value> = ids.iter().map(|id| ((*id).to_owned(), MCP_KEY.into())).collect();
            body["mcp"] = json!({"url": bench.stub.mcp(), "keys": keys});
        }
        body
    }

    /// The body of a spawn of one that shall ask for a sign-in.
    pub fn spawn_without_key(&self, bench: Bench) -> Value {
        self.body(bench, &[crate::driven::ALONE], (self.more_without_key)())
    }

    fn body(&self, bench: Bench, ids: &[&str], mut config: Value) -> Value {
        let (variable, below) = self.address;
        config["env"][variable] = format!("{}{below}", bench.stub.url).into();
        config["env"]["PATH"] = bench.path.into();
        json!({"agentType": self.agent_type, "count": ids.len(), "agentIds": ids, "config": config})
    }
}
