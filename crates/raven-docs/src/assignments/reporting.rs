//! Taking up work, reporting on it, and calling it off.
//!
//! Owns who may do which. Must not know how a report is transported.

use raven_protocol::id::AssignmentId;
use raven_protocol::time::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::state::{AssignmentState, Happened, ReportedState};
use super::{Assignment, Assignments, By, has_ended, is_given_by, is_seen, moved, rows, state_of, view};
use crate::access::Granted;
use crate::access::work::{AssignWork, ReportWork};
use crate::audit::{Action, Actor, ActorKind};
use crate::auth::{AgentCaller, Caller};
use crate::error::Error;

/// Longest summary, in characters.
const MAX_SUMMARY: usize = 4000;

/// Largest result, in bytes of JSON: what is larger is a page.
const MAX_RESULT: usize = 64 * 1024;

/// What is said of an assignment.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = AssignmentReport)]
pub struct Report {
    pub state: ReportedState,
    /// How it goes, or why it does not; at most 4000 characters.
    pub summary: Option<String>,
    /// What came of it: any JSON of at most 64 KiB.
    pub result: Option<Value>,
    /// 0 to 100.
    #[schema(minimum = 0, maximum = 100)]
    pub progress: Option<i64>,
}

impl Assignments {
    /// The work that an agent is to do now: what it has and is not through with, or else the first that waits, which
    /// it has from now on. What is on its way to it as a prompt is not given twice.
    pub async fn next(&self, of: &AgentCaller) -> Result<Option<Assignment>, Error> {
        let (workspace, agent) = (of.workspace(), of.agent().as_str());
        let mut change = self.changes.begin_for(of).await?;
        let under_way = rows::of_agent(change.tx(), workspace, agent, &AssignmentState::UNDER_WAY).await?;
        if let Some(has) = under_way.into_iter().next() {
            return view(has).map(Some);
        }
        let pending = [AssignmentState::Pending.as_str()];
        let waits = rows::of_agent(change.tx(), workspace, agent, &pending).await?.into_iter().next();
        let Some(row) = waits.filter(|row| row.message_id.is_none()) else { return Ok(None) };
        let by = By { actor: Actor::of(ActorKind::Agent, of.named()), named: Some(of.named()) };
        let given = moved(&mut change, row, (Happened::HandedOver, Action::AssignmentDeliver), by).await?;
        change.commit().await?;
        Ok(Some(given))
    }

    /// Takes a report. One that says again how it ended changes nothing.
    ///
    /// # Errors
    /// `Denied` for an agent whose work it is not, `Conflict` when it has ended otherwise.
    pub async fn report(
        &self,
        by: &Granted<ReportWork>,
        id: &AssignmentId,
        report: Report,
    ) -> Result<Assignment, Error> {
        check(&report)?;
        let mut change = self.changes.begin_for(by).await?;
        let found = rows::find(change.tx(), by.workspace(), id).await?;
        let before = found.filter(|row| is_seen(by.caller(), row)).ok_or(Error::NotFound("assignment"))?;
        check_is_theirs(by.caller(), &before)?;
        let what = Happened::Reported(report.state);
        let row = reported(before.clone(), &report)?;
        let state = state_of(&before)?;
        if state.has_ended() && AssignmentState::Pending.on(what) == Some(state) && row == before {
            return view(before);
        }
        let after = moved(&mut change, row, (what, Action::AssignmentReport), By::granted(by)).await?;
        change.commit().await?;
        Ok(after)
    }

    /// Calls work off. An agent does so with what it gave.
    ///
    /// # Errors
    /// `Conflict` when it has ended otherwise.
    pub async fn cancel(&self, by: &Granted<AssignWork>, id: &AssignmentId) -> Result<Assignment, Error> {
        let mut change = self.changes.begin_for(by).await?;
        let found = rows::find(change.tx(), by.workspace(), id).await?;
        let row = found.filter(|row| is_seen(by.caller(), row)).ok_or(Error::NotFound("assignment"))?;
        if matches!(by.caller(), Caller::Agent(_)) && !is_given_by(by.caller(), &row) {
            return Err(Error::Denied("only who gave work calls it off; report `failed` instead".to_owned()));
        }
        let state = state_of(&row)?;
        if state == AssignmentState::Cancelled {
            return view(row);
        }
        if state.has_ended() {
            return Err(has_ended(state));
        }
        let what = (Happened::CalledOff, Action::AssignmentCancel);
        let after = moved(&mut change, row, what, By::granted(by)).await?;
        change.commit().await?;
        Ok(after)
    }

