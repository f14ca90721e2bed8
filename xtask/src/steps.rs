//! Named steps of a long chore: run on after a failure, and a summary at the end.
//!
//! Owns what is printed about steps. Must not know what a step does.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// The steps taken so far.
#[derive(Default)]
pub struct Steps {
    taken: Vec<Step>,
}

struct Step {
    name: &'static str,
    took: Duration,
    error: Option<String>,
}

impl Steps {
    /// Takes a step and notes how it went; answers whether it passed.
    pub fn take(&mut self, name: &'static str, work: impl FnOnce() -> Result<()>) -> bool {
        eprintln!("\n── {name}");
        let began = Instant::now();
        let error = work().err().map(|error| format!("{error:#}"));
        if let Some(error) = &error {
            eprintln!("error: {error}");
        }
        let passed = error.is_none();
        self.taken.push(Step { name, took: began.elapsed(), error });
        passed
    }

    /// Prints the summary; fails when a step did.
    pub fn finish(self) -> Result<()> {
        let (summary, failed) = self.summary();
        println!("\n{summary}");
        if failed > 0 {
            bail!("{failed} of {} steps failed", self.taken.len());
        }
        Ok(())
    }

    fn summary(&self) -> (String, usize) {
        let failed = self.taken.iter().filter(|step| step.error.is_some()).count();
        let mut lines: Vec<String> = self.taken.iter().map(Step::line).collect();
        lines.push(format!("{} passed, {failed} failed", self.taken.len() - failed));
        (lines.join("\n"), failed)
    }
}

impl Step {
    fn line(&self) -> String {
        let seconds = self.took.as_secs_f64();
        match &self.error {
            None => format!("  ok      {seconds:>6.1} s  {}", self.name),
            Some(error) => format!("  FAILED  {seconds:>6.1} s  {}: {error}", self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_step_does_not_hide_behind_later_ones() {
        let mut steps = Steps::default();
        assert!(!steps.take("first", || bail!("broken")));
        assert!(steps.take("second", || Ok(())));
        let (summary, failed) = steps.summary();
        assert_eq!(failed, 1);
        assert!(summary.contains("first: broken"), "{summary}");
        assert!(summary.ends_with("1 passed, 1 failed"), "{summary}");
        assert!(steps.finish().is_err());
    }
}
