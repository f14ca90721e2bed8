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
    /// The caller's address as it is known to us; that of a proxy when one that is not trusted stands before the server.
    pub address: Option<IpAddr>,
}

impl Origin {
    /// The origin of what is being done; empty for what the server does by itself.
    pub fn current() -> Self {
        ORIGIN.try_with(Clone::clone).unwrap_or_default()
    }

    /// What counts as one caller where attempts are counted: an IPv4 address, or a network of IPv6, of which one
    /// customer has all the addresses.
    pub fn network(&self) -> String {
        match self.address.map(|address| address.to_canonical()) {
            None => "unknown".to_owned(),
            Some(IpAddr::V4(ip)) => ip.to_string(),
            Some(IpAddr::V6(ip)) => {
                let [a, b, c, d, ..] = ip.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
        }
    }

    /// Does something as asked for from here.
    pub async fn scope<T>(self, work: impl Future<Output = T>) -> T {
        ORIGIN.scope(self, work).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_one_caller() {
        for (address, counted) in [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ] {
            let origin = Origin { request_id: None, address: address.parse().ok() };
            assert_eq!(origin.network(), counted);
        }
    }
}
