//! Whatever is done to the audit log behind the server's back is found, and named with its place.

use std::path::Path;

use serde_json::json;

use crate::operator::Operator;
use crate::programs::wait_for;
use crate::surroundings::Place;

/// A log with some entries, and the workspace whose it is.
fn ledger() -> (Place, String) {
    let place = Place::without_runtime();
    for mode in ["custom", "local", "custom", "local", "custom", "local"] {
        let answer = place.owner().patch("/api/workspace/agent-settings", &json!({ "hostingMode": mode }));
        assert_eq!(answer.status, 200);
    }
    assert_eq!(place.owner().post("/api/audit/checkpoints", &json!({})).status, 201);
    let workspace = place.owner().get("/api/auth/me").body["workspaceId"].as_str().unwrap().to_owned();
    (place, workspace)
}

fn copy(from: &Path, to: &Path) {
    for name in ["raven.db", "raven.db-wal", "raven.db-shm"] {
        let _not_there = std::fs::remove_file(to.join(name));
        if from.join(name).exists() {
            std::fs::copy(from.join(name), to.join(name)).unwrap();
        }
    }
}

/// What is done to one chain, each statement to be ended by which, and what is said of it.
const OF_ONE_CHAIN: &[(&str, &[&str], &str)] = &[
    ("an actor", &["UPDATE audit_log SET actor_name = 'Otto' WHERE seq = 3 AND"], "changed #3"),
    ("a time", &["UPDATE audit_log SET at = at + 1 WHERE seq = 3 AND"], "changed #3"),
    ("an address", &["UPDATE audit_log SET address = '10.0.0.1' WHERE seq = 3 AND"], "changed #3"),
    ("a request", &["UPDATE audit_log SET request_id = NULL WHERE seq = 3 AND"], "changed #3"),
    ("an outcome", &["UPDATE audit_log SET outcome = 'failed' WHERE seq = 3 AND"], "changed #3"),
    ("a detail", &["UPDATE audit_log SET detail = detail || ' ' WHERE seq = 3 AND"], "detail_changed #3"),
    ("a detail removed", &["UPDATE audit_log SET detail = NULL WHERE seq = 3 AND"], "detail_removed #3"),
    ("an entry removed", &["DELETE FROM audit_log WHERE seq = 3 AND"], "removed #3"),
    ("the first removed", &["DELETE FROM audit_log WHERE seq = 1 AND"], "removed #1"),
    (
        "one removed, the rest renumbered",
        &["DELETE FROM audit_log WHERE seq = 3 AND", "UPDATE audit_log SET seq = seq - 1 WHERE seq > 3 AND"],
        "removed #3",
    ),
    (
        "one inserted",
        &[
            "UPDATE audit_log SET seq = -seq - 1 WHERE seq >= 3 AND",
            "UPDATE audit_log SET seq = -seq WHERE seq < 0 AND",
            "INSERT INTO audit_log SELECT chain, 3, at, actor_kind, actor_id, actor_name, action, target_kind, target_id, target_name, agent_id, outcome, request_id, address, detail, detail_digest, link FROM audit_log WHERE seq = 2 AND",
        ],
        "inserted #3",
    ),
    ("the end cut off", &["DELETE FROM audit_log WHERE seq > 4 AND"], "cut_off #5"),
    (
        "the end cut off, the head too",
        &["DELETE FROM audit_log WHERE seq > 4 AND", "UPDATE audit_heads SET seq = 4 WHERE"],
        "head_changed",
    ),
    (
        "the front cut off",
        &["DELETE FROM audit_log WHERE seq < 4 AND", "UPDATE audit_heads SET first_seq = 4 WHERE"],
        "head_changed",
    ),
    ("the head removed", &["DELETE FROM audit_heads WHERE"], "head_changed"),
    ("the details' end moved", &["UPDATE audit_heads SET detail_seq = 9 WHERE"], "head_changed"),
    ("all of a chain", &["DELETE FROM audit_log WHERE", "DELETE FROM audit_heads WHERE"], "is gone"),
    ("a checkpoint", &["UPDATE audit_checkpoints SET seq = seq + 1 WHERE"], "bad_signature"),
    ("a checkpoint's link", &["UPDATE audit_checkpoints SET link = 'ab' WHERE"], "bad_signature"),
];

