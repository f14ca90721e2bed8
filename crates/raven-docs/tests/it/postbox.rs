//! A mail server: it speaks SMTP over a real connection, keeps every letter, and refuses what a test says.
//!
//! Written here, as no mail server can be counted on where the tests run; what a client needs of the protocol is
//! a page.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use crate::programs::PATIENCE;

pub struct Postbox {
    pub port: u16,
    /// What it answers to a letter, instead of taking it.
    refusal: Arc<Mutex<Option<&'static str>>>,
    refused: Arc<AtomicUsize>,
    letters: mpsc::Receiver<Letter>,
}

/// A letter as it came.
#[derive(Debug, Default)]
pub struct Letter {
    pub to: Vec<String>,
    pub text: String,
}

impl Letter {
    /// A header, unfolded.
    pub fn header(&self, name: &str) -> Option<String> {
        let head = self.text.split("\r\n\r\n").next()?.replace("\r\n ", " ");
        let found = head.lines().find_map(|line| line.split_once(": ").filter(|(key, _)| *key == name))?;
        Some(found.1.to_owned())
    }
}

impl Postbox {
    pub fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, letters) = mpsc::sync_channel(100);
        let refusal: Arc<Mutex<Option<&'static str>>> = Arc::default();
        let (refuses, refused) = (Arc::clone(&refusal), Arc::<AtomicUsize>::default());
        let count = Arc::clone(&refused);
        std::thread::spawn(move || {
            for stream in listener.incoming().take(100) {
                let (sender, refuses, count) = (sender.clone(), Arc::clone(&refuses), Arc::clone(&count));
                std::thread::spawn(move || serve(stream.unwrap(), (&refuses, &count), &sender));
            }
        });
        Self { port, refusal, refused, letters }
    }

    /// What it says to the next letters instead of taking them; `None` takes them.
    pub fn refuses(&self, with: Option<&'static str>) {
        *self.refusal.lock().unwrap() = with;
    }

    /// How many letters it refused.
    pub fn refused(&self) -> usize {
        self.refused.load(Ordering::Relaxed)
    }

    /// The next letter.
    pub fn letter(&self) -> Letter {
        self.letters.recv_timeout(PATIENCE).expect("a letter")
    }

    /// Whether no letter waits.
    pub fn is_empty(&self) -> bool {
        self.letters.try_recv().is_err()
    }
}

fn serve(
    stream: TcpStream,
    (refuses, count): (&Mutex<Option<&'static str>>, &AtomicUsize),
    letters: &mpsc::SyncSender<Letter>,
) {
    let mut out = stream.try_clone().unwrap();
    let mut say = |line: &str| out.write_all(format!("{line}\r\n").as_bytes()).is_ok();
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let mut letter = Letter::default();
    say("220 postbox ESMTP");
    while let Some(line) = lines.next() {
        let word = line.split([' ', ':']).next().unwrap().to_uppercase();
        let told = match word.as_str() {
            "EHLO" => say("250-postbox\r\n250 8BITMIME"),
            "MAIL" => {
                letter = Letter::default();
                say("250 sender ok")
            }
            "RCPT" => {
                letter.to.push(line);
                match *refuses.lock().unwrap() {
                    Some(refusal) => {
                        count.fetch_add(1, Ordering::Relaxed);
                        say(refusal)
                    }
                    None => say("250 recipient ok"),
                }
            }
            "DATA" => {
                say("354 go on");
                let text: Vec<String> = lines.by_ref().take_while(|line| line != ".").collect();
                letter.text = text.join("\r\n");
                let _ = letters.try_send(std::mem::take(&mut letter));
                say("250 2.0.0 kept as 42")
            }
            "QUIT" => say("221 bye"),
            _ => say("250 ok"),
        };
        if !told {
            return;
        }
    }
}
