//! What was asked for is seen through, although whoever asked for it leaves.
//!
//! Owns the tasks of it: a caller's connection may end at any time, and what has begun must not stay half done, nor
//! half recorded. Must not know what is done.

use std::time::Duration;

use tokio::time::timeout;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use crate::error::Error;
use crate::origin::Origin;

/// What is under way for callers.
#[derive(Clone, Default)]
pub struct Deeds(TaskTracker);

impl Deeds {
    /// Does something, to its end: only the answer is lost when nobody waits for it any more. It is done as asked for
    /// from where this is asked.
    ///
    /// # Errors
    /// `Internal` when it panics.
    pub async fn see_through<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Error> {
        let work = Origin::current().scope(work.in_current_span());
        Ok(self.0.spawn(work).await.map_err(anyhow::Error::from)?)
    }

    /// Waits until all has ended, when no more can come.
    pub async fn ended(&self, within: Duration) {
        self.0.close();
        if timeout(within, self.0.wait()).await.is_err() {
            tracing::warn!(
                left = self.0.len(),
                "what was asked for did not end in time and is left as it is"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn what_has_begun_is_done_although_nobody_waits_for_it() {
        let deeds = Deeds::default();
        let ((begins, begun), (goes_on, until), (done, told)) =
            (oneshot::channel(), oneshot::channel::<()>(), oneshot::channel());
        let work = async move {
            begins.send(()).unwrap();
            until.await.unwrap();
            done.send(Origin::current()).unwrap();
        };
        let origin = Origin { request_id: Some("r".to_owned()), address: None };
        tokio::select! {
            _ = origin.clone().scope(deeds.see_through(work)) => panic!("it waits"),
            _ = begun => {}
        }
        goes_on.send(()).unwrap();
        assert_eq!(told.await.unwrap(), origin);
        deeds.ended(Duration::from_secs(5)).await;
    }
}
