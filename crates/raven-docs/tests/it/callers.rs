//! Everybody who may try to call: one of each kind, with the credentials that they have.
//!
//! Owns how each comes by them, always by the public ways. Must not know who may do what.

use serde_json::{Value, json};

use crate::foreign::Foreign;
use crate::operator::{Operator, wait};
use crate::surroundings::{KEY, PASSWORD, Place};

/// A kind of caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Anonymous,
    Viewer,
    Member,
    Admin,
    Owner,
    /// The owner, by cookie from a page of the server.
    OwnerInBrowser,
    /// An admin of another workspace.
    Stranger,
    /// An agent with every permission there is.
    AgentWith,
    /// An agent with none.
    AgentWithout,
    /// An agent that had every permission until it was revoked.
    AgentRevoked,
    /// The workspace's runtime, by its key.
    Runtime,
    /// A runtime, by the callback token of one spawn.
    Callback,
    /// The control plane outside that the settings name, by its key.
    ControlPlane,
}

/// What the control plane outside proves itself with.
const PLANE: &str = "plane-key-0123456789";

/// One of each, in one workspace, beside a spawned agent.
pub struct Callers {
    pub place: Place,
    /// The runtime, which answers as long as this lives.
    _foreign: Foreign,
    pub workspace: String,
    /// A spawned agent, and its terminal session at its runtime.
    pub agent: String,
    pub session: Value,
    /// The credential of each; empty for nobody, a cookie for the browser.
    pub all: Vec<(Who, String)>,
}

impl Callers {
    pub fn gather() -> Self {
        let place = Place::without_runtime();
        let foreign = Foreign::start();
        let settings = json!({ "runtimeEndpoint": foreign.address, "runtimeApiKey": KEY,
            "hostingMode": "parallax", "controlPlaneUrl": "http://127.0.0.1:9", "controlPlaneKey": PLANE });
        assert_eq!(place.owner().patch("/api/workspace/agent-settings", &settings).status, 200);
        let workspace = place.owner().get("/api/auth/me").body["workspaceId"].as_str().unwrap().to_owned();
        let agent = place.spawn(&["cat"]);
        let callback = foreign.asked("/api/spawn")["callbackToken"].as_str().unwrap().to_owned();
        // A spawn that nobody tells of is given up after a minute, which a slow machine takes for all routes.
        let told = json!({ "workspaceId": workspace, "agentId": agent, "status": "ready" });
        assert_eq!(place.person(&callback).post("/api/parallax-agents/spawn-callback", &told).status, 204);
        let session = place.session_of(&agent);
        let account =
            |name: &str, role: &str, more: &[&str]| place.account(&format!("{name}@example.com"), role, more);
        let (with, without, revoked) = agents(&place);
        let all = vec![
            (Who::Anonymous, String::new()),
            (Who::Viewer, account("viewer", "viewer", &[])),
            (Who::Member, account("member", "member", &[])),
            (Who::Admin, account("admin", "admin", &[])),
            (Who::Owner, place.owner.clone()),
            (Who::OwnerInBrowser, cookie(&place)),
            (Who::Stranger, account("stranger", "admin", &["--workspace", "Elsewhere"])),
            (Who::AgentWith, with),
            (Who::AgentWithout, without),
            (Who::AgentRevoked, revoked),
            (Who::Runtime, KEY.to_owned()),
            (Who::Callback, callback),
            (Who::ControlPlane, PLANE.to_owned()),
        ];
        Self { place, _foreign: foreign, workspace, agent, session, all }
    }

    /// A caller, by HTTP.
    pub fn by_http(&self, who: Who) -> Operator {
        let base = self.place.base();
        match (who, self.credential(who)) {
            (Who::Anonymous, _) => Operator::anonymous(&base),
            (Who::OwnerInBrowser, cookie) => {
                Operator::anonymous(&base).header("cookie", cookie).header("origin", &base)
            }
            (_, token) => Operator::with_token(&base, token),
        }
    }

    pub fn credential(&self, who: Who) -> &str {
        self.all.iter().find(|(known, _)| *known == who).map(|(_, credential)| credential).unwrap()
    }
}

/// The keys of three outside agents: with every permission, with none, and revoked.
fn agents(place: &Place) -> (String, String, String) {
    let everything = permissions(place);
    let (id, revoked) = join(place, "revoked", &everything);
    let answer =
        place.owner().post(&format!("/api/parallax-agents/{id}/revoke"), &json!({ "reason": "over" }));
    assert!(answer.status < 300, "{}", answer.body);
    (join(place, "with", &everything).1, join(place, "without", &json!([])).1, revoked)
}

/// Every permission that the server knows, by its own description.
fn permissions(place: &Place) -> Value {
    let description = Operator::anonymous(&place.base()).get("/api/openapi.json").body;
    description["components"]["schemas"]["Permission"]["enum"].clone()
}

/// An outside agent that comes by an invite; answers its id and key.
pub fn join(place: &Place, name: &str, permissions: &Value) -> (String, String) {
    let invite = json!({ "name": name, "permissions": permissions });
    let invite = place.owner().post("/api/parallax-agents/invites", &invite);
    assert_eq!(invite.status, 201, "{}", invite.body);
    let id = format!("outside-{name}");
    let body = json!({ "inviteToken": invite.body["token"], "agentId": id, "agentName": name });
    let joined = Operator::anonymous(&place.base()).post("/api/parallax-agents/register", &body);
    assert_eq!(joined.status, 201, "{}", joined.body);
    (id, joined.body["mcpApiKey"].as_str().unwrap().to_owned())
}

/// The owner's cookie.
fn cookie(place: &Place) -> String {
    crate::browser::choose_tls();
    let body = json!({ "email": "owner@example.com", "password": PASSWORD });
    let signing_in = reqwest::Client::new().post(format!("{}/api/auth/login", place.base())).json(&body);
    let answer = wait(signing_in.send()).unwrap();
    let cookie = answer.headers().get("set-cookie").unwrap().to_str().unwrap();
    cookie.split(';').next().unwrap().to_owned()
}