#[test]
fn each_manipulation_of_the_file_is_named() {
    let (mut place, workspace) = ledger();
    place.docs.take().unwrap().stop();
    let (docs, good) = (place.path("docs"), place.path("good"));
    std::fs::create_dir(&good).unwrap();
    copy(&docs, &good);
    let (fine, said) = place.audit_command(&["verify"]);
    assert!(fine && said.contains("intact"), "{said}");
    let here = format!("chain = '{workspace}'");
    for (what, statements, found) in OF_ONE_CHAIN {
        for statement in *statements {
            place.sql(&format!("{statement} {here}"));
        }
        let (fine, said) = place.audit_command(&["verify"]);
        assert!(!fine && said.contains(found), "{what}: {found} in {said}");
        let (fine, said) = place.audit_command(&["verify", "--workspace", &workspace]);
        assert!(!fine && said.contains(found), "{what}, the workspace alone: {found} in {said}");
        copy(&good, &docs);
    }
    for (what, statements, found) in [
        (
            "all of the server's",
            &[
                "DELETE FROM audit_log WHERE chain = 'server'",
                "DELETE FROM audit_heads WHERE chain = 'server'",
            ][..],
            "head_changed",
        ),
        ("everything", &["DELETE FROM audit_log", "DELETE FROM audit_heads"], "has no chain"),
    ] {
        for statement in statements {
            place.sql(statement);
        }
        let (fine, said) = place.audit_command(&["verify"]);
        assert!(!fine && said.contains(found), "{what}: {found} in {said}");
        copy(&good, &docs);
    }
    // A server that begins the chain anew does not hide that it was gone.
    place.sql(&format!("DELETE FROM audit_log WHERE {here}"));
    place.sql(&format!("DELETE FROM audit_heads WHERE {here}"));
    place.sql(&format!("DELETE FROM audit_checkpoints WHERE {here}"));
    place.start_docs();
    let checked = place.owner().get("/api/audit/verify").body;
    assert!(checked["good"] == false && checked.to_string().contains("begun_anew"), "{checked}");
    place.docs.take().unwrap().stop();
    copy(&good, &docs);
    let (fine, said) = place.audit_command(&["verify"]);
    assert!(fine, "as it was: {said}");
}

#[test]
fn an_older_copy_of_the_whole_file_is_found_by_checkpoints_that_others_kept() {
    let (mut place, _) = ledger();
    let folder = place.path("elsewhere");
    std::fs::create_dir(&folder).unwrap();
    place.docs_flags = vec![format!("--audit-checkpoint-dir={}", folder.display())];
    place.docs.take().unwrap().stop();
    let (docs, older) = (place.path("docs"), place.path("older"));
    std::fs::create_dir(&older).unwrap();
    copy(&docs, &older);
    place.start_docs();
    for mode in ["custom", "local"] {
        let answer = place.owner().patch("/api/workspace/agent-settings", &json!({ "hostingMode": mode }));
        assert_eq!(answer.status, 200);
    }
    let (fine, said) =
        place.audit_command(&["checkpoints", "--export", place.path("kept.jsonl").to_str().unwrap()]);
    assert!(fine, "{said}");
    let kept = place.path("kept.jsonl");
    wait_for("all of them in the folder", || {
        let lines = |path: &Path| std::fs::read_to_string(path).map(|text| text.lines().count()).ok();
        let filed = lines(&folder.join("audit-checkpoints.jsonl"))?;
        (filed >= lines(&kept)?).then_some(())
    });
    let with_kept = ["verify", "--checkpoints", kept.to_str().unwrap()];
    assert!(place.audit_command(&with_kept).0, "as it is");
    place.docs.take().unwrap().stop();
    copy(&older, &docs);
    assert!(place.audit_command(&["verify"]).0, "the copy by itself is whole");
    let (fine, said) = place.audit_command(&with_kept);
    assert!(!fine && said.contains("contradicted") && said.contains("rolled back"), "{said}");
    // Nor does it help to go on from there, until there are as many entries again.
    place.start_docs();
    for mode in ["custom", "local", "custom", "local", "custom"] {
        let answer = place.owner().patch("/api/workspace/agent-settings", &json!({ "hostingMode": mode }));
        assert_eq!(answer.status, 200);
    }
    let (fine, said) = place.audit_command(&with_kept);
    assert!(!fine && said.contains("contradicted"), "{said}");
    // The server itself found at its start that it was put back.
    let found = wait_for("its own word on it", || {
        let (_, log) = place.audit_command(&["export", "--chain", "server"]);
        log.lines().find(|line| line.contains("audit.contradicted")).map(str::to_owned)
    });
    assert!(found.contains("\"outcome\":\"failed\""), "{found}");
    // Checkpoints of another server are not believed.
    let other = Place::without_runtime();
    let (fine, said) = other.audit_command(&with_kept);
    assert!(!fine && said.contains("bad_signature"), "{said}");
}

