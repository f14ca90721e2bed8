//! What an agent's status is, and what it asks, from what its host reports. Pure: no clock, no process.
//!
//! Owns which evidence counts: its end; then what it reports by itself; then hooks and title; then its
//! screen; then that the screen stands still. A question on the screen stands against anything but work.
//! Must not know how notices arrive or who hears of a change.

mod ending;
mod limits;
mod seen;
mod told;

use std::sync::Arc;

use jiff::tz::TimeZone;
use raven_protocol::agent::{AgentChange, AgentStatus};
use raven_protocol::doing::{Doing, Limit, Login, LoginKind, Prompt, PromptKind};
use raven_protocol::id::PromptId;
use raven_protocol::time::Timestamp;

pub use self::ending::end;
use self::seen::Seen;
use self::told::{Telling, UNSAID, Word};
use super::kinds::Kind;
use super::kinds::description::{Shown, Told, WhenStill};
use super::kinds::rules::Reading;
use crate::host::motion::STILL;
use crate::host::wire::Notice;

/// How long a starting agent's screen may move before it counts as working, in milliseconds.
const NEVER_STILL_MS: i64 = 15_000;

/// How long a starting agent may show what no rule fits before a person is asked to look, in
/// milliseconds: the slowest program takes ten seconds on a busy machine.
const UNKNOWN_START_MS: i64 = 45_000;

/// How long a question is believed that is told and not shown, and how long it is sought on the screen
/// before it is told without its options, in milliseconds: programs tell of it before they paint it.
const UNSEEN_QUESTION_MS: i64 = 3_000;

/// How long a question must stand on an unmoved screen to count although the program says that it
/// works, in milliseconds: while it works, something moves.
const QUESTION_AT_WORK_MS: i64 = 2_000;

/// How long after news it is worth looking again without any, in milliseconds: longer than each of the
/// waits above but the start's.
const RESTLESS_MS: i64 = 5_000;

/// Lines of a screen that stand for a question that cannot be read.
const UNREAD_LINES: usize = 12;

/// What is known of a running agent.
pub struct Watch {
    kind: Arc<Kind>,
    status: AgentStatus,
    asks: Asks,
    started: Option<Timestamp>,
    was_ready: bool,
    telling: Telling,
    seen: Seen,
    last_news: Option<Timestamp>,
    /// A limit that is over, though its text is still on the screen.
    lifted: Option<String>,
    /// When the question was told that stands unread.
    unread_since: Option<Timestamp>,
    /// Whether what was said before this watch began has been heard: it is no news.
    caught_up: bool,
}

/// What it asks of people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asks {
    /// A question.
    pub prompt: Option<Prompt>,
    /// How to sign in.
    pub login: Option<Login>,
    /// The limit that it waits for.
    pub limit: Option<Limit>,
    /// What stands in its turn's way.
    pub trouble: Option<String>,
}

/// A change and what it was seen by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// The change, which may be to the same status.
    pub change: AgentChange,
    /// What was seen, for a person.
    pub evidence: String,
    /// Why it failed, where it did.
    pub error: Option<String>,
    /// What it asks now.
    pub asks: Asks,
    /// Why its last turn failed, where it tells.
    pub failure: Option<String>,
}

impl Watch {
    /// Begins, or goes on, with what was reached.
    pub fn new(kind: Arc<Kind>, status: AgentStatus, doing: &Doing) -> Self {
        use AgentStatus::{Busy, Ready, Waiting};
        let Doing { prompt, login, limit, trouble, .. } = doing.clone();
        let asks = Asks { prompt, login, limit, trouble };
        let was_ready = matches!(status, Ready | Busy) || status == Waiting && doing.turn.is_some();
        Self {
            kind,
            status,
            asks,
            started: None,
            was_ready,
            telling: Telling::default(),
            seen: Seen::default(),
            last_news: None,
            lifted: None,
            unread_since: None,
            caught_up: false,
        }
    }

    /// Whether looks at its screen are needed.
    pub fn wants_looks(kind: &Kind) -> bool {
        !kind.rules.is_empty()
    }

