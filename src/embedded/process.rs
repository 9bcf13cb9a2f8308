//! One server process: how it is started, followed and ended.

use std::{
    io::{self, Read},
    process::{Child, ChildStdout, Command, Stdio},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

/// How much of the end of the output is kept: enough for the reason of a server that would not start.
const OUTPUT_KEPT: usize = 8 * 1024;

/// What to run.
pub struct Start<'a> {
    pub program: &'a str,
    pub args: &'a [String],
    /// What it reads from its standard input.
    pub input: &'a str,
    /// A folder that is its own and that its supervisor removes.
    #[cfg_attr(not(unix), expect(dead_code, reason = "there is no supervisor"))]
    pub folder: Option<&'a str>,
}

pub struct Process {
    child: Mutex<Child>,
    fate: Mutex<Fate>,
}

#[derive(Default)]
struct Fate {
    output: Vec<u8>,
    ended: bool,
}

impl Process {
    /// Starts it, and a thread that reads its output and reaps it, since both would block a JavaScript thread.
    pub fn start(start: &Start) -> io::Result<Arc<Self>> {
        let mut child = spawn(start)?;
        let output = child.stdout.take();
        let process = Arc::new(Self { child: Mutex::new(child), fate: Mutex::default() });
        let follower = Arc::clone(&process);
        thread::Builder::new()
            .name("redwright-embed".into())
            .spawn(move || follower.follow(output))
            .inspect_err(|_| process.end())?;
        Ok(process)
    }

    /// Asks for its end, at once and without waiting for it. Idempotent.
    pub fn end(&self) {
        let mut child = lock(&self.child);
        // On unix this closes the supervisor's pipe, which is all it waits for; elsewhere there is no supervisor.
        drop(child.stdin.take());
        #[cfg(not(unix))]
        let _ = child.kill();
    }

    /// The end of its output once it has ended, however it came to that.
    pub fn ended(&self) -> Option<String> {
        let fate = lock(&self.fate);
        fate.ended.then(|| String::from_utf8_lossy(&fate.output).into_owned())
    }

    fn follow(&self, output: Option<ChildStdout>) {
        if let Some(mut output) = output {
            let mut chunk = [0; 1024];
            while let Ok(length @ 1..) = output.read(&mut chunk) {
                lock(&self.fate).keep(&chunk[..length]);
            }
        }
        // Its output is closed by its end, so this holds the lock for a moment only.
        let _ = lock(&self.child).wait();
        lock(&self.fate).ended = true;
    }
}

impl Fate {
    fn keep(&mut self, chunk: &[u8]) {
        self.output.extend_from_slice(chunk);
        let excess = self.output.len().saturating_sub(OUTPUT_KEPT);
        self.output.drain(..excess);
    }
}

#[cfg(unix)]
fn spawn(start: &Start) -> io::Result<Child> {
    use std::os::unix::process::CommandExt;

    // Without its comments, which would fill every list of processes.
    let supervise = include_str!("supervise.sh")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .fold(String::new(), |script, line| script + line + "\n");
    Command::new("/bin/sh")
        .args(["-c", &supervise, "redwright"])
        .arg(start.folder.unwrap_or_default())
        .arg(start.program)
        .args(start.args)
        .env("REDWRIGHT_INPUT", start.input)
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
}

#[cfg(not(unix))]
fn spawn(start: &Start) -> io::Result<Child> {
    use std::io::Write;

    let mut child = Command::new(start.program)
        .args(start.args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(start.input.as_bytes())?;
    }
    Ok(child)
}

/// A panic elsewhere leaves nothing half done under these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::{path::Path, time::Duration};

    fn start(script: &str, input: &str, folder: Option<&str>) -> Arc<Process> {
        Process::start(&Start { program: "/bin/sh", args: &["-c".into(), script.into()], input, folder }).unwrap()
    }

    fn output_of(process: &Process) -> String {
        for _ in 0..3_000 {
            if let Some(output) = process.ended() {
                return output;
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("it did not end within 30 s");
    }

    #[test]
    fn a_process_that_ends_by_itself_leaves_its_output() {
        let process = start("cat; echo broken >&2; exit 1", "secret\n", None);
        assert_eq!(output_of(&process).trim(), "secret\n\nbroken");
    }

    #[test]
    fn the_end_of_a_long_output_is_kept() {
        let process = start("yes x | head -c 100000; echo last", "", None);
        let output = output_of(&process);
        assert_eq!(output.len(), OUTPUT_KEPT);
        assert!(output.ends_with("last\n"));
    }

    #[test]
    fn a_process_that_is_ended_takes_its_folder_along() {
        let folder = std::env::temp_dir().join(format!("redwright-test-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("inner")).unwrap();
        let process = start("exec sleep 1000", "", folder.to_str());
        assert!(process.ended().is_none());
        process.end();
        process.end();
        output_of(&process);
        assert!(!Path::new(&folder).exists());
    }
}
