//! A caller of the REST API: somebody with a token, or nobody.

use std::sync::LazyLock;

use serde_json::Value;
use tokio::runtime::Runtime;

/// An answer of the API.
pub struct Answer {
    pub status: u16,
    pub body: Value,
    /// What the answer would have a browser send from now on.
    pub cookie: Option<String>,
}

/// Waits for an answer; these tests have nothing else to do meanwhile.
pub fn wait<T>(answer: impl Future<Output = T>) -> T {
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
    RUNTIME.block_on(answer)
}

/// Has several callers post something at the same time; answers in their order.
pub fn at_once(calls: Vec<(Operator, String, Value)>) -> Vec<Answer> {
    std::thread::scope(|all| {
        let asking: Vec<_> =
            calls.iter().map(|(by, path, body)| all.spawn(move || by.post(path, body))).collect();
        asking.into_iter().map(|one| one.join().unwrap()).collect()
    })
}

/// What the last event of a stream says; null when it is no stream.
fn last_event(text: &str) -> Value {
    let last = text.lines().filter_map(|line| line.strip_prefix("data:")).next_back();
    last.and_then(|data| serde_json::from_str(data).ok()).unwrap_or(Value::Null)
}

/// Calls the API.
pub struct Operator {
    base: String,
    headers: Vec<(String, String)>,
    http: reqwest::Client,
}

impl Operator {
    pub fn anonymous(base: &str) -> Self {
        crate::browser::choose_tls();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { base: base.to_owned(), headers: Vec::new(), http }
    }

    pub fn with_token(base: &str, token: &str) -> Self {
        Self::anonymous(base).header("authorization", &format!("Bearer {token}"))
    }

    /// A browser with a cookie, on a page of the server.
    pub fn in_browser(base: &str, cookie: &str) -> Self {
        Self::anonymous(base).header("cookie", cookie).header("origin", base)
    }

    /// Sends a header with every call.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn get(&self, path: &str) -> Answer {
        self.call("GET", path, None)
    }

    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.call("POST", path, Some(body.to_string()))
    }

    pub fn patch(&self, path: &str, body: &Value) -> Answer {
        self.call("PATCH", path, Some(body.to_string()))
    }

    pub fn delete(&self, path: &str) -> Answer {
        self.call("DELETE", path, None)
    }

    /// The bytes of a route, or of a range of it; answers the status with them.
    pub fn bytes(&self, path: &str, range: Option<&str>) -> (u16, Vec<u8>) {
        let mut request = self.http.get(format!("{}{path}", self.base));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(range) = range {
            request = request.header("range", range);
        }
        let response = wait(request.send()).unwrap();
        (response.status().as_u16(), wait(response.bytes()).unwrap().to_vec())
    }

    pub fn call(&self, method: &str, path: &str, body: Option<String>) -> Answer {
        let mut request = self.http.request(method.parse().unwrap(), format!("{}{path}", self.base));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body);
        }
        let response = wait(request.send()).unwrap();
        let status = response.status().as_u16();
        let problem =
            response.headers().get("content-type").is_some_and(|kind| kind == "application/problem+json");
        let cookie = response.headers().get("set-cookie").and_then(|cookie| cookie.to_str().ok());
        let cookie = cookie.and_then(|cookie| cookie.split(';').next()).map(ToOwned::to_owned);
        let text = wait(response.text()).unwrap();
        let body = serde_json::from_str(&text).unwrap_or_else(|_| last_event(&text));
        assert_eq!(status >= 400, problem, "{method} {path}: every refusal is a problem: {status} {text}");
        Answer { status, body, cookie }
    }
}
