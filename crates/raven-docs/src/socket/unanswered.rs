//! What one viewer typed and the terminal has not taken yet, in order.
//!
//! Owns how many inputs may be so. Must not know terminals or why something is refused.

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesOrdered;
use socketioxide::extract::AckSender;

use crate::terminals::hub::Answer;
use crate::terminals::viewer::Refusal;

/// Inputs that may be unanswered; a client that sends more waits, in its own bounded queue.
const MOST: usize = 1024;

/// Inputs under way, with those who are to be told.
#[derive(Default)]
pub struct Unanswered {
    waiting: FuturesOrdered<BoxFuture<'static, (AckSender, Result<(), Refusal>)>>,
}

impl Unanswered {
    pub fn has_room(&self) -> bool {
        self.waiting.len() < MOST
    }

    pub fn push(&mut self, ack: AckSender, answer: Answer) {
        self.waiting.push_back(Box::pin(async move { (ack, answer.wait().await) }));
    }

    /// The next answer; none comes while nothing is under way.
    pub async fn next(&mut self) -> (AckSender, Result<(), Refusal>) {
        match self.waiting.next().await {
            Some(answered) => answered,
            None => std::future::pending().await,
        }
    }
}
