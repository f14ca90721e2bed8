//! What is proven of each agent, on the real runtime.
//!
//! Owns the journeys, each a step further in an agent's life. Must not know how an agent is led to the stub.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::daemon::{Daemon, until};
use crate::stub::Stub;
use crate::subjects::Subject;

/// How one behaviour turned out.
pub struct Outcome {
    pub behaviour: &'static str,
    pub told: Result<(), String>,
}

/// A running agent that is driven by the API alone.
struct Driven<'a> {
    daemon: &'a Daemon,
    id: &'a str,
}

impl Driven<'_> {
    async fn now(&self) -> Value {
        self.daemon.json(&format!("/api/agents/{}", self.id)).await
    }

    /// Waits for a status; an end that was not waited for is told with its reason at once.
    async fn is(&self, wanted: &str) -> Value {
        until(&format!("{} is {wanted}", self.id), async || {
            let agent = self.now().await;
            let ended = agent["status"] == "error" && wanted != "error";
            assert!(!ended, "{} instead of {wanted}", agent["error"]);
            (agent["status"] == wanted).then_some(agent)
        })
        .await
    }

    /// Waits for a question with options.
    async fn asked(&self) -> Value {
        until("it asks something", async || {
            let prompt = self.now().await["prompt"].take();
            prompt["options"].as_array().is_some_and(|options| !options.is_empty()).then_some(prompt)
        })
        .await
    }

    async fn post(&self, what: &str, body: &Value) -> StatusCode {
        self.daemon.post(&format!("/api/agents/{}/{what}", self.id), body).await.status()
    }

    async fn send(&self, message: &str) {
        assert_eq!(self.post("send", &json!({"message": message})).await, StatusCode::ACCEPTED, "{message}");
    }

    /// Answers a question with its first option.
    async fn agree(&self) {
        let prompt = self.asked().await;
        let answer = json!({"promptId": prompt["id"], "choice": prompt["options"][0]["id"]});
        assert_eq!(self.post("answer", &answer).await, StatusCode::OK, "{prompt}");
        assert_eq!(self.post("answer", &answer).await, StatusCode::CONFLICT, "a stale answer is refused");
    }

    async fn shows(&self, text: &str) {
        self.daemon.shows(self.id, text).await;
    }
}

/// Everything of one kind, in the order of an agent's life; what follows a failure is not tried.
pub async fn all(subject: &'static Subject, stub: &'static Stub, path: &'static str) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    macro_rules! proof {
        ($behaviour:literal, $proof:expr) => {
            let told = AssertUnwindSafe($proof).catch_unwind().await.map_err(why);
            eprintln!(
                "  {} {:<24} {}",
                subject.agent_type,
                $behaviour,
                told.as_ref().err().map_or("proven", |why| why)
            );
            outcomes.push(Outcome { behaviour: $behaviour, told });
        };
    }
    proof!("asks to sign in", signs_in(subject, stub, path));
    proof!("lives a life", life(subject, stub, path));
    proof!("five in parallel", five(subject, stub, path));
    proof!("survives a kill", kill(subject, stub, path));
    outcomes
}

fn why(panic: Box<dyn std::any::Any + Send>) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}

async fn with_key(subject: &Subject) -> Daemon {
    let daemon = Daemon::start(&[]);
    let put = daemon.request(Method::PUT, &format!("/api/keys/{}", subject.provider));
    assert_eq!(put.json(&json!({"key": subject.key()})).send().await.unwrap().status(), StatusCode::OK);
    daemon
}

async fn signs_in(subject: &'static Subject, stub: &'static Stub, path: &'static str) {
    let daemon = Daemon::start(&[]);
    daemon.spawn_with(subject.spawn(stub, path, &["one"])).await;
    let agent = Driven { daemon: &daemon, id: "one" }.is("login_required").await;
    assert_eq!(agent["login"]["kind"], subject.login, "{agent}");
}

async fn life(subject: &'static Subject, stub: &'static Stub, path: &'static str) {
    let daemon = with_key(subject).await;
    daemon.spawn_with(subject.spawn(stub, path, &["one"])).await;
    let agent = Driven { daemon: &daemon, id: "one" };
    let ready = agent.is("ready").await;
    eprintln!("    ready: {}", ready["evidence"]);
    agent.send("say:hello").await;
    agent.shows("I say hello").await;
    agent.is("ready").await;
    eprintln!("    answered");
    agent.send("run:touch made-by-it && echo it-was-made").await;
    agent.is("waiting").await;
    agent.agree().await;
    until("the command ran", async || {
        daemon.agent_folder("one").join("work/made-by-it").exists().then_some(())
    })
    .await;
    eprintln!("    permission");
    if subject.no_tools.is_none() {
        agent.shows("done:it-was-made").await;
        agent.is("ready").await;
        agent.send("mcp:abc").await;
        until("the tool was called", async || {
            let now = agent.now().await;
            if now["status"] == "waiting" {
                agent.agree().await;
            }
            let screen = daemon.json("/api/agents/one/screen?format=json").await;
            screen.to_string().contains("done:echo-abc").then_some(())
        })
        .await;
        eprintln!("    tool");
    } else {
        until("it asks or is ready", async || {
            let now = agent.now().await;
            if now["status"] == "waiting" {
                agent.agree().await;
            }
            (now["status"] == "ready").then_some(())
        })
        .await;
    }
    agent.is("ready").await;
    agent.send("slow:").await;
    agent.shows("word5").await;
    agent.is("busy").await;
    assert_eq!(agent.post("interrupt", &json!({})).await, StatusCode::ACCEPTED);
    agent.is("ready").await;
    eprintln!("    interrupted");
    agent.post("stop", &json!({})).await;
    agent.is("stopped").await;
    assert_eq!(daemon.processes(), Vec::<u32>::new());
}

async fn five(subject: &'static Subject, stub: &'static Stub, path: &'static str) {
    const IDS: [&str; 5] = ["one", "two", "three", "four", "five"];
    let daemon = with_key(subject).await;
    daemon.spawn_with(subject.spawn(stub, path, &IDS)).await;
    for id in IDS {
        Driven { daemon: &daemon, id }.is("ready").await;
    }
    for id in IDS {
        Driven { daemon: &daemon, id }.send(&format!("say:{id}")).await;
    }
    for id in IDS {
        Driven { daemon: &daemon, id }.shows(&format!("I say {id}")).await;
    }
}

async fn kill(subject: &'static Subject, stub: &'static Stub, path: &'static str) {
    let mut daemon = with_key(subject).await;
    daemon.spawn_with(subject.spawn(stub, path, &["one"])).await;
    let agent = Driven { daemon: &daemon, id: "one" };
    agent.is("ready").await;
    agent.send("slow:").await;
    agent.shows("word2").await;
    daemon.crash_and_restart();
    let agent = Driven { daemon: &daemon, id: "one" };
    agent.is("busy").await;
    assert_eq!(agent.post("interrupt", &json!({})).await, StatusCode::ACCEPTED);
    agent.is("ready").await;
}
