//! Messages to an agent: those that wait, the one that is being typed, and which were.
//!
//! Owns what can still be taken back. Must not know how a message is typed.

use std::collections::VecDeque;

use raven_protocol::id::MessageId;
use serde::{Deserialize, Serialize};

/// Messages of which it is remembered that they were typed, or taken back: twice as many as may wait.
const REMEMBERED: usize = 100;

/// A message that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// Its text.
    pub text: String,
}

/// The messages of one agent.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Messages {
    /// Those that wait for it, oldest first.
    pub queue: Vec<Message>,
    /// The message that was typed last and has begun no turn yet.
    pub typed: Option<MessageId>,
    done: VecDeque<MessageId>,
    /// Those of them that came to nothing: a repeated call is told so, and nothing is typed again.
    failed: VecDeque<MessageId>,
    /// The one whose text is being typed and has not been submitted. Kept: after a crash it may stand in the
    /// program's input line, and must not be typed again.
    typing: Option<MessageId>,
    /// Those that were taken back, also before they came: whatever is still on its way is not typed.
    taken_back: VecDeque<MessageId>,
}

/// What is known of a message that is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// It waits.
    Waiting,
    /// It was typed.
    Typed,
    /// It was begun, and not seen to be taken.
    Failed,
    /// It was taken back before anything of it was typed.
    TakenBack,
}

/// Why a message cannot be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TooLate {
    /// Nothing of that id waits. If it is still on its way, it is not typed when it comes.
    Unknown,
    /// It was typed, or is just being.
    Typed,
    /// This run of the agent is over.
    Over,
}

impl Messages {
    /// What the next run of its agent has to know: what was taken back is typed in no run.
    pub fn of_next_run(&self) -> Self {
        Self { taken_back: self.taken_back.clone(), ..Self::default() }
    }

    /// The first that waits.
    pub fn first(&self) -> Option<Message> {
        self.queue.first().cloned()
    }

    /// Lets a message wait, unless it was taken back; answers whether it does.
    #[must_use]
    pub fn wait(&mut self, message: Message) -> bool {
        let is_wanted = !self.taken_back.contains(&message.id);
        if is_wanted {
            self.queue.push(message);
        }
        is_wanted
    }

    /// Notes that the text of a message is being typed, unless it was taken back; answers whether it is. From now on
    /// it cannot be taken back.
    #[must_use]
    pub fn begin(&mut self, id: &MessageId) -> bool {
        if self.taken_back.contains(id) {
            self.queue.retain(|waiting| waiting.id != *id);
            return false;
        }
        self.typing = Some(id.clone());
        true
    }

    /// Gives up the message that was being typed when the daemon ended.
    pub fn give_up(&mut self) -> Option<MessageId> {
        let left = self.typing.clone()?;
        self.came_to_nothing(&left);
        Some(left)
    }

    /// What is known of a message by its id, while nothing is being typed.
    pub fn known(&self, id: &MessageId) -> Option<Known> {
        if self.queue.iter().any(|waiting| waiting.id == *id) {
            return Some(Known::Waiting);
        }
        if self.failed.contains(id) || self.typing.as_ref() == Some(id) {
            return Some(Known::Failed);
        }
        if self.taken_back.contains(id) {
            return Some(Known::TakenBack);
        }
        self.done.contains(id).then_some(Known::Typed)
    }

    /// Notes that a message of which something was typed was not seen to be taken. Of one that was not begun
    /// nothing is noted: it may be sent again.
    pub fn came_to_nothing(&mut self, id: &MessageId) {
        if self.typing.as_ref() != Some(id) && !self.done.contains(id) {
            return;
        }
        self.done(id);
        remember(&mut self.failed, id);
    }

    /// Notes that a message was typed, or came to nothing.
    pub fn done(&mut self, id: &MessageId) {
        self.queue.retain(|waiting| waiting.id != *id);
        self.typing = None;
        remember(&mut self.done, id);
    }

    /// Takes one back, for good: also what waits no more than a moment later, or comes only then, is not typed.
    ///
    /// # Errors
    /// [`TooLate`] when it does not wait.
    pub fn cancel(&mut self, id: &MessageId) -> Result<(), TooLate> {
        if self.typing.as_ref() == Some(id) || self.done.contains(id) {
            return Err(TooLate::Typed);
        }
        let waited = self.queue.len();
        self.queue.retain(|waiting| waiting.id != *id);
        remember(&mut self.taken_back, id);
        if self.queue.len() < waited { Ok(()) } else { Err(TooLate::Unknown) }
    }

    /// The ids of those that wait, oldest first.
    pub fn waiting(&self) -> Vec<MessageId> {
        self.queue.iter().map(|message| message.id.clone()).collect()
    }
}