#[test]
fn a_recording_that_is_gone_or_is_another_one_is_missed() {
    let mut place = Place::with_runtime();
    let agent = place.spawn(&["bash", "-c", "echo what was done"]);
    let session = place.recorded(&agent)["id"].as_str().unwrap().to_owned();
    place.docs.take().unwrap().stop();
    assert!(place.audit_command(&["verify"]).0);
    let (docs, good) = (place.path("docs"), place.path("good"));
    std::fs::create_dir(&good).unwrap();
    copy(&docs, &good);
    for (what, statements, found) in [
        ("its rows", &["DELETE FROM recording_segments", "DELETE FROM recordings"][..], "recording_gone"),
        ("said to be kept long enough", &["UPDATE recordings SET expired_at = 1"], "recording_gone"),
        ("its part", &["DELETE FROM recording_segments"], "recording_changed"),
    ] {
        for statement in statements {
            place.sql(statement);
        }
        let (fine, said) = place.audit_command(&["verify"]);
        assert!(!fine && said.contains(found) && said.contains(&session), "{what}: {found} in {said}");
        copy(&good, &docs);
    }
    assert!(place.audit_command(&["verify"]).0, "as it was");
}

#[test]
fn a_recording_that_is_put_back_to_an_earlier_whole_state_is_missed() {
    let mut place = Place::with_runtime();
    let agent = place.spawn(&["bash", "-c", "echo what was asked; sleep 600"]);
    place.agent_that_is(&agent, "ready");
    let session = place.session_of(&agent)["id"].as_str().unwrap().to_owned();
    wait_for("something recorded", || {
        place.session_of(&agent)["recording"]["bytes"].as_u64().filter(|n| *n > 0)
    });
    place.docs.take().unwrap().stop();
    place.sql("CREATE TABLE kept AS SELECT * FROM recordings");
    let (open, kept) = (place.path("docs/recordings-open"), place.path("kept-open"));
    std::fs::create_dir(&kept).unwrap();
    for part in std::fs::read_dir(&open).unwrap() {
        let part = part.unwrap();
        std::fs::copy(part.path(), kept.join(part.file_name())).unwrap();
    }
    place.start_docs();
    let stopped = place.owner().post(&format!("/api/parallax-agents/{agent}/stop"), &json!({}));
    assert_eq!(stopped.status, 202);
    place.recorded(&agent);
    place.docs.take().unwrap().stop();
    assert!(place.audit_command(&["verify"]).0);
    for statement in [
        "DELETE FROM recordings",
        "INSERT INTO recordings SELECT * FROM kept",
        "DELETE FROM recording_segments",
    ] {
        place.sql(statement);
    }
    for part in std::fs::read_dir(&kept).unwrap() {
        let part = part.unwrap();
        std::fs::copy(part.path(), open.join(part.file_name())).unwrap();
    }
    let (fine, said) = place.recording_command(&["verify", &session]);
    assert!(fine && said.contains("anchored in the audit log at #"), "it is whole by itself: {said}");
    let (fine, said) = place.audit_command(&["verify"]);
    assert!(!fine && said.contains("recording_changed") && said.contains(&session), "{said}");
}

#[test]
fn the_check_holds_beside_a_server_that_writes() {
    let (place, _) = ledger();
    let (base, token) = (place.base(), place.owner.clone());
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    let owner = Operator::with_token(&base, &token);
                    for number in 0..60 {
                        let mode = if number % 2 == 0 { "custom" } else { "local" };
                        let wanted = json!({ "hostingMode": mode });
                        let answer = owner.patch("/api/workspace/agent-settings", &wanted);
                        assert_eq!(answer.status, 200);
                    }
                })
            })
            .collect();
        let mut checks = 0;
        while checks < 3 || writers.iter().any(|writer| !writer.is_finished()) {
            let (fine, said) = place.audit_command(&["verify"]);
            assert!(fine, "{said}");
            assert_eq!(place.owner().get("/api/audit/verify").body["good"], true);
            assert!(place.audit_command(&["checkpoints"]).0);
            checks += 1;
        }
    });
}
