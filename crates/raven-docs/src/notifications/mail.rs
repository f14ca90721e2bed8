//! E-mail: what a letter says, and handing it to the mail server.
//!
//! Owns SMTP. A letter is plain text of single lines without control characters, so that nothing an agent says
//! can become a header. Must not know who gets which (see `fan_out`).

use std::time::Duration;

use anyhow::{Context as _, bail};
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MessageBuilder};
use lettre::transport::smtp::AsyncSmtpTransport;
use lettre::{Address, AsyncTransport as _, Message, Tokio1Executor};
use raven_protocol::id::{UserId, WorkspaceId};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;

use super::delivery::{Attempt, End};
use super::inbox::person;
use super::topics::Topic;
use super::{Notifications, link, outbox::one_line};
use crate::access::{Granted, Read};
use crate::auth::Role;
use crate::db::notifications::{self as told, Owner};
use crate::db::{self, deliveries, memberships, notification_jobs as jobs};
use crate::error::{Conflict, Error};

/// How long a mail server may take for each step: slow ones look up who calls.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);

/// Events that one letter tells of; the page has the others.
const MAX_LINES: usize = 10;

/// Longest part of a subject that says what an agent asks, in characters.
const MAX_SUBJECT: usize = 80;

/// Hands letters to one mail server.
#[derive(Clone)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Mailer {
    /// Checks the address of a mail server and of the sender.
    ///
    /// # Errors
    /// When one of them cannot be used; the message names no password.
    pub fn new(url: &SecretString, from: &str) -> anyhow::Result<Self> {
        let mut url = Url::parse(url.expose_secret().trim()).ok().context(
            "the mail server's address is none: write it as smtps://user:password@mail.example.com",
        )?;
        if !matches!(url.scheme(), "smtp" | "smtps") || !url.has_host() {
            bail!("the mail server's address must begin with smtps:// or smtp://");
        }
        let local = url.host_str().is_some_and(|host| matches!(host, "localhost" | "127.0.0.1" | "[::1]"));
        if url.scheme() == "smtp" && url.query().is_none() && !local {
            // A password must not cross a network in the clear because of a letter that was forgotten.
            url.set_query(Some("tls=required"));
        }
        if url.query() == Some("tls=none") {
            url.set_query(None);
        }
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.as_str()).ok().context(
            "the mail server's address cannot be used: after it only ?tls=required, opportunistic or none can follow",
        )?;
        let from = from.parse().with_context(|| format!("`{from}` is not an e-mail address to send from"))?;
        Ok(Self { transport: builder.timeout(Some(ANSWER_WITHIN)).build(), from })
    }

    /// Hands one letter over; what the server says of it is the outcome.
    async fn send(&self, id: &str, to: &str, subject: &str, text: String) -> Attempt {
        let message = to.parse::<Address>().map_err(anyhow::Error::from).and_then(|to| {
            let host = self.from.email.domain();
            let letter: MessageBuilder = Message::builder()
                .from(self.from.clone())
                .to(Mailbox::new(None, to))
                .subject(subject)
                .message_id(Some(format!("<{id}@{host}>")))
                .header(ContentType::TEXT_PLAIN);
            Ok(letter.body(text)?)
        });
        let mut message = match message {
            Ok(message) => message,
            Err(error) => return given_up(format!("the letter cannot be written: {error}")),
        };
        // No machine is to answer it.
        let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
        message.headers_mut().insert_raw(HeaderValue::new(automatic, "auto-generated".to_owned()));
        match self.transport.send(message).await {
            Ok(response) => {
                let words: Vec<&str> = response.message().collect();
                let (code, answer) = (Some(response.code().into()), words.join(" "));
                Attempt { end: End::Delivered, code, answer: one_line(&answer).unwrap_or_default() }
            }
            Err(error) => {
                let code = error.status().map(Into::into);
                let end = if error.is_permanent() { End::GiveUp } else { End::TryAgain };
                let why = format!("{:#}", anyhow::Error::from(error));
                Attempt { end, code, answer: one_line(&why).unwrap_or_default() }
            }
        }
    }
}

