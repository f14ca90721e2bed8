//! Tasks: their life, their order, and that nobody's change is lost.

use serde_json::{Value, json};

use crate::crew::{Crew, each, refused};
use crate::operator::at_once;
use crate::programs::wait_for;

fn path(task: &str, deed: &str) -> String {
    format!("/api/tasks/{task}/{deed}")
}

#[test]
fn a_task_is_made_changed_and_done() {
    let crew = Crew::start();
    let owner = crew.place.owner();
    let mut events = crew.place.browser("/");
    let project = crew.made("/api/projects", json!({ "name": "Release" }));
    let body = json!({
        "title": " Write notes ", "description": "# Notes", "priority": "high", "bucket": "now",
        "dueDate": "2026-12-24", "projectId": project,
    });
    let made = owner.post("/api/tasks", &body);
    assert_eq!(made.status, 201, "{}", made.body);
    let id = made.body["id"].as_str().unwrap();
    for (field, value) in [
        ("number", json!(1)),
        ("title", json!("Write notes")),
        ("description", json!("# Notes")),
        ("status", json!("todo")),
        ("priority", json!("high")),
        ("bucket", json!("now")),
        ("dueDate", json!("2026-12-24")),
        ("projectId", json!(project)),
        ("assignee", Value::Null),
        ("agentAccessible", Value::Null),
        ("isAgentAccessible", json!(true)),
        ("version", json!(1)),
        ("completedAt", Value::Null),
    ] {
        assert_eq!(made.body[field], value, "{field}");
    }
    assert_eq!(
        (&made.body["createdBy"]["kind"], &made.body["createdBy"]["name"]),
        (&json!("user"), &json!("Olga"))
    );
    let heard = events.next("task:changed").args[0].clone();
    assert_eq!(heard, json!({ "taskId": id, "projectId": project }), "ids alone");

    let changed =
        owner.patch(&format!("/api/tasks/{id}"), &json!({ "status": "in_progress", "dueDate": null })).body;
    assert_eq!(
        (&changed["status"], &changed["dueDate"], &changed["version"]),
        (&json!("in_progress"), &Value::Null, &json!(2))
    );
    assert_eq!(changed["description"], "# Notes", "what is not named stays");
    let same = owner.patch(&format!("/api/tasks/{id}"), &json!({ "status": "in_progress" })).body;
    assert_eq!(same["version"], 2, "nothing changed");
    let done = owner.post(&path(id, "complete"), &json!({})).body;
    assert_eq!(done["status"], "done");
    assert!(done["completedAt"].is_string(), "{done}");
    assert_eq!(owner.post(&path(id, "complete"), &json!({})).body["version"], done["version"], "once");
    let opened = owner.patch(&format!("/api/tasks/{id}"), &json!({ "status": "todo" })).body;
    assert_eq!(opened["completedAt"], Value::Null);
    assert_eq!(owner.delete(&format!("/api/tasks/{id}")).status, 204);
    assert_eq!(owner.get(&format!("/api/tasks/{id}")).status, 404);
    let next = owner.post("/api/tasks", &json!({ "title": "Next" })).body;
    assert_eq!(next["number"], 2, "a number is given once");
    let feed = each(&owner.get("/api/activity").body, "kind");
    for kind in ["task_created", "task_changed", "task_completed", "task_deleted", "project_created"] {
        assert!(feed.contains(&json!(kind)), "{kind} in {feed:?}");
    }
}

