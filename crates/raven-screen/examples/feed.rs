//! Measures how fast a screen takes the files it is given, and how large their repaints are.
//!
//! Owns the measure. Must not know the screen's insides.

use std::io::{self, Write as _};
use std::time::Instant;

use raven_screen::Screen;

/// Bytes fed at once, as a host does.
const CHUNK: usize = 64 * 1024;

/// Lines of scrollback, as a host keeps.
const SCROLLBACK: usize = 1000;

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    for path in std::env::args().skip(1) {
        let bytes = std::fs::read(&path)?;
        let mut best = f64::INFINITY;
        let (mut repaint, mut screen_only) = (0, 0);
        for _ in 0..5 {
            let mut screen = Screen::new(120, 40, SCROLLBACK);
            let began = Instant::now();
            for chunk in bytes.chunks(CHUNK) {
                screen.feed(chunk);
            }
            best = best.min(began.elapsed().as_secs_f64());
            repaint = screen.repaint().len();
            screen_only = screen.repaint_with(0).len();
        }
        let rate = bytes.len() as f64 / best / f64::from(1 << 20);
        writeln!(out, "{path}: {rate:.0} MiB/s, repaint {screen_only} or {repaint} bytes")?;
    }
    Ok(())
}
