//! What is done to an agent at its runtime is recorded before and after.
//!
//! Owns the order: first the audit log says what is asked for, then it is done, then log and feed say how it
//! went. So nothing is done that is not on record, whatever ends in between. Must not know what is done.

use serde_json::{Value, json};

use super::{Agents, named, rows};
use crate::access::{Granted, Permission};
use crate::activity::{self, About, ActivityKind};
use crate::audit::{Action, Entry, Outcome, Target};
use crate::error::Error;

/// Something that is done to an agent.
pub(super) struct Deed {
    pub action: Action,
    /// How the feed tells of it, with a detail for people; `None` where another entry does.
    pub told: Option<(ActivityKind, Option<String>)>,
    /// What the audit log keeps of it; never what was said.
    pub kept: Value,
}

impl Agents {
    /// Does something, on record.
    pub(super) async fn on_record<P: Permission, T>(
        &self,
        by: &Granted<P>,
        row: &rows::Model,
        deed: Deed,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let entry = |outcome: Outcome, kept: Value| {
            Entry::new(by.actor(), deed.action, Target::named("agent", &named(row)))
                .after(kept)
                .outcome(outcome)
        };
        let mut change = self.changes.begin_for(by).await?;
        change.audit(by.workspace(), entry(Outcome::Begun, deed.kept.clone())).await?;
        change.commit().await?;
        let done = work.await;
        let mut change = self.changes.begin().await?;
        match &done {
            Ok(_) => change.audit(by.workspace(), entry(Outcome::Done, deed.kept)).await?,
            Err(error) => {
                let kept = json!({ "code": error.code() });
                change.audit(by.workspace(), entry(Outcome::Failed, kept)).await?;
            }
        }
        if let (Ok(_), Some((kind, detail))) = (&done, deed.told) {
            let about = About { agent: Some(named(row)), actor: Some(by.by()), detail, ..About::default() };
            activity::record(&mut change, by.workspace(), kind, about).await?;
        }
        change.commit().await?;
        done
    }
}
