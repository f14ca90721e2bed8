//! Where a call comes from: kept beside the task that answers it, for the record.
//!
//! Owns the task's value. The doors set it; must not decide anything by it.

use std::net::IpAddr;

tokio::task_local! {
    static ORIGIN: Origin;
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
