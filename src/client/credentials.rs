//! Who a client is to its servers: always the same user, or one that the application is asked for.

use super::error::{Error, ErrorKind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::time::timeout;

/// A user and a password; no `Debug`, because of the password.
#[derive(Default)]
pub struct Identity {
    pub username: Option<String>,
    pub password: Option<String>,
}

/// How long answers may take. The application's function runs on a thread that may be busy, and asks services that may be slow.
#[derive(Clone, Copy)]
pub struct Patience {
    /// How long an attempt to connect waits for an answer; the question stays open when it gives up.
    pub attempt: Duration,
    /// How long a question stays open before it is asked anew.
    pub question: Duration,
    /// The pause before a failed renewal is tried again, doubled up to the second.
    pub retry: (Duration, Duration),
}

/// Puts a question of this number to the application.
type Ask = Box<dyn Fn(u32) + Send + Sync>;

/// Shared by all connections of a client.
pub struct Credentials {
    /// None for a user that is always the same.
    source: Option<(Ask, Patience)>,
    state: Mutex<State>,
    /// Rung when an answer came.
    answered: Notify,
}

#[derive(Default)]
struct State {
    identity: Arc<Identity>,
    /// Whether the identity was given, and no server has refused it since.
    is_good: bool,
    renew_at: Option<Instant>,
    expires_at: Option<Instant>,
    /// The number of the last question, and when it was put.
    asked: u32,
    asked_at: Option<Instant>,
    /// The number of the last question that was answered.
    answered: u32,
    /// Why the last answer held no credentials, and how often in a row that was so.
    failure: Option<String>,
    failures: u32,
}

impl State {
    fn good(&self) -> Option<Arc<Identity>> {
        let has_expired = self.expires_at.is_some_and(|at| at <= Instant::now());
        (self.is_good && !has_expired).then(|| self.identity.clone())
    }
}

impl Credentials {
    pub fn fixed(username: Option<String>, password: Option<String>) -> Arc<Self> {
        let identity = Arc::new(Identity { username, password });
        let state = State { identity, is_good: true, ..State::default() };
        Arc::new(Credentials { source: None, state: Mutex::new(state), answered: Notify::new() })
    }

    /// Asked for when they are needed, by `ask`; the answer comes to `give` or `fail`.
    pub fn asked_for(ask: impl Fn(u32) + Send + Sync + 'static, patience: Patience) -> Arc<Self> {
        let source = Some((Box::new(ask) as Ask, patience));
        Arc::new(Credentials { source, state: Mutex::default(), answered: Notify::new() })
    }

    fn state<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        // Nothing panics while it holds the lock; a poisoned one still holds whole data.
        look(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The answer to a question. One that is late counts, unless a later question was answered before it. Credentials are renewed when four
    /// fifths of their life have passed.
    pub fn give(&self, question: u32, identity: Identity, life: Option<Duration>) {
        self.answer(question, |state, patience| {
            let after = |span: Duration| Instant::now().checked_add(span);
            state.identity = Arc::new(identity);
            state.is_good = true;
            state.renew_at = life.and_then(|life| after(life.mul_f64(0.8).max(patience.retry.0)));
            state.expires_at = life.and_then(|life| after(life.max(patience.retry.0)));
            state.failure = None;
            state.failures = 0;
        });
    }

    /// The answer that there are none, and why. What was given before stays good for as long as the server takes it.
    pub fn fail(&self, question: u32, why: String) {
        self.answer(question, |state, patience| {
            let (least, most) = patience.retry;
            let pause = least.saturating_mul(1 << state.failures.min(16)).min(most);
            state.renew_at = state.renew_at.map(|_| Instant::now() + pause);
            state.failure = Some(why);
            state.failures += 1;
        });
    }

    fn answer(&self, question: u32, enter: impl FnOnce(&mut State, &Patience)) {
        let Some((_, patience)) = &self.source else { return };
        self.state(|state| {
            if question > state.answered {
                state.answered = question;
                enter(state, patience);
            }
        });
        self.answered.notify_waiters();
    }

    /// The password of the moment, to be taken out of messages.
    pub fn password(&self) -> Option<String> {
        self.state(|state| state.identity.password.clone())
    }

    /// What is known, and good as far as anybody knows.
    pub fn known(&self) -> Option<Arc<Identity>> {
        self.state(|state| state.good())
    }

    /// What is known, or what the application answers while an attempt to connect waits for it.
    pub async fn current(&self) -> Result<Arc<Identity>, Error> {
        let within = self.source.as_ref().map_or(Duration::ZERO, |(_, patience)| patience.attempt);
        self.current_within(within).await
    }

    /// As `current`, with a patience of one's own.
    pub async fn current_within(&self, within: Duration) -> Result<Arc<Identity>, Error> {
        match self.known() {
            Some(identity) => Ok(identity),
            None => self.renewed(within).await,
        }
    }

    /// What the application answers now.
    async fn renewed(&self, within: Duration) -> Result<Arc<Identity>, Error> {
        let before = self.ask();
        let answer = async {
            loop {
                let answered = self.answered.notified();
                let answer = self.state(|state| {
                    let answer = || state.failure.clone().map_or_else(|| Ok(state.identity.clone()), Err);
                    (state.answered > before).then(answer)
                });
                if let Some(answer) = answer {
                    return answer;
                }
                answered.await;
            }
        };
        let answer = timeout(within, answer).await.unwrap_or_else(|_| Err("has not answered in time".to_owned()));
        answer.map_err(|why| Error::new(ErrorKind::Unavailable, format!("the credentials callback {why}")))
    }

    /// Puts the question, unless one is open already. Tells the number of the last one that was answered before.
    fn ask(&self) -> u32 {
        let Some((ask, patience)) = &self.source else { return 0 };
        let (question, answered) = self.state(|state| {
            let open_since = state.asked_at.filter(|_| state.asked > state.answered);
            if open_since.is_some_and(|at| at.elapsed() < patience.question) {
                return (None, state.answered);
            }
            state.asked += 1;
            state.asked_at = Some(Instant::now());
            (Some(state.asked), state.answered)
        });
        if let Some(question) = question {
            ask(question);
        }
        answered
    }

    /// Tells that a server refused what is known here. Whether there may be others.
    pub fn refused(&self, identity: &Arc<Identity>) -> bool {
        self.state(|state| {
            if Arc::ptr_eq(&state.identity, identity) {
                state.is_good = self.source.is_none();
            }
        });
        self.source.is_some()
    }

    /// What is known, and when to ask for others.
    pub(super) fn plan(&self) -> (Arc<Identity>, Option<Instant>) {
        self.state(|state| (state.identity.clone(), state.renew_at))
    }

    /// Asks for others while those known are good still.
    pub(super) async fn renew(&self) -> Result<(), Error> {
        let within = self.source.as_ref().map_or(Duration::ZERO, |(_, patience)| patience.question);
        self.renewed(within).await.map(drop)
    }

    /// Rung when an answer came. None where nothing is ever asked.
    pub(super) fn answers(&self) -> Option<&Notify> {
        self.source.is_some().then_some(&self.answered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    fn asked(question: Duration) -> (Arc<Credentials>, Arc<AtomicU32>) {
        let last = Arc::new(AtomicU32::new(0));
        let seen = last.clone();
        let retry = (Duration::from_millis(1), Duration::from_millis(4));
        let patience = Patience { attempt: Duration::ZERO, question, retry };
        (Credentials::asked_for(move |question| seen.store(question, Ordering::Relaxed), patience), last)
    }

    fn password(text: &str) -> Identity {
        Identity { username: None, password: Some(text.to_owned()) }
    }

    #[test]
    fn one_question_is_open_at_a_time_and_not_for_ever() {
        let (credentials, last) = asked(Duration::from_secs(3600));
        credentials.ask();
        credentials.ask();
        assert_eq!(last.load(Ordering::Relaxed), 1);
        let (credentials, last) = asked(Duration::ZERO);
        credentials.ask();
        credentials.ask();
        assert_eq!(last.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn an_answer_that_is_overtaken_does_not_count() {
        let (credentials, _) = asked(Duration::ZERO);
        credentials.ask();
        credentials.ask();
        credentials.ask();
        for (question, known) in [(1, "1"), (3, "3"), (2, "3")] {
            credentials.give(question, password(&question.to_string()), None);
            assert_eq!(credentials.password().as_deref(), Some(known));
        }
    }

    #[test]
    fn what_a_server_refused_is_known_no_more_unless_it_was_replaced_already() {
        let (credentials, _) = asked(Duration::ZERO);
        credentials.ask();
        credentials.give(1, password("old"), None);
        let (old, _) = credentials.plan();
        credentials.ask();
        credentials.give(2, password("new"), None);
        assert!(credentials.refused(&old) && credentials.known().is_some());
        let (new, _) = credentials.plan();
        assert!(credentials.refused(&new) && credentials.known().is_none());
        let fixed = Credentials::fixed(None, Some("pw".to_owned()));
        assert!(!fixed.refused(&fixed.plan().0) && fixed.known().is_some());
    }

    #[test]
    fn a_failure_leaves_what_is_known_and_puts_the_renewal_off() {
        let (credentials, _) = asked(Duration::ZERO);
        credentials.ask();
        credentials.give(1, password("pw"), Some(Duration::from_secs(1000)));
        let (_, first) = credentials.plan();
        assert!(first.is_some_and(|at| at.saturating_duration_since(Instant::now()) <= Duration::from_secs(800)));
        credentials.ask();
        let before = Instant::now();
        credentials.fail(2, "failed".to_owned());
        let (_, again) = credentials.plan();
        assert!(again.is_some_and(|at| at > before && at < Instant::now() + Duration::from_millis(4)));
        assert!(credentials.known().is_some());
    }
}
