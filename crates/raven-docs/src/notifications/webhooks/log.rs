//! What went to a webhook and what came of it: the log, a test, and sending again.
//!
//! Owns how a delivery is shown. A test is on record before it is sent, as everything that is done outside of the
//! database.

use raven_protocol::id::{DeliveryId, EventId, WebhookId};
use raven_protocol::time::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::super::Notifications;
use super::super::delivery::{Attempt, Channel, End, State};
use super::{entry, found};
use crate::access::{Administer, Granted};
use crate::audit::{Action, Outcome};
use crate::db::{deliveries, webhooks as rows};
use crate::error::{Conflict, Error};
use crate::page::{Page, PageQuery};

/// When the task takes up a test that nobody finished: after every test has ended.
const ABANDONED_AFTER_MS: i64 = 60_000;

/// The type of a test, which is no topic.
const TEST: &str = "test";

/// One event on its way to one webhook.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = WebhookDelivery)]
pub struct Delivery {
    pub id: String,
    /// What the receiver gets as `webhook-id`: the same each time.
    pub event_id: String,
    /// A topic, or `test`.
    #[serde(rename = "type")]
    pub kind: String,
    pub state: State,
    /// How often it was tried.
    pub attempts: i64,
    /// The status that was answered last.
    pub code: Option<i64>,
    /// The first KiB of the last answer, or why there was none.
    pub answer: Option<String>,
    /// When it is tried next.
    pub next_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

/// How the test of a webhook went.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct WebhookTest {
    pub delivered: bool,
    pub delivery: Delivery,
}

impl Notifications {
    /// What went to a webhook, newest first.
    pub async fn deliveries(
        &self,
        by: &Granted<Administer>,
        id: &WebhookId,
        page: PageQuery,
    ) -> Result<Page<Delivery>, Error> {
        let limit = page.limit()?;
        let webhook = rows::find(self.db().read(), by.workspace(), id).await?;
        let webhook = webhook.ok_or(Error::NotFound("webhook"))?;
        let found =
            deliveries::page(self.db().read(), &webhook.id, page.cursor.as_deref(), limit + 1).await?;
        Page::of(found, limit, |row| &row.id, view)
    }

    /// Has something sent again, with the id it had.
    ///
    /// # Errors
    /// `Conflict` while it is on its way, or the webhook is off.
    pub async fn redeliver(
        &self,
        by: &Granted<Administer>,
        id: &WebhookId,
        delivery: &DeliveryId,
    ) -> Result<Delivery, Error> {
        let mut change = self.inner.changes.begin_for(by).await?;
        let webhook = found(&change, by.workspace(), id).await?;
        let row = deliveries::find(change.tx(), &webhook.id, delivery).await?;
        let row = row.ok_or(Error::NotFound("delivery"))?;
        let not_now =
            |detail: &str| Error::Conflict { code: Conflict::NotSendable, detail: detail.to_owned() };
        if State::from_row(&row)? == State::Pending && row.attempts == 0 {
            return Err(not_now("it is on its way: wait for its outcome"));
        }
        if webhook.off_because.is_some() {
            return Err(not_now("the webhook is off: turn it on first"));
        }
        let again = deliveries::Model {
            state: State::Pending.as_str().to_owned(),
            attempts: 0,
            next_at: Some(Timestamp::now().as_millis()),
            ended_at: None,
            ..row
        };
        deliveries::update(change.tx(), &again).await?;
        let kept = json!({ "delivery": again.id, "event": again.event_id });
        change.audit(by.workspace(), entry(by, Action::WebhookRedeliver, &webhook).after(kept)).await?;
        change.commit().await?;
        self.inner.due.notify_one();
        view(again)
    }

    /// Sends a test event now, also to a webhook that is off, and answers how it went.
    ///
    /// # Errors
    /// `RateLimited` when it was tested often.
    pub async fn test_webhook(&self, by: &Granted<Administer>, id: &WebhookId) -> Result<WebhookTest, Error> {
        let mut change = self.inner.changes.begin_for(by).await?;
        let webhook = found(&change, by.workspace(), id).await?;
        self.limit_tests(&webhook.id)?;
        let row = self.test_of(by, &webhook);
        deliveries::insert(change.tx(), &row).await?;
        let audited = |outcome: Outcome| {
            let kept = json!({ "delivery": row.id });
            entry(by, Action::WebhookTest, &webhook).after(kept).outcome(outcome)
        };
        change.audit(by.workspace(), audited(Outcome::Begun)).await?;
        change.commit().await?;
        let attempt = self.post(&webhook, &row).await?;
        let delivered = attempt.end == End::Delivered;
        // Its outcome is told now: it is not tried again.
        let end = if attempt.end == End::TryAgain { End::GiveUp } else { attempt.end };
        let mut change = self.inner.changes.begin().await?;
        let outcome = if delivered { Outcome::Done } else { Outcome::Failed };
        change.audit(by.workspace(), audited(outcome)).await?;
        let after = super::super::delivery::after(row, &Attempt { end, ..attempt }, Timestamp::now());
        deliveries::update(change.tx(), &after).await?;
        change.commit().await?;
        Ok(WebhookTest { delivered, delivery: view(after)? })
    }

    fn test_of(&self, by: &Granted<Administer>, webhook: &rows::Model) -> deliveries::Model {
        let (event, now) = (EventId::generate(), Timestamp::now());
        let body = json!({
            "id": event,
            "type": TEST,
            "kind": TEST,
            "createdAt": now,
            "workspaceId": by.workspace(),
            "agent": null,
            "message": "Test",
            "detail": format!("{} tested this webhook", by.by().name),
            "url": self.url("/settings/webhooks"),
        });
        deliveries::Model {
            id: DeliveryId::generate().to_string(),
            workspace_id: by.workspace().to_string(),
            channel: Channel::Webhook.as_str().to_owned(),
            target_id: webhook.id.clone(),
            event_id: event.to_string(),
            topic: TEST.to_owned(),
            agent_id: None,
            body: body.to_string(),
            state: State::Pending.as_str().to_owned(),
            attempts: 0,
            code: None,
            answer: None,
            next_at: Some(now.as_millis() + ABANDONED_AFTER_MS),
            created_at: now.as_millis(),
            ended_at: None,
        }
    }
}

fn view(row: deliveries::Model) -> Result<Delivery, Error> {
    Ok(Delivery {
        state: State::from_row(&row)?,
        id: row.id,
        event_id: row.event_id,
        kind: row.topic,
        attempts: row.attempts,
        code: row.code,
        answer: row.answer,
        next_at: row.next_at.map(Timestamp::from_millis),
        created_at: Timestamp::from_millis(row.created_at),
        ended_at: row.ended_at.map(Timestamp::from_millis),
    })
}
