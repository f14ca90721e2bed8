//! The audit log as auditors read it: every write leaves an entry, and an entry tells who, what and where from.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc;

use serde_json::{Value, json};

use crate::programs::{PATIENCE, wait_for};
use crate::surroundings::{KEY, Place};

/// The entries that a filter leaves, newest first.
fn entries(place: &Place, filter: &str) -> Vec<Value> {
    let answer = place.owner().get(&format!("/api/audit?{filter}"));
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body["items"].as_array().unwrap().clone()
}

#[test]
fn an_entry_tells_who_what_before_after_and_where_from() {
    let place = Place::without_runtime();
    let olga = place.owner().header("x-request-id", "a-change");
    let wanted = json!({ "runtimeEndpoint": "http://127.0.0.1:9", "runtimeApiKey": KEY, "recordInput": "output_only" });
    assert_eq!(olga.patch("/api/workspace/agent-settings", &wanted).status, 200);
    let found = entries(&place, "requestId=a-change");
    let entry = &found[0];
    assert_eq!(found.len(), 1);
    assert_eq!((&entry["actor"]["kind"], &entry["actor"]["name"]), (&json!("user"), &json!("Olga")));
    assert_eq!((&entry["action"], &entry["outcome"]), (&json!("settings.change"), &json!("done")));
    assert_eq!(
        (&entry["before"]["recordInput"], &entry["after"]["recordInput"]),
        (&json!("full"), &json!("output_only"))
    );
    assert_eq!(entry["before"]["runtimeEndpoint"], Value::Null);
    assert!(!entry.to_string().contains(KEY), "{entry}");
    let (seq, actor) = (entry["seq"].as_i64().unwrap(), entry["actor"]["id"].as_str().unwrap().to_owned());

    // Whoever is known and refused leaves an entry; more than a few do not fill the log.
    let viewer = place.person(&place.account("viewer@example.com", "viewer", &[]));
    for _ in 0..30 {
        assert_eq!(viewer.patch("/api/workspace/agent-settings", &json!({})).status, 403);
        assert_eq!(viewer.get("/api/audit").status, 403);
    }
    let refused = entries(&place, "outcome=refused");
    assert!((2..20).contains(&refused.len()), "{}", refused.len());
    let asked: BTreeSet<&str> = refused.iter().map(|entry| entry["target"]["id"].as_str().unwrap()).collect();
    assert_eq!(asked, BTreeSet::from(["GET /api/audit", "PATCH /api/workspace/agent-settings"]));

    for (filter, finds) in [
        ("action=settings.", true),
        ("action=settings.change&outcome=done", true),
        ("action=agent.", false),
        ("targetKind=settings", true),
        ("until=2020-01-01T00:00:00.000Z", false),
        ("since=2020-01-01T00:00:00.000Z", true),
        ("targetId=ws_other", false),
        (format!("actorId={actor}").as_str(), true),
    ] {
        let found = entries(&place, filter).iter().any(|entry| entry["seq"] == seq);
        assert_eq!(found, finds, "{filter}");
    }
    for bad in [
        "outcome=nonsense",
        "since=yesterday",
        "limit=0",
        "cursor=x",
        &format!("actorId={}", "x".repeat(300)),
    ] {
        let status = place.owner().get(&format!("/api/audit?{bad}")).status;
        assert!((400..500).contains(&status), "{bad}: {status}");
    }
    // Page by page it is the same as at once.
    let (mut paged, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = place.owner().get(&format!("/api/audit?limit=3{cursor}")).body;
        paged.extend(page["items"].as_array().unwrap().iter().map(|entry| entry["seq"].as_i64().unwrap()));
        let Some(next) = page["nextCursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    let newest_first: Vec<i64> = (1..=paged[0]).rev().collect();
    assert_eq!(paged, newest_first);

    // Another workspace sees nothing of it.
    let stranger =
        place.person(&place.account("stranger@example.com", "admin", &["--workspace", "Elsewhere"]));
    let theirs = stranger.get("/api/audit").body;
    assert!(!theirs.to_string().contains("settings.change"), "{theirs}");

    for (change, status) in [
        (json!({ "auditDays": 6 }), 422),
        (json!({ "auditDetailDays": 500 }), 422),
        (json!({ "auditDetailDays": 90, "auditDays": 730 }), 200),
    ] {
        assert_eq!(place.owner().patch("/api/workspace/agent-settings", &change).status, status, "{change}");
    }
}

#[test]
fn an_entry_leads_to_its_moment_in_a_recording_that_is_anchored() {
    let place = Place::with_runtime();
    let agent = place.spawn(&["bash", "-c", "echo begun; read line; echo got $line"]);
    place.agent_that_is(&agent, "ready");
    let session = place.session_of(&agent)["id"].as_str().unwrap().to_owned();
    let made = place.owner().post(&format!("/api/terminal/sessions/{session}/links"), &json!({}));
    assert_eq!(made.status, 201);
    let entry = &entries(&place, &format!("agentId={agent}&action=link.create"))[0];
    assert_eq!(entry["moment"]["sessionId"], session.as_str(), "{entry}");
    assert!(entry["moment"]["offsetMs"].as_i64().unwrap() >= 0);
    assert_eq!(place.owner().post(&format!("/api/parallax-agents/{agent}/stop"), &json!({})).status, 202);
    place.recorded(&agent);
    let anchors = wait_for("an anchor of the whole recording", || {
        let found = entries(&place, &format!("action=recording.anchor&targetId={session}"));
        (found.first()?["after"]["state"] == "complete").then_some(found)
    });
    assert_eq!(anchors[0]["agentId"], agent.as_str());
    assert_eq!(anchors[0]["actor"]["kind"], "system");
    assert_eq!(place.owner().post("/api/audit/checkpoints", &json!({})).status, 201);
    let checked = place.owner().get("/api/audit/verify").body;
    assert_eq!(checked["good"], true, "{checked}");
    let own = checked["chains"].as_array().unwrap().iter().find(|chain| chain["chain"] != "server").unwrap();
    assert!(own["anchors"].as_u64().unwrap() >= 1 && own["checkpoints"].as_u64().unwrap() >= 1, "{checked}");
    for wanted in ["terminal.create", "agent.started", "agent.stop", "agent.ended", "terminal.end"] {
        let found = entries(&place, &format!("agentId={agent}&action={wanted}"));
        assert!(!found.is_empty(), "{wanted}");
    }
}

#[test]
fn exports_are_verified_elsewhere_and_safe_in_spreadsheets() {
    let place = Place::without_runtime();
    let formula = json!({ "name": "=HYPERLINK(1)" });
    assert_eq!(place.owner().post("/api/tokens", &formula).status, 201);
    for mode in ["local", "custom", "local"] {
        assert_eq!(
            place.owner().patch("/api/workspace/agent-settings", &json!({ "hostingMode": mode })).status,
            200
        );
    }
    assert_eq!(place.owner().post("/api/audit/checkpoints", &json!({})).status, 201);
    let (status, exported) = place.owner().bytes("/api/audit/export", None);
    assert_eq!(status, 200);
    let (file, key) = (place.path("export.jsonl"), place.path("key.pem"));
    std::fs::write(&file, &exported).unwrap();
    let pem = place.owner().get("/api/audit/public-key").body["pem"].as_str().unwrap().to_owned();
    std::fs::write(&key, pem).unwrap();
    let file = file.to_str().unwrap();
    let (fine, said) = place.audit_command(&["verify", "--export", file]);
    assert!(fine && said.contains("intact"), "{said}");
    let alone = ["verify", "--export", file, "--without-key", "--public-key", key.to_str().unwrap()];
    let (fine, said) = place.audit_command(&alone);
    assert!(fine && said.contains("not checked: what entries say"), "{said}");

    let text = String::from_utf8(exported).unwrap();
    for (what, harmed, with_key, without) in [
        ("a word", text.replacen("\"local\\\"", "\"lucal\\\"", 1), false, true),
        ("an actor", text.replacen("\"actorName\":\"Olga\"", "\"actorName\":\"Otto\"", 1), false, true),
        (
            "a line",
            text.lines()
                .filter(|line| !line.contains("\"seq\":3,"))
                .map(|line| format!("{line}\n"))
                .collect(),
            false,
            false,
        ),
        ("the last line", text.trim_end().rsplit_once('\n').unwrap().0.to_owned() + "\n", false, false),
        ("a checkpoint", text.replacen("\"signature\":\"", "\"signature\":\"A", 1), false, false),
    ] {
        assert_ne!(harmed, text, "{what}");
        std::fs::write(file, harmed).unwrap();
        assert_eq!(place.audit_command(&["verify", "--export", file]).0, with_key, "{what} with the key");
        assert_eq!(place.audit_command(&alone).0, without, "{what} without the key");
    }
    let (_, filtered) = place.owner().bytes("/api/audit/export?action=settings.", None);
    std::fs::write(file, filtered).unwrap();
    let (fine, said) = place.audit_command(&["verify", "--export", file]);
    assert!(fine && said.contains("not checked: entries were left out"), "{said}");

    let (_, csv) = place.owner().bytes("/api/audit/export?format=csv", None);
    let csv = String::from_utf8(csv).unwrap();
    assert!(csv.starts_with("seq,at,actorKind") && csv.contains("settings.change"), "{csv}");
    let fields = csv.lines().flat_map(|line| line.split("\",\""));
    assert!(fields.clone().all(|field| !field.trim_start_matches('"').starts_with(['=', '+', '@'])), "{csv}");
    let (_, feed) = place.owner().bytes("/api/activity/export?format=csv&kind=settings_changed", None);
    assert_eq!(String::from_utf8(feed).unwrap().lines().count(), 4);
    let (_, feed) = place.owner().bytes("/api/activity/export", None);
    assert!(String::from_utf8(feed).unwrap().lines().all(|line| serde_json::from_str::<Value>(line).is_ok()));
    assert_eq!(entries(&place, "action=audit.export").len(), 3);
}

/// Somebody else's server, which refuses the first checkpoint; answers with the bodies that it was sent.
fn stranger_that_keeps() -> (String, mpsc::Receiver<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/keep", listener.local_addr().unwrap());
    let (heard, bodies) = mpsc::sync_channel(100);
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut line, mut length) = (String::new(), 0);
            while reader.read_line(&mut line).unwrap_or(0) > 2 {
                if let Some(given) = line.to_lowercase().strip_prefix("content-length: ") {
                    length = given.trim().parse().unwrap();
                }
                line.clear();
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let answer = if number == 0 { "503 Later" } else { "204 Kept" };
            let _ = write!(stream, "HTTP/1.1 {answer}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            if number > 0 && heard.send(serde_json::from_slice(&body).unwrap()).is_err() {
                return;
            }
        }
    });
    (address, bodies)
}

