//! Projects: what belongs together, and who may end it.

use serde_json::{Value, json};

use crate::crew::{Crew, each, refused};

#[test]
fn a_project_is_made_changed_and_removed_when_nothing_is_open() {
    let crew = Crew::start();
    let owner = crew.place.owner();
    let mut events = crew.place.browser("/");
    let made = owner.post("/api/projects", &json!({ "name": "Release", "description": "**Soon**" }));
    assert_eq!((made.status, &made.body["isAgentAccessible"]), (201, &json!(true)), "{}", made.body);
    assert_eq!(made.body["agentAccessible"], Value::Null);
    let id = made.body["id"].as_str().unwrap();
    let route = format!("/api/projects/{id}");
    assert_eq!(events.next("project:changed").args[0], json!({ "projectId": id }));
    let task = crew.task(json!({ "title": "One", "projectId": id }));
    crew.task(json!({ "title": "Two", "projectId": id, "status": "done" }));
    let changed = owner.patch(&route, &json!({ "name": "Release 2", "agentAccessible": false })).body;
    assert_eq!((&changed["name"], &changed["description"]), (&json!("Release 2"), &json!("**Soon**")));
    assert_eq!((&changed["agentAccessible"], &changed["isAgentAccessible"]), (&json!(false), &json!(false)));
    let counts = json!({ "todo": 1, "in_progress": 0, "blocked": 0, "done": 1, "cancelled": 0 });
    assert_eq!(owner.get(&route).body["taskCounts"], counts);
    assert_eq!(each(&owner.get("/api/projects").body, "taskCounts"), [counts]);
    refused(&owner.delete(&route), 409, "PROJECT_HAS_TASKS");
    refused(&crew.person("mel", "member").delete(&route), 403, "FORBIDDEN");
    assert_eq!(owner.post(&format!("/api/tasks/{task}/complete"), &json!({})).status, 200);
    assert_eq!(owner.delete(&route).status, 204);
    assert_eq!(owner.get(&route).status, 404);
    let left = crew.seen(&task);
    assert_eq!(
        (&left["projectId"], &left["isAgentAccessible"]),
        (&Value::Null, &json!(false)),
        "what was closed stays so"
    );
    for bad in [
        json!({}),
        json!({ "name": "" }),
        json!({ "name": "x".repeat(201) }),
        json!({ "name": "x", "slug": "y" }),
    ] {
        refused(&owner.post("/api/projects", &bad), 422, "INVALID");
    }
    let viewer = crew.person("vi", "viewer");
    refused(&viewer.post("/api/projects", &json!({ "name": "Mine" })), 403, "FORBIDDEN");
    assert_eq!(viewer.get("/api/projects").status, 200);
}

#[test]
fn projects_are_listed_newest_first_page_by_page() {
    let crew = Crew::start();
    for name in ["a", "b", "c"] {
        crew.made("/api/projects", json!({ "name": name }));
    }
    let first = crew.place.owner().get("/api/projects?limit=2").body;
    assert_eq!(each(&first, "name"), ["c", "b"]);
    let next = format!("/api/projects?limit=2&cursor={}", first["nextCursor"].as_str().unwrap());
    let last = crew.place.owner().get(&next).body;
    assert_eq!((each(&last, "name"), &last["nextCursor"]), (vec![json!("a")], &Value::Null));
}
