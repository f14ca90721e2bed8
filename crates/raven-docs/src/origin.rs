//! Where a call comes from: kept beside the task that answers it, for the record.
//!
//! Owns the task's value. The doors set it; must not decide anything by it.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use raven_protocol::id::WorkspaceId;

use crate::audit::Actor;

tokio::task_local! {
    static ORIGIN: Origin;
    static KNOWN: Known;
}

/// Who is found to be calling, for whoever comes back from the call.
#[derive(Clone, Default)]
pub struct Known(Arc<OnceLock<(WorkspaceId, Actor)>>);

impl Known {
    /// Notes who is calling; outside of a call, and when it is known, nothing happens.
    pub fn note(workspace: &WorkspaceId, actor: impl FnOnce() -> Actor) {
        let _outside = KNOWN.try_with(|known| known.0.get_or_init(|| (workspace.clone(), actor())).clone());
    }

    pub fn get(&self) -> Option<&(WorkspaceId, Actor)> {
        self.0.get()
    }

    /// Does something with this as the place where the caller is noted.
    pub async fn scope<T>(self, work: impl Future<Output = T>) -> T {
        KNOWN.scope(self, work).await
    }
}

/// Where a call comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// Id of the request, or of the connection.
    pub request_id: Option<String>,
    /// The caller's address as it is known to us; that of a proxy when one stands before the server.
    pub address: Option<IpAddr>,
}

impl Origin {
    /// The origin of what is being done; empty for what the server does by itself.
    pub fn current() -> Self {
        ORIGIN.try_with(Clone::clone).unwrap_or_default()
    }

    /// Does something as asked for from here.
    pub async fn scope<T>(self, work: impl Future<Output = T>) -> T {
        ORIGIN.scope(self, work).await
    }
}
