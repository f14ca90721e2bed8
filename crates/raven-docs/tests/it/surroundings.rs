//! A place for one test: data folders, a control plane, its runtime, accounts.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::browser::Browser;
use crate::operator::{Answer, Operator};
use crate::programs::{DOCS, Program, run_docs, runtime_program, wait_for};

/// The key that both programs share.
pub const KEY: &str = "sk-runtime-test-0123456789";

/// The password of every account.
pub const PASSWORD: &str = "correct horse battery";

/// Both programs with an owner's token.
pub struct Place {
    // Dropped first: the control plane, then the runtime with its agents, then the folders.
    pub docs: Option<Program>,
    pub runtime: Option<Program>,
    pub folder: TempDir,
    pub owner: String,
    /// More flags for the runtime.
    pub runtime_flags: Vec<&'static str>,
    /// More flags for the control plane.
    pub docs_flags: Vec<String>,
    /// Both programs write a log at this level into the file `log`.
    pub log_level: Option<&'static str>,
    docs_port: u16,
    runtime_port: u16,
}

impl Place {
    /// A control plane whose settings name a running runtime.
    pub fn with_runtime() -> Self {
        let mut place = Self::bare();
        place.start_runtime();
        place.start_docs();
        place
    }

    /// A control plane whose settings name no runtime.
    pub fn without_runtime() -> Self {
        let mut place = Self::bare();
        place.start_docs();
        place
    }

