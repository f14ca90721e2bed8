//! Answers repaints on standard output: for tests against a real terminal emulator.
//!
//! Owns the framing of requests: `cols rows scrollback cut cols rows length`, numbers of four bytes, and the
//! stream. A cut is where the size becomes the second one, and the repaint is taken. Must not know what is compared.

use std::io::{self, Read as _, Write as _};

use raven_screen::Screen;

fn main() -> io::Result<()> {
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    loop {
        let mut head = [0; 28];
        if input.read_exact(&mut head).is_err() {
            return Ok(());
        }
        let number =
            |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]) as usize;
        let mut stream = vec![0; number(24)];
        input.read_exact(&mut stream)?;
        let narrow = |value: usize| u16::try_from(value).unwrap_or(u16::MAX);
        let mut screen = Screen::new(narrow(number(0)), narrow(number(4)), number(8));
        screen.feed(&stream[..number(12).min(stream.len())]);
        screen.resize(narrow(number(16)), narrow(number(20)));
        let repaint = screen.repaint();
        output.write_all(&u32::try_from(repaint.len()).unwrap_or(0).to_le_bytes())?;
        output.write_all(&repaint)?;
        output.flush()?;
    }
}
