//! Lets the tasks that were woken before run first.

use std::future::poll_fn;
use std::task::Poll;

/// Goes to the end of the run queue once. Tokio's own `yield_now` wakes those who yield in the reverse order of their coming.
pub async fn give_way() {
    let mut has_given_way = false;
    poll_fn(|context| {
        if std::mem::replace(&mut has_given_way, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[test]
    fn those_who_give_way_go_on_in_the_order_of_their_coming() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let order: Arc<Mutex<Vec<u32>>> = Arc::default();
        runtime.block_on(async {
            let tasks: Vec<_> = (0..5)
                .map(|i| {
                    let order = order.clone();
                    tokio::spawn(async move {
                        give_way().await;
                        order.lock().unwrap().push(i);
                    })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
        });
        assert_eq!(*order.lock().unwrap(), [0, 1, 2, 3, 4]);
    }
}
