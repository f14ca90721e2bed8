//! Several workspaces: a browser and a token are in one at a time, and see nothing of another.

use serde_json::json;

use crate::browser::Browser;
use crate::operator::Operator;
use crate::programs::run_docs;
use crate::surroundings::Place;

#[test]
fn a_browser_is_in_one_workspace_at_a_time() {
    let place = Place::without_runtime();
    let cookie = place.log_in("owner@example.com").cookie.unwrap();
    let browser = Operator::in_browser(&place.base(), &cookie);
    let first = browser.get("/api/auth/me").body["workspaceId"].clone();
    let made = browser.post("/api/workspaces", &json!({ "name": " Second " }));
    assert_eq!(
        (made.status, &made.body["name"], &made.body["role"]),
        (201, &json!("Second"), &json!("owner"))
    );
    let mut socket = Browser::connect_by_cookie(&place.base(), "/", &cookie).unwrap();
    let switched = browser.post("/api/auth/workspace", &json!({ "workspaceId": made.body["id"] }));
    assert_eq!((switched.status, &switched.body["workspaceName"]), (200, &json!("Second")));
    socket.next("#disconnect");
    assert_eq!(browser.get("/api/auth/me").body["workspaceId"], made.body["id"]);
    assert_eq!(browser.get("/api/members").body["items"].as_array().unwrap().len(), 1);
    assert!(browser.get("/api/workspace/agent-settings").body["hostingMode"].is_string());
    let listed = browser.get("/api/workspaces").body;
    let names: Vec<&str> =
        listed["items"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Second", "Workspace"]);
    assert_eq!(
        place.owner().get("/api/auth/me").body["workspaceId"],
        first,
        "a token stays where it was made"
    );
    let next = place.browsing("owner@example.com");
    assert_eq!(next.get("/api/auth/me").body["workspaceId"], made.body["id"], "where one was last");
    let renamed = browser.patch("/api/workspace", &json!({ "name": "Renamed" }));
    assert_eq!((renamed.status, &renamed.body["workspaceName"]), (200, &json!("Renamed")));
    let actions =
        place.asked("SELECT action FROM audit_log WHERE action LIKE 'workspace.%' ORDER BY at, action");
    for action in ["workspace.create", "workspace.switch", "workspace.rename"] {
        assert!(actions.iter().any(|known| known == action), "{action} in {actions:?}");
    }
    let nowhere = browser.post("/api/auth/workspace", &json!({ "workspaceId": "ws_none" }));
    assert_eq!(nowhere.status, 404);
}

#[test]
fn tokens_and_members_of_one_workspace_are_nothing_in_another() {
    let place = Place::without_runtime();
    place.account("two@x.de", "admin", &[]);
    let browser = place.browsing("two@x.de");
    let made = browser.post("/api/workspaces", &json!({ "name": "Other" }));
    browser.post("/api/auth/workspace", &json!({ "workspaceId": made.body["id"] }));
    let token =
        browser.post("/api/tokens", &json!({ "name": "t" })).body["token"].as_str().unwrap().to_owned();
    let there = place.person(&token);
    assert_eq!(
        (
            &there.get("/api/auth/me").body["role"],
            there.get("/api/members").body["items"].as_array().unwrap().len()
        ),
        (&json!("owner"), 1)
    );
    let olga = format!("/api/members/{}", place.id_of("owner@example.com"));
    assert_eq!(there.patch(&olga, &json!({ "role": "viewer" })).status, 404);
    assert_eq!(there.delete(&olga).status, 404);
    let invitation = place.owner().post("/api/invitations", &json!({ "role": "viewer" })).body;
    let path = format!("/api/invitations/{}", invitation["id"].as_str().unwrap());
    assert_eq!(there.delete(&path).status, 404);
    assert_eq!(there.get("/api/invitations").body["items"], json!([]));
    let stranger = place.account("stranger@x.de", "owner", &["--workspace", "Elsewhere"]);
    let theirs = place.person(&stranger).get("/api/auth/me").body["workspaceId"].clone();
    let refused = browser.post("/api/auth/workspace", &json!({ "workspaceId": theirs }));
    assert_eq!(refused.status, 404, "and nothing is told of it");
}

#[test]
fn only_admins_make_workspaces_and_only_owners_rename_them() {
    let place = Place::without_runtime();
    for (role, makes, renames) in
        [("viewer", 403, 403), ("member", 403, 403), ("admin", 201, 403), ("owner", 201, 200)]
    {
        let caller = place.person(&place.account(&format!("{role}@x.de"), role, &[]));
        assert_eq!(caller.post("/api/workspaces", &json!({ "name": "New" })).status, makes, "{role}");
        assert_eq!(caller.patch("/api/workspace", &json!({ "name": "Named" })).status, renames, "{role}");
    }
    for bad in [json!({ "name": " " }), json!({ "name": "x".repeat(101) }), json!({ "title": "x" })] {
        assert_eq!(place.owner().post("/api/workspaces", &bad).status, 422, "{bad}");
    }
}

#[test]
fn the_command_line_names_the_workspace_where_there_are_several() {
    let place = Place::without_runtime();
    place.account("two@x.de", "admin", &[]);
    let browser = place.browsing("two@x.de");
    assert_eq!(browser.post("/api/workspaces", &json!({ "name": "Other" })).status, 201);
    let dir = place.path("docs");
    let run = |args: &[&str]| run_docs(&[args, &["--data-dir", dir.to_str().unwrap()]].concat(), "");
    let role = ["user", "role", "--email", "two@x.de", "--role", "viewer"];
    let unclear = run(&role);
    let said = String::from_utf8_lossy(&unclear.stderr).into_owned();
    assert!(!unclear.status.success() && said.contains("Other, Workspace"), "{said}");
    assert!(run(&[&role[..], &["--workspace", "Workspace"]].concat()).status.success());
    let last = run(&[&role[..], &["--workspace", "Other"]].concat());
    assert!(String::from_utf8_lossy(&last.stderr).contains("last owner"));
    let token = run(&[
        "token",
        "create",
        "--email",
        "two@x.de",
        "--name",
        "t",
        "--workspace",
        "Other",
        "--scope",
        "drive",
    ]);
    let token = String::from_utf8(token.stdout).unwrap();
    let me = place.person(token.trim()).get("/api/auth/me").body;
    assert_eq!((&me["workspaceName"], &me["role"]), (&json!("Other"), &json!("member")));
    let listed = String::from_utf8(run(&["user", "list"]).stdout).unwrap();
    let lines: Vec<&str> = listed.lines().filter(|line| line.starts_with("two@x.de\t")).collect();
    assert_eq!(lines.len(), 2, "{listed}");
    let by = place.asked("SELECT actor_kind FROM audit_log WHERE action = 'member.role'");
    assert_eq!(by, ["operator"]);
}