#[test]
fn what_is_no_task_is_refused_by_name() {
    let crew = Crew::start();
    let owner = crew.place.owner();
    let id = crew.task(json!({ "title": "One" }));
    for (bad, field) in [
        (json!({ "title": " " }), "title"),
        (json!({ "title": "x".repeat(301) }), "title"),
        (json!({ "title": "two\nlines" }), "title"),
        (json!({ "title": "x", "description": "x".repeat(128 * 1024 + 1) }), "description"),
        (json!({ "title": "x", "status": "later" }), "later"),
        (json!({ "title": "x", "priority": "none" }), "none"),
        (json!({ "title": "x", "dueDate": "2026-02-30" }), "2026-02-30"),
        (json!({ "title": "x", "assigneeId": "usr_none" }), "assigneeId"),
        (json!({ "title": "x", "colour": "red" }), "colour"),
    ] {
        for answer in [owner.post("/api/tasks", &bad), owner.patch(&format!("/api/tasks/{id}"), &bad)] {
            refused(&answer, 422, "INVALID");
            assert!(answer.body["detail"].as_str().unwrap().contains(field), "{bad}: {}", answer.body);
        }
    }
    refused(&owner.post("/api/tasks", &json!({ "title": "x", "projectId": "prj_none" })), 404, "NOT_FOUND");
    assert_eq!(crew.seen(&id)["version"], 1);
}

#[test]
fn lists_show_what_is_asked_for_page_by_page() {
    let crew = Crew::start();
    let owner = crew.place.owner();
    let project = crew.made("/api/projects", json!({ "name": "P" }));
    let me = crew.place.id_of("owner@example.com");
    let all = [
        json!({ "title": "Fix the LOGIN form", "projectId": project, "status": "todo", "bucket": "now" }),
        json!({ "title": "100% done", "status": "done", "assigneeId": me }),
        json!({ "title": "under_score", "status": "todo", "assigneeId": me }),
        json!({ "title": "Other", "projectId": project, "status": "blocked" }),
    ];
    for body in all {
        crew.task(body);
    }
    for (query, titles) in [
        ("", vec!["Fix the LOGIN form", "100% done", "under_score", "Other"]),
        ("status=todo", vec!["Fix the LOGIN form", "under_score"]),
        ("status=cancelled", vec![]),
        (&format!("projectId={project}"), vec!["Fix the LOGIN form", "Other"]),
        ("projectId=none", vec!["100% done", "under_score"]),
        (&format!("assigneeId={me}&status=done"), vec!["100% done"]),
        ("bucket=now", vec!["Fix the LOGIN form"]),
        ("q=login", vec!["Fix the LOGIN form"]),
        ("q=0%25", vec!["100% done"]),
        ("q=r_s", vec!["under_score"]),
        ("q=%234", vec!["Other"]),
        ("q=nothing", vec![]),
    ] {
        let mut found: Vec<String> = each(&owner.get(&format!("/api/tasks?{query}")).body, "title")
            .iter()
            .map(|title| title.as_str().unwrap().to_owned())
            .collect();
        found.sort();
        let mut titles = titles;
        titles.sort_unstable();
        assert_eq!(found, titles, "{query}");
    }
    let whole = each(&owner.get("/api/tasks").body, "id");
    let (mut paged, mut cursor) = (Vec::new(), String::new());
    for _ in 0..4 {
        let page = owner.get(&format!("/api/tasks?limit=1{cursor}")).body;
        paged.extend(each(&page, "id"));
        cursor = format!("&cursor={}", page["nextCursor"].as_str().unwrap_or_default());
    }
    assert_eq!(paged, whole);
    assert_eq!(cursor, "&cursor=", "the end");
    assert!(owner.get("/api/tasks").body["items"][0].get("description").is_none(), "lists are small");
    for bad in ["cursor=x", "limit=0", "status=now"] {
        assert!(owner.get(&format!("/api/tasks?{bad}")).status >= 400, "{bad}");
    }
}

/// The titles of a column, from its top.
fn column(crew: &Crew, status: &str) -> String {
    let found = crew.place.owner().get(&format!("/api/tasks?status={status}&limit=200")).body;
    each(&found, "title").iter().map(|title| title.as_str().unwrap().to_owned()).collect::<Vec<_>>().join(" ")
}

