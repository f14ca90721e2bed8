//! Questions: an agent asks, a person answers, once.
//!
//! A question is stored: it outlives the call that asked it. At half of its time admins are told of it; then it is
//! over. Owns questions and answers. Must not know how an agent waits for one at its door.

use std::sync::Arc;
use std::time::Duration;

use raven_protocol::id::{QuestionId, WorkspaceId};
use raven_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::access::{Decide, Granted, Read};
use crate::activity::{self, About, ActivityKind};
use crate::approvals::action::cut;
use crate::audit::{Action, Actor, ActorKind, Entry, Target};
use crate::auth::{AgentCaller, Named};
use crate::db::{Db, questions as rows};
use crate::error::{Conflict, Error};
use crate::events::{Change, Changes, Heard, WorkspaceEvent, heard_until};
use crate::page::{Page, PageQuery};

/// How long people have for an answer.
const DEADLINE_MS: i64 = 60 * 60 * 1000;

/// Longest question, context and answer, in characters.
const MAX_TEXT: usize = 4000;

/// Most options of a question, and longest of them, in characters.
const MAX_OPTIONS: usize = 20;
const MAX_OPTION: usize = 200;

/// Most questions of one agent that wait: people must be able to read them all.
const MAX_OPEN: u64 = 20;

/// Most open questions that the queue shows; the list of questions has them all.
const MAX_SHOWN: u64 = 200;

/// Longest time that an agent's call waits for an answer: clients give a tool a minute.
const MAX_WAIT_SECONDS: u64 = 50;

/// Longest detail of an entry in the feed, in characters.
const MAX_DETAIL: usize = 300;

/// Where a question stands.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum QuestionState {
    Open,
    /// Half of its time has passed: admins were told.
    Escalated,
    Answered,
    Expired,
}

impl QuestionState {
    const ALL: [Self; 4] = [Self::Open, Self::Escalated, Self::Answered, Self::Expired];

    /// The states in which it takes an answer.
    const WAITING: [&str; 2] = ["open", "escalated"];

    fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Escalated => "escalated",
            Self::Answered => "answered",
            Self::Expired => "expired",
        }
    }

    fn is_waiting(self) -> bool {
        matches!(self, Self::Open | Self::Escalated)
    }
}

/// A question as the API and events show it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Question {
    pub id: String,
    pub agent: Named,
    pub question: String,
    /// What can be chosen; any text when empty.
    pub options: Vec<String>,
    /// What one should know to answer.
    pub context: Option<String>,
    pub state: QuestionState,
    pub answer: Option<String>,
    pub answered_by: Option<Named>,
    pub created_at: Timestamp,
    /// When admins are told of it.
    pub escalates_at: Timestamp,
    /// When it takes no answer any more.
    pub deadline: Timestamp,
    pub answered_at: Option<Timestamp>,
}

/// What an agent asks.
#[derive(Debug, Clone)]
pub struct Ask {
    pub question: String,
    pub options: Vec<String>,
    pub context: Option<String>,
    /// How long it will wait for the answer, which must be possible before anybody is asked.
    pub wait_seconds: u64,
}

/// An answer: one of the question's options, or a text of one's own.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = QuestionAnswer)]
pub struct Answer {
    /// Words of one's own.
    pub answer: Option<String>,
    /// One of the options, word for word.
    pub option: Option<String>,
}

/// Which questions a list shows.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct QuestionQuery {
    pub status: Option<QuestionState>,
    /// Only of this agent.
    pub agent_id: Option<String>,
}

/// The questions of all workspaces.
#[derive(Clone)]
pub struct Questions {
    db: Db,
    changes: Changes,
    /// Told when a deadline was set.
    deadlines: Arc<Notify>,
}

impl Questions {
    pub fn new(db: Db, changes: Changes, deadlines: Arc<Notify>) -> Self {
        Self { db, changes, deadlines }
    }