#[test]
fn checkpoints_come_to_a_folder_and_to_an_address_also_after_a_failure() {
    let mut place = Place::bare();
    let (address, bodies) = stranger_that_keeps();
    let folder = place.path("kept");
    std::fs::create_dir(&folder).unwrap();
    place.docs_flags = vec![
        format!("--audit-checkpoint-dir={}", folder.display()),
        format!("--audit-checkpoint-url={address}"),
    ];
    place.start_docs();
    let made = place.owner().post("/api/audit/checkpoints", &json!({}));
    assert_eq!(made.status, 201, "{}", made.body);
    let mut got = Vec::new();
    while got.last() != Some(&made.body) {
        got.push(bodies.recv_timeout(PATIENCE).expect("the checkpoint"));
    }
    let file = folder.join("audit-checkpoints.jsonl");
    let kept = wait_for("the checkpoint in the folder", || {
        let text = std::fs::read_to_string(&file).ok()?;
        let kept: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        kept.contains(&made.body).then_some(kept)
    });
    assert!(got.iter().all(|checkpoint| kept.contains(checkpoint)), "{got:?} {kept:?}");
    let (fine, said) = place.audit_command(&["verify", "--checkpoints", file.to_str().unwrap()]);
    assert!(fine, "{said}");
    let listed = place.owner().get("/api/audit/checkpoints").body;
    assert_eq!(listed["items"][0], made.body);
}
