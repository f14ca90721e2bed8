//! What is over goes when it was kept for as long as its workspace says; what is open, and the audit log, stay.

use serde_json::json;

use crate::asking::{Asking, reject};
use crate::programs::wait_for;

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// The ids of all that there is.
fn ids(asking: &Asking, table: &str) -> Vec<String> {
    asking.place.asked(&format!("SELECT id FROM {table}"))
}

fn count(asking: &Asking, table: &str) -> usize {
    asking.place.asked(&format!("SELECT count(*) FROM {table}"))[0].parse().unwrap()
}

/// One that is open and one that is over, of requests, questions and assignments.
fn made(asking: &Asking) -> [(&'static str, String, String); 3] {
    let owner = asking.place.owner();
    let (rejected, waits) = (asking.asks_to_spawn(), asking.asks_to_spawn());
    assert_eq!(reject(&owner, &rejected, "no").status, 200);
    let ask = |what: &str| {
        let asked = asking.tool("question_ask", json!({ "question": what })).unwrap();
        asked["questionId"].as_str().unwrap().to_owned()
    };
    let (answered, open) = (ask("Now?"), ask("Then?"));
    let answer = owner.post(&format!("/api/questions/{answered}/answer"), &json!({ "answer": "Yes" }));
    assert_eq!(answer.status, 200, "{}", answer.body);
    let give = |title: &str| {
        let path = format!("/api/agents/{}/assignments", asking.agent);
        let given = owner.post(&path, &json!({ "title": title, "instructions": "Do it." }));
        assert_eq!(given.status, 201, "{}", given.body);
        given.body["id"].as_str().unwrap().to_owned()
    };
    let (cancelled, given) = (give("one"), give("two"));
    let cancel = owner.post(&format!("/api/assignments/{cancelled}/cancel"), &json!({}));
    assert_eq!(cancel.status, 200, "{}", cancel.body);
    [("approvals", rejected, waits), ("questions", answered, open), ("assignments", cancelled, given)]
}

#[test]
fn what_is_long_over_goes_and_what_is_open_stays() {
    let mut asking = Asking::start();
    let made = made(&asking);
    let settings = "/api/workspace/agent-settings";
    for (days, status) in [(29, 422), (3651, 422), (30, 200)] {
        let set = asking.place.owner().patch(settings, &json!({ "historyDays": days }));
        assert_eq!(set.status, status, "{days}");
    }
    let (fresh, entries) = (count(&asking, "activities"), count(&asking, "audit_log"));
    for (table, columns) in [
        ("approvals", &["created_at", "settled_at"][..]),
        ("questions", &["created_at", "answered_at"]),
        ("assignments", &["created_at", "updated_at", "ended_at"]),
    ] {
        for column in columns {
            let aged = format!("{column} = {column} - {}", 31 * DAY_MS);
            asking.place.sql(&format!("UPDATE {table} SET {aged}"));
        }
    }
    // More of the feed than one step takes, from a month ago, and as much that is a day too young.
    for (prefix, days) in [("old", 31), ("young", 29)] {
        let numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 700)";
        let columns = "id, workspace_id, kind, message, created_at";
        let value =
            format!("'{prefix}_' || i, id, 'settings_changed', 'x', (unixepoch() - {days} * 86400) * 1000");
        asking
            .place
            .sql(&format!("INSERT INTO activities ({columns}) {numbers} SELECT {value} FROM n, workspaces"));
    }
    asking.place.docs.take().unwrap().stop();
    asking.place.start_docs();
    wait_for("the end of what is over", || {
        let left = asking.place.asked("SELECT count(*) FROM activities WHERE id LIKE 'old_%'");
        (left == ["0"]).then_some(())
    });
    for (table, over, open) in made {
        let there = ids(&asking, table);
        assert!(!there.contains(&over) && there.contains(&open), "{table}: {there:?}");
    }
    assert_eq!(asking.place.asked("SELECT count(*) FROM activities WHERE id LIKE 'young_%'"), ["700"]);
    assert_eq!(count(&asking, "approval_decisions"), 0);
    assert!(count(&asking, "activities") >= 700 + fresh);
    assert!(count(&asking, "audit_log") > entries, "the audit log has an end of its own");
    let log = asking.place.owner().get("/api/audit?action=history.expire").body["items"].clone();
    let counted = |table: &str| {
        let counts = log.as_array().unwrap().iter().map(|entry| entry["before"]["removed"][table].as_u64());
        counts.map(Option::unwrap_or_default).sum::<u64>()
    };
    assert_eq!((counted("activities"), counted("approvals"), counted("questions")), (700, 1, 1), "{log}");
    let (fine, said) = asking.place.audit_command(&["verify"]);
    assert!(fine, "{said}");
}