    /// Asks people; the answer is waited for by [`Self::answered`].
    ///
    /// # Errors
    /// `Conflict` when too many questions of the agent wait.
    pub async fn ask(&self, by: &AgentCaller, ask: Ask) -> Result<Question, Error> {
        check(&ask)?;
        let row = new_row(by, ask)?;
        let mut change = self.changes.begin_for(by).await?;
        let waiting = QuestionState::WAITING;
        if rows::count_of(change.tx(), by.workspace(), by.agent().as_str(), &waiting).await? >= MAX_OPEN {
            let detail = format!("{MAX_OPEN} of your questions wait already; wait until some are answered");
            return Err(Error::Conflict { code: Conflict::TooManyRequests, detail });
        }
        rows::insert(change.tx(), &row).await?;
        let actor = Actor::of(ActorKind::Agent, by.named());
        let kept = json!({ "options": row.options, "deadline": Timestamp::from_millis(row.deadline) });
        change.audit(by.workspace(), entry(&row, actor, Action::QuestionAsk).after(kept)).await?;
        record(&mut change, by.workspace(), &row, (ActivityKind::QuestionAsked, None)).await?;
        let question = view(row)?;
        change.tell(by.workspace(), WorkspaceEvent::QuestionAsked(Box::new(question.clone())));
        change.commit().await?;
        self.deadlines.notify_one();
        Ok(question)
    }

    /// One of an agent's own questions, once it was answered or the agent has waited for so long.
    pub async fn answered(&self, of: &AgentCaller, id: &QuestionId, wait: u64) -> Result<Question, Error> {
        check_wait(wait)?;
        let until = Instant::now() + Duration::from_secs(wait);
        // Listening begins before the row is read: what is answered in between is heard.
        let mut heard = self.changes.listen();
        loop {
            let row = rows::find(self.db.read(), of.workspace(), id).await?;
            let own = row.filter(|row| row.agent_id == of.agent().as_str());
            let question = view(own.ok_or(Error::NotFound("question"))?)?;
            if !question.state.is_waiting() {
                return Ok(question);
            }
            let answered = |event: &WorkspaceEvent| matches!(event, WorkspaceEvent::QuestionChanged(changed) if changed.id == id.as_str());
            if heard_until(&mut heard, until, answered).await == Heard::Nothing {
                return Ok(question);
            }
        }
    }

    /// Answers a question.
    ///
    /// # Errors
    /// `Conflict` when it was answered, or its deadline has passed.
    pub async fn answer(
        &self,
        by: &Granted<Decide>,
        id: &QuestionId,
        answer: Answer,
    ) -> Result<Question, Error> {
        let mut change = self.changes.begin_for(by).await?;
        let row = rows::find(change.tx(), by.workspace(), id).await?.ok_or(Error::NotFound("question"))?;
        let before = view(row.clone())?;
        check_waits(&before)?;
        let words = chosen(&before, answer)?;
        let Named { id: answered_by, name: answered_by_name } = by.by();
        let answered = rows::Model {
            state: QuestionState::Answered.as_str().to_owned(),
            answer: Some(words),
            answered_by: Some(answered_by),
            answered_by_name: Some(answered_by_name),
            answered_at: Some(Timestamp::now().as_millis()),
            ..row
        };
        let question = self.moved(&mut change, before.state, answered).await?;
        let row_entry =
            |action| Entry::new(by.actor(), action, Target::new("question", question.id.as_str()));
        change
            .audit(by.workspace(), row_entry(Action::QuestionAnswer).agent(question.agent.id.as_str()))
            .await?;
        let about = About {
            agent: Some(question.agent.clone()),
            actor: Some(by.by()),
            detail: Some(cut(&question.question, MAX_DETAIL)),
            session: None,
        };
        activity::record(&mut change, by.workspace(), ActivityKind::QuestionAnswered, about).await?;
        change.commit().await?;
        Ok(question)
    }

