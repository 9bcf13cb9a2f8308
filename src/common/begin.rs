//! Work whose first step is taken at once.

use std::future::{Future, poll_fn};
use std::task::Poll;
use tokio::task::AbortHandle;

/// Takes the first step, so that what is sent leaves in the order in which it was asked for, and leaves the rest, if there is one, to a task of its own.
pub async fn begin(work: impl Future<Output = ()> + Send + 'static) -> Option<AbortHandle> {
    let mut work = Box::pin(work);
    let is_left = poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await.is_pending();
    is_left.then(|| tokio::spawn(work).abort_handle())
}
