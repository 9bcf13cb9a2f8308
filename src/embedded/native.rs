//! What `lib/embedded/` calls. Nothing here waits: JavaScript asks again until a process has ended.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError},
};

use napi::{Env, Error, Result};
use napi_derive::napi;

use super::{
    process::{Process, Start},
    shared::{Life, Shared},
};

static SERVERS: LazyLock<Mutex<Servers>> = LazyLock::new(Mutex::default);

/// All that this process has started, by handle.
#[derive(Default)]
struct Servers {
    last: u32,
    running: HashMap<u32, Arc<Process>>,
    shared: Shared,
}

fn servers() -> MutexGuard<'static, Servers> {
    SERVERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts a server program that ends with this process, and answers its handle. `input` is what it reads from its standard
/// input; `folder`, if given, is removed when it ends.
#[napi(catch_unwind)]
pub fn embedded_start(program: String, args: Vec<String>, input: String, folder: Option<String>) -> Result<u32> {
    let process = Process::start(&Start { program: &program, args: &args, input: &input, folder: folder.as_deref() })
        .map_err(|error| Error::from_reason(format!("{program} cannot be started: {error}")))?;
    let mut servers = servers();
    servers.last += 1;
    let handle = servers.last;
    servers.running.insert(handle, process);
    Ok(handle)
}

/// The end of a server's output once it has ended; `null` while it runs.
#[napi(catch_unwind)]
pub fn embedded_ended(handle: u32) -> Option<String> {
    match servers().running.get(&handle) {
        Some(process) => process.ended(),
        None => Some(String::new()),
    }
}

/// Asks for a server's end, and answers whether it has ended by now. To be called until it has.
#[napi(catch_unwind)]
pub fn embedded_stop(handle: u32) -> bool {
    let mut servers = servers();
    let Some(process) = servers.running.get(&handle) else {
        return true;
    };
    process.end();
    let ended = process.ended().is_some();
    if ended {
        servers.running.remove(&handle);
    }
    ended
}

/// Asks for the end of all servers: for platforms where nothing else ends them with the process.
#[napi(catch_unwind)]
pub fn embedded_stop_all() {
    for process in servers().running.values() {
        process.end();
    }
}

/// Where the shared server of this process is; `null` where there is none (yet).
#[napi(catch_unwind)]
pub fn embedded_url() -> Option<String> {
    servers().shared.url().map(str::to_owned)
}

/// Whether the caller is the one to start the shared server. Whoever is must publish or abandon it; a thread that ends
/// before has abandoned it.
#[napi(catch_unwind)]
pub fn embedded_claim(env: Env) -> Result<bool> {
    let Some(claim) = servers().shared.claim() else {
        return Ok(false);
    };
    env.add_env_cleanup_hook(claim, |claim| servers().shared.thread_ended(claim))
        .inspect_err(|_| servers().shared.abandon())?;
    Ok(true)
}

/// Tells the process where its shared server is. Without a `handle` it is one that lives in the calling thread and ends with it.
#[napi(catch_unwind)]
pub fn embedded_publish(url: String, handle: Option<u32>) {
    let mut servers = servers();
    let process = handle.and_then(|handle| servers.running.get(&handle).cloned());
    servers.shared.publish(url, process.map_or(Life::Thread, Life::Process));
}

/// The shared server could not be started; the next one who asks may try.
#[napi(catch_unwind)]
pub fn embedded_abandon() {
    servers().shared.abandon();
}