    /// Folders and an owner; nothing runs.
    pub fn bare() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("runtime.key"), KEY).unwrap();
        let (docs, runtime, owner) = (None, None, String::new());
        let (runtime_flags, docs_flags) = (Vec::new(), Vec::new());
        let (docs_port, runtime_port, log_level) = (0, 0, None);
        Self { docs, runtime, folder, owner, runtime_flags, docs_flags, log_level, docs_port, runtime_port }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts the control plane, on the port it had before.
    pub fn start_docs(&mut self) {
        let mut command = Command::new(DOCS);
        command.args(["serve", "--port", &self.docs_port.to_string()]);
        command.arg("--data-dir").arg(self.path("docs"));
        command.args(&self.docs_flags);
        if self.runtime_port != 0 {
            command.arg("--runtime-endpoint").arg(format!("http://127.0.0.1:{}", self.runtime_port));
            command.arg("--runtime-api-key-file").arg(self.path("runtime.key"));
        }
        self.log(&mut command);
        let program = Program::start(&mut command);
        self.docs_port = program.port();
        self.docs = Some(program);
        if self.owner.is_empty() {
            let code = self.docs.as_ref().unwrap().line_with("setup code: ");
            self.set_up(code.rsplit(' ').next().unwrap());
        }
    }

    /// Lets a program write all that it can tell into this place's log, where there is to be one.
    fn log(&self, command: &mut Command) {
        let Some(level) = &self.log_level else { return };
        let log = std::fs::File::options().create(true).append(true).open(self.path("log")).unwrap();
        command.env("RAVEN_DOCS_LOG", level).env("RAVEN_RUNTIME_LOG", level).stderr(log);
    }

    fn set_up(&mut self, code: &str) {
        let account =
            json!({ "code": code, "email": "owner@example.com", "name": "Olga", "password": PASSWORD });
        let made = Operator::anonymous(&self.base()).post("/api/auth/setup", &account);
        assert_eq!(made.status, 201, "{:?}", made.body);
        self.owner = self.token_of("owner@example.com");
    }

    /// The terminal session of an agent, with its recording.
    pub fn session_of(&self, agent: &str) -> Value {
        self.owner().get(&format!("/api/terminal/agents/{agent}/session")).body
    }

    /// Waits until the recording of an agent's session is over; answers the session.
    pub fn recorded(&self, agent: &str) -> Value {
        wait_for("the end of a recording", || {
            let session = self.session_of(agent);
            (session["status"] == "terminated").then_some(session)
        })
    }

    /// Runs `raven-docs recording …` on this place's folder; answers whether it succeeded, and what it said.
    pub fn recording_command(&self, args: &[&str]) -> (bool, String) {
        let dir = self.path("docs");
        let args = [&["recording"], args, &["--data-dir", dir.to_str().unwrap()]].concat();
        let ended = run_docs(&args, "");
        (ended.status.success(), String::from_utf8_lossy(&ended.stdout).into_owned())
    }

    /// Runs `raven-docs audit …` on this place's folder; answers whether it succeeded, and what it said.
    pub fn audit_command(&self, args: &[&str]) -> (bool, String) {
        let dir = self.path("docs");
        let args = [&["audit"], args, &["--data-dir", dir.to_str().unwrap()]].concat();
        let ended = run_docs(&args, "");
        let said = [ended.stdout, ended.stderr].concat();
        (ended.status.success(), String::from_utf8_lossy(&said).into_owned())
    }

    /// An answer of the runtime itself.
    pub fn runtime_get(&self, path: &str) -> Value {
        Operator::with_token(&format!("http://127.0.0.1:{}", self.runtime_port), KEY).get(path).body
    }

    /// Changes the database behind the server's back.
    pub fn sql(&self, statement: &str) {
        let script = "import sqlite3, sys\nwith sqlite3.connect(sys.argv[1], timeout=20) as db: db.execute(sys.argv[2])";
        let database = self.path("docs/raven.db");
        let done =
            Command::new("python3").args(["-c", script]).arg(database).arg(statement).status().unwrap();
        assert!(done.success(), "{statement}");
    }

    /// The first column of what the database answers.
    pub fn asked(&self, query: &str) -> Vec<String> {
        let script = "import sqlite3, sys\nwith sqlite3.connect(sys.argv[1], timeout=20) as db:\n for row in db.execute(sys.argv[2]): print(row[0])";
        let database = self.path("docs/raven.db");
        let done = Command::new("python3").args(["-c", script]).arg(database).arg(query).output().unwrap();
        assert!(done.status.success(), "{query}");
        String::from_utf8(done.stdout).unwrap().lines().map(ToOwned::to_owned).collect()
    }

    /// Signs in as a browser does; the answer has its cookie.
    pub fn log_in(&self, email: &str) -> Answer {
        let login = json!({ "email": email, "password": PASSWORD });
        Operator::anonymous(&self.base()).post("/api/auth/login", &login)
    }

    /// A browser that somebody is signed in with.
    pub fn browsing(&self, email: &str) -> Operator {
        Operator::in_browser(&self.base(), &self.log_in(email).cookie.unwrap())
    }

    /// The id of an account.
    pub fn id_of(&self, email: &str) -> String {
        let members = self.owner().get("/api/members?limit=200").body;
        let all = members["items"].as_array().unwrap().clone();
        let found = all.into_iter().find(|member| member["email"] == email).unwrap();
        found["userId"].as_str().unwrap().to_owned()
    }

    /// Whether a text is anywhere in the database's files.
    pub fn keeps(&self, text: &str) -> bool {
        ["docs/raven.db", "docs/raven.db-wal"].into_iter().any(|name| {
            let file = std::fs::read(self.path(name)).unwrap_or_default();
            crate::browser::contains(&file, text.as_bytes())
        })
    }

    /// Has an agent's key be one that the test knows: its own is in nobody's hands but its program's.
    pub fn known_key(&self, agent: &str) -> String {
        let key = format!("raven_mcp_of_{agent}");
        let script = "import hashlib, sys\nprint(hashlib.sha256(sys.argv[1].encode()).hexdigest())";
        let digest = Command::new("python3").args(["-c", script, &key]).output().unwrap().stdout;
        let digest = String::from_utf8(digest).unwrap();
        self.sql(&format!("UPDATE agent_keys SET digest = '{}' WHERE agent_id = '{agent}'", digest.trim()));
        key
    }

    /// Starts the runtime, on the port it had before. Its agents end with it when the test does.
    pub fn start_runtime(&mut self) {
        let mut command = Command::new(runtime_program());
        command.args(["start", "--port", &self.runtime_port.to_string(), "--stop-agents-on-exit"]);
        command.arg("--data-dir").arg(self.path("runtime"));
        command.arg("--api-key-file").arg(self.path("runtime.key"));
        command.args(&self.runtime_flags);
        self.log(&mut command);
        let program = Program::start(&mut command);
        self.runtime_port = program.port();
        self.runtime = Some(program);
    }

    pub fn base(&self) -> String {
        format!("http://127.0.0.1:{}", self.docs_port)
    }

    /// Makes an account from the command line; answers its token.
    pub fn account(&self, email: &str, role: &str, more: &[&str]) -> String {
        let dir = self.path("docs");
        let mut args =
            vec!["user", "add", "--email", email, "--name", email, "--role", role, "--password-stdin"];
        args.extend(["--data-dir", dir.to_str().unwrap()]);
        args.extend(more);
        let added = run_docs(&args, PASSWORD);
        assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
        self.token_of(email)
    }

    pub fn token_of(&self, email: &str) -> String {
        let dir = self.path("docs");
        let args = ["token", "create", "--email", email, "--name", "t", "--data-dir", dir.to_str().unwrap()];
        let made = run_docs(&args, "");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        String::from_utf8(made.stdout).unwrap().lines().last().unwrap().to_owned()
    }

    /// The owner, by HTTP.
    pub fn owner(&self) -> Operator {
        Operator::with_token(&self.base(), &self.owner)
    }

    /// Somebody else, by HTTP.
    pub fn person(&self, token: &str) -> Operator {
        Operator::with_token(&self.base(), token)
    }

    /// A Socket.IO connection of the owner.
    pub fn browser(&self, namespace: &str) -> Browser {
        Browser::connect(&self.base(), namespace, "", Some(&self.owner)).expect("the owner may connect")
    }

    /// Spawns one custom agent; answers its id.
    pub fn spawn(&self, command: &[&str]) -> String {
        let body = json!({ "agentType": "custom", "config": { "command": command } });
        let spawned = self.owner().post("/api/parallax-agents/spawn", &body);
        assert_eq!(spawned.status, 201, "{:?}", spawned.body);
        assert_eq!(spawned.body["success"], true);
        spawned.body["spawnedAgents"][0]["id"].as_str().unwrap().to_owned()
    }

    /// Waits until an agent has a status; answers the agent.
    pub fn agent_that_is(&self, id: &str, status: &str) -> Value {
        let owner = self.owner();
        let mut last = Value::Null;
        crate::programs::wait_for(&format!("agent that is {status}"), || {
            last = owner.get(&format!("/api/parallax-agents/{id}")).body;
            let ended = ["error", "stopped"].contains(&last["status"].as_str().unwrap_or_default());
            assert!(!ended || last["status"] == status, "the agent ended otherwise: {last}");
            (last["status"] == status).then(|| last.clone())
        })
    }

    /// The kinds in the activity feed of an agent, oldest first.
    pub fn activity_of(&self, id: &str) -> Vec<String> {
        let feed = self.owner().get(&format!("/api/parallax-agents/{id}/activity")).body;
        let kinds =
            feed["items"].as_array().unwrap().iter().map(|entry| entry["kind"].as_str().unwrap().to_owned());
        let mut kinds: Vec<String> = kinds.collect();
        kinds.reverse();
        kinds
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.docs = None;
        // Agents outlive a runtime that crashed: another one takes them up, and ends them with itself.
        if self.runtime.is_none() && self.runtime_port != 0 {
            self.start_runtime();
        }
        self.runtime = None;
    }
}
