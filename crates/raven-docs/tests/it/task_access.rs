//! What agents see of tasks and projects: by flag, by project, by door, and that nothing of the rest leaks.

use serde_json::{Value, json};

use crate::asking::{approve, reject};
use crate::crew::{Agent, Crew, each, refused};
use crate::programs::wait_for;

/// The flags that there are.
const FLAGS: [Option<bool>; 3] = [None, Some(true), Some(false)];

/// A task with a flag in a project with one, or in none.
struct Case {
    id: String,
    title: String,
    project: Option<String>,
    is_open: bool,
}

/// One task for each flag in each kind of project.
fn cases(crew: &Crew) -> Vec<Case> {
    let mut cases = Vec::new();
    for project_flag in [None].into_iter().chain(FLAGS.map(Some)) {
        let project = project_flag.map(|flag| {
            crew.made("/api/projects", json!({ "name": format!("zebra {flag:?}"), "agentAccessible": flag }))
        });
        for flag in FLAGS {
            let title = format!("zebra {flag:?} in {project_flag:?}");
            let body = json!({ "title": title, "agentAccessible": flag, "projectId": project });
            let id = crew.task(body);
            let is_open = flag.or(project_flag.flatten()).unwrap_or(true);
            let seen = crew.seen(&id);
            assert_eq!(
                (&seen["isAgentAccessible"], &seen["agentAccessible"]),
                (&json!(is_open), &json!(flag)),
                "{title}"
            );
            cases.push(Case { id, title, project: project.clone(), is_open });
        }
    }
    cases
}

/// The titles of a list, in their order.
fn titles(list: &Value) -> Vec<String> {
    let mut titles: Vec<String> =
        each(list, "title").iter().map(|title| title.as_str().unwrap().to_owned()).collect();
    titles.sort();
    titles
}

#[test]
fn an_agent_sees_and_does_what_is_open_to_it_by_every_door() {
    let crew = Crew::start();
    let agent = crew.worker("agent");
    let http = crew.by_http(&agent);
    let cases = cases(&crew);
    let elsewhere = crew.made("/api/projects", json!({ "name": "elsewhere" }));
    let mut open: Vec<String> =
        cases.iter().filter(|case| case.is_open).map(|case| case.title.clone()).collect();
    open.sort();
    assert_eq!(open.len(), 7, "of twelve");
    for list in [
        http.get("/api/tasks?limit=200").body,
        http.get("/api/tasks?q=zebra").body,
        crew.tool(&agent, "task_list", json!({ "limit": 200 })).unwrap(),
    ] {
        assert_eq!(titles(&list), open, "{list}");
    }
    let owner = crew.place.owner();
    assert_eq!(each(&owner.get("/api/tasks?limit=200").body, "id").len(), 12, "people see them all");
    for Case { id, title, .. } in cases.iter().filter(|case| !case.is_open) {
        let before = crew.seen(id);
        for (tool, more) in [
            ("task_get", json!({})),
            ("task_update", json!({ "title": "taken" })),
            ("task_complete", json!({})),
            ("task_claim", json!({})),
            ("task_assign", json!({ "assigneeId": agent.id })),
            ("task_move_to_project", json!({ "projectId": elsewhere })),
            ("task_move_to_project", json!({ "projectId": null })),
        ] {
            let mut arguments = json!({ "taskId": id });
            arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let error = crew.tool(&agent, tool, arguments).unwrap_err();
            assert_eq!(
                (&error["code"], &error["message"]),
                (&json!(-32003), &json!("This task is not accessible by agents")),
                "{tool} of {title}"
            );
        }
        let route = |deed: &str| format!("/api/tasks/{id}{deed}");
        for answer in [
            http.get(&route("")),
            http.patch(&route(""), &json!({ "title": "taken" })),
            http.post(&route("/complete"), &json!({})),
            http.post(&route("/claim"), &json!({})),
            http.post(&route("/assign"), &json!({ "assigneeId": null })),
            http.post(&route("/move"), &json!({ "projectId": null })),
        ] {
            refused(&answer, 403, "NOT_ACCESSIBLE");
        }
        assert_eq!(crew.seen(id), before, "{title}");
    }
    for Case { id, title, .. } in cases.iter().filter(|case| case.is_open) {
        assert_eq!(crew.tool(&agent, "task_get", json!({ "task_id": id })).unwrap()["title"], json!(title));
        let changed =
            crew.tool(&agent, "task_update", json!({ "taskId": id, "priority": "urgent" })).unwrap();
        assert_eq!(changed["priority"], "urgent", "{title}");
        assert_eq!(
            crew.tool(&agent, "task_claim", json!({ "taskId": id })).unwrap()["assignee"]["id"],
            json!(agent.id)
        );
        assert_eq!(crew.tool(&agent, "task_complete", json!({ "taskId": id })).unwrap()["status"], "done");
    }
}

