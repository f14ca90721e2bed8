//! Who gets an account on a provider's word.
//!
//! Plain rules over what the provider said and what the owners set. Must not know rows of accounts.

use super::exchange::Vouched;
use crate::db::identity_providers::Model;
use crate::error::SignInRefusal;
use crate::people::{check_email, check_text};

/// Whom a new account is for.
#[derive(Debug, PartialEq, Eq)]
pub struct Newcomer {
    pub email: String,
    pub name: String,
}

/// What a new account is made of.
///
/// # Errors
/// Says which rule stands against it.
pub fn newcomer(of: &Model, vouched: &Vouched) -> Result<Newcomer, SignInRefusal> {
    if of.create_accounts == 0 {
        return Err(SignInRefusal::NoAccount);
    }
    let email = vouched.email.as_deref().ok_or(SignInRefusal::EmailNotVerified)?;
    let email = check_email(email).map_err(|_| SignInRefusal::EmailNotVerified)?;
    let (before, domain) = email.rsplit_once('@').ok_or(SignInRefusal::EmailNotVerified)?;
    let allowed = domains(&of.allowed_domains);
    if before.contains('@') || !allowed.iter().any(|allowed| allowed == domain) {
        return Err(SignInRefusal::DomainNotAllowed);
    }
    let told = vouched.name.as_deref().and_then(|name| check_text("name", name).ok());
    let name = told.unwrap_or_else(|| before.chars().take(100).collect());
    Ok(Newcomer { name, email })
}

/// The domains of a row.
pub fn domains(json: &str) -> Vec<String> {
    serde_json::from_str(json).unwrap_or_default()
}

/// A domain as it is kept.
pub fn check_domain(text: &str) -> Option<String> {
    let text = text.trim().trim_start_matches('@').to_lowercase();
    let plain = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    (text.len() <= 253 && text.split('.').all(plain)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider(create_accounts: i64) -> Model {
        Model {
            id: "idp_1".into(),
            workspace_id: "ws_1".into(),
            name: "Company".into(),
            issuer: "https://id.company.com".into(),
            client_id: "raven".into(),
            client_secret_sealed: String::new(),
            allowed_domains: r#"["company.com"]"#.into(),
            default_role: "member".into(),
            create_accounts,
            created_at: 0,
            updated_at: 0,
        }
    }

    fn vouched(email: Option<&str>, name: Option<&str>) -> Vouched {
        Vouched {
            issuer: "https://id.company.com".into(),
            subject: "1".into(),
            email: email.map(Into::into),
            name: name.map(Into::into),
        }
    }

    #[test]
    fn only_whoever_the_owners_let_in_gets_an_account() {
        let of = provider(1);
        for (email, refusal) in [
            (Some("ada@company.com"), None),
            (Some("Ada@Company.com"), None),
            (None, Some(SignInRefusal::EmailNotVerified)),
            (Some("no address"), Some(SignInRefusal::EmailNotVerified)),
            (Some("ada@evil.com"), Some(SignInRefusal::DomainNotAllowed)),
            (Some("ada@sub.company.com"), Some(SignInRefusal::DomainNotAllowed)),
            (Some("ada@evil.com@company.com"), Some(SignInRefusal::DomainNotAllowed)),
            (Some("ada@company.com.evil.com"), Some(SignInRefusal::DomainNotAllowed)),
        ] {
            assert_eq!(newcomer(&of, &vouched(email, None)).err(), refusal, "{email:?}");
        }
        let off = newcomer(&provider(0), &vouched(Some("ada@company.com"), None));
        assert_eq!(off, Err(SignInRefusal::NoAccount));
    }

    #[test]
    fn a_newcomer_has_a_name() {
        for (told, name) in
            [(Some("Ada L."), "Ada L."), (None, "ada"), (Some(" "), "ada"), (Some("a\nb"), "ada")]
        {
            let made = newcomer(&provider(1), &vouched(Some("ada@company.com"), told)).unwrap();
            assert_eq!((made.name.as_str(), made.email.as_str()), (name, "ada@company.com"));
        }
    }

    #[test]
    fn domains_are_plain_names() {
        for (text, kept) in [
            ("Company.com", Some("company.com")),
            ("@company.com", Some("company.com")),
            ("localhost", Some("localhost")),
        ] {
            assert_eq!(check_domain(text).as_deref(), kept);
        }
        for bad in ["", "*", "*.company.com", "a b.com", "company..com", "-a.com", "a/b"] {
            assert_eq!(check_domain(bad), None, "{bad}");
        }
    }
}
