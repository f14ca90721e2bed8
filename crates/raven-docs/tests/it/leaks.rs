//! What is secret stays where it belongs: it is in no log, in no argument list, and not readable in the database.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::asking::put;
use crate::browser::{Browser, contains};
use crate::driving::mcp;
use crate::operator::{Answer, Operator};
use crate::surroundings::{KEY, PASSWORD, Place};

/// All that a debugging operator can ask the programs to tell of what they do.
const LOUD: &str = "debug,raven_docs=trace,raven_runtime=trace";

/// Secrets by what they are.
type Secrets = Vec<(&'static str, String)>;

fn text(answer: &Answer, field: &str) -> String {
    assert!(answer.status < 300, "{}", answer.body);
    answer.body[field].as_str().unwrap().to_owned()
}

/// Uses everything that has a secret, rightly and wrongly; answers the secrets.
fn use_everything(place: &Place) -> Secrets {
    let (owner, browser) = (place.owner(), place.browsing("owner@example.com"));
    let anyone = Operator::anonymous(&place.base());
    let cookie = place.log_in("owner@example.com").cookie.unwrap();
    let wrong = "my-other-password-77";
    anyone.post("/api/auth/login", &json!({ "email": "owner@example.com", "password": wrong }));
    let begun = browser.post("/api/auth/second-factor", &json!({ "password": PASSWORD }));
    let seed = text(&begun, "secret");
    let token = text(&owner.post("/api/tokens", &json!({ "name": "script" })), "token");
    Operator::with_token(&place.base(), &token).get("/api/auth/me");
    Browser::connect(&place.base(), "/", "", Some(&token)).unwrap();
    let invitation = text(&owner.post("/api/invitations", &json!({ "role": "member" })), "token");
    anyone.post("/api/auth/join/look", &json!({ "token": invitation }));
    let invites = "/api/parallax-agents/invites";
    let wanted = json!({ "name": "Partners", "permissions": ["read:pages"] });
    let invite = text(&owner.post(invites, &wanted), "token");
    let body = json!({ "inviteToken": invite, "agentId": "pat-1", "name": "Pat" });
    let agent_key = text(&anyone.post("/api/parallax-agents/register", &body), "mcpApiKey");
    mcp(place, &agent_key, "tools/list", json!({}));
    let provider_key = "sk-or-0123456789-secret";
    let keys = "/api/parallax-agents/runtime/keys/openrouter";
    assert!(put(&owner, keys, json!({ "key": provider_key })).status < 300);
    let hook = json!({ "name": "Hook", "url": "http://127.0.0.1:9/", "topics": ["error"] });
    let signing = text(&owner.post("/api/webhooks", &hook), "secret");
    let (agent, variable) = spawn_with_a_secret(place);
    let session = place.session_of(&agent)["id"].as_str().unwrap().to_owned();
    let link = text(&owner.post(&format!("/api/terminal/sessions/{session}/links"), &json!({})), "token");
    Browser::connect_with(&place.base(), "/terminal", "", Some(json!({ "link": link }))).unwrap();
    let typed = type_a_secret(place, &agent);
    let named = |name, secret: &str| (name, secret.to_owned());
    let cookie = cookie.split_once('=').unwrap().1.split(';').next().unwrap().to_owned();
    vec![
        named("password", PASSWORD),
        named("wrong password", wrong),
        ("cookie", cookie),
        ("seed of the second factor", seed),
        ("personal token", token),
        ("the owner's token", place.token_of("owner@example.com")),
        ("invitation", invitation),
        ("invite", invite),
        ("key of an agent", agent_key),
        named("runtime's key", KEY),
        named("provider's key", provider_key),
        ("secret of a webhook", signing),
        ("variable of a spawn", variable),
        ("link", link),
        ("typed text", typed),
    ]
}

fn spawn_with_a_secret(place: &Place) -> (String, String) {
    let variable = "deep-secret-of-a-variable";
    let body = json!({ "agentType": "custom",
        "config": { "command": ["bash", "-c", "stty -echo; printf go; read x; exec cat"], "env": { "HIDDEN": variable } } });
    let spawned = place.owner().post("/api/parallax-agents/spawn", &body);
    assert_eq!(spawned.status, 201, "{}", spawned.body);
    let agent = spawned.body["spawnedAgents"][0]["id"].as_str().unwrap().to_owned();
    place.agent_that_is(&agent, "ready");
    (agent, variable.to_owned())
}

/// Types what is not shown, as one types a password.
fn type_a_secret(place: &Place, agent: &str) -> String {
    let typed = "hunter2-is-what-i-typed";
    let mut terminal = place.browser("/terminal");
    terminal.emit("attach", &json!({ "agentId": agent }));
    terminal.next("attached");
    terminal.see("go");
    let taken = terminal.ask("input", &Value::String(format!("{typed}\n")));
    assert!(taken.to_string().contains("true") || !taken.to_string().contains("error"), "{taken}");
    typed.to_owned()
}

/// Files of a folder in which a text stands, apart from those that are its place.
fn files_with(folder: &Path, secret: &str, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            files_with(&path, secret, found);
        } else if fs::read(&path).is_ok_and(|bytes| contains(&bytes, secret.as_bytes())) {
            found.push(path.display().to_string());
        }
    }
}

/// Processes whose arguments have a text.
fn argv_with(secret: &str) -> Vec<String> {
    let entries = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let lines = entries.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    let told = lines.filter(|line| contains(line, secret.as_bytes()));
    told.map(|line| String::from_utf8_lossy(&line).replace('\0', " ")).collect()
}

#[test]
fn no_secret_is_logged_given_as_an_argument_or_readable_in_the_database() {
    let mut place = Place::bare();
    place.log_level = Some(LOUD);
    place.start_runtime();
    place.start_docs();
    let secrets = use_everything(&place);
    let log = fs::read(place.path("log")).unwrap();
    assert!(contains(&log, b" DEBUG "), "the log is there, and loud");
    for (name, secret) in &secrets {
        assert!(secret.len() >= 8, "{name}");
        if contains(&log, secret.as_bytes()) {
            let log = String::from_utf8_lossy(&log);
            let line = log.lines().find(|line| line.contains(secret.as_str())).unwrap_or_default();
            panic!("{name} is in the log: {line}");
        }
        assert_eq!(argv_with(secret), Vec::<String>::new(), "{name} is an argument");
        let mut found = Vec::new();
        files_with(&place.path("docs"), secret, &mut found);
        // What is typed is recorded, on purpose: see Settings → Recording.
        found.retain(|path| *name != "typed text" || !path.contains("recordings"));
        assert_eq!(found, Vec::<String>::new(), "{name} can be read");
    }
}
