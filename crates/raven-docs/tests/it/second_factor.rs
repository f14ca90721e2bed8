//! The second factor: set up with a first code, asked for at every sign-in, each code once.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

use crate::operator::{Answer, Operator};
use crate::programs::run_docs;
use crate::surroundings::{PASSWORD, Place};

/// The code of an authenticator app, so many steps from now.
fn code(secret: &str, steps: i64) -> String {
    let app = Builder::new().with_secret(Secret::try_from_base32(secret).unwrap()).build().unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    app.generate(now.checked_add_signed(steps * 30).unwrap()).to_string()
}

fn log_in(place: &Place, code: &Value) -> Answer {
    log_in_at(&place.base(), code)
}

fn log_in_at(base: &str, code: &Value) -> Answer {
    let mut body = json!({ "email": "owner@example.com", "password": PASSWORD });
    if !code.is_null() {
        body["code"] = code.clone();
    }
    Operator::anonymous(base).post("/api/auth/login", &body)
}

/// A place whose owner has a second factor: with the browser that set it up, the seed and the recovery codes.
fn guarded() -> (Place, Operator, String, Vec<String>) {
    let place = Place::without_runtime();
    let browser = place.browsing("owner@example.com");
    let begun = browser.post("/api/auth/second-factor", &json!({ "password": PASSWORD }));
    assert_eq!(begun.status, 201, "{}", begun.body);
    let secret = begun.body["secret"].as_str().unwrap().to_owned();
    let confirmed = browser.post("/api/auth/second-factor/confirm", &json!({ "code": code(&secret, 0) }));
    assert_eq!(confirmed.status, 200, "{}", confirmed.body);
    let codes = confirmed.body["recoveryCodes"].as_array().unwrap();
    let codes = codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect();
    (place, browser, secret, codes)
}

#[test]
fn it_counts_once_its_first_code_was_confirmed() {
    let place = Place::without_runtime();
    let browser = place.browsing("owner@example.com");
    let refused = browser.post("/api/auth/second-factor", &json!({ "password": "wrong" }));
    assert_eq!(refused.status, 422, "a cookie alone sets up nothing");
    let none = browser.post("/api/auth/second-factor/confirm", &json!({ "code": "123456" }));
    assert_eq!((none.status, &none.body["code"]), (409, &json!("SECOND_FACTOR_OFF")));
    let begun = browser.post("/api/auth/second-factor", &json!({ "password": PASSWORD })).body;
    let (secret, url) = (begun["secret"].as_str().unwrap(), begun["otpauthUrl"].as_str().unwrap());
    assert!(url.starts_with("otpauth://totp/") && url.contains(secret) && url.contains("Raven"), "{url}");
    assert_eq!(log_in(&place, &Value::Null).status, 200, "not in force yet");
    let wrong = browser.post("/api/auth/second-factor/confirm", &json!({ "code": "000000" }));
    assert_eq!(wrong.status, 422);
    let confirmed = browser.post("/api/auth/second-factor/confirm", &json!({ "code": code(secret, 0) }));
    assert_eq!(confirmed.body["recoveryCodes"].as_array().unwrap().len(), 10, "{}", confirmed.body);
    let asked = log_in(&place, &Value::Null);
    assert_eq!((asked.status, &asked.body["code"]), (401, &json!("SECOND_FACTOR_REQUIRED")));
    assert_eq!(browser.get("/api/auth/me").body["secondFactor"], true);
    let again = browser.post("/api/auth/second-factor", &json!({ "password": PASSWORD }));
    assert_eq!((again.status, &again.body["code"]), (409, &json!("SECOND_FACTOR_ON")));
    let database = std::fs::read(place.path("docs/raven.db")).unwrap();
    assert!(!crate::browser::contains(&database, secret.as_bytes()), "the seed is sealed");
}

#[test]
fn a_code_is_taken_once_however_many_send_it() {
    let (place, browser, secret, recovery) = guarded();
    assert_eq!(log_in(&place, &json!(code(&secret, 0))).status, 401, "it confirmed the second factor");
    let next = json!(code(&secret, 1));
    let base = place.base();
    let statuses = std::thread::scope(|threads| {
        let (base, next) = (&base, &next);
        let tries: Vec<_> = (0..3).map(|_| threads.spawn(move || log_in_at(base, next).status)).collect();
        tries.into_iter().map(|one| one.join().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    let typed = json!(recovery[0].to_lowercase().replace('-', " "));
    assert_eq!(log_in(&place, &typed).status, 200, "however it is typed");
    assert_eq!(log_in(&place, &json!(recovery[0])).status, 401, "once");
    place.sql("UPDATE second_factors SET last_step = 0");
    let proof = json!({ "password": PASSWORD, "code": code(&secret, 0) });
    let renewed = browser.post("/api/auth/second-factor/recovery-codes", &proof);
    assert_eq!(renewed.status, 200, "{}", renewed.body);
    assert_eq!(log_in(&place, &json!(recovery[1])).status, 401, "the old ones are over");
    assert_eq!(log_in(&place, &renewed.body["recoveryCodes"][9]).status, 200);
    let actions = place.asked(
        "SELECT action FROM audit_log WHERE chain = 'server' AND action NOT LIKE 'login.%' AND action NOT LIKE 'audit.%' ORDER BY seq",
    );
    assert_eq!(
        actions,
        [
            "second_factor.begin",
            "second_factor.enable",
            "recovery_code.use",
            "recovery_code.renew",
            "recovery_code.use"
        ]
    );
}

#[test]
fn wrong_codes_lock_the_account() {
    let (mut place, _, secret, _) = guarded();
    place.docs.take().unwrap().stop();
    place.start_docs();
    for _ in 0..10 {
        assert_eq!(log_in(&place, &json!("000000")).body["code"], "SECOND_FACTOR_REQUIRED");
    }
    place.docs.take().unwrap().stop();
    place.start_docs();
    for code in [json!(code(&secret, 1)), Value::Null] {
        let locked = log_in(&place, &code);
        assert_eq!((locked.status, &locked.body["code"]), (401, &json!("LOGIN_FAILED")));
    }
}

#[test]
fn it_is_removed_by_password_and_code_or_by_the_operator() {
    let (place, browser, secret, recovery) = guarded();
    for (proof, status) in [
        (json!({ "password": "wrong", "code": code(&secret, 1) }), 422),
        (json!({ "password": PASSWORD, "code": "000000" }), 422),
        (json!({ "password": PASSWORD, "code": code(&secret, 0) }), 422),
        (json!({ "password": PASSWORD, "code": recovery[0] }), 204),
        (json!({ "password": PASSWORD, "code": recovery[1] }), 409),
    ] {
        let answer = browser.post("/api/auth/second-factor/disable", &proof);
        assert_eq!(answer.status, status, "{proof}: {}", answer.body);
    }
    assert_eq!(log_in(&place, &Value::Null).status, 200);

    let (place, browser, _, _) = guarded();
    let dir = place.path("docs");
    let reset =
        ["user", "reset-second-factor", "--email", "owner@example.com", "--data-dir", dir.to_str().unwrap()];
    assert!(run_docs(&reset, "").status.success());
    assert_eq!(browser.get("/api/auth/me").status, 401, "whoever may have it is signed out");
    assert_eq!(log_in(&place, &Value::Null).status, 200);
    assert!(!run_docs(&reset, "").status.success(), "once");
}
