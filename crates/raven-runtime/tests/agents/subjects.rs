//! The agents under test, and how each is led to the stub providers.
//!
//! Owns what differs between them. Must not know what is proven.

use serde_json::{Map, Value, json};

use crate::stub::{GOOD_KEY, MCP_KEY, Stub};

/// One kind of agent.
pub struct Subject {
    pub agent_type: &'static str,
    /// Whose key it gets.
    pub provider: &'static str,
    /// Where it looks for the provider's address, and what follows the stub's.
    address: (&'static str, &'static str),
    /// How it is started beyond its description.
    more: fn() -> Value,
    /// Why it cannot call tools of a server.
    pub no_tools: Option<&'static str>,
    /// How signing in begins.
    pub login: &'static str,
}

pub const ALL: [Subject; 4] = [
    Subject {
        agent_type: "claude-code",
        provider: "anthropic",
        address: ("ANTHROPIC_BASE_URL", ""),
        more: || json!({}),
        no_tools: None,
        login: "menu",
    },
    Subject {
        agent_type: "codex",
        provider: "openai",
        address: ("OPENAI_BASE_URL", "/v1"),
        // Its own default model wants answers that the stub does not know.
        more: || json!({"model": "stub-model"}),
        no_tools: None,
        login: "menu",
    },
    Subject {
        agent_type: "gemini-cli",
        provider: "gemini",
        address: ("GOOGLE_GEMINI_BASE_URL", ""),
        more: || json!({}),
        no_tools: None,
        login: "menu",
    },
    Subject {
        agent_type: "aider",
        provider: "openai",
        address: ("OPENAI_API_BASE", "/v1"),
        more: || json!({"model": "openai/gpt-4o", "args": ["--edit-format", "diff"]}),
        no_tools: Some("Aider has no MCP client"),
        login: "menu",
    },
];

impl Subject {
    /// The version that its description pins.
    pub fn version(&self) -> String {
        let file = format!(
            "{}/src/agents/kinds/{}.toml",
            env!("CARGO_MANIFEST_DIR"),
            self.agent_type.replace('-', "_")
        );
        let is: toml::Table = toml::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        is["program"]["package"]["version"].as_str().unwrap().to_owned()
    }

    /// A key of its provider's that the stub takes.
    pub fn key(&self) -> String {
        format!("{GOOD_KEY}{}-0123456789abcdefghij", self.provider)
    }

    /// The body of a spawn of agents with these ids.
    pub fn spawn(&self, stub: &Stub, path: &str, ids: &[&str]) -> Value {
        let (variable, below) = self.address;
        let mut config = (self.more)();
        config["env"] = json!({variable: format!("{}{below}", stub.url), "PATH": path});
        let mut body =
            json!({"agentType": self.agent_type, "count": ids.len(), "agentIds": ids, "config": config});
        if self.no_tools.is_none() {
            let keys: Map<String, Value> = ids.iter().map(|id| ((*id).to_owned(), MCP_KEY.into())).collect();
            body["mcp"] = json!({"url": stub.mcp(), "keys": keys});
        }
        body
    }
}
