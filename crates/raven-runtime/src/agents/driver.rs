//! Driving an agent: messages typed and seen to be taken, questions answered, turns interrupted.
//!
//! Owns what is typed, when, and how it is verified. Must not know HTTP, nor what a screen means.

mod refusal;
mod relay;

use std::sync::Arc;
use std::time::Duration;

use raven_protocol::agent::AgentStatus;
use raven_protocol::doing::{AnswerRequest, MessageState, Prompt, PromptInput, SendAnswer, SendRequest};
use raven_protocol::id::MessageId;
use raven_protocol::runtime_api::RuntimeAgent;
use raven_protocol::time::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::{Instant, sleep};

pub use self::refusal::DriveRefused;
use super::kinds::Kind;
use super::kinds::rules::Asked;
use super::record::{Known, Message, Record, TooLate};
use crate::host::look::Look;
use crate::session::Session;

/// Longest message, in bytes.
const MAX_MESSAGE: usize = 64 * 1024;

/// Most messages that wait for one agent.
const MAX_QUEUE: usize = 50;

/// How long a program may take to show that it took a message, or an answer.
const TAKEN: Duration = Duration::from_secs(8);

/// How long its input line may take to show a text that was typed.
const SHOWN: Duration = Duration::from_secs(3);

/// How long an input line must be empty for the turn to have passed unseen: a turn that goes on shows
/// within that.
const UNSEEN_TURN: Duration = Duration::from_millis(1500);

/// How often the screen is looked at meanwhile.
const LOOK_AGAIN: Duration = Duration::from_millis(40);

/// How long a question is sought that should be on the screen: it may be in the middle of a repaint.
const QUESTION: Duration = Duration::from_secs(2);

/// How long after somebody was seen to type the input line is looked at again for a message that waits.
const COMPOSER_AGAIN: Duration = Duration::from_secs(2);

/// Lines of the screen that go with a refusal.
const LINES: usize = 8;

/// Drives one agent.
pub struct Driver {
    record: Arc<Record>,
    kind: Arc<Kind>,
    session: Session,
}

impl Driver {
    /// Of an agent.
    pub fn new(record: Arc<Record>, kind: Arc<Kind>) -> Self {
        let session = record.session();
        Self { record, kind, session }
    }

    /// Types a message, or lets it wait. One that is sent again under its id is answered with where it is, and
    /// typed once.
    ///
    /// # Errors
    /// [`DriveRefused`]; the message was not taken then, as far as could be seen.
    pub async fn send(
        &self,
        request: SendRequest,
        id: Option<MessageId>,
    ) -> Result<SendAnswer, DriveRefused> {
        check_text(&request.message)?;
        let message = Message { id: id.unwrap_or_else(MessageId::generate), text: request.message };
        let message_id = message.id.clone();
        let answer = |state| Ok(SendAnswer { message_id: message_id.clone(), state });
        let turn = self.record.driving().lock().await;
        if let Some(known) = self.record.known(&message_id) {
            return answer(self.sent_before(&message, known).await?);
        }
        let (status, queue) = (self.record.status(), self.record.queue());
        if status.is_final() || status == AgentStatus::Stopping {
            return Err(DriveRefused::Ended(status));
        }
        if status == AgentStatus::Ready && queue.is_empty() {
            let delivered = self.deliver(&message, Enter::of(request.submit)).await;
            self.note_failure(&message, &delivered);
            drop(turn);
            delivered?;
            return answer(if request.submit { MessageState::Submitted } else { MessageState::Typed });
        }
        if status == AgentStatus::Ready && !request.queue {
            return Err(DriveRefused::Behind(queue.len()));
        }
        if !request.queue || !request.submit {
            return Err(DriveRefused::NotReady {
                status,
                prompt: self.record.agent().doing.prompt.map(Box::new),
            });
        }
        if queue.len() >= MAX_QUEUE {
            return Err(DriveRefused::QueueFull(MAX_QUEUE));
        }
        match self.record.wait(message) {
            true => answer(MessageState::Queued),
            false => Err(DriveRefused::TakenBack),
        }
    }

