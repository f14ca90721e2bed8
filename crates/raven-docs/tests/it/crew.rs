//! A place with people and agents who share tasks: agents come by invites, with the permissions that a test gives them.
//!
//! Owns how they come in, and short words for calling. Must not know what is tested.

use serde_json::{Value, json};

use crate::callers::join;
use crate::driving::mcp;
use crate::operator::{Answer, Operator};
use crate::surroundings::Place;

/// A control plane with an owner; agents come as they are asked in.
pub struct Crew {
    pub place: Place,
}

/// An outside agent.
pub struct Agent {
    pub id: String,
    pub key: String,
}

impl Crew {
    pub fn start() -> Self {
        Self { place: Place::without_runtime() }
    }

    /// Lets an agent in that may do these things.
    pub fn agent(&self, name: &str, permissions: &[&str]) -> Agent {
        let (id, key) = join(&self.place, name, &json!(permissions));
        Agent { id, key }
    }

    /// An agent that may do everything with projects, tasks and memory.
    pub fn worker(&self, name: &str) -> Agent {
        self.agent(
            name,
            &[
                "read:projects",
                "write:projects",
                "read:tasks",
                "write:tasks",
                "assign:tasks",
                "delete:tasks",
                "read:memory",
                "write:memory",
                "write:comments",
                "read:pages",
                "read:spaces",
                "write:pages",
            ],
        )
    }

    /// An agent at the doors of people.
    pub fn by_http(&self, agent: &Agent) -> Operator {
        Operator::with_token(&self.place.base(), &agent.key)
    }

    /// Somebody of a role, by HTTP.
    pub fn person(&self, name: &str, role: &str) -> Operator {
        self.place.person(&self.place.account(&format!("{name}@example.com"), role, &[]))
    }

    /// Calls a tool; answers its result, or its error.
    pub fn tool(&self, agent: &Agent, name: &str, arguments: Value) -> Result<Value, Value> {
        let body =
            mcp(&self.place, &agent.key, "tools/call", json!({ "name": name, "arguments": arguments })).body;
        match body.get("error") {
            Some(error) => Err(error.clone()),
            None => Ok(body["result"]["structuredContent"].clone()),
        }
    }

    /// The id of what the owner makes at a route.
    pub fn made(&self, path: &str, body: Value) -> String {
        let made = self.place.owner().post(path, &body);
        assert_eq!(made.status, 201, "{path} {body}: {}", made.body);
        made.body["id"].as_str().unwrap().to_owned()
    }

    /// The id of a task that the owner makes.
    pub fn task(&self, body: Value) -> String {
        self.made("/api/tasks", body)
    }

    /// A task as its owner sees it.
    pub fn seen(&self, task: &str) -> Value {
        self.place.owner().get(&format!("/api/tasks/{task}")).body
    }
}

/// What the items of a list have under a name.
pub fn each(list: &Value, name: &str) -> Vec<Value> {
    list["items"]
        .as_array()
        .unwrap_or_else(|| panic!("no list: {list}"))
        .iter()
        .map(|item| item[name].clone())
        .collect()
}

/// That an answer is a refusal with this status and code.
pub fn refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status, &answer.body["code"]), (status, &json!(code)), "{}", answer.body);
}