    /// What a notice changes.
    pub fn on(&mut self, notice: &Notice, now: Timestamp) -> Option<Observed> {
        match notice {
            Notice::Running { at, .. } => {
                self.started = Some(*at);
                if self.status == AgentStatus::Spawning {
                    return self.take(Observed::of(AgentChange::Started, "its process runs"));
                }
            }
            Notice::Moving(_) => {
                self.caught_up = true;
                self.seen.moving(now);
            }
            Notice::Still(_) => {
                self.caught_up = true;
                self.seen.still(now);
            }
            Notice::Look(look) => {
                self.telling.title(&self.kind, look.title.as_deref(), now);
                self.seen.look(&self.kind, look, now);
            }
            Notice::Signal(signal) => self.telling.hear(&self.kind, signal),
            Notice::Held(_) | Notice::Ended(_) => return None,
        }
        self.last_news = Some(now);
        self.again(now)
    }

    /// What the passing of time changes.
    pub fn again(&mut self, now: Timestamp) -> Option<Observed> {
        let is_over = |limit: &&Limit| limit.resets_at.is_some_and(|at| at <= now);
        if let Some(over) = self.asks.limit.as_ref().filter(is_over) {
            self.lifted = Some(over.text.clone());
        }
        let observed = self.judge(now)?;
        self.take(observed)
    }

    /// Whether time alone may change something soon.
    pub fn is_restless(&self, now: Timestamp) -> bool {
        let starting = matches!(self.status, AgentStatus::Spawning | AgentStatus::Starting);
        starting || self.asks.limit.is_some() || self.last_news.is_some_and(|at| since(at, now) < RESTLESS_MS)
    }

    /// Lets pass what is new.
    fn take(&mut self, observed: Observed) -> Option<Observed> {
        let status = self.status.on(observed.change).ok()?;
        if status == self.status && observed.asks == self.asks && observed.failure.is_none() {
            return None;
        }
        self.status = status;
        self.asks = observed.asks.clone();
        self.was_ready |= status == AgentStatus::Ready;
        Some(observed)
    }

    fn judge(&mut self, now: Timestamp) -> Option<Observed> {
        if self.started.is_none() || !self.caught_up || matches!(self.status, AgentStatus::Stopping) {
            return None;
        }
        let word = self.telling.word().cloned();
        if let Some(reading) = self.question(word.as_ref(), now) {
            return Some(self.asked(&reading, word.as_ref()));
        }
        let observed = match word {
            Some(word) => self.told(&word, now),
            None => self.shown(now),
        };
        observed.map(|observed| self.troubled(observed)).or_else(|| self.unknown_start(now))
    }

    /// Adds what went wrong, by the screen: while a turn goes on, or as how it ended.
    fn troubled(&self, mut observed: Observed) -> Observed {
        // What the screen still shows of another state is no news of this one.
        let trouble = |shown| self.seen.reading().filter(|reading| reading.shown == shown)?.trouble.clone();
        match observed.change {
            AgentChange::Busy => observed.asks.trouble = trouble(Shown::Busy),
            AgentChange::Ready if self.status == AgentStatus::Busy => match observed.failure.as_deref() {
                None => observed.failure = trouble(Shown::Ready),
                // It may not be painted yet: then it is what stood in the way before.
                Some(UNSAID) => {
                    let known = trouble(Shown::Ready).or_else(|| self.asks.trouble.clone());
                    observed.failure = known.or(observed.failure);
                }
                Some(_) => {}
            },
            _ => {}
        }
        observed
    }

    /// The question on the screen, if it counts.
    fn question(&self, word: Option<&Word>, now: Timestamp) -> Option<Reading> {
        let asks = |shown| matches!(shown, Shown::Waiting | Shown::LoginRequired | Shown::Limited);
        let reading = self.seen.settled(now).filter(|reading| asks(reading.shown))?;
        if reading.limit.as_ref().is_some_and(|(text, _)| self.lifted.as_ref() == Some(text)) {
            return None;
        }
        let works = word.is_some_and(|word| word.status == Told::Busy);
        (!works || self.seen.unmoved_for(now) >= QUESTION_AT_WORK_MS).then(|| reading.clone())
    }