    /// Where a message is that is sent again. Of one that was submitted and has begun no turn it is looked once
    /// more whether its program took it: the daemon may have ended in between.
    async fn sent_before(&self, message: &Message, known: Known) -> Result<MessageState, DriveRefused> {
        match known {
            Known::Waiting => Ok(MessageState::Queued),
            Known::Failed => Err(DriveRefused::NotTakenBefore),
            Known::TakenBack => Err(DriveRefused::TakenBack),
            Known::Typed => {
                let unseen = !self.kind.rules.is_empty() && self.record.typed().as_ref() == Some(&message.id);
                if unseen && self.record.status() == AgentStatus::Ready && !self.is_taken(message).await? {
                    self.record.change(|state| {
                        state.messages.typed = None;
                        state.messages.came_to_nothing(&message.id);
                    });
                    return Err(DriveRefused::NotTakenBefore);
                }
                Ok(MessageState::Submitted)
            }
        }
    }

    /// Remembers a message that was begun and came to nothing.
    fn note_failure(&self, message: &Message, delivered: &Result<(), DriveRefused>) {
        if delivered.is_err() {
            self.record.change(|state| state.messages.came_to_nothing(&message.id));
        }
    }

    /// Types the messages that wait, each when the agent is ready for it, until it ends.
    pub async fn hand_on_queue(&self) {
        self.give_up_what_was_left().await;
        let mut statuses = self.record.changes();
        loop {
            statuses.mark_unchanged();
            let waits = self.record.status() == AgentStatus::Ready && !self.record.queue().is_empty();
            let in_use = waits && self.hand_on_one().await == HandedOn::InUse;
            if self.record.status().is_final() {
                return;
            }
            let changed = statuses.changed();
            let gone = match in_use {
                true => tokio::time::timeout(COMPOSER_AGAIN, changed).await.is_ok_and(|heard| heard.is_err()),
                false => changed.await.is_err(),
            };
            if gone {
                return;
            }
        }
    }

    /// A message in whose middle the daemon ended is not typed again: its text may stand in the input line.
    async fn give_up_what_was_left(&self) {
        let _turn = self.record.driving().lock().await;
        self.record.give_up_typing();
    }

    async fn hand_on_one(&self) -> HandedOn {
        let _turn = self.record.driving().lock().await;
        if self.record.status() != AgentStatus::Ready {
            return HandedOn::Done;
        }
        let Some(message) = self.record.first() else { return HandedOn::Done };
        let delivered = self.deliver(&message, Enter::Submit).await;
        match delivered {
            Err(DriveRefused::ComposerInUse(_)) => return HandedOn::InUse,
            // It waits no more, and nothing of it was typed.
            Err(DriveRefused::TakenBack) => return HandedOn::Done,
            _ => {}
        }
        self.record.change(|state| {
            state.messages.done(&message.id);
            if let Err(refused) = &delivered {
                state.messages.came_to_nothing(&message.id);
                state.turn_failed(&message.id, refused.to_string());
            }
        });
        HandedOn::Done
    }

    /// Takes back a message that waits.
    ///
    /// # Errors
    /// [`DriveRefused::NoSuchMessage`], or [`DriveRefused::Typed`] when it is too late.
    pub fn cancel(&self, id: &MessageId) -> Result<RuntimeAgent, DriveRefused> {
        self.record.cancel(id).map_err(|too_late| match too_late {
            TooLate::Unknown => DriveRefused::NoSuchMessage(id.clone()),
            TooLate::Typed => DriveRefused::Typed,
            TooLate::Over => DriveRefused::Ended(self.record.status()),
        })
    }

    /// Types a text and, if wanted, the Enter after it; then waits until the program is seen to take it.
    async fn deliver(&self, message: &Message, enter: Enter) -> Result<(), DriveRefused> {
        let drive = &self.kind.is.drive;
        sleep(Duration::from_millis(drive.settle_ms)).await;
        let look = self.session.look().await?;
        if let Some(typed) = self.kind.rules.composed(&look).filter(|typed| !typed.is_empty()) {
            return Err(DriveRefused::ComposerInUse(typed));
        }
        if !self.record.begin(&message.id) {
            return Err(DriveRefused::TakenBack);
        }
        if let Err(refused) = self.type_text(&look, &message.text).await {
            self.record.change(|state| state.messages.done(&message.id));
            return Err(refused);
        }
        if enter == Enter::None {
            self.record.change(|state| state.messages.done(&message.id));
            return Ok(());
        }
        self.until_composed().await?;
        sleep(Duration::from_millis(drive.submit_after_ms)).await;
        self.record.change(|state| {
            state.messages.typed = Some(message.id.clone());
            state.messages.done(&message.id);
        });
        self.keys("\r").await?;
        if self.kind.rules.is_empty() {
            // Nothing of it can be seen: that its terminal took the text is all there is.
            return Ok(());
        }
        if self.is_taken(message).await? {
            return Ok(());
        }
        // The text still stands there: the Enter was lost, and a second one cannot hit anything else.
        let look = self.session.look().await?;
        if self.kind.rules.composed(&look).is_some_and(|typed| !typed.is_empty())
            && self.record.status() == AgentStatus::Ready
        {
            self.keys("\r").await?;
            if self.is_taken(message).await? {
                return Ok(());
            }
        }
        self.record.change(|state| state.messages.typed = None);
        Err(DriveRefused::NotTaken(last_lines(&self.session.look().await?)))
    }