#[test]
fn closed_projects_are_not_there_for_agents() {
    let crew = Crew::start();
    let agent = crew.worker("agent");
    let http = crew.by_http(&agent);
    let cases = cases(&crew);
    let closed = cases.iter().find(|case| case.title == "zebra Some(true) in Some(Some(false))").unwrap();
    let project = closed.project.clone().unwrap();
    for list in [http.get("/api/projects").body, crew.tool(&agent, "project_list", json!({})).unwrap()] {
        let mut names = each(&list, "name");
        names.sort_by_key(ToString::to_string);
        assert_eq!(names, ["zebra None", "zebra Some(true)"], "{list}");
        for counts in each(&list, "taskCounts") {
            assert_eq!(counts["todo"], 2, "of three: one is closed");
        }
    }
    let error = crew.tool(&agent, "project_get", json!({ "projectId": project })).unwrap_err();
    assert_eq!(
        (&error["code"], &error["message"]),
        (&json!(-32003), &json!("This project is not accessible by agents"))
    );
    let route = format!("/api/projects/{project}");
    refused(&http.get(&route), 403, "NOT_ACCESSIBLE");
    refused(&http.patch(&route, &json!({ "name": "mine" })), 403, "NOT_ACCESSIBLE");
    let new = json!({ "title": "x", "projectId": project });
    refused(&http.post("/api/tasks", &new), 403, "NOT_ACCESSIBLE");
    assert_eq!(crew.tool(&agent, "task_create", new).unwrap_err()["code"], -32003);
    let own = crew.task(json!({ "title": "own" }));
    let moved = json!({ "taskId": own, "projectId": project });
    assert_eq!(
        crew.tool(&agent, "task_move_to_project", moved).unwrap_err()["code"],
        -32003,
        "nor put anything there"
    );
    let beside = cases.iter().find(|case| !case.is_open).unwrap();
    refused(
        &http.post(&format!("/api/tasks/{own}/move"), &json!({ "before": beside.id })),
        403,
        "NOT_ACCESSIBLE",
    );
    let listed = http.get(&format!("/api/tasks?projectId={project}")).body;
    assert_eq!(titles(&listed), ["zebra Some(true) in Some(Some(false))"], "one that says so itself");
}

#[test]
fn only_people_say_what_agents_see() {
    let crew = Crew::start();
    let agent = crew.worker("agent");
    let http = crew.by_http(&agent);
    let (project, task) =
        (crew.made("/api/projects", json!({ "name": "P" })), crew.task(json!({ "title": "T" })));
    for flag in [Value::Null, json!(true), json!(false)] {
        for answer in [
            http.post("/api/projects", &json!({ "name": "x", "agentAccessible": flag })),
            http.patch(&format!("/api/projects/{project}"), &json!({ "agentAccessible": flag })),
            http.post("/api/tasks", &json!({ "title": "x", "agentAccessible": flag })),
            http.patch(&format!("/api/tasks/{task}"), &json!({ "agentAccessible": flag })),
        ] {
            refused(&answer, 403, "FORBIDDEN");
        }
    }
    assert_eq!(crew.tool(&agent, "task_get", json!({ "taskId": task })).unwrap()["version"], 1);
    let mel = crew.person("mel", "member");
    // The flag counts from the moment at which it is set, wherever it is looked at.
    assert_eq!(
        mel.patch(&format!("/api/projects/{project}"), &json!({ "agentAccessible": false })).status,
        200
    );
    assert_eq!(mel.patch(&format!("/api/tasks/{task}"), &json!({ "projectId": project })).status, 200);
    assert_eq!(crew.tool(&agent, "task_get", json!({ "taskId": task })).unwrap_err()["code"], -32003);
    assert_eq!(mel.patch(&format!("/api/tasks/{task}"), &json!({ "agentAccessible": true })).status, 200);
    crew.tool(&agent, "task_get", json!({ "taskId": task })).unwrap();
    assert_eq!(mel.patch(&format!("/api/tasks/{task}"), &json!({ "agentAccessible": null })).status, 200);
    assert_eq!(crew.tool(&agent, "task_get", json!({ "taskId": task })).unwrap_err()["code"], -32003);
    refused(
        &crew
            .person("vi", "viewer")
            .patch(&format!("/api/tasks/{task}"), &json!({ "agentAccessible": true })),
        403,
        "FORBIDDEN",
    );
}

