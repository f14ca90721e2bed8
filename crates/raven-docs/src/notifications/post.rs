//! One signed request to a webhook, by the Standard Webhooks specification, and where it may go.
//!
//! Owns signatures and the check of addresses: a webhook may be on this machine and in private networks, as only
//! admins make them and many run their own receivers; link-local and metadata addresses, which hand out a cloud
//! machine's credentials, are refused when they are entered and again when a name is resolved. Redirects are not
//! followed. Must not know what is told.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use raven_protocol::time::Timestamp;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;
use url::{Host, Url};

use super::delivery::{Attempt, End};
use crate::error::Error;

/// How long a receiver may take: it is to keep what it gets and answer, and do its work later.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// How much of an answer is kept, in bytes: enough to see what is wrong.
const MAX_ANSWER: usize = 1024;

/// Longest address, in bytes.
const MAX_URL: usize = 2048;

/// What every secret begins with, as the specification says.
const SECRET: &str = "whsec_";

/// Sends to webhooks.
pub struct Poster {
    http: reqwest::Client,
}

impl Poster {
    pub fn new() -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(ANSWER_WITHIN)
            .dns_resolver(Checked)
            .user_agent(concat!("raven/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { http })
    }

    /// Sends one body to a control plane, which knows us by a key that it shares; how it went is the outcome.
    pub async fn tell(&self, url: &str, key: &SecretString, id: &str, body: &str) -> Attempt {
        if let Err(error) = check_url(url) {
            return Attempt { end: End::GiveUp, code: None, answer: error.to_string() };
        }
        let mut secret = match HeaderValue::from_str(key.expose_secret()) {
            Ok(secret) => secret,
            Err(_) => {
                let answer = "its key cannot be sent: enter another".to_owned();
                return Attempt { end: End::GiveUp, code: None, answer };
            }
        };
        secret.set_sensitive(true);
        let request = self
            .http
            .post(url)
            .header("content-type", "application/json")
            .header("idempotency-key", id)
            .header("x-webhook-secret", secret)
            .body(body.to_owned());
        match request.send().await {
            Ok(response) => read(response).await,
            Err(error) => Attempt { end: End::TryAgain, code: None, answer: unreachable(&error) },
        }
    }

    /// Sends one body; how it went is the outcome.
    pub async fn post(&self, url: &str, secret: &SecretString, id: &str, body: &str) -> Attempt {
        let refused = |why: String| Attempt { end: End::GiveUp, code: None, answer: why };
        if let Err(error) = check_url(url) {
            return refused(error.to_string());
        }
        let at = (Timestamp::now().as_millis() / 1000).to_string();
        let signature = match sign(secret, id, &at, body) {
            Ok(signature) => signature,
            Err(error) => return refused(format!("it cannot be signed: {error:#}")),
        };
        let request = self
            .http
            .post(url)
            .header("content-type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", at)
            .header("webhook-signature", signature)
            .body(body.to_owned());
        match request.send().await {
            Ok(response) => read(response).await,
            Err(error) => Attempt { end: End::TryAgain, code: None, answer: unreachable(&error) },
        }
    }
}

async fn read(mut response: reqwest::Response) -> Attempt {
    let status = response.status();
    let mut body = Vec::new();
    while body.len() < MAX_ANSWER
        && let Ok(Some(chunk)) = response.chunk().await
    {
        body.extend_from_slice(&chunk);
    }
    body.truncate(MAX_ANSWER);
    let text = String::from_utf8_lossy(&body);
    let plain: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    let end = match status.as_u16() {
        200..=299 => End::Delivered,
        410 => End::Gone,
        _ => End::TryAgain,
    };
    let answer = if status.is_redirection() {
        "it answers with a redirect, which is not followed: enter the address it leads to".to_owned()
    } else {
        plain
    };
    Attempt { end, code: Some(status.as_u16()), answer }
}

/// Why nothing was answered, without the address, which may hold a secret.
fn unreachable(error: &reqwest::Error) -> String {
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        if let Some(refused) = inner.downcast_ref::<Forbidden>() {
            return refused.to_string();
        }
        cause = inner.source();
    }
    if error.is_timeout() {
        "it did not answer within 10 s".to_owned()
    } else if error.is_connect() {
        "nothing answers at its address: check that the receiver runs, its name and the firewall".to_owned()
    } else {
        "the connection broke before it answered".to_owned()
    }
}

/// A new secret: 32 random bytes, as the specification writes them.
pub fn new_secret() -> SecretString {
    let random: [u8; 32] = rand::random();
    format!("{SECRET}{}", BASE64_STANDARD.encode(random)).into()
}