#[test]
fn tasks_keep_the_order_that_people_give_them() {
    let crew = Crew::start();
    let owner = crew.place.owner();
    let ids: Vec<String> = ["c", "b", "a"].iter().map(|title| crew.task(json!({ "title": title }))).collect();
    let (c, b, a) = (&ids[0], &ids[1], &ids[2]);
    assert_eq!(column(&crew, "todo"), "a b c", "the newest at the top");
    let put = |task: &str, body: Value| {
        let moved = owner.post(&path(task, "move"), &body);
        assert_eq!(moved.status, 200, "{body}: {}", moved.body);
    };
    put(c, json!({ "before": a }));
    assert_eq!(column(&crew, "todo"), "c a b");
    put(c, json!({ "before": b }));
    assert_eq!(column(&crew, "todo"), "a c b");
    put(a, json!({ "status": "todo" }));
    assert_eq!(column(&crew, "todo"), "c b a");
    put(b, json!({ "status": "in_progress" }));
    put(c, json!({ "status": "in_progress", "before": b }));
    assert_eq!((column(&crew, "todo").as_str(), column(&crew, "in_progress").as_str()), ("a", "c b"));
    assert_eq!(owner.patch(&format!("/api/tasks/{a}"), &json!({ "status": "in_progress" })).status, 200);
    assert_eq!(column(&crew, "in_progress"), "a c b", "at the top of the column that it comes into");
    for _ in 0..15 {
        put(b, json!({ "before": c }));
        put(a, json!({ "before": b }));
        put(b, json!({ "before": a }));
    }
    assert_eq!(column(&crew, "in_progress"), "b a c", "however often");
    refused(&owner.post(&path(a, "move"), &json!({ "before": a })), 422, "INVALID");
    let todo = crew.task(json!({ "title": "elsewhere" }));
    refused(&owner.post(&path(a, "move"), &json!({ "before": todo })), 422, "INVALID");
    refused(&owner.post(&path(a, "move"), &json!({ "before": "tsk_none" })), 404, "NOT_FOUND");
}

#[test]
fn a_column_without_room_is_spread() {
    let crew = Crew::start();
    let owner = crew.place.owner();
    let ids: Vec<String> = ["c", "b", "a"].iter().map(|title| crew.task(json!({ "title": title }))).collect();
    for (at, id) in ids.iter().rev().enumerate() {
        crew.place.sql(&format!("UPDATE tasks SET position = {at} WHERE id = '{id}'"));
    }
    let moved = owner.post(&path(&ids[0], "move"), &json!({ "before": ids[1] }));
    assert_eq!((moved.status, column(&crew, "todo").as_str()), (200, "a c b"), "{}", moved.body);
}

#[test]
fn of_two_edits_at_once_one_is_told_what_it_would_undo() {
    let crew = Crew::start();
    let id = crew.task(json!({ "title": "Draft", "description": "one\ntwo\n" }));
    let people: Vec<_> = (0..4).map(|n| crew.person(&format!("m{n}"), "member")).collect();
    let route = format!("/api/tasks/{id}");
    let answers: Vec<_> = std::thread::scope(|all| {
        let edits: Vec<_> = people
            .iter()
            .enumerate()
            .map(|(n, person)| {
                let body = json!({ "version": 1, "description": format!("one\n{n}\n") });
                let route = &route;
                all.spawn(move || person.patch(route, &body))
            })
            .collect();
        edits.into_iter().map(|edit| edit.join().unwrap()).collect()
    });
    let won: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(won.len(), 1, "one wins");
    assert_eq!(crew.seen(&id)["description"], won[0].body["description"]);
    let kept = won[0].body["description"].as_str().unwrap().lines().nth(1).unwrap().to_owned();
    for lost in answers.iter().filter(|answer| answer.status != 200) {
        refused(lost, 409, "STALE_VERSION");
        assert_eq!(lost.body["currentVersion"], 2, "{}", lost.body);
        let difference = lost.body["difference"].as_str().unwrap();
        assert!(difference.contains(&format!("\n-{kept}\n")), "{difference}");
    }
    // Who gives no version changes what they name, and nothing else.
    assert_eq!(people[0].patch(&route, &json!({ "priority": "low" })).body["version"], 3);
}

