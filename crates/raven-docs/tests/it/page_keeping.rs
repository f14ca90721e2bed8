//! What stays of pages: in the trash and out of it, in the history, and on the way to another space.

use serde_json::{Value, json};

use crate::asking::Asking;
use crate::pages::{Wiki, id, path, space, titles};
use crate::programs::wait_for;

/// Longer than pages stay in the trash.
const LONG: i64 = 31 * 24 * 60 * 60 * 1000;

#[test]
fn what_was_under_a_closed_page_comes_out_of_the_trash_closed() {
    let asking = Asking::with(&["read:pages"]);
    let owner = asking.place.owner();
    let space = space(&asking.place, "Space");
    let page = |title: &str, more: Value| {
        let mut body = json!({ "spaceId": space, "title": title });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        owner.post("/api/pages", &body).body
    };
    let closed = page("Salaries", json!({ "agentAccessible": false }));
    let between = page("Europe", json!({ "parentId": id(&closed) }));
    let bonus = page("Bonus", json!({ "parentId": id(&between), "content": "secret" }));
    let below = page("Details", json!({ "parentId": id(&bonus) }));
    let open = page("Open", json!({}));
    let child = page("Child", json!({ "parentId": id(&open) }));
    for page in [&bonus, &closed, &child, &open] {
        assert_eq!(owner.delete(&path(page)).status, 204);
    }
    let back = |page: &Value| owner.post(&format!("{}/untrash", path(page)), &json!({}));
    let bonus_back = back(&bonus);
    assert_eq!((bonus_back.status, &bonus_back.body["parentId"]), (200, &Value::Null), "{}", bonus_back.body);
    assert_eq!(bonus_back.body["agentAccessible"], false);
    for page in [&bonus, &below] {
        let refused = asking.tool("page_get", json!({ "pageId": id(page) })).unwrap_err();
        assert_eq!(refused["code"], -32003, "{refused}");
    }
    let said = owner.get("/api/audit?action=page.access").body;
    let said = said["items"].as_array().unwrap().iter().filter(|entry| entry["target"]["id"] == bonus["id"]);
    assert_eq!(said.count(), 1, "it is told");
    assert_eq!(back(&child).body["agentAccessible"], true, "what was open stays so");
    assert!(asking.tool("page_get", json!({ "pageId": id(&child) })).is_ok());
    assert_eq!(back(&closed).status, 200);
    assert_eq!(owner.get(&path(&between)).body["agentAccessible"], true, "its own flag, under a closed page");
}

#[test]
fn a_page_that_cannot_be_removed_keeps_no_other_in_the_trash() {
    let mut wiki = Wiki::start();
    let stuck = wiki.page("Stuck", json!({}));
    let large = wiki.page("Large", json!({}));
    for nth in 0..45 {
        wiki.page(&format!("Part {nth}"), json!({ "parentId": id(&large), "content": "needle" }));
    }
    let owner = wiki.place.owner();
    for page in [&stuck, &large] {
        assert_eq!(owner.delete(&path(page)).status, 204);
    }
    wiki.place.sql(&format!(
        "CREATE TRIGGER stuck BEFORE DELETE ON pages WHEN old.id = '{}' BEGIN SELECT RAISE(ABORT, 'no'); END",
        id(&stuck)
    ));
    wiki.place.sql(&format!("UPDATE pages SET trashed_at = trashed_at - {LONG}"));
    let late = owner.post(&format!("{}/untrash", path(&large)), &json!({}));
    assert_eq!((late.status, &late.body["code"]), (409, &json!("NOT_IN_TRASH")), "{}", late.body);
    wiki.place.docs.take().unwrap().crash();
    wiki.place.start_docs();
    let owner = wiki.place.owner();
    wait_for("a trash without what could be removed", || {
        (titles(&owner.get("/api/pages/trash").body) == ["Stuck"]).then_some(())
    });
    assert_eq!(wiki.place.asked("SELECT count(*) FROM pages"), ["1"]);
    let removed = owner.get("/api/audit?action=page.expire").body;
    let mut parts: Vec<_> = removed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (entry["before"]["pages"].as_i64().unwrap(), entry["before"]["left"].as_i64().unwrap()))
        .collect();
    parts.sort_unstable_by_key(|(_, left)| std::cmp::Reverse(*left));
    assert_eq!(parts, [(20, 26), (20, 6), (6, 0)], "a few at once");
}

