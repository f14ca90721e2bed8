//! OpenID Connect as it is spoken with a provider: discovery, the way there, and what a code is worth.
//!
//! Owns the calls, where they may go, and how much they may bring. Must not know accounts or rows.

use std::pin::Pin;
use std::time::Duration;

use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreIdTokenClaims, CoreJwsSigningAlgorithm,
    CoreProviderMetadata, CoreUserInfoClaims,
};
use openidconnect::{
    AccessTokenHash, AsyncHttpClient, AuthType, AuthorizationCode, ClientId, ClientSecret, CsrfToken,
    EndUserEmail, EndUserName, EndUserUsername, HttpRequest, HttpResponse, IssuerUrl, LocalizedClaim, Nonce,
    OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, TokenResponse as _,
};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use crate::secrets;

/// How long one answer of a provider may take: a person waits for it.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// Largest answer of a provider, in bytes: descriptions and key sets are a few kilobytes.
const MAX_ANSWER: usize = 1024 * 1024;

/// Signatures that are believed: those that only the provider can make. Not those by the client's own secret.
const SIGNATURES: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// What a provider knows this server by.
pub struct Registration {
    pub issuer: String,
    pub client_id: String,
    pub client_secret: SecretString,
}

/// A browser's way to a provider, and what is kept until it is back.
pub struct Way {
    pub location: Url,
    pub state: SecretString,
    pub nonce: SecretString,
    pub verifier: SecretString,
}

/// What a browser came back with.
pub struct Return {
    pub code: SecretString,
    pub nonce_digest: String,
    pub verifier: SecretString,
}

/// Whom a provider vouches for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vouched {
    pub issuer: String,
    pub subject: String,
    /// Only when the provider has verified it.
    pub email: Option<String>,
    pub name: Option<String>,
}

/// Why a provider's word is not taken, for the log.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unusable(String);

impl Unusable {
    /// An error with its causes.
    fn from(error: &dyn std::error::Error) -> Self {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        Self(text)
    }
}

/// Where calls for a provider may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// By TLS, wherever it is.
    Tls,
    /// Also to this machine without: only for a provider that is itself here.
    Loopback,
}

impl Reach {
    /// That of an issuer.
    fn of(issuer: &Url) -> Option<Self> {
        match issuer.scheme() {
            "https" => Some(Self::Tls),
            "http" if is_loopback(issuer) => Some(Self::Loopback),
            _ => None,
        }
    }

    fn allows(self, url: &Url) -> bool {
        url.scheme() == "https" || (self == Self::Loopback && url.scheme() == "http" && is_loopback(url))
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// An issuer's address as it is kept.
///
/// # Errors
/// Says what it must be.
pub fn check_issuer(text: &str) -> Result<String, &'static str> {
    const WHY: &str = "must be an https address without query, such as https://id.company.com";
    let text = text.trim();
    let url = Url::parse(text).map_err(|_| WHY)?;
    let plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    if text.len() > 500 || !plain || url.password().is_some() || Reach::of(&url).is_none() {
        return Err(WHY);
    }
    Ok(text.to_owned())
}

/// Speaks with providers.
#[derive(Clone)]
pub struct Exchange {
    http: reqwest::Client,
    redirect: String,
}

impl Exchange {
    /// `redirect` is where providers send browsers back to.
    pub fn new(redirect: String) -> reqwest::Result<Self> {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(ANSWER_WITHIN)
            .build()?;
        Ok(Self { http, redirect })
    }

    /// Where providers send browsers back to.
    pub fn redirect(&self) -> &str {
        &self.redirect
    }

    /// Whether an issuer answers as one.
    pub async fn look(&self, issuer: &str) -> Result<(), Unusable> {
        self.discover(issuer).await.map(drop)
    }

    /// Finds a browser's way to a provider.
    pub async fn way(&self, at: &Registration) -> Result<Way, Unusable> {
        let (metadata, _) = self.discover(&at.issuer).await?;
        let client = CoreClient::from_provider_metadata(metadata, ClientId::new(at.client_id.clone()), None)
            .set_redirect_uri(self.redirect_url()?);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (location, state, nonce) = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                || CsrfToken::new(random()),
                || Nonce::new(random()),
            )
            .add_scopes(["email", "profile"].map(|scope| Scope::new(scope.to_owned())))
            .set_pkce_challenge(challenge)
            .url();
        Ok(Way {
            location,
            state: state.secret().clone().into(),
            nonce: nonce.secret().clone().into(),
            verifier: verifier.secret().clone().into(),
        })
    }

