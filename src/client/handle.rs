//! The client that patterns hold.

use super::cluster::Cluster;
use super::cluster_replies::Redirection;
use super::command::Command;
use super::counters::LinkCounters;
use super::crowd::Crowd;
use super::durable::Copies;
use super::error::{Error, ErrorKind};
use super::event::Observer;
use super::line::Turn;
use super::link::Link;
use super::mailbox::Mailbox;
use super::node::NodeInfo;
use super::options::ClientOptions;
use super::reply::Reply;
use super::route::Route;
use super::script::Learnt;
use super::send_error::SendError;
use super::session::Session;
use super::tracking::Hub;
use super::way::Way;
use crate::common::{Attempt, give_way};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::time::{sleep, timeout_at};

/// How long to leave a server alone that refused a command for a state that passes.
const PASSING: Duration = Duration::from_millis(50);

/// How often a command is sent on at once; a cluster that sends it round in circles is given time to settle.
const AT_ONCE: u32 = 5;

/// When to give up, a little before the bridge does: it knows the deadline, and here it is known why.
pub(super) fn answer_by(attempt: &Attempt) -> Instant {
    const MARGIN: Duration = Duration::from_millis(5);
    let given = attempt.deadline - attempt.begun;
    attempt.deadline - MARGIN.min(given / 4)
}

/// A client of one server, or of a cluster. Everything but [`Client::new`], [`Client::counters`], [`Client::nodes`] and the address of the
/// mailbox belongs on the I/O thread.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    route: Route,
    counters: Arc<LinkCounters>,
    hub: Arc<Hub>,
    learnt: Learnt,
    copies: Copies,
    mailbox: Arc<Mailbox>,
}

impl Client {
    /// Connects on first use.
    pub fn new(options: ClientOptions, observer: Arc<dyn Observer>) -> Self {
        let counters = Arc::default();
        let hub = Arc::default();
        let options = Arc::new(options);
        let route = Route::new(&options, &counters, &Crowd::new(observer), &hub);
        let mailbox = Mailbox::new(options, route.clone());
        Client(Arc::new(Inner { route, counters, hub, learnt: Learnt::default(), copies: Copies::default(), mailbox }))
    }

    /// Of all connections together.
    pub fn counters(&self) -> &LinkCounters {
        &self.0.counters
    }

    /// What is known of the nodes, without asking them.
    pub fn nodes(&self) -> Vec<NodeInfo> {
        self.0.route.describe().into_iter().map(|(info, _)| info).collect()
    }

    /// Where others reach this client.
    pub fn mailbox(&self) -> &Arc<Mailbox> {
        &self.0.mailbox
    }

    pub(super) fn learnt(&self) -> &Learnt {
        &self.0.learnt
    }

    pub(super) fn copies(&self) -> &Copies {
        &self.0.copies
    }

    pub(super) fn hub(&self) -> &Arc<Hub> {
        &self.0.hub
    }

    pub(super) fn route(&self) -> &Route {
        &self.0.route
    }

    /// Connects now, and tells how the first attempt went.
    pub async fn connect(&self) -> Result<(), Error> {
        self.0.route.connect().await
    }

    /// Ends the connections. Commands without a reply fail.
    pub async fn close(&self) {
        self.0.mailbox.close().await;
        self.0.route.close().await;
    }

    /// Sends a command and awaits its reply, within the attempt's deadline.
    ///
    /// A command is sent again only when it is known not to have been executed, or when it is idempotent.
    pub async fn call(&self, attempt: &Attempt, command: Command) -> Result<Reply, Error> {
        let way = self.0.route.way(&command);
        self.exchange(attempt, &command, way).await.map(|(reply, ..)| reply)
    }

    /// As `call`, never of a replica: what was confirmed before is seen.
    pub async fn call_primary(&self, attempt: &Attempt, command: Command) -> Result<Reply, Error> {
        let way = Way { read: false, ..self.0.route.way(&command) };
        self.exchange(attempt, &command, way).await.map(|(reply, ..)| reply)
    }

