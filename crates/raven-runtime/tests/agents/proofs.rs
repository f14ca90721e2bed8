//! What is proven of each agent, on the real runtime.
//!
//! Owns the behaviours and their order, which is that of an agent's life. Must not know how an agent is led
//! to the stub.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;
use reqwest::StatusCode;
use serde_json::{Value, json};
use url::Url;

use crate::daemon::until;
use crate::driven::{self, Bench, Driven};
use crate::stub::INPUT_TOKENS;
use crate::subjects::{Subject, Taken};

/// One thing that an agent does.
pub struct Behaviour {
    pub name: &'static str,
    /// What it means, for the table.
    pub means: &'static str,
    proof: for<'a> fn(&'a mut Life) -> LocalBoxFuture<'a, ()>,
}

/// How one behaviour turned out.
pub enum Outcome {
    Proven,
    Impossible(&'static str),
    Failed,
}

macro_rules! behaviours {
    ($($name:literal, $means:literal, $proof:ident;)*) => {
        &[$(Behaviour { name: $name, means: $means, proof: |life| $proof(life).boxed_local() }),*]
    };
}

pub const BEHAVIOURS: &[Behaviour] = behaviours! {
    "ready", "ready from an empty home, with nobody at its terminal", ready;
    "message", "takes a message, is busy, answers, is ready again", message;
    "queue", "a message that is sent while it is busy is taken at its end", queue;
    "permission", "asks; refused by the API it does nothing, allowed it goes on; a stale answer is refused", permission;
    "MCP tool", "calls a tool of the MCP server that the spawn names without asking, and gets its result", tool;
    "usage", "the tokens that it used are told", usage;
    "interrupt", "stops in the middle of an answer and takes the next message", interrupt;
    "stop", "ends, with no process left", stop;
    "sign-in page", "without key and login it is `login_required`, with the whole address of a page, and whether its host is one of the kind's", page;
    "sign-in taken", "what the sign-in gives reaches it through the API", taken;
    "refused key", "a key that the provider refuses is told, with the provider's words", refused_key;
    "usage limit", "a limit is told as such, with its end where the program knows it", limit;
    "five", "five at once are busy, are interrupted and answer their own message, each in a home of its own if it has one", five;
    "kill", "the runtime is killed in the middle of a turn: the next one drives it on; or it tells what happened meanwhile", kill;
};

/// What the proofs of one kind share: an agent that lives on from one to the next.
pub struct Life {
    subject: &'static Subject,
    bench: Bench,
    agent: Option<Driven>,
}

impl Life {
    /// The agent, ready; another one when it is gone.
    async fn agent(&mut self) -> &Driven {
        if self.agent.is_none() {
            self.agent = Some(self.bench.ready(self.subject).await);
        }
        self.agent.as_ref().unwrap()
    }

    /// Puts an agent in its place, so that its screen is told when the proof fails.
    fn with(&mut self, agent: Driven) -> &Driven {
        self.agent = None;
        self.agent.insert(agent)
    }

