//! An agent that is driven by the API alone, as a person at the control plane drives it.
//!
//! Owns what can be asked of it and waited for. Must not know which agent it is, nor what is proven.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::daemon::{Daemon, until};
use crate::stub::Stub;
use crate::subjects::Subject;

/// The id of an agent that is alone.
pub const ALONE: &str = "one";

/// Where agents are tried: the programs, and the providers that they are led to.
#[derive(Clone, Copy)]
pub struct Bench {
    pub stub: &'static Stub,
    pub path: &'static str,
}

/// A runtime with one agent.
pub struct Driven {
    pub daemon: Daemon,
}

impl Bench {
    /// An agent of a runtime that has its provider's key, ready.
    pub async fn ready(self, subject: &Subject) -> Driven {
        self.ready_with(subject, &json!({})).await
    }

    /// An agent of a runtime that has neither key nor login, asking for one.
    pub async fn without_key(self, subject: &Subject) -> Driven {
        let daemon = Daemon::start(&[]);
        daemon.spawn_with(subject.spawn_without_key(self)).await;
        let agent = Driven { daemon };
        agent.is("login_required").await;
        agent
    }

    /// The same with variables of its own.
    pub async fn ready_with(self, subject: &Subject, variables: &Value) -> Driven {
        let daemon = self.runtime_with_key(subject).await;
        let mut body = subject.spawn(self, &[ALONE]);
        for (name, value) in variables.as_object().unwrap() {
            body["config"]["env"][name] = value.clone();
        }
        daemon.spawn_with(body).await;
        let agent = Driven { daemon };
        agent.is("ready").await;
        agent
    }

    pub async fn runtime_with_key(self, subject: &Subject) -> Daemon {
        let daemon = Daemon::start(&[]);
        if let Some(provider) = subject.provider {
            let put = daemon.request(Method::PUT, &format!("/api/keys/{provider}"));
            let answer = put.json(&json!({"key": subject.key()})).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::OK);
        }
        daemon
    }
}

impl Driven {
    pub async fn now(&self) -> Value {
        now(&self.daemon, ALONE).await
    }

    /// Waits for a status; an end that was not waited for is told with its reason at once.
    pub async fn is(&self, wanted: &str) -> Value {
        is(&self.daemon, ALONE, wanted).await
    }

    /// Waits for something that its record tells.
    pub async fn tells<T>(&self, what: &str, told: impl Fn(&Value) -> Option<T>) -> T {
        until(what, async || told(&self.now().await)).await
    }

    pub async fn send(&self, message: &str) {
        send(&self.daemon, ALONE, message).await;
    }

    /// Sends a message that waits for its turn.
    pub async fn queue(&self, message: &str) {
        let body = json!({"message": message, "queue": true});
        assert_eq!(self.post("send", &body).await.0, StatusCode::ACCEPTED, "{message}");
    }

    pub async fn shows(&self, text: &str) {
        self.daemon.shows(ALONE, text).await;
    }

    pub async fn post(&self, what: &str, body: &Value) -> (StatusCode, Value) {
        let answer = self.daemon.post(&format!("/api/agents/{ALONE}/{what}"), body).await;
        (answer.status(), answer.json().await.unwrap_or_default())
    }

    pub async fn interrupt(&self) {
        assert_eq!(self.post("interrupt", &json!({})).await.0, StatusCode::ACCEPTED);
    }

    /// Waits for a question with options.
    pub async fn asked(&self) -> Value {
        self.tells("it asks something", |agent| {
            let prompt = &agent["prompt"];
            let options = prompt["options"].as_array().is_some_and(|options| !options.is_empty());
            options.then(|| prompt.clone())
        })
        .await
    }

    /// Chooses an option of a question by its place.
    pub async fn choose(&self, prompt: &Value, place: usize) {
        let answer = json!({"promptId": prompt["id"], "choice": prompt["options"][place]["id"]});
        assert_eq!(self.post("answer", &answer).await.0, StatusCode::OK, "{prompt}");
        assert_eq!(self.post("answer", &answer).await.0, StatusCode::CONFLICT, "a stale answer is refused");
    }

    /// Answers a question with an option that has this id.
    pub async fn pick(&self, choice: &str) {
        let has = |option: &Value| option["id"] == choice;
        let prompt = self
            .tells(&format!("{choice} can be chosen"), |agent| {
                let prompt = &agent["prompt"];
                prompt["options"].as_array()?.iter().any(has).then(|| prompt.clone())
            })
            .await;
        let answer = json!({"promptId": prompt["id"], "choice": choice});
        let (status, told) = self.post("answer", &answer).await;
        assert_eq!(status, StatusCode::OK, "{told}");
    }

    /// As [`Self::pick`], where there is something to choose.
    pub async fn pick_any(&self, choice: Option<&str>) {
        if let Some(choice) = choice {
            self.pick(choice).await;
        }
    }

    /// Answers a question with a text, once it takes one of this kind.
    pub async fn give(&self, input: &str, text: &str) {
        let prompt = self
            .tells(&format!("it takes {input}"), |agent| {
                (agent["prompt"]["input"] == input).then(|| agent["prompt"].clone())
            })
            .await;
        let answer = json!({"promptId": prompt["id"], "text": text});
        let (status, told) = self.post("answer", &answer).await;
        assert_eq!(status, StatusCode::OK, "{told}");
    }
}

pub async fn now(daemon: &Daemon, id: &str) -> Value {
    daemon.json(&format!("/api/agents/{id}")).await
}

pub async fn is(daemon: &Daemon, id: &str, wanted: &str) -> Value {
    until(&format!("{id} is {wanted}"), async || {
        let agent = now(daemon, id).await;
        let ended = agent["status"] == "error" && wanted != "error";
        assert!(!ended, "{} instead of {wanted}", agent["error"]);
        (agent["status"] == wanted).then_some(agent)
    })
    .await
}

/// Sends a message as soon as the agent takes one: a short turn may be over on its screen before its program
/// has told of it.
pub async fn send(daemon: &Daemon, id: &str, message: &str) {
    until(&format!("{id} takes {message}"), async || {
        let sent = daemon.post(&format!("/api/agents/{id}/send"), &json!({"message": message})).await;
        let (status, told) = (sent.status(), sent.json::<Value>().await.unwrap_or_default());
        let busy = told["code"] == "AGENT_NOT_READY";
        assert!(busy || status == StatusCode::ACCEPTED, "{message}: {told}");
        (!busy).then_some(())
    })
    .await;
}