#[test]
fn a_program_that_saves_all_the_time_drives_out_nothing_of_a_person() {
    let asking = Asking::with(&["read:pages", "write:pages"]);
    let owner = asking.place.owner();
    let space = space(&asking.place, "Space");
    let page =
        owner.post("/api/pages", &json!({ "spaceId": space, "title": "P", "content": "by a person" })).body;
    let first = owner.get(&format!("{}/history", path(&page))).body["items"][0].clone();
    let tell =
        |text: &str| asking.tool("page_update", json!({ "pageId": id(&page), "content": text })).unwrap();
    tell("by a program");
    asking.place.sql(
        "INSERT INTO page_versions (id, page_id, version, title, content, saved_at, saved_by_kind, saved_by, saved_by_name)
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 600)
         SELECT v.id || i, page_id, 1000 + i, title, content, saved_at, saved_by_kind, saved_by, saved_by_name
         FROM page_versions v, n WHERE v.version = 2",
    );
    asking.place.sql("UPDATE pages SET version = 1600");
    tell("and on");
    assert_eq!(asking.place.asked("SELECT count(*) FROM page_versions"), ["500"]);
    let kept = owner.get(&format!("{}/history/{}", path(&page), id(&first)));
    assert_eq!((kept.status, &kept.body["content"]), (200, &json!("by a person")));
    assert_eq!(owner.get(&path(&page)).body["content"], "and on");
}

#[test]
fn a_restore_on_top_of_what_one_has_not_seen_is_refused_with_the_difference() {
    let wiki = Wiki::start();
    let page = wiki.page("P", json!({ "content": "one\n" }));
    let owner = wiki.place.owner();
    let first = owner.get(&format!("{}/history", path(&page))).body["items"][0]["id"].clone();
    for text in ["two\n", "three\n"] {
        assert_eq!(owner.patch(&path(&page), &json!({ "content": text })).status, 200);
    }
    let restore = |version: Value| {
        let body = json!({ "historyId": first, "version": version });
        owner.post(&format!("{}/restore", path(&page)), &body)
    };
    let stale = restore(json!(2));
    assert_eq!((stale.status, &stale.body["currentVersion"]), (409, &json!(3)), "{}", stale.body);
    assert_eq!(stale.body["difference"], "@@ -1 +1 @@\n-three\n+one\n");
    assert_eq!(wiki.get(&page).body["content"], "three\n");
    assert_eq!(restore(json!(3)).body["version"], 4);
    assert_eq!(wiki.get(&page).body["content"], "one\n");
}

#[test]
fn a_tree_moves_to_another_space_without_its_texts() {
    let wiki = Wiki::start();
    let owner = wiki.place.owner();
    let other = space(&wiki.place, "Other");
    let root = wiki.page("Tree", json!({}));
    wiki.place.sql(&format!(
        "INSERT INTO pages WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
         SELECT 'pg_under' || i, workspace_id, space_id, id, 'Same', 'same-' || i, 'text', i, TRUE, 1, created_at,
         created_by_kind, created_by, created_by_name, updated_at, updated_by_kind, updated_by, updated_by_name, NULL, NULL
         FROM pages, n WHERE id = '{}'",
        id(&root)
    ));
    for title in ["Same 7", "Same 1999", "Tree"] {
        owner.post("/api/pages", &json!({ "spaceId": other, "title": title }));
    }
    // Whatever writes a text again is refused by the database.
    wiki.place.sql(
        "CREATE TRIGGER texts BEFORE UPDATE OF content ON pages WHEN old.parent_id IS NOT NULL
         BEGIN SELECT RAISE(ABORT, 'a text was written'); END",
    );
    let moved = owner.post(&format!("{}/move", path(&root)), &json!({ "spaceId": other }));
    assert_eq!((moved.status, &moved.body["spaceId"]), (200, &json!(other)), "{}", moved.body);
    let count = |condition: &str| wiki.place.asked(&format!("SELECT count(*) FROM pages WHERE {condition}"));
    assert_eq!(count(&format!("space_id = '{other}'")), ["3004"]);
    assert_eq!(count("slug GLOB 'same-*-*' AND title = 'Same'"), ["2"], "only where theirs were taken");
    assert_eq!(count("slug GLOB 'tree-*'"), ["1"]);
}