    fn asked(&self, reading: &Reading, word: Option<&Word>) -> Observed {
        let change = match reading.shown {
            Shown::LoginRequired => AgentChange::LoginRequired,
            _ => AgentChange::Waiting,
        };
        let mut evidence = format!("its screen shows `{}`", reading.rule);
        if let Some(word) = word.filter(|word| matches!(word.status, Told::Waiting | Told::LoginRequired)) {
            evidence = format!("{}; {evidence}", word.evidence);
        }
        let limit = reading.limit.as_ref().map(|(text, resets)| {
            let known = self.asks.limit.as_ref().filter(|known| known.text == *text);
            // Read once: what a time of day means must not move on with the clock.
            known.cloned().unwrap_or_else(|| Limit {
                text: text.clone(),
                resets_at: resets
                    .as_deref()
                    .and_then(|at| limits::read(at, Timestamp::now(), &TimeZone::system())),
            })
        });
        let prompt = reading.asked.as_ref().map(|asked| {
            let tool = self.telling.tool.as_ref().filter(|_| asked.kind == PromptKind::Permission);
            self.named(Prompt {
                id: PromptId::generate(),
                kind: asked.kind,
                question: asked.question.clone(),
                tool: tool.map(|tool| tool.tool.clone()).or_else(|| asked.tool.clone()),
                arguments: tool.and_then(|tool| tool.arguments.clone()),
                options: asked.choices.iter().map(|(option, _)| option.clone()).collect(),
                input: asked.input,
            })
        });
        let asks = Asks { prompt, login: reading.login.clone(), limit, trouble: reading.trouble.clone() };
        Observed { asks, ..Observed::of(change, evidence) }
    }

    /// A prompt keeps its id as long as the same is asked; that more becomes known of it is no change.
    fn named(&self, mut prompt: Prompt) -> Prompt {
        let Some(before) = &self.asks.prompt else { return prompt };
        let becomes_readable = is_unread(before) && !is_unread(&prompt);
        let same = before.kind == prompt.kind
            && before.question == prompt.question
            && before.options == prompt.options
            && before.input == prompt.input
            && (before.arguments == prompt.arguments || before.arguments.is_none());
        if same || becomes_readable {
            prompt.id = before.id.clone();
        }
        prompt
    }

    fn told(&mut self, word: &Word, now: Timestamp) -> Option<Observed> {
        let of = |change| Observed { failure: None, ..Observed::of(change, word.evidence.clone()) };
        match word.status {
            Told::Ready if self.was_ready || !self.kind.rules.can_show(Shown::Ready) => {
                let failure = word.failure.clone().filter(|_| self.status == AgentStatus::Busy);
                Some(Observed { failure, ..of(AgentChange::Ready) })
            }
            // It says so while it still shows a dialog of its start.
            Told::Ready => {
                let shown = self.seen.settled(now).filter(|reading| reading.shown == Shown::Ready)?;
                let evidence = format!("{}, and its screen shows `{}`", word.evidence, shown.rule);
                Some(Observed::of(AgentChange::Ready, evidence))
            }
            Told::Busy if self.was_ready => Some(of(AgentChange::Busy)),
            Told::Busy => None,
            Told::LoginRequired => {
                let login = Login { kind: LoginKind::Menu, url: None, trusted: false, user_code: None };
                let asks = Asks { login: Some(login), trouble: word.failure.clone(), ..Asks::default() };
                let failure = word.failure.clone().filter(|_| self.status == AgentStatus::Busy);
                Some(Observed { asks, failure, ..of(AgentChange::LoginRequired) })
            }
            Told::Waiting => self.told_question(word, now),
        }
    }

    /// A question that is told: that it is asked is said at once, and what, when that can be read. One
    /// that cannot be read is told once, by what else is known of it.
    fn told_question(&mut self, word: &Word, now: Timestamp) -> Option<Observed> {
        let known = self.asks.prompt.clone();
        // The question is gone from the screen, and the title is a little late.
        if known.as_ref().is_some_and(|known| !is_unread(known))
            && self.seen.nothing_known_for(now) < UNSEEN_QUESTION_MS
        {
            return None;
        }
        let known = known.filter(is_unread);
        let may_be_read_yet = since(word.at, now) <= UNSEEN_QUESTION_MS;
        let prompt = if may_be_read_yet || known.is_some() && self.unread_since == Some(word.at) {
            known
        } else if !self.telling.is_reported() && !self.waits_for_words() {
            return None;
        } else {
            self.unread_since = Some(word.at);
            let prompt = self.unread(PromptKind::Permission);
            let question =
                if prompt.question.is_empty() { word.evidence.clone() } else { prompt.question.clone() };
            Some(self.named(Prompt { question, ..prompt }))
        };
        let asks = Asks { prompt, ..Asks::default() };
        Some(Observed { asks, ..Observed::of(AgentChange::Waiting, word.evidence.clone()) })
    }