    /// Exchanges a code for the word of a provider, and checks that it is that: signed with its key, for
    /// this server, for the attempt that began here, and not over.
    pub async fn redeem(&self, at: &Registration, back: Return) -> Result<Vouched, Unusable> {
        let (metadata, caller) = self.discover(&at.issuer).await?;
        let by_body = wants_secret_in_body(&metadata);
        let secret = ClientSecret::new(at.client_secret.expose_secret().to_owned());
        let id = ClientId::new(at.client_id.clone());
        let client = CoreClient::from_provider_metadata(metadata, id, Some(secret))
            .set_redirect_uri(self.redirect_url()?)
            .set_auth_type(by_body);
        let answer = client
            .exchange_code(AuthorizationCode::new(back.code.expose_secret().to_owned()))
            .map_err(|error| Unusable::from(&error))?
            .set_pkce_verifier(PkceCodeVerifier::new(back.verifier.expose_secret().to_owned()))
            .request_async(&caller)
            .await
            .map_err(|error| Unusable::from(&error))?;
        let token = answer.id_token().ok_or_else(|| Unusable("the answer has no ID token".to_owned()))?;
        let verifier = client.id_token_verifier().set_allowed_algs(SIGNATURES);
        let claims = token
            .claims(&verifier, |nonce: Option<&Nonce>| same_nonce(nonce, &back.nonce_digest))
            .map_err(|error| Unusable::from(&error))?;
        if let Some(expected) = claims.access_token_hash() {
            let (alg, key) = (token.signing_alg(), token.signing_key(&verifier));
            let (alg, key) =
                (alg.map_err(|error| Unusable::from(&error))?, key.map_err(|error| Unusable::from(&error))?);
            let actual = AccessTokenHash::from_token(answer.access_token(), alg, key)
                .map_err(|error| Unusable::from(&error))?;
            if actual != *expected {
                return Err(Unusable("the access token is not the ID token's".to_owned()));
            }
        }
        let vouched = vouched(claims);
        if vouched.email.is_some() {
            return Ok(vouched);
        }
        // Many providers tell the address only when asked with the access token.
        let Ok(more) = client.user_info(answer.access_token().clone(), Some(claims.subject().clone())) else {
            return Ok(vouched);
        };
        let more: CoreUserInfoClaims =
            more.request_async(&caller).await.map_err(|error| Unusable::from(&error))?;
        let told = name(more.name(), more.preferred_username());
        let email = verified(more.email(), more.email_verified());
        Ok(Vouched { email, name: vouched.name.or(told), ..vouched })
    }

    async fn discover(&self, issuer: &str) -> Result<(CoreProviderMetadata, Caller), Unusable> {
        let url = Url::parse(issuer).map_err(|error| Unusable::from(&error))?;
        let reach = Reach::of(&url).ok_or_else(|| Unusable("the issuer has no https address".to_owned()))?;
        let caller = Caller { http: self.http.clone(), reach };
        let issuer = IssuerUrl::new(issuer.to_owned()).map_err(|error| Unusable::from(&error))?;
        let metadata = CoreProviderMetadata::discover_async(issuer, &caller)
            .await
            .map_err(|error| Unusable::from(&error))?;
        if !reach.allows(metadata.authorization_endpoint().url()) {
            return Err(Unusable("the provider would have people sign in without TLS".to_owned()));
        }
        Ok((metadata, caller))
    }

    fn redirect_url(&self) -> Result<RedirectUrl, Unusable> {
        RedirectUrl::new(self.redirect.clone()).map_err(|error| Unusable::from(&error))
    }
}

/// How a provider wants the secret: in a header, unless it knows only the other way.
fn wants_secret_in_body(metadata: &CoreProviderMetadata) -> AuthType {
    let ways = metadata.token_endpoint_auth_methods_supported();
    let knows = |way| ways.is_some_and(|ways| ways.contains(&way));
    if knows(CoreClientAuthMethod::ClientSecretPost) && !knows(CoreClientAuthMethod::ClientSecretBasic) {
        AuthType::RequestBody
    } else {
        AuthType::BasicAuth
    }
}

fn random() -> String {
    secrets::generate("").expose_secret().to_owned()
}

fn same_nonce(nonce: Option<&Nonce>, digest: &str) -> Result<(), String> {
    match nonce {
        Some(nonce) if secrets::digest(nonce.secret()) == digest => Ok(()),
        _ => Err("the nonce is not that of this attempt".to_owned()),
    }
}

