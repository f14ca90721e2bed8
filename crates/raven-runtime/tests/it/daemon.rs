//! A daemon under test: started, asked, killed, and proven to have left no process behind.
//!
//! Owns the harness. Must not know what the tests are about.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use raven_protocol::runtime_api::RuntimeAgent;
use reqwest::{Method, Response, StatusCode};
use rustix::process::Pid;
use serde_json::{Value, json};
use tempfile::TempDir;

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_raven-runtime");

/// How long a fact may take to become true on a busy machine.
pub const DEADLINE: Duration = Duration::from_secs(40);

/// Name of the variable by which a test's processes are found.
pub const MARK: &str = "RAVEN_TEST_MARK";

/// A running daemon and its data folder.
pub struct Daemon {
    pub folder: TempDir,
    pub url: String,
    /// What is started; an upgrade is another one.
    pub program: PathBuf,
    process: Child,
    pub flags: Vec<String>,
    client: reqwest::Client,
    pub mark: String,
}

/// Waits for a fact.
pub async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let limit = Instant::now() + DEADLINE;
    let mut turns = tokio::time::interval(Duration::from_millis(20));
    loop {
        turns.tick().await;
        if let Some(fact) = ask().await {
            return fact;
        }
        assert!(Instant::now() < limit, "not within {DEADLINE:?}: {what}");
    }
}

pub fn http() -> reqwest::Client {
    let _installed = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().timeout(DEADLINE).build().unwrap()
}

/// Starts the program and reads the line that says where it listens.
fn launch(program: &Path, folder: &Path, flags: &[String]) -> (Child, String) {
    let mut command = Command::new(program);
    command.arg("start").args(["--port", "0", "--data-dir"]).arg(folder).args(flags);
    command.env("RAVEN_TEST_SECRET", "daemon-secret").env("ANTHROPIC_API_KEY", "daemon-secret");
    let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.trim().strip_prefix("raven-runtime listening on ").expect("the line").to_owned();
    (process, url)
}

