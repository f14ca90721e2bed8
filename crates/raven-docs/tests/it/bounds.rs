//! Nothing grows without a bound, and who is at one is told what to do.

use serde_json::{Value, json};

use crate::operator::Answer;
use crate::pages::{Wiki, id, path};

/// Copies a row of a table so often, each with an id of its own.
fn fill(wiki: &Wiki, (table, columns): (&str, &str), (values, row): (&str, &str), count: usize) {
    wiki.place.sql(&format!(
        "INSERT INTO {table} ({columns}) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
         SELECT {values} FROM {table}, n WHERE {table}.id = '{row}'"
    ));
}

fn is_full(answer: &Answer, code: &str) {
    assert_eq!((answer.status, &answer.body["code"]), (409, &json!(code)), "{}", answer.body);
    let detail = answer.body["detail"].as_str().unwrap();
    assert!(["delete", "remove", "use another"].iter().any(|way| detail.contains(way)), "{detail}");
}

#[test]
fn spaces_pages_and_comments_have_a_bound() {
    let wiki = Wiki::start();
    let owner = wiki.place.owner();
    let page = wiki.page("P", json!({}));
    let space = "id, workspace_id, name, slug, created_at, updated_at";
    let copy =
        ("'spc_copy' || i, workspace_id, name, 'copy-' || i, created_at, updated_at", wiki.space.as_str());
    fill(&wiki, ("spaces", space), copy, 998);
    let make = || owner.post("/api/spaces", &json!({ "name": "One more" }));
    assert_eq!(make().status, 201, "the thousandth");
    is_full(&make(), "TOO_MANY_SPACES");

    let row = "workspace_id, space_id, parent_id, title, content, position, agent_accessible, version, created_at,
        created_by_kind, created_by, created_by_name, updated_at, updated_by_kind, updated_by, updated_by_name";
    let copy = (&format!("'pg_copy' || i, 'copy-' || i, {row}"), id(&page));
    fill(&wiki, ("pages", &format!("id, slug, {row}")), (copy.0, copy.1), 49_998);
    let make = || owner.post("/api/pages", &json!({ "spaceId": wiki.space, "title": "One more" }));
    let last = make();
    assert_eq!(last.status, 201, "the last");
    assert_eq!(owner.delete(&path(&last.body)).status, 204);
    is_full(&make(), "TOO_MANY_PAGES");

    let comment = |on: &Value| owner.post("/api/comments", &json!({ "pageId": id(on), "content": "x" }));
    let first = comment(&page).body;
    let row = "workspace_id, page_id, content, author_kind, author_id, author_name, created_at";
    let copy = (&format!("'cmt_copy' || i, {row}"), id(&first));
    fill(&wiki, ("comments", &format!("id, {row}")), (copy.0, copy.1), 4999);
    is_full(&comment(&page), "TOO_MANY_COMMENTS");
    assert_eq!(comment(&json!({ "id": "pg_copy1" })).status, 201, "on each page for itself");
}

#[test]
fn files_have_a_bound_by_page_and_by_workspace() {
    let wiki = Wiki::start();
    let owner = wiki.place.owner();
    let (page, other) = (wiki.page("P", json!({})), wiki.page("Q", json!({})));
    let add = |page: &Value| {
        let way = format!("{}/attachments?name=a.txt", path(page));
        owner.call("POST", &way, Some("text".to_owned()))
    };
    let first = add(&page).body;
    let row = "workspace_id, page_id, name, content_type, size, created_at, created_by_kind, created_by, created_by_name";
    let copy = (&format!("'att_copy' || i, {row}"), id(&first));
    fill(&wiki, ("attachments", &format!("id, {row}")), (copy.0, copy.1), 499);
    is_full(&add(&page), "TOO_MANY_FILES");
    assert_eq!(add(&other).status, 201, "each page for itself");
    let most = 20_i64 * 1024 * 1024 * 1024;
    wiki.place
        .sql(&format!("UPDATE attachments SET size = {most} - 4 - 500 * 4 WHERE id = '{}'", id(&first)));
    assert_eq!(add(&other).status, 201, "up to the last byte");
    is_full(&add(&other), "NO_ROOM_FOR_FILES");
}
