//! A place where somebody asks and others decide: agents with keys at a foreign runtime, and people.

use serde_json::{Value, json};

use crate::driving::spawned;
use crate::foreign::Foreign;
use crate::operator::{Answer, Operator};
use crate::programs::wait_for;
use crate::surroundings::Place;

/// A control plane, its runtime, and an agent of the owner's that may delegate.
pub struct Asking {
    pub place: Place,
    pub foreign: Foreign,
    pub agent: String,
    pub key: String,
}

impl Asking {
    pub fn start() -> Self {
        Self::with(&["delegate:agents", "read:pages"])
    }

    pub fn with(permissions: &[&str]) -> Self {
        let (place, foreign, agent, asked) = spawned(json!({ "permissions": permissions, "name": "Scout" }));
        let key = asked["mcp"]["keys"][&agent].as_str().unwrap().to_owned();
        Self { place, foreign, agent, key }
    }

    /// Calls a tool; answers its result, or its error.
    pub fn tool(&self, name: &str, arguments: Value) -> Result<Value, Value> {
        self.tools(&self.key).call(name, &arguments)
    }

    /// The tools, as an agent with a key calls them.
    pub fn tools(&self, key: &str) -> Tools {
        let accept = "text/event-stream, application/json";
        Tools(Operator::with_token(&self.place.base(), key).header("accept", accept))
    }

    /// Puts a policy in the place of the workspace's.
    pub fn policy(&self, rules: Value) {
        self.policy_at("/api/policies", rules);
    }

    pub fn policy_at(&self, path: &str, rules: Value) {
        let version = self.place.owner().get(path).body["version"].clone();
        let put = put(&self.place.owner(), path, json!({ "version": version, "rules": rules }));
        assert_eq!(put.status, 200, "{}", put.body);
    }

    /// Somebody of a role, by HTTP.
    pub fn person(&self, name: &str, role: &str) -> Operator {
        self.place.person(&self.place.account(&format!("{name}@example.com"), role, &[]))
    }

    /// The id of a request of the agent to spawn another.
    pub fn asks_to_spawn(&self) -> String {
        let refused =
            self.tool("agent_spawn", json!({ "agentType": "custom", "name": "Helper" })).unwrap_err();
        assert_eq!(refused["code"], -32005, "{refused}");
        refused["data"]["requestId"].as_str().unwrap().to_owned()
    }

    /// Waits until a request is in a state; answers it.
    pub fn approval_that_is(&self, id: &str, state: &str) -> Value {
        let (owner, path) = (self.place.owner(), format!("/api/approvals/{id}"));
        wait_for(&format!("approval that is {state}"), || {
            let body = owner.get(&path).body;
            (body["state"] == state).then_some(body)
        })
    }
}

/// An agent that calls tools.
pub struct Tools(Operator);

impl Tools {
    pub fn call(&self, name: &str, arguments: &Value) -> Result<Value, Value> {
        let params = json!({ "name": name, "arguments": arguments });
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
        let body = self.0.post("/mcp", &request).body;
        match body.get("error") {
            Some(error) => Err(error.clone()),
            None => Ok(body["result"]["structuredContent"].clone()),
        }
    }
}

pub fn put(by: &Operator, path: &str, body: Value) -> Answer {
    by.call("PUT", path, Some(body.to_string()))
}

pub fn approve(by: &Operator, id: &str) -> Answer {
    by.post(&format!("/api/approvals/{id}/approve"), &json!({}))
}

pub fn reject(by: &Operator, id: &str, reason: &str) -> Answer {
    by.post(&format!("/api/approvals/{id}/reject"), &json!({ "reason": reason }))
}