    /// Ends what was not done in time, each by itself; answers when the next deadline is.
    pub async fn expire(&self) -> Result<Option<Timestamp>, Error> {
        let (open, now) = (&AssignmentState::OPEN, Timestamp::now().as_millis());
        for id in rows::overdue(self.db.read(), open, now).await? {
            if let Err(error) = self.expire_one(&id, now).await {
                tracing::error!(assignment.id = id, %error, "work that is overdue could not be ended");
            }
        }
        Ok(rows::next_deadline(self.db.read(), open, now).await?.map(Timestamp::from_millis))
    }

    async fn expire_one(&self, id: &str, now: i64) -> Result<(), Error> {
        let mut change = self.changes.begin().await?;
        let Some(row) = rows::by_id(change.tx(), id).await? else { return Ok(()) };
        let is_overdue = row.deadline.is_some_and(|deadline| deadline <= now);
        if !is_overdue || state_of(&row)?.has_ended() {
            return Ok(());
        }
        let row = rows::Model { reason: Some("its deadline has passed".to_owned()), ..row };
        moved(&mut change, row, (Happened::DeadlinePassed, Action::AssignmentFail), By::system()).await?;
        change.commit().await
    }
}

/// The row with what was said. What is left out stays.
fn reported(row: rows::Model, report: &Report) -> Result<rows::Model, Error> {
    let result = report.result.as_ref().map(serde_json::to_string).transpose();
    let progress = report.progress.or(row.progress);
    Ok(rows::Model {
        summary: report.summary.clone().or(row.summary),
        result: result.map_err(anyhow::Error::from)?.or(row.result),
        progress: if report.state == ReportedState::Done { Some(100) } else { progress },
        ..row
    })
}

fn check_is_theirs(caller: &Caller, row: &rows::Model) -> Result<(), Error> {
    match caller {
        Caller::Agent(agent) if row.agent_id != agent.agent().as_str() => {
            Err(Error::Denied("only the agent that has this work, or a person, reports on it".to_owned()))
        }
        Caller::Agent(_) | Caller::Person(_) | Caller::ControlPlane(_) => Ok(()),
    }
}

fn check(report: &Report) -> Result<(), Error> {
    if report.summary.as_ref().is_some_and(|text| text.chars().count() > MAX_SUMMARY) {
        return Err(Error::invalid("summary", format!("must be at most {MAX_SUMMARY} characters")));
    }
    if report.summary.as_ref().is_some_and(|text| text.contains(is_for_terminals)) {
        return Err(Error::invalid(
            "summary",
            "must be text, without control characters but line ends and tabs",
        ));
    }
    if report.result.as_ref().is_some_and(|result| result.to_string().len() > MAX_RESULT) {
        let most = MAX_RESULT / 1024;
        return Err(Error::invalid("result", format!("must be at most {most} KiB; write a page instead")));
    }
    if report.progress.is_some_and(|progress| !(0..=100).contains(&progress)) {
        return Err(Error::invalid("progress", "must be 0 to 100"));
    }
    Ok(())
}

/// What tells a terminal to do something, and no reader anything.
fn is_for_terminals(character: char) -> bool {
    character.is_control() && !matches!(character, '\n' | '\r' | '\t')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_summary_says_nothing_to_a_terminal() {
        let said = |summary: &str| {
            let report = json!({ "state": "working", "summary": summary });
            check(&serde_json::from_value(report).unwrap()).is_ok()
        };
        assert!(said("two lines\n\tand a tab, ünd 知识"));
        for bad in ["\u{1b}[2J", "\u{7}", "\0", "\u{9b}1m"] {
            assert!(!said(bad), "{bad:?}");
        }
    }
}