    /// As `call`, on a way of one's own; tells the link and the connection, too.
    pub(super) async fn exchange(
        &self,
        attempt: &Attempt,
        command: &Command,
        mut way: Way,
    ) -> Result<(Reply, Arc<Link>, Session), Error> {
        let turn = Turn::next();
        let mut failed: Option<Session> = None;
        let mut sent_on = 0;
        let mut ask: Option<Arc<Link>> = None;
        loop {
            let asking = ask.is_some();
            let (link, session) = match ask.take() {
                Some(link) => match self.reach_link(attempt, link, way, turn).await {
                    // The node has left the cluster again.
                    Err(error) if error.kind == ErrorKind::Closed => continue,
                    reached => reached?,
                },
                None => self.reach(attempt, way, turn, failed.as_ref()).await?,
            };
            attempt.sent();
            let sending = command.clone();
            let answer = if asking { session.send_asking(sending).await } else { session.send(sending).await };
            match answer {
                Ok(reply) => {
                    link.replies.fetch_add(1, Ordering::Relaxed);
                    attempt.settled();
                    return Ok((reply, link, session));
                }
                Err(SendError::Refused(error)) => {
                    link.replies.fetch_add(1, Ordering::Relaxed);
                    attempt.settled();
                    if error.server_code() == "READONLY" {
                        link.renew(&session);
                    }
                    if let Some((cluster, redirection)) = self.redirection(&error, &link) {
                        ask = follow(cluster, redirection, way);
                        sent_on += 1;
                        if sent_on % AT_ONCE != 0 {
                            continue;
                        }
                    } else if !error.is_passing() || command.partial || command.is_to_be_split(&error) {
                        return Err(error.without(&command.args).explained());
                    }
                    // Another try must have time enough to be answered, or the caller would not be told why.
                    if Instant::now() + 2 * PASSING >= answer_by(attempt) {
                        return Err(error.without(&command.args));
                    }
                    // A replica that cannot answer has a primary that may.
                    way.read = false;
                    // What keeps a server from everything keeps the order of calls too; what it refuses besides does not hold up others.
                    let _place = error.is_of_all_commands().then(|| link.gate.hold(turn));
                    sleep(PASSING).await;
                    continue;
                }
                Err(SendError::Unreadable(why)) => return Err(Error::new(ErrorKind::Protocol, why)),
                Err(SendError::NotSent) => attempt.settled(),
                Err(SendError::Lost) if command.idempotent => attempt.settled(),
                Err(SendError::Lost) => return Err(Error::lost()),
            }
            way.read = false;
            failed = Some(session);
            // Whoever keeps the connection, and those beside it, has yet to run. Until then they pass for standing, and one that has ended would
            // lead to the next without end. Nobody who comes meanwhile goes before this call.
            let _place = link.gate.hold(turn);
            give_way().await;
        }
    }

    /// Where a cluster says that a command belongs.
    fn redirection(&self, error: &Error, link: &Link) -> Option<(&Arc<Cluster>, Redirection)> {
        let Route::Cluster(cluster) = &self.0.route else { return None };
        Some((cluster, Redirection::parse(&error.message, link.address()?)?))
    }

    /// The standing connection; when there is none, or the call has just failed on it, it is awaited until the deadline.
    pub(super) async fn reach(
        &self,
        attempt: &Attempt,
        way: Way,
        turn: Turn,
        failed: Option<&Session>,
    ) -> Result<(Arc<Link>, Session), Error> {
        if failed.is_none()
            && let Some(reached) = self.0.route.standing(way)
        {
            return Ok(reached);
        }
        self.0.route.begin();
        Box::pin(self.within(attempt, way, self.0.route.reach(way, turn, failed))).await
    }

    async fn reach_link(
        &self,
        attempt: &Attempt,
        link: Arc<Link>,
        way: Way,
        turn: Turn,
    ) -> Result<(Arc<Link>, Session), Error> {
        let reached = async { link.gate.session(turn, None).await.map(|session| (link.clone(), session)) };
        Box::pin(self.within(attempt, way, reached)).await
    }

    async fn within<T>(
        &self,
        attempt: &Attempt,
        way: Way,
        reaching: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        timeout_at(answer_by(attempt).into(), reaching)
            .await
            .unwrap_or_else(|_| Err(Error::no_connection(self.0.route.why_down(way))))
    }
}

/// The link that must be asked this once, where that is what the cluster says.
fn follow(cluster: &Arc<Cluster>, redirection: Redirection, way: Way) -> Option<Arc<Link>> {
    match redirection {
        Redirection::Moved { slot, to } => {
            cluster.moved(slot, to);
            None
        }
        Redirection::Ask { to } => cluster.link_to(to, way.slot),
    }
}