fn given_up(why: String) -> Attempt {
    Attempt { end: End::GiveUp, code: None, answer: why }
}

/// What a letter tells of, as it is kept until it is sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Letter {
    agent: Option<String>,
    agent_name: Option<String>,
    topic: String,
    events: Vec<Line>,
    /// Events that are only counted.
    more: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Line {
    event: String,
    message: String,
    detail: Option<String>,
    /// Its page in the web UI, where it has one of its own.
    #[serde(default)]
    path: Option<String>,
}

impl Letter {
    pub fn of(job: &jobs::Model) -> Self {
        let mut letter = Self {
            agent: job.agent_id.clone(),
            agent_name: job.agent_name.clone(),
            topic: job.topic.clone(),
            events: Vec::new(),
            more: 0,
        };
        letter.add(job);
        letter
    }

    pub fn add(&mut self, job: &jobs::Model) {
        if self.events.len() == MAX_LINES {
            self.more += 1;
            return;
        }
        let (event, message, detail) = (job.id.clone(), job.message.clone(), job.detail.clone());
        self.events.push(Line { event, message, detail, path: job.path.clone() });
    }

    fn subject(&self) -> String {
        let who = self.agent_name.as_deref().unwrap_or("Raven");
        let what = match Topic::from_str_opt(&self.topic) {
            Some(Topic::Blocked) => "is blocked",
            Some(Topic::LoginRequired) => "wants a person to sign in",
            Some(Topic::Approval) => "needs a decision",
            Some(Topic::Error) => "failed",
            Some(Topic::Work) => "has news of its work",
            Some(Topic::Done) | None => "is done",
            Some(Topic::Mention) => "mentions you",
        };
        let detail = self.events.first().and_then(|line| line.detail.as_deref());
        let detail = detail.map(|text| format!(": {}", text.chars().take(MAX_SUBJECT).collect::<String>()));
        format!("[Raven] {who} {what}{}", detail.unwrap_or_default())
    }

    fn text(&self, url: &str, settings: &str) -> String {
        let mut lines: Vec<String> = Vec::new();
        for Line { message, detail, .. } in &self.events {
            lines.push(match detail {
                Some(detail) => format!("{message}: {detail}"),
                None => message.clone(),
            });
        }
        if self.more > 0 {
            lines.push(format!("and {} more", self.more));
        }
        lines.extend([String::new(), url.to_owned(), String::new()]);
        lines.push(format!("You get this as your settings say so: {settings}"));
        lines.join("\r\n")
    }
}

/// How the test of one's e-mail address went.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct EmailTest {
    pub delivered: bool,
    pub address: String,
    /// What the mail server said, or why it was not reached.
    pub answer: String,
}

impl Notifications {
    /// Sends a letter that was gathered, unless nobody needs it any more.
    pub(super) async fn send_mail(&self, row: &deliveries::Model) -> Result<Attempt, Error> {
        let Some(mailer) = &self.inner.mailer else {
            return Ok(Attempt::drop("the server has no mail server any more"));
        };
        let letter: Letter = serde_json::from_str(&row.body).map_err(anyhow::Error::from)?;
        let (workspace, user) =
            (WorkspaceId::parse(row.workspace_id.as_str())?, UserId::parse(row.target_id.as_str())?);
        let is_member = memberships::role_in(self.db().read(), &workspace, user.as_str()).await?;
        let may = is_member.and_then(|role| Role::from_str_opt(&role)).is_some();
        let account = db::users::find(self.db().read(), user.as_str()).await?.filter(|_| may);
        let Some(account) = account else {
            return Ok(Attempt::drop("the person is no member of the workspace any more"));
        };
        let events: Vec<String> = letter.events.iter().map(|line| line.event.clone()).collect();
        let owner = Owner { workspace: &workspace, user: &user };
        let read = told::read_of(self.db().read(), owner, &events).await?;
        if letter.more == 0 && read == events.len() as u64 {
            return Ok(Attempt::drop("it was read in the web UI before"));
        }
        let own = letter.events.first().and_then(|line| line.path.as_deref());
        let url = self.url(&link::of(own, &letter.topic, letter.agent.as_deref()));
        let text = letter.text(&url, &self.url("/settings/notifications"));
        Ok(mailer.send(&row.id, &account.email, &letter.subject(), text).await)
    }