impl Daemon {
    pub fn start(flags: &[&str]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), flags)
    }

    pub fn start_in(folder: TempDir, flags: &[&str]) -> Self {
        Self::start_as(PROGRAM.into(), folder, flags)
    }

    /// Starts with a kind of agent that a user added.
    pub fn with_kind(name: &str, kind: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("kinds")).unwrap();
        std::fs::write(folder.path().join(format!("kinds/{name}.toml")), kind).unwrap();
        Self::start_in(folder, &[])
    }

    pub fn start_as(program: PathBuf, folder: TempDir, flags: &[&str]) -> Self {
        let flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
        let (process, url) = launch(&program, folder.path(), &flags);
        let mark = folder.path().to_string_lossy().into_owned();
        Self { folder, url, program, process, flags, client: http(), mark }
    }

    /// Kills the daemon as a crash would, and starts it again on the same folder.
    pub fn crash_and_restart(&mut self) {
        self.crash();
        (self.process, self.url) = launch(&self.program, self.folder.path(), &self.flags);
    }

    pub fn crash(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    pub fn restart(&mut self) {
        (self.process, self.url) = launch(&self.program, self.folder.path(), &self.flags);
    }

    /// Ends the daemon as a person would; answers its exit code.
    pub fn interrupt(&mut self) -> Option<i32> {
        let pid = rustix::process::Pid::from_child(&self.process);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        self.process.wait().unwrap().code()
    }

    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    pub async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    pub async fn json(&self, path: &str) -> Value {
        self.get(path).await.json().await.unwrap()
    }

    pub async fn post(&self, path: &str, body: &Value) -> Response {
        self.request(Method::POST, path).json(body).send().await.unwrap()
    }

    /// Spawns one agent with a command; its processes carry the mark.
    pub async fn spawn(&self, command: &[&str]) -> String {
        self.spawn_with(json!({"agentType": "custom", "count": 1, "config": {"command": command}})).await
    }

    pub async fn sh(&self, script: &str) -> String {
        self.spawn(&["sh", "-c", script]).await
    }

    pub async fn spawn_with(&self, mut body: Value) -> String {
        body["config"]["env"][MARK] = self.mark.clone().into();
        let answer = self.post("/api/spawn", &body).await;
        assert_eq!(answer.status(), StatusCode::CREATED);
        let answer: Value = answer.json().await.unwrap();
        answer["agents"][0]["id"].as_str().unwrap().to_owned()
    }

    /// Asks for a restart, with what the harness gave at the spawn.
    pub async fn begin_anew(&self, id: &str) -> Response {
        let body = json!({"env": {MARK: self.mark}});
        self.post(&format!("/api/agents/{id}/restart"), &body).await
    }

    pub async fn agent(&self, id: &str) -> RuntimeAgent {
        self.get(&format!("/api/agents/{id}")).await.json().await.unwrap()
    }

    pub async fn status(&self, id: &str, wanted: &str) -> RuntimeAgent {
        until(&format!("{id} is {wanted}"), async || {
            let agent = self.agent(id).await;
            (agent.status.as_str() == wanted).then_some(agent)
        })
        .await
    }

    /// Waits until the screen shows a text.
    pub async fn shows(&self, id: &str, text: &str) -> Value {
        let path = format!("/api/agents/{id}/screen?format=json");
        until(&format!("the screen of {id} shows {text:?}"), async || {
            let screen = self.json(&path).await;
            screen["lines"].to_string().contains(text).then_some(screen)
        })
        .await
    }

    /// Live processes of this test, without the hosts.
    pub fn processes(&self) -> Vec<u32> {
        marked(&format!("{MARK}={}", self.mark))
    }

    pub fn agent_folder(&self, id: &str) -> PathBuf {
        self.folder.path().join("agents").join(id)
    }

    /// The daemon's process.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// The process of an agent's host.
    pub async fn host(&self, id: &str) -> Pid {
        let program = self.agent(id).await.pid.unwrap();
        let stat = std::fs::read_to_string(format!("/proc/{program}/stat")).unwrap();
        let parent = stat.rsplit_once(')').unwrap().1.split_whitespace().nth(1).unwrap();
        Pid::from_raw(parent.parse().unwrap()).unwrap()
    }

    pub fn command(&self, arguments: &[&str]) -> std::process::Output {
        Command::new(PROGRAM).args(arguments).arg("--data-dir").arg(self.folder.path()).output().unwrap()
    }
}

/// Processes that have not ended and whose environment holds the text.
fn marked(text: &str) -> Vec<u32> {
    let numbers = std::fs::read_dir("/proc").unwrap();
    let numbers = numbers.filter_map(|entry| entry.unwrap().file_name().to_str()?.parse::<u32>().ok());
    numbers
        .filter(|pid| {
            let mut environment = Vec::new();
            // The environment of a zombie is empty.
            let read = std::fs::File::open(format!("/proc/{pid}/environ"))
                .and_then(|mut file| file.read_to_end(&mut environment));
            read.is_ok() && environment.split(|byte| *byte == 0).any(|entry| entry == text.as_bytes())
        })
        .collect()
}

impl Drop for Daemon {
    /// Ends everything and fails the test when something is left. A daemon that was ended by the test is
    /// started again for that: its agents live on.
    fn drop(&mut self) {
        if self.process.try_wait().unwrap().is_some() {
            (self.process, self.url) = launch(&self.program, self.folder.path(), &self.flags);
        }
        let key = self.flags.iter().position(|flag| flag == "--api-key-file").map(|at| &self.flags[at + 1]);
        let mut stop = Command::new(PROGRAM);
        stop.args(["stop", "--all", "--force", "--data-dir"]).arg(self.folder.path());
        let stopped = stop.args(key.iter().flat_map(|key| ["--api-key-file", key])).output().unwrap();
        let code = self.interrupt();
        let left = self.processes();
        for pid in &left {
            let pid = i32::try_from(*pid).ok().and_then(rustix::process::Pid::from_raw).unwrap();
            let _gone = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
        if !std::thread::panicking() {
            assert!(stopped.status.success(), "{}", String::from_utf8_lossy(&stopped.stderr));
            assert_eq!(code, Some(0), "the daemon's exit code");
            assert_eq!(left, Vec::<u32>::new(), "processes left behind");
        }
    }
}