    /// A text as it is typed: as a paste, if the program can tell one from keys.
    async fn type_text(&self, look: &Look, text: &str) -> Result<(), DriveRefused> {
        if look.bracketed_paste && self.kind.is.drive.paste {
            return self.keys(&format!("\u{1b}[200~{text}\u{1b}[201~")).await;
        }
        self.keys(text).await
    }

    async fn keys(&self, keys: &str) -> Result<(), DriveRefused> {
        match self.session.type_text(keys.to_owned(), None).await? {
            true => Ok(()),
            false => Err(DriveRefused::Ended(self.record.status())),
        }
    }

    /// Waits until the input line shows something, where there is a rule for it.
    async fn until_composed(&self) -> Result<(), DriveRefused> {
        let begin = Instant::now();
        while begin.elapsed() < SHOWN {
            match self.kind.rules.composed(&self.session.look().await?) {
                Some(typed) if typed.is_empty() => sleep(LOOK_AGAIN).await,
                _ => return Ok(()),
            }
        }
        Ok(())
    }

    /// Whether the agent is seen to leave its prompt; or, for a turn that is over too soon to be seen,
    /// whether the text has left its input line.
    async fn is_taken(&self, message: &Message) -> Result<bool, DriveRefused> {
        let (begin, began_at) = (Instant::now(), Timestamp::now());
        let mut gone_since: Option<Instant> = None;
        while begin.elapsed() < TAKEN {
            if self.record.status() != AgentStatus::Ready || self.record.typed().is_none() {
                return Ok(true);
            }
            let look = self.session.look().await?;
            match self.kind.rules.composed(&look) {
                Some(typed) if typed.is_empty() => drop(gone_since.get_or_insert_with(Instant::now)),
                _ => gone_since = None,
            }
            if gone_since.is_some_and(|since| since.elapsed() > UNSEEN_TURN) {
                let error = self.kind.rules.read(&look).and_then(|reading| reading.trouble);
                self.record.change(|state| state.turn_unseen(&message.id, began_at, error));
                return Ok(true);
            }
            sleep(LOOK_AGAIN).await;
        }
        Ok(false)
    }

    /// Answers the question that is on the screen.
    ///
    /// # Errors
    /// [`DriveRefused::PromptChanged`] when it is another one now, or none.
    pub async fn answer(&self, request: AnswerRequest) -> Result<RuntimeAgent, DriveRefused> {
        let _turn = self.record.driving().lock().await;
        let prompt = self.record.agent().doing.prompt.filter(|prompt| prompt.id == request.prompt_id);
        let prompt = prompt.ok_or(DriveRefused::PromptChanged)?;
        match (request.choice, request.text) {
            (Some(choice), None) => self.choose(&prompt, &choice).await?,
            (None, Some(text)) => self.give(&prompt, &text).await?,
            _ => return Err(DriveRefused::Invalid("give one of `choice` and `text`".to_owned())),
        }
        self.until_answered(&prompt).await
    }

