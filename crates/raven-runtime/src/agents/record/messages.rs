//! Messages to an agent: those that wait, the one that is being typed, and which were.
//!
//! Owns what can still be taken back. Must not know how a message is typed.

use std::collections::VecDeque;

use raven_protocol::id::MessageId;
use serde::{Deserialize, Serialize};

/// Messages of which it is remembered that they were typed: twice as many as may wait.
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
    /// The one that waited and is being typed. Not kept: whoever typed it is gone with the daemon.
    #[serde(skip)]
    in_hand: Option<MessageId>,
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
}

/// Why a message cannot be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TooLate {
    /// Nothing of that id waits, or did lately.
    Unknown,
    /// It was typed, or is just being.
    Typed,
}

impl Messages {
    /// Takes up the first that waits, to type it; from now on it cannot be taken back.
    pub fn take_up(&mut self) -> Option<Message> {
        let first = self.queue.first().cloned();
        self.in_hand = first.as_ref().map(|message| message.id.clone());
        first
    }

    /// Leaves what was taken up where it waits: nothing of it was typed.
    pub fn put_back(&mut self) {
        self.in_hand = None;
    }

    /// Notes that the text of a message is being typed.
    pub fn begin(&mut self, id: &MessageId) {
        self.typing = Some(id.clone());
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
        self.done.contains(id).then_some(Known::Typed)
    }

    /// Notes that a message of which something was typed was not seen to be taken. Of one that was not begun
    /// nothing is noted: it may be sent again.
    pub fn came_to_nothing(&mut self, id: &MessageId) {
        if self.typing.as_ref() != Some(id) && !self.done.contains(id) {
            return;
        }
        self.done(id);
        if !self.failed.contains(id) {
            self.failed.push_back(id.clone());
        }
        while self.failed.len() > REMEMBERED {
            self.failed.pop_front();
        }
    }

    /// Notes that a message was typed, or came to nothing.
    pub fn done(&mut self, id: &MessageId) {
        self.queue.retain(|waiting| waiting.id != *id);
        (self.in_hand, self.typing) = (None, None);
        if !self.done.contains(id) {
            self.done.push_back(id.clone());
        }
        while self.done.len() > REMEMBERED {
            self.done.pop_front();
        }
    }

    /// Takes back one that waits.
    ///
    /// # Errors
    /// [`TooLate`] when it does not.
    pub fn cancel(&mut self, id: &MessageId) -> Result<(), TooLate> {
        if self.in_hand.as_ref() == Some(id) || self.done.contains(id) {
            return Err(TooLate::Typed);
        }
        let place = self.queue.iter().position(|waiting| waiting.id == *id).ok_or(TooLate::Unknown)?;
        self.queue.remove(place);
        Ok(())
    }

    /// The ids of those that wait, oldest first.
    pub fn waiting(&self) -> Vec<MessageId> {
        self.queue.iter().map(|message| message.id.clone()).collect()
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
        assert_eq!(messages.take_up().as_ref(), Some(&first));
        assert_eq!(messages.cancel(&first.id), Err(TooLate::Typed), "it is being typed");
        messages.put_back();
        assert_eq!(messages.take_up().as_ref(), Some(&first), "nothing was typed: it still waits");
        messages.done(&first.id);
        assert_eq!(messages.cancel(&first.id), Err(TooLate::Typed));
        assert_eq!(messages.cancel(&second.id), Ok(()));
        assert_eq!(messages.cancel(&second.id), Err(TooLate::Unknown));
        assert_eq!(messages.take_up(), None);
    }

    #[test]
    fn what_was_being_typed_when_the_daemon_ended_is_given_up_and_not_typed_again() {
        let (first, second) = (message("msg_1"), message("msg_2"));
        let mut messages = Messages { queue: vec![first.clone(), second.clone()], ..Messages::default() };
        messages.take_up();
        messages.begin(&first.id);
        let mut again: Messages = serde_json::from_str(&serde_json::to_string(&messages).unwrap()).unwrap();
        assert_eq!(again.give_up(), Some(first.id.clone()));
        assert_eq!((again.give_up(), again.take_up()), (None, Some(second)));
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
        messages.begin(&failed.id);
        messages.came_to_nothing(&failed.id);
        messages.done(&typed.id);
        messages.begin(&left.id);
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
    fn what_an_older_runtime_kept_is_read_and_what_is_in_hand_is_not_kept() {
        let kept = r#"{"queue":[{"id":"msg_1","text":"go"}],"typed":"msg_0"}"#;
        let mut messages: Messages = serde_json::from_str(kept).unwrap();
        assert!(messages.take_up().is_some());
        let again: Messages = serde_json::from_str(&serde_json::to_string(&messages).unwrap()).unwrap();
        assert_eq!((again.in_hand, again.queue.len(), again.typed.is_some()), (None, 1, true));
    }
}