    /// Whether it waits for a person who has not been told for what.
    fn waits_for_words(&self) -> bool {
        self.status == AgentStatus::Waiting && self.asks == Asks::default()
    }

    /// A question of which only the lines of the screen are known.
    fn unread(&self, kind: PromptKind) -> Prompt {
        let tool = self.telling.tool.as_ref();
        Prompt {
            id: PromptId::generate(),
            kind,
            question: self.seen.last_lines(UNREAD_LINES).join("\n"),
            tool: tool.map(|tool| tool.tool.clone()),
            arguments: tool.and_then(|tool| tool.arguments.clone()),
            options: Vec::new(),
            input: None,
        }
    }

    fn shown(&self, now: Timestamp) -> Option<Observed> {
        let (knows_ready, reading) = (self.kind.rules.can_show(Shown::Ready), self.seen.settled(now));
        match reading.map(|reading| (reading.shown, &reading.rule)) {
            Some((Shown::Ready, rule)) => {
                Some(Observed::of(AgentChange::Ready, format!("its screen shows `{rule}`")))
            }
            Some((Shown::Busy, rule)) if self.was_ready => {
                Some(Observed::of(AgentChange::Busy, format!("its screen shows `{rule}`")))
            }
            Some(_) => None,
            None if knows_ready && self.was_ready && self.seen.shows_nothing_known(now) => {
                Some(Observed::of(AgentChange::Busy, "its screen does not show that it is ready"))
            }
            None if knows_ready => None,
            None => self.stillness(now),
        }
    }

    /// What can be said of a program of which nothing is known.
    fn stillness(&self, now: Timestamp) -> Option<Observed> {
        let started = self.started?;
        if !matches!(self.status, AgentStatus::Starting | AgentStatus::Busy) {
            return None;
        }
        if !self.seen.is_still() {
            let never = self.status == AgentStatus::Starting && since(started, now) >= NEVER_STILL_MS;
            let why = "running, and its screen has not been still since it started";
            return never.then(|| Observed::of(AgentChange::Busy, why));
        }
        let still = STILL.as_millis();
        Some(match self.kind.is.when_still {
            WhenStill::Ready => Observed::of(
                AgentChange::Ready,
                format!("running, and its screen has been still for {still} ms"),
            ),
            WhenStill::MustBeLookedAt => Observed::of(
                AgentChange::Waiting,
                format!(
                    "its screen has been still for {still} ms: look at its terminal, it may be asking something"
                ),
            ),
        })
    }

    fn unknown_start(&self, now: Timestamp) -> Option<Observed> {
        let overdue = self.status == AgentStatus::Starting && since(self.started?, now) >= UNKNOWN_START_MS;
        overdue.then(|| Observed {
            asks: Asks { prompt: Some(self.unread(PromptKind::Text)), ..Asks::default() },
            ..Observed::of(
                AgentChange::Waiting,
                format!(
                    "it is not ready after {} s, and nothing known is on its screen: look at its terminal",
                    UNKNOWN_START_MS / 1000
                ),
            )
        })
    }
}

/// Whether that something is asked is known, and not what can be answered.
fn is_unread(prompt: &Prompt) -> bool {
    prompt.kind == PromptKind::Permission && prompt.options.is_empty() && prompt.input.is_none()
}

fn since(at: Timestamp, now: Timestamp) -> i64 {
    now.as_millis() - at.as_millis()
}

impl Observed {
    /// A change with its evidence, and nothing asked.
    pub fn of(change: AgentChange, evidence: impl Into<String>) -> Self {
        Self { change, evidence: evidence.into(), error: None, asks: Asks::default(), failure: None }
    }

    /// A failure: the evidence and the error are the same words.
    pub fn failure(why: impl Into<String>) -> Self {
        let why = why.into();
        Self { error: Some(why.clone()), ..Self::of(AgentChange::Failed, why) }
    }
}

#[cfg(test)]
mod tests;
