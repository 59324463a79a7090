//! Commands on this machine. What must end is waited for without limit of its own: a hang fails by the limit of the test runner.

use std::path::Path;
use std::time::Duration;

use super::*;
use crate::base::Secret;

fn sh(script: &str) -> Command {
    Command::shell(script)
}

fn run_it(command: &Command) -> Result<Output> {
    run(command, &Cancel::new(), &mut |_, _| {})
}

#[test]
fn exit_codes_and_streams_arrive_apart() {
    let output = run_it(&sh("echo out; echo err >&2; exit 3")).unwrap();
    assert_eq!(output, Output { rc: 3, stdout: b"out\n".to_vec(), stderr: b"err\n".to_vec() });
    assert_eq!(run_it(&sh("kill -9 $$")).unwrap().rc, -9);
}

#[test]
fn input_is_fed_while_output_is_drained() {
    let data: Vec<u8> = (0..3_000_000_u32).flat_map(u32::to_le_bytes).collect();
    let command = Command { stdin: Some(data.clone()), ..Command::new(["cat"]) };
    assert!(run_it(&command).unwrap().stdout == data);
}

#[test]
fn the_secret_goes_before_the_input() {
    let command = Command { stdin: Some(b"rest".to_vec()), secret_stdin: Some(Secret::new("pass\n")), ..Command::new(["cat"]) };
    assert_eq!(run_it(&command).unwrap().stdout_text(), "pass\nrest");
}

#[test]
fn a_command_that_ignores_its_input_is_no_error() {
    let command = Command { stdin: Some(vec![b'x'; 1 << 20]), ..sh("exit 0") };
    assert_eq!(run_it(&command).unwrap().rc, 0);
}

#[test]
fn without_input_it_reads_nothing() {
    assert_eq!(run_it(&Command::new(["cat"])).unwrap(), Output::default());
}

#[test]
fn output_is_shown_while_it_runs() {
    let dir = tempfile::tempdir().unwrap();
    let gate = dir.path().join("gate");
    let script = format!("echo first; while ! [ -e {0} ]; do sleep 0.01; done; echo second", gate.display());
    let mut seen = Vec::new();
    let output = run(&sh(&script), &Cancel::new(), &mut |stream, bytes| {
        // The command ends only because its first line is seen before its end.
        std::fs::write(&gate, "").unwrap();
        seen.push((stream, bytes.to_vec()));
    });
    assert_eq!(output.unwrap().stdout_text(), "first\nsecond\n");
    assert_eq!(seen[0], (Stream::Stdout, b"first\n".to_vec()));
}

#[test]
fn directory_environment_and_mask_are_those_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let command =
        Command { cwd: Some(dir.path().into()), umask: Some(0o027), ..sh("pwd; echo $COLOUR; umask") }.env("COLOUR", "blue green");
    let expected = format!("{}\nblue green\n0027\n", dir.path().canonicalize().unwrap().display());
    assert_eq!(run_it(&command).unwrap().stdout_text(), expected);
}

#[test]
fn a_session_of_its_own_with_default_signals() {
    let output =
        run_it(&sh("ps -o sid= -p $$ 2>/dev/null || cut -d' ' -f6 /proc/$$/stat; echo $$; grep SigIgn /proc/self/status")).unwrap();
    let text = output.stdout_text();
    let mut lines = text.lines().map(str::trim);
    assert_eq!(lines.next(), lines.next(), "the leader of its session");
    let ignored = u64::from_str_radix(lines.next().unwrap().split_whitespace().nth(1).unwrap(), 16).unwrap();
    assert_eq!(ignored & (1 << 12), 0, "SIGPIPE is not ignored");
}

#[test]
fn what_cannot_be_started_is_named() {
    let error = run_it(&Command::new(["no-such-program", "x"])).unwrap_err();
    assert_eq!(
        (error.kind, error.to_string().as_str()),
        (ErrorKind::NotFound, "failed to run `no-such-program`: no such program on the search path")
    );
    let dir = tempfile::tempdir().unwrap();
    let script = dir.path().join("script");
    std::fs::write(&script, "#!/no/such/interpreter\n").unwrap();
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let error = run_it(&Command::new([script.to_str().unwrap()])).unwrap_err();
    assert!(error.reason.contains("interpreter"), "{error}");
    let command = Command { cwd: Some("/no/such/dir".into()), ..Command::new(["true"]) };
    let error = run_it(&command).unwrap_err();
    assert_eq!((error.kind, error.attempt.as_str()), (ErrorKind::NotFound, "change to the directory `/no/such/dir`"));
    assert_eq!(run_it(&Command::new(["/etc/passwd"])).unwrap_err().kind, ErrorKind::PermissionDenied);
    assert_eq!(run_it(&Command::new(Vec::<String>::new())).unwrap_err().kind, ErrorKind::Other);
}

/// Whether a process runs; a zombie does not.
fn is_running(pid: &str) -> bool {
    let stat = std::fs::read_to_string(Path::new("/proc").join(pid.trim()).join("stat"));
    stat.is_ok_and(|stat| !stat.rsplit(')').next().unwrap_or_default().trim_start().starts_with(['Z', 'X']))
}

fn wait_until_ended(pid: &str) {
    while is_running(pid) {
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_timeout_ends_the_whole_group() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("pid");
    // The child ignores the polite signal and holds the output open.
    let script = format!("(trap '' TERM; echo $BASHPID; while :; do sleep 0.05; done) & echo $! > {}; wait", file.display());
    let command = Command { timeout: Some(Duration::from_millis(300)), ..sh(&script) };
    let error = run_it(&command).unwrap_err();
    assert_eq!(error.kind, ErrorKind::TimedOut);
    assert_eq!(error.to_string(), "failed to run `/bin/sh`: it took longer than 0.3 seconds and was ended");
    wait_until_ended(&std::fs::read_to_string(&file).unwrap());
}

#[test]
fn cancelling_ends_the_whole_group() {
    let cancel = Cancel::new();
    let mut pid = String::new();
    let error = run(&sh("sleep 1000 & echo $!; wait"), &cancel, &mut |_, bytes| {
        pid = String::from_utf8_lossy(bytes).into_owned();
        cancel.cancel();
    });
    assert_eq!(error.unwrap_err().kind, ErrorKind::Cancelled);
    wait_until_ended(&pid);
    assert_eq!(run(&sh("exit 0"), &cancel, &mut |_, _| {}).unwrap_err().kind, ErrorKind::Cancelled);
    cancel.reset();
    assert!(run(&sh("exit 0"), &cancel, &mut |_, _| {}).is_ok());
}

#[test]
fn what_runs_on_in_the_background_does_not_hold_us_and_lives() {
    let output = run_it(&sh("echo before; sleep 1000 & echo $!")).unwrap();
    let text = output.stdout_text();
    let pid = text.lines().nth(1).unwrap();
    assert_eq!(text.lines().next(), Some("before"));
    assert!(is_running(pid));
    assert!(run_it(&Command::new(["kill", pid])).unwrap().success());
}

#[test]
fn a_command_that_closes_its_output_is_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("done");
    let output = run_it(&sh(&format!("exec >&- 2>&-; sleep 0.2; : > {}; exit 7", file.display()))).unwrap();
    assert_eq!(output.rc, 7);
    assert!(file.exists());
}