#[test]
fn an_agent_does_what_it_was_granted() {
    let crew = Crew::start();
    let task = crew.task(json!({ "title": "T" }));
    let writer = crew.agent("writer", &["read:tasks", "write:tasks"]);
    let reader = crew.agent("reader", &["read:tasks"]);
    let tool = |agent: &Agent, name: &str, arguments: Value| crew.tool(agent, name, arguments);
    assert_eq!(tool(&reader, "task_list", json!({})).unwrap()["items"][0]["id"], json!(task));
    for (name, arguments) in [
        ("task_create", json!({ "title": "x" })),
        ("task_update", json!({ "taskId": task, "title": "x" })),
        ("task_claim", json!({ "taskId": task })),
        ("task_assign", json!({ "taskId": task, "assigneeId": null })),
        ("task_delete", json!({ "taskId": task })),
        ("project_list", json!({})),
    ] {
        assert_eq!(tool(&reader, name, arguments).unwrap_err()["code"], -32002, "{name}");
    }
    let to_other = json!({ "taskId": task, "assigneeId": reader.id });
    assert_eq!(
        tool(&writer, "task_update", to_other.clone()).unwrap_err()["code"],
        -32002,
        "to assign is another right"
    );
    assert_eq!(tool(&writer, "task_assign", to_other).unwrap_err()["code"], -32002);
    let new = json!({ "title": "x", "assigneeId": reader.id });
    assert_eq!(tool(&writer, "task_create", new).unwrap_err()["code"], -32002);
    let blind = crew.agent("blind", &["write:tasks"]);
    let hidden = crew.task(json!({ "title": "H", "description": "osprey" }));
    for version in [Value::Null, json!(7)] {
        let edit = json!({ "taskId": hidden, "priority": "low", "version": version });
        let said = format!("{:?}", tool(&blind, "task_update", edit));
        assert!(!said.contains("osprey"), "to write is not to read: {said}");
    }
    let own = json!({ "taskId": task, "assigneeId": writer.id });
    assert_eq!(
        tool(&writer, "task_update", own).unwrap()["assignee"]["id"],
        json!(writer.id),
        "to take one is not"
    );
    let given_up = tool(&writer, "task_update", json!({ "taskId": task, "assigneeId": null })).unwrap();
    assert_eq!(given_up["assignee"], Value::Null);
}

#[test]
fn a_deletion_waits_for_people_and_is_done_once() {
    let crew = Crew::start();
    let (agent, owner) = (crew.worker("agent"), crew.place.owner());
    let (kept, gone) = (crew.task(json!({ "title": "kept" })), crew.task(json!({ "title": "gone" })));
    let asks = |task: &str| {
        let error = crew.tool(&agent, "task_delete", json!({ "taskId": task })).unwrap_err();
        assert_eq!(error["code"], -32005, "{error}");
        error["data"]["requestId"].as_str().unwrap().to_owned()
    };
    assert_eq!(reject(&owner, &asks(&kept), "no").status, 200);
    let request = asks(&gone);
    assert_eq!(crew.seen(&gone)["title"], "gone", "nothing was done yet");
    refused(&crew.by_http(&agent).delete(&format!("/api/tasks/{kept}")), 409, "APPROVAL_REQUIRED");
    assert_eq!(approve(&owner, &request).status, 200);
    refused(&approve(&owner, &request), 409, "ALREADY_DECIDED");
    wait_for("the end of the approved deletion", || {
        let body = owner.get(&format!("/api/approvals/{request}")).body;
        (body["state"] == "done").then_some(())
    });
    assert_eq!(owner.get(&format!("/api/tasks/{gone}")).status, 404);
    assert_eq!(crew.seen(&kept)["title"], "kept");
    let deleted = crew.place.asked("SELECT actor_kind FROM audit_log WHERE action = 'task.delete'");
    assert_eq!(deleted, ["agent"], "once, by the agent");
    // What was closed between the question and its answer stays closed.
    let late = crew.task(json!({ "title": "late" }));
    let request = asks(&late);
    assert_eq!(owner.patch(&format!("/api/tasks/{late}"), &json!({ "agentAccessible": false })).status, 200);
    assert_eq!(approve(&owner, &request).status, 200);
    wait_for("the failure of the approved deletion", || {
        let body = owner.get(&format!("/api/approvals/{request}")).body;
        (body["state"] == "failed").then_some(())
    });
    assert_eq!(crew.seen(&late)["title"], "late");
}