    /// Tells admins of what waits for long, and ends what nobody answered; answers when there is more to do.
    pub async fn expire(&self) -> Result<Option<Timestamp>, Error> {
        let now = Timestamp::now();
        let (open, escalated) = (QuestionState::Open.as_str(), QuestionState::Escalated.as_str());
        let due = !rows::to_escalate(self.db.read(), open, now).await?.is_empty()
            || !rows::overdue(self.db.read(), &QuestionState::WAITING, now).await?.is_empty();
        if due {
            let mut change = self.changes.begin().await?;
            let overdue = rows::overdue(change.tx(), &QuestionState::WAITING, now).await?;
            let escalates = rows::to_escalate(change.tx(), open, now).await?;
            let ends = (QuestionState::Expired, Action::QuestionExpire, ActivityKind::QuestionExpired);
            let rises = (QuestionState::Escalated, Action::QuestionEscalate, ActivityKind::QuestionEscalated);
            let all = overdue.into_iter().map(|row| (row, ends));
            for (row, (state, action, kind)) in all.chain(escalates.into_iter().map(|row| (row, rises))) {
                let workspace = WorkspaceId::parse(row.workspace_id.as_str())?;
                let before = view(row.clone())?.state;
                let row = rows::Model { state: state.as_str().to_owned(), ..row };
                self.moved(&mut change, before, row.clone()).await?;
                change.audit(&workspace, entry(&row, Actor::system(), action)).await?;
                record(&mut change, &workspace, &row, (kind, None)).await?;
            }
            change.commit().await?;
        }
        Ok(rows::next_time(self.db.read(), open, escalated).await?.map(Timestamp::from_millis))
    }

    async fn moved(
        &self,
        change: &mut Change,
        from: QuestionState,
        row: rows::Model,
    ) -> Result<Question, Error> {
        if !rows::move_on(change.tx(), &row, from.as_str()).await? {
            let detail = "it was answered already".to_owned();
            return Err(Error::Conflict { code: Conflict::QuestionClosed, detail });
        }
        let workspace = WorkspaceId::parse(row.workspace_id.as_str())?;
        let question = view(row)?;
        change.tell(&workspace, WorkspaceEvent::QuestionChanged(Box::new(question.clone())));
        Ok(question)
    }

    /// The questions that wait, newest first.
    pub async fn open(&self, by: &Granted<Read>) -> Result<Vec<Question>, Error> {
        let filter = rows::Filter { states: &QuestionState::WAITING, ..rows::Filter::default() };
        let found = rows::page(self.db.read(), by.workspace(), &filter, MAX_SHOWN).await?;
        found.into_iter().map(view).collect()
    }

    /// The questions of a workspace, newest first.
    pub async fn list(
        &self,
        by: &Granted<Read>,
        query: QuestionQuery,
        page: PageQuery,
    ) -> Result<Page<Question>, Error> {
        let limit = page.limit()?;
        let states: Vec<&str> = query.status.into_iter().map(QuestionState::as_str).collect();
        let filter = rows::Filter { states: &states, agent: query.agent_id, before: page.cursor };
        let found = rows::page(self.db.read(), by.workspace(), &filter, limit + 1).await?;
        Page::of(found, limit, |row| &row.id, view)
    }
}

fn check_wait(seconds: u64) -> Result<(), Error> {
    if seconds > MAX_WAIT_SECONDS {
        return Err(Error::invalid("waitSeconds", format!("must be 0 to {MAX_WAIT_SECONDS}")));
    }
    Ok(())
}

fn check(ask: &Ask) -> Result<(), Error> {
    check_wait(ask.wait_seconds)?;
    let fits = |text: &str, most: usize| !text.trim().is_empty() && text.chars().count() <= most;
    if !fits(&ask.question, MAX_TEXT) {
        return Err(Error::invalid("question", format!("must be 1 to {MAX_TEXT} characters")));
    }
    if ask.context.as_ref().is_some_and(|context| context.chars().count() > MAX_TEXT) {
        return Err(Error::invalid("context", format!("must be at most {MAX_TEXT} characters")));
    }
    if ask.options.len() > MAX_OPTIONS || !ask.options.iter().all(|option| fits(option, MAX_OPTION)) {
        let why = format!("must be at most {MAX_OPTIONS} texts of 1 to {MAX_OPTION} characters");
        return Err(Error::invalid("options", why));
    }
    Ok(())
}

