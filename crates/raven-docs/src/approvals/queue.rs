//! The queue: everything that waits for people, in one list.
//!
//! Owns the list's shape and order. What an agent's program asks stands in the agent, and questions in their room:
//! both are only shown here. Must not know how any of it is decided.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{Approvals, SeenApproval, admins, refusal, rows, state::ApprovalState, view};
use crate::access::{Granted, Read};
use crate::agents::Agent;
use crate::error::Error;
use crate::page::{Page, PageQuery};
use crate::questions::{Question, Questions};

/// One thing in the queue.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum QueueItem {
    /// A request; approve or reject it.
    Approval(Box<SeenApproval>),
    /// What an agent's program asks; answer it as the agent's prompt.
    Prompt { agent: Box<Agent> },
    /// A question of an agent; answer it.
    Question(Box<Question>),
}

/// Which of them a list shows.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct QueueQuery {
    /// Only requests in this state; with `pending`, and without, prompts and open questions too.
    pub status: Option<ApprovalState>,
    /// Only of this agent.
    pub agent_id: Option<String>,
}

impl Approvals {
    /// What waits for people, or was decided by them: prompts and open questions first, then requests, newest first.
    pub async fn list(
        &self,
        by: &Granted<Read>,
        questions: &Questions,
        query: QueueQuery,
        page: PageQuery,
    ) -> Result<Page<QueueItem>, Error> {
        let limit = page.limit()?;
        let mut items = Vec::new();
        if page.cursor.is_none() && matches!(query.status, None | Some(ApprovalState::Pending)) {
            let of_agent = |id: &str| query.agent_id.as_deref().is_none_or(|wanted| wanted == id);
            let asking = self.agents.asking(by).await?.into_iter().filter(|agent| of_agent(&agent.id));
            items.extend(asking.map(|agent| QueueItem::Prompt { agent: Box::new(agent) }));
            let open = questions.open(by).await?.into_iter().filter(|open| of_agent(&open.agent.id));
            items.extend(open.map(|question| QueueItem::Question(Box::new(question))));
        }
        let filter = rows::Filter {
            state: query.status.map(ApprovalState::as_str),
            agent: query.agent_id,
            before: page.cursor,
        };
        let found = rows::page(self.db.read(), by.workspace(), &filter, limit + 1).await?;
        let ids: Vec<String> = found.iter().map(|row| row.id.clone()).collect();
        let mut decisions: HashMap<String, Vec<_>> = HashMap::new();
        for decision in rows::decisions_of(self.db.read(), &ids).await? {
            decisions.entry(decision.approval_id.clone()).or_default().push(decision);
        }
        let admins = admins(self.db.read(), by.workspace()).await?;
        let requests = Page::of(
            found,
            limit,
            |row| &row.id,
            |row| {
                let refusal = by.person().and_then(|person| refusal(&row, person, admins));
                let made = decisions.get(&row.id).cloned().unwrap_or_default();
                Ok(QueueItem::Approval(Box::new(SeenApproval { approval: view(row, made)?, refusal })))
            },
        )?;
        items.extend(requests.items);
        Ok(Page { items, next_cursor: requests.next_cursor })
    }
}