#[test]
fn of_many_who_claim_a_task_at_once_one_gets_it() {
    let crew = Crew::start();
    let id = crew.task(json!({ "title": "Take me" }));
    let agents: Vec<_> = (0..3).map(|n| crew.worker(&format!("w{n}"))).collect();
    let people: Vec<_> = (0..2).map(|n| crew.person(&format!("p{n}"), "member")).collect();
    let callers = agents.iter().map(|agent| crew.by_http(agent)).chain(people);
    let answers = at_once(callers.map(|by| (by, path(&id, "claim"), json!({}))).collect());
    let won: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(won.len(), 1, "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
    for lost in answers.iter().filter(|answer| answer.status != 200) {
        refused(lost, 409, "TASK_TAKEN");
    }
    let seen = crew.seen(&id);
    assert_eq!(seen["assignee"], won[0].body["assignee"]);
    assert_eq!(seen["version"], 2);
    let winner = agents.iter().find(|agent| seen["assignee"]["id"] == json!(agent.id));
    if let Some(winner) = winner {
        assert_eq!(
            crew.by_http(winner).post(&path(&id, "claim"), &json!({})).body["version"],
            2,
            "its own already"
        );
    }
    let over = crew.task(json!({ "title": "Over", "status": "done" }));
    refused(&crew.place.owner().post(&path(&over, "claim"), &json!({})), 409, "TASK_OVER");
}

#[test]
fn a_task_is_for_somebody_of_the_workspace() {
    let crew = Crew::start();
    let owner = crew.place.owner();
    let id = crew.task(json!({ "title": "Whose?" }));
    crew.place.account("elsewhere@example.com", "admin", &["--workspace", "Elsewhere"]);
    let stranger = crew.place.asked("SELECT id FROM users WHERE email = 'elsewhere@example.com'").remove(0);
    let revoked = crew.worker("revoked");
    let gone = owner.post(&format!("/api/parallax-agents/{}/revoke", revoked.id), &json!({}));
    assert!(gone.status < 300, "{}", gone.body);
    for nobody in [stranger.as_str(), revoked.id.as_str(), "agt_none", "usr_none", ""] {
        let body = json!({ "assigneeId": nobody });
        refused(&owner.post(&path(&id, "assign"), &body), 422, "INVALID");
        refused(&owner.patch(&format!("/api/tasks/{id}"), &body), 422, "INVALID");
    }
    assert_eq!(crew.seen(&id)["assignee"], Value::Null);
    let worker = crew.worker("worker");
    let assigned = owner.post(&path(&id, "assign"), &json!({ "assigneeId": worker.id })).body;
    assert_eq!(assigned["assignee"], json!({ "kind": "agent", "id": worker.id, "name": "worker" }));
    let theirs = owner.get(&format!("/api/tasks?assigneeId={}", worker.id)).body;
    assert_eq!(each(&theirs, "id"), [json!(id)]);
    refused(&owner.post(&path(&id, "assign"), &json!({})), 422, "INVALID");
    assert_eq!(
        owner.post(&path(&id, "assign"), &json!({ "assigneeId": null })).body["assignee"],
        Value::Null
    );
}

#[test]
fn what_somebody_leaves_undone_is_nobodys() {
    let crew = Crew::start();
    let owner = crew.place.owner();
    let worker = crew.worker("worker");
    crew.person("mel", "member");
    let mel = crew.place.id_of("mel@example.com");
    let made =
        |who: &str, status: &str| crew.task(json!({ "title": who, "status": status, "assigneeId": who }));
    let (open, done, hers) = (made(&worker.id, "blocked"), made(&worker.id, "done"), made(&mel, "todo"));
    let revoked = owner.post(&format!("/api/parallax-agents/{}/revoke", worker.id), &json!({}));
    assert!(revoked.status < 300, "{}", revoked.body);
    assert!(owner.delete(&format!("/api/members/{mel}")).status < 300);
    for task in [open, hers] {
        let seen = crew.seen(&task);
        assert_eq!((&seen["assignee"], &seen["version"]), (&Value::Null, &json!(2)), "{seen}");
    }
    assert_eq!(crew.seen(&done)["assignee"]["id"], json!(worker.id), "who did it did it");
}

#[test]
fn a_person_is_told_of_a_task_that_is_theirs_now_and_nobody_else_is() {
    let crew = Crew::start();
    let mel = crew.person("mel", "member");
    let other = crew.person("other", "member");
    let mel_id = crew.place.id_of("mel@example.com");
    let id = crew.task(json!({ "title": "For Mel", "assigneeId": mel_id }));
    let inbox = |who: &crate::operator::Operator| who.get("/api/notifications").body["items"].clone();
    let told = wait_for("the notification", || inbox(&mel).get(0).cloned());
    assert_eq!((&told["topic"], &told["kind"]), (&json!("work"), &json!("task_assigned")), "{told}");
    assert_eq!(told["path"], format!("/tasks/{id}"));
    assert!(told["detail"].as_str().unwrap().contains("For Mel"), "{told}");
    let mine = mel.post(&path(&crew.task(json!({ "title": "Mine" })), "claim"), &json!({}));
    assert_eq!(mine.status, 200, "{}", mine.body);
    assert_eq!(
        crew.place.owner().patch(&format!("/api/tasks/{id}"), &json!({ "priority": "urgent" })).status,
        200
    );
    let again = crew.task(json!({ "title": "Second", "assigneeId": mel_id }));
    wait_for("the second notification", || (inbox(&mel).as_array()?.len() >= 2).then_some(()));
    let items = inbox(&mel);
    assert_eq!(
        items.as_array().unwrap().len(),
        2,
        "not of what she does herself, nor of other changes: {items}"
    );
    assert_eq!(items[0]["path"], format!("/tasks/{again}"));
    assert_eq!((inbox(&other), inbox(&crew.place.owner())), (json!([]), json!([])));
}

#[test]
fn who_is_named_in_a_description_is_told_once() {
    let crew = Crew::start();
    let (owner, mel) = (crew.place.owner(), crew.person("mel", "member"));
    let id = crew.place.id_of("mel@example.com");
    let words = format!("Ask @[Mel](user:{id}).");
    let task = crew.task(json!({ "title": "Named", "description": words }));
    let told = || mel.get("/api/notifications").body["items"].clone();
    let first = wait_for("the mention", || told().get(0).cloned());
    assert_eq!((&first["topic"], &first["path"]), (&json!("mention"), &json!(format!("/tasks/{task}"))));
    let again = json!({ "description": format!("{words} Soon.") });
    assert_eq!(owner.patch(&format!("/api/tasks/{task}"), &again).status, 200);
    crew.task(json!({ "title": "After it", "assigneeId": id }));
    wait_for("what came after", || (told()[0]["topic"] == "work").then_some(()));
    assert_eq!(told().as_array().unwrap().len(), 2, "{}", told());
}

#[test]
fn a_prosemirror_document_becomes_markdown() {
    let crew = Crew::start();
    let text = json!({ "type": "text", "text": "Bold", "marks": [{ "type": "bold" }] });
    let document = json!({ "type": "doc", "content": [{ "type": "paragraph", "content": [text] }] });
    let task = crew.task(json!({ "title": "Rich", "description": document }));
    assert_eq!(crew.seen(&task)["description"].as_str().unwrap().trim(), "**Bold**");
}
