//! Work whose first step is taken at once.

use std::future::{Future, poll_fn};
use std::task::Poll;

/// Takes the first step, so that what is sent leaves in the order in which it was asked for, and leaves the rest to a task of its own.
pub async fn begin(work: impl Future<Output = ()> + Send + 'static) {
    let mut work = Box::pin(work);
    if poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await.is_pending() {
        tokio::spawn(work);
    }
}