/// The signature of a message.
fn sign(secret: &SecretString, id: &str, at: &str, body: &str) -> anyhow::Result<String> {
    let key = secret.expose_secret().strip_prefix(SECRET).context("the secret has no prefix")?;
    let key = BASE64_STANDARD.decode(key).context("the secret is not base64")?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|_| anyhow!("bad key length"))?;
    mac.update(format!("{id}.{at}.{body}").as_bytes());
    Ok(format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes())))
}

/// Checks a webhook's address.
///
/// # Errors
/// `Invalid`, saying what an address looks like.
pub fn check_url(text: &str) -> Result<Url, Error> {
    let refuse = |why: &str| Err(Error::invalid("url", why));
    if text.len() > MAX_URL {
        return refuse("must be at most 2048 bytes");
    }
    let Ok(url) = Url::parse(text.trim()) else {
        return refuse("is not an address: write it with its protocol, such as https://example.com/hook");
    };
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return refuse("must begin with https:// or http://");
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return refuse("must not hold a name, a password or a fragment: each message is signed instead");
    }
    if !is_sendable(&url) {
        return refuse("must not be a link-local, metadata, multicast or unspecified address");
    }
    Ok(url)
}

/// Whether something may be sent to an address, as far as its spelling tells.
pub fn is_sendable(url: &Url) -> bool {
    !match url.host() {
        Some(Host::Ipv4(ip)) => is_forbidden(IpAddr::V4(ip)),
        Some(Host::Ipv6(ip)) => is_forbidden(IpAddr::V6(ip)),
        Some(Host::Domain(_)) | None => false,
    }
}

/// Whether nothing may be sent to an address.
fn is_forbidden(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_forbidden_v4(ip),
        IpAddr::V6(ip) => embedded(ip).is_some_and(is_forbidden_v4) || is_forbidden_v6(ip),
    }
}

fn is_forbidden_v4(ip: Ipv4Addr) -> bool {
    // Metadata services of clouds that are not link-local.
    const METADATA: [Ipv4Addr; 3] =
        [Ipv4Addr::new(100, 100, 100, 200), Ipv4Addr::new(168, 63, 129, 16), Ipv4Addr::new(192, 0, 0, 192)];
    let this_network = ip.octets()[0] == 0;
    ip.is_link_local() || this_network || ip.is_multicast() || ip.is_broadcast() || METADATA.contains(&ip)
}

fn is_forbidden_v6(ip: Ipv6Addr) -> bool {
    const METADATA: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
    ip.is_unicast_link_local() || ip.is_unspecified() || ip.is_multicast() || ip == METADATA
}

/// The IPv4 address inside of an IPv6 one: mapped, compatible, translated or tunnelled.
fn embedded(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let s = ip.segments();
    let v4 = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    match s {
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] if !ip.is_loopback() && !ip.is_unspecified() => {
            Some(v4(high, low))
        }
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(v4(high, low)),
        [0x2002, high, low, ..] => Some(v4(high, low)),
        _ => None,
    }
}

/// Why a name is not used.
#[derive(Debug, thiserror::Error)]
#[error("its name leads to a link-local or metadata address, to which nothing is sent")]
struct Forbidden;

/// Resolves names as the system does, and leaves out where nothing may be sent.
struct Checked;

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let allowed: Vec<_> = found.iter().copied().filter(|at| !is_forbidden(at.ip())).collect();
            if allowed.is_empty() && !found.is_empty() {
                return Err(Forbidden.into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_the_specification() {
        // The example of the specification's own libraries.
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned().into();
        let signed = sign(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", "{\"test\": 2432232314}");
        assert_eq!(signed.unwrap(), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert!(sign(&new_secret(), "evt_1", "1", "{}").is_ok());
        assert!(sign(&"whsec_?".to_owned().into(), "evt_1", "1", "{}").is_err());
    }

    #[test]
    fn addresses_that_hand_out_credentials_are_refused() {
        for good in [
            "https://example.com/hook?token=1",
            "http://127.0.0.1:9000/",
            "http://10.0.0.8/x",
            "http://[::1]:8000",
            "http://localhost/x",
        ] {
            assert!(check_url(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "example.com",
            "ftp://example.com",
            "https://u:p@example.com",
            "https://example.com/#x",
            "http://169.254.169.254/latest",
            "http://2852039166/",
            "http://0xa9fea9fe/",
            "http://[fe80::1]/",
            "http://[::ffff:169.254.169.254]/",
            "http://[64:ff9b::a9fe:a9fe]/",
            "http://[2002:a9fe:a9fe::1]/",
            "http://[fd00:ec2::254]/",
            "http://100.100.100.200/",
            "http://0.0.0.0/",
            "http://[::]/",
        ] {
            assert_eq!(check_url(bad).unwrap_err().code(), "INVALID", "{bad}");
        }
    }
}