    /// Sends a letter to one's own address now, and answers what the mail server said.
    ///
    /// # Errors
    /// `Conflict` when there is no mail server, `RateLimited` when one has tried often.
    pub async fn test_email(&self, by: &Granted<Read>) -> Result<EmailTest, Error> {
        let person = person(by)?;
        let Some(mailer) = &self.inner.mailer else {
            let detail =
                "this server sends no e-mail: whoever runs it gives it --smtp-url-file and --mail-from";
            return Err(Error::Conflict { code: Conflict::NoMailServer, detail: detail.to_owned() });
        };
        self.limit_tests(person.id.as_str())?;
        let account = db::users::find(self.db().read(), person.id.as_str()).await?;
        let address = account.ok_or(Error::Unauthenticated)?.email;
        let text = format!("E-mail from Raven reaches you.\r\n\r\n{}", self.url("/settings/notifications"));
        let id = raven_protocol::id::DeliveryId::generate();
        let sent = mailer.send(id.as_str(), &address, "[Raven] Test", text).await;
        Ok(EmailTest { delivered: sent.end == End::Delivered, address, answer: sent.answer })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(name: &str, topic: &str, detail: Option<&str>) -> jobs::Model {
        jobs::Model {
            id: "evt_1".into(),
            workspace_id: "ws_1".into(),
            topic: topic.into(),
            audience: "everybody".into(),
            kind: "agent_prompt".into(),
            message: "Agent asks".into(),
            detail: detail.map(str::to_owned),
            agent_id: Some("agt_1".into()),
            agent_name: Some(name.into()),
            session_id: None,
            actor_id: None,
            created_at: 0,
            user_id: None,
            path: None,
        }
    }

    #[test]
    fn a_letter_says_who_and_what() {
        let mut letter = Letter::of(&job("builder", "blocked", Some("Run `ls`?")));
        assert_eq!(letter.subject(), "[Raven] builder is blocked: Run `ls`?");
        for _ in 0..12 {
            letter.add(&job("builder", "blocked", None));
        }
        let text = letter.text("https://r/agents/agt_1", "https://r/settings/notifications");
        assert!(text.contains("Agent asks: Run `ls`?") && text.contains("and 3 more"), "{text}");
        assert!(text.contains("https://r/agents/agt_1"));
    }

    #[test]
    fn nothing_that_an_agent_says_becomes_a_header() {
        let transport = Mailer::new(&"smtp://localhost:1".to_owned().into(), "Raven <raven@example.com>");
        let from = transport.unwrap().from;
        let subject =
            Letter::of(&job("x\r\nBcc: evil@example.com", "blocked", Some("a\r\nBcc: b@c.d"))).subject();
        let message = Message::builder().from(from.clone()).to(from).subject(subject);
        let sent = message.body(String::new()).unwrap().formatted();
        let sent = String::from_utf8(sent).unwrap();
        assert!(!sent.lines().any(|line| line.starts_with("Bcc:")), "{sent}");
    }

    #[test]
    fn the_mail_server_is_checked_at_the_start() {
        let check = |url: &str, from: &str| Mailer::new(&url.to_owned().into(), from);
        for good in
            ["smtp://localhost:2525", "smtps://u:p%40x@mail.example.com", "smtp://m.example.com?tls=none"]
        {
            assert!(check(good, "raven@example.com").is_ok(), "{good}");
        }
        for (url, from) in [
            ("", "raven@example.com"),
            ("http://mail", "raven@example.com"),
            ("smtp://u:hunter2@mail?tls=maybe", "raven@example.com"),
            ("smtp://localhost", "nobody"),
        ] {
            let refused = check(url, from).err().unwrap();
            assert!(!format!("{refused:#}").contains("hunter2"), "{refused:#}");
        }
    }
}
