//! Which proxies are believed when they say who calls.
//!
//! Owns the reading of `X-Forwarded-For`. Must not know what the address is used for.

use std::net::IpAddr;

use axum::http::HeaderMap;

/// Where a proxy writes whom it speaks for; each appends the address that it was called from.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The addresses of proxies that were named as trusted.
#[derive(Debug, Clone, Default)]
pub struct Proxies(Vec<IpAddr>);

impl Proxies {
    pub fn new(trusted: &[IpAddr]) -> Self {
        Self(trusted.iter().map(IpAddr::to_canonical).collect())
    }

    /// Who calls: the peer of the connection, or, where that is a trusted proxy, the last address in its list that is
    /// none. What stands before it anybody may have written.
    pub fn caller(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let lines = headers.get_all(FORWARDED_FOR).into_iter().rev().filter_map(|line| line.to_str().ok());
        let mut named = lines.flat_map(|line| line.rsplit(',')).map(|name| name.trim().parse::<IpAddr>());
        let mut caller = peer.to_canonical();
        while self.0.contains(&caller) {
            match named.next() {
                Some(Ok(before)) => caller = before.to_canonical(),
                Some(Err(_)) | None => break,
            }
        }
        caller
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_trusted_proxy_says_counts() {
        let proxies = Proxies::new(&["10.0.0.1".parse().unwrap(), "::1".parse().unwrap()]);
        for (peer, lists, caller) in [
            ("10.0.0.1", &["203.0.113.9"][..], "203.0.113.9"),
            ("10.0.0.1", &["6.6.6.6, 203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &["203.0.113.9", "10.0.0.1"], "203.0.113.9"),
            ("10.0.0.1", &["203.0.113.9, 10.0.0.1"], "203.0.113.9"),
            ("::ffff:10.0.0.1", &["2001:db8::7"], "2001:db8::7"),
            ("10.0.0.1", &["no address"], "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.9, no address"], "10.0.0.1"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.2", &["203.0.113.9"], "10.0.0.2"),
        ] {
            let mut headers = HeaderMap::new();
            for list in lists {
                headers.append(FORWARDED_FOR, list.parse().unwrap());
            }
            let found = proxies.caller(peer.parse().unwrap(), &headers);
            assert_eq!(found, caller.parse::<IpAddr>().unwrap(), "{peer} {lists:?}");
        }
    }
}