    async fn tell(&self) {
        let Some(agent) = &self.agent else { return };
        let screen = agent.daemon.get(&format!("/api/agents/{}/screen", driven::ALONE)).await;
        let told = AssertUnwindSafe(async { (agent.now().await, screen.text().await.unwrap()) });
        if let Ok((now, screen)) = told.catch_unwind().await {
            let lines: Vec<&str> = screen.lines().filter(|line| !line.trim().is_empty()).collect();
            eprintln!("{now}\n{}", lines.join("\n"));
        }
    }
}

/// How often a behaviour is tried before it counts as failed.
const ATTEMPTS: u32 = 2;

/// Everything of one kind.
pub async fn all(subject: &'static Subject, bench: Bench) -> Vec<Outcome> {
    let mut life = Life { subject, bench, agent: None };
    let mut outcomes = Vec::new();
    for behaviour in BEHAVIOURS {
        let outcome = one(&mut life, behaviour).await;
        let word = match &outcome {
            Outcome::Proven => "proven",
            Outcome::Impossible(why) => why,
            Outcome::Failed => "FAILED",
        };
        eprintln!("  {:<12} {:<14} {word}", subject.agent_type, behaviour.name);
        outcomes.push(outcome);
    }
    outcomes
}

async fn one(life: &mut Life, behaviour: &Behaviour) -> Outcome {
    if let Some(why) = life.subject.cannot(behaviour.name) {
        return Outcome::Impossible(why);
    }
    // The programs are other people's, on a machine that does other things too: what fails once is told, and
    // must hold for an agent that begins anew.
    for attempt in 1..=ATTEMPTS {
        if AssertUnwindSafe((behaviour.proof)(life)).catch_unwind().await.is_ok() {
            return Outcome::Proven;
        }
        eprintln!("  {:<12} {:<14} failed, attempt {attempt}", life.subject.agent_type, behaviour.name);
        life.tell().await;
        life.agent = None;
    }
    Outcome::Failed
}

async fn ready(life: &mut Life) {
    let agent = life.agent().await.now().await;
    assert!(agent["evidence"].as_str().is_some_and(|evidence| !evidence.is_empty()), "{agent}");
}

async fn message(life: &mut Life) {
    let agent = life.agent().await;
    agent.send("slow:12").await;
    agent.is("busy").await;
    agent.shows("word12").await;
    let done = agent.is("ready").await;
    assert_eq!(done["turn"]["error"], Value::Null);
    agent.send("say:hello").await;
    agent.shows("I say hello").await;
    agent.is("ready").await;
}

async fn queue(life: &mut Life) {
    let agent = life.agent().await;
    agent.send("slow:12").await;
    agent.is("busy").await;
    agent.queue("say:afterwards").await;
    agent.tells("it waits", |agent| (agent["queued"] == 1).then_some(())).await;
    agent.shows("I say afterwards").await;
    let is_done = |agent: &Value| agent["status"] == "ready" && agent["queued"].is_null();
    agent.tells("it is ready and nothing waits", |agent| is_done(agent).then_some(())).await;
}

async fn permission(life: &mut Life) {
    let agent = life.agent().await;
    let made = |name: &str| agent.daemon.agent_folder(driven::ALONE).join("work").join(name).exists();
    agent.send("run:touch refused-to-it").await;
    let prompt = agent.asked().await;
    assert_eq!(prompt["kind"], "permission", "{prompt}");
    assert!(prompt["question"].as_str().unwrap().contains("touch refused-to-it"), "{prompt}");
    let no = |option: &Value| option["label"].as_str().is_some_and(|label| label.starts_with("No"));
    let no = prompt["options"].as_array().unwrap().iter().position(no).unwrap();
    agent.choose(&prompt, no).await;
    agent.is("ready").await;
    assert!(!made("refused-to-it"));
    agent.send("run:touch made-by-it && echo it-was-made").await;
    let prompt = agent.asked().await;
    agent.choose(&prompt, 0).await;
    until("the command ran", async || made("made-by-it").then_some(())).await;
    agree_to_all(agent).await;
    assert!(!made("refused-to-it"));
}

async fn tool(life: &mut Life) {
    let agent = life.agent().await;
    agent.send("mcp:abc").await;
    agent.shows("done:echo-abc").await;
    agent.is("ready").await;
}

async fn usage(life: &mut Life) {
    let agent = life.agent().await;
    agent.send("say:something").await;
    agent.shows("I say something").await;
    let usage = agent.tells("it tells its usage", |agent| {
        let usage = &agent["usage"];
        (usage["inputTokens"].as_u64()? >= INPUT_TOKENS).then(|| usage.clone())
    });
    let usage = usage.await;
    assert!(usage["outputTokens"].as_u64().is_some_and(|tokens| tokens > 0), "{usage}");
    agent.is("ready").await;
}

async fn interrupt(life: &mut Life) {
    let agent = life.agent().await;
    agent.send("slow:300").await;
    agent.shows("word5").await;
    agent.is("busy").await;
    agent.interrupt().await;
    agent.is("ready").await;
    agent.send("say:next").await;
    agent.shows("I say next").await;
    agent.is("ready").await;
}

async fn stop(life: &mut Life) {
    let agent = life.agent().await;
    agent.post("stop", &json!({})).await;
    agent.is("stopped").await;
    assert_eq!(agent.daemon.processes(), Vec::<u32>::new());
    life.agent = None;
}

async fn page(life: &mut Life) {
    let agent = life.bench.without_key(life.subject).await;
    let link = &life.subject.link;
    let agent = life.with(agent);
    agent.pick_any(link.choose).await;
    let login = agent
        .tells("it tells a page", |agent| agent["login"]["url"].is_string().then(|| agent["login"].clone()))
        .await;
    let url = login["url"].as_str().unwrap();
    assert!(url.starts_with(link.begins) && url.ends_with(link.ends), "{login}");
    assert_eq!((&login["kind"], &login["trusted"]), (&link.kind.into(), &link.trusted.into()), "{login}");
    assert_eq!(agent.now().await["status"], "login_required");
}

async fn taken(life: &mut Life) {
    let subject = life.subject;
    let agent = life.bench.without_key(subject).await;
    let agent = life.with(agent);
    match &subject.taken {
        Taken::GoodCode => {
            agent.give("code", &subject.key()).await;
            agent.is("ready").await;
            agent.send("say:welcome").await;
            agent.shows("I say welcome").await;
        }
        Taken::Code(says) => {
            agent.pick_any(subject.link.choose).await;
            agent.give("code", "a-code#of-nobody").await;
            agent.shows(says).await;
            agent.is("login_required").await;
        }
        Taken::Address { parameter, says } => {
            agent.pick_any(subject.link.choose).await;
            let login =
                agent.tells("it tells a page", |agent| agent["login"]["url"].as_str().map(str::to_owned));
            let address = came_back_to(&login.await, parameter);
            agent.give("redirect_url", &address).await;
            agent.shows(says).await;
        }
        Taken::Key(choices) => {
            for choice in *choices {
                agent.pick(choice).await;
            }
            agent.give("api_key", &subject.key()).await;
            agent.is("ready").await;
            agent.send("say:welcome").await;
            agent.shows("I say welcome").await;
        }
    }
    life.agent = None;
}

/// Where a browser ends that a sign-in page sends back.
fn came_back_to(page: &str, parameter: &str) -> String {
    let page = Url::parse(page).unwrap();
    let named =
        |name: &str| page.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    let mut address = Url::parse(&named(parameter).unwrap()).unwrap();
    address.query_pairs_mut().append_pair("code", "a-code-of-nobody");
    if let Some(state) = named("state") {
        address.query_pairs_mut().append_pair("state", &state);
    }
    address.into()
}

async fn refused_key(life: &mut Life) {
    let variables = json!({life.subject.key_variable: "no-such-key-0123456789abcdefghij"});
    let agent = life.bench.ready_with(life.subject, &variables).await;
    let agent = life.with(agent);
    agent.send("say:hello").await;
    let told = agent.tells("it tells that its key is refused", |agent| {
        let words =
            [&agent["trouble"], &agent["turn"]["error"]].map(|told| told.as_str().unwrap_or_default());
        words.iter().any(|told| told.contains("the key is not good")).then_some(())
    });
    told.await;
    life.agent = None;
}

async fn limit(life: &mut Life) {
    let agent = life.bench.ready_with(life.subject, &(life.subject.limited)()).await;
    let ends = life.subject.limit_ends;
    let agent = life.with(agent);
    agent.send("limit:").await;
    let limit =
        agent.tells("it tells its limit", |agent| agent["limit"].is_object().then(|| agent["limit"].clone()));
    let limit = limit.await;
    assert_eq!(limit["resetsAt"].is_string(), ends, "{limit}");
    agent.is("waiting").await;
    life.agent = None;
}

async fn five(life: &mut Life) {
    const IDS: [&str; 5] = ["one", "two", "three", "four", "five"];
    let daemon = life.bench.runtime_with_key(life.subject).await;
    daemon.spawn_with(life.subject.spawn(life.bench, &IDS)).await;
    for id in IDS {
        driven::is(&daemon, id, "ready").await;
    }
    for id in IDS {
        driven::send(&daemon, id, "slow:300").await;
    }
    for id in IDS {
        driven::is(&daemon, id, "busy").await;
        let interrupted = daemon.post(&format!("/api/agents/{id}/interrupt"), &json!({})).await;
        assert!(interrupted.status().is_success());
        driven::is(&daemon, id, "ready").await;
        driven::send(&daemon, id, &format!("say:{id}")).await;
    }
    for id in IDS {
        daemon.shows(id, &format!("I say {id}")).await;
        driven::is(&daemon, id, "ready").await;
        let home = daemon.agent_folder(id).join("home");
        assert_eq!(home.is_dir(), life.subject.provider.is_some(), "a home of its own");
    }
}

async fn kill(life: &mut Life) {
    let mut agent = life.bench.ready(life.subject).await;
    agent.send("slow:300").await;
    agent.shows("word2").await;
    agent.daemon.crash_and_restart();
    let agent = life.with(agent);
    agent.is("busy").await;
    agent.interrupt().await;
    agent.is("ready").await;
    agent.send("say:alive").await;
    agent.shows("I say alive").await;
    agent.is("ready").await;
    meanwhile(life).await;
}

/// What happens while no runtime is there: a turn ends, or comes to a question.
async fn meanwhile(life: &mut Life) {
    let command = "run:until test -e go; do sleep 0.2; done; touch ran-meanwhile";
    let agent = life.agent.as_mut().unwrap();
    agent.send(command).await;
    let prompt = agent.asked().await;
    agent.daemon.crash();
    agent.daemon.restart();
    let again = agent.asked().await;
    assert_eq!(again["question"], prompt["question"]);
    agent.choose(&again, 0).await;
    agent.daemon.crash();
    let work = agent.daemon.agent_folder(driven::ALONE).join("work");
    let made = work.join("ran-meanwhile");
    std::fs::write(work.join("go"), "").unwrap();
    until("the command ran", async || made.exists().then_some(())).await;
    agent.daemon.restart();
    agree_to_all(agent).await;
    life.agent = None;
}

/// Allows whatever follows, until it is ready.
async fn agree_to_all(agent: &Driven) {
    until("it is ready", async || {
        let now = agent.now().await;
        let prompt = &now["prompt"];
        if prompt["options"].as_array().is_some_and(|options| !options.is_empty()) {
            let answer = json!({"promptId": prompt["id"], "choice": prompt["options"][0]["id"]});
            let (status, told) = agent.post("answer", &answer).await;
            // It may be gone by now: then nothing was typed.
            assert!(matches!(status, StatusCode::OK | StatusCode::CONFLICT), "{told}");
        }
        (now["status"] == "ready").then_some(())
    })
    .await;
}