fn vouched(claims: &CoreIdTokenClaims) -> Vouched {
    Vouched {
        issuer: claims.issuer().as_str().to_owned(),
        subject: claims.subject().as_str().to_owned(),
        email: verified(claims.email(), claims.email_verified()),
        name: name(claims.name(), claims.preferred_username()),
    }
}

/// An address that the provider has verified.
fn verified(email: Option<&EndUserEmail>, verified: Option<bool>) -> Option<String> {
    email.filter(|_| verified == Some(true)).map(|email| email.to_string())
}

fn name(full: Option<&LocalizedClaim<EndUserName>>, short: Option<&EndUserUsername>) -> Option<String> {
    full.and_then(first).or_else(|| short.map(|name| name.to_string()))
}

/// A claim in the provider's own language, or in any.
fn first(claim: &LocalizedClaim<EndUserName>) -> Option<String> {
    claim.get(None).or_else(|| claim.iter().next().map(|(_, name)| name)).map(|name| name.to_string())
}

/// Calls a provider, only where its issuer may have calls go.
struct Caller {
    http: reqwest::Client,
    reach: Reach,
}

/// Why a call brought nothing.
#[derive(Debug, thiserror::Error)]
enum CallFailed {
    #[error("an address without TLS is not called")]
    NotAllowed,
    #[error("the answer is larger than {MAX_ANSWER} bytes")]
    TooLarge,
    #[error("the call failed")]
    Http(#[from] reqwest::Error),
}

impl<'c> AsyncHttpClient<'c> for Caller {
    type Error = CallFailed;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, CallFailed>> + Send + Sync + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let request: reqwest::Request = request.try_into()?;
            if !self.reach.allows(request.url()) {
                return Err(CallFailed::NotAllowed);
            }
            let mut answer = self.http.execute(request).await?;
            let mut body = Vec::new();
            while let Some(part) = answer.chunk().await? {
                if body.len() + part.len() > MAX_ANSWER {
                    return Err(CallFailed::TooLarge);
                }
                body.extend_from_slice(&part);
            }
            let mut response = HttpResponse::new(body);
            *response.status_mut() = answer.status();
            *response.headers_mut() = std::mem::take(answer.headers_mut());
            Ok(response)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn issuers_are_called_by_tls_or_are_on_this_machine() {
        for good in [
            "https://id.company.com",
            "https://id.company.com/realms/a",
            "http://127.0.0.1:9000",
            "http://localhost:9000/x",
            "http://[::1]:1",
        ] {
            assert_eq!(check_issuer(good), Ok(good.to_owned()), "{good}");
        }
        for bad in [
            "",
            "id.company.com",
            "http://id.company.com",
            "http://localhost.evil.com",
            "http://10.0.0.1",
            "ftp://127.0.0.1",
            "file:///etc/passwd",
            "https://id.company.com/?a=b",
            "https://id.company.com/#a",
            "https://user:secret@id.company.com",
        ] {
            assert!(check_issuer(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_provider_elsewhere_has_nothing_called_on_this_machine_without_tls() {
        let url = |text| Url::parse(text).unwrap();
        assert!(Reach::Tls.allows(&url("https://id.company.com/token")));
        assert!(!Reach::Tls.allows(&url("http://127.0.0.1:6379/")));
        assert!(!Reach::Tls.allows(&url("http://id.company.com/token")));
        assert!(Reach::Loopback.allows(&url("http://127.0.0.1:9000/token")));
        assert!(!Reach::Loopback.allows(&url("http://169.254.169.254/")));
    }

    #[test]
    fn an_address_counts_only_when_it_was_verified() {
        let email = EndUserEmail::new("a@b.c".to_owned());
        assert_eq!(verified(Some(&email), Some(true)).as_deref(), Some("a@b.c"));
        for (email, said) in [(Some(&email), Some(false)), (Some(&email), None), (None, Some(true))] {
            assert_eq!(verified(email, said), None, "{said:?}");
        }
    }

    #[test]
    fn a_nonce_of_another_attempt_is_refused() {
        let digest = secrets::digest("mine");
        assert!(same_nonce(Some(&Nonce::new("mine".to_owned())), &digest).is_ok());
        assert!(same_nonce(Some(&Nonce::new("other".to_owned())), &digest).is_err());
        assert!(same_nonce(None, &digest).is_err());
    }
}
