//! The plainest reader of a terminal there can be: what `bench` compares everything with.
//!
//! Owns reading a program's terminal as fast as the kernel gives it, and the time to a program's first byte.
//! Must not know products, rows or reports: it prints one line of JSON.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// Bytes asked for at once; the kernel gives 4 KiB at most.
const ASKED: usize = 64 * 1024;

/// Clock ticks of `/proc/self/stat` per second: 100 on every Linux that we know.
const TICKS: f64 = 100.0;

/// Bytes at the end of a read in which a mark is looked for: longer than a mark and the line's end after it.
const END: usize = 64;

const MIB: f64 = 1024.0 * 1024.0;

/// What `raw-pty` takes: it is started by the bench, not by people.
#[derive(clap::Args)]
pub struct Options {
    /// The script that has the measured programs
    programs: PathBuf,
    /// The folder of what they print
    corpus: PathBuf,
    /// The file to flood with
    file: String,
    /// How often the flood, and the start, are measured
    runs: usize,
}

/// Measures and prints `{"runs":[{"rate","cpu"}],"starts":[ms]}`.
pub fn run(options: &Options) -> Result<()> {
    let floods = floods(options)?;
    let starts =
        (0..options.runs * 5).map(|_| first_byte(options)).collect::<Result<Vec<String>>>()?.join(",");
    println!("{{\"runs\":[{floods}],\"starts\":[{starts}]}}");
    Ok(())
}

fn floods(options: &Options) -> Result<String> {
    let mut terminal = Terminal::start(options, "flood")?;
    terminal.read_until(b"@@READY@@")?;
    let mut told = Vec::new();
    // The first one warms up.
    for number in 0..=options.runs {
        let (begin, used) = (Instant::now(), cpu_seconds()?);
        writeln!(terminal.master, "{} {number}", options.file)?;
        let bytes = terminal.read_until(format!("@@END-{number}@@").as_bytes())? as f64;
        let rate = bytes / MIB / begin.elapsed().as_secs_f64();
        let cpu = (cpu_seconds()? - used) / (bytes / MIB / 1024.0);
        told.push(format!("{{\"rate\":{rate:.2},\"cpu\":{cpu:.2}}}"));
    }
    Ok(told.split_off(1).join(","))
}

/// Milliseconds from nothing to the first byte of a program.
fn first_byte(options: &Options) -> Result<String> {
    let begin = Instant::now();
    Terminal::start(options, "idle")?.read_until(b"@")?;
    Ok(format!("{:.3}", begin.elapsed().as_secs_f64() * 1000.0))
}

/// A program on a terminal; dropping it ends the program.
struct Terminal {
    master: File,
    program: Child,
}

impl Terminal {
    fn start(options: &Options, name: &str) -> Result<Self> {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
        grantpt(&master)?;
        unlockpt(&master)?;
        tcsetwinsize(&master, Winsize { ws_col: 120, ws_row: 40, ws_xpixel: 0, ws_ypixel: 0 })?;
        let path = ptsname(&master, Vec::new())?;
        let slave = rustix::fs::open(path, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())?;
        let end = |slave: &OwnedFd| Ok::<_, std::io::Error>(Stdio::from(slave.as_fd().try_clone_to_owned()?));
        let program = Command::new("sh")
            .arg(&options.programs)
            .arg(name)
            .arg(&options.corpus)
            .stdin(end(&slave)?)
            .stdout(end(&slave)?)
            .stderr(end(&slave)?)
            .spawn()
            .context("cannot start sh")?;
        Ok(Self { master: File::from(master), program })
    }

    /// Reads until the output ends with a mark or has it near its end; answers how many bytes that were.
    fn read_until(&mut self, mark: &[u8]) -> Result<usize> {
        let (mut buffer, mut seam, mut total) = (vec![0; ASKED], Vec::new(), 0);
        loop {
            let count = self.master.read(&mut buffer).context("the program ended early")?;
            if count == 0 {
                bail!("the program ended early");
            }
            total += count;
            // The mark comes last, so only the end of what was read is looked at.
            seam.extend_from_slice(&buffer[count.saturating_sub(END)..count]);
            if seam.windows(mark.len()).any(|window| window == mark) {
                return Ok(total);
            }
            seam.drain(..seam.len().saturating_sub(mark.len()));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _gone = self.program.kill();
        let _gone = self.program.wait();
    }
}

/// Processor seconds that this process has used.
fn cpu_seconds() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = stat.rsplit_once(')').context("/proc/self/stat has no name")?;
    let ticks: Vec<f64> = fields.split_ascii_whitespace().filter_map(|field| field.parse().ok()).collect();
    // After the name and the state, which is a letter: the 10th and 11th number.
    Ok((ticks.get(10).unwrap_or(&0.0) + ticks.get(11).unwrap_or(&0.0)) / TICKS)
}
