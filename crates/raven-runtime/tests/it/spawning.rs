//! Spawns: what is refused, what fails, and what that looks like.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::daemon::Daemon;

#[tokio::test]
async fn what_makes_no_sense_is_refused_whole_and_named() {
    let daemon = Daemon::start(&["--max-agents", "3"]);
    let missing = daemon.folder.path().join("missing").to_string_lossy().into_owned();
    let table = [
        (json!({"agentType": "custom", "count": 0}), 422, "INVALID", "count"),
        (json!({"agentType": "custom", "count": 11}), 422, "INVALID", "count"),
        (json!({"agentType": "custom", "count": "two"}), 422, "INVALID", "two"),
        (json!({"agentType": "custom"}), 422, "INVALID", "count"),
        (json!({"agentType": "nobody-knows", "count": 1}), 422, "UNKNOWN_AGENT_TYPE", "custom"),
        (json!({"agentType": "Not A Type", "count": 1}), 422, "INVALID", "agent type"),
        (
            json!({"agentType": "custom", "count": 1, "config": {"cwd": missing}}),
            422,
            "INVALID",
            "config.cwd",
        ),
        (json!({"agentType": "custom", "count": 1, "config": {"cols": 0}}), 422, "INVALID", "config.cols"),
        (json!({"agentType": "custom", "count": 1, "config": {"cmd": []}}), 422, "INVALID", "cmd"),
        (
            json!({"agentType": "custom", "count": 1, "config": {"rules": [{"name": "r", "status": "x"}]}}),
            422,
            "INVALID",
            "config.rules[0].status",
        ),
        (json!({"agentType": "aider", "count": 1, "config": {"rules": []}}), 422, "INVALID", "config.rules"),
        (json!({"agentType": "custom", "count": 1, "name": "\n"}), 422, "INVALID", "name"),
        (json!({"agentType": "custom", "count": 2, "agentIds": ["a"]}), 422, "INVALID", "agentIds"),
        (json!({"agentType": "custom", "count": 1, "agentIds": ["../x"]}), 422, "INVALID", "id"),
        (
            json!({"agentType": "custom", "count": 1, "callbackUrl": "ftp://x", "workspaceId": "w"}),
            422,
            "INVALID",
            "callbackUrl",
        ),
        (json!({"agentType": "custom", "count": 4}), 429, "AGENT_LIMIT", "max-agents"),
        (json!([1]), 422, "INVALID", "body"),
    ];
    for (body, status, code, hint) in table {
        let answer = daemon.post("/api/spawn", &body).await;
        assert_eq!(answer.status(), status, "{body}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json", "{body}");
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["code"], code, "{body}");
        assert!(problem["detail"].as_str().unwrap().contains(hint), "{body}: {problem}");
    }
    assert_eq!(daemon.json("/api/agents").await["items"], json!([]), "nothing was started");
}

#[tokio::test]
async fn several_agents_get_numbers_ids_and_folders_of_their_own() {
    let daemon = Daemon::start(&[]);
    let body = json!({"agentType": "custom", "count": 2, "name": "Pair", "agentIds": ["one", "two"],
        "config": {"command": ["sh", "-c", "pwd > where; cat"]}});
    let answer = daemon.post("/api/spawn", &body).await;
    assert_eq!(answer.status(), StatusCode::CREATED);
    let answer: Value = answer.json().await.unwrap();
    let first = &answer["agents"][0];
    assert_eq!((first["id"].as_str(), first["name"].as_str()), (Some("one"), Some("Pair 1")));
    let endpoint = first["runtimeEndpoint"].as_str().unwrap();
    assert_eq!(endpoint, format!("{}/ws/agents/one/terminal", daemon.url.replacen("http", "ws", 1)));
    for id in ["one", "two"] {
        let agent = daemon.status(id, "ready").await;
        assert_eq!(agent.evidence.as_deref(), Some("running, and its screen has been still for 500 ms"));
        assert!(agent.pid.is_some() && agent.started_at.is_some());
        let work = daemon.agent_folder(id).join("work");
        let cwd = std::fs::read_to_string(work.join("where")).unwrap();
        assert_eq!(cwd.trim(), work.canonicalize().unwrap().to_str().unwrap());
    }
    let again = daemon.post("/api/spawn", &body).await;
    assert_eq!(again.status(), StatusCode::CONFLICT);
    let page = daemon.json("/api/agents?limit=1").await;
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
    let cursor = page["nextCursor"].as_str().unwrap();
    let next = daemon.json(&format!("/api/agents?limit=1&cursor={cursor}")).await;
    assert_ne!(next["items"][0]["id"], page["items"][0]["id"]);
    assert_eq!(next["nextCursor"], Value::Null);
}