#[test]
fn a_policy_on_a_tool_counts_at_the_doors_of_people_too() {
    let crew = Crew::start();
    let (agent, owner) = (crew.worker("agent"), crew.place.owner());
    let task = crew.task(json!({ "title": "T" }));
    let rules = json!([{ "action": "tool:task_update", "effect": "deny" }, { "action": "tool:memory_*", "effect": "ask" }]);
    let put = owner.call("PUT", "/api/policies", Some(json!({ "version": 0, "rules": rules }).to_string()));
    assert_eq!(put.status, 200, "{}", put.body);
    let http = crew.by_http(&agent);
    refused(&http.patch(&format!("/api/tasks/{task}"), &json!({ "title": "x" })), 403, "FORBIDDEN");
    refused(&http.post("/api/memory", &json!({ "content": "x" })), 409, "APPROVAL_REQUIRED");
    refused(&http.get("/api/memory"), 403, "FORBIDDEN");
    assert_eq!(http.get(&format!("/api/tasks/{task}")).status, 200);
    assert_eq!(
        owner.patch(&format!("/api/tasks/{task}"), &json!({ "title": "x" })).status,
        200,
        "people by their role"
    );
}

/// What a search answers: the ids of tasks that it found, or that it found something of.
fn tasks_of(found: &Value) -> Vec<String> {
    let items = found["items"].as_array().unwrap_or_else(|| panic!("no list: {found}"));
    let mut ids: Vec<String> = items
        .iter()
        .map(|item| item["taskId"].as_str().or(item["id"].as_str()).unwrap().to_owned())
        .collect();
    ids.sort();
    ids.dedup();
    ids
}

#[test]
fn neither_search_nor_comments_tell_of_what_is_closed() {
    let crew = Crew::start();
    let (agent, owner) = (crew.worker("agent"), crew.place.owner());
    let http = crew.by_http(&agent);
    let cases = cases(&crew);
    for case in &cases {
        let body = json!({ "taskId": case.id, "content": format!("quagga of {}", case.title) });
        let said = owner.post("/api/comments", &body);
        assert_eq!(said.status, 201, "{}", said.body);
    }
    let sorted = |which: &dyn Fn(&&Case) -> bool| {
        let mut ids: Vec<String> = cases.iter().filter(which).map(|case| case.id.clone()).collect();
        ids.sort();
        ids
    };
    let (open, all) = (sorted(&|case| case.is_open), sorted(&|_| true));
    for word in ["zebra", "quagga"] {
        let path = format!("/api/search?q={word}&limit=50");
        assert_eq!(tasks_of(&owner.get(&path).body), all, "people find them all by {word}");
        assert_eq!(tasks_of(&http.get(&path).body), open, "{word}");
    }
    let suggested = http.get("/api/search/suggest?q=zeb").body;
    for closed in cases.iter().filter(|case| !case.is_open) {
        assert!(!suggested.to_string().contains(&closed.id), "{suggested}");
        refused(&http.get(&format!("/api/comments?taskId={}", closed.id)), 403, "NOT_ACCESSIBLE");
        let body = json!({ "taskId": closed.id, "content": "me too" });
        refused(&http.post("/api/comments", &body), 403, "NOT_ACCESSIBLE");
    }
    let opened = cases.iter().find(|case| case.is_open).unwrap();
    let comments = http.get(&format!("/api/comments?taskId={}", opened.id)).body;
    assert_eq!(each(&comments, "content").len(), 1, "{comments}");
    assert_eq!(http.post("/api/comments", &json!({ "taskId": opened.id, "content": "mine" })).status, 201);
    // Closed, renamed, deleted: what is found follows.
    let set = |body: Value| assert_eq!(owner.patch(&format!("/api/tasks/{}", opened.id), &body).status, 200);
    set(json!({ "agentAccessible": false }));
    assert!(!tasks_of(&http.get("/api/search?q=quagga&limit=50").body).contains(&opened.id));
    set(json!({ "agentAccessible": null, "title": "okapi", "description": "ibex" }));
    for (word, count) in [("okapi", 1), ("ibex", 1)] {
        assert_eq!(tasks_of(&http.get(&format!("/api/search?q={word}")).body).len(), count, "{word}");
    }
    assert_eq!(owner.delete(&format!("/api/tasks/{}", opened.id)).status, 204);
    for word in ["okapi", "quagga"] {
        let found = owner.get(&format!("/api/search?q={word}&limit=50")).body;
        assert!(!tasks_of(&found).contains(&opened.id), "{found}");
    }
    assert_eq!(owner.get(&format!("/api/comments?taskId={}", opened.id)).status, 404);
}

