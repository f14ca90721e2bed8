//! OpenAI's chat completions.
//!
//! Owns its wire format. Must not know what is said. Programs that use it here offer no tools: a command
//! is suggested in the answer's text.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::script::{self, Item, Reply, text};
use super::stream::{self, Pace};
use super::{CACHED_TOKENS, INPUT_TOKENS, OUTPUT_TOKENS};

pub async fn complete(Json(body): Json<Value>) -> Response {
    let (words, pace) = match script::reply(&conversation(&body)) {
        Reply::Say(words) => (vec![words], Pace::AtOnce),
        Reply::Slow(words) => (words, Pace::Slow),
        Reply::Run(command) => (vec![format!("Run this:\n\n```bash\n{command}\n```\n")], Pace::AtOnce),
        Reply::Call { .. } => (vec!["there are no tools".into()], Pace::AtOnce),
        Reply::Limit => {
            let error = json!({"type": "insufficient_quota", "code": "insufficient_quota", "message": "You exceeded your current quota."});
            return stream::refusal(StatusCode::TOO_MANY_REQUESTS, json!({"error": error}));
        }
    };
    let id = format!("chatcmpl-{}", stream::number());
    let head = |object: &str| json!({"id": id, "object": object, "created": 1, "model": body["model"]});
    if body["stream"] != true {
        let mut whole = head("chat.completion");
        let message = json!({"role": "assistant", "content": words.concat()});
        whole["choices"] = json!([{"index": 0, "message": message, "finish_reason": "stop"}]);
        whole["usage"] = usage();
        return Json(whole).into_response();
    }
    let chunk = |delta: Value, reason: Value| {
        let mut chunk = head("chat.completion.chunk");
        chunk["choices"] = json!([{"index": 0, "delta": delta, "finish_reason": reason}]);
        chunk
    };
    let mut chunks = vec![chunk(json!({"role": "assistant", "content": ""}), Value::Null)];
    chunks.extend(words.into_iter().map(|word| chunk(json!({"content": word}), Value::Null)));
    chunks.push(chunk(json!({}), "stop".into()));
    let mut last = head("chat.completion.chunk");
    last["choices"] = json!([]);
    last["usage"] = usage();
    chunks.push(last);
    stream::plain(chunks, Some("[DONE]"), pace)
}

fn conversation(body: &Value) -> Vec<Item> {
    let messages = body["messages"].as_array().into_iter().flatten();
    messages
        .filter(|message| message["role"] == "user")
        .map(|message| Item::Text(text(&message["content"])))
        .collect()
}

fn usage() -> Value {
    json!({"prompt_tokens": INPUT_TOKENS, "completion_tokens": OUTPUT_TOKENS,
        "prompt_tokens_details": {"cached_tokens": CACHED_TOKENS}, "total_tokens": INPUT_TOKENS + OUTPUT_TOKENS})
}
