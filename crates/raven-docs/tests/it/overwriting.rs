//! Writes that do not say what they are based on: they are done, and what they replace is told and kept.

use serde_json::{Value, json};

use crate::crew::{Crew, each, refused};

#[test]
fn what_a_page_was_before_a_blind_write_is_in_its_history() {
    let crew = Crew::start();
    let agent = crew.worker("agent");
    let space = crew.made("/api/spaces", json!({ "name": "S" }));
    let id = crew.made("/api/pages", json!({ "spaceId": space, "title": "First", "content": "theirs" }));
    let (owner, path) = (crew.place.owner(), format!("/api/pages/{id}"));
    let blind = owner.patch(&path, &json!({ "title": "Second", "content": "mine" })).body;
    assert_eq!((&blind["version"], &blind["replacedVersion"]), (&json!(2), &json!(1)), "{blind}");
    let told = crew.tool(&agent, "page_update", json!({ "pageId": id, "append": "more" })).unwrap();
    assert_eq!((&told["version"], &told["replacedVersion"]), (&json!(3), &json!(2)), "{told}");
    let same = owner.patch(&path, &json!({ "title": "Second" })).body;
    assert_eq!(
        (&same["version"], &same["replacedVersion"]),
        (&json!(3), &Value::Null),
        "nothing was replaced"
    );
    let history = owner.get(&format!("{path}/history")).body;
    let kept: Vec<Value> = each(&history, "id")
        .iter()
        .map(|state| owner.get(&format!("{path}/history/{}", state.as_str().unwrap())).body)
        .map(|state| json!([state["version"], state["title"], state["content"]]))
        .collect();
    let all = json!([[3, "Second", "mine\nmore"], [2, "Second", "mine"], [1, "First", "theirs"]]);
    assert_eq!(json!(kept), all);
}

#[test]
fn what_a_task_said_before_a_blind_write_is_in_its_history() {
    let crew = Crew::start();
    let (agent, blind) = (crew.worker("agent"), crew.agent("blind", &["write:tasks"]));
    let id = crew.task(json!({ "title": "First", "description": "theirs" }));
    let (owner, path) = (crew.place.owner(), format!("/api/tasks/{id}"));
    let history = format!("{path}/history");
    assert_eq!(owner.get(&history).body["items"], json!([]));
    let written = owner.patch(&path, &json!({ "description": "mine" })).body;
    assert_eq!((&written["version"], &written["replacedVersion"]), (&json!(2), &json!(1)), "{written}");
    owner.patch(&path, &json!({ "priority": "low" }));
    let told = crew.tool(&agent, "task_update", json!({ "taskId": id, "title": "Second" })).unwrap();
    assert_eq!((&told["version"], &told["replacedVersion"]), (&json!(4), &json!(3)), "{told}");
    let kept = owner.get(&history).body;
    assert_eq!(each(&kept, "version"), [json!(3), json!(1)], "words alone are kept: {kept}");
    assert_eq!(each(&kept, "title"), [json!("First"), json!("First")]);
    assert_eq!(each(&kept, "description"), [json!("mine"), json!("theirs")]);
    let by = each(&kept, "replacedBy");
    assert_eq!((&by[0]["name"], &by[1]["name"]), (&json!("agent"), &json!("Olga")));
    assert_eq!(each(&owner.get(&format!("{history}?limit=1&cursor=3")).body, "version"), [json!(1)]);
    assert_eq!(crew.by_http(&agent).get(&history).status, 200);
    refused(&crew.by_http(&blind).get(&history), 403, "FORBIDDEN");
    refused(&owner.get(&format!("{history}?cursor=x")), 422, "INVALID");
    assert_eq!(owner.patch(&path, &json!({ "agentAccessible": false })).status, 200);
    assert_eq!(crew.by_http(&agent).get(&history).status, 403, "it is closed to agents");
    for nth in 0..120 {
        crew.place.sql(&format!(
            "INSERT INTO task_texts SELECT task_id, {nth} - 200, title, description, replaced_at, replaced_by_kind, \
             replaced_by, replaced_by_name FROM task_texts WHERE version = 1"
        ));
    }
    owner.patch(&path, &json!({ "title": "Third" }));
    assert_eq!(crew.place.asked("SELECT count(*) FROM task_texts"), ["100"], "the newest hundred");
    let stranger = crew.place.account("s@example.com", "admin", &["--workspace", "Elsewhere"]);
    assert_eq!(crew.place.person(&stranger).get(&history).status, 404);
    assert_eq!(owner.delete(&path).status, 204);
    assert_eq!(crew.place.asked("SELECT count(*) FROM task_texts"), ["0"]);
}

#[test]
fn a_long_description_is_read_part_by_part() {
    let crew = Crew::start();
    let agent = crew.worker("agent");
    let text: String = (1..=2000).map(|n| format!("line {n} {}\n", "x".repeat(40))).collect();
    let id = crew.task(json!({ "title": "Long", "description": text }));
    let read = |more: Value| {
        let mut arguments = json!({ "taskId": id });
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        crew.tool(&agent, "task_get", arguments)
    };
    let (mut whole, mut start) = (String::new(), 1);
    loop {
        let part = read(json!({ "range": { "start": start } })).unwrap();
        whole += part["description"].as_str().unwrap();
        assert_eq!((&part["range"]["start"], &part["range"]["total"]), (&json!(start), &json!(2000)));
        start = part["range"]["end"].as_u64().unwrap() + 1;
        if start > 2000 {
            break;
        }
    }
    assert_eq!(whole, text);
    let first = read(json!({})).unwrap();
    assert!(first["description"].as_str().unwrap().len() < text.len(), "of a long one the first lines");
    let two = read(json!({ "range": { "start": 2, "end": 2 } })).unwrap();
    assert_eq!(two["description"], format!("line 2 {}\n", "x".repeat(40)));
    assert_eq!(read(json!({ "range": { "start": 0 } })).unwrap_err()["code"], -32602);
}