#[tokio::test]
async fn a_command_that_is_missing_or_dies_at_once_is_an_error_with_its_reason() {
    let daemon = Daemon::start(&[]);
    let folder = daemon.folder.path().join("not-a-program");
    std::fs::write(&folder, "x").unwrap();
    let script = daemon.folder.path().join("script");
    std::fs::write(&script, "#!/no/such/interpreter\n").unwrap();
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let table: [(Vec<&str>, &str); 6] = [
        (vec!["no-such-program"], "command not found: no-such-program"),
        (vec!["/no/such/program"], "command not found: /no/such/program"),
        (vec![folder.to_str().unwrap()], "is not executable"),
        (vec![script.to_str().unwrap()], "the interpreter that it names is not there"),
        (
            vec!["sh", "-c", "echo boom; exit 3"],
            "exited with status 3 before it was ready; the last lines of its screen:\nboom",
        ),
        (vec!["sh", "-c", "kill -9 $$"], "was ended by signal 9 before it was ready"),
    ];
    for (command, reason) in table {
        let id = daemon.spawn(&command).await;
        let agent = daemon.status(&id, "error").await;
        let error = agent.error.unwrap();
        assert!(error.contains(reason), "{command:?}: {error}");
        assert_eq!(agent.pid, None);
        assert_eq!(daemon.get(&format!("/api/agents/{id}/screen")).await.status(), 200, "{command:?}");
    }
}

#[tokio::test]
async fn claude_code_that_is_not_installed_says_how_to_install_it() {
    let daemon = Daemon::start(&[]);
    let body = json!({"agentType": "claude-code", "count": 1, "config": {"env": {"PATH": "/nonexistent"}}});
    let id = daemon.spawn_with(body).await;
    let error = daemon.status(&id, "error").await.error.unwrap();
    assert!(error.contains("`raven-runtime install claude-code`"), "{error}");
}

#[tokio::test]
async fn a_variable_that_a_users_file_adds_reaches_the_agent_and_the_files_that_ask_for_it() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("kinds")).unwrap();
    // No program is installed: the command is another, all else of the kind is ours.
    let kind = r#"
        type = "codex"
        program.command = ["sh", "-c", "env; cat $HOME/.codex/config.toml; echo done; cat"]
        program.variables = [{ name = "OPENAI_BASE_URL", value = "http://proxy.example/v1" }]
    "#;
    std::fs::write(folder.path().join("kinds/codex.toml"), kind).unwrap();
    let daemon = Daemon::start_in(folder, &[]);
    for (env, address) in [(json!({}), "proxy"), (json!({"OPENAI_BASE_URL": "http://own.example/v1"}), "own")]
    {
        let config = json!({"env": env, "cols": 200, "rows": 100});
        let id = daemon.spawn_with(json!({"agentType": "codex", "count": 1, "config": config})).await;
        let screen = daemon.shows(&id, "done").await["lines"].to_string();
        for line in ["OPENAI_BASE_URL=", "openai_base_url = \\\""] {
            let line = format!("{line}http://{address}.example/v1");
            assert!(screen.contains(&line), "{line}: {screen}");
        }
    }
}

#[tokio::test]
async fn a_screen_that_never_rests_is_busy_and_an_end_after_ready_is_no_failure() {
    let daemon = Daemon::start(&[]);
    let restless = daemon.sh("while :; do date +%N; sleep 0.1; done").await;
    let short = daemon.sh("read _; exit 7").await;
    daemon.status(&short, "ready").await;
    let mut terminal = crate::terminal::Terminal::attach(&daemon, &short, None).await;
    terminal.keys(b"\r").await;
    let ended = daemon.status(&short, "stopped").await;
    assert_eq!((ended.exit_code, ended.evidence.as_deref()), (Some(7), Some("exited with status 7")));
    let busy = daemon.status(&restless, "busy").await;
    assert!(busy.evidence.unwrap().contains("not been still"));
}

#[tokio::test]
async fn a_working_folder_can_be_named_and_secrets_of_a_spawn_are_written_nowhere() {
    let daemon = Daemon::start(&[]);
    let cwd = daemon.folder.path().join("project");
    std::fs::create_dir(&cwd).unwrap();
    let body = json!({"agentType": "custom", "count": 1, "config": {"cwd": cwd, "env": {"TOKEN": "s3cr3t-of-a-spawn"},
        "command": ["sh", "-c", "touch here; test -n \"$TOKEN\" && echo has it; cat"]}});
    let id = daemon.spawn_with(body).await;
    daemon.shows(&id, "has it").await;
    assert!(cwd.join("here").exists());
    let found = std::process::Command::new("grep")
        .args(["-r", "-l", "s3cr3t-of-a-spawn"])
        .arg(daemon.folder.path())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(found.stdout).unwrap(), "");
    let open = std::process::Command::new("find")
        .arg(daemon.folder.path().join("agents"))
        .args(["-perm", "/077", "-not", "-type", "l", "-not", "-path", "*/work/*"])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(open.stdout).unwrap(), "", "files for the owner alone");
}