#[test]
fn a_task_refers_to_pages_without_telling_of_closed_ones() {
    let crew = Crew::start();
    let (agent, owner) = (crew.worker("agent"), crew.place.owner());
    let space = crew.made("/api/spaces", json!({ "name": "S" }));
    let page = |title: &str, open: bool| {
        crew.made("/api/pages", json!({ "spaceId": space, "title": title, "agentAccessible": open }))
    };
    let (open, closed) = (page("open", true), page("closed", false));
    let task = crew.task(json!({ "title": "T", "pageIds": [open, closed] }));
    assert_eq!(crew.seen(&task)["pageIds"], json!([open, closed]));
    assert_eq!(crew.tool(&agent, "task_get", json!({ "taskId": task })).unwrap()["pageIds"], json!([open]));
    assert_eq!(crew.by_http(&agent).get(&format!("/api/tasks/{task}")).body["pageIds"], json!([open]));
    let new = json!({ "title": "x", "pageIds": [closed] });
    assert_eq!(crew.tool(&agent, "task_create", new).unwrap_err()["code"], -32003);
    refused(&owner.post("/api/tasks", &json!({ "title": "x", "pageIds": ["pg_none"] })), 404, "NOT_FOUND");
}

#[test]
fn an_agent_takes_no_reference_away_that_it_does_not_see() {
    let crew = Crew::start();
    let agent = crew.worker("agent");
    let space = crew.made("/api/spaces", json!({ "name": "S" }));
    let page = |title: &str, open: bool| {
        crew.made("/api/pages", json!({ "spaceId": space, "title": title, "agentAccessible": open }))
    };
    let (one, hidden, two, other) = (page("1", true), page("h", false), page("2", true), page("3", true));
    let task = crew.task(json!({ "title": "T", "pageIds": [one, hidden, two] }));
    let change = |more: Value| {
        let mut arguments = json!({ "taskId": task });
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        crew.tool(&agent, "task_update", arguments)
    };
    let same = change(json!({ "pageIds": [one, two] })).unwrap();
    assert_eq!((&same["pageIds"], &same["version"]), (&json!([one, two]), &json!(1)), "nothing changed");
    assert_eq!(change(json!({ "pageIds": [one, two, other] })).unwrap()["pageIds"], json!([one, two, other]));
    assert_eq!(crew.seen(&task)["pageIds"], json!([one, hidden, two, other]));
    let stale = change(json!({ "pageIds": [two], "version": 1 })).unwrap_err();
    let told = stale["data"]["difference"].as_str().unwrap();
    assert!(told.contains(&format!("-page: {one}")) && !told.contains(&hidden), "{told}");
    change(json!({ "pageIds": [] })).unwrap();
    assert_eq!(crew.seen(&task)["pageIds"], json!([hidden]));
    let owner = crew.place.owner();
    assert_eq!(owner.patch(&format!("/api/tasks/{task}"), &json!({ "pageIds": [one] })).status, 200);
    assert_eq!(crew.seen(&task)["pageIds"], json!([one]), "people see all of them");
}