/// A question takes an answer until its deadline, whether or not anybody has noted yet that it has passed.
fn check_waits(question: &Question) -> Result<(), Error> {
    let closed = |detail: &str| Error::Conflict { code: Conflict::QuestionClosed, detail: detail.to_owned() };
    if question.state == QuestionState::Answered {
        return Err(closed("it was answered already; look at the answer"));
    }
    if question.state == QuestionState::Expired || question.deadline <= Timestamp::now() {
        return Err(closed("its deadline has passed, and the agent was told that nobody answered"));
    }
    Ok(())
}

fn chosen(question: &Question, answer: Answer) -> Result<String, Error> {
    match (answer.answer, answer.option) {
        (Some(words), None) if words.trim().is_empty() || words.chars().count() > MAX_TEXT => {
            Err(Error::invalid("answer", format!("must be 1 to {MAX_TEXT} characters")))
        }
        (Some(words), None) => Ok(words),
        (None, Some(option)) if question.options.contains(&option) => Ok(option),
        (None, Some(_)) => Err(Error::invalid("option", "is none of the question's options")),
        _ => Err(Error::invalid("answer", "and `option`: give one of them")),
    }
}

fn new_row(by: &AgentCaller, ask: Ask) -> Result<rows::Model, Error> {
    let (agent, now) = (by.named(), Timestamp::now().as_millis());
    Ok(rows::Model {
        id: QuestionId::generate().to_string(),
        workspace_id: by.workspace().to_string(),
        agent_id: agent.id,
        agent_name: agent.name,
        question: ask.question,
        options: serde_json::to_string(&ask.options).map_err(anyhow::Error::from)?,
        context: ask.context.filter(|context| !context.trim().is_empty()),
        state: QuestionState::Open.as_str().to_owned(),
        answer: None,
        answered_by: None,
        answered_by_name: None,
        created_at: now,
        escalates_at: now + DEADLINE_MS / 2,
        deadline: now + DEADLINE_MS,
        answered_at: None,
    })
}

fn entry(row: &rows::Model, actor: Actor, action: Action) -> Entry {
    Entry::new(actor, action, Target::new("question", row.id.as_str())).agent(row.agent_id.as_str())
}

async fn record(
    change: &mut Change,
    workspace: &WorkspaceId,
    row: &rows::Model,
    (kind, actor): (ActivityKind, Option<Named>),
) -> Result<(), Error> {
    let agent = Some(Named { id: row.agent_id.clone(), name: row.agent_name.clone() });
    let about = About { agent, actor, detail: Some(cut(&row.question, MAX_DETAIL)), session: None };
    activity::record(change, workspace, kind, about).await
}

fn view(row: rows::Model) -> Result<Question, Error> {
    let state = QuestionState::ALL.into_iter().find(|state| state.as_str() == row.state);
    let answered_by = row.answered_by.map(|id| Named { id, name: row.answered_by_name.unwrap_or_default() });
    Ok(Question {
        state: state
            .ok_or_else(|| anyhow::anyhow!("question {} has the unknown state `{}`", row.id, row.state))?,
        options: serde_json::from_str(&row.options).map_err(anyhow::Error::from)?,
        id: row.id,
        agent: Named { id: row.agent_id, name: row.agent_name },
        question: row.question,
        context: row.context,
        answer: row.answer,
        answered_by,
        created_at: Timestamp::from_millis(row.created_at),
        escalates_at: Timestamp::from_millis(row.escalates_at),
        deadline: Timestamp::from_millis(row.deadline),
        answered_at: row.answered_at.map(Timestamp::from_millis),
    })
}