    async fn choose(&self, prompt: &Prompt, choice: &str) -> Result<(), DriveRefused> {
        if !prompt.options.iter().any(|option| option.id == choice) {
            let known: Vec<&str> = prompt.options.iter().map(|option| option.id.as_str()).collect();
            return Err(DriveRefused::NoSuchChoice { choice: choice.to_owned(), known: known.join(", ") });
        }
        let begin = Instant::now();
        while begin.elapsed() < QUESTION {
            let look = self.session.look().await?;
            let asked = self.asked(&look, prompt);
            let keys = asked.and_then(|asked| {
                asked.choices.into_iter().find(|(option, _)| option.id == choice).map(|(_, keys)| keys)
            });
            // Typed only on the very screen that was read: nothing else can get the keys.
            if let Some(keys) = keys
                && self.session.type_text(keys, Some(look.fingerprint)).await?
            {
                return Ok(());
            }
            sleep(LOOK_AGAIN).await;
        }
        Err(DriveRefused::PromptChanged)
    }

    async fn give(&self, prompt: &Prompt, text: &SecretString) -> Result<(), DriveRefused> {
        let Some(input) = prompt.input else {
            return Err(DriveRefused::Invalid("this prompt takes a `choice`, no `text`".to_owned()));
        };
        let text = text.expose_secret().trim();
        if input == PromptInput::RedirectUrl {
            let login = self.record.agent().doing.login.and_then(|login| login.url);
            return relay::complete(text, login.as_deref()).await;
        }
        check_text(text)?;
        if text.contains('\n') {
            return Err(DriveRefused::Invalid("the text must be one line".to_owned()));
        }
        let look = self.session.look().await?;
        let asked = self.asked(&look, prompt).ok_or(DriveRefused::PromptChanged)?;
        self.type_text(&look, text).await?;
        sleep(Duration::from_millis(self.kind.is.drive.submit_after_ms)).await;
        self.keys(&asked.submit).await
    }

    /// The question as the screen has it, if it is still the same.
    fn asked(&self, look: &Look, prompt: &Prompt) -> Option<Asked> {
        let asked = self.kind.rules.read(look)?.asked?;
        let same = asked.kind == prompt.kind
            && asked.question == prompt.question
            && asked.input == prompt.input
            && asked.choices.iter().map(|(option, _)| option).eq(&prompt.options);
        same.then_some(asked)
    }

    async fn until_answered(&self, prompt: &Prompt) -> Result<RuntimeAgent, DriveRefused> {
        let mut changes = self.record.changes();
        let gone = async {
            loop {
                let agent = self.record.agent();
                if agent.doing.prompt.as_ref().is_none_or(|now| now.id != prompt.id) {
                    return agent;
                }
                if changes.changed().await.is_err() {
                    return agent;
                }
            }
        };
        match tokio::time::timeout(TAKEN, gone).await {
            Ok(agent) => Ok(agent),
            Err(_) => Err(DriveRefused::NotTaken(last_lines(&self.session.look().await?))),
        }
    }

    /// Interrupts the turn.
    ///
    /// # Errors
    /// [`DriveRefused::NothingToInterrupt`] when there is none.
    pub async fn interrupt(&self) -> Result<RuntimeAgent, DriveRefused> {
        match self.record.status() {
            AgentStatus::Busy | AgentStatus::Waiting => {}
            status if status.is_final() => return Err(DriveRefused::Ended(status)),
            status => return Err(DriveRefused::NothingToInterrupt(status)),
        }
        self.keys(&self.kind.is.drive.interrupt).await?;
        Ok(self.record.agent())
    }
}

/// What became of a message that waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HandedOn {
    /// It waits no more, or none did.
    Done,
    /// It still waits: somebody types.
    InUse,
}

/// What follows a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Enter {
    Submit,
    None,
}

impl Enter {
    fn of(submit: bool) -> Self {
        if submit { Self::Submit } else { Self::None }
    }
}

fn check_text(text: &str) -> Result<(), DriveRefused> {
    let odd = |c: char| c.is_control() && c != '\n' && c != '\t';
    let why = if text.trim().is_empty() {
        "must not be empty".to_owned()
    } else if text.len() > MAX_MESSAGE {
        format!("must be at most {MAX_MESSAGE} bytes")
    } else if text.contains(odd) {
        "must be text without control characters other than line breaks and tabs".to_owned()
    } else {
        return Ok(());
    };
    Err(DriveRefused::Invalid(format!("the text {why}")))
}

fn last_lines(look: &Look) -> String {
    let told: Vec<&str> =
        look.rows.iter().map(|row| row.text.trim_end()).filter(|text| !text.is_empty()).collect();
    told[told.len().saturating_sub(LINES)..].join("\n")
}
