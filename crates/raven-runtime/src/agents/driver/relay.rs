//! Sign-ins that end at a port of the runtime's machine: the browser of somebody elsewhere cannot reach
//! it, so they paste the address and it is called here.
//!
//! Owns which address may be called. Must not know whose sign-in it is.

use std::time::Duration;

use url::{Host, Url};

use super::DriveRefused;
use crate::outbox::http_client;

/// How long the program may take: it asks its provider before it answers.
const ANSWER: Duration = Duration::from_secs(20);

/// Calls the address that a sign-in ended at. `login` is the page that it began at: its parameters name
/// the port, and no other is called.
pub async fn complete(pasted: &str, login: Option<&str>) -> Result<(), DriveRefused> {
    let target = check(pasted, login).map_err(DriveRefused::Invalid)?;
    let failed = |why: String| DriveRefused::SignIn(why);
    let client = http_client().map_err(|refused| failed(refused.to_string()))?;
    let sent = client.get(target).timeout(ANSWER).send().await;
    // Its address has the secret of the sign-in: it is told to nobody.
    let response =
        sent.map_err(|error| failed(format!("the program did not answer ({})", error.without_url())))?;
    let status = response.status();
    if status.is_success() || status.is_redirection() {
        Ok(())
    } else {
        Err(failed(format!("the program answered {status}: begin the sign-in again")))
    }
}

fn check(pasted: &str, login: Option<&str>) -> Result<Url, String> {
    let pasted =
        Url::parse(pasted).map_err(|_| "paste the whole address of the page that did not open".to_owned())?;
    if !is_local(&pasted) {
        return Err("the address must be one of http://localhost, as the sign-in page ended at".to_owned());
    }
    let expected = login.and_then(callback_of).ok_or("this sign-in does not end at an address")?;
    if (pasted.port(), pasted.path()) != (expected.port(), expected.path()) {
        return Err(format!("the address must begin with {}", without_query(&expected)));
    }
    let mut target = pasted.clone();
    // By number: the name may lead elsewhere.
    let number = if matches!(expected.host(), Some(Host::Ipv6(_))) { "[::1]" } else { "127.0.0.1" };
    target.set_host(Some(number)).map_err(|_| "the address cannot be called".to_owned())?;
    target.set_fragment(None);
    Ok(target)
}

/// The address that a sign-in page is told to come back to.
fn callback_of(login: &str) -> Option<Url> {
    let login = Url::parse(login).ok()?;
    let named =
        login.query_pairs().find(|(name, _)| matches!(name.as_ref(), "redirect_uri" | "callback_url"));
    named.and_then(|(_, value)| Url::parse(&value).ok()).filter(is_local)
}

fn is_local(url: &Url) -> bool {
    let local = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    local && url.scheme() == "http" && url.username().is_empty() && url.password().is_none()
}

fn without_query(url: &Url) -> String {
    let mut bare = url.clone();
    bare.set_query(None);
    bare.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_address_that_the_sign_in_names_is_called() {
        let login =
            "https://a.example/authorize?x=1&redirect_uri=http%3A%2F%2Flocalhost%3A1455%2Fauth%2Fcallback";
        let good = check("http://localhost:1455/auth/callback?code=a&state=b#c", Some(login)).unwrap();
        assert_eq!(good.as_str(), "http://127.0.0.1:1455/auth/callback?code=a&state=b");
        for bad in [
            "http://localhost:1456/auth/callback?code=a",
            "http://localhost:1455/other?code=a",
            "https://localhost:1455/auth/callback?code=a",
            "http://example.com:1455/auth/callback?code=a",
            "http://localhost:1455@example.com/auth/callback",
            "http://169.254.169.254:1455/auth/callback",
            "code",
        ] {
            assert!(check(bad, Some(login)).is_err(), "{bad}");
        }
        assert!(check("http://localhost:1455/auth/callback", Some("https://a.example/")).is_err());
        assert!(check("http://localhost:1455/auth/callback", None).is_err());
        let elsewhere = "https://a.example/?redirect_uri=http%3A%2F%2F10.0.0.1%3A80%2F";
        assert!(check("http://localhost:80/", Some(elsewhere)).is_err());
    }
}