fn remember(known: &mut VecDeque<MessageId>, id: &MessageId) {
    if !known.contains(id) {
        known.push_back(id.clone());
    }
    while known.len() > REMEMBERED {
        known.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(id: &str) -> Message {
        Message { id: MessageId::parse(id).unwrap(), text: id.to_owned() }
    }

    #[test]
    fn only_what_waits_is_taken_back_and_once() {
        let (first, second) = (message("msg_1"), message("msg_2"));
        let mut messages = Messages { queue: vec![first.clone(), second.clone()], ..Messages::default() };
        assert_eq!(messages.cancel(&message("msg_3").id), Err(TooLate::Unknown));
        assert!(messages.begin(&first.id));
        assert_eq!(messages.cancel(&first.id), Err(TooLate::Typed), "it is being typed");
        messages.done(&first.id);
        assert_eq!(messages.cancel(&first.id), Err(TooLate::Typed));
        assert_eq!(messages.cancel(&second.id), Ok(()));
        assert_eq!(messages.cancel(&second.id), Err(TooLate::Unknown));
        assert_eq!(messages.first(), None);
    }

    #[test]
    fn what_was_taken_back_is_not_typed_whenever_it_comes_and_in_whichever_run() {
        let (waits, late) = (message("msg_1"), message("msg_2"));
        let mut messages = Messages { queue: vec![waits.clone()], ..Messages::default() };
        assert_eq!(messages.cancel(&waits.id), Ok(()), "nothing of it was typed, though it was looked at");
        assert_eq!(messages.cancel(&late.id), Err(TooLate::Unknown), "it is still on its way");
        let again: Messages = serde_json::from_str(&serde_json::to_string(&messages).unwrap()).unwrap();
        for mut run in [again.of_next_run(), again] {
            for message in [&waits, &late] {
                assert_eq!(run.known(&message.id), Some(Known::TakenBack));
                assert!(!run.wait(message.clone()) && !run.begin(&message.id), "{}", message.id);
            }
            assert_eq!((run.first(), run.give_up()), (None, None));
        }
    }

    #[test]
    fn what_was_being_typed_when_the_daemon_ended_is_given_up_and_not_typed_again() {
        let (first, second) = (message("msg_1"), message("msg_2"));
        let mut messages = Messages { queue: vec![first.clone(), second.clone()], ..Messages::default() };
        assert!(messages.begin(&first.id));
        let mut again: Messages = serde_json::from_str(&serde_json::to_string(&messages).unwrap()).unwrap();
        assert_eq!(again.give_up(), Some(first.id.clone()));
        assert_eq!((again.give_up(), again.first()), (None, Some(second)));
        assert_eq!(again.cancel(&first.id), Err(TooLate::Typed));
        messages.done(&first.id);
        assert_eq!(messages.give_up(), None, "it was submitted");
    }

    #[test]
    fn a_message_is_known_by_its_id_also_after_a_restart() {
        let (waits, typed, failed, left) =
            (message("msg_1"), message("msg_2"), message("msg_3"), message("msg_4"));
        let mut messages = Messages { queue: vec![waits.clone()], ..Messages::default() };
        messages.came_to_nothing(&failed.id);
        assert_eq!(messages.known(&failed.id), None, "nothing of it was typed");
        assert!(messages.begin(&failed.id));
        messages.came_to_nothing(&failed.id);
        messages.done(&typed.id);
        assert!(messages.begin(&left.id));
        let mut again: Messages = serde_json::from_str(&serde_json::to_string(&messages).unwrap()).unwrap();
        for (id, known) in [
            (&waits.id, Some(Known::Waiting)),
            (&typed.id, Some(Known::Typed)),
            (&failed.id, Some(Known::Failed)),
            (&left.id, Some(Known::Failed)),
            (&message("msg_5").id, None),
        ] {
            assert_eq!(again.known(id), known, "{id}");
        }
        again.give_up();
        assert_eq!(again.known(&left.id), Some(Known::Failed));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut messages = Messages::default();
        let ids: Vec<MessageId> = (0..=REMEMBERED).map(|_| MessageId::generate()).collect();
        ids.iter().for_each(|id| messages.done(id));
        assert_eq!(messages.cancel(&ids[0]), Err(TooLate::Unknown));
        assert_eq!(messages.cancel(&ids[1]), Err(TooLate::Typed));
    }

    #[test]
    fn what_an_older_runtime_kept_is_read() {
        let kept = r#"{"queue":[{"id":"msg_1","text":"go"}],"typed":"msg_0"}"#;
        let messages: Messages = serde_json::from_str(kept).unwrap();
        assert_eq!((messages.first().unwrap().text.as_str(), messages.typed.is_some()), ("go", true));
    }
}
